// What a check finds, and what the repairs find on their way.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "backend/backend.h"
#include "repository/blob_set.h"

namespace firebreak {

enum class FindingKind {
  IndexDamaged,      // an index file does not open or parse
  PackMissing,       // an index names it, the repository does not have it
  PackMisplaced,     // lies in another folder, where nothing finds it
  NotAFile,          // a folder or the like that has the name of a file
  FileOverwritten,   // its first version is there and is what is read; other tools read the other
  KeyDamaged,        // a key file is not what its name promises; restic opens nothing then
  PackSize,          // its size is not what its blobs add up to
  PackLayout,        // its blobs overlap or leave gaps, or index files disagree
  PackDamaged,       // its bytes are not what its name or MACs promise
  PackHeader,        // its header is sound and says something else than the index
  BlobDamaged,       // a blob does not open to its id
  BlobMissing,       // used by a snapshot and in no pack
  Unchecked,         // could not be read just now; neither sound nor damaged
  PackRepeated,      // hint: several index files name it, alike
  PackMixed,         // hint: trees and data in one pack, as restic before 0.8 wrote
  PackUnreferenced,  // hint: no index names it; prune removes it
  NothingUsed,       // hint: there are packs and no snapshot, as after a loss of them all
};

std::string_view name(FindingKind kind);  // "pack_missing", for JSON
// Hints are no damage and do not make a check fail.
bool is_hint(FindingKind kind);

struct Finding {
  FindingKind kind;
  std::string message;  // names what it is about
  std::optional<IndexId> index{};
  std::optional<PackId> pack{};
  std::optional<BlobKey> blob{};
  std::optional<FileName> file{};  // of another type
};
// Called by one thread at a time, as findings come.
using EachFinding = std::function<void(const Finding&)>;

}  // namespace firebreak
