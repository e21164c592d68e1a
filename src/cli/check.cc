#include "repository/check.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/mutex.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/counted_progress.h"
#include "cli/units.h"
#include "cli/used_blobs.h"
#include "repository/out_of_place.h"

namespace firebreak {
namespace {

struct Options {
  bool read_data = false;
  std::string subset;
  bool with_cache = false;
};

// "3/10"; nothing for any other shape.
std::optional<ReadPart> parse_part(std::string_view text) {
  ReadPart read{};
  const char* const end = text.data() + text.size();
  const auto part = std::from_chars(text.data(), end, read.part);
  if (part.ec != std::errc{} || part.ptr == end || *part.ptr != '/') return std::nullopt;
  const auto of = std::from_chars(part.ptr + 1, end, read.of);
  if (of.ec != std::errc{} || of.ptr != end) return std::nullopt;
  return read;
}

Result<ReadData> parse_subset(const std::string& text) {
  const auto wrong = [&] {
    return error(Code::Invalid,
                 "--read-data-subset {}: write it like 1/10 (to 256 parts), 2.5% or 10G",
                 printable(text));
  };
  if (text.find('/') != std::string::npos) {
    const std::optional<ReadPart> part = parse_part(text);
    if (!part || part->part < 1 || part->part > part->of || part->of > 256) return wrong();
    return ReadData(*part);
  }
  if (text.ends_with('%')) {
    ReadShare share{};
    const char* const end = text.data() + text.size() - 1;
    const auto [at, problem] = std::from_chars(text.data(), end, share.percent);
    const bool sound = problem == std::errc{} && at == end;
    if (!sound || !(share.percent > 0 && share.percent <= 100)) return wrong();
    return ReadData(share);
  }
  const Result<std::uint64_t> bytes = parse_size(text);
  if (!bytes.ok() || *bytes == 0) return wrong();
  return ReadData(ReadBytes{*bytes});
}

Result<ReadData> read_data_of(const Options& options) {
  if (options.read_data && !options.subset.empty()) {
    return error(Code::Invalid, "--read-data or --read-data-subset, not both");
  }
  if (options.read_data) return ReadData(ReadAllPacks{});
  if (!options.subset.empty()) return parse_subset(options.subset);
  return ReadData(ReadNoPacks{});
}

constexpr std::uint64_t kMissingShown = 3;  // blobs of one missing pack

// Prints findings and remembers what mends them.
class Report {
 public:
  explicit Report(Console& console) : console_(console) {}

  void add(const Finding& found) {
    switch (found.kind) {
      case FindingKind::PackMissing:
        if (found.pack) broken_packs_.insert(*found.pack);
        drop_missing_ = true;
        break;
      case FindingKind::PackMisplaced:
        misplaced_ = true;
        break;
      case FindingKind::NotAFile:
        in_the_way_ = true;
        if (found.file && found.file->type == FileType::Snapshot) {
          snapshots_.push_back(found.file->name);
        }
        break;
      case FindingKind::FileOverwritten:
        overwritten_ = true;
        break;
      case FindingKind::KeyDamaged:
        if (found.file) keys_.push_back(found.file->name);
        break;
      case FindingKind::IndexDamaged:
      case FindingKind::PackLayout:
        repair_index_ = true;
        break;
      case FindingKind::PackHeader:
        read_headers_ = true;
        break;
      case FindingKind::PackSize:
      case FindingKind::PackDamaged:
        if (found.pack && unnamed_packs_.erase(*found.pack) > 0) {
          unreadable_ = true;
          break;
        }
        [[fallthrough]];
      case FindingKind::BlobDamaged:
        if (found.pack) broken_packs_.insert(*found.pack);
        break;
      case FindingKind::BlobMissing:
        // The walk has told, with a path.
        if (!found.pack) return;
        lost_ = true;
        if (!console_.is_json() && ++missing_of_[*found.pack] > kMissingShown) {
          ++errors_;
          ++not_shown_;
          return;
        }
        break;
      case FindingKind::Unchecked:
        unchecked_ = true;
        break;
      case FindingKind::PackRepeated:
        repeated_ = true;
        break;
      case FindingKind::PackUnreferenced:
        if (found.pack) unnamed_packs_.insert(*found.pack);
        prune_ = true;
        break;
      case FindingKind::PackMixed:
        prune_ = true;
        break;
      case FindingKind::NothingUsed:
        no_snapshots_ = true;
        break;
    }
    Json about{{"kind", name(found.kind)}};
    if (found.index) about["index"] = found.index->hex();
    if (found.pack) about["pack"] = found.pack->hex();
    if (found.blob) about["blob"] = found.blob->id.hex();
    Weight weight = is_hint(found.kind) ? Weight::Hint : Weight::Damage;
    if (found.kind == FindingKind::Unchecked) weight = Weight::NotRead;
    print(weight, found.message, std::move(about));
  }

  // A tree or blob that the walk did not get.
  void add_unreached(const std::string& path, const Error& problem) {
    const bool damage = is_damage(problem);
    (damage ? lost_ : unchecked_) = true;
    print(damage ? Weight::Damage : Weight::NotRead, path + ": " + problem.message(),
          {{"kind", damage ? "tree_damaged" : name(FindingKind::Unchecked)}, {"path", path}});
  }

  // Unlike the others called by several threads at once.
  void add_snapshot(const std::string& id, const Error& problem, const Result<void>& whole) {
    const MutexLock lock(mutex_);
    if (!whole.ok()) {
      const bool is_known = is_damage(whole.error());
      add({is_known ? FindingKind::PackMisplaced : FindingKind::Unchecked,
           whole.error().message()});
      return;
    }
    snapshots_.push_back(id);
    print(Weight::Damage, problem.message(), {{"kind", "snapshot_damaged"}, {"snapshot", id}});
  }

  std::uint64_t errors() const { return errors_; }
  std::uint64_t hints() const { return hints_; }
  // Counted, but not printed: what a lost pack held is no news line by line.
  std::uint64_t not_shown() const { return not_shown_; }

  Json summary() const {
    Json packs = Json::array();
    for (const PackId& id : broken_packs_) packs.push_back(id.hex());
    return {
        {"message_type", "summary"},
        {"num_errors", errors_},
        {"broken_packs", packs.empty() ? Json() : packs},
        {"suggest_repair_index", !misplaced_ && (repair_index_ || read_headers_ || drop_missing_ ||
                                                 repeated_ || may_be_in_unnamed_packs())},
        {"suggest_repair_packs", !misplaced_ && !broken_packs_.empty()},
        {"suggest_prune", prune_}};
  }

  // In the order in which they help.
  std::vector<std::string> remedies() const {
    std::vector<std::string> lines;
    if (in_the_way_) {
      lines.push_back(
          "move what is no file out of the repository: other tools stumble over it, and where it "
          "has the place of a file, that file is missing");
    }
    if (misplaced_) {
      lines.push_back(
          "move the misplaced packs back to their folders; then check again: what else is named "
          "here may come from that, and the repairs refuse meanwhile");
      return lines;
    }
    if (overwritten_) {
      lines.push_back(
          "in the bucket's history of each overwritten file, delete the versions that are newer "
          "than "
          "the one whose SHA-256 is the file's name: restic reads the newest, and a lifecycle rule "
          "may delete the others");
    }
    for (const std::string& key : keys_) {
      lines.push_back(
          fmt::format("a damaged key opens nothing, and restic opens nothing beside it: firebreak "
                      "key remove {0}; if it is the one in use, firebreak key add first",
                      key.substr(0, 8)));
    }
    if (unchecked_) {
      lines.push_back(
          "what could not be read is neither sound nor damaged; mend the way to it (who may read "
          "the files, the network), then check again");
    }
    if (read_headers_) {
      lines.push_back("next: firebreak repair index --read-all-packs");
    } else if (repair_index_ || may_be_in_unnamed_packs()) {
      lines.push_back("next: firebreak repair index");
    }
    if (!broken_packs_.empty()) {
      lines.push_back(fmt::format(
          "{} damaged or missing; next: firebreak repair packs (it keeps what can still "
          "be read; with --from-repo OTHER it takes the rest from another repository)",
          counted(broken_packs_.size(), "pack")));
    }
    if (drop_missing_) {
      lines.push_back(
          "a pack that was only moved out of the repository: put it back as data/XX/NAME, XX the "
          "first two letters of NAME; one that is gone for good: firebreak repair index takes it "
          "out");
    }
    if (!broken_packs_.empty()) {
      lines.push_back(
          "what that cannot save counts as there until: firebreak repair packs --give-up-lost");
    }
    if (lost_ && broken_packs_.empty()) {
      lines.push_back(
          "packs that no index knows of may only have been moved out of the repository: put them "
          "back as data/XX/NAME, then firebreak repair index");
    }
    if (lost_ || !broken_packs_.empty()) {
      lines.push_back(
          "lost data comes back by firebreak backup --force of the same files, or by firebreak "
          "copy "
          "--from-repo OTHER ID; then check again");
      lines.push_back("what nobody has any more: firebreak repair snapshots --dry-run");
    }
    if (unreadable_) {
      lines.push_back(
          "damaged packs that no index names: firebreak prune removes them once nothing is "
          "missing");
    }
    for (const std::string& id : snapshots_) {
      lines.push_back(fmt::format(
          "a lost snapshot file, whose data is still there until a prune: firebreak forget {}; "
          "then, before any prune, firebreak copy --from-repo OTHER if another repository has the "
          "snapshot, and if none has, restic recover, which makes a snapshot of the data",
          id.substr(0, 8)));
    }
    if (repeated_ && !repair_index_ && !read_headers_)
      lines.push_back("to tidy up: firebreak repair index");
    if (prune_ && errors_ == 0) {
      lines.push_back(no_snapshots_ ? "to tidy up, if no snapshot was lost: firebreak prune "
                                      "--unsafe-allow-remove-all"
                                    : "to tidy up: firebreak prune");
    }
    return lines;
  }

 private:
  enum class Weight { Hint, NotRead, Damage };

  void print(Weight weight, const std::string& message, Json about) {
    const bool hint = weight == Weight::Hint;
    ++(hint ? hints_ : errors_);
    if (!console_.is_json()) {
      constexpr std::string_view kWords[] = {"hint", "not read", "damage"};
      console_.line(fmt::format("{}: {}", kWords[static_cast<int>(weight)], printable(message)));
      return;
    }
    // As restic: on standard error, so that the summary stands alone.
    Json document{{"message_type", hint ? "hint" : "error"}, {"message", message}};
    document.update(about);
    console_.progress_json(document);
  }

  // Then it is the index that is lost, and not they.
  bool may_be_in_unnamed_packs() const { return lost_ && !unnamed_packs_.empty(); }

  Console& console_;
  Mutex mutex_;
  std::uint64_t errors_ = 0;
  std::uint64_t hints_ = 0;
  std::uint64_t not_shown_ = 0;
  std::map<PackId, std::uint64_t> missing_of_;  // blobs of a missing pack
  bool repair_index_ = false;
  bool read_headers_ = false;  // a sound index file is not what a pack says of itself
  bool drop_missing_ = false;
  bool misplaced_ = false;
  bool in_the_way_ = false;
  bool overwritten_ = false;
  bool repeated_ = false;
  bool prune_ = false;
  bool lost_ = false;
  bool unchecked_ = false;
  bool unreadable_ = false;
  bool no_snapshots_ = false;
  std::set<PackId> broken_packs_;   // of the index
  std::set<PackId> unnamed_packs_;  // in no index, and not known to be damaged
  std::vector<std::string> snapshots_;
  std::vector<std::string> keys_;
};

Result<CheckSummary> look(Session& session, Repository& repository, const CheckOptions& checking,
                          Report& report) {
  const std::vector<FoundSnapshot> snapshots = TRY(load_snapshots(
      repository,
      [&](const std::string& id, const Error& problem) -> Result<void> {
        report.add_snapshot(
            id, problem,
            refuse_if_whole(repository.backend(), {FileType::Snapshot, id}, session.stop()));
        return {};
      },
      session.stop()));
  TRY(repository.load_index(OnBroken::Skip, session.stop()));
  session.console().say("checking " + counted(snapshots.size(), "snapshot"));
  const BlobSet used = TRY(used_blobs(session, repository, snapshots,
                                      [&](const std::string& path, const Error& problem) {
                                        report.add_unreached(path, problem);
                                        return Result<void>();
                                      }));
  Progress progress;
  const CountedProgress shown(session, progress, "check", "packs read");
  return firebreak::check(
      repository, used, checking, [&](const Finding& found) { report.add(found); }, progress,
      session.stop());
}

Result<ExitCode> check(Session& session, const Options& options) {
  CheckOptions checking;
  checking.read = TRY(read_data_of(options));
  std::byte seed[8];
  fill_secret(seed);
  checking.seed = load_le64(seed);
  const OpenedRepository opened = TRY(
      session.open_to_read(LockKind::Exclusive, options.with_cache ? Cache::Use : Cache::Distrust));
  Console& console = session.console();
  Report report(console);
  const CheckSummary summary = TRY(look(session, *opened.repository, checking, report));
  if (console.is_json()) {
    Json json = report.summary();
    json["packs"] = summary.packs;
    json["blobs"] = summary.blobs;
    json["packs_read"] = summary.packs_read;
    json["bytes_read"] = summary.bytes_read;
    json["num_hints"] = report.hints();
    console.json(json);
    return report.errors() > 0 ? ExitCode::Failure : ExitCode::Success;
  }
  console.say(fmt::format("{}, {}; read {}, {}", counted(summary.packs, "pack"),
                          counted(summary.blobs, "blob"), counted(summary.packs_read, "pack"),
                          format_size(summary.bytes_read)));
  if (report.not_shown() > 0) {
    console.say(
        fmt::format("{} more blobs of missing packs; --json names all", report.not_shown()));
  }
  if (report.errors() > 0) {
    console.line(fmt::format("found {}", counted(report.errors(), "error")));
  } else if (summary.packs_read == summary.packs) {
    console.line("no errors were found");
  } else {
    console.line(fmt::format("no errors were found; the data of {} was not read",
                             counted(summary.packs - summary.packs_read, "pack")));
  }
  for (const std::string& remedy : report.remedies()) console.say(remedy);
  if (report.errors() > 0) return ExitCode::Failure;
  if (summary.packs_read < summary.packs) console.say("next: firebreak check --read-data");
  return ExitCode::Success;
}

}  // namespace

void add_check(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command =
      program.command("check", "Look for damage; changes nothing",
                      {"firebreak check -r /srv/backup --read-data",
                       "firebreak check -r /srv/backup --read-data-subset 1/30"},
                      [options](Session& session) { return check(session, *options); });
  command.add_flag("--read-data", options->read_data, "read every pack");
  command.add_option("--read-data-subset", options->subset,
                     "read part 1/10 of the packs, or a random 2.5% or 10G of them");
  command.add_flag("--with-cache", options->with_cache, "believe what this machine has cached");
}

}  // namespace firebreak
