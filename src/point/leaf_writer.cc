#include "point/leaf_writer.h"

#include "firestore/wire.h"
#include "point/separator.h"

namespace firebreak {

Result<void> LeafWriter::add(std::string_view key, ByteView record) {
  if (!is_first_ && key <= last_key_) {
    return error(Code::Corrupt, "records are not in the order of their keys");
  }
  const std::size_t size = varint_size(record.size()) + record.size();
  if (!leaf_.empty() && leaf_.size() + size > kLeafBytesMax) TRY(end_leaf(Cut::None));
  if (leaf_.empty()) separator_ = is_first_ ? "" : separator_between(last_key_, key);
  append_varint(leaf_, record.size());
  append(leaf_, record);
  last_key_ = key;
  is_first_ = false;
  const Cut cut = rule_.after(key, record.size());
  return cut == Cut::None ? Result<void>() : end_leaf(cut);
}

Result<void> LeafWriter::end_leaf(Cut cut) {
  if (leaf_.empty()) return {};
  const SavedBlob saved = TRY(saver_.save(BlobType::Data, leaf_));
  Leaf leaf{saved.id, static_cast<std::uint32_t>(leaf_.size()), cut, std::move(separator_)};
  leaf_.clear();
  return on_leaf_(std::move(leaf));
}

}  // namespace firebreak
