// Loading a part of a file over HTTP.
#pragma once

#include "backend/backend.h"
#include "net/http_client.h"

namespace firebreak {

// Larger than any file of a repository: offsets in packs have 32 bits.
constexpr std::size_t kFileSizeMax = std::size_t{1} << 32;

// A GET of the range, which must not be of length 0: HTTP cannot spell that.
HttpRequest range_request(std::string url, Range range);

// The bytes of a 200 or 206. Corrupt where they are fewer than asked for; Io where the server sent
// something else than was asked for.
Result<Bytes> bytes_of_range(HttpResponse response, const FileName& file, Range range);

// For lengths of 0, and for answers of 416: nothing, where the file reaches to `range.offset` and
// nothing was asked for beyond its end; Corrupt otherwise.
Result<Bytes> empty_range(Backend& backend, const FileName& file, Range range, Bytes buffer,
                          std::stop_token stop);

}  // namespace firebreak
