#include "backend/backend.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/from_options.h"
#include "cli/recovery_sheet.h"

namespace firebreak {
namespace {

struct Options {
  RepositoryOptions from;
  bool copy_chunker_params = false;
  bool for_lost_config = false;
  std::string recovery_sheet;
};

Result<std::optional<Polynomial>> chunker_polynomial(Session& session, const Options& options) {
  // The variable alone asks for nothing: it may be set for the copies that follow.
  const bool from_given = !options.from.location.empty() || !options.from.location_file.empty();
  if (!options.copy_chunker_params) {
    if (!from_given) return std::optional<Polynomial>();
    return error(Code::Invalid, "--from-repo goes with --copy-chunker-params here");
  }
  const OpenedRepository from = TRY(open_from(session, options.from, std::nullopt));
  return std::optional<Polynomial>(from.repository->config().chunker_polynomial);
}

Result<void> write_sheet(Session& session, const OpenedRepository& opened,
                         const std::string& location, const std::string& file) {
  return write_recovery_sheet(session, opened, location, file)
      .context("the repository was made and the recovery sheet was not; try firebreak key sheet");
}

Result<ExitCode> init(Session& session, const Options& options) {
  const RepositoryOptions& where = session.options().repository;
  const std::string location = TRY(session.location(where));
  const std::string& sheet = options.recovery_sheet;
  if (!sheet.empty()) TRY(check_sheet_path(sheet));
  OpenedRepository opened;
  opened.backend = TRY(session.open_backend(location));
  // Asked before the password is; Repository::init() asks again, for real.
  if (opened.backend->stat(config_file(), session.stop()).ok()) {
    return error(Code::Conflict, "{} holds a repository already; nothing was changed",
                 opened.backend->location());
  }
  Repository::InitOptions making;
  making.for_lost_config = options.for_lost_config;
  making.chunker_polynomial = TRY(chunker_polynomial(session, options));
  PasswordSource source = session.password_source(where, "FIREBREAK");
  const PasswordUse use = options.for_lost_config ? PasswordUse::Existing : PasswordUse::New;
  if (use == PasswordUse::New) source.prompt = "password of the new repository";
  making.password = TRY(read_password(source, use, session.environment(), session.stop()));
  making.by = session.identity();
  TRY(Repository::init(*opened.backend, making, session.clock(), session.stop()));
  // Session::open() would ask for the password a third time. No index is read, so none is kept.
  opened.repository =
      TRY(Repository::open(*opened.backend, making.password, "", {""}, session.stop()));
  if (!sheet.empty()) TRY(write_sheet(session, opened, location, sheet));
  Console& console = session.console();
  if (console.is_json()) {
    console.json({{"message_type", "initialized"},
                  {"id", opened.repository->config().id},
                  {"repository", opened.backend->location()}});
    return ExitCode::Success;
  }
  console.line(fmt::format("made repository {} at {}", opened.repository->config().id.substr(0, 10),
                           opened.backend->location()));
  if (!sheet.empty()) console.line(fmt::format("recovery sheet written to {}", printable(sheet)));
  console.say(
      "Without the password nothing in it can be read, by anybody: keep it where a fire does not "
      "reach.");
  console.say(
      fmt::format("next: firebreak backup -r {} FOLDER", printable(opened.backend->location())));
  return ExitCode::Success;
}

}  // namespace

void add_init(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "init", "Make a repository",
      {"firebreak init -r /srv/backup --recovery-sheet recovery.txt",
       "firebreak init -r s3:https://s3.eu-central-1.amazonaws.com/bucket/prefix",
       "firebreak init -r /mnt/offsite --from-repo /srv/backup --copy-chunker-params"},
      [options](Session& session) { return init(session, *options); });
  command.add_option("--recovery-sheet", options->recovery_sheet,
                     "write a page to print: all but the password that recovery needs");
  command.add_flag("--copy-chunker-params", options->copy_chunker_params,
                   "cut files as another repository does, so that copies share data");
  command.add_flag("--for-lost-config", options->for_lost_config,
                   "write a new config for a repository that lost it; needs its password");
  add_from_options(command, options->from);
}

}  // namespace firebreak
