// The command line: options that every command has, and the commands. A command declares its
// options in a function of its own (commands.h) and names what runs once they are read.
//
// CLI11 throws; program.cc catches.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"

namespace firebreak {

// What a command does. Ends with its exit code, or an error for Session::exit_code().
using RunCommand = std::function<Result<ExitCode>(Session&)>;

class Program {
 public:
  Program();
  ~Program();

  // `examples` are whole command lines. A command below another one: "key add".
  Command command(const std::string& name, const std::string& summary,
                  const std::vector<std::string>& examples, RunCommand run);

  // Reads the arguments (without the program's name) and runs what they ask for.
  ExitCode run(const std::vector<std::string>& arguments, const Environment& environment,
               Clock& clock);

 private:
  struct Parsed {
    RunCommand run;                     // empty: all was said
    ExitCode code = ExitCode::Success;  // then
  };
  void add_global_options();
  Parsed parse(const std::vector<std::string>& arguments);
  ExitCode explain(const std::string& problem, const std::vector<std::string>& arguments);

  std::unique_ptr<CLI::App> app_;
  GlobalOptions options_;
  std::vector<std::pair<CLI::App*, RunCommand>> commands_;
};

}  // namespace firebreak
