// Where a repository's files lie. Files are written once, named by the SHA-256 of their bytes
// (`config` excepted), and never changed. Implementations are thread-safe.
//
// What every implementation promises, and tests/conformance holds it to:
//  - save is atomic and durable: after ok() the whole file survives a power loss, after an error
//    it is absent or whole, never partial; an existing name is Conflict and stays as it was.
//  - a listing is evidence of presence, never of absence: names that are no 64 hex digits are
//    left out, and a caller confirms by stat before it relies on something being gone.
//  - errors carry the right code: only Unavailable may be tried again, UnknownOutcome is
//    reconciled by content.
//  - a call that begins after a stop request is Canceled and does nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

enum class FileType { Config, Key, Lock, Snapshot, Index, Pack };

// The folder of a type, as restic names it: "keys", "locks", "snapshots", "index", "data"; and
// "config", which is a file.
std::string_view folder(FileType type);

struct FileName {
  FileType type;
  std::string name;  // 64 lower-case hexadecimal digits; empty for Config

  bool operator==(const FileName&) const = default;
  auto operator<=>(const FileName&) const = default;
};

constexpr std::string_view kConfigName = "config";
inline FileName config_file() {
  return {FileType::Config, {}};
}

// "data/0123…", for messages.
std::string to_string(const FileName& file);

// True for 64 lower-case hexadecimal digits.
bool is_file_name(std::string_view name);

struct FileInfo {
  std::string name;
  std::uint64_t size = 0;
};

// The whole file where length is absent.
struct Range {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

// What has the name of a file and is not simply that file.
enum class StrayKind {
  Misplaced,    // a pack where none looks for it
  NotAFile,     // a folder or the like
  Overwritten,  // by other bytes; what was written first is there, too, and is what load() gives
};
struct Stray {
  FileName file;     // of that name
  std::string path;  // where it lies, below the repository's place
  StrayKind kind = StrayKind::Misplaced;

  bool operator==(const Stray&) const = default;
};

using EachFile = std::function<Result<void>(const FileInfo&)>;

class Backend {
 public:
  virtual ~Backend() = default;

  // For messages; holds no secret.
  virtual std::string location() const = 0;
  // How many calls may usefully be under way at once.
  virtual unsigned connections() const = 0;

  // Makes the place itself (folders, not buckets); one that exists is fine.
  virtual Result<void> create(std::stop_token stop) = 0;
  virtual Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) = 0;
  // Exactly the bytes asked for, in the storage of `buffer`. NotFound; Corrupt where the file
  // ends before the range does, or before it begins.
  virtual Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                             std::stop_token stop) = 0;
  // NotFound where it does not exist.
  virtual Result<FileInfo> stat(const FileName& file, std::stop_token stop) = 0;
  // Every file of the type, in no order, once; stops at the first error of `each`. A place that
  // does not exist is NotFound; a type's missing folder in a place that exists is empty.
  virtual Result<void> list(FileType type, const EachFile& each, std::stop_token stop) = 0;
  // In no order. A service that does not tell of such things (REST) has none; of what is
  // overwritten only what was loaded as a whole before. As dear as listing everything.
  virtual Result<std::vector<Stray>> find_strays(std::stop_token stop) = 0;
  // NotFound where there is none.
  virtual Result<void> remove(const FileName& file, std::stop_token stop) = 0;
};

// Canceled after a stop request: what every call begins with.
Result<void> check_stop(const FileName& file, std::stop_token stop);

// list(), gathered.
Result<std::vector<FileInfo>> list_all(Backend& backend, FileType type, std::stop_token stop);

}  // namespace firebreak
