#include "standby/storage_range.h"

#include <algorithm>
#include <charconv>

namespace firebreak {
namespace {

constexpr std::string_view kUnit = "bytes";

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [at, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc{} || at != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

AskedRange asked_range(std::string_view header, std::uint64_t size) {
  const AskedRange all{ByteRange{0, size}, false};
  if (!header.starts_with("bytes=")) return all;
  header.remove_prefix(kUnit.size() + 1);
  const std::size_t dash = header.find('-');
  if (dash == header.npos) return all;
  const std::optional<std::uint64_t> first = parse_number(header.substr(0, dash));
  const std::optional<std::uint64_t> last = parse_number(header.substr(dash + 1));
  if (dash == 0) {  // so many at the end
    if (!last) return all;
    const std::uint64_t length = std::min(*last, size);
    if (length == 0) return {std::nullopt, true};
    return {ByteRange{size - length, length}, true};
  }
  const bool is_open = dash + 1 == header.size();
  if (!first || (!last && !is_open) || (last && *last < *first)) return all;
  if (*first >= size) return {std::nullopt, true};
  return {ByteRange{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1}, true};
}

std::optional<UploadRange> parse_upload_range(std::string_view header) {
  if (header.empty()) return UploadRange{0, std::nullopt, std::nullopt};
  if (!header.starts_with("bytes ")) return std::nullopt;
  header.remove_prefix(kUnit.size() + 1);
  const std::size_t slash = header.find('/');
  if (slash == header.npos) return std::nullopt;
  UploadRange parsed;
  if (const std::string_view total = header.substr(slash + 1); total != "*") {
    parsed.total = parse_number(total);
    if (!parsed.total) return std::nullopt;
  }
  const std::string_view range = header.substr(0, slash);
  if (range == "*") return parsed;
  const std::size_t dash = range.find('-');
  if (dash == range.npos) return std::nullopt;
  parsed.offset = parse_number(range.substr(0, dash));
  if (!parsed.offset) return std::nullopt;
  const std::string_view last = range.substr(dash + 1);
  if (last == "*") return parsed;
  if (last == "-1" && parsed.offset == 0U) {  // how the Node client writes no bytes at all
    parsed.end = 0;
    return parsed;
  }
  const std::optional<std::uint64_t> number = parse_number(last);
  if (!number || *number == UINT64_MAX || *number < *parsed.offset) return std::nullopt;
  parsed.end = *number + 1;
  if (parsed.total && *parsed.end > *parsed.total) return std::nullopt;
  return parsed;
}

}  // namespace firebreak
