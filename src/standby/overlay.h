// Documents as they were at any time since the overlay was made: what the stand-in is written to.
// RocksDB, whose keys are a database, a document's key (firestore/document_key.h) and the time of a
// version, newest first; a value is a record (firestore/record.h), empty where there was no
// document any more.
//
// Thread-safe. What a commit wrote is read at times from its own on; the caller gives times that
// only grow.
#pragma once

#include <memory>
#include <rocksdb/db.h>
#include <string>
#include <vector>

#include "firestore/record.h"

namespace firebreak {

class Overlay {
 public:
  struct Change {
    std::string database;  // "projects/P/databases/D"
    std::string key;
    Bytes record;  // empty: the document is gone
  };

  // Makes the folder where there is none. Io where it is in use or cannot be read.
  static Result<Overlay> open(const std::string& folder);

  // All or none of them survives, once sync() has returned, whatever happens to the machine.
  Result<void> commit(const std::vector<Change>& changes, FirestoreTime time);
  Result<void> sync();
  // What it lies over is part of what it means: Conflict where it was made over something else.
  Result<void> bind(const std::string& base);
  // Of the newest commit; the epoch where there is none.
  Result<FirestoreTime> last_commit() const;

  // Nothing where it was not written to; empty where the document was gone.
  Result<std::optional<Bytes>> find(const std::string& database, std::string_view key,
                                    FirestoreTime at) const;

  // The documents of one database that were written or deleted, in the order of keys. Holds
  // resources of the overlay, which must outlive it.
  class Cursor {
   public:
    // To the first document whose key is not less.
    Result<void> seek(std::string_view key);
    Result<void> next();
    bool is_at_end() const { return is_at_end_; }
    // Until it is moved. The record is empty where the document was gone.
    std::string_view key() const { return key_; }
    ByteView record() const;

   private:
    friend class Overlay;
    Cursor(std::unique_ptr<rocksdb::Iterator> versions, std::string prefix, FirestoreTime at)
        : versions_(std::move(versions)), prefix_(std::move(prefix)), at_(at) {}
    Result<void> settle();

    std::unique_ptr<rocksdb::Iterator> versions_;
    std::string prefix_;  // of the database
    FirestoreTime at_;
    std::string key_;
    bool is_at_end_ = true;
  };
  Cursor versions(const std::string& database, FirestoreTime at) const;

 private:
  explicit Overlay(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace firebreak
