#include "backend/faulty.h"

#include <gtest/gtest.h>

#include "backend/memory.h"

namespace firebreak {
namespace {

FileName pack(char digit) {
  return {FileType::Pack, std::string(64, digit)};
}

class FaultyTest : public testing::Test {
 protected:
  std::string listed() {
    std::string digits;
    const std::vector<FileInfo> files = list_all(backend_, FileType::Pack, {}).value();
    for (const FileInfo& file : files) digits += file.name[0];
    return digits;
  }

  MemoryBackend memory_;
  FakeClock clock_{WallTime{}};
  FaultyBackend backend_{memory_, clock_, 7};
};

TEST_F(FaultyTest, StrikesExactlyTheCallsOfThePlan) {
  backend_.set_plan({{.operation = Operation::Save, .first = 2, .count = 2, .code = Code::Denied}});
  std::string outcome;
  for (const char digit : {'1', '2', '3', '4'}) {
    EXPECT_TRUE(failed_with(backend_.stat(pack(digit), {}), Code::NotFound));
    const Result<void> saved = backend_.save(pack(digit), as_bytes("x"), {});
    outcome += saved.ok() ? '+' : '-';
    EXPECT_TRUE(saved.ok() || failed_with(saved, Code::Denied));
  }
  EXPECT_EQ(outcome, "+--+");
  EXPECT_EQ(memory_.files().size(), 2);
  EXPECT_EQ(backend_.faults(), 2);
  ASSERT_EQ(backend_.calls().size(), 8);
  EXPECT_EQ(backend_.calls()[3], (BackendCall{Operation::Save, pack('2')}));
}

TEST_F(FaultyTest, ACrashIsForEver) {
  backend_.set_plan({{.first = 2, .count = kForEver, .code = Code::Io}});
  EXPECT_TRUE(backend_.create({}).ok());
  for (int call = 0; call < 5; ++call) EXPECT_TRUE(failed_with(backend_.create({}), Code::Io));
}

TEST_F(FaultyTest, ALostAnswerFollowsTheDeed) {
  backend_.set_plan({{.fault = Fault::LoseAnswer, .count = 2, .code = Code::UnknownOutcome}});
  EXPECT_TRUE(failed_with(backend_.save(pack('a'), as_bytes("x"), {}), Code::UnknownOutcome));
  EXPECT_EQ(memory_.files().size(), 1);
  EXPECT_TRUE(failed_with(backend_.remove(pack('a'), {}), Code::UnknownOutcome));
  EXPECT_EQ(memory_.files().size(), 0);
}

TEST_F(FaultyTest, ASlowStoreCanBeStopped) {
  backend_.set_plan({{.fault = Fault::Wait, .count = 2, .wait = std::chrono::seconds(60)}});
  EXPECT_TRUE(backend_.create({}).ok());
  EXPECT_EQ(clock_.since_boot(), std::chrono::seconds(60));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(failed_with(backend_.create(stop.get_token()), Code::Canceled));
}

TEST_F(FaultyTest, DamagesWhatIsStoredAndLoaded) {
  ASSERT_TRUE(memory_.save(pack('a'), as_bytes("12345678"), {}).ok());
  backend_.set_plan({{.fault = Fault::ShortLoad, .first = 1},
                     {.fault = Fault::CorruptLoad, .first = 2},
                     {.fault = Fault::ShortSave}});
  EXPECT_EQ(to_text(*backend_.load(pack('a'), {}, {}, {})), "1234");
  const Bytes damaged = *backend_.load(pack('a'), {}, {}, {});
  EXPECT_EQ(damaged.size(), 8);
  EXPECT_NE(to_text(damaged), "12345678");
  EXPECT_EQ(to_text(*backend_.load(pack('a'), {}, {}, {})), "12345678");
  EXPECT_TRUE(backend_.save(pack('b'), as_bytes("12345678"), {}).ok());
  EXPECT_EQ(to_text(memory_.files()[pack('b')]), "1234");
}

TEST_F(FaultyTest, ListingsLie) {
  for (const char digit : {'1', '2', '3', '4'}) {
    ASSERT_TRUE(backend_.save(pack(digit), {}, {}).ok());
  }
  ASSERT_TRUE(backend_.remove(pack('3'), {}).ok());
  backend_.set_plan({{.fault = Fault::ListOmits, .first = 1},
                     {.fault = Fault::ListRepeats, .first = 2},
                     {.fault = Fault::ListRemoved, .first = 3}});
  EXPECT_LT(listed().size(), 3);
  EXPECT_EQ(listed(), "124124");
  EXPECT_EQ(listed(), "1243");
  EXPECT_EQ(listed(), "124");
  backend_.set_plan({{.fault = Fault::ListBreaks}});
  EXPECT_TRUE(failed_with(list_all(backend_, FileType::Pack, {}), Code::Unavailable));
}

TEST_F(FaultyTest, EqualSeedsGiveEqualRuns) {
  const auto run = [](std::uint64_t seed) {
    MemoryBackend memory;
    FakeClock clock{WallTime{}};
    FaultyBackend backend(memory, clock, seed);
    backend.set_plan({{.count = kForEver, .percent = 50}});
    std::string outcome;
    for (int call = 0; call < 64; ++call) outcome += backend.create({}).ok() ? '+' : '-';
    return outcome;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace firebreak
