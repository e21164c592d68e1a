// Index files: which blobs lie where in which packs (restic design.rst, "Indexing").
#pragma once

#include <functional>
#include <vector>

#include "repository/pack.h"

namespace firebreak {

struct IndexedPack {
  PackId id;
  std::vector<PackEntry> entries;
};

// One JSON document; a pack belongs whole into one index file.
Bytes encode_index(const std::vector<IndexedPack>& packs);

using EachPack = std::function<Result<void>(const PackId&, const std::vector<PackEntry>&)>;

// Streams the packs of an index document. `json` is padded in place for the parser. Corrupt for
// anything restic would reject: upper-case hex, unknown types, missing fields, impossible lengths.
Result<void> parse_index(Bytes json, const EachPack& each);

}  // namespace firebreak
