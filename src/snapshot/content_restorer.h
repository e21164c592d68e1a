// The content of restored files: gathered into batches, fetched from packs in order, written by
// workers. Used by the one thread that walks the snapshot.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/mutex.h"
#include "base/work_stack.h"
#include "repository/repository.h"
#include "snapshot/node.h"
#include "snapshot/target_folder.h"

namespace firebreak {

class ContentRestorer {
 public:
  // Comes once a file: all content is written and the metadata set, or it was given up after
  // Events::failed.
  using Done = std::function<Result<void>()>;
  struct Events {
    std::function<void(const std::string& below, const Error& problem)> failed;
    std::function<void(std::uint64_t bytes)> wrote;
  };

  // Events come from workers, one thread or several.
  ContentRestorer(const Repository& repository, const TargetFolder& target, Events events,
                  unsigned workers)
      : repository_(repository), target_(target), events_(std::move(events)), workers_(workers) {}

  // A file that does not exist yet. May run the batch that it fills.
  Result<void> add(std::string below, const Node& node, Done done, std::stop_token stop);
  // Writes what is gathered.
  Result<void> flush(std::stop_token stop);

 private:
  struct File;
  struct Piece {
    std::shared_ptr<File> file;
    std::uint64_t offset = 0;  // in the file
  };
  struct Wanted {
    BlobPlace place;
    std::vector<Piece> pieces;
  };
  using Run = std::vector<Wanted*>;  // neighbours in one pack, fetched by one request

  std::vector<Run> plan();
  Result<void> fetch(const Run& run, std::stop_token stop);
  Result<void> write(const Piece& piece, ByteView plain);
  Result<Fd> open_file(File& file);
  Result<void> finish(File& file, int fd);
  Result<void> fail(File& file, const Error& problem);
  void report(File& file, const Error& problem);

  const Repository& repository_;
  const TargetFolder& target_;
  const Events events_;
  const unsigned workers_;
  std::unordered_map<BlobId, Wanted> batch_;
  std::size_t pieces_ = 0;
};

}  // namespace firebreak
