
#include "cli/commands.h"

namespace firebreak {

void add_version(Program& program) {
  program.command(
      "version", "Print the version", {"firebreak version --json"},
      [](Session& session) -> Result<ExitCode> {
        Console& console = session.console();
        if (console.is_json()) {
          console.json({{"message_type", "version"},
                        {"version", FIREBREAK_VERSION},
                        {"repository_versions", {1, 2}}});
        } else {
          console.line("firebreak " FIREBREAK_VERSION ", repository format versions 1 and 2");
        }
        return ExitCode::Success;
      });
}

}  // namespace firebreak
