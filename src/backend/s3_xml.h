// The XML that S3 answers with: listings (ListObjectsV2, ListObjectVersions), the start and the end
// of an upload in parts, and refusals. Elements nobody here asks for are skipped.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

struct S3Object {
  std::string key;
  std::uint64_t size = 0;
};

struct S3Page {
  std::vector<S3Object> objects;
  bool truncated = false;
  std::string next_token;  // of the page that follows; empty for none
};

struct S3Version {
  std::string key;
  std::string id;
  bool is_removal = false;  // a delete marker
};

struct S3VersionPage {
  std::vector<S3Version> versions;  // by key; those of one key from the newest to the oldest
  std::string next_key;             // both say where the page that follows begins; empty for none
  std::string next_id;
};

// What a refusal says, as the service spells it; all of it may be empty.
struct S3Fault {
  std::string code;  // "NoSuchKey"
  std::string message;
  std::string region;  // the one that the service expected
};

// Corrupt for anything but a whole listing.
Result<S3Page> parse_s3_page(ByteView xml);

Result<S3VersionPage> parse_s3_versions(ByteView xml);

// Corrupt where there is none.
Result<std::string> parse_s3_upload_id(ByteView xml);

// True for the answer to a finished upload. A refusal of it may come with status 200.
bool is_s3_completed(ByteView xml);

// Empty for anything but a refusal: proxies on the way answer with pages of their own.
S3Fault parse_s3_fault(ByteView xml);

// The body that finishes an upload of these parts, in their order.
std::string s3_completion(const std::vector<std::string>& etags);

}  // namespace firebreak
