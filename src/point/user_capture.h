// Captures every user of a project and of its tenants into a key-ordered tree (docs/formats/
// users.md), with what their passwords are hashed with, without which nobody can sign in again.
//
// The service lists users in pages and in no state of one time: a user who is created or deleted
// meanwhile may be there or not, and each is as it was at some time of the interval.
#pragma once

#include <atomic>
#include <string>

#include "auth/auth_client.h"
#include "firestore/firestore_time.h"
#include "point/cut_rule.h"
#include "repository/blob_saver.h"

namespace firebreak {

// Read by others while a capture runs.
struct UserCaptureProgress {
  std::atomic<std::uint64_t> users = 0;
  std::atomic<std::uint64_t> bytes = 0;  // of records
};

struct CapturedUsers {
  BlobId users;              // top of the tree
  std::string config;        // JSON: "project", "providers", "tenants"
  FirestoreTime begin, end;  // of the listing
  std::uint64_t count = 0;
  std::uint64_t with_password = 0;
  std::uint64_t bytes = 0;
};

// Denied where the caller may not see hashes; Io where the service lists fewer users than it
// counted before and after; else the client's errors and the saver's.
Result<CapturedUsers> capture_users(AuthClient& client, BlobSaver& saver, const CutRule& rule,
                                    const std::string& temporary_folder,
                                    UserCaptureProgress& progress, Clock& clock,
                                    std::stop_token stop);

// The project's users and those of each of `tenants`, each once, in the order of key_of(). What is
// listed twice is taken as it was last.
using EachUser = std::function<Result<void>(User user)>;
Result<void> list_users_in_order(AuthClient& client, const std::vector<std::string>& tenants,
                                 const std::string& temporary_folder, const EachUser& each,
                                 std::stop_token stop);

// Denied, and what to grant: with hashes hidden nobody could sign in after a restore.
Error hidden_hashes(const AuthClient& client);

// Of a capture's configuration, what these users' passwords are hashed with; null where the service
// does not tell.
const nlohmann::json& hash_config(const nlohmann::json& config, const std::string& tenant);

}  // namespace firebreak
