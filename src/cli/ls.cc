#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/reading.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"

namespace firebreak {
namespace {

struct Options {
  std::string snapshot;
  std::vector<std::string> paths;
  SnapshotOptions filter;
  ListingStyle style;
  bool recursive = false;
};

bool is_within(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// As restic's "ls": its struct_type is the same in older words.
Json snapshot_json(const SnapshotFolder& folder) {
  FoundSnapshot found = folder.snapshot;
  found.snapshot.tree = folder.tree;
  Json json = to_json(found);
  json["message_type"] = "snapshot";
  json["struct_type"] = "snapshot";
  return json;
}

Json entry_json(const std::string& path, const Node& node) {
  Json json{{"name", node.name},
            {"type", name(node.type)},
            {"path", path},
            {"uid", node.uid},
            {"gid", node.gid}};
  if (node.type == NodeType::File) json["size"] = node.size;
  if (node.mode != 0) json["mode"] = node.mode;
  json["permissions"] = mode_text(node.mode);
  json["mtime"] = format_rfc3339(node.modified);
  json["atime"] = format_rfc3339(node.accessed);
  json["ctime"] = format_rfc3339(node.changed);
  if (node.inode != 0) json["inode"] = node.inode;
  json["message_type"] = "node";
  json["struct_type"] = "node";
  return json;
}

class Lister {
 public:
  // `paths` are clean; none means the whole snapshot.
  Lister(Console& console, const Options& options, const std::vector<std::string>& paths)
      : console_(console), options_(options), paths_(paths), missing_(paths.begin(), paths.end()) {
    missing_.erase("");
  }

  bool visit(const std::string& path, const Node& node) {
    missing_.erase(path);
    const auto holds = [&](const std::string& wanted) { return is_within(path, wanted); };
    const bool is_listed = paths_.empty() || std::any_of(paths_.begin(), paths_.end(), holds);
    if (is_listed) {
      if (console_.is_json()) {
        console_.json(entry_json(path, node));
      } else {
        console_.line(entry_line(path, node, options_.style));
      }
    }
    if (paths_.empty() || (is_listed && options_.recursive)) return true;
    return std::any_of(paths_.begin(), paths_.end(),
                       [&](const std::string& wanted) { return is_within(wanted, path); });
  }
  // Of the paths asked for.
  const std::set<std::string>& missing() const { return missing_; }

 private:
  Console& console_;
  const Options& options_;
  const std::vector<std::string>& paths_;
  std::set<std::string> missing_;
};

Result<ExitCode> list(Session& session, const Options& options) {
  Console& console = session.console();
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) paths.push_back(TRY(clean_path(path)));
  Losses losses(console);
  const Reading reading = TRY(open_for_reading(session, losses));
  const SnapshotFolder folder =
      TRY(choose_folder(reading, options.snapshot, filter_of(options.filter), session.stop()));
  if (console.is_json()) {
    console.json(snapshot_json(folder));
  } else {
    const Snapshot& snapshot = folder.snapshot.snapshot;
    console.say(fmt::format("snapshot {} of {} at {} by {}@{}", folder.snapshot.id.brief(),
                            printable(fmt::format("{}", fmt::join(snapshot.paths, " "))),
                            format_time(snapshot.time), printable(snapshot.username),
                            printable(snapshot.hostname)));
  }
  Lister lister(console, options, paths);
  TreeVisitor visitor;
  visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
    return lister.visit(path, node);
  };
  visitor.unreadable = losses.unreadable();
  TRY(walk_tree(reading.repository(), folder.tree, visitor, session.stop()));
  if (lister.missing().empty()) return losses.end();
  if (losses.count() > 0) losses.end();
  std::string missing;
  for (const std::string& path : lister.missing()) {
    missing += fmt::format("{}\"{}\"", missing.empty() ? "" : ", ", printable(path));
  }
  return error(Code::NotFound, "snapshot {} has no {}", folder.snapshot.id.brief(), missing);
}

}  // namespace

void add_ls(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command =
      program.command("ls", "List the files of a snapshot",
                      {"firebreak ls latest", "firebreak ls latest:/srv/www /img --long"},
                      [options](Session& session) { return list(session, *options); });
  command.add_option("SNAPSHOT", options->snapshot, "id, latest, or either with :SUBFOLDER")
      .required();
  command.add_option("PATH", options->paths, "only these, and what folders hold");
  command.add_flag("--recursive", options->recursive, "also what is further below a PATH");
  add_listing_options(command, options->style);
  add_snapshot_options(command, options->filter);
}

}  // namespace firebreak
