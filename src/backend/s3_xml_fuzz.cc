// Whatever a service says, parsing ends with a value or Corrupt, and what is a listing is neither
// a refusal nor the answer to an upload.
#include "backend/s3_xml.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView xml = std::as_bytes(std::span(data, size));
  const Result<S3Page> page = parse_s3_page(xml);
  const Result<std::string> upload = parse_s3_upload_id(xml);
  const Result<S3VersionPage> versions = parse_s3_versions(xml);
  CHECK(versions.ok() || failed_with(versions, Code::Corrupt));
  CHECK(!versions.ok() || !page.ok());
  const S3Fault fault = parse_s3_fault(xml);
  CHECK(page.ok() || failed_with(page, Code::Corrupt));
  CHECK(upload.ok() || failed_with(upload, Code::Corrupt));
  CHECK(!upload.ok() || !upload->empty());
  (void)is_s3_completed(xml);
  if (page.ok()) {
    for (const S3Object& object : page->objects) CHECK(!object.key.empty());
  }
  // Etags come from headers, and reach the service's parser as they were.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string completion = s3_completion({text, fault.code});
  CHECK(completion.starts_with("<CompleteMultipartUpload>"));
  CHECK(completion.ends_with("</CompleteMultipartUpload>"));
  return 0;
}

}  // namespace firebreak
