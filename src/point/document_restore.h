// Makes a database equal to a point, or to a part of one: the point and the database are read side
// by side in the order of names, and only what differs is written, each document under the
// condition that nobody has changed it since. Killed at any time, a second run does the rest.
#pragma once

#include <functional>

#include "firestore/document_reader.h"
#include "firestore/document_writer.h"
#include "point/document_tree.h"
#include "point/restore_action.h"

namespace firebreak {

struct DocumentRestoreOptions {
  RestoreMode mode = RestoreMode::Missing;
  std::string path{};  // a document or a collection, with all below; empty: the database
  bool dry_run = false;
  std::size_t workers = 4;
  unsigned initial_rate = 0;  // documents a second, growing (WriteRamp); 0 is no limit
  // Thread-safe: what is to be done, before it is; and what could not be, after.
  std::function<void(RestoreAction action, std::string_view path)> on_document{};
  std::function<void(const DocumentWrite& write, WriteEnd end, std::string_view why)> on_failure{};
};

// `collection_ids`: of all groups of the point. Documents that could not be written do not end it;
// they are counted and told.
Result<void> restore_documents(const DocumentTree& point,
                               const std::vector<std::string>& collection_ids,
                               FirestoreClient& target, const DocumentRestoreOptions& options,
                               ProjectRestoreProgress& progress, Clock& clock,
                               std::stop_token stop);

// The names of a document or collection and all below it; of everything for an empty path.
PathRange range_below(const std::string& path);

}  // namespace firebreak
