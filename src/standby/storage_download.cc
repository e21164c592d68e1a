#include "standby/storage_download.h"

#include <algorithm>
#include <zlib.h>

#include "base/rfc3339.h"
#include "net/google_json.h"
#include "standby/storage_range.h"
#include "standby/storage_resource.h"

namespace firebreak {
namespace {

constexpr std::size_t kInflatedBytes = 256 << 10;

// The bytes of a version from one place to another, piece by piece.
class ContentReader {
 public:
  ContentReader(std::shared_ptr<const StorageOverlay::View> view, std::string content,
                ByteRange range)
      : view_(std::move(view)), content_(std::move(content)), range_(range) {}

  // Empty at the end.
  Result<Bytes> next() {
    if (range_.length == 0) return Bytes();
    Bytes piece = TRY(view_->piece(content_, range_.offset / kContentPieceBytes));
    const std::size_t begin = range_.offset % kContentPieceBytes;
    if (piece.size() <= begin) return error(Code::Corrupt, "an object lacks bytes");
    const std::size_t size =
        static_cast<std::size_t>(std::min<std::uint64_t>(range_.length, piece.size() - begin));
    range_.offset += size;
    range_.length -= size;
    if (begin == 0) {
      piece.resize(size);
      return piece;
    }
    Bytes part;
    append(part, ByteView(piece).subspan(begin, size));
    return part;
  }

 private:
  std::shared_ptr<const StorageOverlay::View> view_;  // also of others that read from it
  std::string content_;
  ByteRange range_;
};

// Members one behind the other, as gzip allows.
class Inflater {
 public:
  explicit Inflater(ContentReader reader) : reader_(std::move(reader)) {
    CHECK(inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK);
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Empty at the end. Corrupt for what is no gzip.
  Result<Bytes> next() {
    Bytes inflated(kInflatedBytes);
    stream_.next_out = reinterpret_cast<Bytef*>(inflated.data());
    stream_.avail_out = static_cast<uInt>(inflated.size());
    while (stream_.avail_out == inflated.size()) {
      if (stream_.avail_in == 0) {
        piece_ = TRY(reader_.next());
        if (piece_.empty()) break;
        stream_.next_in = reinterpret_cast<Bytef*>(piece_.data());
        stream_.avail_in = static_cast<uInt>(piece_.size());
      }
      if (is_at_end_) CHECK(inflateReset(&stream_) == Z_OK);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      is_at_end_ = code == Z_STREAM_END;
      if (code != Z_OK && !is_at_end_) {
        return error(Code::Corrupt, "what is said to be gzip is not");
      }
    }
    inflated.resize(inflated.size() - stream_.avail_out);
    if (inflated.empty() && !is_at_end_) {
      return error(Code::Corrupt, "what is said to be gzip ends too early");
    }
    return inflated;
  }

 private:
  ContentReader reader_;
  z_stream stream_{};
  Bytes piece_;
  bool is_at_end_ = false;
};

bool is_header_value(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

void add_headers(StorageResponse& response, const ObjectVersion& version) {
  const auto add = [&](const char* name, std::string value) {
    if (is_header_value(value)) response.headers.emplace_back(name, std::move(value));
  };
  const nlohmann::json& resource = version.resource;
  const std::string type = text_at(resource, "contentType");
  add("Content-Type", type.empty() ? "application/octet-stream" : type);
  const std::string encoding = text_at(resource, "contentEncoding");
  add("X-Goog-Stored-Content-Encoding", encoding.empty() ? "identity" : encoding);
  add("X-Goog-Stored-Content-Length", std::to_string(version.size()));
  add("X-Goog-Hash",
      fmt::format("crc32c={},md5={}", text_at(resource, "crc32c"), text_at(resource, "md5Hash")));
  add("X-Goog-Generation", std::to_string(version.generation));
  add("X-Goog-Metageneration", std::to_string(version.metageneration()));
  add("X-Goog-Storage-Class", text_at(resource, "storageClass"));
  add("ETag", object_etag(version));
  add("Content-Disposition", text_at(resource, "contentDisposition"));
  add("Content-Language", text_at(resource, "contentLanguage"));
  add("Cache-Control", text_at(resource, "cacheControl"));
}

}  // namespace

Answer<StorageResponse> download(const StorageRequest& request,
                                 std::shared_ptr<const StorageOverlay::View> view,
                                 const ObjectVersion& version) {
  StorageResponse response;
  add_headers(response, version);
  const std::string encoding = text_at(version.resource, "contentEncoding");
  const bool keeps_encoding =
      request.header("accept-encoding").find("gzip") != std::string::npos ||
      text_at(version.resource, "cacheControl").find("no-transform") != std::string::npos;
  const std::uint64_t size = version.size();
  if (encoding == "gzip" && size > 0 && !keeps_encoding) {
    ContentReader reader(std::move(view), version.content, {0, size});
    const auto inflater = std::make_shared<Inflater>(std::move(reader));  // of all copies below
    response.headers.emplace_back("Warning", "214 UploadServer gunzipped");
    response.headers.emplace_back("X-GUploader-Response-Body-Transformations", "gunzipped");
    response.parts = [inflater] { return inflater->next(); };
    return response;
  }
  if (is_header_value(encoding)) response.headers.emplace_back("Content-Encoding", encoding);
  const AskedRange asked = asked_range(request.header("range"), size);
  if (!asked.range) {
    return refuse(absl::StatusCode::kOutOfRange, "Request range not satisfiable: {} of {} bytes",
                  request.header("range"), size);
  }
  response.headers.emplace_back("Accept-Ranges", "bytes");
  if (asked.is_part) {
    response.status = 206;
    response.headers.emplace_back("Content-Range",
                                  fmt::format("bytes {}-{}/{}", asked.range->offset,
                                              asked.range->offset + asked.range->length - 1, size));
  }
  response.parts_size = asked.range->length;
  response.parts = [reader = ContentReader(std::move(view), version.content,
                                           *asked.range)]() mutable { return reader.next(); };
  return response;
}

}  // namespace firebreak
