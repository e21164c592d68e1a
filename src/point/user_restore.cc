#include "point/user_restore.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "net/google_json.h"
#include "point/user_capture.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

std::string name_of(const User& user) {
  return user.tenant.empty() ? user.id : user.tenant + "/" + user.id;
}

class UserRestore {
 public:
  UserRestore(const Json& config, AuthClient& target, const UserRestoreOptions& options,
              ProjectRestoreProgress& progress)
      : config_(config), target_(target), options_(options), progress_(progress) {}

  Result<void> run(const RecordTree& tree, std::stop_token stop);

 private:
  // Users of one tenant to whom the same is done.
  struct Batch {
    std::string tenant;
    RestoreAction action;
    std::vector<User> users;
  };

  Result<void> compare(const RecordTree& tree, std::stop_token stop);
  Result<void> meet(std::optional<User> wanted, std::optional<User> there, std::stop_token stop);
  Result<void> add(RestoreAction action, User user, std::stop_token stop);
  Result<void> leave_out_taken(Batch& batch, const char* field, std::stop_token stop);
  Result<void> write(Batch batch, std::stop_token stop);
  Result<void> write_whole(const Batch& batch, std::stop_token stop);
  Result<void> remove(const Batch& batch, std::stop_token stop);
  Result<void> settle(const Batch& batch, const std::vector<AuthClient::Refusal>& refused,
                      std::stop_token stop);
  void fail(const User& user, const Error& problem);

  const Json& config_;
  AuthClient& target_;
  const UserRestoreOptions& options_;
  ProjectRestoreProgress& progress_;
  std::vector<std::string> tenants_;  // of the target
  bool is_deleting_ = false;
  std::map<std::pair<std::string, RestoreAction>, Batch> batches_;
};

void UserRestore::fail(const User& user, const Error& problem) {
  ++(is(problem, Code::Conflict) ? progress_.conflicts : progress_.refused);
  if (options_.on_failure) options_.on_failure(name_of(user), problem);
}

// The service refuses to create whom it has. One whose answer was lost and who was sent again is
// there as wanted; anybody else appeared since the listing.
Result<void> UserRestore::settle(const Batch& batch,
                                 const std::vector<AuthClient::Refusal>& refused,
                                 std::stop_token stop) {
  progress_.written += batch.users.size() - refused.size();
  if (refused.empty()) return {};
  std::vector<std::string> ids;
  for (const auto& [at, why] : refused) ids.push_back(batch.users[at].id);
  std::map<std::string, User> there;
  if (batch.action == RestoreAction::Create) {
    for (User& user : TRY(target_.find(batch.tenant, "localId", ids, std::move(stop)))) {
      std::string id = user.id;
      there.emplace(std::move(id), std::move(user));
    }
  }
  for (const auto& [at, why] : refused) {
    const User& user = batch.users[at];
    const auto found = there.find(user.id);
    if (found == there.end()) {
      fail(user, error(Code::Invalid, "{}", printable(why)));
    } else if (is_same_to_import(found->second, user)) {
      ++progress_.written;
    } else {
      fail(user, error(Code::Conflict, "{}", printable(why)));
    }
  }
  return {};
}

Result<void> UserRestore::write_whole(const Batch& batch, std::stop_token stop) {
  std::vector<Json> users;
  bool has_passwords = false;
  for (const User& user : batch.users) {
    ImportedUser imported = to_import(user, !target_.is_emulator());
    has_passwords = has_passwords || imported.description.contains("passwordHash");
    users.push_back(std::move(imported.description));
  }
  const Json hash =
      has_passwords ? import_hash(hash_config(config_, batch.tenant)) : Json::object();
  const bool overwrite = batch.action == RestoreAction::Change;
  const std::vector<AuthClient::Refusal> refused =
      TRY(target_.import_users(batch.tenant, users, hash, overwrite, stop));
  return settle(batch, refused, std::move(stop));
}

Result<void> UserRestore::remove(const Batch& batch, std::stop_token stop) {
  std::vector<std::string> ids;
  for (const User& user : batch.users) ids.push_back(user.id);
  const std::vector<AuthClient::Refusal> refused = TRY(target_.remove(batch.tenant, ids, stop));
  return settle(batch, refused, std::move(stop));
}

// The service gives an address or a number to a second user without a word. Whoever has it in the
// target stays, and the point's user is named.
Result<void> UserRestore::leave_out_taken(Batch& batch, const char* field, std::stop_token stop) {
  std::map<std::string, std::string> wanted;  // by address or number, the user's id
  for (const User& user : batch.users) {
    const std::string value = text_at(user.description, field);
    if (!value.empty()) wanted.emplace(value, user.id);
  }
  std::vector<std::string> values;
  for (const auto& [value, id] : wanted) values.push_back(value);
  std::map<std::string, std::string> taken;  // the id of who wants it, the id of who has it
  for (const User& there : TRY(target_.find(batch.tenant, field, values, std::move(stop)))) {
    const auto found = wanted.find(text_at(there.description, field));
    if (found != wanted.end() && found->second != there.id) taken[found->second] = there.id;
  }
  std::erase_if(batch.users, [&](const User& user) {
    const auto found = taken.find(user.id);
    if (found == taken.end()) return false;
    fail(user,
         error(Code::Conflict, "its {} is that of user {} now", field, printable(found->second)));
    return true;
  });
  return {};
}

Result<void> UserRestore::write(Batch batch, std::stop_token stop) {
  // After an exact restore everybody has what they had in the point.
  if (options_.mode != RestoreMode::Exact) {
    for (const char* field : {"email", "phoneNumber"}) TRY(leave_out_taken(batch, field, stop));
  }
  if (batch.users.empty()) return {};
  return batch.action == RestoreAction::Delete ? remove(batch, std::move(stop))
                                               : write_whole(batch, std::move(stop));
}

Result<void> UserRestore::add(RestoreAction action, User user, std::stop_token stop) {
  progress_.count(action);
  if (options_.on_user) options_.on_user(action, name_of(user));
  if (action == RestoreAction::Same || action == RestoreAction::Keep) return {};
  if (action != RestoreAction::Delete) {
    if (!user.tenant.empty() && std::ranges::find(tenants_, user.tenant) == tenants_.end()) {
      fail(user, error(Code::NotFound,
                       "{} has no such tenant, and the service alone gives tenants their ids",
                       target_.url()));
      return {};
    }
    // Told in a dry run, too: it decides whether one wants to.
    for (const std::string& loss : to_import(user, false).losses) {
      fail(user, error(Code::Invalid, "comes back without {}", loss));
    }
  }
  if (options_.dry_run) return {};
  const std::pair key{user.tenant, action};
  Batch& batch = batches_.try_emplace(key, Batch{user.tenant, action, {}}).first->second;
  batch.users.push_back(std::move(user));
  if (batch.users.size() < kUsersPerCall) return {};
  Batch full = std::move(batch);
  batches_.erase(key);
  return write(std::move(full), std::move(stop));
}

Result<void> UserRestore::meet(std::optional<User> wanted, std::optional<User> there,
                               std::stop_token stop) {
  if (!wanted) {
    if (is_deleting_) return add(RestoreAction::Delete, *std::move(there), std::move(stop));
    if (options_.mode == RestoreMode::Exact) return {};
    return add(RestoreAction::Keep, *std::move(there), std::move(stop));
  }
  if (is_deleting_) return {};
  RestoreAction action = RestoreAction::Create;
  if (there) {
    if (is_same_to_import(*there, *wanted)) {
      action = RestoreAction::Same;
    } else {
      action = options_.mode == RestoreMode::Missing ? RestoreAction::Keep : RestoreAction::Change;
    }
    // A change replaces all of a user, and an undo could not bring this back either.
    const std::vector<std::string> losses = to_import(*there, false).losses;
    if (action == RestoreAction::Change && !losses.empty()) {
      action = RestoreAction::Keep;
      fail(*there,
           error(Code::Conflict, "left as it is; a change would take away {}", losses.front()));
    }
  }
  return add(action, *std::move(wanted), std::move(stop));
}

Result<void> UserRestore::run(const RecordTree& tree, std::stop_token stop) {
  const Json project = TRY(target_.describe_project(stop));
  for (const Json& tenant : TRY(target_.list_tenants(project, stop))) {
    tenants_.push_back(tenant_id(tenant));
  }
  // An address must be free before it is given to somebody else.
  if (options_.mode == RestoreMode::Exact) {
    is_deleting_ = true;
    TRY(compare(tree, stop));
    is_deleting_ = false;
  }
  return compare(tree, std::move(stop));
}

// One way through both; of an exact restore the first deletes, the second does the rest.
Result<void> UserRestore::compare(const RecordTree& tree, std::stop_token stop) {
  RecordTree::Cursor point = tree.records();
  TRY(point.seek(""));
  const auto next_wanted = [&]() -> Result<User> {
    if (!is_deleting_) ++progress_.in_point;
    User wanted = TRY(parse_user_record(point.record()));
    TRY(point.next());
    return wanted;
  };
  TRY(list_users_in_order(
      target_, tenants_, options_.temporary_folder,
      [&](User there) -> Result<void> {
        if (there.has_redacted_password()) return hidden_hashes(target_);
        if (is_deleting_ || options_.mode != RestoreMode::Exact) ++progress_.in_target;
        const std::string key = key_of(there);
        while (!point.is_at_end() && point.key() < key) {
          User wanted = TRY(next_wanted());
          TRY(meet(std::move(wanted), std::nullopt, stop));
        }
        if (point.is_at_end() || point.key() != key) {
          return meet(std::nullopt, std::move(there), stop);
        }
        User wanted = TRY(next_wanted());
        return meet(std::move(wanted), std::move(there), stop);
      },
      stop));
  while (!point.is_at_end()) {
    User wanted = TRY(next_wanted());
    TRY(meet(std::move(wanted), std::nullopt, stop));
  }
  for (auto& [key, batch] : std::exchange(batches_, {})) TRY(write(std::move(batch), stop));
  return {};
}

}  // namespace

Result<void> restore_users(const Repository& repository, const BlobId& users, const Json& config,
                           AuthClient& target, const UserRestoreOptions& options,
                           ProjectRestoreProgress& progress, std::stop_token stop) {
  const RecordTree tree(repository, users, key_of_user_record);
  return UserRestore(config, target, options, progress).run(tree, std::move(stop));
}

}  // namespace firebreak
