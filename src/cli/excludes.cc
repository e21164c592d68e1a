#include "cli/excludes.h"

#include <unordered_map>

#include "base/file.h"
#include "base/mutex.h"
#include "cli/units.h"
#include "snapshot/archive_plan.h"
#include "snapshot/filter.h"
#include "snapshot/pattern_file.h"
#include "snapshot/tag_file.h"

namespace firebreak {
namespace {

constexpr std::size_t kPatternFileMax = 64 << 20;

// Which folders say themselves that they need no backup; each asked once, as far as memory allows.
class TaggedFolders {
 public:
  TaggedFolders(std::vector<TagFile> tags, Console& console)
      : tags_(std::move(tags)), console_(console) {}

  // Whether what lies at `path` is left out.
  bool leaves_out(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return false;
    const std::string folder = path.substr(0, slash);
    const std::string name = path.substr(slash + 1);
    for (const TagFile& tag : tags_) {
      if (name != tag.name && is_tagged_by(folder, tag)) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kRemembered = 4096;

  bool is_tagged_by(const std::string& folder, const TagFile& tag) {
    const std::string key = folder + '\0' + tag.name;
    const MutexLock lock(mutex_);
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    const Result<bool> tagged = is_tagged(folder, tag);
    if (!tagged.ok()) console_.warn(tagged.error().message(), folder);
    if (known_.size() >= kRemembered) known_.clear();
    known_.emplace(key, tagged.ok() && *tagged);
    return tagged.ok() && *tagged;
  }

  const std::vector<TagFile> tags_;
  Console& console_;
  Mutex mutex_;
  std::unordered_map<std::string, bool> known_ GUARDED_BY(mutex_);
};

struct Rules {
  Filter filter;
  Filter filter_any_case;
  std::unique_ptr<TaggedFolders> tagged;
  std::optional<std::uint64_t> size_max;
  std::string working_folder;

  bool keeps(const std::string& path, const struct stat& status) const {
    if (size_max && S_ISREG(status.st_mode) &&
        static_cast<std::uint64_t>(status.st_size) > *size_max) {
      return false;
    }
    if (tagged && tagged->leaves_out(path)) return false;
    if (filter.is_empty() && filter_any_case.is_empty()) return true;
    const std::string absolute = absolute_path(path, working_folder);
    return !filter.match(absolute).matched && !filter_any_case.match(absolute).matched;
  }
};

}  // namespace

Result<void> add_pattern_files(const std::vector<std::string>& files,
                               const Environment& environment, std::vector<std::string>& patterns) {
  for (const std::string& path : files) {
    const Bytes file = TRY(read_file(path, kPatternFileMax).context("file of patterns"));
    std::vector<std::string> more = TRY(parse_pattern_file(file, environment).context("{}", path));
    patterns.insert(patterns.end(), more.begin(), more.end());
  }
  return {};
}

void add_exclude_options(Command command, ExcludeOptions& options) {
  command.add_list("-e,--exclude", options.patterns, "leave out what matches; may be repeated");
  command.add_list("--iexclude", options.patterns_any_case, "the same in any case of letters");
  command.add_list("--exclude-file", options.files, "file of patterns, one a line");
  command.add_list("--iexclude-file", options.files_any_case, "the same in any case of letters");
  command.add_list("--exclude-if-present", options.if_present,
                   "leave out the rest of folders with this file, FILE or FILE:HEADER");
  command.add_flag("--exclude-caches", options.caches, "leave out caches marked by CACHEDIR.TAG");
  command.add_option("--exclude-larger-than", options.larger_than, "leave out files above a size");
}

Result<Excludes> read_excludes(const ExcludeOptions& options, const std::string& working_folder,
                               Session& session) {
  Excludes excludes;
  excludes.patterns = options.patterns;
  std::vector<std::string> any_case = options.patterns_any_case;
  TRY(add_pattern_files(options.files, session.environment(), excludes.patterns));
  TRY(add_pattern_files(options.files_any_case, session.environment(), any_case));
  std::vector<TagFile> tags;
  for (const std::string& text : options.if_present) tags.push_back(TRY(parse_tag_file(text)));
  if (options.caches) tags.push_back(cache_tag_file());

  const auto rules = std::make_shared<Rules>();  // owned by the function alone, which is copied
  rules->filter = TRY(Filter::parse(excludes.patterns, Filter::Case::Sensitive));
  rules->filter_any_case = TRY(Filter::parse(any_case, Filter::Case::Insensitive));
  rules->working_folder = working_folder;
  if (!tags.empty()) rules->tagged = std::make_unique<TaggedFolders>(tags, session.console());
  if (!options.larger_than.empty()) {
    rules->size_max = TRY(parse_size(options.larger_than).context("--exclude-larger-than"));
  }
  excludes.patterns.insert(excludes.patterns.end(), any_case.begin(), any_case.end());
  const bool nothing = excludes.patterns.empty() && tags.empty() && !rules->size_max;
  if (!nothing) {
    excludes.select = [rules](const std::string& path, const struct stat& status) {
      return rules->keeps(path, status);
    };
  }
  return excludes;
}

}  // namespace firebreak
