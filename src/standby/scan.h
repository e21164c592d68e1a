// The documents below some place of a database, in the order of their names.
#pragma once

#include "standby/documents.h"

namespace firebreak {

struct ScanOptions {
  std::string parent{};                        // path of a document; empty: the database
  std::optional<std::string> collection_id{};  // nothing: of any
  bool has_all_descendants = false;            // else those directly in collections of the parent

  // Names, relative to the database and of any number of segments.
  struct NameBound {
    std::string path;
    bool is_included = false;
  };
  std::optional<NameBound> lower{};
  std::optional<NameBound> upper{};
};

class Scan {
 public:
  // What of the database it looks at: keys from the first on, the second not included.
  using KeyRange = std::pair<std::string, std::string>;

  static Result<Scan> begin(const Documents& all, const std::string& database, FirestoreTime at,
                            ScanOptions options);

  // To the next document; false behind the last.
  Result<bool> next();
  // Until the next move.
  ByteView record() const;

  const std::vector<KeyRange>& ranges() const { return ranges_; }

 private:
  // One collection group.
  struct Group {
    Documents::Cursor documents;
    std::size_t prefix_bytes;  // of the group in a key
    std::string end;           // no key of it is greater or equal
  };

  explicit Scan(ScanOptions options) : options_(std::move(options)) {}
  Result<void> add_group(Documents::Cursor documents, const std::string& collection_id);
  Result<void> settle(Group& group);
  Result<bool> is_selected(ByteView record) const;

  ScanOptions options_;
  std::vector<Group> groups_;  // none at its end
  std::vector<KeyRange> ranges_;
  std::size_t at_ = 0;  // the group that the document is of
  bool has_begun_ = false;
};

// The ids of collections that hold a document anywhere in the database, in order. Costs a seek
// each.
Result<std::vector<std::string>> collection_groups(Documents::Cursor& documents);

}  // namespace firebreak
