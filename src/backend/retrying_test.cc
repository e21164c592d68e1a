#include "backend/retrying.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "backend/faulty.h"
#include "backend/memory.h"

namespace firebreak {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

FileName pack(char digit) {
  return {FileType::Pack, std::string(64, digit)};
}

class RetryingTest : public testing::Test {
 protected:
  RetryingTest() {
    auto faulty = std::make_unique<FaultyBackend>(memory_, clock_);
    faulty_ = faulty.get();
    backend_ = retrying(std::move(faulty), RetryPolicy{}, clock_, 1);
  }

  Result<void> save(char digit, std::string_view text) {
    return backend_->save(pack(digit), as_bytes(text), {});
  }
  std::string stored(char digit) { return to_text(memory_.files()[pack(digit)]); }
  std::size_t calls(Operation operation) {
    const std::vector<BackendCall> calls = faulty_->calls();
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(),
                      [&](const BackendCall& call) { return call.operation == operation; }));
  }

  MemoryBackend memory_;
  FakeClock clock_{WallTime{}};
  FaultyBackend* faulty_;
  std::unique_ptr<Backend> backend_;
};

TEST_F(RetryingTest, CarriesEveryCallOverAnOutage) {
  faulty_->set_plan({{.operation = Operation::Create, .count = 3},
                     {.operation = Operation::Save, .count = 3},
                     {.operation = Operation::Load, .count = 3},
                     {.operation = Operation::Stat, .count = 3},
                     {.operation = Operation::List, .count = 3},
                     {.operation = Operation::Remove, .count = 3}});
  EXPECT_TRUE(backend_->create({}).ok());
  EXPECT_TRUE(save('a', "bytes").ok());
  EXPECT_EQ(to_text(*backend_->load(pack('a'), {}, {}, {})), "bytes");
  EXPECT_EQ(backend_->stat(pack('a'), {})->size, 5);
  EXPECT_EQ(list_all(*backend_, FileType::Pack, {})->size(), 1);
  EXPECT_TRUE(backend_->remove(pack('a'), {}).ok());
  EXPECT_EQ(faulty_->faults(), 18);
}

TEST_F(RetryingTest, TriesNothingAgainThatWillNotPass) {
  for (const Code code :
       {Code::NotFound, Code::Corrupt, Code::Denied, Code::Unauthenticated, Code::Exhausted,
        Code::Conflict, Code::Canceled, Code::Invalid, Code::Io}) {
    faulty_->set_plan({{.count = kForEver, .code = code}});
    EXPECT_TRUE(failed_with(backend_->create({}), code));
    EXPECT_TRUE(failed_with(save('a', "bytes"), code));
    EXPECT_TRUE(failed_with(backend_->load(pack('a'), {}, {}, {}), code));
    EXPECT_TRUE(failed_with(backend_->stat(pack('a'), {}), code));
    EXPECT_TRUE(failed_with(list_all(*backend_, FileType::Pack, {}), code));
    EXPECT_TRUE(failed_with(backend_->remove(pack('a'), {}), code));
    EXPECT_EQ(faulty_->calls().size(), 6) << name(code);
  }
  EXPECT_EQ(clock_.since_boot(), Nanoseconds{});
}

TEST_F(RetryingTest, GivesUpInTime) {
  faulty_->set_plan({{.count = kForEver}});
  EXPECT_TRUE(failed_with(save('a', "bytes"), Code::Unavailable));
  EXPECT_GT(clock_.since_boot(), minutes(13));
  EXPECT_LE(clock_.since_boot(), minutes(15));
  // Waits double up to a minute: 15 minutes are 8 steps up and at most 28 half minutes.
  EXPECT_GT(faulty_->calls().size(), 16);
  EXPECT_LT(faulty_->calls().size(), 40);
}

TEST_F(RetryingTest, ComesBackNoSoonerThanAsked) {
  faulty_->set_plan({{.retry_after = seconds(100)}});
  EXPECT_TRUE(save('a', "bytes").ok());
  EXPECT_EQ(clock_.since_boot(), seconds(100));
}

TEST_F(RetryingTest, GivesUpAtOnceWhenAskedToWaitTooLong) {
  faulty_->set_plan({{.retry_after = minutes(16)}});
  EXPECT_TRUE(failed_with(save('a', "bytes"), Code::Unavailable));
  EXPECT_EQ(clock_.since_boot(), Nanoseconds{});
}

TEST_F(RetryingTest, WaitsDifferBySeed) {
  std::vector<Nanoseconds> waits;
  for (const std::uint64_t seed : {1, 2}) {
    FakeClock clock{WallTime{}};
    auto faulty = std::make_unique<FaultyBackend>(memory_, clock);
    faulty->set_plan({{.count = 4}});
    const auto backend = retrying(std::move(faulty), RetryPolicy{}, clock, seed);
    EXPECT_TRUE(failed_with(backend->stat(pack('f'), {}), Code::NotFound));
    waits.push_back(clock.since_boot());
  }
  EXPECT_NE(waits[0], waits[1]);
}

TEST_F(RetryingTest, StopsBetweenTries) {
  faulty_->set_plan({{.count = kForEver}});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(failed_with(backend_->stat(pack('a'), stop.get_token()), Code::Canceled));
  EXPECT_EQ(faulty_->calls().size(), 1);
}

TEST_F(RetryingTest, FindsThatALostSaveArrived) {
  for (const Code code : {Code::Unavailable, Code::UnknownOutcome}) {
    memory_.set_files({});
    faulty_->set_plan({{.fault = Fault::LoseAnswer, .operation = Operation::Save, .code = code}});
    EXPECT_TRUE(save('a', "bytes").ok()) << name(code);
    EXPECT_EQ(stored('a'), "bytes");
  }
}

TEST_F(RetryingTest, SavesAgainWhatNeverArrived) {
  faulty_->set_plan({{.operation = Operation::Save, .count = 2, .code = Code::UnknownOutcome}});
  EXPECT_TRUE(save('a', "bytes").ok());
  EXPECT_EQ(stored('a'), "bytes");
  EXPECT_EQ(calls(Operation::Save), 3);
}

TEST_F(RetryingTest, DoesNotSaveForEverWhatStaysUnknown) {
  faulty_->set_plan(
      {{.operation = Operation::Save, .count = kForEver, .code = Code::UnknownOutcome}});
  EXPECT_TRUE(failed_with(save('a', "bytes"), Code::UnknownOutcome));
  EXPECT_LT(calls(Operation::Save), 8);
}

TEST_F(RetryingTest, SaysUnknownWhereItMayNotLook) {
  faulty_->set_plan(
      {{.operation = Operation::Stat, .count = kForEver, .code = Code::Denied},
       {.fault = Fault::LoseAnswer, .operation = Operation::Save, .code = Code::UnknownOutcome}});
  EXPECT_TRUE(failed_with(save('a', "bytes"), Code::UnknownOutcome));
}

TEST_F(RetryingTest, NeverTakesOtherBytesForItsOwn) {
  for (const std::string_view text : {"other", "longer than ours"}) {
    memory_.set_files({{pack('a'), to_bytes(text)}});
    faulty_->set_plan({{.operation = Operation::Save}});
    EXPECT_TRUE(failed_with(save('a', "bytes"), Code::Conflict));
    faulty_->set_plan({{.operation = Operation::Save, .code = Code::UnknownOutcome}});
    EXPECT_TRUE(failed_with(save('a', "bytes"), Code::Conflict));
    EXPECT_EQ(stored('a'), text);
  }
}

TEST_F(RetryingTest, AConflictAtTheFirstTryIsOne) {
  memory_.set_files({{pack('a'), to_bytes("bytes")}});
  EXPECT_TRUE(failed_with(save('a', "bytes"), Code::Conflict));
}

TEST_F(RetryingTest, FindsThatALostRemoveHappened) {
  for (const Code code : {Code::Unavailable, Code::UnknownOutcome}) {
    memory_.set_files({{pack('a'), {}}});
    faulty_->set_plan({{.fault = Fault::LoseAnswer, .operation = Operation::Remove, .code = code}});
    EXPECT_TRUE(backend_->remove(pack('a'), {}).ok()) << name(code);
    EXPECT_TRUE(memory_.files().empty());
    EXPECT_TRUE(failed_with(backend_->remove(pack('a'), {}), Code::NotFound));
  }
}

TEST_F(RetryingTest, ABrokenListingIsTakenUpWithoutRepeats) {
  std::map<FileName, Bytes> files;
  for (const char digit : {'0', '1', '2', '3', '4', '5'}) files[pack(digit)] = {};
  files[config_file()] = {};
  memory_.set_files(files);
  faulty_->set_plan({{.fault = Fault::ListBreaks, .count = 2}});
  std::string heard;
  EXPECT_TRUE(backend_
                  ->list(FileType::Pack,
                         [&](const FileInfo& file) -> Result<void> {
                           heard += file.name[0];
                           return {};
                         },
                         {})
                  .ok());
  EXPECT_EQ(heard, "012345");
  EXPECT_EQ(list_all(*backend_, FileType::Config, {})->size(), 1);
}

TEST_F(RetryingTest, TheListenersErrorIsNotTheStores) {
  memory_.set_files({{pack('a'), {}}});
  int heard = 0;
  const Result<void> listed =
      backend_->list(FileType::Pack,
                     [&](const FileInfo&) -> Result<void> {
                       ++heard;
                       return error(Code::Unavailable, "the listener's own");
                     },
                     {});
  EXPECT_TRUE(failed_with(listed, Code::Unavailable));
  EXPECT_EQ(heard, 1);
}

// Whatever fails or is lost on the way, a save that says ok has stored the bytes, and one that
// says Conflict on a name of its own never happens.
TEST_F(RetryingTest, SurvivesFaultsByChance) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    MemoryBackend memory;
    FakeClock clock{WallTime{}};
    auto faulty = std::make_unique<FaultyBackend>(memory, clock, seed);
    faulty->set_plan({{.count = kForEver, .percent = 20},
                      {.fault = Fault::LoseAnswer, .count = kForEver, .percent = 20},
                      {.fault = Fault::LoseAnswer,
                       .operation = Operation::Save,
                       .count = kForEver,
                       .code = Code::UnknownOutcome,
                       .percent = 20}});
    const auto backend = retrying(std::move(faulty), RetryPolicy{}, clock, seed);
    for (const char digit : {'a', 'b', 'c'}) {
      ASSERT_TRUE(backend->save(pack(digit), as_bytes("bytes"), {}).ok());
      ASSERT_EQ(to_text(memory.files()[pack(digit)]), "bytes");
    }
    ASSERT_EQ(list_all(*backend, FileType::Pack, {})->size(), 3);
    ASSERT_TRUE(backend->remove(pack('b'), {}).ok());
    ASSERT_EQ(memory.files().size(), 2);
  }
}

}  // namespace
}  // namespace firebreak
