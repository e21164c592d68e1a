#include "point/object_record.h"

#include "base/text.h"
#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;  // which keeps the keys of objects sorted

Error broken() {
  return error(Code::Corrupt, "a record of a bucket's manifest has another form");
}

}  // namespace

std::string encode_object_record(const ObjectRecord& record) {
  Json json{{"object", record.object.description},
            {"sha256", to_hex(record.content.sha256)},
            {"blobs", record.content.blobs}};
  if (!record.content.ids.empty()) {
    Json ids = Json::array();
    for (const BlobId& id : record.content.ids) ids.push_back(id.hex());
    json["content"] = std::move(ids);
  }
  return json.dump();
}

Result<ObjectRecord> parse_object_record(ByteView bytes) {
  const Json json = Json::parse(as_text(bytes), nullptr, false);
  if (!json.is_object() || !json.contains("object")) return broken();
  ObjectRecord record;
  record.object = TRY(parse_stored_object(json.at("object")));
  const std::string digest = text_at(json, "sha256");
  const Result<BlobId> sha256 = BlobId::parse(digest);
  const auto blobs = json.find("blobs");
  if (!sha256.ok() || blobs == json.end() || !blobs->is_number_unsigned()) return broken();
  record.content.sha256 = sha256->bytes;
  record.content.blobs = blobs->get<std::uint64_t>();
  const auto content = json.find("content");
  if (content != json.end() && !content->is_array()) return broken();
  if (content != json.end()) {
    for (const Json& id : *content) {
      if (!id.is_string()) return broken();
      record.content.ids.push_back(TRY(BlobId::parse(id.get_ref<const std::string&>())));
    }
  }
  const bool is_listed = record.content.blobs <= kBlobsInARecord;
  if (record.content.ids.size() != (is_listed ? record.content.blobs : 0)) return broken();
  return record;
}

Result<std::string> key_of_object(ByteView record) {
  const Json json = Json::parse(as_text(record), nullptr, false);
  const auto object = json.is_object() ? json.find("object") : json.end();
  if (object == json.end() || !object->is_object()) return broken();
  const auto name = object->find("name");
  if (name == object->end() || !name->is_string()) return broken();
  return name->get<std::string>();
}

}  // namespace firebreak
