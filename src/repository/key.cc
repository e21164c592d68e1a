#include "repository/key.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "base/rfc3339.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSaltSize = 64;
constexpr std::size_t kKeyFileSizeMax = 1 << 20;

// Typed reads of a JSON object: Corrupt names the missing or mistyped field.
Result<std::string> text_field(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) {
    return error(Code::Corrupt, "no text field \"{}\"", name);
  }
  return found->get<std::string>();
}

Result<std::uint64_t> number_field(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_unsigned()) {
    return error(Code::Corrupt, "no number field \"{}\"", name);
  }
  return found->get<std::uint64_t>();
}

Result<Bytes> bytes_field(const Json& json, const char* name) {
  const std::string text = TRY(text_field(json, name));
  Result<Bytes> bytes = from_base64(text);
  if (!bytes.ok()) return error(Code::Corrupt, "field \"{}\" is not base64", name);
  return bytes;
}

std::string encode_master(const MasterKey& master) {
  Json json;
  json["mac"]["k"] = to_base64(master.mac_k);
  json["mac"]["r"] = to_base64(master.mac_r);
  json["encrypt"] = to_base64(master.encrypt);
  return json.dump();
}

template <std::size_t kSize>
Result<void> read_part(const Json& json, const char* name, std::array<std::byte, kSize>& into) {
  const Bytes part = TRY(bytes_field(json, name));
  if (part.size() != kSize) return error(Code::Corrupt, "\"{}\" has a wrong length", name);
  std::copy(part.begin(), part.end(), into.begin());
  return {};
}

Result<MasterKey> parse_master(ByteView text) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  if (!json.is_object() || !json.contains("mac") || !json["mac"].is_object()) {
    return error(Code::Corrupt, "the master key is not JSON of the right shape");
  }
  MasterKey master;
  TRY(read_part(json["mac"], "k", master.mac_k));
  TRY(read_part(json["mac"], "r", master.mac_r));
  TRY(read_part(json, "encrypt", master.encrypt));
  if (!master.is_valid()) return error(Code::Corrupt, "the master key has an all-zero part");
  return master;
}

// Loads, checks the name and opens one key file.
Result<OpenedKey> try_key(Backend& backend, const std::string& name, std::string_view password,
                          std::stop_token stop) {
  const FileName file{FileType::Key, name};
  const FileInfo info = TRY(backend.stat(file, stop));
  if (info.size > kKeyFileSizeMax) {
    return error(Code::Corrupt, "{} has {} bytes", to_string(file), info.size);
  }
  const Bytes bytes = TRY(backend.load(file, {}, {}, stop));
  const KeyId id = TRY(KeyId::parse(name));
  if (id_of<KeyId>(bytes) != id) {
    return error(Code::Corrupt, "{} does not match its name", to_string(file));
  }
  const KeyFile key = TRY(parse_key(bytes).context("{}", to_string(file)));
  const MasterKey master = TRY(open_key(key, password).context("{}", to_string(file)));
  return OpenedKey{id, master};
}

}  // namespace

std::string encode_key(const KeyFile& key) {
  Json json;
  json["created"] = format_rfc3339(key.created);
  json["username"] = key.by.username;
  json["hostname"] = key.by.hostname;
  json["kdf"] = "scrypt";
  json["N"] = key.cost.n;
  json["r"] = key.cost.r;
  json["p"] = key.cost.p;
  json["salt"] = to_base64(key.salt);
  json["data"] = to_base64(key.data);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<KeyFile> parse_key(ByteView text) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  if (!json.is_object()) return error(Code::Corrupt, "not a JSON object");
  KeyFile key;
  const std::string kdf = TRY(text_field(json, "kdf"));
  if (kdf != "scrypt") {
    return error(Code::Invalid, "key derivation \"{}\" is unknown", printable(kdf));
  }
  key.cost.n = TRY(number_field(json, "N"));
  const std::uint64_t r = TRY(number_field(json, "r"));
  const std::uint64_t p = TRY(number_field(json, "p"));
  if (r > UINT32_MAX || p > UINT32_MAX) return error(Code::Invalid, "scrypt r or p is too large");
  key.cost.r = static_cast<std::uint32_t>(r);
  key.cost.p = static_cast<std::uint32_t>(p);
  TRY(check_cost(key.cost));
  key.salt = TRY(bytes_field(json, "salt"));
  if (key.salt.size() != kSaltSize) {
    return error(Code::Corrupt, "the salt has {} bytes, {} are needed", key.salt.size(), kSaltSize);
  }
  key.data = TRY(bytes_field(json, "data"));
  if (json.contains("created")) {
    const std::string created = TRY(text_field(json, "created"));
    const FileTime time = TRY(parse_rfc3339(created));
    key.created = TRY(time.to_wall());
  }
  if (json.contains("username")) key.by.username = TRY(text_field(json, "username"));
  if (json.contains("hostname")) key.by.hostname = TRY(text_field(json, "hostname"));
  return key;
}

Result<Bytes> make_key(const MasterKey& master, std::string_view password, const Identity& by,
                       WallTime now, const ScryptCost& cost) {
  KeyFile key{now, by, cost, Bytes(kSaltSize), {}};
  fill_secret(key.salt);
  const auto derived = TRY(scrypt(as_bytes(password), key.salt, cost));
  key.data = Sealer(MasterKey::from(derived)).seal(as_bytes(encode_master(master)));
  return to_bytes(encode_key(key));
}

Result<MasterKey> open_key(const KeyFile& key, std::string_view password) {
  const auto derived = TRY(scrypt(as_bytes(password), key.salt, key.cost));
  const Result<Bytes> plain = Sealer(MasterKey::from(derived)).open(key.data);
  if (!plain.ok()) return error(Code::Unauthenticated, "wrong password");
  return parse_master(*plain);
}

Result<KeyFile> load_key(Backend& backend, const std::string& name, std::stop_token stop) {
  const FileName file{FileType::Key, name};
  const Bytes bytes = TRY(backend.load(file, {}, {}, std::move(stop)));
  if (id_of<KeyId>(bytes).hex() != name) {
    return error(Code::Corrupt, "{}: its content does not match its name", to_string(file));
  }
  return parse_key(bytes).context("{}", to_string(file));
}

Result<OpenedKey> find_key(Backend& backend, std::string_view password, std::string_view hint,
                           std::stop_token stop) {
  std::vector<FileInfo> files = TRY(list_all(backend, FileType::Key, stop).on(Side::Repository));
  std::sort(files.begin(), files.end(),
            [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  if (!hint.empty()) {
    std::stable_partition(files.begin(), files.end(),
                          [&](const FileInfo& f) { return f.name.starts_with(hint); });
  }
  std::optional<Error> broken;
  std::size_t tried = 0;
  for (const FileInfo& file : files) {
    if (++tried > kKeysTriedMax) break;
    Result<OpenedKey> opened = try_key(backend, file.name, password, stop);
    if (opened.ok()) return opened;
    const Code code = opened.error().code();
    if (code == Code::Unauthenticated || code == Code::NotFound) continue;
    if (code != Code::Corrupt && code != Code::Invalid) {
      return std::move(opened).error().on(Side::Repository);
    }
    if (!broken) broken = std::move(opened).error();
  }
  if (broken) {
    return error(Code::Corrupt,
                 "wrong password, or the key it belongs to is damaged ({}); the recovery sheet "
                 "brings that key back",
                 broken->message())
        .on(Side::Repository);
  }
  if (files.empty()) {
    return error(Code::NotFound, "the repository has no keys; its recovery sheet brings one back");
  }
  if (files.size() > kKeysTriedMax) {
    return error(Code::Unauthenticated,
                 "wrong password or no key for it among the {} of {} that are tried; --key-hint ID "
                 "tries that one first",
                 kKeysTriedMax, files.size());
  }
  return error(Code::Unauthenticated, "wrong password or no key for it among the {} tried",
               files.size());
}

Result<KeyId> add_key(Backend& backend, const MasterKey& master, std::string_view password,
                      const Identity& by, WallTime now, const ScryptCost& cost,
                      std::stop_token stop) {
  if (password.empty()) return error(Code::Invalid, "an empty password is refused");
  const Bytes bytes = TRY(make_key(master, password, by, now, cost));
  // A key that does not open is a repository lost: prove it first.
  const KeyFile again = TRY(parse_key(bytes));
  TRY(open_key(again, password));
  const KeyId id = id_of<KeyId>(bytes);
  TRY(backend.save({FileType::Key, id.hex()}, bytes, stop).on(Side::Repository));
  return id;
}

}  // namespace firebreak
