// The kinds of places that the conformance tests run against.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace firebreak {

struct PlaceKind {
  std::string name;
  // The place of this name, not created; equal names are the same place, and "a/b" lies inside "a".
  std::function<Result<std::unique_ptr<Backend>>(const std::string& place)> open;
  // One that does not exist, for kinds that can tell.
  std::function<Result<std::unique_ptr<Backend>>()> open_missing;
  int many = 1200;            // files that no single answer of it can list
  bool nests = true;          // "a/index" is the folder of a's index files
  bool checks_names = false;  // refuses bytes that do not hash to their name
};

void PrintTo(const PlaceKind& kind, std::ostream* out);

// Those of this machine; or only the one that FIREBREAK_TEST_KIND names, whose server
// FIREBREAK_TEST_<KIND> points to. Places of a kind whose server is not set fail to open.
std::vector<PlaceKind> place_kinds();

}  // namespace firebreak
