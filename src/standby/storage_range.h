// The two headers by which parts of an object are named.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace firebreak {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// The part of `size` bytes that a Range header asks for (RFC 9110 section 14): all of it for an
// empty header, several ranges and what is none; nothing where there is no such part.
struct AskedRange {
  std::optional<ByteRange> range;
  bool is_part = false;
};
AskedRange asked_range(std::string_view header, std::uint64_t size);

// Of a request of a resumable upload.
struct UploadRange {
  std::optional<std::uint64_t> offset;  // nothing: the state is asked for, "bytes */*"
  std::optional<std::uint64_t> end;     // exclusive; nothing: all that is to come, "bytes 0-*/*"
  std::optional<std::uint64_t> total;   // where it is known
};
// Nothing for what is not written so. An empty header is all from the beginning.
std::optional<UploadRange> parse_upload_range(std::string_view header);

}  // namespace firebreak
