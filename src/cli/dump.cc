#include "snapshot/dump.h"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/snapshot_options.h"

namespace firebreak {
namespace {

struct Options {
  std::string snapshot;
  std::string path;
  std::string archive = "tar";
  std::string target;
  SnapshotOptions filter;
};

// A file that appears whole under its name, or not at all.
class WholeFile {
 public:
  static Result<WholeFile> create(std::string path);
  WholeFile(WholeFile&&) = default;
  ~WholeFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  Result<void> write(ByteView bytes) {
    return write_all(fd_.get(), bytes).context("{}", printable(path_));
  }
  Result<void> publish();

 private:
  WholeFile(std::string path, std::string temporary, Fd fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

  std::string path_;
  std::string temporary_;  // empty once moved from
  Fd fd_;
};

Result<WholeFile> WholeFile::create(std::string path) {
  struct stat present {};
  if (::stat(path.c_str(), &present) == 0) {
    if (!S_ISREG(present.st_mode)) {
      return error(Code::Invalid,
                   "{} is no regular file and cannot be replaced by one; leave out --target and "
                   "redirect standard output",
                   printable(path));
    }
    // Through a link the file behind it is replaced, not the link.
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    if (real != nullptr) path = real.get();
  }
  std::string temporary = path + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "making", temporary);
  return WholeFile(std::move(path), std::move(temporary), std::move(fd));
}

Result<void> WholeFile::publish() {
  if (::fsync(fd_.get()) != 0) return errno_error(errno, "writing", path_);
  TRY(fd_.close());
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return errno_error(errno, "renaming to", path_);
  }
  temporary_.clear();
  const std::size_t slash = path_.rfind('/');
  if (slash == std::string::npos) return sync_folder(".");
  return sync_folder(path_.substr(0, slash + 1));
}

Result<void> stream(const Reading& reading, const Node& node, const std::string& path,
                    const Sink& sink, std::stop_token stop) {
  if (node.type == NodeType::File) return dump_file(reading.repository(), node, sink, stop);
  const std::string prefix = path.empty() ? "" : path.substr(1) + "/";
  return dump_tar(reading.repository(), *node.subtree, prefix, sink, stop);
}

Result<ExitCode> dump(Session& session, const Options& options) {
  if (options.archive != "tar") {
    return error(Code::Invalid, "--archive {}: folders are dumped as tar only",
                 printable(options.archive));
  }
  const bool is_relative = !options.path.starts_with('/');
  const std::string path = TRY(clean_path(is_relative ? "/" + options.path : options.path));
  Losses losses(session.console());
  const Reading reading = TRY(open_for_reading(session, losses));
  const SnapshotFolder folder =
      TRY(choose_folder(reading, options.snapshot, filter_of(options.filter), session.stop()));
  const Node node = TRY(find_entry(reading.repository(), folder.tree, path, session.stop())
                            .context("{}", printable(options.path)));
  const bool is_folder = node.type == NodeType::Dir && node.subtree.has_value();
  if (node.type != NodeType::File && !is_folder) {
    return error(Code::Invalid, "{} is neither a file nor a folder but a {}",
                 printable(options.path), name(node.type));
  }
  if (!options.target.empty()) {
    WholeFile file = TRY(WholeFile::create(options.target));
    const auto sink = [&](ByteView bytes) { return file.write(bytes); };
    TRY(stream(reading, node, path, sink, session.stop()).context("{}", printable(options.path)));
    TRY(file.publish());
    return losses.end();
  }
  if (is_folder && ::isatty(STDOUT_FILENO) == 1) {
    return error(Code::Invalid, "a tar is nothing for a terminal; redirect it, or give --target");
  }
  Console& console = session.console();
  const auto sink = [&](ByteView bytes) -> Result<void> {
    console.raw(bytes);
    return console.flush();  // a reader that is gone ends the dump
  };
  TRY(stream(reading, node, path, sink, session.stop()).context("{}", printable(options.path)));
  return losses.end();
}

}  // namespace

void add_dump(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "dump", "Write a file, or a folder as tar, to standard output",
      {"firebreak dump latest /etc/hosts", "firebreak dump latest:/srv /www | tar -t"},
      [options](Session& session) { return dump(session, *options); });
  command.add_option("SNAPSHOT", options->snapshot, "id, latest, or either with :SUBFOLDER")
      .required();
  command.add_option("PATH", options->path, "file or folder; / is all").required();
  command.add_option("-a,--archive", options->archive, "what a folder becomes: tar")
      .capture_default_str();
  command.add_option("-t,--target", options->target,
                     "file to write instead, which is made or replaced once all is written");
  add_snapshot_options(command, options->filter);
}

}  // namespace firebreak
