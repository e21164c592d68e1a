// Where the objects of a bucket lie as files (docs/formats/objects.md): names of objects are any
// bytes, names of files are not. The places depend on the set of names alone.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// So many objects below a prefix make it a folder.
constexpr std::size_t kObjectsOfAFolder = 32;

// One component of an object's name as part of a file's.
std::string escape_component(std::string_view component);

// Gives each object its place: the names of the folders it lies in, and its own. Holds fewer than
// kObjectsOfAFolder of them back. Not thread-safe.
class ObjectPlaces {
 public:
  using Place = std::vector<std::string>;
  using Each = std::function<Result<void>(const Place& place, ByteView value)>;

  // `each` is called once for every object, in about the order of names.
  explicit ObjectPlaces(Each each) : each_(std::move(each)) {}

  // In the order of the bytes of their names.
  Result<void> add(std::string_view name, ByteView value);
  Result<void> finish();

 private:
  struct Waiting {
    std::string name;
    std::vector<std::string> components;
    Bytes value;
  };

  Result<void> settle(const Waiting& object, std::size_t folders);
  Result<void> settle_all();
  Result<void> open_folders();

  const Each each_;
  std::vector<std::string> chain_;   // prefixes of the newest object, one component each
  std::vector<std::size_t> counts_;  // of objects below each of them
  std::size_t folders_ = 0;          // so many of them are folders
  std::vector<Waiting> waiting_;     // below the first that is none
};

}  // namespace firebreak
