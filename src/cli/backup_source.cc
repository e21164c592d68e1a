#include "cli/backup_source.h"

#include <algorithm>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/points.h"
#include "cli/project_sources.h"
#include "cli/snapshot_options.h"
#include "cli/source_progress.h"
#include "cli/units.h"

namespace firebreak {
namespace {

Result<void> refuse_file_options(const BackupOptions& options) {
  BackupOptions permitted;
  permitted.targets = options.targets;
  permitted.tags = options.tags;
  permitted.dry_run = options.dry_run;
  permitted.force = options.force;
  permitted.saving = options.saving;
  permitted.reads_max = options.reads_max;
  permitted.readers = options.readers;
  permitted.project = options.project;
  permitted.live_only = options.live_only;
  permitted.connection = options.connection;
  if (options == permitted) return {};
  return error(Code::Invalid,
               "{}: options that choose or compare files go with files; for a project there are "
               "--project, --tag, --dry-run, --force, --live-only, --max-reads, --readers, "
               "--compression and --pack-size",
               printable(options.targets.front()));
}

// The newest point of the project that can be read.
std::optional<Point> find_earlier(Session& session, const Repository& repository,
                                  const std::vector<FoundSnapshot>& all,
                                  const std::string& project) {
  const std::vector<std::string> paths{point_path(project)};
  for (auto found = all.rbegin(); found != all.rend(); ++found) {
    if (found->snapshot.hostname != kPointHost || found->snapshot.paths != paths) continue;
    Result<Point> point = load_point(repository, found->snapshot.tree, session.stop());
    if (point.ok()) return std::move(point).value();
    session.console().warn(fmt::format("snapshot {}: {}; what it has is read again",
                                       found->id.brief(), point.error().message()));
  }
  return std::nullopt;
}

// A dry run reads no document and no object, because what is read is paid for.
Result<ExitCode> estimate(Session& session, const ProjectSources& sources,
                          const std::string& project) {
  Console& console = session.console();
  Json json{{"message_type", "summary"}, {"dry_run", true}, {"project", project}};
  for (const auto& database : sources.databases) {
    const DocumentCount count = TRY(count_documents(*database, session.stop()));
    if (!json.contains("cut")) json["cut"] = format_rfc3339(count.time);
    json["databases"].push_back({{"database", database->database().database},
                                 {"documents", count.documents},
                                 {"reads", count.reads}});
    if (!console.is_json()) {
      console.line(fmt::format("{}: {} at {}: a point of it takes {}", database->database().url(),
                               counted(count.documents, "document"), format_rfc3339(count.time),
                               counted(count.reads, "billed read")));
    }
  }
  for (const auto& bucket : sources.buckets) {
    const ObjectCount count = TRY(count_objects(*bucket, session.stop()));
    json["buckets"].push_back(
        {{"bucket", bucket->bucket()}, {"objects", count.objects}, {"bytes", count.bytes}});
    if (!console.is_json()) {
      console.line(fmt::format("{}: {}, {}", bucket->url(), counted(count.objects, "object"),
                               format_size(count.bytes)));
    }
  }
  if (sources.users != nullptr) {
    const std::uint64_t count = TRY(sources.users->count("", session.stop()));
    json["users"] = {{"count", count}};
    if (!console.is_json()) {
      console.line(fmt::format("{}: {}, and those of tenants", sources.users->url(),
                               counted(count, "user")));
    }
  }
  if (console.is_json()) console.json(json);
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
  TRY(refuse_file_options(options));
  SourceNames names =
      TRY(read_source_urls(options.targets, options.project, session.environment()));
  if (options.readers == 0 || options.readers > 100) {
    return error(Code::Invalid, "--readers {}: between 1 and 100", options.readers);
  }
  PointOptions point;
  point.saving = TRY(saving_of(options.saving));
  point.saving.verify_present = options.force;
  point.documents.reads_max = options.reads_max;
  point.documents.readers = options.readers;
  point.objects.readers = options.readers;
  point.objects.live_only = options.live_only;
  point.temporary_folder = TRY(session.temporary_folder());
  point.by = session.identity();
  point.program_version = "firebreak " FIREBREAK_VERSION;
  for (const std::string& list : options.tags) {
    for (std::string& tag : split_tags(list)) {
      if (!tag.empty()) point.tags.push_back(std::move(tag));
    }
  }
  if (names.everything) TRY(find_everything(session, names));
  const ProjectSources clients = TRY(connect_to_sources(session, names, options.connection));
  const PointSources sources = clients.of(names);
  const Origin origin = TRY(origin_of(sources));

  if (options.dry_run) return estimate(session, clients, names.project);
  const auto opened = TRY(session.open_to_change(LockKind::Shared, false));
  Repository& repository = *opened.repository;
  const std::vector<FoundSnapshot> all =
      TRY(session.load_snapshots_and_index(repository, session.pass_over()));
  TRY(refuse_mixing(all, names.project, origin));
  TRY(repository.distrust_unlisted_packs(session.stop()));
  if (!sources.buckets.empty() && !options.force) {
    point.earlier = find_earlier(session, repository, all, names.project);
  }
  PointProgress progress;
  const SourceProgress shown(progress, session.clock());
  Result<PointReport> done = [&] {
    const ProgressDisplay display(
        console, session.clock(), [&] { return shown.text(); }, [&] { return shown.json(); });
    return backup_point(repository, opened.lock.get(), sources, point, progress, session.clock(),
                        session.stop());
  }();
  const PointReport report = TRY(std::move(done));
  print_summary(console, report, progress, shown.elapsed());
  const bool has_all_objects = std::ranges::all_of(
      report.point.buckets,
      [](const Point::Bucket& bucket) { return bucket.objects.uncovered.empty(); });
  const bool is_whole = has_all_objects && report.point.uncovered.empty();
  return is_whole ? ExitCode::Success : ExitCode::Incomplete;
}

}  // namespace firebreak
