#include "backend/http_range.h"

namespace firebreak {

HttpRequest range_request(std::string url, Range range) {
  CHECK(range.length != 0U);
  HttpRequest request{.url = std::move(url),
                      .answer_size_max = range.length.value_or(kFileSizeMax)};
  if (range.length) {
    request.headers.emplace_back(
        "Range", fmt::format("bytes={}-{}", range.offset, range.offset + *range.length - 1));
  } else if (range.offset != 0) {
    request.headers.emplace_back("Range", fmt::format("bytes={}-", range.offset));
  }
  return request;
}

Result<Bytes> bytes_of_range(HttpResponse response, const FileName& file, Range range) {
  const bool is_part = range.length || range.offset != 0;
  // Go's servers send all of an empty file, whatever part is asked for.
  const bool is_empty = response.status == 200 && response.body.empty() && range.length;
  if (is_part && response.status != 206 && !is_empty) {
    return error(Code::Io, "the server sent all of {} instead of the part asked for",
                 to_string(file));
  }
  const std::string begins = fmt::format("bytes {}-", range.offset);
  if (is_part && !is_empty && !response.header("content-range").starts_with(begins)) {
    return error(Code::Io, "the server sent another part of {} than was asked for",
                 to_string(file));
  }
  if (range.length && response.body.size() != *range.length) {
    return error(Code::Corrupt, "{} ends {} bytes early", to_string(file),
                 *range.length - response.body.size());
  }
  return std::move(response.body);
}

Result<Bytes> empty_range(Backend& backend, const FileName& file, Range range, Bytes buffer,
                          std::stop_token stop) {
  const FileInfo info = TRY(backend.stat(file, stop));
  const std::uint64_t end = range.offset + range.length.value_or(0);
  if (end > info.size) {
    return error(Code::Corrupt, "{} ends {} bytes early", to_string(file), end - info.size);
  }
  buffer.clear();
  return buffer;
}

}  // namespace firebreak
