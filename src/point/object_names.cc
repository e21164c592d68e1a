#include "point/object_names.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr std::size_t kPathBytesMax = 1500;
constexpr std::size_t kPieceBytesMax = 200;
constexpr std::size_t kFoldersMax = 32;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::vector<std::string> split(std::string_view name) {
  std::vector<std::string> components;
  for (;;) {
    const std::size_t slash = name.find('/');
    components.emplace_back(name.substr(0, slash));
    if (slash == std::string_view::npos) return components;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string escape_component(std::string_view component) {
  if (component.empty()) return "%_";
  if (component == ".") return "%2E";
  if (component == "..") return "%2E%2E";
  std::string escaped;
  for (std::size_t i = 0; i < component.size(); ++i) {
    const char c = component[i];
    const bool is_inner_blank = c == ' ' && i > 0 && i + 1 < component.size();
    if (is_plain(c) || is_inner_blank) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

// Its place below so many of its prefixes.
Result<void> ObjectPlaces::settle(const Waiting& object, std::size_t folders) {
  Place place;
  std::size_t bytes = 0;
  std::size_t longest = 0;
  const auto count = [&] {
    bytes += place.back().size() + 1;
    longest = std::max(longest, place.back().size());
  };
  for (std::size_t i = 0; i < folders; ++i) {
    place.push_back(escape_component(object.components[i]));
    count();
  }
  std::string file = escape_component(object.components[folders]);
  for (std::size_t i = folders + 1; i < object.components.size(); ++i) {
    file += "%2F" + escape_component(object.components[i]);
  }
  place.push_back(std::move(file));
  count();
  if (bytes - 1 > kPathBytesMax || longest > kPieceBytesMax || folders > kFoldersMax) {
    const std::string digest = to_hex(sha256(as_bytes(object.name)));
    place = {"%l", digest.substr(0, 2), digest};
  }
  return each_(place, object.value);
}

Result<void> ObjectPlaces::settle_all() {
  for (const Waiting& object : waiting_) TRY(settle(object, folders_));
  waiting_.clear();
  return {};
}

// The first prefix that is no folder has become one, and perhaps the next.
Result<void> ObjectPlaces::open_folders() {
  while (folders_ < chain_.size() && counts_[folders_] >= kObjectsOfAFolder) {
    ++folders_;
    // Of those below it, only what shares the next prefix may lie in one more.
    std::vector<Waiting> below;
    for (Waiting& object : waiting_) {
      const bool may = folders_ < chain_.size() && object.components.size() > folders_ + 1 &&
                       object.components[folders_] == chain_[folders_];
      if (may) {
        below.push_back(std::move(object));
      } else {
        TRY(settle(object, folders_));
      }
    }
    waiting_ = std::move(below);
  }
  return {};
}

Result<void> ObjectPlaces::add(std::string_view name, ByteView value) {
  Waiting object{std::string(name), split(name), {}};
  append(object.value, value);
  const std::size_t prefixes = object.components.size() - 1;
  std::size_t shared = 0;
  while (shared < std::min(prefixes, chain_.size()) &&
         chain_[shared] == object.components[shared]) {
    ++shared;
  }
  // Nothing comes below a prefix any more once another one has begun.
  if (shared <= folders_) TRY(settle_all());
  folders_ = std::min(folders_, shared);
  chain_.assign(object.components.begin(), object.components.end() - 1);
  counts_.resize(shared);
  counts_.resize(prefixes);
  for (std::size_t& count : counts_) ++count;
  if (prefixes == folders_) return settle(object, folders_);
  waiting_.push_back(std::move(object));
  return open_folders();
}

Result<void> ObjectPlaces::finish() {
  return settle_all();
}

}  // namespace firebreak
