#include "standby/storage_multipart.h"

#include <algorithm>

namespace firebreak {
namespace {

constexpr std::size_t kBoundaryMax = 200;
constexpr std::size_t kHeadMax = 1 << 20;  // metadata and the headers of parts, each
constexpr std::string_view kLineEnd = "\r\n";

bool equal_folded(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
    return lower(x) == lower(y);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

absl::Status malformed(std::string_view what) {
  return invalid("Malformed multipart body: {}", what);
}

}  // namespace

std::string multipart_boundary(std::string_view content_type) {
  if (!equal_folded(content_type.substr(0, 10), "multipart/")) return {};
  for (std::size_t at = content_type.find(';'); at != content_type.npos;
       at = content_type.find(';', at + 1)) {
    const std::string_view parameter = trimmed(content_type.substr(at + 1));
    if (!equal_folded(parameter.substr(0, 9), "boundary=")) continue;
    std::string_view value = parameter.substr(9);
    const bool is_quoted = value.starts_with('"') || value.starts_with('\'');
    if (is_quoted) {
      const std::size_t end = value.find(value.front(), 1);
      value = end == value.npos ? std::string_view() : value.substr(1, end - 1);
    } else {
      value = trimmed(value.substr(0, value.find(';')));
    }
    return value.size() <= kBoundaryMax ? std::string(value) : std::string();
  }
  return {};
}

MultipartReader::MultipartReader(std::string boundary, std::function<Result<void>(ByteView)> sink)
    : delimiter_("\r\n--" + std::move(boundary)),
      sink_(std::move(sink)),
      read_(kLineEnd) {}  // the first delimiter may be at the very beginning

absl::Status MultipartReader::feed(ByteView bytes) {
  read_.append(as_text(bytes));
  for (bool has_advanced = true; has_advanced;) {
    has_advanced = false;
    ANSWER(advance(has_advanced));
  }
  return {};
}

absl::Status MultipartReader::finish() const {
  return at_ == At::End ? absl::Status() : malformed("it ends too early");
}

absl::Status MultipartReader::advance(bool& has_advanced) {
  switch (at_) {
    case At::Preamble:
    case At::Metadata: {
      const std::size_t end = read_.find(delimiter_);
      if (end == read_.npos) {
        return read_.size() > kHeadMax ? malformed("too much before the object") : absl::Status();
      }
      if (at_ == At::Metadata) metadata_ = read_.substr(0, end);
      read_.erase(0, end + delimiter_.size());
      at_ = at_ == At::Preamble ? At::MetadataHeaders : At::ContentHeaders;
      has_advanced = true;
      return {};
    }
    case At::MetadataHeaders:
      return take_headers(At::Metadata, nullptr, has_advanced);
    case At::ContentHeaders:
      return take_headers(At::Content, &content_type_, has_advanced);
    case At::Content: {
      const std::size_t end = read_.find(delimiter_);
      // What may be the beginning of the delimiter waits for more.
      const std::size_t sure =
          end != read_.npos ? end : read_.size() - std::min(read_.size(), delimiter_.size() - 1);
      if (sure > 0) ANSWER(sink_(as_bytes(read_).first(sure)));
      read_.erase(0, end == read_.npos ? sure : end + delimiter_.size());
      if (end != read_.npos) at_ = At::End;
      return {};
    }
    case At::End:
      read_.clear();
      return {};
  }
  return {};
}

// Behind a delimiter: the rest of its line, then headers up to an empty line.
absl::Status MultipartReader::take_headers(At next, std::string* content_type, bool& has_advanced) {
  if (read_.starts_with("--")) return malformed("a part is missing");
  const std::size_t end = read_.find("\r\n\r\n");
  if (end == read_.npos) {
    return read_.size() > kHeadMax ? malformed("its headers are too long") : absl::Status();
  }
  std::string_view lines = std::string_view(read_).substr(0, end);
  while (!lines.empty()) {
    const std::size_t line_end = std::min(lines.find(kLineEnd), lines.size());
    const std::string_view line = lines.substr(0, line_end);
    const std::size_t colon = line.find(':');
    if (content_type != nullptr && colon != line.npos &&
        equal_folded(line.substr(0, colon), "content-type")) {
      *content_type = trimmed(line.substr(colon + 1));
    }
    lines.remove_prefix(std::min(line_end + kLineEnd.size(), lines.size()));
  }
  read_.erase(0, end + 2 * kLineEnd.size());
  at_ = next;
  has_advanced = true;
  return {};
}

}  // namespace firebreak
