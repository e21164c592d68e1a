#include "repository/chunker.h"

#include <gtest/gtest.h>
#include <set>

#include "base/random.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

std::vector<ByteView> cut_all(const Chunker& chunker, ByteView bytes) {
  std::vector<ByteView> chunks;
  while (!bytes.empty()) {
    const std::size_t size = chunker.next(bytes.first(std::min(bytes.size(), kChunkSizeMax)));
    chunks.push_back(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return chunks;
}

TEST(Chunker, CutsWithinItsLimitsAndLosesNothing) {
  const Chunker chunker(random_polynomial());
  Random random(1);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunkSizeMin - 1, kChunkSizeMin,
                                 kChunkSizeMin + 1, kChunkSizeMax, 3 * kChunkSizeMax + 17}) {
    Bytes bytes(size);
    random.fill(bytes);
    std::size_t sum = 0;
    const auto chunks = cut_all(chunker, bytes);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      EXPECT_LE(chunks[i].size(), kChunkSizeMax);
      if (i + 1 < chunks.size()) {
        EXPECT_GE(chunks[i].size(), kChunkSizeMin);
      }
      sum += chunks[i].size();
    }
    EXPECT_EQ(sum, size);
  }
}

TEST(Chunker, ConstantContentIsCutAtTheMaximum) {
  const Chunker chunker(random_polynomial());
  const Bytes zeros(kChunkSizeMax, std::byte{0});
  EXPECT_GE(chunker.next(zeros), kChunkSizeMin);
}

TEST(Chunker, AnInsertionChangesFewChunks) {
  const Chunker chunker(random_polynomial());
  Random random(2);
  Bytes bytes(64 * 1024 * 1024);
  random.fill(bytes);
  std::set<BlobId> before;
  for (const ByteView chunk : cut_all(chunker, bytes)) before.insert(id_of<BlobId>(chunk));
  bytes.insert(bytes.begin() + 10'000'000, std::byte{42});
  std::size_t changed = 0;
  for (const ByteView chunk : cut_all(chunker, bytes)) {
    changed += before.contains(id_of<BlobId>(chunk)) ? 0 : 1;
  }
  EXPECT_LE(changed, 4U);
  EXPECT_GE(changed, 1U);
  EXPECT_GT(before.size(), 40U);
}

TEST(Polynomial, KnowsIrreducibleOnes) {
  EXPECT_TRUE(is_irreducible({0b111}));    // x^2 + x + 1
  EXPECT_FALSE(is_irreducible({0b101}));   // (x + 1)^2
  EXPECT_TRUE(is_irreducible({0b10011}));  // x^4 + x + 1
  EXPECT_TRUE(is_irreducible({0x11b}));    // AES's
  EXPECT_FALSE(is_irreducible({0x11d ^ 1}));
  // Of degree up to 10, exactly as many as Gauss's formula counts.
  const std::size_t expected[] = {0, 2, 1, 2, 3, 6, 9, 18, 30, 56, 99};
  for (unsigned degree = 1; degree <= 10; ++degree) {
    std::size_t count = 0;
    for (std::uint64_t bits = 1ULL << degree; bits < 2ULL << degree; ++bits) {
      count += is_irreducible({bits}) ? 1 : 0;
    }
    EXPECT_EQ(count, expected[degree]) << degree;
  }
}

TEST(Polynomial, ParsesOnlyItsOwnSpelling) {
  const Polynomial polynomial = random_polynomial();
  EXPECT_EQ(*parse_polynomial(to_string(polynomial)), polynomial);
  for (const char* text : {"", "0", "05", "zz", "11d0", "3FF", "0x11b", "11b "}) {
    EXPECT_FALSE(parse_polynomial(text).ok()) << text;
  }
}

}  // namespace
}  // namespace firebreak
