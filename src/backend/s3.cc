#include "backend/s3.h"

#include "backend/http_range.h"
#include "backend/s3_fault.h"
#include "backend/s3_listing.h"
#include "backend/s3_upload.h"
#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

// The name, where it is the hash that the bytes must have.
Sha256 payload_of(const FileName& file, ByteView bytes) {
  Sha256 hash;
  if (decode_hex(file.name, hash)) return hash;
  return sha256(bytes);
}

bool fits(const FileName& file, ByteView bytes) {
  return file.type == FileType::Config || to_hex(sha256(bytes)) == file.name;
}

}  // namespace

S3Backend::S3Backend(const S3Options& options, Clock& clock)
    : location_(to_string(Location(options.place))),
      bucket_(options.place.bucket),
      root_(options.place.prefix.empty() ? "" : options.place.prefix + "/"),
      connections_(options.connections),
      part_bytes_(options.part_bytes),
      client_({options.place.https, options.place.host, options.region, options.credentials},
              options.http, clock) {}

Result<void> S3Backend::create(std::stop_token stop) {
  // A listing, because the answer to HEAD would not say why.
  const HttpResponse response = TRY(client_.send(
      {.url = fmt::format("/{}?list-type=2&max-keys=1&prefix={}", bucket_, percent_encode(root_))},
      {}, stop));
  if (response.ok()) return {};
  if (parse_s3_fault(response.body).code == "NoSuchBucket") return make_bucket(stop);
  return refused(response, "the bucket");
}

Result<void> S3Backend::make_bucket(std::stop_token stop) {
  std::string body;
  const std::string region = client_.region();
  if (region != "us-east-1") {  // which has no name there
    body = fmt::format(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
        region);
  }
  const HttpResponse response = TRY(client_.send(
      {.method = "PUT", .url = "/" + bucket_, .repeatable = true}, as_bytes(body), stop));
  // Somebody may have been faster.
  if (response.ok() || parse_s3_fault(response.body).code == "BucketAlreadyOwnedByYou") return {};
  return s3_error(response).within(
      fmt::format("the bucket {} does not exist and cannot be made, make it first", bucket_));
}

Result<void> S3Backend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  TRY(check_stop(file, stop));
  while (true) {
    const bool if_none = knows_if_none_;
    // Large ones are looked up anyway: a taken name is better known before the upload, and the
    // condition is younger for parts. radosgw 16 forgets it in buckets with versions.
    if (!if_none || keeps_versions_ || bytes.size() > part_bytes_) TRY(expect_free(file, stop));
    const HttpResponse response = TRY(put(file, bytes, if_none, stop));
    note_versions(response);
    const std::string version = response.header("x-amz-version-id");
    if (response.ok() && file.type == FileType::Config && !version.empty()) {
      return expect_first(file, version, stop);
    }
    if (response.ok()) return {};
    if (if_none && response.status == 501) {
      knows_if_none_ = false;
      continue;
    }
    Error refusal = refused(response, to_string(file));
    if (is(refusal, Code::Conflict)) return error(Code::Conflict, "{} exists", to_string(file));
    return refusal;
  }
}

Result<void> S3Backend::expect_free(const FileName& file, std::stop_token stop) {
  const Result<FileInfo> found = stat(file, stop);
  if (found.ok()) return error(Code::Conflict, "{} exists", to_string(file));
  if (is(found.error(), Code::NotFound)) return {};
  return Error(found.error());
}

// Takes back a version that came second: everybody who looks sees the same order.
Result<void> S3Backend::expect_first(const FileName& file, const std::string& version,
                                     std::stop_token stop) {
  const Result<std::vector<std::string>> versions = versions_of(file, stop);
  // Who may not list versions relies on the condition.
  if (failed_with(versions, Code::Denied)) return {};
  if (!versions.ok()) {
    return error(Code::UnknownOutcome, "whether {} was saved first: {}", to_string(file),
                 versions.error().message());
  }
  if (versions->empty() || versions->back() == version) return {};
  const HttpResponse response = TRY(client_.send(
      {.method = "DELETE",
       .url = fmt::format("{}?versionId={}", target_of(file), percent_encode(version))},
      {}, stop));
  if (!response.ok()) return refused(response, "taking back a second " + to_string(file));
  return error(Code::Conflict, "{} exists", to_string(file));
}

Result<HttpResponse> S3Backend::put(const FileName& file, ByteView bytes, bool if_none,
                                    std::stop_token stop) {
  const std::string target = target_of(file);
  if (bytes.size() > part_bytes_) {
    return upload_in_parts(client_, {target, bytes, part_bytes_, if_none}, stop);
  }
  HttpRequest request{.method = "PUT", .url = target, .headers = s3_content_headers(bytes)};
  if (if_none) request.headers.emplace_back("If-None-Match", "*");
  return client_.send(request, bytes, payload_of(file, bytes), {}, stop);
}

Result<Bytes> S3Backend::load(const FileName& file, Range range, Bytes buffer,
                              std::stop_token stop) {
  if (range.length == 0U) return empty_range(*this, file, range, std::move(buffer), stop);
  HttpResponse response = TRY(
      client_.send(range_request(target_of(file), range), {}, sha256({}), std::move(buffer), stop));
  if (response.status == 416) {
    return empty_range(*this, file, range, std::move(response.body), stop);
  }
  if (!response.ok()) return refused(response, to_string(file));
  note_versions(response);
  Bytes bytes = TRY(bytes_of_range(std::move(response), file, range));
  const bool whole = range.offset == 0 && !range.length;
  if (!keeps_versions_ || !whole || fits(file, bytes)) return bytes;
  Result<Bytes> original = load_original(file, stop);
  // Damage is for the caller to find and to report, with the bytes that are there.
  if (!original.ok()) return bytes;
  const MutexLock lock(mutex_);
  overwritten_.insert(file);
  return original;
}

Result<Bytes> S3Backend::load_original(const FileName& file, std::stop_token stop) {
  const std::vector<std::string> versions = TRY(versions_of(file, stop));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    HttpRequest request = range_request(
        fmt::format("{}?versionId={}", target_of(file), percent_encode(*version)), {});
    HttpResponse response = TRY(client_.send(request, {}, stop));
    if (response.ok() && fits(file, response.body)) return std::move(response.body);
  }
  return error(Code::Corrupt, "no version of {} fits its name", to_string(file));
}

Result<std::vector<std::string>> S3Backend::versions_of(const FileName& file,
                                                        std::stop_token stop) {
  return list_versions(
      client_, "/" + bucket_, root_ + object_key(file),
      [&](const HttpResponse& response) { return refused(response, to_string(file)); }, stop);
}

void S3Backend::note_versions(const HttpResponse& response) {
  if (!response.header("x-amz-version-id").empty()) keeps_versions_ = true;
}

Result<FileInfo> S3Backend::stat(const FileName& file, std::stop_token stop) {
  const HttpResponse response =
      TRY(client_.send({.method = "HEAD", .url = target_of(file)}, {}, stop));
  note_versions(response);
  if (!response.ok()) return refused(response, to_string(file));
  const std::optional<std::uint64_t> size = response.content_length();
  if (!size) return error(Code::Io, "the service does not tell the size of {}", to_string(file));
  return FileInfo{file.name, *size};
}

Result<void> S3Backend::list(FileType type, const EachFile& each, std::stop_token stop) {
  return list_keys(type, only_files(type, each), stop);
}

Result<std::vector<Stray>> S3Backend::find_strays(std::stop_token stop) {
  std::vector<Stray> strays;
  TRY(list_keys(FileType::Pack, only_misplaced_packs(strays), stop));
  const MutexLock lock(mutex_);
  for (const FileName& file : overwritten_) {
    strays.push_back({file, object_key(file), StrayKind::Overwritten});
  }
  return strays;
}

Result<void> S3Backend::list_keys(FileType type, const EachKey& each, std::stop_token stop) {
  const std::string prefix = root_ + key_prefix(type);
  const S3Listing listing{"/" + bucket_, prefix, type == FileType::Pack};
  return list_objects(
      client_, listing,
      [&](const S3Object& object) {
        return each(std::string_view(object.key).substr(prefix.size()), object.size);
      },
      [&](const HttpResponse& response) { return refused(response, folder(type)); }, stop);
}

Result<void> S3Backend::remove(const FileName& file, std::stop_token stop) {
  TRY(stat(file, stop));  // S3 removes what does not exist with success
  const HttpResponse response =
      TRY(client_.send({.method = "DELETE", .url = target_of(file)}, {}, stop));
  if (response.ok()) return {};
  Error refusal = refused(response, to_string(file));
  if (!is(refusal, Code::Denied)) return refusal;
  return std::move(refusal).within("removing is forbidden, by object lock or by a policy");
}

std::string S3Backend::target_of(const FileName& file) const {
  return fmt::format("/{}/{}", bucket_, percent_encode(root_ + object_key(file), "/"));
}

Error S3Backend::refused(const HttpResponse& response, std::string_view what) const {
  if (parse_s3_fault(response.body).code == "NoSuchBucket") {
    return error(Code::NotFound, "{}: there is no bucket {}; to make it, run: firebreak init -r {}",
                 what, bucket_, location_);
  }
  return s3_error(response).within(what);
}

}  // namespace firebreak
