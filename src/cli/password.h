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
  // Names the options above where there is no password: "--password" for --password-file.
  std::string option_prefix = "--password";
  std::string prompt = {};  // "password for /srv/backup"
};

enum class PasswordUse {
  Existing,
  New,  // asked for twice at a terminal, and such that every source can hold it
};

// File, command, environment, terminal: the first that is there. As in restic a file and a command
// give all their text without white space at both ends. Invalid for an empty password, for a new
// one of several lines (a key file by mistake) or with white space at an end, and where there is
// nothing to ask. The command is run by no shell: words are split at spaces, quotes keep them
// together.
Result<std::string> read_password(const PasswordSource& source, PasswordUse use,
                                  const Environment& environment, std::stop_token stop);

// The words of a command line; Invalid for a quote that is not closed and for none.
Result<std::vector<std::string>> split_command(std::string_view text);

}  // namespace firebreak
