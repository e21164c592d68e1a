#include "standby/storage_copy.h"

#include "base/text.h"
#include "net/google_json.h"
#include "standby/storage_content.h"
#include "standby/storage_names.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

// "ifSourceGenerationMatch" as "ifGenerationMatch".
StorageTarget of_source(const StorageTarget& target) {
  static constexpr std::string_view kSource = "ifSource";
  StorageTarget source;
  for (const auto& [name, value] : target.query) {
    if (name.starts_with(kSource)) source.query["if" + name.substr(kSource.size())] = value;
  }
  return source;
}

Answer<Json> copied_fields(const StorageRequest& request, const ObjectVersion& source) {
  const Json given = ANSWER(read_json(request));
  Json fields = ANSWER(object_fields(given.is_null() ? Json::object() : given));
  const std::size_t own = fields.size() - fields.count("storageClass");
  if (own > 0) return fields;
  Json copied = ANSWER(object_fields(source.resource));
  for (const char* not_copied : {"acl", "eventBasedHold", "temporaryHold", "storageClass"}) {
    copied.erase(not_copied);
  }
  copied.update(fields);
  return copied;
}

Result<void> copy_content(const StorageOverlay::View& view, const ObjectVersion& source,
                          ContentWriter& writer) {
  for (std::uint64_t at = 0; at < source.size(); at += kContentPieceBytes) {
    const Bytes piece = TRY(view.piece(source.content, at / kContentPieceBytes));
    TRY(writer.write(piece));
  }
  return writer.finish();
}

}  // namespace

Answer<ObjectVersion> copy_object(StorageStore& store, const StorageRequest& request,
                                  const ObjectName& source, const ObjectName& target) {
  ANSWER(check_object_name(target.name));
  if (request.target.has("destinationKmsKeyName")) return not_served("encryption with other keys");
  const StorageOverlay::View view = store.view();
  const std::optional<std::uint64_t> generation =
      ANSWER(number_parameter(request.target, "sourceGeneration"));
  const ObjectVersion found = ANSWER(find_object(view, source.bucket, source.name, generation));
  const StorageConditions of_the_source = ANSWER(parse_conditions(of_source(request.target)));
  ANSWER(check_conditions(of_the_source, found.generation, found.metageneration(), false));
  const StorageConditions conditions = ANSWER(parse_conditions(request.target));
  ContentWriter writer(store.overlay());
  NewObject object{.name = target.name, .content = writer.content(), .size = found.size()};
  object.fields = ANSWER(copied_fields(request, found));
  const auto insert = [&]() -> Answer<ObjectVersion> {
    ANSWER(copy_content(view, found, writer));
    object.checksums = ANSWER(checksums_of(store.view(), object.content, object.size));
    if (crc32c_text(object.checksums) != text_at(found.resource, "crc32c")) {
      return status_of(
          error(Code::Corrupt, "{}: its bytes are not what they were", printable(source.name)));
    }
    return store.insert(target.bucket, object, conditions);
  };
  Answer<ObjectVersion> made = insert();
  if (!made.ok()) ANSWER(writer.discard());
  return made;
}

}  // namespace firebreak
