#include "repository/index_rewrite.h"

#include <algorithm>

#include "base/task_group.h"
#include "repository/blob_saver.h"
#include "repository/index_file.h"

namespace firebreak {
namespace {

constexpr std::size_t kSmallFileBlobs = kBlobsPerIndexFile / 10;
constexpr std::size_t kSmallFilesKept = 4;
constexpr std::size_t kRemovedAtOnce = 500;

struct IndexFileContent {
  std::vector<std::uint32_t> packs;  // numbers in the PackTable
  std::size_t blobs = 0;
  bool broken = false;
};

Result<std::vector<IndexFileContent>> read_index_files(const Repository& repository,
                                                       const PackTable& packs,
                                                       const std::vector<IndexId>& files,
                                                       OnBroken on_broken, std::stop_token stop) {
  std::vector<IndexFileContent> contents(files.size());
  const auto read_one = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    IndexFileContent content;
    Bytes json = TRY(repository.load_document(FileType::Index, files[number].hex(), stopped));
    const auto note = [&](const PackId& id, const std::vector<PackEntry>& entries) -> Result<void> {
      const std::optional<std::size_t> pack = packs.find(id);
      if (!pack) return error(Code::Corrupt, "pack {} is missing in the local cache", id);
      content.packs.push_back(static_cast<std::uint32_t>(*pack));
      content.blobs += entries.size();
      return {};
    };
    TRY(parse_index(std::move(json), note).context("index/{}", files[number]).on(Side::Repository));
    contents[number] = std::move(content);
    return {};
  };
  const auto read = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    Result<void> whole = read_one(number, stopped);
    const bool damaged = failed_with(whole, Code::Corrupt) || failed_with(whole, Code::NotFound);
    if (!damaged || on_broken == OnBroken::Fail) return whole;
    contents[number].broken = true;
    return {};
  };
  TRY(for_each_number(files.size(), repository.backend().connections(), read, stop));
  return contents;
}

}  // namespace

Result<void> IndexWriter::add(IndexedPack pack, std::stop_token stop) {
  const MutexLock lock(mutex_);
  if (!seen_.insert(pack.id).second) return {};
  blobs_ += pack.entries.size();
  packs_.push_back(std::move(pack));
  if (blobs_ < kBlobsPerIndexFile) return {};
  return save(stop);
}

Result<void> IndexWriter::finish(std::stop_token stop) {
  const MutexLock lock(mutex_);
  if (packs_.empty()) return {};
  return save(stop);
}

Result<void> IndexWriter::save(std::stop_token stop) {
  TRY(lock_.held(stop));
  TRY(repository_.save_document(FileType::Index, encode_index(packs_), stop));
  packs_.clear();
  blobs_ = 0;
  ++files_;
  return {};
}

std::size_t IndexWriter::files_written() const {
  const MutexLock lock(mutex_);
  return files_;
}

Result<std::vector<IndexId>> rewrite_index(const Repository& repository, const PackTable& packs,
                                           const std::vector<IndexId>& files,
                                           const std::vector<bool>& dropped, OnBroken on_broken,
                                           IndexWriter& writer, std::stop_token stop) {
  CHECK(dropped.size() == packs.size());
  const std::vector<IndexFileContent> contents =
      TRY(read_index_files(repository, packs, files, on_broken, stop));
  std::vector<bool> named(packs.size());
  std::vector<bool> dropped_or_repeated = dropped;
  std::size_t small = 0;
  for (const IndexFileContent& content : contents) {
    if (content.blobs < kSmallFileBlobs) ++small;
    for (const std::uint32_t pack : content.packs) {
      if (named[pack]) dropped_or_repeated[pack] = true;
      named[pack] = true;
    }
  }
  std::vector<IndexId> obsolete;
  // From the table, because another file may hold more about the same pack.
  const auto keep = [&](std::size_t pack) -> Result<void> {
    if (dropped[pack]) return {};
    return writer.add({packs.id(pack), packs.entries(pack)}, stop);
  };
  for (std::size_t file = 0; file < files.size(); ++file) {
    const IndexFileContent& content = contents[file];
    const bool replaced =
        content.broken || (small > kSmallFilesKept && content.blobs < kSmallFileBlobs) ||
        std::any_of(content.packs.begin(), content.packs.end(),
                    [&](std::uint32_t pack) { return dropped_or_repeated[pack]; });
    if (!replaced) continue;
    obsolete.push_back(files[file]);
    for (const std::uint32_t pack : content.packs) TRY(keep(pack));
  }
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    if (!named[pack]) TRY(keep(pack));  // of a broken file
  }
  return obsolete;
}

Result<std::size_t> drop_from_index(const Repository& repository, const PackTable& packs,
                                    const std::vector<IndexId>& files,
                                    const std::vector<bool>& dropped, RepositoryLock& lock,
                                    std::stop_token stop) {
  IndexWriter writer(repository, lock);
  const std::vector<IndexId> obsolete =
      TRY(rewrite_index(repository, packs, files, dropped, OnBroken::Fail, writer, stop));
  TRY(writer.finish(stop));
  std::vector<FileName> names;
  for (const IndexId& id : obsolete) names.push_back({FileType::Index, id.hex()});
  TRY(remove_files(repository.backend(), names, lock, stop));
  return names.size();
}

Result<void> remove_files(Backend& backend, const std::vector<FileName>& files,
                          RepositoryLock& lock, std::stop_token stop) {
  for (std::size_t begin = 0; begin < files.size(); begin += kRemovedAtOnce) {
    TRY(lock.held(stop));
    const auto remove = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
      Result<void> removed = backend.remove(files[begin + number], stopped);
      if (failed_with(removed, Code::NotFound)) return {};
      return std::move(removed).on(Side::Repository);
    };
    const std::size_t count = std::min(kRemovedAtOnce, files.size() - begin);
    TRY(for_each_number(count, backend.connections(), remove, stop));
  }
  return {};
}

}  // namespace firebreak
