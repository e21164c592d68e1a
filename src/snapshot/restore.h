// Files out of a snapshot. The walk makes folders, links and devices and gathers files; their
// content is fetched pack by pack, each blob once a batch, and written wherever it belongs. A file
// has its name when it is whole and no sooner: a restore that was stopped is repeated in any mode.
//
// Nothing is written outside the target, whatever the snapshot or the target hold: see
// target_folder.h.
#pragma once

#include <atomic>
#include <functional>

#include "repository/repository.h"
#include "snapshot/node.h"

namespace firebreak {

// What to do with a file that is there already. Whatever is replaced stays until the new one is
// whole, and other hard links to it keep their content.
enum class Overwrite {
  Always,
  IfChanged,  // keep it where size and time of modification are the snapshot's
  IfNewer,    // keep it unless the snapshot's is newer
  Never,
};

// "always", "if-changed", "if-newer", "never".
Result<Overwrite> parse_overwrite(std::string_view name);

struct Selection {
  bool restore = true;
  bool descend = true;  // of a folder: whether something below may be restored
};

struct RestoreOptions {
  std::string target;
  Overwrite overwrite = Overwrite::Always;
  // By path in the snapshot, which begins with a slash. Everything where absent.
  std::function<Selection(const std::string& path, const Node& node)> select;
  // Remove from restored folders what the snapshot does not have, as far as `select` agrees.
  bool delete_extra = false;
  bool dry_run = false;
  // An entry that could not be restored, fully or in part; the path is that of `select`.
  // Thread-safe.
  std::function<void(const std::string& path, const Error& problem)> on_error;
  // What is done, or would be: "restored", "kept", "deleted"; `bytes` of a further hard link are 0.
  // Thread-safe; may be absent.
  std::function<void(std::string_view action, const std::string& path, std::uint64_t bytes)>
      on_entry;
  unsigned workers = 2;
};

struct RestoreProgress {
  std::atomic<std::uint64_t> files = 0;  // everything but folders
  std::atomic<std::uint64_t> folders = 0;
  std::atomic<std::uint64_t> bytes = 0;  // written
  std::atomic<std::uint64_t> kept = 0;   // left as they were
  std::atomic<std::uint64_t> deleted = 0;
  std::atomic<std::uint64_t> errors = 0;
};

// Restores the tree `root` into the target, which is made where it is missing. The index must be
// loaded. Errors of single entries are reported and counted in `progress`; only what makes going
// on senseless ends it. Private memory is bounded whatever the size.
Result<void> restore(const Repository& repository, const BlobId& root,
                     const RestoreOptions& options, RestoreProgress& progress,
                     std::stop_token stop);

// Reads back every selected file below the target and compares it with the snapshot's blobs.
// Differences are reported through `options.on_error`; `progress` counts what was compared.
Result<void> verify_restored(const Repository& repository, const BlobId& root,
                             const RestoreOptions& options, RestoreProgress& progress,
                             std::stop_token stop);

}  // namespace firebreak
