#include "standby/store.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <limits>
#include <thread>
#include <unistd.h>

#include "firestore/document_key.h"

namespace firebreak {
namespace {

constexpr const char* kDatabase = "projects/p/databases/d";
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::string name(const std::string& path) {
  return fmt::format("{}/documents/{}", kDatabase, path);
}

api::Write set(const std::string& path, std::int64_t value) {
  api::Write write;
  write.mutable_update()->set_name(name(path));
  (*write.mutable_update()->mutable_fields())["x"].set_integer_value(value);
  return write;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string pattern = testing::TempDir() + "store-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    store_ = *Store::open(folder_, {}, clock_);
  }
  ~StoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Answer<api::CommitResponse> commit(api::Write write, const TransactionId& transaction = {}) {
    api::CommitRequest request;
    request.set_database(kDatabase);
    request.set_transaction(transaction);
    *request.add_writes() = std::move(write);
    return store_->commit(request);
  }
  Store::Begun begin() {
    api::TransactionOptions options;
    options.mutable_read_write();
    return *store_->begin(kDatabase, options);
  }
  std::int64_t value(const std::string& path) {
    const auto record = *store_->documents().find(kDatabase, document_key(path), store_->now());
    DocumentDecoder decoder(kDatabase);
    return record ? decoder.decode(*record)->fields().at("x").integer_value() : -1;
  }

  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
  std::string folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ATransactionIsOverWhenIdleOrOld) {
  const TransactionId idle = begin().id;
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(store_->read_in(idle, kDatabase).status().code(), kInvalid);
  EXPECT_NE(commit(set("c/a", 1), idle).status().message().find("transaction has expired"),
            std::string::npos);
  const TransactionId old = begin().id;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(store_->read_in(old, kDatabase).ok());
    clock_.advance(std::chrono::seconds(54));
  }
  EXPECT_TRUE(store_->read_in(old, kDatabase).ok());
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(store_->read_in(old, kDatabase).status().code(), kInvalid);
}

TEST_F(StoreTest, ATransactionIsOfOneDatabase) {
  const TransactionId id = begin().id;
  EXPECT_EQ(store_->read_in(id, "projects/p/databases/other").status().code(), kInvalid);
  EXPECT_TRUE(store_->read_in(id, kDatabase).ok());
}

TEST_F(StoreTest, AReadOnlyTransactionCannotWrite) {
  api::TransactionOptions options;
  options.mutable_read_only();
  const TransactionId id = store_->begin(kDatabase, options)->id;
  EXPECT_EQ(commit(set("c/a", 1), id).status().code(), kInvalid);
  EXPECT_EQ(value("c/a"), -1);
}

TEST_F(StoreTest, WhatWasReadMustBeAsItWas) {
  const std::string key = document_key("c/a");
  const Store::Begun begun = begin();
  store_->note_read(begun.id, key, key + '\0');
  ASSERT_TRUE(commit(set("c/b", 1)).ok());
  ASSERT_TRUE(commit(set("c/c", 1), begun.id).ok()) << "nobody changed what it read";
  const Store::Begun second = begin();
  store_->note_read(second.id, key, key + '\0');
  ASSERT_TRUE(commit(set("c/a", 1)).ok());
  EXPECT_EQ(commit(set("c/c", 2), second.id).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(value("c/c"), 1);
}

TEST_F(StoreTest, TimesFromOutsideAreTakenOnlyWhereTheyMakeSense) {
  google::protobuf::Timestamp time;
  for (const std::int64_t seconds :
       {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
        std::int64_t{253402300800}}) {
    time.set_seconds(seconds);
    EXPECT_EQ(store_->check_read_time(time).status().code(), kInvalid);
    api::Write write = set("c/a", 1);
    *write.mutable_current_document()->mutable_update_time() = time;
    EXPECT_EQ(commit(std::move(write)).status().code(), kInvalid);
  }
  time = to_message(store_->now());
  EXPECT_EQ(*store_->check_read_time(time), store_->now());
  time.set_nanos(time.nanos() + 1);
  EXPECT_EQ(store_->check_read_time(time).status().code(), kInvalid);
  time = to_message(store_->now() - std::chrono::hours(1));
  EXPECT_TRUE(store_->check_read_time(time).ok());
  clock_.advance(std::chrono::microseconds(1));
  EXPECT_EQ(store_->check_read_time(time).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreTest, TimesGrowEvenWhenTheClockGoesBack) {
  const auto first = commit(set("c/a", 1))->commit_time();
  clock_.jump(-std::chrono::hours(1));
  store_.reset();
  store_ = *Store::open(folder_, {}, clock_);
  EXPECT_GT(*to_time(commit(set("c/a", 2))->commit_time()), *to_time(first));
  EXPECT_EQ(value("c/a"), 2);
}

// A time at which somebody has read is never written to any more.
TEST_F(StoreTest, NoCommitIsAtATimeThatWasRead) {
  const FirestoreTime read = store_->now();
  EXPECT_GT(*to_time(commit(set("c/a", 1))->commit_time()), read);
}

TEST_F(StoreTest, ABatchWritesADocumentOnceWhateverTheKindOfWrite) {
  api::BatchWriteRequest request;
  request.set_database(kDatabase);
  for (const char* path : {"c/a", "c/b"}) {
    request.add_writes()->mutable_transform()->set_document(name(path));
  }
  ASSERT_TRUE(store_->batch_write(request).ok());
  request.add_writes()->set_delete_(name("c/a"));
  EXPECT_EQ(store_->batch_write(request).status().code(), kInvalid);
}

TEST_F(StoreTest, CommitsOfManyThreadsAllCount) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) {
          api::Write write;
          write.mutable_update()->set_name(name("c/sum"));
          write.mutable_update_mask();
          auto& transform = *write.add_update_transforms();
          transform.set_field_path("x");
          transform.mutable_increment()->set_integer_value(1);
          EXPECT_TRUE(commit(std::move(write)).ok());
        }
      });
    }
  }
  EXPECT_EQ(value("c/sum"), kThreads * kEach);
}

}  // namespace
}  // namespace firebreak
