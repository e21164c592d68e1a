// The options of `forget` that say what stays.
#pragma once

#include "cli/program.h"
#include "snapshot/retention.h"

namespace firebreak {

struct PolicyOptions {
  std::string last;
  std::string hourly;
  std::string daily;
  std::string weekly;
  std::string monthly;
  std::string yearly;
  std::string within;
  std::string within_hourly;
  std::string within_daily;
  std::string within_weekly;
  std::string within_monthly;
  std::string within_yearly;
  std::vector<std::string> tags;
};

// --keep-last and so on.
void add_policy_options(Command command, PolicyOptions& options);
// Invalid names the option.
Result<RetentionPolicy> policy_of(const PolicyOptions& options);

}  // namespace firebreak
