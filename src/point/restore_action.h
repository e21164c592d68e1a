// What restores of documents and of objects have in common.
#pragma once

#include <atomic>
#include <cstdint>

namespace firebreak {

enum class RestoreMode {
  Missing,    // what is there stays as it is
  Overwrite,  // what the point has becomes what it was; the rest stays
  Exact,      // and what the point does not have is deleted
};

// What a restore does to one document or object.
enum class RestoreAction { Create, Change, Delete, Same, Keep };

// Documents or objects; read by others while a restore runs.
struct ProjectRestoreProgress {
  std::atomic<std::uint64_t> in_point = 0;
  std::atomic<std::uint64_t> in_target = 0;
  std::atomic<std::uint64_t> to_create = 0;
  std::atomic<std::uint64_t> to_change = 0;
  std::atomic<std::uint64_t> to_delete = 0;
  std::atomic<std::uint64_t> same = 0;
  std::atomic<std::uint64_t> kept = 0;  // different, and to stay so
  std::atomic<std::uint64_t> written = 0;
  std::atomic<std::uint64_t> bytes_written = 0;  // of objects
  std::atomic<std::uint64_t> conflicts = 0;      // changed by others meanwhile, and left alone
  std::atomic<std::uint64_t> refused = 0;        // by the service, or damaged in the repository

  void count(RestoreAction action) {
    switch (action) {
      case RestoreAction::Create:
        ++to_create;
        break;
      case RestoreAction::Change:
        ++to_change;
        break;
      case RestoreAction::Delete:
        ++to_delete;
        break;
      case RestoreAction::Same:
        ++same;
        break;
      case RestoreAction::Keep:
        ++kept;
        break;
    }
  }
};

}  // namespace firebreak
