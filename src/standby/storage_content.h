// The bytes of an object on their way into the overlay and out of it, piece by piece.
#pragma once

#include "standby/storage_overlay.h"
#include "standby/storage_resource.h"

namespace firebreak {

// Until it is named, content that is written is none: it is gone when the overlay is opened again.
class ContentWriter {
 public:
  // New content, under an id of its own.
  explicit ContentWriter(StorageOverlay& overlay);
  // Behind the `size` bytes, a multiple of a piece, that the content of an upload has already.
  ContentWriter(StorageOverlay& overlay, std::string content, std::uint64_t size);

  const std::string& content() const { return content_; }
  Result<void> write(ByteView bytes);
  // What is less than a piece, at the end of the object.
  Result<void> finish();
  // In the overlay; less than was written before it is finished.
  std::uint64_t kept() const { return kept_; }
  // Takes back all of it.
  Result<void> discard();

 private:
  Result<void> keep_piece();

  StorageOverlay& overlay_;
  const std::string content_;
  const bool is_of_upload_;  // which names it from the beginning
  std::uint64_t kept_ = 0;
  Bytes piece_;
};

// Read back from the overlay, so that they are of what is stored and not of what was meant to be.
Result<ContentChecksums> checksums_of(const StorageOverlay::View& view, const std::string& content,
                                      std::uint64_t size);

// Random; as text.
std::string new_id();

}  // namespace firebreak
