#include "repository/compression.h"

#include <memory>
#include <zstd.h>

#include "base/check.h"

namespace firebreak {
namespace {

constexpr int kWindowLogMax = 23;  // 8 MiB

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

int zstd_level(Compression level) {
  switch (level) {
    case Compression::Off:
      break;
    case Compression::Fastest:
      return -3;
    case Compression::Auto:
      return 1;
    case Compression::Better:
      return 7;
    case Compression::Max:
      return 16;
  }
  CHECK(false);
  return 0;
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  CHECK(context != nullptr);
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLogMax + 4);
  return context.get();
}

}  // namespace

Result<Compression> parse_compression(std::string_view name) {
  if (name == "off") return Compression::Off;
  if (name == "fastest") return Compression::Fastest;
  if (name == "auto") return Compression::Auto;
  if (name == "better") return Compression::Better;
  if (name == "max") return Compression::Max;
  return error(Code::Invalid,
               "compression \"{}\" is unknown; use off, fastest, auto, better or max", name);
}

void compress(ByteView plain, Compression level, Bytes& to) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  CHECK(context != nullptr);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, zstd_level(level));
  const std::size_t start = to.size();
  to.resize(start + ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compress2(context.get(), to.data() + start, to.size() - start,
                                          plain.data(), plain.size());
  CHECK(ZSTD_isError(size) == 0);
  to.resize(start + size);
}

Result<Bytes> decompress(ByteView frame, std::size_t size_max, Bytes plain) {
  const unsigned long long declared = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (declared == ZSTD_CONTENTSIZE_ERROR) return error(Code::Corrupt, "no zstd frame");
  if (declared != ZSTD_CONTENTSIZE_UNKNOWN) {
    if (declared > size_max) {
      return error(Code::Corrupt, "a zstd frame of {} bytes, at most {} are allowed", declared,
                   size_max);
    }
    plain.resize(declared);
    const std::size_t size =
        ZSTD_decompressDCtx(decompressor(), plain.data(), plain.size(), frame.data(), frame.size());
    if (ZSTD_isError(size) != 0) {
      return error(Code::Corrupt, "zstd: {}", ZSTD_getErrorName(size));
    }
    plain.resize(size);
    return plain;
  }
  // A streamed frame does not tell its size: grow as it comes.
  ZSTD_DCtx* const context = decompressor();
  ZSTD_inBuffer in{frame.data(), frame.size(), 0};
  plain.resize(std::min<std::size_t>(size_max, std::max<std::size_t>(frame.size() * 4, 65536)));
  ZSTD_outBuffer out{plain.data(), plain.size(), 0};
  while (true) {
    const std::size_t left = ZSTD_decompressStream(context, &out, &in);
    if (ZSTD_isError(left) != 0) return error(Code::Corrupt, "zstd: {}", ZSTD_getErrorName(left));
    if (left == 0 && in.pos == in.size) break;
    if (out.pos == out.size) {
      if (plain.size() >= size_max) {
        return error(Code::Corrupt, "a zstd frame of more than {} bytes", size_max);
      }
      plain.resize(std::min(size_max, plain.size() * 2));
      out.dst = plain.data();
      out.size = plain.size();
    } else if (in.pos == in.size) {
      return error(Code::Corrupt, "a zstd frame that ends early");
    }
  }
  plain.resize(out.pos);
  return plain;
}

}  // namespace firebreak
