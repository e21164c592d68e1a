#include "cli/database_connection.h"

#include "cli/units.h"

namespace firebreak {

Result<FirestoreClient::Options> connection_options(Session& session) {
  Console& console = session.console();
  FirestoreClient::Options options;
  options.emulator = TRY(emulator_address(session.environment()));
  options.retries.give_up_after =
      TRY(parse_span(session.options().retry_for).context("--retry-for"));
  options.retries.on_wait = [&console](const Error& failure, Nanoseconds wait) {
    console.say(fmt::format("{}; trying again in {}", failure.message(), format_span(wait)));
  };
  return options;
}

}  // namespace firebreak
