#include "backend/s3_xml.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

std::string spelled(std::string_view xml) {
  const Result<S3Page> page = parse_s3_page(as_bytes(xml));
  if (!page.ok()) return fmt::format("<{}>", name(page.error().code()));
  std::string text;
  for (const S3Object& object : page->objects) {
    text += fmt::format("{}:{} ", object.key, object.size);
  }
  return text + fmt::format("{}{}", page->truncated ? "more " : "", page->next_token);
}

TEST(S3Page, IsReadAsAmazonWritesIt) {
  EXPECT_EQ(spelled(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>p/</Prefix>
<KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>
<NextContinuationToken>1/a+b=&amp;</NextContinuationToken>
<Contents><Key>p/a</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>
<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>5000000000</Size>
<StorageClass>STANDARD</StorageClass></Contents>
<Contents><Size>0</Size><Key>p/b &lt;&amp;&#233;</Key></Contents>
<CommonPrefixes><Prefix>p/c/</Prefix></CommonPrefixes></ListBucketResult>)"),
            "p/a:5000000000 p/b <&\u00e9:0 more 1/a+b=&");
  EXPECT_EQ(spelled("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"), "");
}

TEST(S3Page, RefusesAnythingElse) {
  const std::string begin = "<ListBucketResult><IsTruncated>false</IsTruncated>";
  for (const std::string& xml :
       {std::string(), std::string("{}"), std::string("<html/>"),
        std::string("<ListBucketResult/>"), begin,
        std::string("<ListBucketResult><IsTruncated>no</IsTruncated></ListBucketResult>"),
        begin + "<Contents><Size>1</Size></Contents></ListBucketResult>",
        begin + "<Contents><Key>a</Key></Contents></ListBucketResult>",
        begin + "<Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        begin + "<Contents><Key>a</Key><Size>1x</Size></Contents></ListBucketResult>",
        begin + "<Contents><Key>a</Key><Size>1</Size></ListBucketResult>"}) {
    EXPECT_EQ(spelled(xml), "<corrupt>") << xml;
  }
}

TEST(S3Versions, AreReadInTheirOrder) {
  const auto versions = [](std::string_view xml) -> std::string {
    const Result<S3VersionPage> page = parse_s3_versions(as_bytes(xml));
    if (!page.ok()) return fmt::format("<{}>", name(page.error().code()));
    std::string text;
    for (const S3Version& version : page->versions) {
      text += fmt::format("{}{}={} ", version.is_removal ? "-" : "", version.key, version.id);
    }
    return text + page->next_key + page->next_id;
  };
  const std::string body =
      "<Version><Key>a</Key><VersionId>3</VersionId></Version>"
      "<DeleteMarker><Key>a</Key><VersionId>2</VersionId></DeleteMarker>"
      "<Version><Key>a</Key><VersionId>null</VersionId></Version></ListVersionsResult>";
  EXPECT_EQ(versions("<ListVersionsResult><IsTruncated>false</IsTruncated>" + body),
            "a=3 -a=2 a=null ");
  EXPECT_EQ(versions("<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a"
                     "</NextKeyMarker><NextVersionIdMarker>x</NextVersionIdMarker>" +
                     body),
            "a=3 -a=2 a=null ax");
  EXPECT_EQ(versions("<ListVersionsResult><IsTruncated>true</IsTruncated>" + body), "<corrupt>");
  EXPECT_EQ(versions("<ListVersionsResult><Version/></ListVersionsResult>"), "<corrupt>");
  EXPECT_EQ(versions("<Error/>"), "<corrupt>");
  EXPECT_EQ(versions(""), "<corrupt>");
}

TEST(S3Fault, IsReadWhereThereIsOne) {
  const S3Fault fault = parse_s3_fault(
      as_bytes("<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong &amp; so</Message>"
               "<Region>eu-west-1</Region></Error>"));
  EXPECT_EQ(fault.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(fault.message, "wrong & so");
  EXPECT_EQ(fault.region, "eu-west-1");
  for (const char* text : {"", "<html><Code>x</Code></html>", "<Error>", "503 Slow Down"}) {
    EXPECT_EQ(parse_s3_fault(as_bytes(text)).code, "") << text;
  }
}

TEST(S3Upload, IsNamedAndFinished) {
  const auto id = [](std::string_view xml) { return parse_s3_upload_id(as_bytes(xml)); };
  EXPECT_EQ(*id("<InitiateMultipartUploadResult><UploadId>a/b</UploadId>"
                "</InitiateMultipartUploadResult>"),
            "a/b");
  EXPECT_TRUE(failed_with(id("<InitiateMultipartUploadResult/>"), Code::Corrupt));
  EXPECT_TRUE(failed_with(id(""), Code::Corrupt));
  EXPECT_EQ(s3_completion({"\"e1\"", "<2>"}),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>&lt;2&gt;</ETag></Part>"
            "</CompleteMultipartUpload>");
  EXPECT_TRUE(
      is_s3_completed(as_bytes("\n  <?xml version=\"1.0\"?>\n"
                               "<CompleteMultipartUploadResult/>")));
  EXPECT_FALSE(is_s3_completed(as_bytes("<Error><Code>InternalError</Code></Error>")));
  EXPECT_FALSE(is_s3_completed({}));
}

}  // namespace
}  // namespace firebreak
