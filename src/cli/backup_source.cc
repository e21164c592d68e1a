#include "cli/backup_source.h"

#include <algorithm>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/auth_connection.h"
#include "cli/bucket_connection.h"
#include "cli/config_connection.h"
#include "cli/database_connection.h"
#include "cli/points.h"
#include "cli/snapshot_options.h"
#include "cli/source_progress.h"
#include "cli/units.h"
#include "point/backup_point.h"

namespace firebreak {
namespace {

constexpr std::string_view kDatabaseScheme = "firestore://";
constexpr std::string_view kBucketScheme = "gs://";
constexpr std::string_view kUsersScheme = "auth://";
constexpr std::string_view kConfigScheme = "config://";

struct Targets {
  std::string project;
  std::optional<DatabaseName> database;
  std::vector<std::string> buckets;
  bool users = false;
  bool config = false;
};

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

// Invalid where other targets are of another project.
Result<void> name_project(Targets& targets, const std::string& project, const std::string& target) {
  if (!targets.project.empty() && targets.project != project) {
    return error(Code::Invalid, "{}: the rest of the point is of the project {}", printable(target),
                 printable(targets.project));
  }
  targets.project = project;
  return {};
}

Result<void> read_target(const std::string& target, Targets& targets) {
  if (target.starts_with(kDatabaseScheme)) {
    if (targets.database) {
      return error(Code::Invalid,
                   "{}: a point has one database yet; back up the others on their own",
                   printable(target));
    }
    targets.database = TRY(parse_database_url(target));
    return name_project(targets, targets.database->project, target);
  }
  if (target.starts_with(kUsersScheme) || target.starts_with(kConfigScheme)) {
    const bool users = target.starts_with(kUsersScheme);
    const std::string project = TRY(users ? parse_users_url(target) : parse_config_url(target));
    if (std::exchange(users ? targets.users : targets.config, true)) {
      return error(Code::Invalid, "{}: named twice", printable(target));
    }
    return name_project(targets, project, target);
  }
  if (target.starts_with(kBucketScheme)) {
    std::string bucket = TRY(parse_bucket_url(target));
    if (std::ranges::find(targets.buckets, bucket) != targets.buckets.end()) {
      return error(Code::Invalid, "{}: named twice", printable(target));
    }
    targets.buckets.push_back(std::move(bucket));
    return {};
  }
  return error(Code::Invalid,
               "{}: a point is made of {}PROJECT/DATABASE, {}BUCKET, {}PROJECT and {}PROJECT; back "
               "up files on their own",
               printable(target), kDatabaseScheme, kBucketScheme, kUsersScheme, kConfigScheme);
}

Result<Targets> read_targets(const BackupOptions& options, const Environment& environment) {
  Targets targets;
  targets.project = options.project;
  for (const std::string& target : options.targets) TRY(read_target(target, targets));
  for (const char* name : {"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"}) {
    if (targets.project.empty()) targets.project = variable(environment, name);
  }
  if (is_project_id(targets.project)) return targets;
  if (targets.project.empty()) {
    return error(Code::Invalid, "{}: a bucket of which project? give --project PROJECT",
                 printable(options.targets.front()));
  }
  return error(Code::Invalid, "--project {}: no id of a project", printable(targets.project));
}

// The clients of what is captured.
struct Sources {
  std::unique_ptr<FirestoreClient> database;
  std::vector<std::unique_ptr<StorageClient>> buckets;
  std::unique_ptr<AuthClient> users;
  std::unique_ptr<ConfigClient> config;

  PointSources of(const std::string& project) const {
    PointSources sources{project, database.get(), {}, users.get(), config.get()};
    for (const auto& bucket : buckets) sources.buckets.push_back(bucket.get());
    return sources;
  }
};

Result<Sources> connect(Session& session, const Targets& targets, const BackupOptions& options) {
  Sources sources;
  Console& console = session.console();
  if (targets.database) {
    FirestoreClient::Options connection = TRY(connect_to_database(session, options.connection));
    sources.database = std::make_unique<FirestoreClient>(*targets.database, std::move(connection),
                                                         session.clock());
    console.say(fmt::format("{} from {}", targets.database->url(), sources.database->endpoint()));
  }
  for (const std::string& bucket : targets.buckets) {
    StorageClient::Options connection = TRY(connect_to_bucket(session));
    sources.buckets.push_back(
        std::make_unique<StorageClient>(bucket, std::move(connection), session.clock()));
    console.say(fmt::format("{} from {}", sources.buckets.back()->url(),
                            sources.buckets.back()->endpoint()));
  }
  if (targets.users) {
    AuthClient::Options connection = TRY(connect_to_users(session));
    sources.users =
        std::make_unique<AuthClient>(targets.project, std::move(connection), session.clock());
    console.say(fmt::format("{} from {}", sources.users->url(), sources.users->endpoint()));
  }
  if (targets.config) {
    ConfigClient::Options connection = TRY(connect_to_config(session));
    sources.config =
        std::make_unique<ConfigClient>(targets.project, std::move(connection), session.clock());
    console.say(fmt::format("{} from {}", sources.config->url(), sources.config->endpoint()));
  }
  return sources;
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
Result<ExitCode> estimate(Session& session, const Sources& sources, const std::string& project) {
  Console& console = session.console();
  Json json{{"message_type", "summary"}, {"dry_run", true}, {"project", project}};
  if (sources.database != nullptr) {
    const DocumentCount count = TRY(count_documents(*sources.database, session.stop()));
    json["cut"] = format_rfc3339(count.time);
    json["databases"] = {{{"database", sources.database->database().database},
                          {"documents", count.documents},
                          {"reads", count.reads}}};
    if (!console.is_json()) {
      console.line(fmt::format("{} at {}: a point of it takes {}",
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
  const Targets targets = TRY(read_targets(options, session.environment()));
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
  const Sources clients = TRY(connect(session, targets, options));
  const PointSources sources = clients.of(targets.project);
  const Origin origin = TRY(origin_of(sources));

  if (options.dry_run) return estimate(session, clients, targets.project);
  const auto opened = TRY(session.open_to_change(LockKind::Shared, false));
  Repository& repository = *opened.repository;
  const std::vector<FoundSnapshot> all =
      TRY(session.load_snapshots_and_index(repository, session.pass_over()));
  TRY(refuse_mixing(all, targets.project, origin));
  TRY(repository.distrust_unlisted_packs(session.stop()));
  if (!sources.buckets.empty() && !options.force) {
    point.earlier = find_earlier(session, repository, all, targets.project);
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
  const bool is_whole = std::ranges::all_of(report.point.buckets, [](const Point::Bucket& bucket) {
    return bucket.objects.uncovered.empty();
  });
  return is_whole ? ExitCode::Success : ExitCode::Incomplete;
}

}  // namespace firebreak
