// Columns for people.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"

namespace firebreak {

// Cells may hold untrusted text: they are made printable here.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  void row(std::vector<std::string> cells);
  // Heading and rows, columns as wide as their widest cell; nothing where there are no rows.
  void print(Console& console) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace firebreak
