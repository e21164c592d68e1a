// Files that hold one JSON document: indexes, snapshots and locks. In version 2 their plaintext is
// byte 2 and a zstd frame; in version 1, and in old files of version 2, JSON as it is.
#pragma once

#include "backend/backend.h"
#include "crypto/seal.h"

namespace firebreak {

// More is refused: restic's largest index files stay under 10 MiB compressed.
constexpr std::size_t kUnpackedSizeMax = 256 * 1024 * 1024;

// The sealed file bytes, opened and compared with `json` before they are handed out.
Result<Bytes> encode_unpacked(const Sealer& sealer, ByteView json, unsigned version);

// The JSON inside, in the storage of `json`. Corrupt: MAC, unknown leading byte, zstd.
Result<Bytes> decode_unpacked(const Sealer& sealer, ByteView sealed, Bytes json = {});

// Names by content and saves; an equal file that is there already is success. Ends with the name.
Result<std::string> save_unpacked(Backend& backend, const Sealer& sealer, FileType type,
                                  ByteView json, unsigned version, std::stop_token stop);

// Loads, compares with the name, decodes. Corrupt names the file.
Result<Bytes> load_unpacked(Backend& backend, const Sealer& sealer, const FileName& file,
                            std::stop_token stop);

}  // namespace firebreak
