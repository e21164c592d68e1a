#include "point/key_tree.h"

#include <algorithm>

#include "base/text.h"
#include "firestore/wire.h"
#include "point/separator.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

constexpr std::string_view kKeysName = "!keys";
constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kDirectoryBytesMax = 32 << 20;  // of those that are kept
constexpr std::size_t kKeysBytesMax = 256 * 1024 * 1024;

Error broken(std::string_view why) {
  return error(Code::Corrupt, "a key-ordered tree is broken: {}", why);
}

// Numbers and separators of a "!keys" file.
class KeysReader {
 public:
  explicit KeysReader(ByteView bytes) : rest_(bytes) {}

  Result<std::uint64_t> number() {
    const std::optional<std::uint64_t> value = take_varint(rest_);
    if (!value) return broken("its keys are cut off");
    return *value;
  }
  Result<std::string> separator() {
    const std::uint64_t shared = TRY(number());
    const std::uint64_t more = TRY(number());
    if (shared > last_.size() || more > rest_.size()) return broken("its keys are cut off");
    std::string next = last_.substr(0, shared);
    next += as_text(rest_.first(more));
    rest_ = rest_.subspan(more);
    if (!is_first_ && next <= last_) return broken("its keys are not in order");
    is_first_ = false;
    last_ = next;
    return next;
  }
  bool done() const { return rest_.empty(); }

 private:
  ByteView rest_;
  std::string last_;
  bool is_first_ = true;
};

Result<Bytes> load_content(const Repository& repository, const Node& node, std::stop_token stop) {
  Bytes content;
  for (const BlobId& id : *node.content) {
    const Bytes blob = TRY(repository.load_blob(BlobType::Data, id, {}, stop));
    if (content.size() + blob.size() > kKeysBytesMax) return broken("its keys are too many");
    append(content, blob);
  }
  return content;
}

bool is_numbered(std::string_view name) {
  return name.size() > 2 && name[2] == '!';
}

}  // namespace

Result<std::optional<RecordSpan>> next_record(ByteView leaf, std::size_t at) {
  if (at == leaf.size()) return std::optional<RecordSpan>();
  ByteView rest = leaf.subspan(at);
  const std::optional<std::uint64_t> size = take_varint(rest);
  if (!size || *size > rest.size()) return broken("a record runs over the end of its leaf");
  return std::optional(RecordSpan{leaf.size() - rest.size(), static_cast<std::size_t>(*size)});
}

Result<Bytes> KeyTree::load_leaf(const BlobId& id, Bytes buffer, std::stop_token stop) const {
  return repository_.load_blob(BlobType::Data, id, std::move(buffer), stop);
}

KeyTree::KeyTree(const Repository& repository, BlobId top)
    : repository_(repository), top_(top), directories_(kDirectoryBytesMax) {}

Result<std::shared_ptr<const KeyTree::Directory>> KeyTree::load_directory(
    const BlobId& id, const std::string& separator, std::stop_token stop) const {
  std::shared_ptr<const Directory> directory = directories_.find(id);
  if (directory == nullptr) {
    Directory read = TRY(read_directory(id, stop));
    std::size_t bytes = sizeof read;
    for (const LeafPlace& leaf : read.leaves) bytes += sizeof leaf + leaf.separator.capacity();
    for (const Directory::Child& child : read.children) {
      bytes += sizeof child + child.separator.capacity();
    }
    directory = std::make_shared<const Directory>(std::move(read));
    directories_.keep(id, directory, bytes);
  }
  const std::string* first = !directory->leaves.empty()     ? &directory->leaves.front().separator
                             : !directory->children.empty() ? &directory->children.front().separator
                                                            : nullptr;
  if (first != nullptr && *first != separator) return broken("a folder is not what its name says");
  return directory;
}

Result<KeyTree::Directory> KeyTree::read_directory(const BlobId& id, std::stop_token stop) const {
  const Tree tree = TRY(load_tree(repository_, id, stop));
  const std::string problem = tree_problem(tree);
  if (!problem.empty()) return broken(problem);
  Directory directory;
  std::vector<const Node*> children;
  const Node* keys = nullptr;
  for (const Node& node : tree.nodes) {
    if (node.name == kKeysName && node.type == NodeType::File) {
      keys = &node;
    } else if (node.name.starts_with("s-") || node.name.starts_with("d-")) {
      children.push_back(&node);
    }
  }
  if (children.empty()) return directory;  // an empty tree
  const bool is_bottom = children.front()->type == NodeType::File;
  for (const Node* child : children) {
    if ((child->type == NodeType::File) != is_bottom) return broken("it mixes files and folders");
  }
  Bytes list;
  if (keys != nullptr) {
    list = TRY(load_content(repository_, *keys, stop));
  } else if (is_bottom) {
    return broken("a folder has no keys");
  }
  KeysReader reader(list);
  if (keys != nullptr) {
    const std::uint64_t count = TRY(reader.number());
    if (count != children.size()) return broken("its keys are of other children");
  }
  if (is_bottom) {
    for (const Node* child : children) {
      const std::uint64_t leaves = TRY(reader.number());
      if (leaves != child->content->size()) return broken("its keys are of other leaves");
    }
    for (const Node* child : children) {
      for (const BlobId& leaf : *child->content) {
        std::string next = TRY(reader.separator());
        directory.leaves.push_back({leaf, std::move(next)});
      }
    }
  } else {
    for (const Node* child : children) {
      std::string next;
      if (is_numbered(child->name)) {
        next = TRY(reader.separator());
      } else {
        next = TRY(parse_separator_name(std::string_view(child->name).substr(2)));
      }
      if (!directory.children.empty() && next <= directory.children.back().separator) {
        return broken("its children are not in order");
      }
      directory.children.push_back({std::move(next), *child->subtree});
    }
  }
  if (!reader.done()) return broken("its keys go on behind the last");
  return directory;
}

Result<void> KeyTree::descend(Walk& walk, BlobId id, std::string separator, std::string_view key,
                              std::stop_token stop) const {
  for (;;) {
    if (walk.levels_.size() >= kDepthMax) return broken("it is too deep");
    Walk::Level level;
    level.directory = TRY(load_directory(id, separator, stop));
    const Directory& directory = *level.directory;
    const auto by_separator = [](std::string_view wanted, const auto& one) {
      return wanted < one.separator;
    };
    if (directory.children.empty()) {
      const auto after =
          std::upper_bound(directory.leaves.begin(), directory.leaves.end(), key, by_separator);
      level.at = static_cast<std::size_t>(after - directory.leaves.begin());
      if (level.at > 0) --level.at;
      walk.levels_.push_back(std::move(level));
      return {};
    }
    const auto after =
        std::upper_bound(directory.children.begin(), directory.children.end(), key, by_separator);
    level.at = static_cast<std::size_t>(after - directory.children.begin());
    if (level.at > 0) --level.at;
    id = directory.children[level.at].subtree;
    separator = directory.children[level.at].separator;
    walk.levels_.push_back(std::move(level));
  }
}

Result<KeyTree::Walk> KeyTree::seek(std::string_view key, std::stop_token stop) const {
  Walk walk;
  walk.tree_ = this;
  TRY(descend(walk, top_, "", key, stop));
  return walk;
}

const KeyTree::LeafPlace* KeyTree::Walk::leaf() const {
  if (levels_.empty()) return nullptr;
  const Level& level = levels_.back();
  return level.at < level.directory->leaves.size() ? &level.directory->leaves[level.at] : nullptr;
}

Result<void> KeyTree::Walk::next(std::stop_token stop) {
  if (levels_.empty()) return {};
  if (++levels_.back().at < levels_.back().directory->leaves.size()) return {};
  levels_.pop_back();
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (++level.at < level.directory->children.size()) {
      const Directory::Child child = level.directory->children[level.at];
      return tree_->descend(*this, child.subtree, child.separator, child.separator, stop);
    }
    levels_.pop_back();
  }
  return {};
}

}  // namespace firebreak
