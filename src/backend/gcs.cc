#include "backend/gcs.h"

#include <nlohmann/json.hpp>

#include "backend/gcs_json.h"
#include "backend/http_range.h"
#include "base/text.h"
#include "crypto/md5.h"
#include "net/google_status.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::size_t kPageBytesMax = 16 << 20;  // of 1000 objects; real ones are below 1 MiB

// A file in two parts: what the service is to make of it, and its bytes. No file holds its own
// hash, so that the boundary is found nowhere in it.
HttpRequest upload_request(std::string url, const Md5& digest) {
  const std::string boundary = "firebreak-" + to_hex(digest);
  HttpRequest request{.method = "POST", .url = std::move(url), .repeatable = true};
  request.headers.emplace_back("Content-Type", "multipart/related; boundary=" + boundary);
  request.body_head = fmt::format(
      "--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
      R"({{"contentType":"application/octet-stream","md5Hash":"{1}"}})"
      "\r\n--{0}\r\nContent-Type: application/octet-stream\r\n\r\n",
      boundary, to_base64(digest));
  request.body_tail = fmt::format("\r\n--{}--\r\n", boundary);
  return request;
}

}  // namespace

GcsBackend::GcsBackend(const GcsOptions& options, std::unique_ptr<GoogleCredentials> credentials)
    : options_(options),
      root_(options.prefix.empty() ? "" : options.prefix + "/"),
      client_(std::move(credentials), options.http) {}

std::string GcsBackend::location() const {
  return fmt::format("gs:{}:/{}", options_.bucket, options_.prefix);
}

Result<void> GcsBackend::create(std::stop_token stop) {
  Result<void> found = expect_bucket(stop);
  if (!failed_with(found, Code::NotFound) || options_.project.empty()) return found;
  return make_bucket(stop);
}

// By listing, which every user of a repository may: that a bucket exists is more often kept from
// them.
Result<void> GcsBackend::expect_bucket(std::stop_token stop) {
  const HttpResponse response =
      TRY(client_.send({.url = fmt::format("{}/storage/v1/b/{}/o?maxResults=1&fields=kind",
                                           options_.endpoint, percent_encode(options_.bucket))},
                       {}, {}, stop));
  if (response.status == 404) return no_bucket();
  if (!response.ok()) return google_error(response).within(location());
  return {};
}

Result<void> GcsBackend::make_bucket(std::stop_token stop) {
  const nlohmann::json bucket = {{"name", options_.bucket},
                                 {"iamConfiguration",
                                  {{"uniformBucketLevelAccess", {{"enabled", true}}},
                                   {"publicAccessPrevention", "enforced"}}}};
  const std::string body = bucket.dump();
  const HttpResponse response =
      TRY(client_.send({.method = "POST",
                        .url = fmt::format("{}/storage/v1/b?project={}&fields=name",
                                           options_.endpoint, percent_encode(options_.project)),
                        .headers = {{"Content-Type", "application/json"}},
                        .repeatable = true},
                       as_bytes(body), {}, stop));
  if (response.ok()) return {};
  // Somebody was faster: perhaps this call's own first try, perhaps a stranger, whose it is then.
  if (response.status == 409) return expect_bucket(stop);
  return google_error(response).within(
      fmt::format("{}: making the bucket in the project {}", location(), options_.project));
}

Result<void> GcsBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const Md5 digest = md5(bytes);
  const HttpRequest request = upload_request(
      fmt::format("{}/upload/storage/v1/b/{}/o?uploadType=multipart&name={}&ifGenerationMatch=0"
                  "&fields=name,size,md5Hash,generation",
                  options_.endpoint, percent_encode(options_.bucket),
                  percent_encode(root_ + object_key(file))),
      digest);
  const HttpResponse response = TRY(client_.send(request, bytes, {}, stop));
  if (response.status == 404) return no_bucket().within(to_string(file));
  if (response.status == 412) return error(Code::Conflict, "{} exists", to_string(file));
  if (!response.ok()) return refused(response, file);
  const Result<GcsObject> object = parse_gcs_object(response.body);
  if (!object.ok()) {
    return error(Code::UnknownOutcome, "{}: {}", to_string(file), object.error().message());
  }
  if (object->size == bytes.size() && object->md5 == to_base64(digest)) return {};
  return take_back(file, object->generation, stop);
}

// What the service should have refused by itself.
Result<void> GcsBackend::take_back(const FileName& file, const std::string& generation,
                                   std::stop_token stop) {
  const HttpResponse response = TRY(client_.send(
      {.method = "DELETE", .url = url_of(file, fmt::format("?ifGenerationMatch={}", generation))},
      {}, {}, stop));
  if (!response.ok()) {
    return refused(response, file)
        .within("the service stored other bytes than were sent, and kept");
  }
  return error(Code::Corrupt, "{}: the service stored other bytes than were sent", to_string(file));
}

Result<Bytes> GcsBackend::load(const FileName& file, Range range, Bytes buffer,
                               std::stop_token stop) {
  if (range.length == 0U) return empty_range(*this, file, range, std::move(buffer), stop);
  HttpResponse response = TRY(
      client_.send(range_request(url_of(file, "?alt=media"), range), {}, std::move(buffer), stop));
  if (response.status == 416) {
    return empty_range(*this, file, range, std::move(response.body), stop);
  }
  if (!response.ok()) return refused(response, file);
  const std::string stored = response.header("x-goog-stored-content-length");
  if (response.status == 200 && !stored.empty() && stored != std::to_string(response.body.size())) {
    return error(Code::Io, "the service sent {} bytes for the {} of {}", response.body.size(),
                 printable(stored), to_string(file));
  }
  return bytes_of_range(std::move(response), file, range);
}

Result<FileInfo> GcsBackend::stat(const FileName& file, std::stop_token stop) {
  const HttpResponse response =
      TRY(client_.send({.url = url_of(file, "?fields=name,size")}, {}, {}, stop));
  if (!response.ok()) return refused(response, file);
  const GcsObject object = TRY(parse_gcs_object(response.body).context("{}", to_string(file)));
  return FileInfo{file.name, object.size};
}

Result<void> GcsBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  return list_keys(type, only_files(type, each), stop);
}

Result<std::vector<Stray>> GcsBackend::find_strays(std::stop_token stop) {
  std::vector<Stray> strays;
  TRY(list_keys(FileType::Pack, only_misplaced_packs(strays), stop));
  return strays;
}

Result<void> GcsBackend::list_keys(FileType type, const EachKey& each, std::stop_token stop) {
  const std::string prefix = root_ + key_prefix(type);
  const std::string url = fmt::format(
      "{}/storage/v1/b/{}/o?prefix={}&maxResults={}&projection=noAcl"
      "&fields=items(name,size),nextPageToken",
      options_.endpoint, percent_encode(options_.bucket), percent_encode(prefix),
      options_.page_size);
  std::string token;
  while (true) {
    const std::string at = token.empty() ? "" : "&pageToken=" + percent_encode(token);
    const HttpResponse response =
        TRY(client_.send({.url = url + at, .answer_size_max = kPageBytesMax}, {}, {}, stop));
    if (response.status == 404) return no_bucket().within(folder(type));
    if (!response.ok()) return google_error(response).within(folder(type));
    GcsPage page = TRY(parse_gcs_page(response.body).context("{}", folder(type)));
    for (const GcsObject& object : page.objects) {
      if (stop.stop_requested()) return error(Code::Canceled, "stopped while listing");
      if (!object.key.starts_with(prefix)) continue;
      TRY(each(std::string_view(object.key).substr(prefix.size()), object.size));
    }
    if (page.next_token.empty()) return {};
    if (page.next_token == token) {
      return error(Code::Io, "{}: the service's listing does not advance", folder(type));
    }
    token = std::move(page.next_token);
  }
}

Result<void> GcsBackend::remove(const FileName& file, std::stop_token stop) {
  const HttpResponse response =
      TRY(client_.send({.method = "DELETE", .url = url_of(file, "")}, {}, {}, stop));
  if (!response.ok()) return refused(response, file);
  return {};
}

std::string GcsBackend::url_of(const FileName& file, std::string_view query) const {
  return fmt::format("{}/storage/v1/b/{}/o/{}{}", options_.endpoint,
                     percent_encode(options_.bucket), percent_encode(root_ + object_key(file)),
                     query);
}

Error GcsBackend::refused(const HttpResponse& response, const FileName& file) const {
  Error refusal = google_error(response);
  const std::string reason = parse_google_failure(response.body).reason;
  if (reason == "retentionPolicyNotMet") {
    refusal = std::move(refusal).within("a retention policy still keeps it");
  } else if (reason == "objectUnderActiveHold") {
    refusal = std::move(refusal).within("a hold keeps it");
  }
  return std::move(refusal).within(to_string(file));
}

Error GcsBackend::no_bucket() const {
  const std::string what_to_do =
      options_.project.empty()
          ? "make it, or set GOOGLE_PROJECT_ID to the project that firebreak init may make it in"
          : "to make it, run: firebreak init -r " + location();
  return error(Code::NotFound, "there is no bucket {}; {}", options_.bucket, what_to_do);
}

}  // namespace firebreak
