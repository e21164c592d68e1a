// Makes the configuration of a project equal to a point, item by item: what is equal stays, what is
// written is read back. Killed at any time, a second run does the rest.
//
// In this order: settings of databases, exemptions and indexes of fields, composite indexes, until
// all are built; Remote Config; Security Rules, each ruleset made before its release says so; and
// policies of time to live, only where the caller wants them, because the service then deletes
// documents whose time has passed.
#pragma once

#include <functional>

#include "config/config_client.h"
#include "config/config_item.h"
#include "point/restore_action.h"

namespace firebreak {

struct ConfigRestoreOptions {
  RestoreMode mode = RestoreMode::Missing;
  bool dry_run = false;
  bool with_ttl = false;
  // Called once for every item: what is to be done, before it is.
  std::function<void(RestoreAction action, std::string_view label)> on_item{};
  // What could not be.
  std::function<void(std::string_view label, const Error& problem)> on_failure{};
  // How many indexes are still being built, when that changes.
  std::function<void(std::size_t left)> on_building{};
};

// `config`: what capture_config() described of `project`. Items that could not be written do not
// end it; they are counted and told. The client's errors of reading; Canceled, with indexes under
// way that go on without us.
Result<void> restore_config(const nlohmann::json& config, const std::string& project,
                            ConfigClient& target, const ConfigRestoreOptions& options,
                            ProjectRestoreProgress& progress, Clock& clock, std::stop_token stop);

}  // namespace firebreak
