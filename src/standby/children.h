// What lies directly below a place, whether or not it exists itself: a document that was never
// written, or was deleted, still has the collections below it.
#pragma once

#include "standby/run_query.h"

namespace firebreak {

// The ids of the collections directly below a document (of the database, where `parent` is empty),
// in order. Costs some seeks for each of them and for each collection id of the database.
Result<std::vector<std::string>> collections_below(const Moment& moment, const std::string& parent);

// The documents of a collection and those missing, in the order of names. Costs a seek for each of
// them and of the database's collection ids.
class Children {
 public:
  // `after`: the path of the last one not wanted any more; empty: from the first on.
  static Result<Children> begin(const Moment& moment, std::string collection,
                                const std::string& after);

  struct Child {
    std::string path;
    Bytes record;  // empty where it is missing
  };
  // Nothing behind the last.
  Result<std::optional<Child>> next();

 private:
  struct Group {
    std::string collection_id;
    Documents::Cursor documents;
    std::string child{};  // the path at which it stands
    std::string key{};    // that orders it
  };

  explicit Children(std::string collection) : collection_(std::move(collection)) {}
  Result<void> settle(Group& group);

  std::string collection_;
  std::vector<Group> groups_;
};

}  // namespace firebreak
