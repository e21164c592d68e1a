#include "cli/table.h"

#include <algorithm>

#include "base/text.h"

namespace firebreak {
namespace {

// Columns on a terminal, close enough: code points.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

void Table::row(std::vector<std::string> cells) {
  CHECK(cells.size() == rows_[0].size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::print(Console& console) const {
  if (rows_.size() == 1) return;
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& cells : rows_) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(cells[i]));
    }
  }
  for (const auto& cells : rows_) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i]) + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    console.line(line);
  }
}

}  // namespace firebreak
