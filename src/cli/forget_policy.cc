#include "cli/forget_policy.h"

#include "cli/snapshot_options.h"

namespace firebreak {
namespace {

struct CountOption {
  const char* name;
  const char* help;
  std::string PolicyOptions::*text;
  int RetentionPolicy::*count;
};
constexpr CountOption kCounts[] = {
    {"--keep-last", "keep the last N; \"unlimited\" is a number too", &PolicyOptions::last,
     &RetentionPolicy::last},
    {"--keep-hourly", "keep the newest of the last N hours that have one", &PolicyOptions::hourly,
     &RetentionPolicy::hourly},
    {"--keep-daily", "of the last N days", &PolicyOptions::daily, &RetentionPolicy::daily},
    {"--keep-weekly", "of the last N weeks", &PolicyOptions::weekly, &RetentionPolicy::weekly},
    {"--keep-monthly", "of the last N months", &PolicyOptions::monthly, &RetentionPolicy::monthly},
    {"--keep-yearly", "of the last N years", &PolicyOptions::yearly, &RetentionPolicy::yearly},
};

struct SpanOption {
  const char* name;
  const char* help;
  std::string PolicyOptions::*text;
  Duration RetentionPolicy::*span;
};
constexpr SpanOption kSpans[] = {
    {"--keep-within", "keep what was made so long before the newest, like 1y5m7d2h",
     &PolicyOptions::within, &RetentionPolicy::within},
    {"--keep-within-hourly", "of that, the newest of each hour", &PolicyOptions::within_hourly,
     &RetentionPolicy::within_hourly},
    {"--keep-within-daily", "of each day", &PolicyOptions::within_daily,
     &RetentionPolicy::within_daily},
    {"--keep-within-weekly", "of each week", &PolicyOptions::within_weekly,
     &RetentionPolicy::within_weekly},
    {"--keep-within-monthly", "of each month", &PolicyOptions::within_monthly,
     &RetentionPolicy::within_monthly},
    {"--keep-within-yearly", "of each year", &PolicyOptions::within_yearly,
     &RetentionPolicy::within_yearly},
};

}  // namespace

void add_policy_options(Command command, PolicyOptions& options) {
  for (const CountOption& option : kCounts) {
    command.add_option(option.name, options.*option.text, option.help).type_name("N");
  }
  for (const SpanOption& option : kSpans) {
    command.add_option(option.name, options.*option.text, option.help).type_name("SPAN");
  }
  command.add_list("--keep-tag", options.tags,
                   "keep those with all of these tags (a,b); may be repeated");
}

Result<RetentionPolicy> policy_of(const PolicyOptions& options) {
  RetentionPolicy policy;
  for (const CountOption& option : kCounts) {
    const std::string& text = options.*option.text;
    if (!text.empty())
      policy.*option.count = TRY(parse_keep_count(text).context("{}", option.name));
  }
  for (const SpanOption& option : kSpans) {
    const std::string& text = options.*option.text;
    if (!text.empty()) policy.*option.span = TRY(parse_duration(text).context("{}", option.name));
  }
  for (const std::string& list : options.tags) policy.keep_tags.push_back(split_tags(list));
  return policy;
}

}  // namespace firebreak
