#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "point/point.h"
#include "standby/firestore_server.h"

namespace firebreak {
namespace {

struct Options {
  std::string point;
  bool is_empty = false;
  std::string overlay_folder;
  unsigned firestore_port = 8080;
};

// The newest point, or the one that is named.
Result<Store::Base> choose_point(Session& session, const Reading& reading,
                                 const std::string& name) {
  const SnapshotFilter points{.hosts = {std::string(kPointHost)}, .tags = {}, .paths = {}};
  const FoundSnapshot chosen = TRY(choose_snapshot(reading.snapshots, name, points));
  const std::string brief = chosen.id.brief();
  const Point point = TRY(load_point(reading.repository(), chosen.snapshot.tree, session.stop())
                              .context("snapshot {}", brief));
  Store::Base base;
  base.id = fmt::format("point {}", brief);
  base.time = point.cut();
  std::uint64_t documents = 0;
  for (const Point::Database& database : point.databases) {
    const DatabaseName full{point.project, database.id};
    base.documents[full.resource()] =
        std::make_unique<DocumentTree>(reading.repository(), database.documents.base);
    documents += database.documents.documents;
  }
  session.console().say(fmt::format("{} of {} as at {}: {}", base.id, point.project,
                                    format_rfc3339(base.time), counted(documents, "document")));
  return base;
}

Result<ExitCode> serve(Session& session, const Options& options) {
  Console& console = session.console();
  if (options.is_empty == !options.point.empty()) {
    return error(Code::Invalid,
                 "serve what? name a point, as in `firebreak serve latest`, or give --empty to "
                 "start without documents");
  }
  const std::string folder =
      options.overlay_folder.empty() ? TRY(session.temporary_folder()) : options.overlay_folder;
  Losses losses(console);
  std::optional<Reading> reading;  // outlives what is read from it
  Store::Base base;
  if (!options.is_empty) {
    reading.emplace(TRY(open_for_reading(session, losses)));
    base = TRY(choose_point(session, *reading, options.point));
  }
  const std::unique_ptr<Store> store =
      TRY(Store::open(folder, std::move(base), session.clock()).context("{}", folder));
  const std::unique_ptr<FirestoreServer> firestore =
      TRY(FirestoreServer::start(*store, options.firestore_port));
  if (console.is_json()) {
    console.json({{"message_type", "serving"}, {"firestore", firestore->address()}});
  } else {
    console.line(fmt::format("export FIRESTORE_EMULATOR_HOST={}", firestore->address()));
  }
  TRY(console.flush());
  console.say(
      "No Security Rules are evaluated and no credentials asked for: whoever reaches the port, "
      "from this machine alone, may do everything. Ctrl-C ends it.");
  if (options.overlay_folder.empty()) {
    console.say("What is written is gone at the end; --overlay DIR keeps it.");
  }
  while (session.clock().wait(std::chrono::hours(1), session.stop())) {
  }
  return ExitCode::Success;
}

}  // namespace

void add_serve(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command =
      program.command("serve", "Answer the Firestore API from a point, on this machine",
                      {"firebreak serve -r /srv/backup latest --firestore-port 8080",
                       "firebreak serve --empty --overlay /srv/standby --json"},
                      [options](Session& session) { return serve(session, *options); });
  command.add_option("POINT", options->point, "id of a point, or latest");
  command.add_flag("--empty", options->is_empty, "start without documents");
  command
      .add_option("--overlay", options->overlay_folder,
                  "folder that keeps what is written; without it, all is gone at the end")
      .type_name("DIR");
  command
      .add_option("--firestore-port", options->firestore_port,
                  "port of the Firestore API on 127.0.0.1; 0 is any that is free")
      .capture_default_str();
}

}  // namespace firebreak
