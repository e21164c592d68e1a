#include "backend/local.h"

#include <cerrno>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"

namespace firebreak {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0400;  // written once
constexpr char kTemporaryFolder[] = "firebreak-tmp";

// restic's file systems hold packs in 256 folders, so that none grows too large to list.
std::string pack_folder(std::string_view name) {
  return fmt::format("data/{}", name.substr(0, 2));
}

// Older than this, a temporary file is one that a killed writer left. One that is alive after all
// finds its file gone and fails.
constexpr time_t kLeftAfter{24 * 60 * 60};

// Removes what killed writers left beside `own`, whose time is now by the clock of the file system.
// What cannot be removed waits for another writer.
void remove_left_files(const std::string& folder, const std::string& own) {
  struct stat status {};
  if (::stat(own.c_str(), &status) != 0) return;
  const time_t now = status.st_mtime;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string path = entry.path();
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (now - status.st_mtime > kLeftAfter) ::unlink(path.c_str());
  }
}

// Writes and fsyncs; the name is not yet the final one.
Result<void> write_temporary(const std::string& path, ByteView bytes) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (!fd.is_open()) return errno_error(errno, "create", path);
  TRY(write_all(fd.get(), bytes).context("{}", path));
  if (::fsync(fd.get()) != 0) return errno_error(errno, "fsync", path);
  return fd.close();
}

// Refuses a name that is taken, which rename() would replace. Not every network file system has
// RENAME_NOREPLACE, not every disk's (exFAT) has links.
Result<void> give_name(const std::string& temporary, const std::string& name) {
  if (::link(temporary.c_str(), name.c_str()) == 0) return {};
  const bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
  if (!no_links) return errno_error(errno, "create", name);
  const int renamed =
      ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE);
  if (renamed == 0) return {};
  if (errno != EINVAL) return errno_error(errno, "create", name);
  return error(Code::Invalid,
               "create {}: the file system can neither link nor rename without replacing, so that "
               "two writers could overwrite each other; keep the repository on another",
               printable(name));
}

// What lies in the place of a file, a folder say, is no file of the repository: as list() has it.
Result<void> check_is_file(const struct stat& status, const std::string& path) {
  if (S_ISREG(status.st_mode)) return {};
  return error(Code::NotFound, "{} is no file; move it away", printable(path));
}

}  // namespace

LocalBackend::LocalBackend(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
}

Result<void> LocalBackend::create(std::stop_token) {
  for (const char* name : {"keys", "locks", "snapshots", "index", "data", kTemporaryFolder}) {
    TRY(make_folders(fmt::format("{}/{}", path_, name), kFolderMode));
  }
  for (int first = 0; first < 256; ++first) {
    const std::string path = fmt::format("{}/data/{:02x}", path_, first);
    if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return errno_error(errno, "make folder", path);
    }
  }
  return sync_folder(path_ + "/data");
}

Result<void> LocalBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const std::string final_path = path_of(file);
  const std::string temporary_folder = fmt::format("{}/{}", path_, kTemporaryFolder);
  TRY(make_folders(temporary_folder, kFolderMode));
  std::byte nonce[12];
  fill_secret(nonce);
  const std::string temporary = fmt::format("{}/{}", temporary_folder, to_hex(nonce));
  Result<void> saved = write_temporary(temporary, bytes);
  if (saved.ok()) std::call_once(swept_, [&] { remove_left_files(temporary_folder, temporary); });
  if (saved.ok()) saved = make_folders(folder_path(file), kFolderMode);
  if (saved.ok()) saved = give_name(temporary, final_path);
  ::unlink(temporary.c_str());
  TRY(std::move(saved));
  return sync_folder(folder_path(file));
}

Result<Bytes> LocalBackend::load(const FileName& file, Range range, Bytes buffer,
                                 std::stop_token stop) {
  TRY(check_stop(file, stop));
  const std::string path = path_of(file);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) return errno_error(errno, "open", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "stat", path);
  TRY(check_is_file(status, path));
  std::uint64_t length = 0;
  if (range.length) {
    length = *range.length;
  } else {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (range.offset > size) {
      return error(Code::Corrupt, "{} ends {} bytes early", to_string(file), range.offset - size);
    }
    length = size - range.offset;
  }
  buffer.resize(length);
  const std::size_t got = TRY(read_up_to_at(fd.get(), buffer, range.offset).context("{}", path));
  if (got != length) {
    return error(Code::Corrupt, "{} ends {} bytes early", to_string(file), length - got);
  }
  return buffer;
}

Result<FileInfo> LocalBackend::stat(const FileName& file, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const std::string path = path_of(file);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno_error(errno, "stat", path);
  TRY(check_is_file(status, path));
  return FileInfo{file.name, static_cast<std::uint64_t>(status.st_size)};
}

Result<void> LocalBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  TRY(check_stop({type, {}}, stop));
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return errno_error(errno, "stat", path_);
  if (type == FileType::Config) {
    Result<FileInfo> config = this->stat(config_file(), stop);
    if (failed_with(config, Code::NotFound)) return {};
    const FileInfo found = TRY(std::move(config));
    return each(found);
  }
  const auto files = [&](std::string_view begins) -> EachEntry {
    return [&each, begins](const std::string& name, const struct stat& found) {
      // One in another's folder would count as there, and not be found.
      if (!S_ISREG(found.st_mode) || !name.starts_with(begins)) return Result<void>();
      return each({name, static_cast<std::uint64_t>(found.st_size)});
    };
  };
  if (type != FileType::Pack) return read_folder(std::string(folder(type)), files(""), stop);
  for (int first = 0; first < 256; ++first) {
    const std::string digits = fmt::format("{:02x}", first);
    TRY(read_folder("data/" + digits, files(digits), stop));
  }
  return {};
}

Result<std::vector<Stray>> LocalBackend::find_strays(std::stop_token stop) {
  std::vector<Stray> strays;
  const auto look = [&](FileType type, const std::string& folder) {
    const auto note = [&](const std::string& name, const struct stat& found) -> Result<void> {
      const FileName file{type, name};
      const std::string path = fmt::format("{}/{}", folder, name);
      const bool is_file = S_ISREG(found.st_mode);
      if (!is_file || fmt::format("{}/{}", path_, path) != path_of(file)) {
        strays.push_back({file, path, is_file ? StrayKind::Misplaced : StrayKind::NotAFile});
      }
      return {};
    };
    return read_folder(folder, note, stop);
  };
  for (const FileType type : {FileType::Key, FileType::Lock, FileType::Snapshot, FileType::Index}) {
    TRY(look(type, std::string(folder(type))));
  }
  TRY(look(FileType::Pack, "data"));
  std::error_code problem;
  std::filesystem::directory_iterator entry(path_ + "/data", problem);
  for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem)) {
    const std::string name = entry->path().filename();
    std::error_code ignored;
    if (!is_file_name(name) && entry->is_directory(ignored)) {
      TRY(look(FileType::Pack, "data/" + name));
    }
  }
  if (problem && problem != std::errc::no_such_file_or_directory) {
    return errno_error(problem.value(), "list", path_ + "/data");
  }
  return strays;
}

Result<void> LocalBackend::remove(const FileName& file, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const std::string path = path_of(file);
  if (::unlink(path.c_str()) != 0) {
    struct stat status {};
    if (errno == EISDIR && ::stat(path.c_str(), &status) == 0) return check_is_file(status, path);
    return errno_error(errno, "remove", path);
  }
  return sync_folder(folder_path(file));
}

std::string LocalBackend::folder_path(const FileName& file) const {
  if (file.type == FileType::Config) return path_;
  if (file.type == FileType::Pack) return fmt::format("{}/{}", path_, pack_folder(file.name));
  return fmt::format("{}/{}", path_, folder(file.type));
}

std::string LocalBackend::path_of(const FileName& file) const {
  if (file.type == FileType::Config) return fmt::format("{}/{}", path_, kConfigName);
  return fmt::format("{}/{}", folder_path(file), file.name);
}

Result<void> LocalBackend::read_folder(const std::string& folder, const EachEntry& each,
                                       std::stop_token stop) const {
  const std::string path = fmt::format("{}/{}", path_, folder);
  DIR* const opened = ::opendir(path.c_str());
  if (opened == nullptr) {
    if (errno == ENOENT) return {};
    return errno_error(errno, "open folder", path);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(opened, ::closedir);
  while (true) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped while listing");
    errno = 0;
    const dirent* const entry = ::readdir(opened);
    if (entry == nullptr) break;
    if (!is_file_name(entry->d_name)) continue;
    struct stat status {};
    if (::fstatat(::dirfd(opened), entry->d_name, &status, 0) != 0) {
      if (errno == ENOENT) continue;  // removed since
      return errno_error(errno, "stat", path + "/" + entry->d_name);
    }
    TRY(each(entry->d_name, status));
  }
  if (errno != 0) return errno_error(errno, "list", path);
  return {};
}

}  // namespace firebreak
