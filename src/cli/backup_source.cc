#include "cli/backup_source.h"

#include <algorithm>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/database_connection.h"
#include "cli/points.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "point/backup_point.h"

namespace firebreak {
namespace {

constexpr std::string_view kDatabaseScheme = "firestore://";

Result<DatabaseName> read_target(const BackupOptions& options) {
  const std::string& target = options.targets.front();
  if (options.targets.size() > 1) {
    return error(Code::Invalid, "{}: a point is of one source; back up the others on their own",
                 printable(target));
  }
  if (!target.starts_with(kDatabaseScheme)) {
    return error(Code::Invalid,
                 "{}: only Firestore databases can be captured yet: {}PROJECT/DATABASE",
                 printable(target), kDatabaseScheme);
  }
  BackupOptions permitted;
  permitted.targets = options.targets;
  permitted.tags = options.tags;
  permitted.dry_run = options.dry_run;
  permitted.saving = options.saving;
  permitted.reads_max = options.reads_max;
  permitted.readers = options.readers;
  permitted.connection = options.connection;
  if (options != permitted) {
    return error(Code::Invalid,
                 "{}: options that choose or compare files go with files; for a database there are "
                 "--tag, --dry-run, --max-reads, --readers, --compression and --pack-size",
                 printable(target));
  }
  return parse_database_url(target);
}

class ProgressText {
 public:
  ProgressText(const DocumentCaptureProgress& progress, Clock& clock)
      : progress_(progress), clock_(clock), began_(clock.since_boot()) {}

  Nanoseconds elapsed() const { return clock_.since_boot() - began_; }
  std::string text() const {
    return fmt::format("{}  {} documents, {}, {:.0f} documents/s", format_span(elapsed()),
                       progress_.documents.load(), format_size(progress_.bytes), rate());
  }
  Json json() const {
    return {
        {"message_type", "status"},
        {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
        {"documents_done", progress_.documents.load()},
        {"bytes_done", progress_.bytes.load()},
        {"documents_per_second", static_cast<std::uint64_t>(rate())}};
  }

 private:
  double rate() const {
    const double seconds = std::chrono::duration<double>(elapsed()).count();
    return seconds < 0.001 ? 0 : static_cast<double>(progress_.documents.load()) / seconds;
  }

  const DocumentCaptureProgress& progress_;
  Clock& clock_;
  const Nanoseconds began_;
};

Json summary_of(const PointReport& report, Nanoseconds took) {
  const SnapshotSummary summary = report.snapshot.summary.value_or(SnapshotSummary{});
  Json json{{"message_type", "summary"},
            {"dry_run", false},
            {"project", report.point.project},
            {"cut", format_rfc3339(report.point.cut())},
            {"databases", Json::array()},
            {"data_blobs", summary.data_blobs},
            {"tree_blobs", summary.tree_blobs},
            {"data_added", summary.data_added},
            {"data_added_packed", summary.data_added_packed},
            {"total_duration", std::chrono::duration<double>(took).count()}};
  for (const Point::Database& database : report.point.databases) {
    Json groups = Json::array();
    for (const CapturedGroup& group : database.documents.groups) {
      groups.push_back({{"collection", group.collection_id},
                        {"documents", group.documents},
                        {"bytes", group.bytes}});
    }
    json["databases"].push_back({{"database", database.id},
                                 {"documents", database.documents.documents},
                                 {"bytes", database.documents.bytes},
                                 {"reads", database.documents.reads},
                                 {"unknown_fields", database.documents.unknown_fields},
                                 {"groups", std::move(groups)}});
  }
  if (report.id) json["snapshot_id"] = report.id->hex();
  return json;
}

void print_summary(Console& console, const PointReport& report, Nanoseconds took) {
  const SnapshotSummary summary = report.snapshot.summary.value_or(SnapshotSummary{});
  for (const Point::Database& database : report.point.databases) {
    const CapturedDocuments& documents = database.documents;
    console.say(fmt::format("{}: {} in {}, {} in {}, {} read", database.id,
                            counted(documents.documents, "document"),
                            counted(documents.groups.size(), "collection group"),
                            format_size(documents.bytes), format_span(took), documents.reads));
    if (documents.unknown_fields > 0) {
      console.warn(fmt::format("{} that this version does not know; kept as they came",
                               counted(documents.unknown_fields, "field")));
    }
  }
  console.say(fmt::format("added {}, stored as {}", format_size(summary.data_added),
                          format_size(summary.data_added_packed)));
  console.line(fmt::format("point {} saved, exact at {}", report.id->brief(),
                           format_rfc3339(report.point.cut())));
}

// A dry run reads nothing but a count, because what is read is paid for.
Result<ExitCode> estimate(Session& session, FirestoreClient& client) {
  const DocumentCount count = TRY(count_documents(client, session.stop()));
  Console& console = session.console();
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"dry_run", true},
                  {"project", client.database().project},
                  {"cut", format_rfc3339(count.time)},
                  {"databases",
                   {{{"database", client.database().database},
                     {"documents", count.documents},
                     {"reads", count.reads}}}}});
  } else {
    console.line(fmt::format("{} at {}: a point of it takes {}",
                             counted(count.documents, "document"), format_rfc3339(count.time),
                             counted(count.reads, "billed read")));
  }
  return ExitCode::Success;
}

}  // namespace

bool is_source_url(const std::vector<std::string>& targets) {
  if (targets.empty()) return false;
  const std::string& target = targets.front();
  const std::size_t scheme = target.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  if (scheme == 0 || scheme == std::string::npos || target[scheme] != ':') return false;
  struct stat ignored {};
  return target.compare(scheme, 2, ":/") == 0 && ::lstat(target.c_str(), &ignored) != 0;
}

Result<ExitCode> backup_source(Session& session, const BackupOptions& options) {
  Console& console = session.console();
  const DatabaseName database = TRY(read_target(options));
  FirestoreClient::Options connection = TRY(connect_to_database(session, options.connection));
  PointOptions point;
  point.saving = TRY(saving_of(options.saving));
  point.documents.reads_max = options.reads_max;
  point.documents.readers = options.readers;
  point.by = session.identity();
  point.program_version = "firebreak " FIREBREAK_VERSION;
  for (const std::string& list : options.tags) {
    for (std::string& tag : split_tags(list)) {
      if (!tag.empty()) point.tags.push_back(std::move(tag));
    }
  }
  if (options.readers == 0 || options.readers > 100) {
    return error(Code::Invalid, "--readers {}: between 1 and 100", options.readers);
  }
  FirestoreClient client(database, std::move(connection), session.clock());
  console.say(fmt::format("{} from {}", database.url(), client.endpoint()));

  if (options.dry_run) return estimate(session, client);
  const auto opened = TRY(session.open_to_change(LockKind::Shared, false));
  Repository& repository = *opened.repository;
  const std::vector<FoundSnapshot> all =
      TRY(session.load_snapshots_and_index(repository, session.pass_over()));
  TRY(refuse_mixing(all, database.project, origin_of(client)));
  TRY(repository.distrust_unlisted_packs(session.stop()));
  DocumentCaptureProgress progress;
  const ProgressText shown(progress, session.clock());
  Result<PointReport> done = [&] {
    const ProgressDisplay display(
        console, session.clock(), [&] { return shown.text(); }, [&] { return shown.json(); });
    return backup_point(repository, opened.lock.get(), client, point, progress, session.clock(),
                        session.stop());
  }();
  const PointReport report = TRY(std::move(done));
  if (console.is_json()) {
    console.json(summary_of(report, shown.elapsed()));
  } else {
    print_summary(console, report, shown.elapsed());
  }
  return ExitCode::Success;
}

}  // namespace firebreak
