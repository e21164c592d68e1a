#include "cli/diff_points.h"

#include <set>

#include "base/text.h"
#include "cli/units.h"
#include "point/document_diff.h"

namespace firebreak {
namespace {

struct Counts {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::uint64_t times_changed = 0;
};

std::string_view count(const DocumentDifference& one, Counts& counts) {
  if (one.before.empty()) return ++counts.added, "+";
  if (one.after.empty()) return ++counts.removed, "-";
  if (one.fields_differ) return ++counts.changed, "M";
  return ++counts.times_changed, "U";
}

// The top of a database's documents; nothing where the point does not have the database.
std::unique_ptr<DocumentTree> documents_of(const Reading& reading, const Point& point,
                                           const std::string& database) {
  const Point::Database* found = point.find(database);
  if (found == nullptr) return nullptr;
  return std::make_unique<DocumentTree>(reading.repository(), found->documents.base);
}

}  // namespace

Result<ExitCode> diff_points(Session& session, const Reading& reading, const Point& before,
                             const Point& after, bool with_times) {
  Console& console = session.console();
  std::set<std::string> databases;
  for (const Point* point : {&before, &after}) {
    for (const Point::Database& database : point->databases) databases.insert(database.id);
  }
  Counts counts;
  for (const std::string& database : databases) {
    const std::unique_ptr<DocumentTree> old = documents_of(reading, before, database);
    const std::unique_ptr<DocumentTree> now = documents_of(reading, after, database);
    if (old == nullptr || now == nullptr) {
      return error(Code::Invalid, "only one of the points has the database {}",
                   printable(database));
    }
    const auto show = [&](const DocumentDifference& one) -> Result<void> {
      const std::string_view modifier = count(one, counts);
      if (console.is_quiet() || (modifier == "U" && !with_times)) return {};
      if (console.is_json()) {
        console.json({{"message_type", "change"},
                      {"database", database},
                      {"path", one.path},
                      {"modifier", modifier}});
      } else {
        const std::string where = databases.size() > 1 ? database + ": " : "";
        console.line(fmt::format("{:<5}{}{}", modifier, where, printable(one.path)));
      }
      return {};
    };
    TRY(diff_documents(*old, *now, show, session.stop()));
  }
  if (console.is_json()) {
    console.json({{"message_type", "statistics"},
                  {"source_cut", format_rfc3339(before.cut())},
                  {"target_cut", format_rfc3339(after.cut())},
                  {"added", counts.added},
                  {"removed", counts.removed},
                  {"changed", counts.changed},
                  {"times_changed", counts.times_changed}});
  } else {
    console.line("");
    console.line(
        fmt::format("from {} to {}: {} new, {} removed, {} changed, {} written again as "
                    "they were",
                    format_rfc3339(before.cut()), format_rfc3339(after.cut()), counts.added,
                    counts.removed, counts.changed, counts.times_changed));
  }
  return ExitCode::Success;
}

}  // namespace firebreak
