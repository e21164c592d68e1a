#include "cli/commands.h"
#include "cli/points.h"
#include "standby/firestore_server.h"
#include "standby/storage_server.h"

namespace firebreak {
namespace {

struct Options {
  std::string point;
  bool is_empty = false;
  std::string overlay_folder;
  unsigned firestore_port = 8080;
  std::optional<unsigned> storage_port;
};

// In the folder of the overlay, which is the Firestore API's.
constexpr char kStorageFolder[] = "/storage";

// What the point has, to be read from the repository as it is asked for.
Store::Base base_of(const Reading& reading, const ChosenPoint& chosen) {
  Store::Base base;
  base.id = fmt::format("point {}", chosen.id.brief());
  base.time = chosen.point.cut();
  for (const Point::Database& database : chosen.point.databases) {
    const DatabaseName full{chosen.point.project, database.id};
    base.documents[full.resource()] =
        std::make_unique<DocumentTree>(reading.repository(), database.documents.base);
  }
  return base;
}

Result<ExitCode> serve(Session& session, const Options& options) {
  Console& console = session.console();
  if (options.is_empty == !options.point.empty()) {
    return error(Code::Invalid,
                 "serve what? name a point, as in `firebreak serve latest`, or give --empty to "
                 "start without documents");
  }
  if (options.storage_port && !options.is_empty) {
    return error(Code::Invalid,
                 "--storage-port goes with --empty: the objects of a point are not served");
  }
  const std::string folder =
      options.overlay_folder.empty() ? TRY(session.temporary_folder()) : options.overlay_folder;
  Losses losses(console);
  std::optional<Reading> reading;  // outlives what is read from it
  Store::Base base;
  if (!options.is_empty) {
    reading.emplace(TRY(open_for_reading(session, losses)));
    const ChosenPoint chosen = TRY(choose_point(session, *reading, options.point));
    base = base_of(*reading, chosen);
  }
  const std::unique_ptr<Store> store =
      TRY(Store::open(folder, std::move(base), session.clock()).context("{}", folder));
  const std::unique_ptr<FirestoreServer> firestore =
      TRY(FirestoreServer::start(*store, options.firestore_port));
  std::unique_ptr<StorageServer> storage;
  if (options.storage_port) {
    storage =
        TRY(StorageServer::start(folder + kStorageFolder, *options.storage_port, session.clock()));
  }
  if (console.is_json()) {
    nlohmann::json serving = {{"message_type", "serving"}, {"firestore", firestore->address()}};
    if (storage) serving["storage"] = storage->address();
    console.json(serving);
  } else {
    console.line(fmt::format("export FIRESTORE_EMULATOR_HOST={}", firestore->address()));
    if (storage) console.line(fmt::format("export STORAGE_EMULATOR_HOST={}", storage->address()));
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
      program.command("serve", "Answer the Firestore and Storage APIs on this machine",
                      {"firebreak serve -r /srv/backup latest --firestore-port 8080",
                       "firebreak serve --empty --storage-port 9199 --overlay /srv/standby"},
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
  command
      .add_option("--storage-port", options->storage_port,
                  "answer the Cloud Storage API, too, on this port of 127.0.0.1; 0 is any that is "
                  "free")
      .type_name("N");
}

}  // namespace firebreak
