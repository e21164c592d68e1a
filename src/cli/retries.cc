#include "cli/retries.h"

#include "cli/units.h"

namespace firebreak {

Result<RetryPolicy> retries_of(Session& session) {
  Console& console = session.console();
  RetryPolicy retries;
  retries.give_up_after = TRY(parse_span(session.options().retry_for).context("--retry-for"));
  retries.on_wait = [&console](const Error& failure, Nanoseconds wait) {
    console.say(fmt::format("{}; trying again in {}", failure.message(), format_span(wait)));
  };
  return retries;
}

}  // namespace firebreak
