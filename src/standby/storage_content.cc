#include "standby/storage_content.h"

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "crypto/crc32c.h"

namespace firebreak {

std::string new_id() {
  std::byte random[16];
  fill_secret(random);
  return to_hex(random);
}

ContentWriter::ContentWriter(StorageOverlay& overlay)
    : overlay_(overlay), content_(new_id()), is_of_upload_(false) {}

ContentWriter::ContentWriter(StorageOverlay& overlay, std::string content, std::uint64_t size)
    : overlay_(overlay), content_(std::move(content)), is_of_upload_(true), kept_(size) {
  CHECK(size % kContentPieceBytes == 0);
}

Result<void> ContentWriter::write(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t room = kContentPieceBytes - piece_.size();
    const ByteView part = bytes.first(std::min(room, bytes.size()));
    append(piece_, part);
    bytes = bytes.subspan(part.size());
    if (piece_.size() == kContentPieceBytes) TRY(keep_piece());
  }
  return {};
}

Result<void> ContentWriter::finish() {
  if (piece_.empty()) return {};
  return keep_piece();
}

Result<void> ContentWriter::keep_piece() {
  StorageOverlay::Change change;
  if (kept_ == 0 && !is_of_upload_) change.begin_content(content_);
  change.put_piece(content_, kept_ / kContentPieceBytes, piece_);
  TRY(overlay_.write(std::move(change)));
  kept_ += piece_.size();
  piece_.clear();
  return {};
}

Result<void> ContentWriter::discard() {
  StorageOverlay::Change change;
  change.remove_content(content_, kept_);
  change.name_content(content_);
  return overlay_.write(std::move(change));
}

Result<ContentChecksums> checksums_of(const StorageOverlay::View& view, const std::string& content,
                                      std::uint64_t size) {
  ContentChecksums checksums;
  Md5Stream md5;
  for (std::uint64_t at = 0; at < size; at += kContentPieceBytes) {
    const Bytes piece = TRY(view.piece(content, at / kContentPieceBytes));
    checksums.crc32c = crc32c(checksums.crc32c, piece);
    md5.update(piece);
  }
  checksums.md5 = md5.finish();
  return checksums;
}

}  // namespace firebreak
