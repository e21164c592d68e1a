#include "backend/s3_upload.h"

#include <algorithm>

#include "backend/s3_fault.h"
#include "base/text.h"
#include "crypto/md5.h"
#include "net/url.h"

namespace firebreak {
namespace {

// A part may be sent twice: the later one counts.
Result<HttpResponse> send_part(S3Client& client, const std::string& part_target, ByteView bytes,
                               std::stop_token stop) {
  return client.send({.method = "PUT",
                      .url = part_target,
                      .headers = s3_content_headers(bytes),
                      .repeatable = true},
                     bytes, stop);
}

// Success may be said before it is known, and taken back in the body.
Result<HttpResponse> finish(S3Client& client, const S3Upload& upload, const std::string& id_query,
                            const std::vector<std::string>& etags, std::stop_token stop) {
  HttpRequest request{.method = "POST", .url = upload.target + "?" + id_query};
  if (upload.if_none) request.headers.emplace_back("If-None-Match", "*");
  const std::string body = s3_completion(etags);
  HttpResponse response = TRY(client.send(request, as_bytes(body), stop));
  if (!response.ok() || is_s3_completed(response.body)) return response;
  Error refusal = s3_error(response);
  if (is(refusal, Code::Conflict)) return refusal;
  return error(Code::UnknownOutcome, "finishing an upload in parts: {}", refusal.message());
}

Result<HttpResponse> send_parts(S3Client& client, const S3Upload& upload,
                                const std::string& id_query, std::stop_token stop) {
  std::vector<std::string> etags;
  for (std::size_t at = 0; at < upload.bytes.size(); at += upload.part_bytes) {
    const std::size_t size = std::min(upload.part_bytes, upload.bytes.size() - at);
    const std::string part_target =
        fmt::format("{}?partNumber={}&{}", upload.target, etags.size() + 1, id_query);
    HttpResponse response =
        TRY(send_part(client, part_target, upload.bytes.subspan(at, size), stop));
    if (!response.ok()) return response;
    std::string etag = response.header("etag");
    if (etag.empty()) return error(Code::Io, "the service does not name a part of an upload");
    etags.push_back(std::move(etag));
  }
  return finish(client, upload, id_query, etags, stop);
}

}  // namespace

Result<HttpResponse> upload_in_parts(S3Client& client, const S3Upload& upload,
                                     std::stop_token stop) {
  // Begun twice, one upload stays empty, which costs nothing.
  HttpResponse begun = TRY(client.send(
      {.method = "POST", .url = upload.target + "?uploads=", .repeatable = true}, {}, stop));
  if (!begun.ok()) return begun;
  const std::string id = TRY(parse_s3_upload_id(begun.body));
  const std::string id_query = "uploadId=" + percent_encode(id);
  Result<HttpResponse> sent = send_parts(client, upload, id_query, stop);
  if (!sent.ok() || !sent->ok()) {
    // Not stopped with the rest, and its failure does not matter more than the first.
    (void)client.send({.method = "DELETE", .url = upload.target + "?" + id_query}, {}, {});
  }
  return sent;
}

std::vector<std::pair<std::string, std::string>> s3_content_headers(ByteView bytes) {
  return {{"Content-Type", "application/octet-stream"}, {"Content-MD5", to_base64(md5(bytes))}};
}

}  // namespace firebreak
