#include "standby/storage_names.h"

#include <algorithm>

#include "base/text.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

constexpr std::size_t kObjectNameMax = 1024;
constexpr std::size_t kBucketNameMin = 3;
constexpr std::size_t kBucketNameMax = 222;
constexpr std::size_t kBucketLabelMax = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_ipv4(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool is_bucket_label(std::string_view label) {
  return !label.empty() && label.size() <= kBucketLabelMax && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return is_letter_or_digit(c) || c == '-' || c == '_';
         });
}

bool is_bucket_name(std::string_view name) {
  if (name.size() < kBucketNameMin || name.size() > kBucketNameMax || is_ipv4(name) ||
      !is_letter_or_digit(name.front()) || !is_letter_or_digit(name.back()) ||
      name.starts_with("goog") || name.find("google") != name.npos) {
    return false;
  }
  for (;;) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (!is_bucket_label(name.substr(0, dot))) return false;
    if (dot == name.size()) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

absl::Status check_bucket_name(std::string_view name) {
  if (name.empty()) return required("name");
  if (!is_bucket_name(name)) return invalid("Invalid bucket name: '{}'", printable(name));
  return {};
}

absl::Status check_object_name(std::string_view name) {
  if (name.empty()) return required("name");
  if (name.size() > kObjectNameMax) {
    return invalid("The specified object name is too long: {} bytes, more than {}.", name.size(),
                   kObjectNameMax);
  }
  if (!is_valid_utf8(name) || name.find_first_of("\r\n") != name.npos || name == "." ||
      name == ".." || name.starts_with(".well-known/acme-challenge/")) {
    return invalid("Disallowed object name: '{}'", printable(name));
  }
  return {};
}

}  // namespace firebreak
