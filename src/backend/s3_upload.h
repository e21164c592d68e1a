// Files too large for one request: uploaded in parts, which become a file at once or not at all
// ("Multipart upload overview").
#pragma once

#include "backend/s3_client.h"

namespace firebreak {

struct S3Upload {
  std::string target;  // the file's path, percent-encoded
  ByteView bytes;
  std::size_t part_bytes;
  bool if_none;  // ask the service to refuse a taken name
};

// The answer that finished it, or the first refusal. After a refusal, an error or a stop the
// service is told to drop the parts, which cost money until it does.
Result<HttpResponse> upload_in_parts(S3Client& client, const S3Upload& upload,
                                     std::stop_token stop);

// The headers of everything that carries bytes: a bucket with object lock takes none without an
// MD5.
std::vector<std::pair<std::string, std::string>> s3_content_headers(ByteView bytes);

}  // namespace firebreak
