// Makes a bucket equal to a point, or to a part of one: the manifest and the bucket's listing are
// read side by side in the order of names, and only what differs is written, each object under the
// condition that it still has the generation that was listed. Killed at any time, a second run does
// the rest.
//
// What is restored of an object: its stored bytes, type, encoding, disposition, language, caching,
// custom metadata, storage class, custom time and holds. Access control lists and retention are
// not.
#pragma once

#include <functional>
#include <string>

#include "point/record_tree.h"
#include "point/restore_action.h"
#include "storage/storage_client.h"

namespace firebreak {

struct ObjectRestoreOptions {
  RestoreMode mode = RestoreMode::Missing;
  std::string prefix{};  // of names; empty: all
  bool dry_run = false;
  std::size_t writers = 4;
  // By one thread at a time: what is to be done, before it is.
  std::function<void(RestoreAction action, std::string_view name)> on_object{};
  // From any thread: what could not be.
  std::function<void(std::string_view name, const Error& problem)> on_failure{};
};

// `manifest` and `objects` are folders of the point. Objects that could not be written do not end
// it; they are counted and told.
Result<void> restore_objects(const Repository& repository, const BlobId& manifest,
                             const BlobId& objects, StorageClient& target,
                             const ObjectRestoreOptions& options, ProjectRestoreProgress& progress,
                             std::stop_token stop);

}  // namespace firebreak
