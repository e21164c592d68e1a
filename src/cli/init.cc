#include "backend/backend.h"
#include "cli/commands.h"

namespace firebreak {
namespace {

Result<ExitCode> init(Session& session) {
  const RepositoryOptions& where = session.options().repository;
  const std::string location = TRY(session.location(where));
  const auto backend = TRY(session.open_backend(location));
  // Asked before the password is; Repository::init() asks again, for real.
  if (backend->stat(config_file(), session.stop()).ok()) {
    return error(Code::Conflict, "{} holds a repository already; nothing was changed",
                 backend->location());
  }
  Repository::InitOptions options;
  PasswordSource source = session.password_source(where, "FIREBREAK");
  source.prompt = "password of the new repository";
  options.password =
      TRY(read_password(source, PasswordUse::New, session.environment(), session.stop()));
  options.by = session.identity();
  TRY(Repository::init(*backend, options, session.clock(), session.stop()));
  const auto opened = TRY(session.open(std::nullopt));
  Console& console = session.console();
  if (console.is_json()) {
    console.json({{"message_type", "initialized"},
                  {"id", opened.repository->config().id},
                  {"repository", backend->location()}});
    return ExitCode::Success;
  }
  console.line(fmt::format("made repository {} at {}", opened.repository->config().id.substr(0, 10),
                           backend->location()));
  console.say(
      "Without the password nothing in it can be read, by anybody: keep it where a fire does not "
      "reach.");
  console.say(fmt::format("next: firebreak backup -r {} FOLDER", location));
  return ExitCode::Success;
}

}  // namespace

void add_init(Program& program) {
  program.command("init", "Make a repository",
                  {"firebreak init -r /srv/backup",
                   "firebreak init -r s3:https://s3.eu-central-1.amazonaws.com/bucket/prefix"},
                  init);
}

}  // namespace firebreak
