#include "cli/restore_database.h"

#include "base/text.h"
#include "cli/database_connection.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "firestore/document_path.h"
#include "point/document_restore.h"

namespace firebreak {
namespace {

constexpr unsigned kGoogleRate = 500;  // documents a second

Result<void> check_path(const std::string& below) {
  if (below.empty()) return {};
  const bool is_collection = path_segments(below).size() % 2 == 1;
  return (is_collection ? check_collection_path(below) : check_document_path(below))
      .context("--below {}", printable(below));
}

}  // namespace

Result<ExitCode> restore_database(Session& session, const std::string& name,
                                  const ProjectRestoreOptions& options, bool dry_run) {
  Console& console = session.console();
  const DatabaseName database = TRY(parse_database_url(options.to).context("--to"));
  DocumentRestoreOptions restoring;
  restoring.mode = TRY(parse_mode(options.mode));
  TRY(check_restore(session, options, database.url(), database.project, dry_run));
  TRY(check_path(options.below));
  restoring.path = options.below;
  restoring.dry_run = dry_run;
  restoring.workers = options.writers;
  restoring.on_document = [&console](RestoreAction action, std::string_view path) {
    tell(console, action, path);
  };
  restoring.on_failure = [&console](const DocumentWrite& write, WriteEnd end,
                                    std::string_view why) {
    console.warn(end == WriteEnd::Conflict ? "somebody else has changed it meanwhile; left as it is"
                                           : fmt::format("refused: {}", printable(why)),
                 write.path);
  };
  FirestoreClient target(database, TRY(connect_to_database(session, options.connection)),
                         session.clock());
  console.say(fmt::format("{} at {}", database.url(), target.endpoint()));
  restoring.initial_rate = options.initial_rate;
  if (restoring.initial_rate == ProjectRestoreOptions::kRateOfService) {
    restoring.initial_rate = target.is_emulator() ? 0 : kGoogleRate;
  }

  Losses losses(console);
  Reading reading = TRY(open_for_reading(session, losses));
  const ChosenPoint chosen = TRY(choose_point(session, reading, name));
  const Point::Database* source = chosen.point.databases.size() == 1
                                      ? &chosen.point.databases.front()
                                      : chosen.point.find(database.database);
  if (source == nullptr) {
    return error(Code::NotFound, "point {} has {}, and none is {}", chosen.id.brief(),
                 counted(chosen.point.databases.size(), "database"), printable(database.database));
  }
  std::optional<SnapshotId> undo;
  if (!dry_run) {
    undo = TRY(
        save_undo_point(session, reading, {database.project, {&target}}, options, database.url())
            .context("no undo point (--no-undo goes without)"));
  }
  std::vector<std::string> collection_ids;
  for (const CapturedGroup& group : source->documents.groups) {
    collection_ids.push_back(group.collection_id);
  }
  const DocumentTree documents(reading.repository(), source->documents.base);
  ProjectRestoreProgress progress;
  TRY(run_restore(session, "document", dry_run, undo, progress, [&] {
    return restore_documents(documents, collection_ids, target, restoring, progress,
                             session.clock(), session.stop());
  }));
  if (!options.below.empty() && progress.in_point == 0) {
    return error(Code::NotFound, "nothing in point {} is at or below {}", chosen.id.brief(),
                 printable(options.below));
  }
  return losses.end();
}

}  // namespace firebreak
