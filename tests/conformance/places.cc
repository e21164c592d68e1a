#include "conformance/places.h"

#include <cstdlib>
#include <filesystem>

#include "backend/aws_credentials.h"
#include "backend/caching.h"
#include "backend/faulty.h"
#include "backend/gcs.h"
#include "backend/limiting.h"
#include "backend/local.h"
#include "backend/memory.h"
#include "backend/rest.h"
#include "backend/retrying.h"
#include "backend/s3.h"
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
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override {
    return faulty_.find_strays(stop);
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

// `bucket` is an address.
Opened open_s3(const std::string& bucket, const std::string& place, std::size_t part_bytes) {
  const Location location = TRY(parse_location("s3:" + bucket + "/" + place));
  const Environment environment = read_environment();
  S3Options options{.place = std::get<S3Location>(location),
                    .credentials = {},
                    .region = aws_region(environment),
                    .part_bytes = part_bytes};
  options.credentials = TRY(find_aws_credentials(environment));
  return std::unique_ptr<Backend>(std::make_unique<S3Backend>(options, system_clock()));
}

std::vector<PlaceKind> kinds_of_s3() {
  const std::size_t part = S3Options{}.part_bytes;
  const auto in = [](const char* variable, std::size_t part_bytes) {
    return [=](const std::string& place) -> Opened {
      const std::string bucket = TRY(server_address(variable));
      return open_s3(bucket, place, part_bytes);
    };
  };
  const auto missing = [part]() -> Opened {
    const std::string bucket = TRY(server_address("FIREBREAK_TEST_S3"));
    return open_s3(bucket + "-missing", "place", part);
  };
  return {
      {.name = "s3",
       .open = in("FIREBREAK_TEST_S3", part),
       .open_missing = missing,
       .checks_names = true},
      {.name = "s3_locked",
       .open = in("FIREBREAK_TEST_S3_LOCKED", part),
       .open_missing = {},
       .many = 40,
       .checks_names = true},
      // What one part may at least hold.
      {.name = "s3_parts",
       .open = in("FIREBREAK_TEST_S3", 5 << 20),
       .open_missing = {},
       .many = 40,
       .checks_names = true},
  };
}

// "http://host:port/bucket"; a prefix of it for each place.
Opened open_gcs(const std::string& place, std::string_view bucket_suffix = "") {
  const std::string address = TRY(server_address("FIREBREAK_TEST_GCS"));
  const std::size_t slash = address.rfind('/');
  const GcsOptions options{.endpoint = address.substr(0, slash),
                           .bucket = address.substr(slash + 1) + std::string(bucket_suffix),
                           .prefix = place};
  return std::unique_ptr<Backend>(std::make_unique<GcsBackend>(options, nullptr));
}

std::vector<PlaceKind> kinds_of_gcs() {
  return {{.name = "gcs",
           .open = [](const std::string& place) { return open_gcs(place); },
           .open_missing = [] { return open_gcs("place", "-missing"); }}};
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
  if (std::string_view(kind) == "s3") return kinds_of_s3();
  if (std::string_view(kind) == "gcs") return kinds_of_gcs();
  return {};
}

}  // namespace firebreak
