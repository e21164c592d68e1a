#include "point/object_files.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/sha256.h"
#include "point/object_names.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

constexpr std::string_view kPart = "%=";

// The beginning of the first entry of a part, as its name tells it.
std::string_view first_of(const Node& part) {
  const std::string_view name = std::string_view(part.name).substr(kPart.size());
  return name.substr(0, name.rfind('~'));
}

// An entry of a folder, whether it is made of parts or not.
Result<std::optional<Node>> find_in(const Repository& repository, const BlobId& folder,
                                    const std::string& entry, std::stop_token stop) {
  const Tree tree = TRY(load_tree(repository, folder, stop));
  if (tree.nodes.empty() || !tree.nodes.front().name.starts_with(kPart)) {
    const Node* const found = tree.find(entry);
    return found == nullptr ? std::optional<Node>() : *found;
  }
  // It lies in the last part that begins no later. Names tell beginnings of beginnings only, so
  // that several parts may have to be looked at.
  std::optional<std::string_view> before;
  for (const Node& part : tree.nodes) {
    const std::string_view first = first_of(part);
    if (!std::string_view(entry).starts_with(first) && first < entry &&
        (!before || first > *before)) {
      before = first;
    }
  }
  for (const Node& part : tree.nodes) {
    const std::string_view first = first_of(part);
    const bool may = first == before || std::string_view(entry).starts_with(first);
    if (!may || !part.subtree) continue;
    std::optional<Node> found = TRY(find_in(repository, *part.subtree, entry, stop));
    if (found) return found;
  }
  return std::optional<Node>();
}

}  // namespace

Result<Node> find_object_file(const Repository& repository, const BlobId& objects,
                              const std::string& name, std::stop_token stop) {
  // In the deepest folder of its prefixes; none of them is a folder where it does not lie.
  BlobId folder = objects;
  std::string_view rest = name;
  for (;;) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) break;
    const std::string entry = escape_component(rest.substr(0, slash));
    const std::optional<Node> found = TRY(find_in(repository, folder, entry, stop));
    if (!found || !found->subtree) break;
    folder = *found->subtree;
    rest.remove_prefix(slash + 1);
  }
  std::string file;
  for (;;) {
    const std::size_t slash = rest.find('/');
    file += escape_component(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    file += "%2F";
    rest.remove_prefix(slash + 1);
  }
  const std::string digest = to_hex(sha256(as_bytes(name)));
  for (const std::string& entry : {file, file + "%f"}) {
    std::optional<Node> found = TRY(find_in(repository, folder, entry, stop));
    if (found && found->content) return *std::move(found);
  }
  folder = objects;
  for (const std::string& entry : {std::string("%l"), digest.substr(0, 2), digest}) {
    std::optional<Node> found = TRY(find_in(repository, folder, entry, stop));
    if (!found) break;
    if (found->content) return *std::move(found);
    folder = *found->subtree;
  }
  return error(Code::NotFound, "the point has no file of the object {}", printable(name));
}

}  // namespace firebreak
