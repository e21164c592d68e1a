#include "point/config_capture.h"

#include "config/config_description.h"
#include "config/config_item.h"
#include "net/google_json.h"
#include "point/folder.h"
#include "point/object_names.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

// A folder for each release, of the files of its ruleset. Names are escaped as those of objects.
Result<Node> save_rules(BlobSaver& saver, const ConfigItems& items) {
  std::vector<Node> releases;
  for (const auto& [key, item] : items) {
    if (item.kind != ConfigKind::Release) continue;
    std::vector<Node> files;
    for (const Json& file : field_at(item.content, "files")) {
      const std::string text = text_at(file, "content");
      Node node = TRY(save_file(saver, escape_component(text_at(file, "name")), as_bytes(text)));
      files.push_back(std::move(node));
    }
    const BlobId folder = TRY(save_folder(saver, std::move(files)));
    const std::string name = item.place.substr(item.place.find('/') + 1);
    releases.push_back(folder_node(escape_component(name), folder));
  }
  const BlobId folder = TRY(save_folder(saver, std::move(releases)));
  return folder_node("rules", folder);
}

}  // namespace

Result<CapturedConfig> capture_config(ConfigClient& client, BlobSaver& saver, Clock& clock,
                                      std::stop_token stop) {
  CapturedConfig captured;
  captured.begin = firestore_now(clock);
  const Json config = TRY(describe_config(client, std::move(stop)));
  captured.end = firestore_now(clock);
  const ConfigItems items = TRY(config_items(config, client.project(), client.project()));
  captured.items = items.size();
  const std::string text = config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  captured.bytes = text.size();
  Node file = TRY(save_file(saver, std::string(kConfigFile), as_bytes(text)));
  Node rules = TRY(save_rules(saver, items));
  captured.folder = TRY(save_folder(saver, {std::move(file), std::move(rules)}));
  return captured;
}

}  // namespace firebreak
