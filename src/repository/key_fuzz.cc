// Key files come from whoever can write to the store: none may cost more than the limit, and what
// parses is encoded and parsed again as the same key.
#include "repository/key.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<KeyFile> key = parse_key(std::as_bytes(std::span(data, size)));
  if (!key.ok()) {
    CHECK(!key.error().message().empty());
    return 0;
  }
  CHECK(check_cost(key->cost).ok() && key->salt.size() == 64);
  const Result<KeyFile> again = parse_key(as_bytes(encode_key(*key)));
  CHECK(again.ok());
  CHECK(again->created == key->created && again->by.username == key->by.username &&
        again->by.hostname == key->by.hostname && again->salt == key->salt &&
        again->data == key->data);
  CHECK(again->cost.n == key->cost.n && again->cost.r == key->cost.r &&
        again->cost.p == key->cost.p);
  return 0;
}

}  // namespace firebreak
