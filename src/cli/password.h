// Where a repository's password comes from.
#pragma once

#include <stop_token>
#include <string>

#include "base/environment.h"
#include "base/result.h"

namespace firebreak {

struct PasswordSource {
  std::string file = {};
  std::string command = {};
  // The variables that stand in: PREFIX, PREFIX_FILE and PREFIX_COMMAND.
  std::string variable_prefix = {};
  std::string prompt = {};  // "password for /srv/backup"
};

enum class PasswordUse {
  Existing,
  New,  // asked for twice at a terminal
};

// File, command, environment, terminal: the first that is there. One line without its end; Invalid
// for an empty one, and where there is nothing to ask. The command is run by no shell: words are
// split at spaces, quotes keep them together.
Result<std::string> read_password(const PasswordSource& source, PasswordUse use,
                                  const Environment& environment, std::stop_token stop);

// The words of a command line; Invalid for a quote that is not closed and for none.
Result<std::vector<std::string>> split_command(std::string_view text);

}  // namespace firebreak
