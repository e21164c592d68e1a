// What a token endpoint answers never puts more than a token into a header, nor more than a line
// into a message.
#include <algorithm>

#include "net/google_token.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const Result<GoogleToken> token = parse_google_token(bytes);
  if (token.ok()) {
    CHECK(!token->text.empty());
    CHECK(std::ranges::all_of(token->text, [](char c) { return c > ' ' && c <= '~'; }));
    CHECK(token->lifetime >= std::chrono::seconds(0));
    CHECK(token->lifetime <= std::chrono::hours(24));
  }
  HttpResponse response;
  response.status = 400;
  response.body = to_bytes(as_text(bytes));
  const Error refused = token_refused(response);
  CHECK(is(refused, Code::Unauthenticated) || is(refused, Code::Unavailable));
  CHECK(std::ranges::none_of(refused.message(), [](char c) { return c >= 0 && c < ' '; }));
  CHECK(refused.message().size() < 4096);
  return 0;
}

}  // namespace firebreak
