#include "point/leaf_writer.h"

#include "firestore/wire.h"
#include "point/separator.h"

namespace firebreak {

Result<void> LeafWriter::add(std::string_view key, ByteView record) {
  if (!open_.is_first && key <= open_.last_key) {
    return error(Code::Corrupt, "what was read is not in order");
  }
  const std::size_t size = varint_size(record.size()) + record.size();
  if (!open_.records.empty() && open_.records.size() + size > kLeafBytesMax) {
    TRY(end_leaf(Cut::None));
  }
  if (open_.records.empty()) {
    open_.separator = open_.is_first ? "" : separator_between(open_.last_key, key);
  }
  append_varint(open_.records, record.size());
  append(open_.records, record);
  open_.last_key = key;
  open_.is_first = false;
  const Cut cut = rule_.after(key, record.size());
  return cut == Cut::None ? Result<void>() : end_leaf(cut);
}

LeafWriter::Open LeafWriter::take_open() {
  return std::exchange(open_, Open());
}

void LeafWriter::continue_behind(std::string_view key) {
  open_ = Open();
  open_.last_key = key;
  open_.is_first = false;
}

Result<void> LeafWriter::end_leaf(Cut cut) {
  if (open_.records.empty()) return {};
  const SavedBlob saved = TRY(saver_.save(BlobType::Data, open_.records));
  Leaf leaf{saved.id, static_cast<std::uint32_t>(open_.records.size()), cut,
            std::move(open_.separator)};
  open_.records.clear();
  return on_leaf_(std::move(leaf));
}

}  // namespace firebreak
