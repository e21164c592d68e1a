#include "backend/gcs_json.h"

#include <algorithm>

#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

Error wrong(std::string_view what) {
  return error(Code::Corrupt, "the service's answer: {}", what);
}

Result<GcsObject> object_of(const Json& json) {
  GcsObject object;
  object.key = text_at(json, "name");
  if (object.key.empty()) return wrong("an object without a name");
  const std::optional<std::uint64_t> size = number_at(json, "size");
  if (!size) return wrong("an object without a size");
  object.size = *size;
  object.md5 = text_at(json, "md5Hash");
  object.generation = text_at(json, "generation");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::ranges::all_of(object.generation, is_digit)) return wrong("a generation of no digits");
  return object;
}

}  // namespace

Result<GcsObject> parse_gcs_object(ByteView text) {
  return object_of(parse_json(text));
}

Result<GcsPage> parse_gcs_page(ByteView text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return wrong("no JSON object");
  GcsPage page;
  const Json& token = field_at(json, "nextPageToken");
  if (!token.is_null() && !token.is_string()) return wrong("a page token that is no text");
  page.next_token = text_at(json, "nextPageToken");
  const Json& items = field_at(json, "items");
  if (items.is_null()) return page;
  if (!items.is_array()) return wrong("a listing that is no array");
  page.objects.reserve(items.size());
  for (const Json& item : items) {
    GcsObject object = TRY(object_of(item));
    page.objects.push_back(std::move(object));
  }
  return page;
}

}  // namespace firebreak
