#include "conformance/places.h"

#include <cstdlib>
#include <filesystem>

#include "backend/caching.h"
#include "backend/faulty.h"
#include "backend/limiting.h"
#include "backend/local.h"
#include "backend/memory.h"
#include "backend/rest.h"
#include "backend/retrying.h"
#include "base/clock.h"

namespace firebreak {
namespace {

using Opened = Result<std::unique_ptr<Backend>>;

// A folder that goes away with the program.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "firebreak-places-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  std::string path_;
};

const TemporaryFolder& temporary_folder() {
  static const TemporaryFolder folder;
  return folder;
}

Opened open_local(const std::string& place) {
  return std::unique_ptr<Backend>(std::make_unique<LocalBackend>(temporary_folder().path(place)));
}

// Owns what FaultyBackend borrows.
class WithoutFaults final : public Backend {
 public:
  explicit WithoutFaults(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}
  std::string location() const override { return faulty_.location(); }
  unsigned connections() const override { return faulty_.connections(); }
  Result<void> create(std::stop_token stop) override { return faulty_.create(stop); }
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override {
    return faulty_.save(file, bytes, stop);
  }
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override {
    return faulty_.load(file, range, std::move(buffer), stop);
  }
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override {
    return faulty_.stat(file, stop);
  }
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override {
    return faulty_.list(type, each, stop);
  }
  Result<void> remove(const FileName& file, std::stop_token stop) override {
    return faulty_.remove(file, stop);
  }

 private:
  std::unique_ptr<Backend> inner_;
  FaultyBackend faulty_{*inner_, system_clock()};
};

Opened open_memory(const std::string&) {
  return std::unique_ptr<Backend>(std::make_unique<MemoryBackend>());
}

// Every decorator keeps the promises of what it decorates.
Opened open_decorated(const std::string& place) {
  std::unique_ptr<Backend> memory = TRY(open_memory(place));
  auto limited = limiting(std::make_unique<WithoutFaults>(std::move(memory)),
                          {.connections = 4,
                           .upload_bytes_per_second = 1'000'000'000,
                           .download_bytes_per_second = 1'000'000'000},
                          system_clock());
  auto retried = retrying(std::move(limited), RetryPolicy{}, system_clock(), 1);
  return caching(std::move(retried), temporary_folder().path(place + "-cache"));
}

std::vector<PlaceKind> kinds_of_this_machine() {
  return {
      {.name = "memory", .open = open_memory, .open_missing = {}, .nests = false},
      {.name = "decorated", .open = open_decorated, .open_missing = {}, .nests = false},
      // 400 names overflow the buffer of readdir(); each costs three fsyncs.
      {.name = "local",
       .open = open_local,
       .open_missing = [] { return open_local("missing"); },
       .many = 400},
  };
}

// The variable that says where the server is; an error where it is not set.
Result<std::string> server_address(const char* variable) {
  const char* const address = std::getenv(variable);
  if (address == nullptr) return error(Code::Invalid, "{} is not set", variable);
  return std::string(address);
}

Opened open_rest(const std::string& place) {
  const std::string address = TRY(server_address("FIREBREAK_TEST_REST"));
  return RestBackend::open({.url = address + place});
}

}  // namespace

void PrintTo(const PlaceKind& kind, std::ostream* out) {
  *out << kind.name;
}

std::vector<PlaceKind> place_kinds() {
  const char* const kind = std::getenv("FIREBREAK_TEST_KIND");
  if (kind == nullptr) return kinds_of_this_machine();
  if (std::string_view(kind) == "rest") {
    // The server refuses folders that are named like its own.
    return {{.name = "rest",
             .open = open_rest,
             .open_missing = [] { return open_rest("missing"); },
             .nests = false,
             .checks_names = true}};
  }
  return {};
}

}  // namespace firebreak
