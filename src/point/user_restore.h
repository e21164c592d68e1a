// Makes the users of a project equal to a point: both are read side by side in the order of
// key_of(), and only who differs is written, each user as a whole. Killed at any time, a second run
// does the rest.
//
// The service has no condition for a change, so that what others do to a user between listing and
// writing is written over; who appears meanwhile is left alone. What it does not tell (secrets of
// one-time passwords, passkeys) cannot come back, and is named; who has such now is not changed.
#pragma once

#include <functional>
#include <string>

#include "auth/auth_client.h"
#include "point/record_tree.h"
#include "point/restore_action.h"

namespace firebreak {

struct UserRestoreOptions {
  RestoreMode mode = RestoreMode::Missing;
  bool dry_run = false;
  std::string temporary_folder;
  // By one thread at a time: what is to be done, before it is. `name`: "UID" or "TENANT/UID".
  std::function<void(RestoreAction action, std::string_view name)> on_user{};
  // What could not be, or not wholly.
  std::function<void(std::string_view name, const Error& problem)> on_failure{};
};

// `users` is the folder of the point, `config` what load_user_config() gives. Users that could not
// be written do not end it; they are counted and told. Denied where the target's hashes are hidden.
Result<void> restore_users(const Repository& repository, const BlobId& users,
                           const nlohmann::json& config, AuthClient& target,
                           const UserRestoreOptions& options, ProjectRestoreProgress& progress,
                           std::stop_token stop);

}  // namespace firebreak
