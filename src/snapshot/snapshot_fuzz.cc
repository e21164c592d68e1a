// A snapshot that parses is encoded and parsed again as the same snapshot.
#include "snapshot/snapshot.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Snapshot> snapshot = parse_snapshot(std::as_bytes(std::span(data, size)));
  if (!snapshot.ok()) return 0;
  const std::string encoded = encode_snapshot(*snapshot);
  const Result<Snapshot> again = parse_snapshot(as_bytes(encoded));
  CHECK(again.ok() && encode_snapshot(*again) == encoded);
  CHECK(again->tree == snapshot->tree && again->parent == snapshot->parent &&
        again->original == snapshot->original);
  CHECK(again->paths == snapshot->paths && again->tags == snapshot->tags &&
        again->excludes == snapshot->excludes && again->hostname == snapshot->hostname);
  return 0;
}

}  // namespace firebreak
