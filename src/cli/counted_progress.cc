#include "cli/counted_progress.h"

#include "cli/units.h"

namespace firebreak {
namespace {

std::string text_of(const Progress& progress, const std::string& action,
                    const std::string& things) {
  const std::uint64_t total = progress.total;
  const std::uint64_t bytes_total = progress.bytes_total;
  std::string text = fmt::format("{}: {}", action, progress.done.load());
  if (total > 0) text += fmt::format(" of {}", total);
  text += " " + things;
  if (progress.bytes_done > 0) text += ", " + format_size(progress.bytes_done);
  if (bytes_total > 0) text += " of " + format_size(bytes_total);
  if (progress.errors > 0) text += fmt::format(", {} errors", progress.errors.load());
  return text;
}

Json json_of(const Progress& progress, const std::string& action) {
  return {{"message_type", "status"},
          {"action", action},
          {"done", progress.done.load()},
          {"total", progress.total.load()},
          {"bytes_done", progress.bytes_done.load()},
          {"total_bytes", progress.bytes_total.load()},
          {"error_count", progress.errors.load()}};
}

}  // namespace

CountedProgress::CountedProgress(const Session& session, const Progress& progress,
                                 std::string action, std::string things)
    : display_(
          session.console(), session.clock(),
          [&progress, action, things] { return text_of(progress, action, things); },
          [&progress, action] { return json_of(progress, action); }) {}

}  // namespace firebreak
