// Targets that somebody else may write to: what is planted before a restore, and what is swapped
// while it runs.
#include <atomic>
#include <fcntl.h>
#include <fstream>
#include <sys/syscall.h>
#include <thread>

#include "hostile/hostile.h"
#include "snapshot/temporary_name.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPieces = 40;

class HostileTargets : public HostileTest {
 protected:
  // What is restored: a file of many pieces in several packs, hard links, a pipe, a folder.
  BlobId honest_tree() {
    BlobSaver::Options small;
    small.pack_size = 1;
    BlobSaver saver(*repository_, small, {});
    std::vector<BlobId> content;
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      content.push_back(saver.save(BlobType::Data, as_bytes(fmt::format("piece {:02}", i)))->id);
    }
    CHECK(saver.finish().ok());
    Node file = file_named("file", content, kPieces * 8);
    file.modified.seconds = file.accessed.seconds =
        std::chrono::sys_seconds(std::chrono::seconds(1'500'000'000));
    Node first = file_named("linked 1", {content[0]}, 8);
    first.links = 2;
    Node second = first;
    second.name = "linked 2";
    Node pipe = link_named("pipe", "");
    pipe.type = NodeType::Fifo;
    pipe.mode = go_mode(S_IFIFO | 0600);
    const std::vector<Node> inside = {file, first, second, pipe, link_named("symlink", "file")};
    return save_tree({folder_named("dir", save_tree(inside))});
  }

  std::string there(const std::string& name) const { return target() + "/dir/" + name; }
  // The folder itself, what is restored into it, and under which names on the way.
  static std::vector<std::string> names() {
    std::vector<std::string> all = {"", "file", "linked 1", "linked 2", "pipe", "symlink"};
    for (const char* const name : {"file", "linked 1", "linked 2", "pipe", "symlink"}) {
      all.push_back(temporary_name(name, 0));
    }
    return all;
  }

  // One of the ways to put something in the way of `name`. False for the last.
  bool plant(const std::string& path, int how) const {
    std::error_code none;
    fs::remove_all(path, none);
    switch (how) {
      case 0:
        fs::create_symlink(canary() + "/file", path, none);
        break;
      case 1:
        fs::create_symlink(canary(), path, none);
        break;
      case 2:
        fs::create_hard_link(canary() + "/file", path, none);
        break;
      case 3:
        fs::create_symlink("../../canary/inside", path, none);
        break;
      case 4:
        (void)mkfifo(path.c_str(), 0600);
        break;
      case 5:
        fs::create_symlink("/proc/self/cwd", path, none);
        break;
      case 6:
        fs::create_directories(path, none);
        break;
      case 7:
        fs::create_symlink(path, path, none);  // to itself
        break;
      case 8:
        fs::create_hard_link(canary() + "/pipe", path, none);
        break;
      default:
        return false;
    }
    return true;
  }
};

const std::vector<Overwrite> kOverwrites = {Overwrite::Never, Overwrite::IfNewer,
                                            Overwrite::IfChanged, Overwrite::Always};

TEST_F(HostileTargets, WhatIsPlantedBefore) {
  const BlobId root = honest_tree();
  for (const Overwrite overwrite : kOverwrites) {
    for (const bool delete_extra : {false, true}) {
      for (const std::string& name : names()) {
        for (int how = 0;; ++how) {
          clear_target();
          fs::create_directories(target() + "/dir");
          std::string path = there(name);
          if (name.empty()) path.pop_back();
          if (!plant(path, how)) break;
          SCOPED_TRACE(
              fmt::format("{} planted {}, overwrite {}", name, how, static_cast<int>(overwrite)));
          // One link less than what was planted: replacing it is what a restore is for.
          const std::string before = describe_outside(LinksOfFiles::Ignored);
          RestoreOptions with = options();
          with.overwrite = overwrite;
          with.delete_extra = delete_extra;
          (void)restore_to_target(root, with);
          ++cells;
          expect_canary_alive(before, LinksOfFiles::Ignored);
          if (HasFailure()) return;
        }
      }
    }
  }
  std::printf("%zu cells so far\n", cells);
}

// A file that passes for the snapshot's by size and time is another name of one elsewhere.
TEST_F(HostileTargets, WhatPassesForTheSnapshots) {
  const BlobId root = honest_tree();
  std::ofstream(canary() + "/double") << std::string(kPieces * 8, 'x');
  ASSERT_EQ(chmod((canary() + "/double").c_str(), 0600), 0);
  (void)restore_to_target(root, options());
  struct stat status {};
  ASSERT_EQ(lstat(there("file").c_str(), &status), 0);
  const timespec times[2] = {status.st_mtim, status.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, (canary() + "/double").c_str(), times, 0), 0);
  fs::remove(there("file"));
  fs::create_hard_link(canary() + "/double", there("file"));
  const std::string before = describe_outside(LinksOfFiles::Ignored);
  for (const Overwrite overwrite : kOverwrites) {
    RestoreOptions with = options();
    with.overwrite = overwrite;
    (void)restore_to_target(root, with);
    ++cells;
    expect_canary_alive(before, LinksOfFiles::Ignored);
  }
}

// At every load of a pack, each entry in turn becomes something else.
TEST_F(HostileTargets, WhatIsSwappedInTheMiddle) {
  const BlobId root = honest_tree();
  for (const std::string& name : names()) {
    for (int how = 0; how < 9; ++how) {
      for (const std::uint64_t at : {std::uint64_t{1}, std::uint64_t{3}, kPieces / 2}) {
        clear_target();
        std::string path = there(name);
        if (name.empty()) path.pop_back();
        SCOPED_TRACE(fmt::format("{} swapped for {} at load {}", name, how, at));
        const std::string before = describe_outside(LinksOfFiles::Ignored);
        Mutex mutex;
        std::uint64_t loads = 0;
        backend_.hook = [&] {
          const MutexLock lock(mutex);
          if (++loads == at) plant(path, how);
        };
        RestoreOptions one_worker = options();
        one_worker.workers = 1;
        (void)restore_to_target(root, one_worker);
        backend_.hook = {};
        ++cells;
        expect_canary_alive(before, LinksOfFiles::Ignored);
        if (HasFailure()) return;
      }
    }
  }
  std::printf("%zu cells so far\n", cells);
}

// A folder and a door to the canary change places as fast as the kernel allows.
TEST_F(HostileTargets, ADoorThatSwings) {
  const BlobId root = honest_tree();
  const std::string before = describe_outside(LinksOfFiles::Ignored);
  const std::string door = target() + "/door";
  std::atomic<bool> done = false;
  std::uint64_t swings = 0;
  std::thread enemy([&] {
    std::error_code none;
    while (!done) {
      fs::create_directories(target() + "/dir", none);
      fs::create_symlink(canary(), door, none);
      const std::string dir = target() + "/dir";
      for (int i = 0; i < 100 && !done; ++i) {
        const long swapped =
            syscall(SYS_renameat2, AT_FDCWD, dir.c_str(), AT_FDCWD, door.c_str(), RENAME_EXCHANGE);
        swings += swapped == 0 ? 1 : 0;
      }
    }
  });
  for (int i = 0; i < 60; ++i) {
    RestoreOptions with = options();
    with.overwrite = kOverwrites[static_cast<std::size_t>(i) % kOverwrites.size()];
    with.delete_extra = i % 3 == 0;
    (void)restore_to_target(root, with);
    ++cells;
  }
  done = true;
  enemy.join();
  expect_canary_alive(before, LinksOfFiles::Ignored);
  std::printf("%zu cells so far; the door swung %llu times\n", cells,
              static_cast<unsigned long long>(swings));
}

TEST_F(HostileTargets, TheTargetItself) {
  const BlobId root = honest_tree();
  const std::string before = describe_outside();
  // A link to a folder is the user's word; one to a file, a pipe or itself is no folder.
  fs::create_directories(target() + "/real");
  fs::create_symlink("real", target() + "/link");
  RestoreOptions through = options();
  through.target = target() + "/link";
  EXPECT_TRUE(restore_to_target(root, through).empty());
  EXPECT_TRUE(fs::exists(target() + "/real/dir/file"));
  ASSERT_EQ(mkfifo((target() + "/pipe").c_str(), 0600), 0);
  std::ofstream(target() + "/file") << "x";
  fs::create_symlink("loop", target() + "/loop");
  for (const std::string& name : {std::string("pipe"), std::string("file"), std::string("loop"),
                                  std::string(256, 'x'), std::string("\x1b[31m\n") + "/\0"}) {
    RestoreOptions wrong = options();
    wrong.target = target() + "/" + name;
    (void)restore_to_target(root, wrong);
    ++cells;
  }
  // Read-only folders are nothing to root, and errors to everybody else.
  fs::create_directories(target() + "/closed");
  ASSERT_EQ(chmod((target() + "/closed").c_str(), 0500), 0);
  RestoreOptions closed = options();
  closed.target = target() + "/closed";
  EXPECT_EQ(restore_to_target(root, closed).empty(), geteuid() == 0);
  ++cells;
  expect_canary_alive(before);
  std::printf("%zu cells so far\n", cells);
}

}  // namespace
}  // namespace firebreak
