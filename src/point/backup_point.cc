#include "point/backup_point.h"

#include <unistd.h>

namespace firebreak {

Origin origin_of(const FirestoreClient& client) {
  return client.is_emulator() ? Origin::Emulator : Origin::Google;
}

Result<PointReport> backup_point(Repository& repository, RepositoryLock* lock,
                                 FirestoreClient& client, const PointOptions& options,
                                 DocumentCaptureProgress& progress, Clock& clock,
                                 std::stop_token stop) {
  PointReport report;
  Snapshot& snapshot = report.snapshot;
  SnapshotSummary& summary = snapshot.summary.emplace();
  summary.backup_start = FileTime::from(clock.now());
  BlobSaver saver(repository, options.saving, stop);
  report.point.project = client.database().project;
  report.point.origin = origin_of(client);
  CapturedDocuments documents = TRY(capture_documents(
      client, saver, repository.config().chunker_polynomial, options.documents, progress, stop));
  report.point.databases.push_back({client.database().database, std::move(documents)});
  snapshot.tree = TRY(save_point(saver, report.point));
  TRY(saver.finish());

  summary.backup_end = FileTime::from(clock.now());
  const BlobSaver::Totals totals = saver.totals();
  summary.data_blobs = totals.data_blobs;
  summary.tree_blobs = totals.tree_blobs;
  summary.data_added = totals.added_bytes;
  summary.data_added_packed = totals.stored_bytes;
  summary.total_files_processed = progress.documents;
  summary.total_bytes_processed = progress.bytes;
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
  if (options.skip_if_empty && progress.documents == 0) return report;
  CHECK(lock != nullptr);
  TRY(lock->held(stop));
  report.id = TRY(save_snapshot(repository, snapshot, stop));
  return report;
}

}  // namespace firebreak
