#include "repository/index_file.h"

#include <simdjson.h>

namespace firebreak {
namespace {

namespace ondemand = simdjson::ondemand;

Error wrong(std::string_view what) {
  return error(Code::Corrupt, "index file: {}", what);
}

Result<std::uint32_t> parse_length(ondemand::value value) {
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS || number > UINT32_MAX) {
    return wrong("a length or offset that is no 32-bit number");
  }
  return static_cast<std::uint32_t>(number);
}

Result<BlobType> parse_type(ondemand::value value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    if (text == "data") return BlobType::Data;
    if (text == "tree") return BlobType::Tree;
  }
  return wrong("a blob type other than data and tree");
}

template <typename AnyId>
Result<AnyId> parse_id(ondemand::value value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return wrong("an id that is no text");
  Result<AnyId> id = AnyId::parse(text);
  if (!id.ok()) return wrong(id.error().message());
  return id;
}

Result<PackEntry> parse_entry(ondemand::object object) {
  PackEntry entry;
  bool has_id = false;
  bool has_type = false;
  bool has_offset = false;
  bool has_length = false;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return wrong("broken JSON in a blob");
    }
    if (key == "id") {
      entry.id = TRY(parse_id<BlobId>(value));
      has_id = true;
    } else if (key == "type") {
      entry.type = TRY(parse_type(value));
      has_type = true;
    } else if (key == "offset") {
      entry.offset = TRY(parse_length(value));
      has_offset = true;
    } else if (key == "length") {
      entry.length = TRY(parse_length(value));
      has_length = true;
    } else if (key == "uncompressed_length") {
      entry.uncompressed_length = TRY(parse_length(value));
    }
  }
  if (!has_id || !has_type || !has_offset || !has_length) return wrong("a blob lacks a field");
  if (entry.length < kSealOverhead) return wrong("a blob of impossible length");
  if (std::uint64_t{entry.offset} + entry.length > UINT32_MAX) return wrong("a blob beyond 4 GiB");
  return entry;
}

Result<void> parse_pack(ondemand::object object, const EachPack& each) {
  PackId id;
  bool has_id = false;
  std::vector<PackEntry> entries;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return wrong("broken JSON in a pack");
    }
    if (key == "id") {
      id = TRY(parse_id<PackId>(value));
      has_id = true;
    } else if (key == "blobs") {
      ondemand::array blobs;
      if (value.get_array().get(blobs) != simdjson::SUCCESS) return wrong("blobs are no list");
      for (auto blob : blobs) {
        ondemand::object described;
        if (blob.get_object().get(described) != simdjson::SUCCESS) return wrong("a broken blob");
        const PackEntry entry = TRY(parse_entry(described));
        entries.push_back(entry);
      }
    }
  }
  if (!has_id) return wrong("a pack without id");
  return each(id, entries);
}

}  // namespace

Bytes encode_index(const std::vector<IndexedPack>& packs) {
  std::string text = "{\"packs\":[";
  for (const IndexedPack& pack : packs) {
    if (text.back() != '[') text += ',';
    text += fmt::format("{{\"id\":\"{}\",\"blobs\":[", pack.id);
    for (const PackEntry& entry : pack.entries) {
      if (text.back() != '[') text += ',';
      text += fmt::format("{{\"id\":\"{}\",\"type\":\"{}\",\"offset\":{},\"length\":{}", entry.id,
                          name(entry.type), entry.offset, entry.length);
      if (entry.is_compressed()) {
        text += fmt::format(",\"uncompressed_length\":{}", entry.uncompressed_length);
      }
      text += '}';
    }
    text += "]}";
  }
  text += "]}";
  return to_bytes(text);
}

Result<void> parse_index(Bytes json, const EachPack& each) {
  const std::size_t size = json.size();
  json.resize(size + simdjson::SIMDJSON_PADDING);
  std::memset(json.data() + size, 0, simdjson::SIMDJSON_PADDING);
  thread_local ondemand::parser parser;
  ondemand::document document;
  const char* const text = reinterpret_cast<const char*>(json.data());
  ondemand::object root;
  if (parser.iterate(text, size, json.size()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(root) != simdjson::SUCCESS) {
    return wrong("not a JSON object");
  }
  bool has_packs = false;
  for (auto field : root) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return wrong("broken JSON");
    }
    if (key != "packs") continue;  // "supersedes" of old files means nothing any more
    has_packs = true;
    ondemand::array packs;
    if (value.get_array().get(packs) != simdjson::SUCCESS) return wrong("packs are no list");
    for (auto pack : packs) {
      ondemand::object described;
      if (pack.get_object().get(described) != simdjson::SUCCESS) return wrong("a broken pack");
      TRY(parse_pack(described, each));
    }
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    return wrong("text after the JSON object");
  // A snapshot's document, say, in the place of an index file.
  if (!has_packs) return wrong("it names no packs");
  return {};
}

}  // namespace firebreak
