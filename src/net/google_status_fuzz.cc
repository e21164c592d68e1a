// Whatever a service answers, the error about it is one line of bounded size with a code that
// fits the status.
#include <algorithm>

#include "net/google_status.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const GoogleFailure failure = parse_google_failure(bytes);
  CHECK(failure.reason.size() <= size * 3 && failure.message.size() <= size * 3);
  for (const int status : {403, 404, 503}) {
    HttpResponse response;
    response.status = status;
    response.body = to_bytes(as_text(bytes));
    const Error refused = google_error(response);
    CHECK(is(refused, Code::Unavailable) || status != 503);
    CHECK(is(refused, Code::NotFound) == (status == 404));
    CHECK(std::ranges::none_of(refused.message(), [](char c) { return c >= 0 && c < ' '; }));
    CHECK(refused.message().size() < 4096);
  }
  return 0;
}

}  // namespace firebreak
