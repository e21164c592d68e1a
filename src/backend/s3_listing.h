// All keys of a bucket that begin alike (ListObjectsV2), and all versions of one of them
// (ListObjectVersions), page by page.
#pragma once

#include <functional>

#include "backend/s3_client.h"
#include "backend/s3_xml.h"

namespace firebreak {

struct S3Listing {
  std::string bucket_target;  // "/bucket"
  std::string prefix;
  bool nested;  // keys with another '/' too
};

using EachObject = std::function<Result<void>(const S3Object&)>;
// Makes an error of a page that was refused.
using Refused = std::function<Error(const HttpResponse&)>;

// Services have called a part of a listing the whole one. So its end is believed only when a page
// after its last key comes back without another key, at the cost of one request a listing.
Result<void> list_objects(S3Client& client, const S3Listing& listing, const EachObject& each,
                          const Refused& refused, std::stop_token stop);

// The ids of what was saved under a key since it was last removed, from the newest to the oldest.
// Nothing where it is removed or was never there.
Result<std::vector<std::string>> list_versions(S3Client& client, const std::string& bucket_target,
                                               const std::string& key, const Refused& refused,
                                               std::stop_token stop);

}  // namespace firebreak
