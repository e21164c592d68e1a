// The documents of the stand-in's databases as they are seen at some time: what was written to the
// overlay, and else what the served point has.
#pragma once

#include <map>

#include "point/document_tree.h"
#include "standby/overlay.h"

namespace firebreak {

// Of a served point, by database: "projects/P/databases/D".
using Bases = std::map<std::string, std::unique_ptr<DocumentTree>>;

// Thread-safe.
class Documents {
 public:
  Documents(Overlay overlay, Bases bases)
      : overlay_(std::move(overlay)), bases_(std::move(bases)) {}

  Overlay& overlay() { return overlay_; }

  // Nothing where there was no document.
  Result<std::optional<Bytes>> find(const std::string& database, std::string_view key,
                                    FirestoreTime at) const;

  // The documents of one database, in the order of keys. These must outlive it.
  class Cursor {
   public:
    // To the first document whose key is not less.
    Result<void> seek(std::string_view key);
    Result<void> next();
    bool is_at_end() const { return where_ == Where::Nowhere; }
    void finish() { where_ = Where::Nowhere; }
    // Until it is moved.
    std::string_view key() const;
    ByteView record() const;

   private:
    friend class Documents;
    enum class Where { Nowhere, Written, Base };
    Cursor(Overlay::Cursor written, std::optional<DocumentTree::Cursor> base)
        : written_(std::move(written)), base_(std::move(base)) {}
    Result<void> settle();

    Overlay::Cursor written_;
    std::optional<DocumentTree::Cursor> base_;
    Where where_ = Where::Nowhere;
  };
  Cursor documents(const std::string& database, FirestoreTime at) const;

 private:
  Overlay overlay_;
  Bases bases_;
};

}  // namespace firebreak
