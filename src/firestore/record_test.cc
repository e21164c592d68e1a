#include "firestore/record.h"

#include <gtest/gtest.h>

#include "firestore/test_values.h"

namespace firebreak {
namespace {

const std::string kDocuments = "projects/p/databases/(default)/documents";

std::string time(std::int64_t seconds, std::uint64_t nanoseconds) {
  std::string message;
  if (seconds != 0) message += V::number_field(1, static_cast<std::uint64_t>(seconds));
  if (nanoseconds != 0) message += V::number_field(2, nanoseconds);
  return message;
}

std::string document(const std::string& name, const std::string& fields) {
  return V::field(kDocumentName, name) + fields + V::field(kDocumentCreateTime, time(1000, 5000)) +
         V::field(kDocumentUpdateTime, time(-3, 999'999'000));
}

TEST(Record, IsADocumentWithoutItsDatabase) {
  RecordEncoder encoder(kDocuments);
  const std::string fields = V::entries(
      kDocumentFields, {{"b", V::reference(kDocuments + "/x/y")}, {"a", V::integer(-1)}});
  const std::string sent = document(kDocuments + "/users/u1/dreams/__id7__", fields);
  ASSERT_TRUE(encoder.encode(as_bytes(sent)).ok());
  EXPECT_EQ(encoder.path(), "users/u1/dreams/__id7__");

  const Result<RecordView> view = RecordView::parse(encoder.record());
  ASSERT_TRUE(view.ok()) << view.error().message();
  EXPECT_FALSE(view->is_tombstone());
  EXPECT_EQ(view->path(), "users/u1/dreams/__id7__");
  EXPECT_EQ(as_text(view->fields()),
            V::entries(kDocumentFields, {{"a", V::integer(-1)}, {"b", V::reference("/x/y")}}));
  EXPECT_EQ(view->create_time(), FirestoreTime(std::chrono::microseconds(1'000'000'005)));
  EXPECT_EQ(view->update_time(), FirestoreTime(std::chrono::microseconds(-2'000'001)));

  const std::string elsewhere = "projects/q/databases/e/documents";
  RecordDecoder decoder(elsewhere, {});
  const Result<ByteView> made = decoder.decode(encoder.record());
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(as_text(*made),
            V::field(kDocumentName, elsewhere + "/users/u1/dreams/__id7__") +
                V::entries(kDocumentFields,
                           {{"a", V::integer(-1)}, {"b", V::reference(elsewhere + "/x/y")}}));
}

TEST(Record, OfEqualDocumentsIsEqual) {
  RecordEncoder encoder(kDocuments);
  const auto record = [&](const std::string& sent) {
    EXPECT_TRUE(encoder.encode(as_bytes(sent)).ok());
    return to_text(encoder.record());
  };
  const std::string name = kDocuments + "/a/b";
  const std::string one =
      document(name, V::entries(kDocumentFields, {{"x", V::null()}, {"y", V::null()}}));
  const std::string other =
      V::field(kDocumentUpdateTime, V::number_field(2, 999'999'000) +
                                        V::number_field(1, static_cast<std::uint64_t>(-3))) +
      V::entries(kDocumentFields, {{"y", V::null()}}) +
      V::field(kDocumentCreateTime, time(1000, 5000)) +
      V::entries(kDocumentFields, {{"x", V::null()}}) + V::field(kDocumentName, name);
  EXPECT_EQ(record(one), record(other));
  // An empty document is one too.
  const std::string empty = record(document(name, ""));
  EXPECT_TRUE(RecordView::parse(as_bytes(empty))->fields().empty());
}

TEST(Record, RefusesWhatIsNotOfTheDatabase) {
  RecordEncoder encoder(kDocuments);
  for (const std::string& name :
       {std::string("projects/q/databases/(default)/documents/a/b"), kDocuments + "/a",
        kDocuments + "/a/..", kDocuments, std::string()}) {
    const Result<void> encoded = encoder.encode(as_bytes(document(name, "")));
    ASSERT_FALSE(encoded.ok()) << name;
    EXPECT_EQ(encoded.error().code(), Code::Corrupt);
    EXPECT_EQ(encoded.error().side(), Side::Source);
  }
  const std::string good =
      document(kDocuments + "/a/b", V::entries(kDocumentFields, {{"x", V::text("y")}}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(encoder.encode(as_bytes(good.substr(0, size))).ok()) << size;
  }
  // A reference that would be taken for one into the own database.
  const std::string ambiguous = V::entries(kDocumentFields, {{"x", V::reference("/a/b")}});
  EXPECT_FALSE(encoder.encode(as_bytes(document(kDocuments + "/a/b", ambiguous))).ok());
}

TEST(Record, CountsWhatItDoesNotKnow) {
  RecordEncoder encoder(kDocuments);
  const std::string sent = document(kDocuments + "/a/b", V::field(9, "new"));
  ASSERT_TRUE(encoder.encode(as_bytes(sent)).ok());
  EXPECT_EQ(encoder.unknown_fields(), 1U);
  EXPECT_NE(as_text(encoder.record()).find("new"), std::string_view::npos);
}

TEST(Record, ReadsTombstones) {
  const std::string gone = V::field(2, V::field(1, "a/b") + V::field(2, time(7, 0)));
  const Result<RecordView> view = RecordView::parse(as_bytes(gone));
  ASSERT_TRUE(view.ok());
  EXPECT_TRUE(view->is_tombstone());
  EXPECT_EQ(view->path(), "a/b");
  EXPECT_EQ(view->update_time(), FirestoreTime(std::chrono::seconds(7)));
  EXPECT_FALSE(RecordDecoder(kDocuments, {}).decode(as_bytes(gone)).ok());
  EXPECT_FALSE(RecordView::parse(as_bytes(gone + gone)).ok());
  EXPECT_FALSE(RecordView::parse({}).ok());
}

}  // namespace
}  // namespace firebreak
