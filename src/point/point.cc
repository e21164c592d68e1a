#include "point/point.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "base/text.h"
#include "net/google_json.h"
#include "point/cut_rule.h"
#include "point/folder.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr std::string_view kPointFile = "point.json";
constexpr char kUsersPath[] = "auth/users";
constexpr std::string_view kUserConfigPath = "auth/config.json";
constexpr char kConfigPath[] = "config";
constexpr std::size_t kPointBytesMax = 64 << 20;
// What docs/formats/key-tree.md calls the mean and the moduli, for readers of another day.
constexpr int kCutAlgorithm = 1;

std::string_view name(Origin origin) {
  return origin == Origin::Google ? "google" : "emulator";
}

Json to_json(const Point::Database& database) {
  const CapturedDocuments& documents = database.documents;
  Json groups = Json::array();
  for (const CapturedGroup& group : documents.groups) {
    groups.push_back({{"collection", group.collection_id},
                      {"documents", group.documents},
                      {"bytes", group.bytes}});
  }
  return {{"path", fmt::format("firestore/{}/base", database.id)},
          {"database", database.id},
          {"tree", documents.base.hex()},
          {"cut", {{"exact", format_rfc3339(documents.time)}}},
          {"documents", documents.documents},
          {"bytes", documents.bytes},
          {"counted", documents.counted ? Json(*documents.counted) : Json()},
          {"unknown_fields", documents.unknown_fields},
          {"groups", std::move(groups)}};
}

Json to_json(const Point::Bucket& bucket) {
  const CapturedObjects& objects = bucket.objects;
  Json uncovered = Json::array();
  for (const UncoveredObject& one : objects.uncovered) {
    uncovered.push_back({{"name", one.name}, {"reason", one.reason}});
  }
  return {{"path", fmt::format("storage/{}/manifest", bucket.name)},
          {"bucket", bucket.name},
          {"tree", objects.manifest.hex()},
          {"files", objects.objects.hex()},
          {"cut", {{"interval", {format_rfc3339(objects.begin), format_rfc3339(objects.end)}}}},
          {"objects", objects.count},
          {"bytes", objects.bytes},
          {"uncovered", std::move(uncovered)}};
}

Json to_json(const CapturedUsers& users) {
  return {{"path", kUsersPath},
          {"tree", users.users.hex()},
          {"cut", {{"interval", {format_rfc3339(users.begin), format_rfc3339(users.end)}}}},
          {"users", users.count},
          {"with_password", users.with_password},
          {"bytes", users.bytes}};
}

Json to_json(const CapturedConfig& config) {
  return {{"path", kConfigPath},
          {"tree", config.folder.hex()},
          {"cut", {{"interval", {format_rfc3339(config.begin), format_rfc3339(config.end)}}}},
          {"items", config.items},
          {"bytes", config.bytes}};
}

Error broken(std::string_view why) {
  return error(Code::Corrupt, "{}: {}", kPointFile, why);
}

Result<FirestoreTime> parse_time(const Json& text) {
  const FileTime time = TRY(parse_rfc3339(text.get<std::string>()));
  return FirestoreTime(std::chrono::floor<std::chrono::microseconds>(
      time.seconds + std::chrono::nanoseconds(time.nanoseconds)));
}

// Throws where the JSON has another form.
Result<Point::Database> parse_database(const Json& part) {
  Point::Database database;
  database.id = part.at("database").get<std::string>();
  CapturedDocuments& documents = database.documents;
  documents.base = TRY(BlobId::parse(part.at("tree").get<std::string>()));
  documents.time = TRY(parse_time(part.at("cut").at("exact")));
  documents.documents = part.at("documents").get<std::uint64_t>();
  documents.bytes = part.at("bytes").get<std::uint64_t>();
  const auto counted = part.find("counted");
  if (counted != part.end() && counted->is_number_unsigned()) {
    documents.counted = counted->get<std::uint64_t>();
  }
  documents.unknown_fields = part.at("unknown_fields").get<std::uint64_t>();
  for (const Json& group : part.at("groups")) {
    documents.groups.push_back({group.at("collection").get<std::string>(),
                                group.at("documents").get<std::uint64_t>(),
                                group.at("bytes").get<std::uint64_t>()});
  }
  return database;
}

// As parse_database().
Result<Point::Bucket> parse_bucket(const Json& part) {
  Point::Bucket bucket;
  bucket.name = part.at("bucket").get<std::string>();
  CapturedObjects& objects = bucket.objects;
  objects.manifest = TRY(BlobId::parse(part.at("tree").get<std::string>()));
  objects.objects = TRY(BlobId::parse(part.at("files").get<std::string>()));
  const Json& interval = part.at("cut").at("interval");
  objects.begin = TRY(parse_time(interval.at(0)));
  objects.end = TRY(parse_time(interval.at(1)));
  objects.count = part.at("objects").get<std::uint64_t>();
  objects.bytes = part.at("bytes").get<std::uint64_t>();
  for (const Json& one : part.at("uncovered")) {
    objects.uncovered.push_back(
        {one.at("name").get<std::string>(), one.at("reason").get<std::string>()});
  }
  return bucket;
}

// As parse_database().
Result<CapturedUsers> parse_users(const Json& part) {
  CapturedUsers users;
  users.users = TRY(BlobId::parse(part.at("tree").get<std::string>()));
  const Json& interval = part.at("cut").at("interval");
  users.begin = TRY(parse_time(interval.at(0)));
  users.end = TRY(parse_time(interval.at(1)));
  users.count = part.at("users").get<std::uint64_t>();
  users.with_password = part.at("with_password").get<std::uint64_t>();
  users.bytes = part.at("bytes").get<std::uint64_t>();
  return users;
}

// As parse_database().
Result<CapturedConfig> parse_config(const Json& part) {
  CapturedConfig config;
  config.folder = TRY(BlobId::parse(part.at("tree").get<std::string>()));
  const Json& interval = part.at("cut").at("interval");
  config.begin = TRY(parse_time(interval.at(0)));
  config.end = TRY(parse_time(interval.at(1)));
  config.items = part.at("items").get<std::uint64_t>();
  config.bytes = part.at("bytes").get<std::uint64_t>();
  return config;
}

Result<Point> parse_point(ByteView text) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  if (!json.is_object()) return broken("no JSON object");
  try {
    if (json.at("format").get<int>() != kFormat) return broken("of a newer format");
    Point point;
    point.project = json.at("project").get<std::string>();
    const auto origin = json.at("origin").get<std::string>();
    if (origin != name(Origin::Google) && origin != name(Origin::Emulator)) {
      return broken("of no known origin");
    }
    point.origin = origin == name(Origin::Google) ? Origin::Google : Origin::Emulator;
    for (const Json& part : json.at("parts")) {
      if (part.contains("bucket")) {
        Point::Bucket bucket = TRY(parse_bucket(part).context("{}", kPointFile));
        point.buckets.push_back(std::move(bucket));
      } else if (part.contains("users")) {
        point.users = TRY(parse_users(part).context("{}", kPointFile));
      } else if (part.at("path") == kConfigPath) {
        point.config = TRY(parse_config(part).context("{}", kPointFile));
      } else {
        Point::Database database = TRY(parse_database(part).context("{}", kPointFile));
        point.databases.push_back(std::move(database));
      }
    }
    return point;
  } catch (const Json::exception& problem) {
    return broken(printable(problem.what()));
  }
}

Result<Node> save_database(BlobSaver& saver, const Point::Database& database) {
  const Json about{
      {"database", database.id},
      {"cut",
       {{"alg", kCutAlgorithm}, {"T", kLeafBytesMean}, {"file", 16}, {"dir", 32}, {"up", 64}}}};
  Node file = TRY(save_file(saver, "database.json", as_bytes(about.dump() + "\n")));
  const BlobId tree =
      TRY(save_folder(saver, {std::move(file), folder_node("base", database.documents.base)}));
  return folder_node(database.id, tree);
}

Result<Node> save_bucket(BlobSaver& saver, const Point::Bucket& bucket) {
  const CapturedObjects& objects = bucket.objects;
  Node file = TRY(save_file(saver, "bucket.json", as_bytes(objects.description)));
  const BlobId tree =
      TRY(save_folder(saver, {std::move(file), folder_node("manifest", objects.manifest),
                              folder_node("objects", objects.objects)}));
  return folder_node(bucket.name, tree);
}

// Corrupt unless the point's folders are those that point.json names.
Result<void> compare_tree(const Repository& repository, const BlobId& project,
                          const std::string& path, const BlobId& tree, std::stop_token stop) {
  const Node found = TRY(find_entry(repository, project, path, std::move(stop)));
  if (found.subtree != tree) return broken(path + " is another");
  return {};
}

// The folder of the one project that a snapshot is of.
Result<Node> find_project(const Repository& repository, const BlobId& root, std::stop_token stop) {
  const Tree top = TRY(load_tree(repository, root, stop));
  const Node* firebase = top.find("firebase");
  if (firebase == nullptr || !firebase->subtree) {
    return error(Code::Invalid, "it holds files, and no Firebase project");
  }
  Tree projects = TRY(load_tree(repository, *firebase->subtree, std::move(stop)));
  if (projects.nodes.size() != 1 || !projects.nodes.front().subtree) {
    return broken("not one project");
  }
  return std::move(projects.nodes.front());
}

Result<Bytes> load_file(const Repository& repository, const BlobId& folder, const std::string& path,
                        std::stop_token stop) {
  const Node file = TRY(find_entry(repository, folder, path, stop));
  if (!file.content || file.size > kPointBytesMax) {
    return error(Code::Corrupt, "{}: no file of a point", path);
  }
  Bytes text;
  for (const BlobId& id : *file.content) {
    const Bytes blob = TRY(repository.load_blob(BlobType::Data, id, {}, stop));
    append(text, blob);
  }
  return text;
}

// A JSON object in the project's folder.
Result<nlohmann::json> load_json(const Repository& repository, const BlobId& root,
                                 const std::string& path, std::stop_token stop) {
  const Node project = TRY(find_project(repository, root, stop));
  const Bytes text = TRY(load_file(repository, *project.subtree, path, std::move(stop)));
  nlohmann::json json = parse_json(text);
  if (json.is_object()) return json;
  return error(Code::Corrupt, "{}: no JSON object", path);
}

}  // namespace

std::string point_path(std::string_view project) {
  return fmt::format("/firebase/{}", project);
}

std::string format_rfc3339(FirestoreTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return format_rfc3339(FileTime{
      seconds, static_cast<std::uint32_t>(std::chrono::nanoseconds(time - seconds).count())});
}

const Point::Database* Point::find(std::string_view database) const {
  const auto found = std::ranges::find(databases, database, &Database::id);
  return found == databases.end() ? nullptr : &*found;
}

const Point::Bucket* Point::find_bucket(std::string_view name) const {
  const auto found = std::ranges::find(buckets, name, &Bucket::name);
  return found == buckets.end() ? nullptr : &*found;
}

FirestoreTime Point::cut() const {
  FirestoreTime earliest = FirestoreTime::max();
  for (const Database& database : databases) {
    earliest = std::min(earliest, database.documents.time);
  }
  for (const Bucket& bucket : buckets) earliest = std::min(earliest, bucket.objects.begin);
  if (users) earliest = std::min(earliest, users->begin);
  if (config) earliest = std::min(earliest, config->begin);
  return earliest;
}

Result<BlobId> save_point(BlobSaver& saver, const Point& point) {
  Json about{{"format", kFormat},
             {"project", point.project},
             {"origin", name(point.origin)},
             {"cut", format_rfc3339(point.cut())},
             {"parts", Json::array()},
             {"uncovered", Json::array()}};
  for (const Point::Uncovered& one : point.uncovered) {
    about["uncovered"].push_back({{"what", one.what}, {"reason", one.reason}});
  }
  std::vector<Node> databases;
  for (const Point::Database& database : point.databases) {
    about["parts"].push_back(to_json(database));
    Node folder = TRY(save_database(saver, database));
    databases.push_back(std::move(folder));
  }
  std::vector<Node> buckets;
  for (const Point::Bucket& bucket : point.buckets) {
    about["parts"].push_back(to_json(bucket));
    Node folder = TRY(save_bucket(saver, bucket));
    buckets.push_back(std::move(folder));
  }
  std::vector<Node> services;
  if (!databases.empty()) {
    const BlobId tree = TRY(save_folder(saver, std::move(databases)));
    services.push_back(folder_node("firestore", tree));
  }
  if (!buckets.empty()) {
    const BlobId tree = TRY(save_folder(saver, std::move(buckets)));
    services.push_back(folder_node("storage", tree));
  }
  if (point.users) {
    about["parts"].push_back(to_json(*point.users));
    Node config = TRY(save_file(saver, "config.json", as_bytes(point.users->config)));
    const BlobId tree =
        TRY(save_folder(saver, {std::move(config), folder_node("users", point.users->users)}));
    services.push_back(folder_node("auth", tree));
  }
  if (point.config) {
    about["parts"].push_back(to_json(*point.config));
    services.push_back(folder_node(kConfigPath, point.config->folder));
  }
  Node file = TRY(save_file(saver, std::string(kPointFile), as_bytes(about.dump(2) + "\n")));
  services.push_back(std::move(file));
  const BlobId project = TRY(save_folder(saver, std::move(services)));
  const BlobId projects = TRY(save_folder(saver, {folder_node(point.project, project)}));
  return save_folder(saver, {folder_node("firebase", projects)});
}

Result<Point> load_point(const Repository& repository, const BlobId& root, std::stop_token stop) {
  const Node project = TRY(find_project(repository, root, stop));
  const BlobId& folder = *project.subtree;
  const Bytes text = TRY(load_file(repository, folder, std::string(kPointFile), stop));
  Point point = TRY(parse_point(text));
  if (point.project != project.name) return broken("of another project");
  for (const Point::Database& database : point.databases) {
    TRY(compare_tree(repository, folder, fmt::format("firestore/{}/base", database.id),
                     database.documents.base, stop));
  }
  for (const Point::Bucket& bucket : point.buckets) {
    const std::string path = "storage/" + bucket.name;
    TRY(compare_tree(repository, folder, path + "/manifest", bucket.objects.manifest, stop));
    TRY(compare_tree(repository, folder, path + "/objects", bucket.objects.objects, stop));
  }
  if (point.users) TRY(compare_tree(repository, folder, kUsersPath, point.users->users, stop));
  if (point.config) TRY(compare_tree(repository, folder, kConfigPath, point.config->folder, stop));
  return point;
}

Result<nlohmann::json> load_user_config(const Repository& repository, const BlobId& root,
                                        std::stop_token stop) {
  return load_json(repository, root, std::string(kUserConfigPath), std::move(stop));
}

Result<nlohmann::json> load_config(const Repository& repository, const BlobId& root,
                                   std::stop_token stop) {
  const std::string path = fmt::format("{}/{}", kConfigPath, kConfigFile);
  return load_json(repository, root, path, std::move(stop));
}

}  // namespace firebreak
