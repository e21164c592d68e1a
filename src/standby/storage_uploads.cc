#include "standby/storage_uploads.h"

#include <algorithm>

#include "base/text.h"
#include "net/google_json.h"
#include "net/url.h"
#include "standby/storage_multipart.h"
#include "standby/storage_names.h"
#include "standby/storage_range.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kReadBytes = kContentPieceBytes;
constexpr int kIncomplete = 308;

// What is asked of a new object beside its bytes; as it is kept with an upload in parts.
struct Description {
  std::string name;
  Json fields;
  std::string crc32c;  // base64, as the caller computed them; may be empty
  std::string md5;
};

Answer<Description> describe(const StorageRequest& request, const Json& metadata,
                             const std::string& content_type) {
  Description described;
  const StorageTarget& target = request.target;
  described.name = target.has("name") ? target.parameter("name") : text_at(metadata, "name");
  ANSWER(check_object_name(described.name));
  if (target.has("kmsKeyName") || !request.header("x-goog-encryption-key").empty()) {
    return not_served("encryption with keys of the caller");
  }
  Json given = metadata.is_null() ? Json::object() : metadata;
  if (target.has("contentEncoding")) given["contentEncoding"] = target.parameter("contentEncoding");
  if (text_at(given, "contentType").empty() && !content_type.empty()) {
    given["contentType"] = content_type;
  }
  described.fields = ANSWER(object_fields(given));
  described.crc32c = text_at(metadata, "crc32c");
  described.md5 = text_at(metadata, "md5Hash");
  return described;
}

// "crc32c=AAAAAA==,md5=…" takes the place of what the metadata said.
void add_hashes(std::string_view header, Description& described) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(','), header.size());
    std::string_view one = header.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with("crc32c=")) described.crc32c = one.substr(7);
    if (one.starts_with("md5=")) described.md5 = one.substr(4);
    header.remove_prefix(std::min(end + 1, header.size()));
  }
}

absl::Status check_hashes(const Description& described, const ContentChecksums& checksums) {
  const std::string crc32c = crc32c_text(checksums);
  const std::string md5 = md5_text(checksums);
  if (!described.crc32c.empty() && described.crc32c != crc32c) {
    return invalid("Provided CRC32C \"{}\" doesn't match calculated CRC32C \"{}\".",
                   printable(described.crc32c), crc32c);
  }
  if (!described.md5.empty() && described.md5 != md5) {
    return invalid("Provided MD5 hash \"{}\" doesn't match calculated MD5 hash \"{}\".",
                   printable(described.md5), md5);
  }
  return {};
}

Result<void> read_all(const StorageRequest& request,
                      const std::function<Result<void>(ByteView)>& sink) {
  Bytes part(kReadBytes);
  for (;;) {
    const std::size_t size = TRY(request.read(part));
    if (size == 0) return {};
    TRY(sink(ByteView(part).first(size)));
  }
}

ObjectVersion parse_done(const Json& done) {
  return {text_at(done, "name"), number_at(done, "generation").value_or(0), {}, done};
}

// The parameters that an upload in parts is begun with hold for its end.
Json conditions_json(const StorageTarget& target) {
  Json json = Json::object();
  for (const char* name : {"ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch",
                           "ifMetagenerationNotMatch"}) {
    if (target.has(name)) json[name] = target.parameter(name);
  }
  return json;
}

StorageTarget target_of(const Json& conditions) {
  StorageTarget target;
  for (const auto& [name, value] : conditions.items()) target.query[name] = value;
  return target;
}

StorageResponse incomplete(const StorageRequest& request, std::uint64_t kept) {
  StorageResponse response{.status = kIncomplete};
  if (kept > 0) response.headers.emplace_back("Range", fmt::format("bytes=0-{}", kept - 1));
  // For who cannot tell 308 from a redirection.
  if (request.header("x-guploader-no-308") == "yes") {
    response.status = 200;
    response.headers.emplace_back("X-HTTP-Status-Code-Override", std::to_string(kIncomplete));
  }
  return response;
}

}  // namespace

StorageUploads::Turn::Turn(StorageUploads& uploads, const std::string& id)
    : uploads_(uploads), id_(id) {
  const MutexLock lock(uploads_.mutex_);
  while (!uploads_.busy_.insert(id_).second) uploads_.freed_.wait(uploads_.mutex_, {});
}

StorageUploads::Turn::~Turn() {
  {
    const MutexLock lock(uploads_.mutex_);
    uploads_.busy_.erase(id_);
  }
  uploads_.freed_.notify_all();
}

Answer<StorageResponse> StorageUploads::answer(const StorageRequest& request,
                                               const std::string& bucket,
                                               const std::string& origin) {
  const bool has_id = request.target.has("upload_id");
  if (request.method == "PUT" && has_id) return go_on(request, bucket, origin);
  if (request.method == "DELETE" && has_id) return cancel(request, bucket);
  if (request.method != "POST" && request.method != "PUT") return not_served("this call");
  ANSWER(find_bucket(store_.view(), bucket));
  const std::string type = request.target.parameter("uploadType");
  if (type == "media") return simple(request, bucket, origin);
  if (type == "multipart") return multipart(request, bucket, origin);
  if (type == "resumable")
    return has_id ? go_on(request, bucket, origin) : begin(request, bucket, origin);
  return invalid("Invalid value for uploadType: '{}'", printable(type));
}

Answer<StorageResponse> StorageUploads::simple(const StorageRequest& request,
                                               const std::string& bucket,
                                               const std::string& origin) {
  ContentWriter writer(store_.overlay());
  const Result<void> read = read_all(request, [&](ByteView bytes) { return writer.write(bytes); });
  if (!read.ok()) {
    ANSWER(writer.discard());
    return status_of(read.error());
  }
  return store(request, bucket, Json(), request.header("content-type"), writer, origin);
}

Answer<StorageResponse> StorageUploads::multipart(const StorageRequest& request,
                                                  const std::string& bucket,
                                                  const std::string& origin) {
  const std::string boundary = multipart_boundary(request.header("content-type"));
  if (boundary.empty()) return invalid("A multipart upload is of the type multipart/related.");
  ContentWriter writer(store_.overlay());
  MultipartReader reader(boundary, [&](ByteView bytes) { return writer.write(bytes); });
  absl::Status status;
  const Result<void> read = read_all(request, [&](ByteView bytes) -> Result<void> {
    if (status.ok()) status = reader.feed(bytes);
    return {};
  });
  if (status.ok()) status = read.ok() ? reader.finish() : status_of(read.error());
  Answer<Json> metadata = parse_bounded_json(reader.metadata());
  if (status.ok()) status = metadata.status();
  if (!status.ok()) {
    ANSWER(writer.discard());
    return status;
  }
  return store(request, bucket, *metadata, reader.content_type(), writer, origin);
}

// An object whose bytes came in this request.
Answer<StorageResponse> StorageUploads::store(const StorageRequest& request,
                                              const std::string& bucket, const Json& metadata,
                                              const std::string& content_type,
                                              ContentWriter& writer, const std::string& origin) {
  const auto insert = [&]() -> Answer<ObjectVersion> {
    Description described = ANSWER(describe(request, metadata, content_type));
    add_hashes(request.header("x-goog-hash"), described);
    const StorageConditions conditions = ANSWER(parse_conditions(request.target));
    ANSWER(writer.finish());
    NewObject object{.name = described.name,
                     .fields = described.fields,
                     .content = writer.content(),
                     .size = writer.kept()};
    object.checksums = ANSWER(checksums_of(store_.view(), object.content, object.size));
    ANSWER(check_hashes(described, object.checksums));
    return store_.insert(bucket, object, conditions);
  };
  const Answer<ObjectVersion> made = insert();
  if (!made.ok()) {
    ANSWER(writer.discard());
    return made.status();
  }
  return json_response(object_answer(bucket, *made, origin));
}

Answer<StorageResponse> StorageUploads::begin(const StorageRequest& request,
                                              const std::string& bucket,
                                              const std::string& origin) {
  const Json metadata = ANSWER(read_json(request));
  const Description described =
      ANSWER(describe(request, metadata, request.header("x-upload-content-type")));
  const StorageConditions conditions = ANSWER(parse_conditions(request.target));
  const Answer<ObjectVersion> live = find_object(store_.view(), bucket, described.name, {});
  ANSWER(check_conditions(conditions, live.ok() ? live->generation : 0,
                          live.ok() ? live->metageneration() : 0, false));
  Json upload = {{"begun", storage_time(store_.now())},
                 {"bucket", bucket},
                 {"name", described.name},
                 {"fields", described.fields},
                 {"crc32c", described.crc32c},
                 {"md5Hash", described.md5},
                 {"content", new_id()},
                 {"conditions", conditions_json(request.target)}};
  const Json declared = {{"size", request.header("x-upload-content-length")}};
  if (const std::optional<std::uint64_t> size = number_at(declared, "size")) {
    upload["size"] = *size;
  }
  const std::string id = new_id();
  StorageOverlay::Change change;
  change.put_upload(id, upload);
  ANSWER(store_.overlay().write(std::move(change)));
  StorageResponse response;
  response.headers.emplace_back(
      "Location",
      fmt::format("{}/upload/storage/v1/b/{}/o?uploadType=resumable&name={}&upload_id={}", origin,
                  percent_encode(bucket), percent_encode(described.name), id));
  response.headers.emplace_back("X-GUploader-UploadID", id);
  return response;
}

Answer<StorageResponse> StorageUploads::go_on(const StorageRequest& request,
                                              const std::string& bucket,
                                              const std::string& origin) {
  const std::string id = request.target.parameter("upload_id");
  const Turn turn(*this, id);
  const StorageOverlay::View view = store_.view();
  const std::optional<Json> upload = ANSWER(view.upload(id));
  if (!upload || text_at(*upload, "bucket") != bucket) return not_found("No such upload.");
  if (const Json& done = field_at(*upload, "done"); !done.is_null()) {
    return json_response(object_answer(bucket, parse_done(done), origin));
  }
  return take_part(request, id, *upload, origin);
}

Answer<StorageResponse> StorageUploads::take_part(const StorageRequest& request,
                                                  const std::string& id, const Json& upload,
                                                  const std::string& origin) {
  const std::optional<UploadRange> range = parse_upload_range(request.header("content-range"));
  if (!range) return invalid("Failed to parse Content-Range header.");
  const std::string content = text_at(upload, "content");
  // Less than a piece at the end is of a request that was to be the last, and did not come so far.
  const std::uint64_t kept =
      ANSWER(store_.view().content_size(content)) / kContentPieceBytes * kContentPieceBytes;
  const std::optional<std::uint64_t> declared = number_at(upload, "size");
  if (range->total && declared && *range->total != *declared) {
    return invalid("The total size is {} bytes, and was said to be {}.", *range->total, *declared);
  }
  const std::optional<std::uint64_t> total = range->total ? range->total : declared;
  if (!range->offset) {
    if (range->total && *range->total == kept) return finish(request, id, upload, kept, origin);
    return incomplete(request, kept);
  }
  if (*range->offset > kept) {
    return invalid(
        "Invalid request. According to the Content-Range header, the upload offset is {} byte(s), "
        "which exceeds already uploaded size of {} byte(s).",
        *range->offset, kept);
  }
  const bool is_last = !range->end || range->end == total;
  if (!is_last && *range->end % kContentPieceBytes != 0) {
    return invalid("Invalid request. A part of an upload is a multiple of {} bytes.",
                   kContentPieceBytes);
  }
  const std::uint64_t end_max = range->end.value_or(total.value_or(UINT64_MAX));
  ContentWriter writer(store_.overlay(), content, kept);
  std::uint64_t at = *range->offset;
  std::uint64_t written = kept;
  const Result<void> read = read_all(request, [&](ByteView bytes) -> Result<void> {
    const std::uint64_t known =
        std::min<std::uint64_t>(written - std::min(written, at), bytes.size());
    if (bytes.size() > end_max - std::min(end_max, at)) {
      return error(Code::Invalid, "Invalid request. There are more bytes than Content-Range says.");
    }
    at += bytes.size();
    written = std::max(written, at);
    return writer.write(bytes.subspan(static_cast<std::size_t>(known)));
  });
  if (failed_with(read, Code::Invalid)) return invalid("{}", read.error().message());
  ANSWER(read);
  if (!is_last || written != total.value_or(at)) return incomplete(request, writer.kept());
  ANSWER(writer.finish());
  return finish(request, id, upload, writer.kept(), origin);
}

Answer<StorageResponse> StorageUploads::finish(const StorageRequest& request, const std::string& id,
                                               const Json& upload, std::uint64_t size,
                                               const std::string& origin) {
  Description described{text_at(upload, "name"), field_at(upload, "fields"),
                        text_at(upload, "crc32c"), text_at(upload, "md5Hash")};
  add_hashes(request.header("x-goog-hash"), described);
  const StorageConditions conditions =
      ANSWER(parse_conditions(target_of(field_at(upload, "conditions"))));
  NewObject object{.name = described.name,
                   .fields = described.fields,
                   .content = text_at(upload, "content"),
                   .size = size,
                   .upload = id};
  object.checksums = ANSWER(checksums_of(store_.view(), object.content, size));
  const std::string bucket = text_at(upload, "bucket");
  const auto insert = [&]() -> Answer<ObjectVersion> {
    ANSWER(check_hashes(described, object.checksums));
    return store_.insert(bucket, object, conditions);
  };
  const Answer<ObjectVersion> made = insert();
  if (made.ok()) return json_response(object_answer(bucket, *made, origin));
  ANSWER(drop(id, upload));  // nothing that is sent again would end otherwise
  return made.status();
}

Answer<StorageResponse> StorageUploads::cancel(const StorageRequest& request,
                                               const std::string& bucket) {
  const std::string id = request.target.parameter("upload_id");
  const Turn turn(*this, id);
  const std::optional<Json> upload = ANSWER(store_.view().upload(id));
  if (!upload || text_at(*upload, "bucket") != bucket || upload->contains("done")) {
    return not_found("No such upload.");
  }
  ANSWER(drop(id, *upload));
  return absl::CancelledError("The upload was cancelled.");
}

absl::Status StorageUploads::drop(const std::string& id, const Json& upload) {
  const std::string content = text_at(upload, "content");
  const std::uint64_t size = ANSWER(store_.view().content_size(content));
  StorageOverlay::Change change;
  change.remove_upload(id);
  change.remove_content(content, size);
  ANSWER(store_.overlay().write(std::move(change)));
  return {};
}

}  // namespace firebreak
