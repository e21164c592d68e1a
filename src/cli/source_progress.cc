#include "cli/source_progress.h"

#include "base/text.h"
#include "cli/units.h"

namespace firebreak {
namespace {

Json to_json(const Point::Database& database) {
  Json groups = Json::array();
  for (const CapturedGroup& group : database.documents.groups) {
    groups.push_back({{"collection", group.collection_id},
                      {"documents", group.documents},
                      {"bytes", group.bytes}});
  }
  return {{"database", database.id},
          {"documents", database.documents.documents},
          {"bytes", database.documents.bytes},
          {"reads", database.documents.reads},
          {"unknown_fields", database.documents.unknown_fields},
          {"groups", std::move(groups)}};
}

Json to_json(const Point::Bucket& bucket) {
  Json uncovered = Json::array();
  for (const UncoveredObject& one : bucket.objects.uncovered) {
    uncovered.push_back({{"name", one.name}, {"reason", one.reason}});
  }
  return {{"bucket", bucket.name},
          {"objects", bucket.objects.count},
          {"bytes", bucket.objects.bytes},
          {"interval", {format_rfc3339(bucket.objects.begin), format_rfc3339(bucket.objects.end)}},
          {"uncovered", std::move(uncovered)}};
}

Json to_json(const CapturedUsers& users) {
  return {{"users", users.count},
          {"with_password", users.with_password},
          {"bytes", users.bytes},
          {"interval", {format_rfc3339(users.begin), format_rfc3339(users.end)}}};
}

Json to_json(const CapturedConfig& config) {
  return {{"items", config.items},
          {"bytes", config.bytes},
          {"interval", {format_rfc3339(config.begin), format_rfc3339(config.end)}}};
}

Json summary_of(const PointReport& report, const PointProgress& progress, Nanoseconds took) {
  const SnapshotSummary summary = report.snapshot.summary.value_or(SnapshotSummary{});
  Json json{{"message_type", "summary"},
            {"dry_run", false},
            {"project", report.point.project},
            {"cut", format_rfc3339(report.point.cut())},
            {"databases", Json::array()},
            {"buckets", Json::array()},
            {"object_bytes_read", progress.objects.bytes_read.load()},
            {"data_blobs", summary.data_blobs},
            {"tree_blobs", summary.tree_blobs},
            {"data_added", summary.data_added},
            {"data_added_packed", summary.data_added_packed},
            {"total_duration", std::chrono::duration<double>(took).count()}};
  for (const auto& database : report.point.databases)
    json["databases"].push_back(to_json(database));
  for (const auto& bucket : report.point.buckets) json["buckets"].push_back(to_json(bucket));
  if (report.point.users) json["auth"] = to_json(*report.point.users);
  if (report.point.config) json["config"] = to_json(*report.point.config);
  for (const Point::Uncovered& one : report.point.uncovered) {
    json["uncovered"].push_back({{"what", one.what}, {"reason", one.reason}});
  }
  if (report.id) json["snapshot_id"] = report.id->hex();
  return json;
}

void print(Console& console, const Point::Database& database) {
  const CapturedDocuments& documents = database.documents;
  console.say(fmt::format("{}: {} in {}, {}, {} read", database.id,
                          counted(documents.documents, "document"),
                          counted(documents.groups.size(), "collection group"),
                          format_size(documents.bytes), documents.reads));
  if (documents.unknown_fields > 0) {
    console.warn(fmt::format("{} that this version does not know; kept as they came",
                             counted(documents.unknown_fields, "field")));
  }
}

void print(Console& console, const Point::Bucket& bucket) {
  const CapturedObjects& objects = bucket.objects;
  console.say(fmt::format("gs://{}: {}, {}, each as it was between {} and {}", bucket.name,
                          counted(objects.count, "object"), format_size(objects.bytes),
                          format_rfc3339(objects.begin), format_rfc3339(objects.end)));
  for (const UncoveredObject& one : objects.uncovered) {
    console.warn(fmt::format("not captured: gs://{}{}{}: {}", bucket.name,
                             one.name.empty() ? "" : "/", printable(one.name), one.reason));
  }
}

void print(Console& console, const CapturedUsers& users) {
  console.say(fmt::format("users: {}, {} with passwords, each as they were between {} and {}",
                          users.count, users.with_password, format_rfc3339(users.begin),
                          format_rfc3339(users.end)));
}

void print(Console& console, const CapturedConfig& config) {
  console.say(fmt::format("configuration: {} settings, as they were at one time between {} and {}",
                          config.items, format_rfc3339(config.begin), format_rfc3339(config.end)));
}

}  // namespace

double SourceProgress::documents_per_second() const {
  const double seconds = std::chrono::duration<double>(elapsed()).count();
  return seconds < 0.001 ? 0 : static_cast<double>(progress_.documents.documents.load()) / seconds;
}

std::string SourceProgress::text() const {
  std::string text = fmt::format("{}  {} documents, {}, {:.0f} documents/s", format_span(elapsed()),
                                 progress_.documents.documents.load(),
                                 format_size(progress_.documents.bytes), documents_per_second());
  if (progress_.objects.objects > 0 || progress_.objects.bytes_read > 0) {
    text += fmt::format(", {} objects, {} read", progress_.objects.objects.load(),
                        format_size(progress_.objects.bytes_read));
  }
  if (progress_.users.users > 0) text += fmt::format(", {} users", progress_.users.users.load());
  return text;
}

Json SourceProgress::json() const {
  return {{"message_type", "status"},
          {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
          {"documents_done", progress_.documents.documents.load()},
          {"bytes_done", progress_.documents.bytes.load()},
          {"documents_per_second", static_cast<std::uint64_t>(documents_per_second())},
          {"objects_done", progress_.objects.objects.load()},
          {"object_bytes_read", progress_.objects.bytes_read.load()},
          {"users_done", progress_.users.users.load()}};
}

void print_summary(Console& console, const PointReport& report, const PointProgress& progress,
                   Nanoseconds took) {
  if (console.is_json()) {
    console.json(summary_of(report, progress, took));
    return;
  }
  const SnapshotSummary summary = report.snapshot.summary.value_or(SnapshotSummary{});
  for (const Point::Database& database : report.point.databases) print(console, database);
  for (const Point::Bucket& bucket : report.point.buckets) print(console, bucket);
  if (report.point.users) print(console, *report.point.users);
  if (report.point.config) print(console, *report.point.config);
  for (const Point::Uncovered& one : report.point.uncovered) {
    console.warn("not captured: " + one.reason, one.what);
  }
  console.say(fmt::format("added {}, stored as {}, in {}", format_size(summary.data_added),
                          format_size(summary.data_added_packed), format_span(took)));
  const bool is_exact = report.point.buckets.empty() && !report.point.users && !report.point.config;
  console.line(fmt::format("point {} saved, {} {}", report.id->brief(),
                           is_exact ? "exact at" : "from", format_rfc3339(report.point.cut())));
}

}  // namespace firebreak
