// Builds the folders in which the objects of a bucket lie as files (docs/formats/objects.md), from
// their places in order. A folder that is too large for one tree is made of several; none is held
// whole.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "point/cut_rule.h"
#include "repository/blob_saver.h"
#include "snapshot/node.h"

namespace firebreak {

// The entries of one folder, in the order of their names.
class FolderWriter {
 public:
  // `level`: 0 for the entries themselves, 1 for the folders that they were put into, and so on.
  FolderWriter(const CutRule& rule, BlobSaver& saver, unsigned level = 0)
      : rule_(rule), saver_(saver), level_(level) {}

  Result<void> add(Node node);
  // The tree; nothing may be added any more.
  Result<BlobId> finish();

 private:
  struct Entry {
    Node node;
    std::uint64_t bits;
    std::size_t bytes;  // of its JSON, about
  };

  Result<void> add(Node node, std::uint64_t bits);
  Result<void> place(Entry entry);
  Result<void> end_part();

  const CutRule& rule_;
  BlobSaver& saver_;
  const unsigned level_;
  std::vector<Entry> entries_;  // of the part that is open; of all while there is one part
  std::size_t bytes_ = 0;
  std::unique_ptr<FolderWriter> parts_;
};

class ObjectFolders {
 public:
  // Borrows the saver.
  ObjectFolders(const CutRule& rule, BlobSaver& saver) : rule_(rule), saver_(saver) {
    open_.emplace_back(std::string(), rule_, saver_);
  }

  // In the order of places, component by component. The node's name is given here.
  Result<void> add(const std::vector<std::string>& place, Node file);
  Result<BlobId> finish();

 private:
  struct Folder {
    Folder(std::string folder_name, const CutRule& rule, BlobSaver& saver)
        : name(std::move(folder_name)), writer(rule, saver) {}

    std::string name;
    FolderWriter writer;
    std::optional<Node> newest;              // a file that may turn out to share a folder's name
    std::map<std::string, Node> out_of_way;  // those that did, by their new names
  };

  Result<void> write(Folder& folder, Node node);
  Result<void> write_newest(Folder& folder);
  Result<void> close_folder();

  const CutRule rule_;
  BlobSaver& saver_;
  std::vector<Folder> open_;  // from the root down
};

}  // namespace firebreak
