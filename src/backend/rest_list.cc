#include "backend/rest_list.h"

#include <simdjson.h>

namespace firebreak {
namespace {

namespace ondemand = simdjson::ondemand;

Error wrong(std::string_view what) {
  return error(Code::Corrupt, "the server's listing: {}", what);
}

Result<RestEntry> parse_entry(ondemand::value value) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return wrong("broken JSON");
  RestEntry entry;
  std::string_view name;
  if (type == ondemand::json_type::string) {
    if (value.get_string().get(name) != simdjson::SUCCESS) return wrong("a name that is no text");
    entry.name = name;
    return entry;
  }
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return wrong("an entry without a name");
  if (object["name"].get_string().get(name) != simdjson::SUCCESS) {
    return wrong("an entry without a name");
  }
  entry.name = name;
  std::uint64_t size = 0;
  if (object["size"].get_uint64().get(size) != simdjson::SUCCESS) {
    return wrong("an entry without a size");
  }
  entry.size = size;
  return entry;
}

}  // namespace

Result<std::vector<RestEntry>> parse_rest_list(Bytes json) {
  const std::size_t size = json.size();
  json.resize(size + simdjson::SIMDJSON_PADDING);
  std::memset(json.data() + size, 0, simdjson::SIMDJSON_PADDING);
  const auto* const text = reinterpret_cast<const char*>(json.data());
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array array;
  if (parser.iterate(text, size, json.size()).get(document) != simdjson::SUCCESS ||
      document.get_array().get(array) != simdjson::SUCCESS) {
    return wrong("no JSON array");
  }
  std::vector<RestEntry> entries;
  for (auto element : array) {
    ondemand::value value;
    if (element.get(value) != simdjson::SUCCESS) return wrong("broken JSON");
    RestEntry entry = TRY(parse_entry(value));
    entries.push_back(std::move(entry));
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    return wrong("something after the JSON array");
  return entries;
}

}  // namespace firebreak
