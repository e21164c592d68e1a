#include "repository/unpacked.h"

#include "crypto/sha256.h"
#include "repository/compression.h"

namespace firebreak {
namespace {

constexpr std::byte kCompressedMark{2};

}  // namespace

Result<Bytes> encode_unpacked(const Sealer& sealer, ByteView json, unsigned version) {
  Bytes plain;
  if (version == 1) {
    append(plain, json);
  } else {
    plain.push_back(kCompressedMark);
    compress(json, Compression::Auto, plain);
  }
  Bytes sealed = sealer.seal(plain);
  const Bytes again = TRY(decode_unpacked(sealer, sealed));
  if (!std::equal(again.begin(), again.end(), json.begin(), json.end())) {
    return error(Code::Corrupt, "encoding changed the data: memory or compressor are broken");
  }
  return sealed;
}

Result<Bytes> decode_unpacked(const Sealer& sealer, ByteView sealed, Bytes json) {
  Bytes plain = TRY(sealer.open(sealed));
  if (plain.empty()) return error(Code::Corrupt, "an empty document");
  if (plain[0] == std::byte{'{'} || plain[0] == std::byte{'['}) return plain;
  if (plain[0] != kCompressedMark) {
    return error(Code::Corrupt, "a document of unknown encoding {}",
                 std::to_integer<unsigned>(plain[0]));
  }
  return decompress(ByteView(plain).subspan(1), kUnpackedSizeMax, std::move(json));
}

Result<std::string> save_unpacked(Backend& backend, const Sealer& sealer, FileType type,
                                  ByteView json, unsigned version, std::stop_token stop) {
  const Bytes sealed = TRY(encode_unpacked(sealer, json, version));
  const FileName file{type, to_hex(sha256(sealed))};
  TRY(backend.save(file, sealed, stop).on(Side::Repository));
  return file.name;
}

Result<Bytes> load_unpacked(Backend& backend, const Sealer& sealer, const FileName& file,
                            std::stop_token stop) {
  const Bytes sealed = TRY(backend.load(file, {}, {}, stop).on(Side::Repository));
  if (to_hex(sha256(sealed)) != file.name) {
    return error(Code::Corrupt, "{} does not match its name", to_string(file)).on(Side::Repository);
  }
  Result<Bytes> json = decode_unpacked(sealer, sealed);
  if (!json.ok()) {
    return std::move(json).error().within(to_string(file)).on(Side::Repository);
  }
  return json;
}

}  // namespace firebreak
