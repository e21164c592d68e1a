#include "cli/reading.h"

#include "base/text.h"
#include "cli/units.h"

namespace firebreak {

void Losses::add(std::string_view about, const Error& problem) {
  ++count_;
  console_.warn(problem.message(), about);
}

std::function<Result<void>(const std::string& path, const Error& problem)> Losses::unreadable(
    std::string snapshot) {
  return [this, snapshot = std::move(snapshot)](const std::string& path,
                                                const Error& problem) -> Result<void> {
    const std::string shown = path.empty() ? "/" : path;
    add(snapshot.empty() ? shown : fmt::format("{}:{}", snapshot, shown), problem);
    return {};
  };
}

BrokenSnapshot Losses::broken_snapshot() {
  return [this](const std::string& name, const Error& problem) -> Result<void> {
    add("snapshot " + name.substr(0, 8), problem);
    return {};
  };
}

ExitCode Losses::end() {
  if (count_ == 0) return ExitCode::Success;
  console_.warn(
      fmt::format("{} could not be read; see: firebreak check", counted(count_, "thing")));
  return ExitCode::Failure;
}

Result<Reading> open_for_reading(Session& session, Losses& losses) {
  Reading reading;
  reading.opened = TRY(session.open_to_read());
  Repository& repository = *reading.opened.repository;
  // Snapshots first: the index must cover them.
  reading.snapshots = TRY(load_snapshots(repository, losses.broken_snapshot(), session.stop()));
  TRY(repository.load_index(OnBroken::Skip, session.stop()));
  for (const Index::BrokenFile& file : repository.index().broken()) {
    losses.add("index " + file.id.brief(), file.problem);
  }
  return reading;
}

Result<SnapshotFolder> choose_folder(const Reading& reading, const std::string& name,
                                     const SnapshotFilter& filter, std::stop_token stop) {
  const std::size_t colon = std::min(name.find(':'), name.size());
  const std::string folder = name.substr(std::min(colon + 1, name.size()));
  SnapshotFolder chosen;
  chosen.snapshot = TRY(choose_snapshot(reading.snapshots, name.substr(0, colon), filter));
  const BlobId& root = chosen.snapshot.snapshot.tree;
  const Node node =
      TRY(find_entry(reading.repository(), root, folder, stop)
              .context("{}{}", chosen.snapshot.id.brief(), printable(name.substr(colon))));
  if (node.type != NodeType::Dir || !node.subtree) {
    return error(Code::Invalid, "{}:{} is no folder", chosen.snapshot.id.brief(),
                 printable(folder));
  }
  chosen.tree = *node.subtree;
  return chosen;
}

Result<std::string> clean_path(std::string_view path) {
  if (!path.starts_with('/')) {
    return error(Code::Invalid, "\"{}\": paths in a snapshot begin with a slash", printable(path));
  }
  std::string clean;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      return error(Code::Invalid, "\"{}\": paths in a snapshot have no \"..\"", printable(path));
    }
    clean += '/';
    clean += name;
  }
  return clean;
}

}  // namespace firebreak
