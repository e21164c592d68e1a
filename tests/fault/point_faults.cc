// Capture and restore of a database by way of a repository that has every fault at every call.
// After each: what was reported saved is a point that holds every document, no point is there with
// holes, a restore that said it was done has made the database equal, and one that did not has
// written nothing else than the point has; done again, both succeed.
#include <cstdlib>
#include <filesystem>

#include "backend/memory.h"
#include "fault/every_fault.h"
#include "fault/workload.h"
#include "firestore/document_key.h"
#include "point/backup_point.h"
#include "point/document_restore.h"
#include "snapshot/snapshot.h"
#include "standby/firestore_server.h"

namespace firebreak {
namespace {

constexpr std::chrono::seconds kTimeMax{30};
const DatabaseName kSource{"source", "(default)"};
const DatabaseName kTarget{"target", "(default)"};

using Contents = std::map<std::string, std::string>;  // fields by key

class PointFaults : public testing::Test {
 protected:
  PointFaults() {
    std::string pattern = testing::TempDir() + "point_faults-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    store_ = *Store::open(folder_ + "/store", {}, system_clock());
    server_ = *FirestoreServer::start(*store_, 0);
    source_ = connect(kSource);
    target_ = connect(kTarget);
    write_source();
    CHECK(make_repository(empty_, clock_).ok());
    files_ = empty_.files();
    MemoryBackend backend;
    backend.set_files(files_);
    CHECK(capture(backend).ok());
    captured_files_ = backend.files();
  }
  ~PointFaults() override {
    server_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<FirestoreClient> connect(const DatabaseName& name) {
    FirestoreClient::Options options;
    options.address = server_->address();
    return std::make_unique<FirestoreClient>(name, std::move(options), clock_);
  }

  void write_source() {
    api::CommitRequest request;
    request.set_database(kSource.resource());
    for (int number = 0; number < 300; ++number) {
      api::Document& document = *request.add_writes()->mutable_update();
      document.set_name(fmt::format("{}/c{}/d{}", kSource.documents(), number % 7, number));
      auto& fields = *document.mutable_fields();
      fields["text"].set_string_value(std::string(static_cast<std::size_t>(number) * 7, 't'));
      fields["of"].set_reference_value(fmt::format("{}/c/d", kSource.documents()));
    }
    CHECK(store_->commit(request).ok());
    contents_ = contents_of(kSource);
    CHECK(contents_.size() == 300);
  }

  Contents contents_of(const DatabaseName& name) {
    Contents contents;
    Documents::Cursor documents = store_->documents().documents(name.resource(), store_->now());
    CHECK(documents.seek("").ok());
    while (!documents.is_at_end()) {
      contents[std::string(documents.key())] = fields_of(documents.record());
      CHECK(documents.next().ok());
    }
    return contents;
  }
  static std::string fields_of(ByteView record) {
    const Result<RecordView> view = RecordView::parse(record);
    CHECK(view.ok());
    return to_text(view->fields());
  }

  Result<std::unique_ptr<Repository>> open(Backend& backend) {
    std::filesystem::remove_all(folder_ + "/cache");
    auto repository = TRY(Repository::open(backend, kPassword, "", folder_ + "/cache", {}));
    TRY(repository->load_index(OnBroken::Fail, {}));
    return repository;
  }

  Result<SnapshotId> capture(Backend& backend) {
    const auto repository = TRY(open(backend));
    const RepositoryLock::Options options{
        LockKind::Shared, {"me", "here"}, 2, Nanoseconds(0), false};
    const auto lock =
        TRY(RepositoryLock::acquire(backend, repository->sealer(), options, clock_, {}));
    TRY(repository->distrust_unlisted_packs({}));
    PointOptions point;
    point.documents.readers = 1;
    PointProgress progress;
    const PointSources sources{source_->database().project, {source_.get()}};
    const PointReport report =
        TRY(backup_point(*repository, lock.get(), sources, point, progress, clock_, {}));
    return *report.id;
  }

  // The newest point of the repository.
  Result<Point::Database> newest(const Repository& repository) {
    const std::vector<FoundSnapshot> all = TRY(load_snapshots(repository, {}));
    if (all.empty()) return error(Code::NotFound, "no point");
    const Point point = TRY(load_point(repository, all.back().snapshot.tree, {}));
    return point.databases.at(0);
  }

  Result<void> restore(Backend& backend) {
    const auto repository = TRY(open(backend));
    const Point::Database database = TRY(newest(*repository));
    std::vector<std::string> ids;
    for (const CapturedGroup& group : database.documents.groups) ids.push_back(group.collection_id);
    const DocumentTree documents(*repository, database.documents.base);
    DocumentRestoreOptions options;
    options.mode = RestoreMode::Exact;
    options.workers = 1;
    ProjectRestoreProgress progress;
    return restore_documents(documents, ids, *target_, options, progress, clock_, {});
  }

  // Every point that is listed is whole. How many there are.
  std::size_t expect_whole(Backend& backend) {
    const Result<std::unique_ptr<Repository>> repository = open(backend);
    EXPECT_TRUE(repository.ok());
    if (!repository.ok()) return 0;
    const auto all = load_snapshots(**repository, {});
    EXPECT_TRUE(all.ok());
    for (const FoundSnapshot& found : *all) {
      const Result<Point> point = load_point(**repository, found.snapshot.tree, {});
      EXPECT_TRUE(point.ok()) << point.error().message();
      if (!point.ok()) continue;
      const DocumentTree documents(**repository, point->databases.at(0).documents.base);
      DocumentTree::Cursor cursor = documents.documents();
      Contents contents;
      Result<void> moved = cursor.seek("");
      while (moved.ok() && !cursor.is_at_end()) {
        contents[std::string(cursor.key())] = fields_of(cursor.record());
        moved = cursor.next();
      }
      EXPECT_TRUE(moved.ok());
      EXPECT_EQ(contents, contents_);
    }
    return all->size();
  }

  bool run_capture(const FaultRule& rule) {
    SCOPED_TRACE(described(rule));
    MemoryBackend store;
    store.set_files(files_);
    FaultyBackend backend(store, clock_, 1);
    backend.set_plan({rule});
    const Result<SnapshotId> captured = capture(backend);
    if (backend.faults() == 0) return false;
    // A store that says ok and keeps half lies; reading says so, and is tested elsewhere.
    if (rule.fault == Fault::ShortSave) return true;
    const std::size_t before = expect_whole(store);
    EXPECT_TRUE(!captured.ok() || before == 1);
    EXPECT_TRUE(unlock_all(store, folder_ + "/cache").ok());
    const Result<SnapshotId> again = capture(store);
    EXPECT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(expect_whole(store), before + 1);
    return true;
  }

  bool run_restore(const FaultRule& rule) {
    SCOPED_TRACE(described(rule));
    // Something to make, to change and to delete.
    api::CommitRequest request;
    request.set_database(kTarget.resource());
    for (const auto& [key, fields] : contents_of(kTarget)) {
      request.add_writes()->set_delete_(
          fmt::format("{}/{}", kTarget.documents(), decode_document_key(key)->path));
    }
    for (const char* path : {"c1/d1", "c2/d2", "extra/one"}) {
      request.add_writes()->mutable_update()->set_name(
          fmt::format("{}/{}", kTarget.documents(), path));
    }
    CHECK(store_->commit(request).ok());

    MemoryBackend store;
    store.set_files(captured_files_);
    FaultyBackend backend(store, clock_, 1);
    backend.set_plan({rule});
    const Result<void> restored = restore(backend);
    if (backend.faults() == 0) return false;
    const Contents now = contents_of(kTarget);
    if (restored.ok()) {
      EXPECT_EQ(now, contents_);
    }
    for (const auto& [key, fields] : now) {
      const auto wanted = contents_.find(key);
      if (fields.empty()) continue;  // as it was before
      EXPECT_TRUE(wanted != contents_.end() && wanted->second == fields) << "invented";
    }
    const Result<void> again = restore(store);
    EXPECT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(contents_of(kTarget), contents_);
    return true;
  }

  template <typename Operate>
  std::vector<FaultRule> faults_of(const std::map<FileName, Bytes>& files, Operate operate) {
    MemoryBackend store;
    store.set_files(files);
    FaultyBackend backend(store, clock_);
    operate(backend);
    return every_fault(backend.calls().size());
  }

  static std::string described(const FaultRule& rule) {
    return fmt::format("{} code {} at {} of {}", name(rule.fault), static_cast<int>(rule.code),
                       rule.first, rule.count);
  }

  std::string folder_;
  FakeClock clock_{kWorkloadTime};
  std::unique_ptr<Store> store_;
  std::unique_ptr<FirestoreServer> server_;
  std::unique_ptr<FirestoreClient> source_;
  std::unique_ptr<FirestoreClient> target_;
  MemoryBackend empty_;
  std::map<FileName, Bytes> files_;           // of a repository without points
  std::map<FileName, Bytes> captured_files_;  // with one
  Contents contents_;
};

TEST_F(PointFaults, NoCaptureHasHoles) {
  const auto faults =
      faults_of(files_, [&](Backend& backend) { EXPECT_TRUE(capture(backend).ok()); });
  run_cells<FaultRule>(faults, kTimeMax,
                       [this](const FaultRule& rule) { return run_capture(rule); });
}

TEST_F(PointFaults, NoRestoreInvents) {
  const auto faults =
      faults_of(captured_files_, [&](Backend& backend) { EXPECT_TRUE(restore(backend).ok()); });
  run_cells<FaultRule>(faults, kTimeMax,
                       [this](const FaultRule& rule) { return run_restore(rule); });
}

}  // namespace
}  // namespace firebreak
