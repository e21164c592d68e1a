// What every Backend promises, held against each.

#include <atomic>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "base/random.h"
#include "base/task_group.h"
#include "conformance/places.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr FileType kTypes[] = {FileType::Key, FileType::Lock, FileType::Snapshot, FileType::Index,
                               FileType::Pack};

FileName named(FileType type, ByteView bytes) {
  return {type, to_hex(sha256(bytes))};
}

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  Random(seed).fill(bytes);
  return bytes;
}

class BackendConformance : public testing::TestWithParam<PlaceKind> {
 protected:
  void SetUp() override {
    // Unique among the runs that share a server.
    static const std::uint64_t run = std::random_device()();
    static int tests = 0;
    place_ = fmt::format("place-{:x}-{}", run, ++tests);
    Result<std::unique_ptr<Backend>> opened = GetParam().open(place_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    backend_ = *std::move(opened);
    const Result<void> created = backend_->create({});
    ASSERT_TRUE(created.ok()) << created.error().message();
  }

  void TearDown() override {
    if (!backend_) return;
    for (const FileType type : kTypes) {
      for (const std::string& name : names(type)) (void)backend_->remove({type, name}, {});
    }
    (void)backend_->remove(config_file(), {});
  }

  // Saves bytes under their own name.
  FileName save(FileType type, ByteView bytes) {
    const FileName file = named(type, bytes);
    const Result<void> saved = backend_->save(file, bytes, {});
    EXPECT_TRUE(saved.ok()) << saved.error().message();
    return file;
  }
  FileName save(FileType type, std::string_view text) { return save(type, as_bytes(text)); }

  // Saves the numbers below `count`, several at a time.
  void save_many(FileType type, int count) {
    std::atomic<int> next = 0;
    TaskGroup group;
    for (int worker = 0; worker < 8; ++worker) {
      group.run([&](std::stop_token stop) -> Result<void> {
        for (int number = next++; number < count; number = next++) {
          const std::string text = fmt::format("{}", number);
          TRY(backend_->save(named(type, as_bytes(text)), as_bytes(text), stop));
        }
        return {};
      });
    }
    const Result<void> saved = group.wait();
    ASSERT_TRUE(saved.ok()) << saved.error().message();
  }

  // The bytes as text, or the code of the error.
  std::string load(const FileName& file, Range range = {}) {
    const Result<Bytes> loaded = backend_->load(file, range, {}, {});
    return loaded.ok() ? to_text(*loaded) : fmt::format("<{}>", name(loaded.error().code()));
  }

  std::set<std::string> names(FileType type) {
    const Result<std::vector<FileInfo>> files = list_all(*backend_, type, {});
    EXPECT_TRUE(files.ok()) << files.error().message();
    std::set<std::string> names;
    if (!files.ok()) return names;
    for (const FileInfo& file : *files) {
      EXPECT_TRUE(names.insert(file.name).second) << file.name << " is listed twice";
    }
    return names;
  }

  std::string place_;
  std::unique_ptr<Backend> backend_;
};

class CheckedNames : public BackendConformance {};
class NestedPlaces : public BackendConformance {};
class MissingPlaces : public BackendConformance {};

TEST_P(BackendConformance, CreatingTwiceIsFine) {
  const FileName file = save(FileType::Index, "text");
  EXPECT_TRUE(backend_->create({}).ok());
  EXPECT_EQ(load(file), "text");
}

TEST_P(BackendConformance, ReturnsWhatWasSaved) {
  for (const FileType type : kTypes) {
    const std::string text = fmt::format("a file of {}", folder(type));
    const FileName file = save(type, text);
    EXPECT_EQ(load(file), text);
    const Result<FileInfo> info = backend_->stat(file, {});
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->name, file.name);
    EXPECT_EQ(info->size, text.size());
    EXPECT_EQ(names(type), std::set{file.name});
  }
}

TEST_P(BackendConformance, TypesDoNotMix) {
  const FileName file = save(FileType::Index, "text");
  for (const FileType type : kTypes) {
    if (type == FileType::Index) continue;
    EXPECT_EQ(load({type, file.name}), "<not found>");
    EXPECT_TRUE(names(type).empty());
  }
}

TEST_P(BackendConformance, KeepsEveryByteValue) {
  Bytes bytes;
  for (int value = 0; value < 256; ++value) bytes.push_back(static_cast<std::byte>(value));
  const FileName file = save(FileType::Key, bytes);
  EXPECT_EQ(load(file), to_text(bytes));
}

TEST_P(BackendConformance, AnEmptyFileIsAFile) {
  const FileName file = save(FileType::Pack, "");
  EXPECT_EQ(load(file), "");
  EXPECT_EQ(backend_->stat(file, {})->size, 0);
  EXPECT_EQ(names(FileType::Pack).size(), 1);
}

TEST_P(BackendConformance, APackOf20MiB) {
  const Bytes bytes = random_bytes(20u << 20, 20);
  const FileName file = save(FileType::Pack, bytes);
  const Result<Bytes> loaded = backend_->load(file, {}, {}, {});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  EXPECT_TRUE(*loaded == bytes);
  const Range middle{(10u << 20) + 7, 1u << 20};
  const Result<Bytes> part = backend_->load(file, middle, Bytes(99), {});
  ASSERT_TRUE(part.ok()) << part.error().message();
  EXPECT_TRUE(std::ranges::equal(*part, ByteView(bytes).subspan(middle.offset, *middle.length)));
}

TEST_P(BackendConformance, LoadsExactlyTheRange) {
  for (const FileType type : {FileType::Pack, FileType::Index}) {
    const FileName file = save(type, "0123456789");
    EXPECT_EQ(load(file, {0, 10}), "0123456789");
    EXPECT_EQ(load(file, {0, 1}), "0");
    EXPECT_EQ(load(file, {3, 4}), "3456");
    EXPECT_EQ(load(file, {9, 1}), "9");
    EXPECT_EQ(load(file, {4, std::nullopt}), "456789");
    EXPECT_EQ(load(file, {10, std::nullopt}), "");
    EXPECT_EQ(load(file, {5, 0}), "");
    EXPECT_EQ(load(file, {10, 0}), "");
  }
}

TEST_P(BackendConformance, ARangePastTheEndIsCorrupt) {
  const FileName file = save(FileType::Pack, "0123456789");
  EXPECT_EQ(load(file, {0, 11}), "<corrupt>");
  EXPECT_EQ(load(file, {5, 6}), "<corrupt>");
  EXPECT_EQ(load(file, {10, 1}), "<corrupt>");
  EXPECT_EQ(load(file, {1000, 1}), "<corrupt>");
  EXPECT_EQ(load(file, {11, std::nullopt}), "<corrupt>");
}

TEST_P(BackendConformance, TheBuffersOldBytesDoNotShow) {
  const FileName file = save(FileType::Pack, "text");
  Result<Bytes> loaded = backend_->load(file, {}, to_bytes("a much longer text"), {});
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(to_text(*loaded), "text");
}

TEST_P(BackendConformance, WhatDoesNotExistIsNotFound) {
  std::vector<FileName> files = {config_file()};
  for (const FileType type : kTypes) files.push_back(named(type, as_bytes("never saved")));
  for (const FileName& file : files) {
    SCOPED_TRACE(to_string(file));
    EXPECT_EQ(load(file), "<not found>");
    EXPECT_EQ(load(file, {2, 3}), "<not found>");
    EXPECT_TRUE(failed_with(backend_->stat(file, {}), Code::NotFound));
    EXPECT_TRUE(failed_with(backend_->remove(file, {}), Code::NotFound));
    EXPECT_TRUE(names(file.type).empty());
  }
}

TEST_P(BackendConformance, AnExistingNameIsNeverReplaced) {
  for (const FileType type : kTypes) {
    const FileName file = save(type, "text");
    EXPECT_TRUE(failed_with(backend_->save(file, as_bytes("text"), {}), Code::Conflict));
    const Result<void> other = backend_->save(file, as_bytes("other"), {});
    EXPECT_FALSE(other.ok());
    EXPECT_TRUE(GetParam().checks_names || failed_with(other, Code::Conflict));
    EXPECT_EQ(load(file), "text");
  }
}

TEST_P(CheckedNames, BytesThatDoNotFitTheirNameAreRefused) {
  for (const FileType type : kTypes) {
    const FileName file = named(type, as_bytes("text"));
    EXPECT_FALSE(backend_->save(file, as_bytes("other"), {}).ok());
    EXPECT_EQ(load(file), "<not found>");
  }
}

TEST_P(BackendConformance, TheConfigIsAFileLikeOthers) {
  EXPECT_TRUE(names(FileType::Config).empty());
  ASSERT_TRUE(backend_->save(config_file(), as_bytes("first"), {}).ok());
  EXPECT_TRUE(failed_with(backend_->save(config_file(), as_bytes("second"), {}), Code::Conflict));
  EXPECT_EQ(load(config_file()), "first");
  EXPECT_EQ(load(config_file(), {1, 3}), "irs");
  EXPECT_EQ(backend_->stat(config_file(), {})->size, 5);
  EXPECT_EQ(names(FileType::Config).size(), 1);
  EXPECT_TRUE(backend_->remove(config_file(), {}).ok());
  EXPECT_EQ(load(config_file()), "<not found>");
  EXPECT_TRUE(backend_->save(config_file(), as_bytes("second"), {}).ok());
  EXPECT_EQ(load(config_file()), "second");
}

TEST_P(BackendConformance, RemovesOneFileForGood) {
  const FileName gone = save(FileType::Pack, "gone");
  const FileName kept = save(FileType::Pack, "kept");
  ASSERT_TRUE(backend_->remove(gone, {}).ok());
  EXPECT_EQ(load(gone), "<not found>");
  EXPECT_TRUE(failed_with(backend_->stat(gone, {}), Code::NotFound));
  EXPECT_TRUE(failed_with(backend_->remove(gone, {}), Code::NotFound));
  EXPECT_EQ(names(FileType::Pack), std::set{kept.name});
  save(FileType::Pack, "gone");
  EXPECT_EQ(load(gone), "gone");
}

// More than fit on one page of any service.
TEST_P(BackendConformance, ListsEveryFileOnce) {
  for (const FileType type : {FileType::Snapshot, FileType::Pack}) {
    const int count = type == FileType::Pack ? GetParam().many / 4 : GetParam().many;
    save_many(type, count);
    const Result<std::vector<FileInfo>> files = list_all(*backend_, type, {});
    ASSERT_TRUE(files.ok()) << files.error().message();
    EXPECT_EQ(files->size(), count);
    std::map<std::string, std::uint64_t> sizes;
    for (const FileInfo& file : *files) sizes[file.name] = file.size;
    for (int number = 0; number < count; ++number) {
      const std::string text = fmt::format("{}", number);
      EXPECT_EQ(sizes[named(type, as_bytes(text)).name], text.size());
    }
  }
}

TEST_P(BackendConformance, AListenersErrorEndsTheListing) {
  for (int number = 0; number < 5; ++number) save(FileType::Pack, fmt::format("{}", number));
  int heard = 0;
  const Result<void> listed = backend_->list(FileType::Pack,
                                             [&](const FileInfo&) -> Result<void> {
                                               if (++heard == 3)
                                                 return error(Code::Exhausted, "enough");
                                               return {};
                                             },
                                             {});
  EXPECT_TRUE(failed_with(listed, Code::Exhausted));
  EXPECT_EQ(heard, 3);
}

TEST_P(BackendConformance, AListenerMayUseTheBackend) {
  const FileName file = save(FileType::Pack, "text");
  std::string heard;
  const Result<void> listed = backend_->list(FileType::Pack,
                                             [&](const FileInfo&) -> Result<void> {
                                               heard = load(file);
                                               return backend_->remove(file, {});
                                             },
                                             {});
  EXPECT_TRUE(listed.ok());
  EXPECT_EQ(heard, "text");
}

TEST_P(NestedPlaces, ForeignNamesAreLeftOut) {
  Result<std::unique_ptr<Backend>> inside = GetParam().open(place_ + "/index");
  ASSERT_TRUE(inside.ok());
  ASSERT_TRUE((*inside)->create({}).ok());
  ASSERT_TRUE((*inside)->save(config_file(), as_bytes("a foreign file"), {}).ok());
  const FileName file = save(FileType::Index, "text");
  EXPECT_EQ(names(FileType::Index), std::set{file.name});
  EXPECT_TRUE((*inside)->remove(config_file(), {}).ok());
}

TEST_P(NestedPlaces, PacksInAnotherFolderAreStrays) {
  ASSERT_TRUE(backend_->find_strays({}).ok());
  EXPECT_TRUE(backend_->find_strays({})->empty());
  save(FileType::Pack, "in its place");
  Result<std::unique_ptr<Backend>> inside = GetParam().open(place_ + "/data");
  ASSERT_TRUE(inside.ok());
  ASSERT_TRUE((*inside)->create({}).ok());
  const FileName index = named(FileType::Index, as_bytes("text"));
  ASSERT_TRUE((*inside)->save(index, as_bytes("text"), {}).ok());
  const Result<std::vector<Stray>> strays = backend_->find_strays({});
  ASSERT_TRUE(strays.ok()) << strays.error().message();
  ASSERT_EQ(strays->size(), 1U);
  const Stray expected{{FileType::Pack, index.name}, "data/index/" + index.name,
                       StrayKind::Misplaced};
  EXPECT_EQ(strays->front(), expected);
  EXPECT_EQ(names(FileType::Pack).size(), 1U);
  EXPECT_TRUE((*inside)->remove(index, {}).ok());
}

// A place whose name begins like ours is not inside ours.
TEST_P(BackendConformance, PlacesDoNotMix) {
  Result<std::unique_ptr<Backend>> other = GetParam().open(place_ + "0");
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE((*other)->create({}).ok());
  const FileName file = named(FileType::Pack, as_bytes("text"));
  ASSERT_TRUE((*other)->save(file, as_bytes("text"), {}).ok());
  EXPECT_TRUE(names(FileType::Pack).empty());
  EXPECT_EQ(load(file), "<not found>");
  EXPECT_TRUE((*other)->remove(file, {}).ok());
}

TEST_P(BackendConformance, OfManySaversOfOneNameOneWins) {
  constexpr int kSavers = 8;
  std::atomic<int> winner = -1;
  std::atomic<int> winners = 0;
  TaskGroup group;
  for (int saver = 0; saver < kSavers; ++saver) {
    group.run([&, saver](std::stop_token) -> Result<void> {
      const Bytes bytes = random_bytes(100'000, static_cast<std::uint64_t>(saver));
      const Result<void> saved = backend_->save(config_file(), bytes, {});
      EXPECT_TRUE(saved.ok() || failed_with(saved, Code::Conflict)) << saved.error().message();
      if (saved.ok()) {
        winner = saver;
        ++winners;
      }
      return {};
    });
  }
  ASSERT_TRUE(group.wait().ok());
  ASSERT_EQ(winners, 1);
  EXPECT_EQ(load(config_file()),
            to_text(random_bytes(100'000, static_cast<std::uint64_t>(winner))));
}

TEST_P(BackendConformance, AStoppedCallDoesNothing) {
  std::stop_source stopped;
  stopped.request_stop();
  const std::stop_token stop = stopped.get_token();
  const FileName kept = save(FileType::Pack, "kept");
  const FileName file = named(FileType::Pack, as_bytes("text"));
  EXPECT_TRUE(failed_with(backend_->save(file, as_bytes("text"), stop), Code::Canceled));
  const FileName index = save(FileType::Index, "index");
  EXPECT_TRUE(failed_with(backend_->load(kept, {}, {}, stop), Code::Canceled));
  EXPECT_TRUE(failed_with(backend_->load(index, {}, {}, stop), Code::Canceled));
  EXPECT_TRUE(failed_with(backend_->stat(kept, stop), Code::Canceled));
  EXPECT_TRUE(failed_with(list_all(*backend_, FileType::Pack, stop), Code::Canceled));
  EXPECT_TRUE(failed_with(backend_->remove(kept, stop), Code::Canceled));
  EXPECT_EQ(load(kept), "kept");
  EXPECT_EQ(load(file), "<not found>");
}

TEST_P(MissingPlaces, AMissingPlaceIsNotFound) {
  Result<std::unique_ptr<Backend>> missing = GetParam().open_missing();
  ASSERT_TRUE(missing.ok());
  for (const FileType type : kTypes) {
    EXPECT_TRUE(failed_with(list_all(**missing, type, {}), Code::NotFound));
  }
  EXPECT_TRUE(failed_with((*missing)->load(config_file(), {}, {}, {}), Code::NotFound));
  EXPECT_TRUE(failed_with((*missing)->stat(config_file(), {}), Code::NotFound));
}

std::vector<PlaceKind> kinds_where(const std::function<bool(const PlaceKind&)>& holds) {
  std::vector<PlaceKind> kinds = place_kinds();
  std::erase_if(kinds, [&](const PlaceKind& kind) { return !holds(kind); });
  return kinds;
}

std::string name_of(const testing::TestParamInfo<PlaceKind>& place) {
  return place.param.name;
}

INSTANTIATE_TEST_SUITE_P(Places, BackendConformance, testing::ValuesIn(place_kinds()), name_of);

// Not every kind can be asked everything; one run may be of a kind that can be asked none of this.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CheckedNames);
INSTANTIATE_TEST_SUITE_P(Places, CheckedNames,
                         testing::ValuesIn(kinds_where([](const PlaceKind& kind) {
                           return kind.checks_names;
                         })),
                         name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NestedPlaces);
INSTANTIATE_TEST_SUITE_P(Places, NestedPlaces,
                         testing::ValuesIn(kinds_where([](const PlaceKind& kind) {
                           return kind.nests;
                         })),
                         name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MissingPlaces);
INSTANTIATE_TEST_SUITE_P(Places, MissingPlaces,
                         testing::ValuesIn(kinds_where([](const PlaceKind& kind) {
                           return kind.open_missing != nullptr;
                         })),
                         name_of);

}  // namespace
}  // namespace firebreak
