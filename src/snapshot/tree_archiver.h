// The walk of a backup: folders and files as tasks, trees encoded by whoever finishes a folder's
// last entry. One use each.
#pragma once

#include "snapshot/archive_plan.h"
#include "snapshot/archiver.h"
#include "snapshot/file_archiver.h"
#include "snapshot/file_metadata.h"
#include "snapshot/tree.h"

namespace firebreak {

class TreeArchiver {
 public:
  TreeArchiver(Repository& repository, const ArchiveOptions& options, ArchiveProgress& progress,
               FileTime began)
      : repository_(repository),
        options_(options),
        progress_(progress),
        began_(began),
        saver_(repository, options.saving, stop_.get_token()),
        files_(repository, saver_, work_, progress.bytes) {}

  // The root tree, after everything it needs is durable and indexed. Invalid where it is empty.
  Result<BlobId> run(const PlannedEntry& plan, std::stop_token stop);
  Result<BlobId> run_stream(int fd, const std::string& name, std::stop_token stop);
  void summarize(SnapshotSummary& summary) const;

 private:
  struct Folder;
  struct Entry;
  using FolderPtr = std::shared_ptr<Folder>;

  Result<void> start_folder(const FolderPtr& folder);
  Result<void> archive_entries(const FolderPtr& folder, std::size_t begin, std::size_t end,
                               std::stop_token stop);
  Result<FolderPtr> archive_entry(const FolderPtr& folder, std::size_t slot, std::stop_token stop);
  Result<void> archive_file(const FolderPtr& folder, const Entry& entry, std::stop_token stop);
  Result<void> reuse(const FolderPtr& folder, const Entry& entry, Node node, const Node& before);
  Result<void> archive_other(const FolderPtr& folder, const Entry& entry);
  Result<FolderPtr> open_folder(const FolderPtr& above, const Entry& entry, std::stop_token stop);
  std::optional<Tree> load_before(const Node* node, const std::string& path, std::stop_token stop);
  bool is_unchanged(const Node& now, const Node* before) const;
  Result<void> finish_entry(const FolderPtr& folder, std::size_t slot, std::optional<Node> node);
  Result<void> finish_folder(FolderPtr folder);
  void count_folder(const FolderPtr& folder);
  Result<void> skip(const FolderPtr& folder, const Entry& entry, const Error& problem);

  Repository& repository_;
  const ArchiveOptions& options_;
  ArchiveProgress& progress_;
  const FileTime began_;
  FileTime parent_trusted_before_;
  std::stop_source stop_;
  OwnerNames owners_;
  BlobSaver saver_;
  WorkStack work_;
  FileArchiver files_;
  BlobId root_;
  std::atomic<std::uint64_t> files_new_ = 0;
  std::atomic<std::uint64_t> files_changed_ = 0;
  std::atomic<std::uint64_t> files_unmodified_ = 0;
  std::atomic<std::uint64_t> dirs_new_ = 0;
  std::atomic<std::uint64_t> dirs_changed_ = 0;
  std::atomic<std::uint64_t> dirs_unmodified_ = 0;
};

}  // namespace firebreak
