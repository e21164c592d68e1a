#include "cli/from_options.h"

namespace firebreak {

void add_from_options(Command command, RepositoryOptions& from) {
  command.add_option("--from-repo", from.location, "the other one (FIREBREAK_FROM_REPOSITORY)");
  command.add_option("--from-repository-file", from.location_file, "file that holds its location");
  command.add_option("--from-password-file", from.password_file,
                     "file whose one line is its password (FIREBREAK_FROM_PASSWORD_FILE)");
  command.add_option("--from-password-command", from.password_command,
                     "program that prints its password (FIREBREAK_FROM_PASSWORD_COMMAND)");
  command.add_option("--from-key-hint", from.key_hint, "id of its key to try first");
}

bool names_from(const Session& session, const RepositoryOptions& from) {
  return !from.location.empty() || !from.location_file.empty() ||
         !variable(session.environment(), "FIREBREAK_FROM_REPOSITORY").empty();
}

Result<OpenedRepository> open_from(Session& session, RepositoryOptions from,
                                   std::optional<LockKind> lock) {
  if (!names_from(session, from)) {
    return error(Code::Invalid,
                 "from which repository? give --from-repo or set FIREBREAK_FROM_REPOSITORY");
  }
  if (from.location.empty() && from.location_file.empty()) {
    from.location = variable(session.environment(), "FIREBREAK_FROM_REPOSITORY");
  }
  return session.open(from, "FIREBREAK_FROM", lock).context("--from-repo");
}

}  // namespace firebreak
