// firebreak-drain: reads a whole Firestore database as a capture does, and does nothing with it but
// count, or write it to a file: what reading costs at least. Prints JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "base/mutex.h"
#include "base/task_group.h"
#include "firestore/partitions.h"
#include "firestore/value_fields.h"
#include "firestore/wire.h"

namespace firebreak {
namespace {

struct Request {
  std::string address;
  std::string into;
  std::size_t readers = 4;
  std::size_t parts_per_reader = 8;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class Drain {
 public:
  Drain(const Request& request, FirestoreClient& client) : request_(request), client_(client) {}

  Result<void> run(std::FILE* file) {
    file_ = file;
    time_ = TRY(client_.present({}));
    ranges_ =
        TRY(partition_database(client_, request_.readers * request_.parts_per_reader, time_, {}));
    return run_workers(std::min(request_.readers, ranges_.size()),
                       [this](std::stop_token stop) { return read(stop); }, {});
  }
  std::uint64_t documents() const { return documents_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> read(std::stop_token stop) {
    for (;;) {
      const std::size_t number = next_++;
      if (number >= ranges_.size()) return {};
      DocumentReader reader(client_, ranges_[number], time_);
      while (const std::optional<ByteView> document = TRY(reader.next(stop))) {
        ++documents_;
        bytes_ += document->size();
        if (file_ == nullptr) continue;
        const MutexLock lock(mutex_);
        if (std::fwrite(document->data(), 1, document->size(), file_) != document->size()) {
          return error(Code::Io, "{}: cannot be written", request_.into);
        }
      }
    }
  }

  const Request& request_;
  FirestoreClient& client_;
  FirestoreTime time_;
  std::vector<PathRange> ranges_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint64_t> documents_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  Mutex mutex_;
  std::FILE* file_ = nullptr;
};

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  firebreak::Request request;
  CLI::App app(
      "Reads a Firestore database and forgets it.\n"
      "Example: firebreak-drain 127.0.0.1:8080 --into /dev/shm/documents");
  app.add_option("ADDRESS", request.address, "of the server")->required();
  app.add_option("--into", request.into, "file for the serialised documents, one behind the other");
  app.add_option("--readers", request.readers, "side by side")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  std::unique_ptr<std::FILE, firebreak::CloseFile> file;
  if (!request.into.empty()) {
    file.reset(std::fopen(request.into.c_str(), "wb"));
    if (file == nullptr) {
      fmt::print(stderr, "firebreak-drain: {} cannot be made\n", request.into);
      return 1;
    }
  }
  firebreak::FirestoreClient client({"bench", "(default)"}, {.address = request.address},
                                    firebreak::system_clock());
  firebreak::Drain drain(request, client);
  const firebreak::Result<void> done = drain.run(file.get());
  if (!done.ok()) {
    fmt::print(stderr, "firebreak-drain: {}\n", done.error().message());
    return 1;
  }
  fmt::print("{{\"documents\":{},\"bytes\":{}}}\n", drain.documents(), drain.bytes());
  return 0;
}
