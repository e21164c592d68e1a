#include "storage/storage_client.h"

#include "base/text.h"
#include "net/google_status.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPageBytesMax = 256 << 20;  // a thousand objects of much metadata

}  // namespace

StorageClient::StorageClient(std::string bucket, Options options, Clock& clock)
    : bucket_(std::move(bucket)),
      endpoint_(std::move(options.endpoint)),
      is_emulator_(options.credentials == nullptr),
      retries_(std::move(options.retries)),
      page_size_(options.page_size),
      clock_(clock),
      client_(std::move(options.credentials), options.http),
      next_seed_(static_cast<std::uint64_t>(clock.now().time_since_epoch().count())) {}

std::string StorageClient::endpoint() const {
  return (is_emulator_ ? "the emulator at " : "") + endpoint_;
}

std::string StorageClient::objects_url() const {
  return fmt::format("{}/storage/v1/b/{}/o", endpoint_, percent_encode(bucket_));
}

Result<HttpResponse> StorageClient::send(const HttpRequest& request, Bytes buffer,
                                         std::stop_token stop) {
  Tries tries(retries_, clock_, next_seed_++);
  for (;;) {
    Result<HttpResponse> answer = client_.send(request, {}, std::move(buffer), stop);
    if (answer.ok() && !answer->ok()) answer = google_error(*answer);
    if (!failed_with(answer, Code::Unavailable)) return answer;
    TRY(tries.wait_after(std::move(answer).error(), stop));
    buffer = {};
  }
}

Result<Json> StorageClient::get(const std::string& url, std::stop_token stop) {
  const HttpResponse answer =
      TRY(send({.url = url, .answer_size_max = kPageBytesMax}, {}, std::move(stop)));
  Json json = Json::parse(as_text(answer.body), nullptr, false);
  if (json.is_object()) return json;
  return error(Code::Corrupt, "the service's answer is no JSON object");
}

Result<Json> StorageClient::describe_bucket(std::stop_token stop) {
  return get(fmt::format("{}/storage/v1/b/{}?projection=full", endpoint_, percent_encode(bucket_)),
             std::move(stop))
      .context("{}", url());
}

Result<StorageClient::Page> StorageClient::list(const std::string& token, std::stop_token stop) {
  const std::string at = token.empty() ? "" : "&pageToken=" + percent_encode(token);
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
  page.next_token = json.value("nextPageToken", "");
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
  HttpResponse answer = TRY(send(request, std::move(buffer), stop).context("{}", named()));
  const bool is_answered = answer.status == (is_whole ? 200 : 206);
  if (is_answered && answer.body.size() == length) return std::move(answer.body);
  return error(Code::Io, "{}: the service sent {} bytes with status {} where {} were asked for",
               named(), answer.body.size(), answer.status, length);
}

}  // namespace firebreak
