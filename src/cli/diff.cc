#include "snapshot/diff.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/diff_points.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "repository/blob_set.h"
#include "snapshot/reachable.h"

namespace firebreak {
namespace {

struct Options {
  std::string before;
  std::string after;
  bool with_metadata = false;
};

struct Side {
  std::uint64_t files = 0;
  std::uint64_t folders = 0;
  std::uint64_t others = 0;
  std::uint64_t data_blobs = 0;
  std::uint64_t tree_blobs = 0;
  std::uint64_t bytes = 0;

  void count(const Node& node) {
    ++(node.type == NodeType::File ? files : node.type == NodeType::Dir ? folders : others);
  }
  Json json() const {
    return {{"files", files},           {"dirs", folders},          {"others", others},
            {"data_blobs", data_blobs}, {"tree_blobs", tree_blobs}, {"bytes", bytes}};
  }
};

struct Statistics {
  std::uint64_t changed_files = 0;
  Side added;
  Side removed;
};

// What one side has and the other does not. Each side is walked whole, because a blob may have
// moved to where the comparison does not look.
class BlobCounter {
 public:
  explicit BlobCounter(const Reading& reading)
      : repository_(reading.repository()), workers_(reading.opened.backend->connections()) {}

  Result<BlobSet> all(const BlobId& root, std::stop_token stop) {
    BlobSet blobs(repository_.index().tables());
    const auto mark = [&](BlobType type, const BlobId& id) { return blobs.insert(type, id); };
    TRY(walk(root, mark, stop));
    return blobs;
  }
  // Adds to `side` those below `root` that `others` does not have.
  Result<void> count(const BlobId& root, const BlobSet& others, Side& side, std::stop_token stop) {
    BlobSet blobs(repository_.index().tables());
    Mutex mutex;
    const auto mark = [&](BlobType type, const BlobId& id) {
      // What others have they have with all below.
      if (others.contains(type, id) || !blobs.insert(type, id)) return false;
      const std::vector<BlobPlace> places = repository_.index().find(type, id);
      const MutexLock lock(mutex);
      ++(type == BlobType::Data ? side.data_blobs : side.tree_blobs);
      if (!places.empty()) side.bytes += places.front().entry.size();
      return true;
    };
    return walk(root, mark, stop);
  }
  // Trees and blobs that could not be read, each as often as they were met.
  std::uint64_t unread() const { return unread_; }

 private:
  Result<void> walk(const BlobId& root, std::function<bool(BlobType, const BlobId&)> mark,
                    std::stop_token stop) {
    ReachableVisitor visitor;
    visitor.mark = std::move(mark);
    visitor.problem = [&](const std::string&, const Error&) -> Result<void> {
      ++unread_;
      return {};
    };
    return visit_reachable(repository_, {{"", root}}, visitor, workers_, stop);
  }

  const Repository& repository_;
  const unsigned workers_;
  std::atomic<std::uint64_t> unread_ = 0;
};

void print(Console& console, const Statistics& statistics, const Options& options) {
  const Side& added = statistics.added;
  const Side& removed = statistics.removed;
  if (console.is_json()) {
    console.json({{"message_type", "statistics"},
                  {"source_snapshot", options.before},
                  {"target_snapshot", options.after},
                  {"changed_files", statistics.changed_files},
                  {"added", added.json()},
                  {"removed", removed.json()}});
    return;
  }
  console.line("");
  console.line(fmt::format("Files:       {:5} new, {:5} removed, {:5} changed", added.files,
                           removed.files, statistics.changed_files));
  console.line(fmt::format("Dirs:        {:5} new, {:5} removed", added.folders, removed.folders));
  console.line(fmt::format("Others:      {:5} new, {:5} removed", added.others, removed.others));
  console.line(
      fmt::format("Data Blobs:  {:5} new, {:5} removed", added.data_blobs, removed.data_blobs));
  console.line(
      fmt::format("Tree Blobs:  {:5} new, {:5} removed", added.tree_blobs, removed.tree_blobs));
  console.line(fmt::format("  Added:   {}", format_size(added.bytes)));
  console.line(fmt::format("  Removed: {}", format_size(removed.bytes)));
}

Result<void> compare(Session& session, const Reading& reading, const BlobId& before,
                     const BlobId& after, const Options& options, Statistics& statistics,
                     Losses& losses) {
  Console& console = session.console();
  DiffVisitor visitor;
  visitor.each = [&](const Difference& one) -> Result<void> {
    if (one.content_changed) ++statistics.changed_files;
    if (one.before == nullptr) statistics.added.count(*one.after);
    if (one.after == nullptr) statistics.removed.count(*one.before);
    if (console.is_quiet()) return {};
    const Node& shown = one.after != nullptr ? *one.after : *one.before;
    const std::string path = shown.type == NodeType::Dir ? one.path + "/" : one.path;
    if (console.is_json()) {
      console.json({{"message_type", "change"}, {"path", path}, {"modifier", one.modifier()}});
    } else {
      console.line(fmt::format("{:<5}{}", one.modifier(), printable(path)));
    }
    return {};
  };
  visitor.unreadable = losses.unreadable();
  return diff_trees(reading.repository(), before, after, options.with_metadata, visitor,
                    session.stop());
}

bool is_whole_point(const SnapshotFolder& folder) {
  return folder.snapshot.snapshot.hostname == kPointHost &&
         folder.tree == folder.snapshot.snapshot.tree;
}

Result<ExitCode> diff(Session& session, const Options& options) {
  Losses losses(session.console());
  const Reading reading = TRY(open_for_reading(session, losses));
  const std::stop_token stop = session.stop();
  const SnapshotFolder before = TRY(choose_folder(reading, options.before, {}, stop));
  const SnapshotFolder after = TRY(choose_folder(reading, options.after, {}, stop));
  session.console().say(fmt::format("comparing snapshot {} to {}:", before.snapshot.id.brief(),
                                    after.snapshot.id.brief()));
  if (is_whole_point(before) && is_whole_point(after)) {
    const Point old = TRY(load_point(reading.repository(), before.tree, stop)
                              .context("snapshot {}", before.snapshot.id.brief()));
    const Point now = TRY(load_point(reading.repository(), after.tree, stop)
                              .context("snapshot {}", after.snapshot.id.brief()));
    const ExitCode code = TRY(diff_points(session, reading, old, now, options.with_metadata));
    return code == ExitCode::Success ? losses.end() : code;
  }
  Statistics statistics;
  TRY(compare(session, reading, before.tree, after.tree, options, statistics, losses));
  if (before.tree != after.tree) {
    BlobCounter counter(reading);
    const BlobSet old_blobs = TRY(counter.all(before.tree, stop));
    const BlobSet new_blobs = TRY(counter.all(after.tree, stop));
    TRY(counter.count(before.tree, new_blobs, statistics.removed, stop));
    TRY(counter.count(after.tree, old_blobs, statistics.added, stop));
    if (counter.unread() > 0) {
      losses.add("statistics", error(Code::Corrupt, "blobs that cannot be read are left out"));
    }
  }
  print(session.console(), statistics, options);
  return losses.end();
}

}  // namespace

void add_diff(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "diff", "Show what differs between two snapshots, or the documents of two points",
      {"firebreak diff 1a2b3c4d latest", "firebreak diff 1a2b3c4d:/srv latest:/srv --metadata"},
      [options](Session& session) { return diff(session, *options); });
  command.add_option("BEFORE", options->before, "snapshot, or SNAPSHOT:SUBFOLDER").required();
  command.add_option("AFTER", options->after, "the one to compare with it").required();
  command.add_flag("--metadata", options->with_metadata,
                   "also entries of which only mode, owner or times differ");
}

}  // namespace firebreak
