#include "firestore/document_path.h"

#include <charconv>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::size_t kIdBytesMax = 1500;
constexpr std::size_t kCollectionsMax = 100;

Result<void> check_segment(std::string_view segment) {
  if (segment.empty()) return error(Code::Invalid, "an id is empty");
  if (segment.size() > kIdBytesMax) {
    return error(Code::Invalid, "an id has {} bytes, and the most is {}", segment.size(),
                 kIdBytesMax);
  }
  if (segment == "." || segment == "..") {
    return error(Code::Invalid, "\"{}\" cannot be an id", segment);
  }
  if (!is_valid_utf8(segment)) {
    return error(Code::Invalid, "the id \"{}\" is not valid UTF-8", printable(segment));
  }
  return {};
}

Result<void> check_segments(std::string_view path, bool is_document) {
  const std::vector<std::string_view> segments = path_segments(path);
  if ((segments.size() % 2 == 0) != is_document) {
    return error(Code::Invalid, "\"{}\" is the path of a {}", printable(path),
                 is_document ? "collection" : "document");
  }
  if (segments.size() > 2 * kCollectionsMax) {
    return error(Code::Invalid, "the path has {} segments, and the most is {}", segments.size(),
                 2 * kCollectionsMax);
  }
  for (const std::string_view segment : segments) TRY(check_segment(segment));
  return {};
}

}  // namespace

std::vector<std::string_view> path_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.empty()) return segments;
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

std::string_view collection_path(std::string_view document_path) {
  const std::size_t slash = document_path.rfind('/');
  CHECK(slash != std::string_view::npos);
  return document_path.substr(0, slash);
}

std::string_view collection_id(std::string_view document_path) {
  const std::string_view collection = collection_path(document_path);
  return collection.substr(collection.rfind('/') + 1);  // npos + 1 is 0
}

Result<void> check_document_path(std::string_view path) {
  if (path.empty()) return error(Code::Invalid, "a path is empty");
  return check_segments(path, true);
}

Result<void> check_collection_path(std::string_view path) {
  if (path.empty()) return error(Code::Invalid, "a path is empty");
  return check_segments(path, false);
}

std::optional<std::int64_t> numeric_id(std::string_view document_id) {
  constexpr std::string_view kBefore = "__id";
  constexpr std::string_view kAfter = "__";
  if (document_id.size() <= kBefore.size() + kAfter.size()) return std::nullopt;
  if (!document_id.starts_with(kBefore) || !document_id.ends_with(kAfter)) return std::nullopt;
  document_id.remove_prefix(kBefore.size());
  document_id.remove_suffix(kAfter.size());
  std::int64_t number = 0;
  const char* end = document_id.data() + document_id.size();
  const auto [stop, problem] = std::from_chars(document_id.data(), end, number);
  if (problem != std::errc() || stop != end) return std::nullopt;
  // One spelling a number, or two ids would share a key.
  if (std::to_string(number) != document_id) return std::nullopt;
  return number;
}

}  // namespace firebreak
