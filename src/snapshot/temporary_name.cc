#include "snapshot/temporary_name.h"

#include <algorithm>
#include <climits>

#include "base/text.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr std::string_view kMark = ".firebreak-";
constexpr std::string_view kEnd = ".part";
constexpr std::size_t kDigits = 16;

std::string digits_of(std::string_view text) {
  return to_hex(ByteView(sha256(as_bytes(text))).first(kDigits / 2));
}

}  // namespace

TakenNames taken_names(const Tree& tree) {
  std::set<std::string, std::less<>> taken;
  for (const Node& node : tree.nodes) {
    if (looks_made_up(node.name)) taken.insert(node.name);
  }
  if (taken.empty()) return nullptr;
  return std::make_shared<const std::set<std::string, std::less<>>>(std::move(taken));
}

bool is_taken(const TakenNames& taken, std::string_view name) {
  return taken != nullptr && taken->contains(name);
}

std::string temporary_name(std::string_view final_name, unsigned choice) {
  // No name has a slash, so that no choice for one name is another for a second.
  const std::string digits =
      choice == 0 ? digits_of(final_name) : digits_of(fmt::format("{}/{}", final_name, choice));
  return fmt::format("{}{}{}", kMark, digits, kEnd);
}

bool is_temporary_name(std::string_view name) {
  if (name.size() != kMark.size() + kDigits + kEnd.size()) return false;
  if (!name.starts_with(kMark) || !name.ends_with(kEnd)) return false;
  return std::ranges::all_of(name.substr(kMark.size(), kDigits), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

std::string damaged_name(std::string_view final_name, const TakenNames& taken) {
  for (unsigned choice = 0;; ++choice) {
    std::string end = fmt::format("{}damaged", kMark);
    if (choice > 0) end += fmt::format("-{}", choice);
    std::string name = fmt::format("{}{}", final_name, end);
    if (name.size() > NAME_MAX) {
      end = fmt::format("-{}{}", digits_of(final_name), end);
      name = fmt::format("{}{}", final_name.substr(0, NAME_MAX - end.size()), end);
    }
    if (!is_taken(taken, name)) return name;
  }
}

bool looks_made_up(std::string_view name) {
  return name.find(kMark) != std::string_view::npos;
}

}  // namespace firebreak
