// A file's bytes into blobs: read, cut, saved. A large file is shared out among workers that have
// nothing else to do; a small one stays with the worker that opened it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/work_stack.h"
#include "repository/blob_saver.h"
#include "repository/chunker.h"
#include "snapshot/node.h"

namespace firebreak {

class FileArchiver {
 public:
  // Gets the node with content and size once every blob is saved; from whichever worker saved the
  // last one.
  using Done = std::function<Result<void>(Node)>;

  FileArchiver(const Repository& repository, BlobSaver& saver, WorkStack& work,
               std::atomic<std::uint64_t>& bytes_done)
      : chunker_(repository.config().chunker_polynomial),
        saver_(saver),
        work_(work),
        bytes_done_(bytes_done) {}

  // Reads to the end of `fd`, wherever that is by then. An error of the file has Side::Source,
  // and `done` is never called then.
  Result<void> archive(int fd, Node node, const std::string& path, Done done, std::stop_token stop);

 private:
  struct Job;
  Result<void> save(const std::shared_ptr<Job>& job, std::size_t slot, ByteView chunk,
                    bool may_share);
  static Result<void> finish_part(Job& job);

  const Chunker chunker_;
  BlobSaver& saver_;
  WorkStack& work_;
  std::atomic<std::uint64_t>& bytes_done_;
};

}  // namespace firebreak
