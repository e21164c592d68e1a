#include "cli/selection.h"

#include "cli/excludes.h"
#include "snapshot/filter.h"

namespace firebreak {
namespace {

// Patterns with regard to case and those without.
struct Filters {
  Filter exact;
  Filter any_case;

  bool is_empty() const { return exact.is_empty() && any_case.is_empty(); }
  Filter::Verdict match(const std::string& path) const {
    const Filter::Verdict a = exact.match(path);
    const Filter::Verdict b = any_case.match(path);
    return {a.matched || b.matched, a.child_may_match || b.child_may_match};
  }
};

Result<Filters> read_filters(std::vector<std::string> exact, std::vector<std::string> any_case,
                             const std::vector<std::string>& files,
                             const std::vector<std::string>& files_any_case,
                             const Environment& environment) {
  TRY(add_pattern_files(files, environment, exact));
  TRY(add_pattern_files(files_any_case, environment, any_case));
  Filters filters;
  filters.exact = TRY(Filter::parse(exact, Filter::Case::Sensitive));
  filters.any_case = TRY(Filter::parse(any_case, Filter::Case::Insensitive));
  return filters;
}

}  // namespace

void add_selection_options(Command command, SelectionOptions& options) {
  command.add_list("-i,--include", options.includes, "only what matches; may be repeated");
  command.add_list("--iinclude", options.includes_any_case, "the same in any case of letters");
  command.add_list("--include-file", options.include_files, "file of patterns, one a line");
  command.add_list("--iinclude-file", options.include_files_any_case,
                   "the same in any case of letters");
  command.add_list("-e,--exclude", options.excludes, "all but what matches; may be repeated");
  command.add_list("--iexclude", options.excludes_any_case, "the same in any case of letters");
  command.add_list("--exclude-file", options.exclude_files, "file of patterns, one a line");
  command.add_list("--iexclude-file", options.exclude_files_any_case,
                   "the same in any case of letters");
}

Result<Select> read_selection(const SelectionOptions& options, const Environment& environment) {
  Filters includes =
      TRY(read_filters(options.includes, options.includes_any_case, options.include_files,
                       options.include_files_any_case, environment));
  Filters excludes =
      TRY(read_filters(options.excludes, options.excludes_any_case, options.exclude_files,
                       options.exclude_files_any_case, environment));
  const bool asked_to_include = !options.includes.empty() || !options.includes_any_case.empty() ||
                                !options.include_files.empty() ||
                                !options.include_files_any_case.empty();
  if (asked_to_include && includes.is_empty()) {
    return error(Code::Invalid, "what is to be included is empty: nothing would be restored");
  }
  if (!includes.is_empty() && !excludes.is_empty()) {
    return error(Code::Invalid, "patterns to include or to exclude, not both");
  }
  if (!includes.is_empty()) {
    return Select([filters = std::move(includes)](const std::string& path, const Node& node) {
      const Filter::Verdict verdict = filters.match(path);
      return Selection{verdict.matched, verdict.child_may_match && node.type == NodeType::Dir};
    });
  }
  if (excludes.is_empty()) return Select();
  return Select([filters = std::move(excludes)](const std::string& path, const Node&) {
    const bool wanted = !filters.match(path).matched;
    return Selection{wanted, wanted};
  });
}

}  // namespace firebreak
