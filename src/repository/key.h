// Key files: the master key sealed by a password through scrypt, one file a password (restic
// design.rst, "Keys, Encryption and MAC"). Any of them opens the repository.
#pragma once

#include "backend/backend.h"
#include "base/clock.h"
#include "base/id.h"
#include "crypto/scrypt.h"
#include "crypto/seal.h"

namespace firebreak {

// Who made a key or a lock; shown to people and compared by the stale test of locks.
struct Identity {
  std::string username;
  std::string hostname;
};

struct KeyFile {
  WallTime created;
  Identity by;
  ScryptCost cost;
  Bytes salt;  // 64 bytes
  Bytes data;  // the sealed master key
};

struct OpenedKey {
  KeyId id;
  MasterKey master;
};

std::string encode_key(const KeyFile& key);
// Corrupt or Invalid; never takes memory that the file asks for.
Result<KeyFile> parse_key(ByteView json);

// Makes the plain file bytes of a new key. The cost is what one opening takes: about half a
// second and 64 MiB by default.
Result<Bytes> make_key(const MasterKey& master, std::string_view password, const Identity& by,
                       WallTime now, const ScryptCost& cost);

// Unauthenticated for a wrong password. Costs one scrypt.
Result<MasterKey> open_key(const KeyFile& key, std::string_view password);

constexpr std::size_t kKeysTriedMax = 20;  // as restic

// Corrupt or Invalid where the file is not what its name promises, or no key.
Result<KeyFile> load_key(Backend& backend, const std::string& name, std::stop_token stop);

// Tries the key files, at most 20, `hint` (an id or its beginning) first. Unauthenticated when
// none opens; a broken key file is skipped when another opens and named when none does.
Result<OpenedKey> find_key(Backend& backend, std::string_view password, std::string_view hint,
                           std::stop_token stop);

// Verifies by opening before it saves. Ends with the key's id.
Result<KeyId> add_key(Backend& backend, const MasterKey& master, std::string_view password,
                      const Identity& by, WallTime now, const ScryptCost& cost,
                      std::stop_token stop);

}  // namespace firebreak
