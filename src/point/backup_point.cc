#include "point/backup_point.h"

#include <unistd.h>

namespace firebreak {

namespace {

Result<void> capture_buckets(Repository& repository, BlobSaver& saver, const PointSources& sources,
                             const PointOptions& options, Point& point,
                             ObjectCaptureProgress& progress, Clock& clock, std::stop_token stop) {
  for (StorageClient* client : sources.buckets) {
    ObjectCaptureOptions capture = options.objects;
    capture.temporary_folder = options.temporary_folder;
    const Point::Bucket* earlier =
        options.earlier ? options.earlier->find_bucket(client->bucket()) : nullptr;
    if (earlier != nullptr) {
      capture.earlier = {earlier->objects.manifest, earlier->objects.objects};
    }
    CapturedObjects objects =
        TRY(capture_objects(*client, repository, saver, capture, progress, clock, stop));
    point.buckets.push_back({client->bucket(), std::move(objects)});
  }
  return {};
}

}  // namespace

Result<Origin> origin_of(const PointSources& sources) {
  bool some_emulated = false;
  bool some_real = false;
  const auto note = [&](bool is_emulator) { (is_emulator ? some_emulated : some_real) = true; };
  for (const FirestoreClient* database : sources.databases) note(database->is_emulator());
  for (const StorageClient* bucket : sources.buckets) note(bucket->is_emulator());
  if (sources.users != nullptr) note(sources.users->is_emulator());
  if (sources.config != nullptr) note(sources.config->is_emulator());
  if (some_emulated && some_real) {
    return error(Code::Invalid,
                 "a point is of real services or of emulators, not of both: set all of "
                 "FIRESTORE_EMULATOR_HOST, STORAGE_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST and "
                 "FIREBREAK_CONFIG_EMULATOR_HOST that it needs, or none");
  }
  return some_emulated ? Origin::Emulator : Origin::Google;
}

Result<PointReport> backup_point(Repository& repository, RepositoryLock* lock,
                                 const PointSources& sources, const PointOptions& options,
                                 PointProgress& progress, Clock& clock, std::stop_token stop) {
  PointReport report;
  Snapshot& snapshot = report.snapshot;
  SnapshotSummary& summary = snapshot.summary.emplace();
  summary.backup_start = FileTime::from(clock.now());
  BlobSaver saver(repository, options.saving, stop);
  report.point.project = sources.project;
  report.point.uncovered = sources.uncovered;
  report.point.origin = TRY(origin_of(sources));
  for (FirestoreClient* database : sources.databases) {
    CapturedDocuments documents =
        TRY(capture_documents(*database, saver, repository.config().chunker_polynomial,
                              options.documents, progress.documents, stop));
    report.point.databases.push_back({database->database().database, std::move(documents)});
  }
  TRY(capture_buckets(repository, saver, sources, options, report.point, progress.objects, clock,
                      stop));
  if (sources.users != nullptr) {
    const CutRule rule(repository.config().chunker_polynomial);
    report.point.users = TRY(capture_users(*sources.users, saver, rule, options.temporary_folder,
                                           progress.users, clock, stop));
  }
  if (sources.config != nullptr) {
    report.point.config = TRY(capture_config(*sources.config, saver, clock, stop));
  }
  snapshot.tree = TRY(save_point(saver, report.point));
  TRY(saver.finish());

  summary.backup_end = FileTime::from(clock.now());
  const BlobSaver::Totals totals = saver.totals();
  summary.data_blobs = totals.data_blobs;
  summary.tree_blobs = totals.tree_blobs;
  summary.data_added = totals.added_bytes;
  summary.data_added_packed = totals.stored_bytes;
  summary.total_files_processed =
      progress.documents.documents + progress.objects.objects + progress.users.users;
  summary.total_bytes_processed =
      progress.documents.bytes + progress.objects.bytes + progress.users.bytes;
  if (report.point.config) {
    summary.total_files_processed += report.point.config->items;
    summary.total_bytes_processed += report.point.config->bytes;
  }
  snapshot.time = FileTime::from(report.point.cut());
  snapshot.paths = {point_path(report.point.project)};
  snapshot.hostname = kPointHost;
  snapshot.username = options.by.username;
  snapshot.uid = getuid();
  snapshot.gid = getgid();
  snapshot.tags = options.tags;
  snapshot.tags.push_back("firebreak");
  if (report.point.origin == Origin::Emulator) snapshot.tags.push_back("emulator");
  snapshot.program_version = options.program_version;
  if (options.saving.dry_run) return report;
  if (options.skip_if_empty && summary.total_files_processed == 0) return report;
  CHECK(lock != nullptr);
  TRY(lock->held(stop));
  report.id = TRY(save_snapshot(repository, snapshot, stop));
  return report;
}

}  // namespace firebreak
