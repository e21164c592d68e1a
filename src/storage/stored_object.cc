#include "storage/stored_object.h"

#include <charconv>

#include "base/bytes.h"
#include "base/text.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

// 64-bit numbers are text in Google's JSON.
Result<std::uint64_t> parse_number(const Json& json, const char* field) {
  const auto found = json.find(field);
  if (found != json.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
  if (found != json.end() && found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, problem] = std::from_chars(text.data(), end, number);
    if (problem == std::errc{} && at == end) return number;
  }
  return error(Code::Corrupt, "an object without its {}", field);
}

std::optional<std::uint32_t> parse_crc32c(const Json& json) {
  const auto found = json.find("crc32c");
  if (found == json.end() || !found->is_string()) return std::nullopt;
  const Result<Bytes> bytes = from_base64(found->get_ref<const std::string&>());
  if (!bytes.ok() || bytes->size() != 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::byte byte : *bytes) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

}  // namespace

Result<StoredObject> parse_stored_object(const Json& json) {
  const auto name = json.find("name");
  if (!json.is_object() || name == json.end() || !name->is_string()) {
    return error(Code::Corrupt, "an object without a name");
  }
  StoredObject object;
  object.name = name->get<std::string>();
  object.generation = TRY(parse_number(json, "generation").context("{}", printable(object.name)));
  object.metageneration =
      TRY(parse_number(json, "metageneration").context("{}", printable(object.name)));
  object.size = TRY(parse_number(json, "size").context("{}", printable(object.name)));
  object.crc32c = parse_crc32c(json);
  object.has_customer_key = json.contains("customerEncryption");
  object.description = json;
  for (const char* field : {"kind", "id", "selfLink", "mediaLink", "etag", "bucket"}) {
    object.description.erase(field);
  }
  return object;
}

}  // namespace firebreak
