// The writes of one commit, applied in order to the documents as they are, each seeing what those
// before it did.
#pragma once

#include <google/firestore/v1/write.pb.h>
#include <map>

#include "standby/documents.h"
#include "standby/transform.h"

namespace firebreak {

// The full name of the document that it is about.
const std::string& written_name(const api::Write& write);

class WriteSet {
 public:
  // Of one database; `commit_time` is later than all that they were written at.
  WriteSet(const Documents& documents, std::string database, FirestoreTime commit_time);

  // A refused write leaves the set as it was.
  Answer<api::WriteResult> apply(const api::Write& write);

  // What is no longer as it was before.
  std::vector<Overlay::Change> changes() const;

 private:
  struct State {
    std::optional<api::Document> document;
    Bytes record;  // of the document; empty without one
    bool has_changed = false;
  };

  Answer<State> load(const std::string& path);
  absl::Status check(const api::Precondition& precondition, const std::string& name,
                     const State& state) const;
  Answer<api::WriteResult> update(const api::Write& write, const std::string& path, State& state);
  absl::Status encode(State& state, const Bytes& before);

  const Documents& documents_;
  const std::string database_;
  const FirestoreTime commit_time_;
  Values values_;
  RecordEncoder encoder_;
  DocumentDecoder decoder_;
  std::map<std::string, State> states_;  // by path
};

}  // namespace firebreak
