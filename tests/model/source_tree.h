// A folder on disk that changes at random, and what is in it by the harness's own account: sizes at
// every boundary of chunker and packs, equal and all-zero content, names no encoder likes, hard and
// symbolic links, and changes that only the inode or its time of change gives away.
#pragma once

#include "base/random.h"
#include "model/model.h"

namespace firebreak {

class SourceTree {
 public:
  // Makes the folder.
  explicit SourceTree(std::string root);

  const std::string& root() const { return root_; }
  Paths paths() const;

  // One change of any kind.
  void mutate(Random& random);
  // A change of one file that may come while a backup reads. Ends with the names it has, which are
  // marked in paths() of that backup.
  std::vector<std::string> disturb(Random& random);

 private:
  struct File {
    Value value;
    std::uint64_t seed = 0;
  };
  using FilePtr = std::shared_ptr<File>;  // owned by all names of the file

  std::string full(const std::string& path) const { return root_ + "/" + path; }
  std::string new_path(Random& random) const;
  std::string any_of(Random& random, char kind) const;  // empty where there is none
  std::uint64_t some_size(Random& random) const;
  void write(const std::string& path, std::uint64_t seed, std::uint64_t size, bool in_place);
  void stamp(const std::string& path, WallTime time);
  void create(Random& random);
  void rewrite(Random& random);
  void rewrite_unseen(Random& random);
  void make_other(Random& random);
  void move(Random& random);
  void remove(const std::string& path);

  const std::string root_;
  std::map<std::string, FilePtr> entries_;
  WallTime next_time_{std::chrono::hours(400'000)};
};

// What is in a folder on disk, for comparing what was restored.
Paths read_folder(const std::string& root);

// The spelling of a file's bytes in Value::content.
std::string digest_of(ByteView bytes);

}  // namespace firebreak
