#include "floor_survey.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unordered_map>
#include <zstd.h>

#include "base/file.h"
#include "base/random.h"
#include "base/task_group.h"

namespace firebreak {
namespace {

constexpr std::size_t kSizeMin = 512 << 10;
constexpr std::size_t kSizeMax = 8 << 20;
constexpr std::uint64_t kMask = 0xfffffULL << 44;  // a cut in 1 MiB

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<void> walk_folder(Survey& survey, const std::string& relative) {
  const std::string path = survey.root + "/" + relative;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (folder == nullptr) return errno_error(errno, "open", path);
  std::vector<std::string> below;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string inner = relative.empty() ? name : relative + "/" + name;
    struct stat found {};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno_error(errno, "stat", inner);
    }
    if (S_ISDIR(found.st_mode)) below.push_back(inner);
    if (S_ISREG(found.st_mode)) {
      survey.files.push_back({inner, static_cast<std::uint64_t>(found.st_size)});
    }
  }
  std::sort(below.begin(), below.end());
  for (const std::string& inner : below) {
    survey.folders.push_back(inner);
    TRY(walk_folder(survey, inner));
  }
  return {};
}

// A gear hash; only its cuts matter here, not its speed.
std::size_t first_chunk(ByteView bytes) {
  static const auto gear = [] {
    std::array<std::uint64_t, 256> table{};
    Random random(1);
    for (std::uint64_t& word : table) word = random.next();
    return table;
  }();
  if (bytes.size() <= kSizeMin) return bytes.size();
  const std::size_t end = std::min(bytes.size(), kSizeMax);
  std::uint64_t hash = 0;
  for (std::size_t at = kSizeMin; at < end; ++at) {
    hash = (hash << 1) + gear[static_cast<std::uint8_t>(bytes[at])];
    if ((hash & kMask) == 0) return at + 1;
  }
  return end;
}

bool is_worth_compressing(ByteView bytes, std::vector<char>& buffer) {
  buffer.resize(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress(buffer.data(), buffer.size(), bytes.data(), bytes.size(), 1);
  return size < bytes.size() - bytes.size() / 32;
}

Result<std::vector<SurveyedChunk>> cut_file(const Survey& survey, std::size_t nth,
                                            std::vector<char>& buffer) {
  const SurveyedFile& file = survey.files[nth];
  std::vector<SurveyedChunk> chunks;
  if (file.size_bytes == 0) return chunks;
  const std::string path = survey.root + "/" + file.path;
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "open", path);
  void* const mapped = ::mmap(nullptr, file.size_bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapped == MAP_FAILED) return errno_error(errno, "map", path);
  const ByteView bytes(static_cast<const std::byte*>(mapped), file.size_bytes);
  for (std::size_t at = 0; at < bytes.size();) {
    const ByteView chunk = bytes.subspan(at, first_chunk(bytes.subspan(at)));
    chunks.push_back({.file = nth,
                      .offset = at,
                      .size_bytes = static_cast<std::uint32_t>(chunk.size()),
                      .hash = sha256(chunk),
                      .is_compressible = is_worth_compressing(chunk, buffer)});
    at += chunk.size();
  }
  ::munmap(mapped, file.size_bytes);
  return chunks;
}

struct HashOfHash {
  std::size_t operator()(const Sha256& hash) const {
    std::size_t word = 0;
    std::memcpy(&word, hash.data(), sizeof word);
    return word;
  }
};

}  // namespace

Result<Survey> walk(const std::string& root) {
  Survey survey;
  survey.root = root;
  TRY(walk_folder(survey, ""));
  return survey;
}

Result<void> cut(Survey& survey, unsigned threads) {
  std::vector<std::vector<SurveyedChunk>> by_file(survey.files.size());
  std::atomic<std::size_t> next{0};
  TaskGroup group;
  for (unsigned i = 0; i < threads; ++i) {
    group.run([&](std::stop_token stop) -> Result<void> {
      std::vector<char> buffer;
      for (std::size_t at = next++; at < by_file.size() && !stop.stop_requested(); at = next++) {
        by_file[at] = TRY(cut_file(survey, at, buffer));
      }
      return {};
    });
  }
  TRY(group.wait());

  std::unordered_map<Sha256, std::size_t, HashOfHash> firsts;
  for (std::vector<SurveyedChunk>& chunks : by_file) {
    for (SurveyedChunk& chunk : chunks) {
      chunk.first = firsts.try_emplace(chunk.hash, survey.chunks.size()).first->second;
      survey.chunks.push_back(chunk);
    }
  }
  return {};
}

}  // namespace firebreak
