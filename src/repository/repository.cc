#include "repository/repository.h"

#include <unordered_map>

#include "repository/unpacked.h"

namespace firebreak {
namespace {

struct InitKey {
  OpenedKey key;
  bool is_new;
};

// A key of an init that did not get as far as the config is taken over: were a second one added,
// it would be left to chance which of the two the password opens.
Result<InitKey> key_for_init(Backend& backend, const Repository::InitOptions& options, Clock& clock,
                             std::stop_token stop) {
  Result<OpenedKey> left = find_key(backend, options.password, "", stop);
  if (failed_with(left, Code::Unauthenticated) || failed_with(left, Code::Corrupt)) {
    return error(Code::Conflict,
                 "{} holds keys and no config, and the password opens none of them: an init with "
                 "another password was interrupted, or the config was lost; use that password, "
                 "or remove the keys",
                 backend.location());
  }
  if (options.for_lost_config || !failed_with(left, Code::NotFound)) {
    OpenedKey key = TRY(std::move(left));
    return InitKey{std::move(key), false};
  }
  const MasterKey master = MasterKey::generate();
  const KeyId key =
      TRY(add_key(backend, master, options.password, options.by, clock.now(), options.cost, stop));
  return InitKey{{key, master}, true};
}

// Beside its keys: what an init that did not end leaves has none.
Result<bool> has_data(Backend& backend, std::stop_token stop) {
  for (const FileType type : {FileType::Snapshot, FileType::Index, FileType::Pack}) {
    if (!TRY(list_all(backend, type, stop).on(Side::Repository)).empty()) return true;
  }
  return false;
}

}  // namespace

bool is_damage(const Error& problem) {
  return is(problem, Code::Corrupt) || is(problem, Code::NotFound);
}

Result<void> Repository::init(Backend& backend, const InitOptions& options, Clock& clock,
                              std::stop_token stop) {
  if (!options.for_lost_config) TRY(backend.create(stop).on(Side::Repository));
  Result<FileInfo> existing = backend.stat(config_file(), stop);
  if (existing.ok()) {
    return error(Code::Conflict, "{} holds a repository already", backend.location());
  }
  if (!failed_with(existing, Code::NotFound)) return std::move(existing).error();
  if (!options.for_lost_config && TRY(has_data(backend, stop))) {
    return error(Code::Conflict,
                 "{} holds data of a repository whose config is lost; nothing was changed. Its "
                 "recovery sheet brings the config back; without one, and with its password, run "
                 "firebreak init --for-lost-config",
                 backend.location());
  }
  Config config = Config::generate();
  if (options.chunker_polynomial) config.chunker_polynomial = *options.chunker_polynomial;
  const auto [key, is_new] = TRY(key_for_init(backend, options, clock, stop));
  Result<void> saved = save_config(backend, Sealer(key.master), config, stop);
  if (!failed_with(saved, Code::Conflict)) return saved;
  // A try whose answer was lost may have been ours, and then the key is the only one.
  const Result<Config> found = load_config(backend, Sealer(key.master), stop);
  if (found.ok() && found->id == config.id) return {};
  if (is_new && failed_with(found, Code::Corrupt)) {
    // Somebody else was faster: this key opens nothing.
    TRY(backend.remove({FileType::Key, key.id.hex()}, stop));
  }
  return error(Code::Conflict, "{} holds a repository already", backend.location());
}

Error Repository::missing_config(Backend& backend, std::stop_token stop) {
  const Result<bool> lost = has_data(backend, stop);
  const bool is_nothing = lost.ok() ? !*lost : lost.error().code() == Code::NotFound;
  if (is_nothing) return error(Code::NotFound, "{} holds no repository", backend.location());
  if (!lost.ok()) return lost.error();
  return error(Code::Corrupt,
               "{} holds data of a repository whose config is lost: its recovery sheet brings the "
               "config back; without one, run firebreak init --for-lost-config",
               backend.location());
}

Result<std::unique_ptr<Repository>> Repository::open(Backend& backend, std::string_view password,
                                                     std::string_view key_hint, CacheFolder cache,
                                                     std::stop_token stop) {
  Result<FileInfo> config = backend.stat(config_file(), stop);
  if (failed_with(config, Code::NotFound)) return missing_config(backend, stop);
  TRY(std::move(config).on(Side::Repository));
  const OpenedKey key = TRY(find_key(backend, password, key_hint, stop));
  Config loaded = TRY(load_config(backend, Sealer(key.master), stop));
  return std::unique_ptr<Repository>(
      new Repository(backend, std::move(loaded), key, std::move(cache)));
}

Repository::Repository(Backend& backend, Config config, const OpenedKey& key, CacheFolder cache)
    : backend_(backend),
      config_(std::move(config)),
      sealer_(key.master),
      key_id_(key.id),
      cache_(std::move(cache)) {}

Result<void> Repository::load_index(OnBroken on_broken, std::stop_token stop) {
  index_ = TRY(Index::open(backend_, sealer_, cache_, config_.id, on_broken, stop));
  return {};
}

Index& Repository::index() const {
  CHECK(index_ != nullptr);
  return *index_;
}

Result<std::size_t> Repository::distrust_unlisted_packs(std::stop_token stop) {
  std::unordered_map<PackId, std::uint64_t> listed;
  TRY(backend_
          .list(
              FileType::Pack,
              [&](const FileInfo& file) -> Result<void> {
                const PackId id = TRY(PackId::parse(file.name));
                listed[id] = file.size;
                return {};
              },
              stop)
          .on(Side::Repository));
  std::unordered_set<PackId> wrong;
  for (const IndexTable& table : index().tables()) {
    for (const IndexPackRow& pack : table.packs()) {
      const auto found = listed.find(pack.id);
      if (found == listed.end() || found->second != pack.size) wrong.insert(pack.id);
    }
  }
  const std::size_t count = wrong.size();
  index().distrust(std::move(wrong));
  return count;
}

Result<void> Repository::distrust_damaged_packs(BlobType type, const BlobId& id,
                                                std::stop_token stop) {
  std::unordered_set<PackId> damaged;
  for (const BlobPlace& place : index().find(type, id)) {
    const Result<Bytes> plain = load_from(place, {}, stop);
    if (plain.ok()) continue;
    if (!is_damage(plain.error())) return plain.error();
    damaged.insert(place.pack);
  }
  index().distrust(std::move(damaged));
  return {};
}

Result<Bytes> Repository::load_from(const BlobPlace& place, Bytes buffer,
                                    std::stop_token stop) const {
  const Range range{place.entry.offset, place.entry.length};
  const Bytes sealed =
      TRY(backend_.load({FileType::Pack, place.pack.hex()}, range, std::move(buffer), stop)
              .context("pack {}", place.pack)
              .on(Side::Repository));
  return open_blob(sealer_, place.entry, sealed)
      .context("pack {}", place.pack)
      .on(Side::Repository);
}

Result<Bytes> Repository::load_blob(BlobType type, const BlobId& id, Bytes buffer,
                                    std::stop_token stop) const {
  const std::vector<BlobPlace> places = index().find(type, id);
  if (places.empty()) {
    return error(Code::NotFound, "{} blob {} is in no index", name(type), id).on(Side::Repository);
  }
  std::optional<Error> first;
  for (const BlobPlace& place : places) {
    Result<Bytes> plain = load_from(place, std::move(buffer), stop);
    buffer = {};
    // Another pack can only help where this one is damaged.
    if (plain.ok() || !is_damage(plain.error())) return plain;
    if (!first) first = std::move(plain).error();
  }
  return *std::move(first);
}

Result<Bytes> Repository::load_document(FileType type, const std::string& name,
                                        std::stop_token stop) const {
  return load_unpacked(backend_, sealer_, {type, name}, stop);
}

Result<std::string> Repository::save_document(FileType type, ByteView json,
                                              std::stop_token stop) const {
  return save_unpacked(backend_, sealer_, type, json, config_.version, stop);
}

}  // namespace firebreak
