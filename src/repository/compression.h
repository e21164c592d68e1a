// zstd as repositories hold it: one frame a blob, no checksum (the blob's name is one), no
// dictionary, windows of at most 8 MiB. Contexts are per thread and reused.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// The levels a user may ask for. Off concerns data blobs alone: trees and indexes are always
// compressed, as restic's are.
enum class Compression { Off, Fastest, Auto, Better, Max };

Result<Compression> parse_compression(std::string_view name);

// Appends one frame to `to`. Off is a programmer's error.
void compress(ByteView plain, Compression level, Bytes& to);

// Into the storage of `plain`. Corrupt: no frame, or one that holds more than `size_max`
// bytes; memory beyond that is never taken, whatever the frame claims.
Result<Bytes> decompress(ByteView frame, std::size_t size_max, Bytes plain = {});

}  // namespace firebreak
