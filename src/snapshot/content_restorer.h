// The content of restored files: gathered into batches, fetched from packs in order, written by
// workers. Used by the one thread that walks the snapshot.
//
// Under its final name a file is whole. What could be read of one whose bytes are lost is kept
// under a name that says so, which no later restore takes for the file.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>

#include "base/mutex.h"
#include "base/work_stack.h"
#include "repository/repository.h"
#include "snapshot/partial_file.h"

namespace firebreak {

class ContentRestorer {
 public:
  // Comes once a file: it is whole and has its name, or it was given up after Events::failed.
  using Done = std::function<Result<void>(bool is_whole)>;
  struct Events {
    std::function<void(const std::string& below, const Error& problem)> failed;
    std::function<void(std::uint64_t bytes)> wrote;
  };

  // Events come from workers, one thread or several. `replaces_damaged`: an earlier restore's
  // damaged file makes room for a new one.
  ContentRestorer(const Repository& repository, const TargetFolder& target, Events events,
                  unsigned workers, bool replaces_damaged)
      : repository_(repository),
        target_(target),
        events_(std::move(events)),
        workers_(workers),
        replaces_damaged_(replaces_damaged) {}
  // Removes what is not whole.
  ~ContentRestorer();
  ContentRestorer(const ContentRestorer&) = delete;
  ContentRestorer& operator=(const ContentRestorer&) = delete;

  // May run the batch that it fills.
  Result<void> add(Placing placing, const Node& node, Done done, std::stop_token stop);
  // Writes what is gathered.
  Result<void> flush(std::stop_token stop);

  // Whether it is a file that is not whole yet, or a damaged one of this run. Costs a look at all
  // that is gathered.
  bool made_up(const std::string& below) const;

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
  Result<void> end_part(File& file, PartialFile::Opened opened);
  Result<void> finish(File& file, PartialFile::Opened opened);
  Result<void> give_name(File& file, PartialFile::Opened opened);
  Result<void> fail(File& file, const Error& problem);
  void report(File& file, const Error& problem);

  const Repository& repository_;
  const TargetFolder& target_;
  const Events events_;
  const unsigned workers_;
  const bool replaces_damaged_;
  std::unordered_map<BlobId, Wanted> batch_;
  std::size_t pieces_ = 0;
  mutable Mutex mutex_;
  std::set<std::string> damaged_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
