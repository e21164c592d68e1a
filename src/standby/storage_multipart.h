// The body of a multipart upload (RFC 2387): a part of JSON, then a part that is the object. The
// object's bytes are handed on as they come.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "standby/answer.h"

namespace firebreak {

// From a Content-Type header; empty where it is none of a multipart body.
std::string multipart_boundary(std::string_view content_type);

class MultipartReader {
 public:
  // The bytes of the object go to `sink`, whose errors end it.
  MultipartReader(std::string boundary, std::function<Result<void>(ByteView)> sink);

  // INVALID_ARGUMENT where it is no such body.
  absl::Status feed(ByteView bytes);
  // At the end of the body: the same where it ends too early.
  absl::Status finish() const;

  // Whole once it is finished.
  const std::string& metadata() const { return metadata_; }
  // Of the second part; empty where it does not say.
  const std::string& content_type() const { return content_type_; }

 private:
  enum class At { Preamble, MetadataHeaders, Metadata, ContentHeaders, Content, End };
  absl::Status advance(bool& has_advanced);
  absl::Status take_headers(At next, std::string* content_type, bool& has_advanced);

  const std::string delimiter_;  // "\r\n--BOUNDARY"
  const std::function<Result<void>(ByteView)> sink_;
  At at_ = At::Preamble;
  std::string read_;  // and not yet handed on
  std::string metadata_;
  std::string content_type_;
};

}  // namespace firebreak
