// A repository whose keys an enemy has, and a folder outside the target that must not change.
//
// Every cell goes through all that reads trees. Afterwards what lies around the target is as it
// was, to the inode's time of change; no message moves a cursor; and memory stayed in its bound.
#pragma once

#include "repository/test_repository.h"
#include "snapshot/node.h"
#include "snapshot/restore.h"

namespace firebreak {

// Calls `hook` before every load of a pack: that is "during the restore", without chance.
class HookedBackend final : public Backend {
 public:
  explicit HookedBackend(Backend& inner) : inner_(inner) {}
  std::function<void()> hook;

  std::string location() const override { return inner_.location(); }
  unsigned connections() const override { return inner_.connections(); }
  Result<void> create(std::stop_token stop) override { return inner_.create(stop); }
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override {
    return inner_.save(file, bytes, stop);
  }
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override {
    if (hook && file.type == FileType::Pack) hook();
    return inner_.load(file, range, std::move(buffer), stop);
  }
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override {
    return inner_.stat(file, stop);
  }
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override {
    return inner_.list(type, each, stop);
  }
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override {
    return inner_.find_strays(stop);
  }
  Result<void> remove(const FileName& file, std::stop_token stop) override {
    return inner_.remove(file, stop);
  }

 private:
  Backend& inner_;
};

enum class LinksOfFiles { Compared, Ignored };

// Everything in a folder, `left_out` excepted: kinds, owners, modes, times, attributes, content.
// With the links ignored also the times of change, which a new link moves.
std::string describe_folder(const std::string& folder, const std::string& left_out,
                            LinksOfFiles links = LinksOfFiles::Compared);

// Most bytes of memory since the last reset, above what there was then.
void reset_peak();
std::uint64_t peak_bytes();

class HostileTest : public testing::Test {
 protected:
  HostileTest();
  ~HostileTest() override;

  std::string target() const { return folder_ + "/target"; }
  std::string canary() const { return folder_ + "/canary"; }

  // Trees and data with valid seals and ids, whatever is inside.
  BlobId save(BlobType type, std::string_view bytes);
  BlobId save_tree(const std::vector<Node>& nodes);
  // Opens and indexes what was saved.
  void reopen();

  // The target is empty before. Ends with the messages.
  std::vector<std::string> exercise(const BlobId& root);
  std::vector<std::string> restore_to_target(const BlobId& root, const RestoreOptions& how);
  RestoreOptions options() const;

  static void expect_clean(const std::string& message);
  void clear_target() const;
  void expect_canary_alive(const std::string& before,
                           LinksOfFiles links = LinksOfFiles::Compared) const;
  std::string describe_outside(LinksOfFiles links = LinksOfFiles::Compared) const {
    return describe_folder(folder_, "target", links);
  }

  std::string folder_;
  TestRepository made_;
  HookedBackend backend_{made_.backend};
  std::unique_ptr<Repository> repository_;
  static inline std::size_t cells = 0;
};

Node file_named(const std::string& name, const std::vector<BlobId>& content, std::uint64_t size);
Node folder_named(const std::string& name, const BlobId& subtree);
Node link_named(const std::string& name, const std::string& link_target);

}  // namespace firebreak
