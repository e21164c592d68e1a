#include "cli/project_sources.h"

#include <algorithm>

#include "base/text.h"
#include "cli/auth_connection.h"
#include "cli/bucket_connection.h"
#include "cli/config_connection.h"
#include "net/google_json.h"

namespace firebreak {
namespace {

constexpr std::string_view kProjectScheme = "firebase://";
constexpr std::string_view kDatabaseScheme = "firestore://";
constexpr std::string_view kBucketScheme = "gs://";
constexpr std::string_view kUsersScheme = "auth://";
constexpr std::string_view kConfigScheme = "config://";

// Invalid where other sources are of another project.
Result<void> name_project(SourceNames& names, const std::string& project, const std::string& url) {
  if (!names.project.empty() && names.project != project) {
    return error(Code::Invalid, "{}: the rest of the point is of the project {}", printable(url),
                 printable(names.project));
  }
  names.project = project;
  return {};
}

Error named_twice(const std::string& url) {
  return error(Code::Invalid, "{}: named twice", printable(url));
}

Result<std::string> parse_project_url(const std::string& url) {
  std::string project = url.substr(kProjectScheme.size());
  if (project.ends_with('/')) project.pop_back();
  if (is_project_id(project)) return project;
  return error(Code::Invalid, "{}: all of a project is written {}PROJECT", printable(url),
               kProjectScheme);
}

Result<void> read_url(const std::string& url, SourceNames& names) {
  if (url.starts_with(kProjectScheme)) {
    const std::string project = TRY(parse_project_url(url));
    if (std::exchange(names.everything, true)) return named_twice(url);
    return name_project(names, project, url);
  }
  if (url.starts_with(kDatabaseScheme)) {
    DatabaseName database = TRY(parse_database_url(url));
    if (std::ranges::find(names.databases, database) != names.databases.end()) {
      return named_twice(url);
    }
    names.databases.push_back(std::move(database));
    return name_project(names, names.databases.back().project, url);
  }
  if (url.starts_with(kUsersScheme) || url.starts_with(kConfigScheme)) {
    const bool users = url.starts_with(kUsersScheme);
    const std::string project = TRY(users ? parse_users_url(url) : parse_config_url(url));
    if (std::exchange(users ? names.users : names.config, true)) return named_twice(url);
    return name_project(names, project, url);
  }
  if (url.starts_with(kBucketScheme)) {
    std::string bucket = TRY(parse_bucket_url(url));
    if (std::ranges::find(names.buckets, bucket) != names.buckets.end()) return named_twice(url);
    names.buckets.push_back(std::move(bucket));
    return {};
  }
  return error(
      Code::Invalid,
      "{}: a point is made of {}PROJECT, or of {}PROJECT/DATABASE, {}BUCKET, {}PROJECT and "
      "{}PROJECT; back up files on their own",
      printable(url), kProjectScheme, kDatabaseScheme, kBucketScheme, kUsersScheme, kConfigScheme);
}

bool is_set(const Session& session, const char* name) {
  return !variable(session.environment(), name).empty();
}

// Those of the Datastore mode have no documents that could be read as such.
Result<void> find_databases(Session& session, SourceNames& names) {
  ConfigClient client(names.project, TRY(connect_to_config(session)), session.clock());
  for (const nlohmann::json& database : TRY(client.list_databases(session.stop()))) {
    const std::string name = text_at(database, "name");
    const DatabaseName found{names.project, name.substr(name.rfind('/') + 1)};
    const std::string type = text_at(database, "type");
    if (type == "FIRESTORE_NATIVE") {
      names.databases.push_back(found);
    } else {
      names.uncovered.push_back({found.url(), fmt::format("of the type {}", printable(type))});
    }
  }
  return {};
}

}  // namespace

Result<SourceNames> read_source_urls(const std::vector<std::string>& urls,
                                     const std::string& project, const Environment& environment) {
  SourceNames names;
  names.project = project;
  for (const std::string& url : urls) TRY(read_url(url, names));
  if (names.everything && urls.size() > 1) {
    return error(Code::Invalid, "{}{} is all of it: name nothing beside it", kProjectScheme,
                 names.project);
  }
  for (const char* name : {"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"}) {
    if (names.project.empty()) names.project = variable(environment, name);
  }
  if (is_project_id(names.project)) return names;
  if (names.project.empty()) {
    return error(Code::Invalid, "{}: a bucket of which project? give --project PROJECT",
                 printable(urls.front()));
  }
  return error(Code::Invalid, "--project {}: no id of a project", printable(names.project));
}

Result<void> find_everything(Session& session, SourceNames& names) {
  const bool documents = is_set(session, kFirestoreEmulator);
  const bool objects = is_set(session, kStorageEmulator);
  const bool users = is_set(session, kAuthEmulator);
  const bool config = is_set(session, kConfigEmulator);
  const bool is_google = !documents && !objects && !users && !config;
  if (is_google || (documents && config)) {
    TRY(find_databases(session, names));
  } else if (documents) {
    names.databases.push_back({names.project, "(default)"});
  }
  if (is_google || objects) {
    names.buckets = TRY(list_buckets(names.project, TRY(connect_to_bucket(session)),
                                     session.clock(), session.stop()));
  }
  names.users = is_google || users;
  names.config = is_google || config;
  for (const auto& [is_there, what] :
       {std::pair{documents, kFirestoreEmulator}, std::pair{objects, kStorageEmulator},
        std::pair{users, kAuthEmulator}, std::pair{config, kConfigEmulator}}) {
    if (is_google || is_there) continue;
    session.console().say(
        fmt::format("not in the point: what {} would name, which is not set", what));
  }
  return {};
}

PointSources ProjectSources::of(const SourceNames& names) const {
  PointSources sources;
  sources.project = names.project;
  sources.uncovered = names.uncovered;
  for (const auto& database : databases) sources.databases.push_back(database.get());
  for (const auto& bucket : buckets) sources.buckets.push_back(bucket.get());
  sources.users = users.get();
  sources.config = config.get();
  return sources;
}

Result<ProjectSources> connect_to_sources(Session& session, const SourceNames& names,
                                          const ConnectionOptions& connection) {
  ProjectSources sources;
  const auto say = [&](const auto& client, const std::string& url) {
    session.console().say(fmt::format("{} from {}", url, client.endpoint()));
  };
  for (const DatabaseName& database : names.databases) {
    sources.databases.push_back(std::make_unique<FirestoreClient>(
        database, TRY(connect_to_database(session, connection)), session.clock()));
    say(*sources.databases.back(), database.url());
  }
  for (const std::string& bucket : names.buckets) {
    sources.buckets.push_back(
        std::make_unique<StorageClient>(bucket, TRY(connect_to_bucket(session)), session.clock()));
    say(*sources.buckets.back(), sources.buckets.back()->url());
  }
  if (names.users) {
    sources.users = std::make_unique<AuthClient>(names.project, TRY(connect_to_users(session)),
                                                 session.clock());
    say(*sources.users, sources.users->url());
  }
  if (names.config) {
    sources.config = std::make_unique<ConfigClient>(names.project, TRY(connect_to_config(session)),
                                                    session.clock());
    say(*sources.config, sources.config->url());
  }
  return sources;
}

}  // namespace firebreak
