// The unavoidable parts of backup, restore and check, each timed alone over the same bytes. They
// run in batches that fit the processor's cache, on buffers that were touched before, with no
// queue, index, tree or decision between them: what a perfect engine would still have to do.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/seal.h"
#include "floor_meter.h"
#include "floor_survey.h"

namespace firebreak {

struct FloorRun {
  unsigned threads = 1;
  int level = 2;         // of zstd
  std::string packs;     // folder of the packs
  std::string restored;  // folder of the restored tree
};

// Each returns one meter a thread. Corrupt where bytes came out other than they went in.

// read, hash, compress what is worth it, seal, open and compare, hash and write packs (fsync,
// rename). Fills in where `survey`'s chunks are stored; `packs` must be an empty folder.
Result<std::vector<Meter>> floor_backup(Survey& survey, const FloorRun& run, const Sealer& sealer);

// read packs, open, decompress, hash, write files; needs the packs of floor_backup.
Result<std::vector<Meter>> floor_restore(const Survey& survey, const FloorRun& run,
                                         const Sealer& sealer);

// read packs, hash them, open, decompress, hash.
Result<std::vector<Meter>> floor_check(const Survey& survey, const FloorRun& run,
                                       const Sealer& sealer);

}  // namespace firebreak
