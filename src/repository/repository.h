// An opened repository: its keys, its index, and the blobs and documents in it. The verbs that
// change it have files of their own (blob_saver, check, prune, copy, repair). Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "repository/config.h"
#include "repository/index.h"
#include "repository/key.h"
#include "repository/lock.h"

namespace firebreak {

// That something stored is gone or not what was stored, and not that it cannot be had just now.
bool is_damage(const Error& problem);

class Repository {
 public:
  struct InitOptions {
    std::string password;
    Identity by;
    ScryptCost cost;
    // Another repository's parameters, so that both cut alike and copies deduplicate.
    std::optional<Polynomial> chunker_polynomial;
    // There are keys and data whose config is lost: the key of the password is to be kept.
    bool for_lost_config = false;
  };

  // Makes a version 2 repository: key first, then config, whose presence makes it one. Conflict
  // where there is one already, which stays as it was, and where there is data of one whose config
  // is lost, unless that is to get a new one.
  static Result<void> init(Backend& backend, const InitOptions& options, Clock& clock,
                           std::stop_token stop);

  // Why there is no config: NotFound for a place without repository, Corrupt for one that lost it.
  static Error missing_config(Backend& backend, std::stop_token stop);
  // Opens by password; `key_hint` is a key to try first. Errors of missing_config();
  // Unauthenticated: wrong password. Costs one scrypt a key tried.
  static Result<std::unique_ptr<Repository>> open(Backend& backend, std::string_view password,
                                                  std::string_view key_hint, CacheFolder cache,
                                                  std::stop_token stop);

  Backend& backend() const { return backend_; }
  const Config& config() const { return config_; }
  unsigned version() const { return config_.version; }
  const Sealer& sealer() const { return sealer_; }
  const KeyId& key_id() const { return key_id_; }

  // Reads the index files that the cache does not have. To be called after the listing of
  // snapshots that it must cover, and before index().
  Result<void> load_index(OnBroken on_broken, std::stop_token stop);
  Index& index() const;

  // Compares the packs that the index names with the listing of data/ and distrusts those that
  // are missing or have another size: whoever could write an index file could claim blobs that
  // do not exist, and a backup must not rely on them. Ends with how many. One listing.
  Result<std::size_t> distrust_unlisted_packs(std::stop_token stop);

  // Reads the blob wherever it is, and distrusts the packs in which it is damaged. Costs a read of
  // each.
  Result<void> distrust_damaged_packs(BlobType type, const BlobId& id, std::stop_token stop);

  // The plaintext, MAC and id checked, from any pack that has it. NotFound: in no index.
  Result<Bytes> load_blob(BlobType type, const BlobId& id, Bytes buffer,
                          std::stop_token stop) const;

  // Snapshots, indexes and locks as JSON.
  Result<Bytes> load_document(FileType type, const std::string& name, std::stop_token stop) const;
  Result<std::string> save_document(FileType type, ByteView json, std::stop_token stop) const;

 private:
  Repository(Backend& backend, Config config, const OpenedKey& key, CacheFolder cache);

  Result<Bytes> load_from(const BlobPlace& place, Bytes buffer, std::stop_token stop) const;

  Backend& backend_;
  Config config_;
  Sealer sealer_;
  KeyId key_id_;
  CacheFolder cache_;
  std::unique_ptr<Index> index_;
};

}  // namespace firebreak
