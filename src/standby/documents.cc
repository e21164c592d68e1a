#include "standby/documents.h"

namespace firebreak {

Result<std::optional<Bytes>> Documents::find(const std::string& database, std::string_view key,
                                             FirestoreTime at) const {
  std::optional<Bytes> written = TRY(overlay_.find(database, key, at));
  if (written) {
    if (written->empty()) written.reset();  // gone
    return written;
  }
  const auto base = bases_.find(database);
  if (base == bases_.end()) return written;
  return base->second->find(key, {});
}

Documents::Cursor Documents::documents(const std::string& database, FirestoreTime at) const {
  std::optional<DocumentTree::Cursor> base;
  const auto found = bases_.find(database);
  if (found != bases_.end()) base = found->second->documents();
  return Cursor(overlay_.versions(database, at), std::move(base));
}

Result<void> Documents::Cursor::seek(std::string_view key) {
  TRY(written_.seek(key));
  if (base_) TRY(base_->seek(key));
  return settle();
}

Result<void> Documents::Cursor::next() {
  TRY(where_ == Where::Written ? written_.next() : base_->next());
  return settle();
}

// What was written hides what the base has.
Result<void> Documents::Cursor::settle() {
  for (;;) {
    const bool has_base = base_ && !base_->is_at_end();
    if (written_.is_at_end()) {
      where_ = has_base ? Where::Base : Where::Nowhere;
      return {};
    }
    if (has_base && base_->key() < written_.key()) {
      where_ = Where::Base;
      return {};
    }
    if (has_base && base_->key() == written_.key()) TRY(base_->next());
    if (!written_.record().empty()) {
      where_ = Where::Written;
      return {};
    }
    TRY(written_.next());
  }
}

std::string_view Documents::Cursor::key() const {
  return where_ == Where::Written ? written_.key() : base_->key();
}

ByteView Documents::Cursor::record() const {
  return where_ == Where::Written ? written_.record() : base_->record();
}

}  // namespace firebreak
