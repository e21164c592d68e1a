#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/reading.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "repository/pack_table.h"
#include "snapshot/filter.h"

namespace firebreak {
namespace {

constexpr std::size_t kIdBeginningMin = 8;  // hexadecimal digits; what lists show

struct Options {
  std::vector<std::string> patterns;
  std::vector<std::string> snapshots;
  std::string oldest;
  std::string newest;
  SnapshotOptions filter;
  ListingStyle style;
  bool ignore_case = false;
  bool oldest_first = false;
  bool by_blob = false;
  bool by_tree = false;
  bool by_pack = false;
};

struct WantedIds {
  std::set<std::string> whole;
  std::vector<std::string> beginnings;

  void add(const std::string& id) {
    if (id.size() == 64) {
      whole.insert(id);
    } else {
      beginnings.push_back(id);
    }
  }
  bool has(const BlobId& id) const {
    if (whole.empty() && beginnings.empty()) return false;
    const std::string hex = id.hex();
    return whole.contains(hex) ||
           std::any_of(beginnings.begin(), beginnings.end(),
                       [&](const std::string& begin) { return hex.starts_with(begin); });
  }
};

// What is looked for: entries by pattern and time, or blobs by id.
struct Wanted {
  Filter filter;
  std::optional<FileTime> oldest;
  std::optional<FileTime> newest;
  bool is_by_id = false;
  WantedIds data_ids;
  WantedIds tree_ids;
};

Result<void> check_id(const std::string& text) {
  const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (is_hex && text.size() >= kIdBeginningMin && text.size() <= 64) return {};
  return error(Code::Invalid, "\"{}\" is no id; ids begin with at least {} of 0-9 and a-f",
               printable(text), kIdBeginningMin);
}

Result<Wanted> read_options(const Options& options) {
  Wanted wanted;
  if (int{options.by_blob} + int{options.by_tree} + int{options.by_pack} > 1) {
    return error(Code::Invalid, "one of --blob, --tree and --pack");
  }
  if (options.by_blob || options.by_tree || options.by_pack) {
    wanted.is_by_id = true;
    for (const std::string& id : options.patterns) {
      TRY(check_id(id));
      if (options.by_blob) wanted.data_ids.add(id);
      if (options.by_tree) wanted.tree_ids.add(id);
    }
    return wanted;
  }
  wanted.filter = TRY(Filter::parse(
      options.patterns, options.ignore_case ? Filter::Case::Insensitive : Filter::Case::Sensitive));
  if (wanted.filter.is_empty()) return error(Code::Invalid, "an empty pattern matches nothing");
  if (!options.oldest.empty()) wanted.oldest = TRY(parse_time(options.oldest).context("--oldest"));
  if (!options.newest.empty()) wanted.newest = TRY(parse_time(options.newest).context("--newest"));
  if (wanted.oldest && wanted.newest && *wanted.newest < *wanted.oldest) {
    return error(Code::Invalid, "--oldest is later than --newest");
  }
  return wanted;
}

// The blobs that the index puts into these packs.
Result<void> add_blobs_of_packs(const Repository& repository, const std::vector<std::string>& ids,
                                Wanted& wanted) {
  const PackTable packs(repository.index().tables());
  for (const std::string& begin : ids) {
    bool found = false;
    for (std::size_t pack = 0; pack < packs.size(); ++pack) {
      if (!packs.id(pack).hex().starts_with(begin)) continue;
      found = true;
      for (const PackEntry& entry : packs.entries(pack)) {
        (entry.type == BlobType::Data ? wanted.data_ids : wanted.tree_ids).add(entry.id.hex());
      }
    }
    if (!found) return error(Code::NotFound, "no index names a pack {}", begin);
  }
  return {};
}

// As restic's "find".
Json entry_json(const std::string& path, const Node& node) {
  Json json{{"path", path}, {"permissions", mode_text(node.mode)}, {"type", name(node.type)}};
  if (node.mode != 0) json["mode"] = node.mode;
  json["mtime"] = format_rfc3339(node.modified);
  json["atime"] = format_rfc3339(node.accessed);
  json["ctime"] = format_rfc3339(node.changed);
  json["uid"] = node.uid;
  json["gid"] = node.gid;
  if (!node.user.empty()) json["user"] = node.user;
  if (!node.group.empty()) json["group"] = node.group;
  if (node.inode != 0) json["inode"] = node.inode;
  if (node.device_id != 0) json["device_id"] = node.device_id;
  if (node.size != 0) json["size"] = node.size;
  if (node.links != 0) json["links"] = node.links;
  if (!node.link_target.empty()) json["linktarget"] = node.link_target;
  return json;
}

// Prints as it finds: one JSON array, of snapshots with their matches, or of blobs.
class Findings {
 public:
  Findings(Console& console, const ListingStyle& style) : console_(console), style_(style) {}

  void entry(const FoundSnapshot& in, const std::string& path, const Node& node) {
    if (console_.is_json()) {
      element(hits_++ > 0 ? "," : fmt::format("{}{{\"matches\":[", is_first_snapshot_ ? "[" : ","),
              entry_json(path, node));
      is_first_snapshot_ = false;
      return;
    }
    if (hits_++ == 0 && !console_.is_quiet()) {
      if (!is_first_snapshot_) console_.line("");
      is_first_snapshot_ = false;
      console_.line(
          fmt::format("in snapshot {} of {}", in.id.brief(), format_time(in.snapshot.time)));
    }
    console_.line(entry_line(path, node, style_));
  }
  void end_snapshot(const FoundSnapshot& snapshot) {
    if (console_.is_json() && !by_id_ && hits_ > 0) {
      raw(fmt::format("],\"hits\":{},\"snapshot\":\"{}\"}}", hits_, snapshot.id.hex()));
    }
    if (!by_id_) hits_ = 0;
  }
  // `parent` is the tree that names a data blob.
  void blob(const FoundSnapshot& in, BlobType type, const BlobId& id, const std::string& path,
            const BlobId* parent) {
    by_id_ = true;
    const char* const kind = type == BlobType::Data ? "blob" : "tree";
    if (console_.is_json()) {
      Json json{{"object_type", kind}, {"id", id.hex()}, {"path", path}};
      if (parent != nullptr) json["parent_tree"] = parent->hex();
      json["snapshot"] = in.id.hex();
      json["time"] = format_rfc3339(in.snapshot.time);
      element(hits_++ > 0 ? "," : "[", json);
      is_first_snapshot_ = false;
      return;
    }
    console_.line(
        fmt::format("{} {} in snapshot {} at {}", kind, id.hex(), in.id.brief(), printable(path)));
  }
  void end() {
    if (console_.is_json()) raw(is_first_snapshot_ ? "[]\n" : "]\n");
  }

 private:
  void raw(std::string_view text) { console_.raw(as_bytes(text)); }
  void element(std::string_view before, const Json& json) {
    raw(before);
    raw(to_line(json));
  }

  Console& console_;
  const ListingStyle& style_;
  bool is_first_snapshot_ = true;
  bool by_id_ = false;
  std::uint64_t hits_ = 0;  // in this snapshot; of blobs in all
};

// Looks through one snapshot.
class Finder {
 public:
  Finder(const Wanted& wanted, const FoundSnapshot& in, Findings& findings)
      : wanted_(wanted), in_(in), findings_(findings) {}

  Result<void> run(const Repository& repository, Losses& losses, std::stop_token stop) {
    TreeVisitor visitor;
    visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
      return wanted_.is_by_id ? visit_ids(path, node) : visit(path, node);
    };
    visitor.leave = [&](const std::string&, const Node&, const Tree*) -> Result<void> {
      above_.pop_back();
      return {};
    };
    visitor.unreadable = losses.unreadable(in_.id.brief());
    above_.push_back(in_.snapshot.tree);
    if (wanted_.tree_ids.has(in_.snapshot.tree)) {
      findings_.blob(in_, BlobType::Tree, in_.snapshot.tree, "/", nullptr);
    }
    TRY(walk_tree(repository, in_.snapshot.tree, visitor, stop));
    findings_.end_snapshot(in_);
    return {};
  }

 private:
  bool visit(const std::string& path, const Node& node) {
    const Filter::Verdict verdict = wanted_.filter.match(path);
    const bool in_time = (!wanted_.oldest || node.modified >= *wanted_.oldest) &&
                         (!wanted_.newest || node.modified <= *wanted_.newest);
    if (verdict.matched && in_time) findings_.entry(in_, path, node);
    return enter(node, verdict.matched || verdict.child_may_match);
  }
  bool visit_ids(const std::string& path, const Node& node) {
    if (node.subtree && wanted_.tree_ids.has(*node.subtree)) {
      findings_.blob(in_, BlobType::Tree, *node.subtree, path, nullptr);
    }
    if (node.content) {
      for (const BlobId& id : *node.content) {
        if (wanted_.data_ids.has(id)) {
          findings_.blob(in_, BlobType::Data, id, path, &above_.back());
        }
      }
    }
    return enter(node, true);
  }
  // The walk leaves every folder that it enters.
  bool enter(const Node& node, bool descend) {
    if (node.type == NodeType::Dir && descend) above_.push_back(node.subtree.value_or(BlobId()));
    return descend;
  }

  const Wanted& wanted_;
  const FoundSnapshot& in_;
  Findings& findings_;
  std::vector<BlobId> above_;  // the trees from the root to where the walk is
};

Result<ExitCode> find(Session& session, const Options& options) {
  Wanted wanted = TRY(read_options(options));
  Losses losses(session.console());
  const Reading reading = TRY(open_for_reading(session, losses));
  if (options.by_pack) {
    TRY(add_blobs_of_packs(reading.repository(), options.patterns, wanted));
  }
  std::vector<FoundSnapshot> chosen =
      TRY(choose_snapshots(reading.snapshots, options.snapshots, filter_of(options.filter)));
  if (!options.oldest_first) std::reverse(chosen.begin(), chosen.end());
  Findings findings(session.console(), options.style);
  for (const FoundSnapshot& snapshot : chosen) {
    Finder finder(wanted, snapshot, findings);
    TRY(finder.run(reading.repository(), losses, session.stop()));
  }
  findings.end();
  return losses.end();
}

}  // namespace

void add_find(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "find", "Find files in snapshots by name, or where a blob is used",
      {"firebreak find '*.sql' --newest '2026-11-25 02:49:59Z'", "firebreak find --blob 1a2b3c4d"},
      [options](Session& session) { return find(session, *options); });
  command.add_option("PATTERN", options->patterns, "names or paths with *, ?, [a-z] and **")
      .required();
  command.add_flag("-i,--ignore-case", options->ignore_case, "in any case of letters");
  command.add_option("-O,--oldest", options->oldest, "only what was changed at this time or later");
  command.add_option("-N,--newest", options->newest, "only what was changed by this time");
  command.add_list("-s,--snapshot", options->snapshots, "only in this one; may be repeated");
  command.add_flag("-R,--reverse", options->oldest_first, "oldest snapshot first");
  command.add_flag("--blob", options->by_blob, "PATTERN is the id of data");
  command.add_flag("--tree", options->by_tree, "PATTERN is the id of a folder's tree");
  command.add_flag("--pack", options->by_pack, "PATTERN is the id of a pack");
  add_listing_options(command, options->style);
  add_snapshot_options(command, options->filter);
}

}  // namespace firebreak
