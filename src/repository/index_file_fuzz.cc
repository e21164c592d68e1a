// What parses is encoded and parsed again as the same packs, and no blob lies beyond 4 GiB.
#include "repository/index_file.h"

namespace firebreak {
namespace {

bool is_same(const IndexedPack& a, const IndexedPack& b) {
  return a.id == b.id && a.entries == b.entries;
}

Result<std::vector<IndexedPack>> parse_all(Bytes json) {
  std::vector<IndexedPack> packs;
  TRY(parse_index(std::move(json),
                  [&](const PackId& id, const std::vector<PackEntry>& entries) -> Result<void> {
                    packs.push_back({id, entries});
                    return {};
                  }));
  return packs;
}

}  // namespace
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<std::vector<IndexedPack>> packs =
      parse_all(to_bytes({reinterpret_cast<const char*>(data), size}));
  if (!packs.ok()) {
    CHECK(failed_with(packs, Code::Corrupt));
    return 0;
  }
  for (const IndexedPack& pack : *packs) {
    for (const PackEntry& entry : pack.entries) {
      CHECK(entry.length >= kSealOverhead);
      CHECK(std::uint64_t{entry.offset} + entry.length <= UINT32_MAX);
    }
  }
  const Result<std::vector<IndexedPack>> again = parse_all(encode_index(*packs));
  CHECK(again.ok() &&
        std::equal(packs->begin(), packs->end(), again->begin(), again->end(), is_same));
  return 0;
}

}  // namespace firebreak
