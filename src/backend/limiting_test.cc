#include "backend/limiting.h"

#include <atomic>
#include <gtest/gtest.h>

#include "backend/memory.h"
#include "base/mutex.h"
#include "base/task_group.h"

namespace firebreak {
namespace {

using std::chrono::seconds;

FileName file(FileType type, char digit) {
  return {type, std::string(64, digit)};
}

// Holds every stat until it is let go, and counts how many are inside.
class GateBackend final : public Backend {
 public:
  std::string location() const override { return "gate"; }
  unsigned connections() const override { return 7; }
  Result<void> create(std::stop_token) override { return {}; }
  Result<void> save(const FileName&, ByteView, std::stop_token) override { return {}; }
  Result<Bytes> load(const FileName&, Range, Bytes buffer, std::stop_token) override {
    return buffer;
  }
  Result<FileInfo> stat(const FileName& of, std::stop_token stop) override {
    const MutexLock lock(mutex_);
    most_ = std::max(most_, ++inside_);
    changed_.notify_all();
    while (!open_ && !stop.stop_requested()) changed_.wait(mutex_, stop);
    --inside_;
    return FileInfo{of.name, 0};
  }
  Result<void> list(FileType, const EachFile& each, std::stop_token) override {
    return each({std::string(64, 'a'), 0});
  }
  Result<std::vector<Stray>> find_strays(std::stop_token) override { return std::vector<Stray>(); }
  Result<void> remove(const FileName&, std::stop_token) override { return {}; }

  void wait_inside(unsigned count) {
    const MutexLock lock(mutex_);
    while (inside_ < count) changed_.wait(mutex_, {});
  }
  void open() {
    const MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  unsigned most() {
    const MutexLock lock(mutex_);
    return most_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool open_ GUARDED_BY(mutex_) = false;
  unsigned inside_ GUARDED_BY(mutex_) = 0;
  unsigned most_ GUARDED_BY(mutex_) = 0;
};

class LimitingTest : public testing::Test {
 protected:
  std::unique_ptr<Backend> limited(Limits limits) {
    auto gate = std::make_unique<GateBackend>();
    gate_ = gate.get();
    return limiting(std::move(gate), limits, clock_);
  }

  FakeClock clock_{WallTime{}};
  GateBackend* gate_ = nullptr;
};

TEST_F(LimitingTest, NoMoreCallsThanPlaces) {
  const auto backend = limited({.connections = 2});
  EXPECT_EQ(backend->connections(), 2);
  TaskGroup group;
  for (int call = 0; call < 6; ++call) {
    group.run([&](std::stop_token stop) -> Result<void> {
      TRY(backend->stat(file(FileType::Pack, 'a'), stop));
      return {};
    });
  }
  gate_->wait_inside(2);
  gate_->open();
  EXPECT_TRUE(group.wait().ok());
  EXPECT_EQ(gate_->most(), 2);
}

TEST_F(LimitingTest, LocksAndListingsTakeNoPlace) {
  const auto backend = limited({.connections = 1});
  TaskGroup group;
  group.run([&](std::stop_token stop) -> Result<void> {
    TRY(backend->stat(file(FileType::Pack, 'a'), stop));
    return {};
  });
  gate_->wait_inside(1);
  EXPECT_TRUE(backend->save(file(FileType::Lock, 'b'), {}, {}).ok());
  EXPECT_TRUE(backend->remove(file(FileType::Lock, 'b'), {}).ok());
  EXPECT_EQ(list_all(*backend, FileType::Pack, {})->size(), 1);
  gate_->open();
  EXPECT_TRUE(group.wait().ok());
}

TEST_F(LimitingTest, WaitingForAPlaceCanBeStopped) {
  const auto backend = limited({.connections = 1});
  TaskGroup group;
  group.run([&](std::stop_token stop) -> Result<void> {
    TRY(backend->stat(file(FileType::Pack, 'a'), stop));
    return {};
  });
  gate_->wait_inside(1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(
      failed_with(backend->remove(file(FileType::Pack, 'b'), stop.get_token()), Code::Canceled));
  gate_->open();
  EXPECT_TRUE(group.wait().ok());
  EXPECT_TRUE(backend->remove(file(FileType::Pack, 'b'), {}).ok());
}

TEST_F(LimitingTest, TheInnerBackendKnowsWhatIsUseful) {
  EXPECT_EQ(limited({})->connections(), 7);
}

TEST_F(LimitingTest, BytesPassNoFasterThanTheirRate) {
  const auto backend =
      limiting(std::make_unique<MemoryBackend>(),
               {.upload_bytes_per_second = 1000, .download_bytes_per_second = 500}, clock_);
  const Bytes bytes(10'000);
  for (const char digit : {'1', '2', '3'}) {
    ASSERT_TRUE(backend->save(file(FileType::Pack, digit), bytes, {}).ok());
  }
  EXPECT_EQ(clock_.since_boot(), seconds(20));  // The third one's own time is still owed.
  ASSERT_TRUE(backend->load(file(FileType::Pack, '1'), {0, 1000}, {}, {}).ok());
  EXPECT_EQ(clock_.since_boot(), seconds(20));
  ASSERT_TRUE(backend->load(file(FileType::Pack, '1'), {}, {}, {}).ok());
  EXPECT_EQ(clock_.since_boot(), seconds(22));
  ASSERT_TRUE(backend->load(file(FileType::Pack, '1'), {0, 1}, {}, {}).ok());
  EXPECT_EQ(clock_.since_boot(), seconds(42));
}

TEST_F(LimitingTest, IdleTimeIsNotSavedUp) {
  const auto backend =
      limiting(std::make_unique<MemoryBackend>(), {.upload_bytes_per_second = 1000}, clock_);
  clock_.advance(seconds(3600));
  const Nanoseconds start = clock_.since_boot();
  for (const char digit : {'1', '2'}) {
    ASSERT_TRUE(backend->save(file(FileType::Pack, digit), Bytes(5000), {}).ok());
  }
  EXPECT_EQ(clock_.since_boot() - start, seconds(5));
}

}  // namespace
}  // namespace firebreak
