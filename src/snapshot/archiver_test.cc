#include "snapshot/archiver.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "backend/memory.h"
#include "base/random.h"
#include "snapshot/file_metadata.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

// Makes a folder the current one for a while.
class InFolder {
 public:
  explicit InFolder(const std::string& folder) : before_(fs::current_path()) {
    fs::current_path(folder);
  }
  ~InFolder() { fs::current_path(before_); }

 private:
  const fs::path before_;
};

class ArchiverTest : public testing::Test {
 protected:
  ArchiverTest() : folder_(testing::TempDir() + "archiver_test-" + std::to_string(getpid())) {
    fs::remove_all(folder_);
    fs::create_directories(source());
    const Result<void> made = Repository::init(
        backend_, {"secret", {"me", "here"}, ScryptCost{2, 1, 1}, {}}, system_clock(), {});
    CHECK(made.ok());
    reopen();
  }
  ~ArchiverTest() override { fs::remove_all(folder_); }

  void reopen() {
    auto opened = Repository::open(backend_, "secret", "", folder_ + "/cache", {});
    CHECK(opened.ok());
    repository_ = std::move(opened).value();
    CHECK(repository_->load_index(OnBroken::Fail, {}).ok());
  }

  std::string source() const { return folder_ + "/source"; }

  void write(const std::string& name, std::string_view content) {
    fs::create_directories(fs::path(source() + "/" + name).parent_path());
    std::ofstream(source() + "/" + name, std::ios::binary) << content;
  }
  std::string random_text(std::size_t size) {
    Bytes bytes(size);
    random_.fill(bytes);
    return to_text(bytes);
  }

  Result<ArchiveReport> back_up(ArchiveOptions options = {}) {
    if (options.targets.empty()) options.targets = {source()};
    options.by = {"me", "here"};
    options.on_error = [this](const std::string& path, const Error& problem) {
      const MutexLock lock(mutex_);
      errors_.push_back(path + ": " + problem.message());
    };
    // Not clock_, which the lock's refreshing would advance while the backup runs.
    auto lock = RepositoryLock::acquire(backend_, repository_->sealer(), {.by = {"me", "here"}},
                                        system_clock(), {});
    CHECK(lock.ok());
    ArchiveProgress progress;
    Result<ArchiveReport> report =
        archive(*repository_, lock->get(), options, progress, clock_, {});
    if (report.ok()) last_ = {report->id.value_or(SnapshotId{}), report->snapshot};
    return report;
  }

  Tree tree(const BlobId& id) {
    Result<Bytes> blob = repository_->load_blob(BlobType::Tree, id, {}, {});
    CHECK(blob.ok());
    Result<Tree> parsed = parse_tree(std::move(blob).value());
    CHECK(parsed.ok());
    EXPECT_EQ(tree_problem(*parsed), "");
    return std::move(parsed).value();
  }

  // The node at a path from the root of the last snapshot.
  std::optional<Node> find(const std::string& path) {
    Node node;
    node.subtree = last_->snapshot.tree;
    for (const fs::path& part : fs::path(path)) {
      if (part == "/") continue;
      if (!node.subtree) return std::nullopt;
      const Tree folder = tree(*node.subtree);
      const Node* const found = folder.find(part.string());
      if (found == nullptr) return std::nullopt;
      node = *found;
    }
    return node;
  }

  std::string content(const Node& node) {
    std::string whole;
    for (const BlobId& id : node.content.value()) {
      Result<Bytes> blob = repository_->load_blob(BlobType::Data, id, {}, {});
      CHECK(blob.ok());
      whole += as_text(*blob);
    }
    EXPECT_EQ(whole.size(), node.size);
    return whole;
  }

  void expect_same(const std::string& name, std::string_view bytes) {
    const std::optional<Node> node = find(source() + "/" + name);
    ASSERT_TRUE(node.has_value()) << name;
    EXPECT_TRUE(content(*node) == bytes) << name;
  }

  const std::string folder_;
  Random random_{7};
  MemoryBackend backend_;
  FakeClock clock_{system_clock().now() + std::chrono::hours(1)};
  std::unique_ptr<Repository> repository_;
  std::optional<FoundSnapshot> last_;
  Mutex mutex_;
  std::vector<std::string> errors_;
};

TEST_F(ArchiverTest, KeepsEveryFileOfATree) {
  std::map<std::string, std::string> files;
  files["empty"] = "";
  files["large"] = random_text(40'000'000);  // many chunks, shared among workers
  for (int i = 0; i < 300; ++i) {
    files["many/" + std::to_string(i % 7) + "/f" + std::to_string(i)] =
        random_text(random_.below(5000));
  }
  files["odd/\xff \"\\<\n"] = "a name";
  for (const auto& [name, bytes] : files) write(name, bytes);
  fs::create_symlink("large", source() + "/link");
  fs::create_directory(source() + "/hollow");
  ArchiveOptions options;
  options.workers = 4;
  const Result<ArchiveReport> report = back_up(options);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->errors, 0U);
  EXPECT_EQ(report->snapshot.summary->files_new, files.size() + 1);
  reopen();
  for (const auto& [name, bytes] : files) expect_same(name, bytes);
  EXPECT_EQ(find(source() + "/link")->link_target, "large");
  EXPECT_TRUE(tree(*find(source() + "/hollow")->subtree).nodes.empty());
  const Result<std::vector<FoundSnapshot>> all = load_snapshots(*repository_, {});
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->at(0).id, *report->id);
}

TEST_F(ArchiverTest, ReadsOnlyWhatChanged) {
  write("same", random_text(3'000'000));
  write("dir/other", "before");
  // Relative, because the times of the folders above change with whatever else runs in them.
  const InFolder inside(source());
  ArchiveOptions options;
  options.targets = {"."};
  ASSERT_TRUE(back_up(options).ok());
  options.parent = last_;
  write("dir/other", "after!");
  write("new", "n");
  const Result<ArchiveReport> second = back_up(options);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->snapshot.summary->files_unmodified, 1U);
  EXPECT_EQ(second->snapshot.summary->files_changed, 1U);
  EXPECT_EQ(second->snapshot.summary->files_new, 1U);
  EXPECT_EQ(second->snapshot.summary->data_blobs, 2U);
  EXPECT_EQ(content(*find("dir/other")), "after!");
  options.parent = last_;
  const Result<ArchiveReport> third = back_up(options);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->snapshot.tree, second->snapshot.tree);
  EXPECT_EQ(third->snapshot.summary->tree_blobs, 0U);
  options.skip_if_unchanged = true;
  EXPECT_FALSE(back_up(options)->id.has_value());
}

// A write in the same tick of the file system's clock as the parent's reading leaves equal size
// and times; here the parent's tree is made to say what such a file would say.
TEST_F(ArchiverTest, DoesNotTrustTimesFromDuringTheParentBackup) {
  clock_.jump(system_clock().now() - std::chrono::seconds(1) - clock_.now());
  const InFolder inside(source());
  ArchiveOptions options;
  options.targets = {"f"};
  write("f", "one");
  ASSERT_TRUE(back_up(options).ok());
  write("f", "two");
  struct stat now {};
  ASSERT_EQ(stat("f", &now), 0);
  Tree claimed = tree(last_->snapshot.tree);
  claimed.nodes[0].modified = file_time(now.st_mtim);
  claimed.nodes[0].changed = file_time(now.st_ctim);
  BlobSaver saver(*repository_, {}, {});
  last_->snapshot.tree =
      saver.save(BlobType::Tree, as_bytes(encode_tree(claimed).value())).value().id;
  ASSERT_TRUE(saver.finish().ok());
  options.parent = last_;
  ASSERT_TRUE(back_up(options).ok());
  EXPECT_EQ(content(*find("f")), "two");
}

TEST_F(ArchiverTest, ReadsAgainWhatTheRepositoryLost) {
  write("f", random_text(10'000));
  ASSERT_TRUE(back_up().ok());
  for (const auto& [file, bytes] : backend_.files()) {
    if (file.type != FileType::Pack) continue;
    ASSERT_TRUE(backend_.remove(file, {}).ok());
  }
  reopen();
  const Result<std::size_t> distrusted = repository_->distrust_unlisted_packs({});
  ASSERT_TRUE(distrusted.ok());
  EXPECT_GE(*distrusted, 2U);  // which of two open packs a blob goes to is chance
  ArchiveOptions options;
  options.parent = last_;
  ASSERT_TRUE(back_up(options).ok());
  reopen();
  EXPECT_EQ(content(*find(source() + "/f")).size(), 10'000U);
}

TEST_F(ArchiverTest, LeavesOutWhatIsNotSelected) {
  write("keep/a", "a");
  write("drop/b", "b");
  ArchiveOptions options;
  options.select = [](const std::string& path, const struct stat&) {
    return !path.ends_with("/drop");
  };
  ASSERT_TRUE(back_up(options).ok());
  EXPECT_TRUE(find(source() + "/keep/a").has_value());
  EXPECT_FALSE(find(source() + "/drop").has_value());
}

TEST_F(ArchiverTest, NamesWhatIsMissingAndSavesTheRest) {
  write("there", "x");
  ArchiveOptions options;
  options.targets = {source() + "/there", source() + "/absent"};
  const Result<ArchiveReport> report = back_up(options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->errors, 1U);
  ASSERT_EQ(errors_.size(), 1U);
  EXPECT_NE(errors_[0].find("absent"), std::string::npos);
  expect_same("there", "x");
  options.targets = {source() + "/absent"};
  EXPECT_TRUE(failed_with(back_up(options), Code::Invalid));
}

TEST_F(ArchiverTest, ADryRunStoresNothing) {
  write("f", "x");
  const auto before = backend_.files();
  ArchiveOptions options;
  options.targets = {source()};
  options.dry_run = options.saving.dry_run = true;
  ArchiveProgress progress;
  const Result<ArchiveReport> report =
      archive(*repository_, nullptr, options, progress, clock_, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->snapshot.summary->data_added > 0, true);
  EXPECT_EQ(backend_.files(), before);
}

TEST_F(ArchiverTest, KeepsAStream) {
  const std::string bytes = random_text(5'000'000);
  write("f", bytes);
  const Fd fd(::open((source() + "/f").c_str(), O_RDONLY | O_CLOEXEC));
  auto lock = RepositoryLock::acquire(backend_, repository_->sealer(), {}, clock_, {});
  ArchiveProgress progress;
  const Result<ArchiveReport> report =
      archive_stream(*repository_, lock->get(), {fd.get(), "db.sql"}, {}, progress, clock_, {});
  ASSERT_TRUE(report.ok()) << report.error().message();
  last_ = {*report->id, report->snapshot};
  EXPECT_TRUE(content(*find("db.sql")) == bytes);
}

TEST_F(ArchiverTest, PlacesTargetsAsResticDoes) {
  write("a/x", "1");
  write("b/x", "2");
  const InFolder inside(source() + "/a");
  ArchiveOptions options;
  options.targets = {"x", "../b/x", "../b"};
  options.working_folder = fs::current_path();
  const Result<ArchiveReport> report = back_up(options);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(content(*find("x")), "1");
  EXPECT_EQ(content(*find("b/x")), "2");
  EXPECT_EQ(report->snapshot.paths,
            (std::vector<std::string>{source() + "/a/x", source() + "/b", source() + "/b/x"}));
}

}  // namespace
}  // namespace firebreak
