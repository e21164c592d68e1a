#include "repository/pack.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

struct Made {
  Bytes pack;
  std::vector<PackEntry> entries;
  std::vector<Bytes> blobs;
};

Made make_pack(const Sealer& sealer, Random& random, std::size_t blobs, Compression compression) {
  Made made;
  PackBuilder builder;
  Bytes scratch;
  Bytes sealed;
  for (std::size_t i = 0; i < blobs; ++i) {
    Bytes blob(1 + random.below(5000));
    if (random.below(2) == 0) {
      random.fill(blob);
    } else {
      std::fill(blob.begin(), blob.end(), std::byte{'a'});
    }
    const PackEntry entry =
        seal_blob(sealer, BlobType::Data, id_of<BlobId>(blob), blob, compression, scratch, sealed);
    builder.add(entry, sealed);
    made.blobs.push_back(std::move(blob));
  }
  made.entries = builder.entries();
  made.pack = builder.finish(sealer);
  return made;
}

TEST(Pack, ABlobIsVerifiedAgainstWhatWentIn) {
  const Sealer sealer(MasterKey::generate());
  Random random(8);
  Bytes scratch;
  Bytes sealed;
  for (const Compression compression : {Compression::Off, Compression::Auto}) {
    Bytes blob(5000, std::byte{'a'});
    const PackEntry entry =
        seal_blob(sealer, BlobType::Data, id_of<BlobId>(blob), blob, compression, scratch, sealed);
    EXPECT_TRUE(verify_blob(sealer, entry, sealed, blob).ok());
    blob[random.below(blob.size())] ^= std::byte{4};
    EXPECT_TRUE(failed_with(verify_blob(sealer, entry, sealed, blob), Code::Corrupt));
    blob.resize(4000);
    EXPECT_FALSE(verify_blob(sealer, entry, Bytes(sealed.size()), blob).ok());
  }
}

TEST(Pack, OpensWhatItHolds) {
  const Sealer sealer(MasterKey::generate());
  Random random(1);
  for (const Compression compression : {Compression::Off, Compression::Auto, Compression::Max}) {
    const Made made = make_pack(sealer, random, 20, compression);
    EXPECT_EQ(made.pack.size(), pack_size_of(made.entries));
    ASSERT_TRUE(verify_pack(sealer, made.pack, made.entries).ok());
    for (std::size_t i = 0; i < made.blobs.size(); ++i) {
      const PackEntry& entry = made.entries[i];
      EXPECT_EQ(entry.size(), made.blobs[i].size());
      EXPECT_EQ(*open_blob(sealer, entry, ByteView(made.pack).subspan(entry.offset, entry.length)),
                made.blobs[i]);
    }
  }
}

TEST(Pack, VerifyNoticesEveryFlippedBit) {
  const Sealer sealer(MasterKey::generate());
  Random random(2);
  Made made = make_pack(sealer, random, 3, Compression::Auto);
  for (std::size_t bit = 0; bit < made.pack.size() * 8; ++bit) {
    if (bit % 7 != 0 && bit / 8 + 4 < made.pack.size()) continue;  // all of the trailer
    made.pack[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(verify_pack(sealer, made.pack, made.entries).ok()) << "bit " << bit;
    made.pack[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
}

TEST(Pack, OpenRefusesAWrongLengthOrId) {
  const Sealer sealer(MasterKey::generate());
  Random random(3);
  const Made made = make_pack(sealer, random, 8, Compression::Auto);
  for (PackEntry entry : made.entries) {
    const ByteView sealed = ByteView(made.pack).subspan(entry.offset, entry.length);
    PackEntry wrong = entry;
    wrong.id.bytes[0] ^= std::byte{1};
    EXPECT_TRUE(failed_with(open_blob(sealer, wrong, sealed), Code::Corrupt));
    if (!entry.is_compressed()) continue;
    for (const int change : {-1, 1}) {
      wrong = entry;
      wrong.uncompressed_length =
          static_cast<std::uint32_t>(static_cast<std::int64_t>(entry.uncompressed_length) + change);
      EXPECT_TRUE(failed_with(open_blob(sealer, wrong, sealed), Code::Corrupt));
    }
  }
}

TEST(Pack, HeaderRefusesWhatDoesNotAddUp) {
  Bytes header(kPlainEntrySize, std::byte{0});
  EXPECT_FALSE(parse_pack_header({}, 100).ok());
  store_le32(header.data() + 1, 40);
  EXPECT_TRUE(parse_pack_header(header, 40 + kPlainEntrySize + kPackOverhead).ok());
  EXPECT_FALSE(parse_pack_header(header, 41 + kPlainEntrySize + kPackOverhead).ok());
  store_le32(header.data() + 1, 31);
  EXPECT_FALSE(parse_pack_header(header, 31 + kPlainEntrySize + kPackOverhead).ok());
  header[0] = std::byte{4};
  EXPECT_FALSE(parse_pack_header(header, 40 + kPlainEntrySize + kPackOverhead).ok());
}

TEST(Compression, RefusesBombsAndTornFrames) {
  Bytes frame;
  const Bytes zeros(1 << 20, std::byte{0});
  compress(zeros, Compression::Max, frame);
  EXPECT_TRUE(failed_with(decompress(frame, zeros.size() - 1), Code::Corrupt));
  EXPECT_EQ(*decompress(frame, zeros.size()), zeros);
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(decompress(ByteView(frame).first(size), zeros.size()).ok()) << size;
  }
}

}  // namespace
}  // namespace firebreak
