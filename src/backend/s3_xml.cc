#include "backend/s3_xml.h"

#include <charconv>
#include <optional>
#include <pugixml.hpp>

namespace firebreak {
namespace {

Error wrong(std::string_view what) {
  return error(Code::Corrupt, "the service's listing: {}", what);
}

bool load(pugi::xml_document& document, ByteView xml) {
  return static_cast<bool>(document.load_buffer(xml.data(), xml.size()));
}

std::string text_of(pugi::xml_node parent, const char* name) {
  return parent.child(name).text().get();
}

Result<S3Object> parse_object(pugi::xml_node contents) {
  S3Object object{text_of(contents, "Key"), 0};
  if (object.key.empty()) return wrong("an entry without a key");
  const std::string size = text_of(contents, "Size");
  const char* const end = size.data() + size.size();
  const auto [rest, code] = std::from_chars(size.data(), end, object.size);
  if (size.empty() || code != std::errc() || rest != end) return wrong("an entry without a size");
  return object;
}

}  // namespace

Result<S3Page> parse_s3_page(ByteView xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return wrong("broken XML");
  const pugi::xml_node root = document.child("ListBucketResult");
  if (root.empty()) return wrong("no ListBucketResult");
  S3Page page;
  const std::string truncated = text_of(root, "IsTruncated");
  if (truncated != "true" && truncated != "false") return wrong("does not say whether it ends");
  page.truncated = truncated == "true";
  page.next_token = text_of(root, "NextContinuationToken");
  for (const pugi::xml_node contents : root.children("Contents")) {
    S3Object object = TRY(parse_object(contents));
    page.objects.push_back(std::move(object));
  }
  return page;
}

Result<S3VersionPage> parse_s3_versions(ByteView xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return wrong("broken XML");
  const pugi::xml_node root = document.child("ListVersionsResult");
  if (root.empty()) return wrong("no ListVersionsResult");
  S3VersionPage page;
  if (text_of(root, "IsTruncated") == "true") {
    page.next_key = text_of(root, "NextKeyMarker");
    page.next_id = text_of(root, "NextVersionIdMarker");
    if (page.next_key.empty()) return wrong("does not say how it goes on");
  }
  for (const pugi::xml_node node : root.children()) {
    const bool is_removal = std::string_view(node.name()) == "DeleteMarker";
    if (!is_removal && std::string_view(node.name()) != "Version") continue;
    S3Version version{text_of(node, "Key"), text_of(node, "VersionId"), is_removal};
    if (version.key.empty() || version.id.empty()) return wrong("a version without a name");
    page.versions.push_back(std::move(version));
  }
  return page;
}

Result<std::string> parse_s3_upload_id(ByteView xml) {
  pugi::xml_document document;
  std::string id;
  if (load(document, xml))
    id = text_of(document.child("InitiateMultipartUploadResult"), "UploadId");
  if (id.empty()) return error(Code::Corrupt, "the service begins an upload without naming it");
  return id;
}

bool is_s3_completed(ByteView xml) {
  pugi::xml_document document;
  return load(document, xml) && !document.child("CompleteMultipartUploadResult").empty();
}

S3Fault parse_s3_fault(ByteView xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return {};
  const pugi::xml_node root = document.child("Error");
  return {text_of(root, "Code"), text_of(root, "Message"), text_of(root, "Region")};
}

std::string s3_completion(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  for (std::size_t part = 0; part < etags.size(); ++part) {
    pugi::xml_node node = root.append_child("Part");
    node.append_child("PartNumber").text().set(static_cast<unsigned long long>(part) + 1);
    node.append_child("ETag").text().set(etags[part].c_str());
  }
  struct Text final : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override {
      text.append(static_cast<const char*>(data), size);
    }
  } writer;
  document.save(writer, "", pugi::format_raw | pugi::format_no_declaration);
  return writer.text;
}

}  // namespace firebreak
