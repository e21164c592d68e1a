#include "repository/config.h"

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "base/text.h"

namespace firebreak {

using Json = nlohmann::ordered_json;

Config Config::generate() {
  Config config;
  std::byte id[32];
  fill_secret(id);
  config.id = to_hex(id);
  config.chunker_polynomial = random_polynomial();
  return config;
}

std::string encode_config(const Config& config) {
  Json json;
  json["version"] = config.version;
  json["id"] = config.id;
  json["chunker_polynomial"] = to_string(config.chunker_polynomial);
  return json.dump();
}

Result<Config> parse_config(ByteView text) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  if (!json.is_object()) return error(Code::Corrupt, "config is not a JSON object");
  Config config;
  const auto version = json.find("version");
  if (version == json.end() || !version->is_number_unsigned()) {
    return error(Code::Corrupt, "config has no version number");
  }
  const auto number = version->get<std::uint64_t>();
  if (number < 1 || number > 2) {
    return error(Code::Invalid,
                 "the repository has format version {}, this program knows 1 and 2; "
                 "use a newer firebreak or restic",
                 number);
  }
  config.version = static_cast<unsigned>(number);
  const auto id = json.find("id");
  if (id == json.end() || !id->is_string() || !is_file_name(id->get_ref<const std::string&>())) {
    return error(Code::Corrupt, "config has no valid repository id");
  }
  config.id = id->get<std::string>();
  const auto polynomial = json.find("chunker_polynomial");
  if (polynomial == json.end() || !polynomial->is_string()) {
    return error(Code::Corrupt, "config has no chunker polynomial");
  }
  const Result<Polynomial> parsed = parse_polynomial(polynomial->get_ref<const std::string&>());
  if (!parsed.ok()) return error(Code::Corrupt, "config: {}", parsed.error().message());
  config.chunker_polynomial = *parsed;
  return config;
}

Result<Config> load_config(Backend& backend, const Sealer& sealer, std::stop_token stop) {
  Bytes sealed = TRY(backend.load(config_file(), {}, {}, stop).on(Side::Repository));
  const Result<Bytes> plain = sealer.open(sealed);
  Result<Config> config = plain.ok() ? parse_config(*plain) : Result<Config>(plain.error());
  if (failed_with(config, Code::Corrupt)) {
    config = error(Code::Corrupt,
                   "config is damaged ({}): its recovery sheet brings it back; without one, move "
                   "the file away and run firebreak init --for-lost-config",
                   config.error().message());
  }
  return std::move(config).on(Side::Repository);
}

Result<void> save_config(Backend& backend, const Sealer& sealer, const Config& config,
                         std::stop_token stop) {
  const Bytes sealed = sealer.seal(as_bytes(encode_config(config)));
  return backend.save(config_file(), sealed, stop).on(Side::Repository);
}

}  // namespace firebreak
