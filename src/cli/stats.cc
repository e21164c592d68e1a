#include <unordered_set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "crypto/sha256.h"
#include "repository/blob_set.h"
#include "snapshot/reachable.h"

namespace firebreak {
namespace {

struct Options {
  std::vector<std::string> snapshots;
  std::string mode = "restore-size";
  SnapshotOptions filter;
};

// restic's ways to count.
enum class Mode { RestoreSize, FilesByContents, RawData, BlobsPerFile };

Result<Mode> parse_mode(const std::string& text) {
  if (text == "restore-size") return Mode::RestoreSize;
  if (text == "files-by-contents") return Mode::FilesByContents;
  if (text == "raw-data") return Mode::RawData;
  if (text == "blobs-per-file") return Mode::BlobsPerFile;
  return error(Code::Invalid,
               "unknown --mode \"{}\"; it is one of restore-size, files-by-contents, raw-data, "
               "blobs-per-file",
               printable(text));
}

struct Sums {
  std::uint64_t size = 0;
  std::uint64_t files = 0;
  std::uint64_t blobs = 0;
  std::uint64_t snapshots = 0;
  // Of raw data.
  std::uint64_t uncompressed = 0;
  std::uint64_t compressed_blobs = 0;
  std::uint64_t compressed_blobs_uncompressed = 0;
};

BlobId content_id(const Node& node) {
  Bytes ids;
  for (const BlobId& id : node.content.value_or(std::vector<BlobId>())) append(ids, id.view());
  return id_of<BlobId>(ids);
}

// Counts entries of trees. Remembers 32 bytes and some more for every content, or blob of a file.
class EntryCounter {
 public:
  EntryCounter(const Repository& repository, Mode mode, Sums& sums)
      : repository_(repository), mode_(mode), sums_(sums) {}

  void begin_snapshot() { hard_links_.clear(); }
  Result<void> count(const std::string& path, const Node& node) {
    if (mode_ == Mode::RestoreSize) {
      ++sums_.files;
      const bool may_be_known = node.links != 1 && node.type != NodeType::Dir && node.inode != 0;
      const std::string inode = fmt::format("{}:{}", node.device_id, node.inode);
      if (!may_be_known || hard_links_.insert(inode).second) sums_.size += node.size;
      return {};
    }
    if (!seen_.insert(content_id(node)).second) return {};
    if (mode_ == Mode::FilesByContents) {
      ++sums_.files;
      sums_.size += node.size;
      return {};
    }
    return count_blobs(path, node);
  }

 private:
  Result<void> count_blobs(const std::string& path, const Node& node) {
    if (!node.content || node.content->empty()) return {};
    if (files_.insert(id_of<BlobId>(as_bytes(path))).second) ++sums_.files;
    for (const BlobId& id : *node.content) {
      const std::string key = path + '\0' + id.hex();
      if (!blobs_.insert(id_of<BlobId>(as_bytes(key))).second) continue;
      const std::vector<BlobPlace> places = repository_.index().find(BlobType::Data, id);
      if (places.empty()) return error(Code::NotFound, "blob {} is in no index", id.brief());
      ++sums_.blobs;
      sums_.size += places.front().entry.size();
    }
    return {};
  }

  const Repository& repository_;
  const Mode mode_;
  Sums& sums_;
  std::unordered_set<std::string> hard_links_;  // of one snapshot
  std::unordered_set<BlobId> seen_;             // contents
  std::unordered_set<BlobId> files_;            // hashes of paths
  std::unordered_set<BlobId> blobs_;            // hashes of path and blob
};

Result<void> count_entries(const Reading& reading, const std::vector<FoundSnapshot>& snapshots,
                           Mode mode, Sums& sums, Losses& losses, std::stop_token stop) {
  EntryCounter counter(reading.repository(), mode, sums);
  for (const FoundSnapshot& one : snapshots) {
    counter.begin_snapshot();
    const auto lost = losses.unreadable(one.id.brief());
    TreeVisitor visitor;
    visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
      const Result<void> counted = counter.count(path, node);
      if (!counted.ok()) TRY(lost(path, counted.error()));
      return true;
    };
    visitor.unreadable = lost;
    TRY(walk_tree(reading.repository(), one.snapshot.tree, visitor, stop));
  }
  return {};
}

Result<void> count_raw(const Reading& reading, const std::vector<FoundSnapshot>& snapshots,
                       Sums& sums, Losses& losses, std::stop_token stop) {
  const Repository& repository = reading.repository();
  BlobSet blobs(repository.index().tables());
  Mutex mutex;
  ReachableVisitor visitor;
  visitor.mark = [&](BlobType type, const BlobId& id) {
    if (!blobs.insert(type, id)) return false;
    const std::vector<BlobPlace> places = repository.index().find(type, id);
    if (places.empty()) return true;  // problem() will name it
    const PackEntry& entry = places.front().entry;
    const std::uint64_t plain = entry.size() + kSealOverhead;
    const MutexLock lock(mutex);
    ++sums.blobs;
    sums.size += entry.length;
    if (repository.version() < 2) return true;
    sums.uncompressed += plain;
    if (!entry.is_compressed()) return true;
    sums.compressed_blobs += entry.length;
    sums.compressed_blobs_uncompressed += plain;
    return true;
  };
  visitor.problem = [&](const std::string& path, const Error& problem) -> Result<void> {
    losses.add(path, problem);
    return {};
  };
  std::vector<ReachableRoot> roots;
  for (const FoundSnapshot& one : snapshots) roots.push_back({one.id.brief(), one.snapshot.tree});
  return visit_reachable(repository, roots, visitor, reading.opened.backend->connections(), stop);
}

double ratio(std::uint64_t a, std::uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

void print(Console& console, const Sums& sums, const std::string& mode) {
  const double compression = ratio(sums.compressed_blobs_uncompressed, sums.compressed_blobs);
  const double progress = 100 * ratio(sums.compressed_blobs_uncompressed, sums.uncompressed);
  const double saving =
      sums.uncompressed == 0 ? 0 : 100 * (1 - ratio(sums.size, sums.uncompressed));
  if (console.is_json()) {
    Json json{{"total_size", sums.size}};
    if (sums.uncompressed > 0) json["total_uncompressed_size"] = sums.uncompressed;
    if (compression > 0) json["compression_ratio"] = compression;
    if (progress > 0) json["compression_progress"] = progress;
    if (sums.uncompressed > 0) json["compression_space_saving"] = saving;
    if (sums.files > 0) json["total_file_count"] = sums.files;
    if (sums.blobs > 0) json["total_blob_count"] = sums.blobs;
    json["snapshots_count"] = sums.snapshots;
    console.json(json);
    return;
  }
  const auto row = [&](std::string_view what, const std::string& value) {
    console.line(fmt::format("{:>24}:  {}", what, value));
  };
  console.line(fmt::format("Stats in {} mode:", mode));
  row("Snapshots processed", std::to_string(sums.snapshots));
  if (sums.blobs > 0) row("Total Blob Count", std::to_string(sums.blobs));
  if (sums.files > 0) row("Total File Count", std::to_string(sums.files));
  if (sums.uncompressed > 0) row("Total Uncompressed Size", format_size(sums.uncompressed));
  row("Total Size", format_size(sums.size));
  if (progress > 0) row("Compression Progress", fmt::format("{:.2f}%", progress));
  if (compression > 0) row("Compression Ratio", fmt::format("{:.2f}x", compression));
  if (sums.uncompressed > 0) row("Compression Space Saving", fmt::format("{:.2f}%", saving));
}

Result<ExitCode> stats(Session& session, const Options& options) {
  const Mode mode = TRY(parse_mode(options.mode));
  Losses losses(session.console());
  const Reading reading = TRY(open_for_reading(session, losses));
  const std::vector<FoundSnapshot> chosen =
      TRY(choose_snapshots(reading.snapshots, options.snapshots, filter_of(options.filter)));
  Sums sums;
  sums.snapshots = chosen.size();
  TRY(mode == Mode::RawData ? count_raw(reading, chosen, sums, losses, session.stop())
                            : count_entries(reading, chosen, mode, sums, losses, session.stop()));
  print(session.console(), sums, options.mode);
  return losses.end();
}

}  // namespace

void add_stats(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command =
      program.command("stats", "Count what snapshots hold",
                      {"firebreak stats latest", "firebreak stats --mode raw-data --json"},
                      [options](Session& session) { return stats(session, *options); });
  command.add_option("SNAPSHOT", options->snapshots, "ids or latest; all where none is given");
  command
      .add_option("--mode", options->mode,
                  "restore-size, files-by-contents, raw-data or blobs-per-file")
      .capture_default_str();
  add_snapshot_options(command, options->filter);
}

}  // namespace firebreak
