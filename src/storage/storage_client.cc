#include "storage/storage_client.h"

#include <algorithm>
#include <charconv>

#include "base/random.h"
#include "base/text.h"
#include "net/google_json.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr int kResume = 308;

// How many bytes of an upload the service keeps; none where it does not say.
std::uint64_t kept_bytes(const HttpResponse& answer) {
  const std::string range = answer.header("range");  // "bytes=0-42"
  const std::size_t dash = range.rfind('-');
  std::uint64_t last = 0;
  if (dash == std::string::npos) return 0;
  const char* const end = range.data() + range.size();
  const auto [at, problem] = std::from_chars(range.data() + dash + 1, end, last);
  return problem == std::errc{} && at == end ? last + 1 : 0;
}

bool is_header_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c < ' ' || c > '~'; });
}

}  // namespace

StorageClient::StorageClient(std::string bucket, Options options, Clock& clock)
    : bucket_(std::move(bucket)),
      page_size_(options.page_size),
      service_(std::move(options), clock) {}

std::string StorageClient::objects_url() const {
  return fmt::format("{}/storage/v1/b/{}/o", service_.endpoint(), percent_encode(bucket_));
}

Result<Json> StorageClient::get(const std::string& url, std::stop_token stop) {
  return service_.ask({.url = url}, {}, std::move(stop));
}

Result<Json> StorageClient::describe_bucket(std::stop_token stop) {
  return get(fmt::format("{}/storage/v1/b/{}?projection=full", service_.endpoint(),
                         percent_encode(bucket_)),
             std::move(stop))
      .context("{}", url());
}

Result<StorageClient::Page> StorageClient::list(const std::string& prefix, const std::string& token,
                                                std::stop_token stop) {
  std::string at = prefix.empty() ? "" : "&prefix=" + percent_encode(prefix);
  if (!token.empty()) at += "&pageToken=" + percent_encode(token);
  const Json json = TRY(
      get(fmt::format("{}?maxResults={}&projection=full{}", objects_url(), page_size_, at), stop)
          .context("listing {}", url()));
  Page page;
  if (const auto items = json.find("items"); items != json.end()) {
    for (const Json& item : *items) {
      StoredObject object = TRY(parse_stored_object(item).context("listing {}", url()));
      page.objects.push_back(std::move(object));
    }
  }
  page.next_token = text_at(json, "nextPageToken");
  if (page.next_token != token || token.empty()) return page;
  return error(Code::Io, "listing {}: the service's listing does not advance", url());
}

Result<StoredObject> StorageClient::find(const std::string& name, std::stop_token stop) {
  const Json json =
      TRY(get(fmt::format("{}/{}?projection=full", objects_url(), percent_encode(name)), stop)
              .context("{}/{}", url(), printable(name)));
  return parse_stored_object(json);
}

Result<Bytes> StorageClient::read(const StoredObject& object, std::uint64_t offset,
                                  std::uint64_t length, Bytes buffer, std::stop_token stop) {
  CHECK(length > 0);
  HttpRequest request{.url = fmt::format("{}/{}?alt=media&generation={}", objects_url(),
                                         percent_encode(object.name), object.generation)};
  // An object that is stored encoded is decoded on its way for who does not say so, and then has
  // neither this length nor ranges.
  request.headers.emplace_back("Accept-Encoding", "gzip");
  const bool is_whole = offset == 0 && length == object.size;
  if (!is_whole) {
    request.headers.emplace_back("Range", fmt::format("bytes={}-{}", offset, offset + length - 1));
  }
  request.answer_size_max = length;
  const auto named = [&] { return fmt::format("{}/{}", url(), printable(object.name)); };
  HttpResponse answer =
      TRY(service_.send(request, {}, std::move(buffer), stop).context("{}", named()));
  const bool is_answered = answer.status == (is_whole ? 200 : 206);
  if (is_answered && answer.body.size() == length) return std::move(answer.body);
  return error(Code::Io, "{}: the service sent {} bytes with status {} where {} were asked for",
               named(), answer.body.size(), answer.status, length);
}

// What became of a write. One whose answer was lost may have been done, and then shows as a
// conflict with itself.
Result<StoredObject> StorageClient::settle(const Json& description, Result<HttpResponse> answer,
                                           std::stop_token stop) {
  const std::string name = description.at("name").get<std::string>();
  if (answer.ok()) {
    const Json json = Json::parse(as_text(answer->body), nullptr, false);
    return parse_stored_object(json).context("{}/{}", url(), printable(name));
  }
  const bool may_be_done =
      failed_with(answer, Code::Conflict) || failed_with(answer, Code::UnknownOutcome);
  if (may_be_done) {
    Result<StoredObject> there = find(name, std::move(stop));
    const bool is_ours =
        there.ok() && description.contains("crc32c") &&
        field_at(there->description, "crc32c") == description.at("crc32c") &&
        field_at(there->description, "metadata") == field_at(description, "metadata");
    if (is_ours) return there;
  }
  return std::move(answer).error().within(fmt::format("{}/{}", url(), printable(name)));
}

HttpRequest StorageClient::upload_request(std::string_view type, const std::string& name,
                                          std::uint64_t replaces) const {
  return {.method = "POST",
          .url = fmt::format(
              "{}/upload/storage/v1/b/{}/o?uploadType={}&name={}&ifGenerationMatch={}",
              service_.endpoint(), percent_encode(bucket_), type, percent_encode(name), replaces),
          .repeatable = true};
}

Result<StoredObject> StorageClient::insert(const Json& description, ByteView content,
                                           std::uint64_t replaces, std::stop_token stop) {
  const std::string name = description.at("name").get<std::string>();
  // Chance makes sure that no content has it.
  std::byte nonce[16];
  fill_secret(nonce);
  const std::string boundary = "firebreak-" + to_hex(nonce);
  HttpRequest request = upload_request("multipart", name, replaces);
  request.headers.emplace_back("Content-Type", "multipart/related; boundary=" + boundary);
  const std::string type = text_at(description, "contentType");
  request.body_head = fmt::format(
      "--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n--{0}\r\nContent-Type: "
      "{2}\r\n\r\n",
      boundary, description.dump(),
      is_header_value(type) && !type.empty() ? type : "application/octet-stream");
  request.body_tail = fmt::format("\r\n--{}--\r\n", boundary);
  return settle(description, service_.send(request, content, {}, stop), stop);
}

Result<StoredObject> StorageClient::insert_in_parts(const Json& description, std::uint64_t size,
                                                    const NextPart& next, std::uint64_t replaces,
                                                    std::stop_token stop) {
  const std::string name = description.at("name").get<std::string>();
  const std::string body = description.dump();
  HttpRequest request = upload_request("resumable", name, replaces);
  request.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
  request.headers.emplace_back("X-Upload-Content-Length", std::to_string(size));
  Result<HttpResponse> begun = service_.send(request, as_bytes(body), {}, stop);
  if (!begun.ok()) return settle(description, std::move(begun), stop);
  const std::string session = begun->header("location");
  if (session.empty()) {
    return error(Code::Io, "{}/{}: the service begins an upload and does not say where", url(),
                 printable(name));
  }
  return settle(description, send_parts(session, size, next, stop), stop);
}

Result<HttpResponse> StorageClient::send_parts(const std::string& session, std::uint64_t size,
                                               const NextPart& next, std::stop_token stop) {
  Tries tries = service_.tries();
  for (std::uint64_t at = 0;;) {
    const ByteView part = TRY(next());
    const std::uint64_t end = at + part.size();
    while (at < end) {
      // What of the part the service has not said that it keeps.
      const ByteView rest = part.last(end - at);
      HttpRequest request{.method = "PUT", .url = session, .repeatable = true};
      request.headers.emplace_back("Content-Range",
                                   fmt::format("bytes {}-{}/{}", at, end - 1, size));
      HttpResponse answer = TRY(service_.send(request, rest, {}, stop));
      if (answer.status != kResume) return answer;
      const std::uint64_t kept = kept_bytes(answer);
      if (kept < at || kept > end) {
        return error(Code::Io, "an upload goes astray: the service keeps {} bytes of {} to {}",
                     kept, at, end);
      }
      if (kept > at) {
        tries.start_over();
      } else {
        TRY(tries.wait_after(
            error(Code::Unavailable, "an upload does not advance from {} of {} bytes", at, size),
            stop));
      }
      at = kept;
    }
    if (at >= size) return error(Code::Io, "an upload does not end with its last byte");
  }
}

Result<void> StorageClient::patch(const StoredObject& object, const Json& changes,
                                  std::stop_token stop) {
  const std::string body = changes.dump();
  HttpRequest request{
      .method = "PATCH",
      .url = fmt::format("{}/{}?generation={}&ifMetagenerationMatch={}", objects_url(),
                         percent_encode(object.name), object.generation, object.metageneration),
      .repeatable = false};
  request.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
  TRY(service_.send(request, as_bytes(body), {}, std::move(stop))
          .context("{}/{}", url(), printable(object.name)));
  return {};
}

Result<void> StorageClient::remove(const StoredObject& object, std::stop_token stop) {
  const Result<HttpResponse> answer =
      service_
          .send({.method = "DELETE",
                 .url = fmt::format("{}/{}?ifGenerationMatch={}", objects_url(),
                                    percent_encode(object.name), object.generation)},
                {}, {}, std::move(stop))
          .context("{}/{}", url(), printable(object.name));
  // One whose answer was lost is gone by now.
  if (answer.ok() || failed_with(answer, Code::NotFound)) return {};
  return answer.error();
}

Result<std::vector<std::string>> list_buckets(const std::string& project,
                                              StorageClient::Options options, Clock& clock,
                                              std::stop_token stop) {
  GoogleService service(std::move(options), clock);
  const std::string url =
      fmt::format("{}/storage/v1/b?project={}", service.endpoint(), percent_encode(project));
  std::vector<std::string> names;
  std::string token;
  do {
    const std::string from = token.empty() ? "" : "&pageToken=" + percent_encode(token);
    const Json page = TRY(
        service.ask({.url = url + from}, {}, stop).context("buckets of the project {}", project));
    for (const Json& bucket : field_at(page, "items")) names.push_back(text_at(bucket, "name"));
    std::string next = text_at(page, "nextPageToken");
    if (!next.empty() && next == token) {
      return error(Code::Io, "buckets of the project {}: the listing does not advance", project);
    }
    token = std::move(next);
  } while (!token.empty());
  std::ranges::sort(names);
  return names;
}

}  // namespace firebreak
