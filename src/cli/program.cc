#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/interrupts.h"
#include "cli/nearest.h"

namespace firebreak {
namespace {

constexpr const char* kGlobalGroup = "Options of every command";

std::string footer(const std::vector<std::string>& examples) {
  std::string text = examples.size() == 1 ? "Example:" : "Examples:";
  for (const std::string& example : examples) text += "\n  " + example;
  return text;
}

ExitCode print_out(std::string_view text) {
  const Result<void> written = write_all(STDOUT_FILENO, as_bytes(text));
  if (written.ok()) return ExitCode::Success;
  const std::string line =
      fmt::format("firebreak: standard output: {}\n", written.error().message());
  (void)write_all(STDERR_FILENO, as_bytes(line));
  return ExitCode::Failure;
}

// What the system says of a refusal names no way out.
Error with_way_out(const Error& problem) {
  for (const int refusal : {EACCES, EPERM}) {
    if (!problem.message().ends_with(std::strerror(refusal))) continue;
    return error(problem.code(), "{}; run this as a user who may, or let this one (chmod, chown)",
                 problem.message());
  }
  return problem;
}

// The options and commands somebody may have meant in `app`, as they are typed.
std::vector<std::string> words_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) words.push_back(command->get_name());
  return words;
}

// The command that the arguments reached before something was wrong.
const CLI::App& reached(const CLI::App& app) {
  const CLI::App* level = &app;
  while (!level->get_subcommands().empty()) level = level->get_subcommands().front();
  return *level;
}

// "firebreak key add", to ask for help with.
std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

}  // namespace

Program::Program()
    : app_(std::make_unique<CLI::App>(
          "Backups that outlive the program that made them: encrypted, deduplicated, verified, "
          "in repositories that restic can check and restore without us.",
          "firebreak")) {
  app_->require_subcommand(0, 1);
  app_->footer(footer({"firebreak init -r /srv/backup", "firebreak backup -r /srv/backup ~/work",
                       "firebreak COMMAND --help"}));
  app_->set_version_flag("--version", "firebreak " FIREBREAK_VERSION, "print the version");
  add_global_options();
}

Program::~Program() = default;

void Program::add_global_options() {
  RepositoryOptions& repository = options_.repository;
  Command program(*app_);
  const auto add = [&](const char* names, auto& into, const char* help) {
    return program.add_option(names, into, help).group(kGlobalGroup);
  };
  add("-r,--repo", repository.location,
      "repository: a path, s3:https://HOST/BUCKET/PREFIX, gs:BUCKET:/PREFIX or rest:https://HOST/ "
      "(FIREBREAK_REPOSITORY)");
  add("--repository-file", repository.location_file, "file that holds the repository's location");
  add("-p,--password-file", repository.password_file,
      "file whose one line is the password (FIREBREAK_PASSWORD_FILE)");
  add("--password-command", repository.password_command,
      "program that prints the password (FIREBREAK_PASSWORD_COMMAND)");
  add("--key-hint", repository.key_hint, "id of the key to try first");
  add("--retry-lock", options_.retry_lock, "wait so long for others' locks, like 5m");
  add("--retry-for", options_.retry_for, "carry on so long through failures that may pass")
      .capture_default_str();
  add("--cache-dir", options_.cache_folder, "where index tables are kept on this machine");
  add("--cacert", options_.ca_file, "certificates to trust, in PEM, instead of the system's");
  add("--connections", options_.connections, "calls to the repository at once; 0 is what suits it");
  add("--limit-upload", options_.limit_upload_kib, "KiB a second at most; 0 is unlimited");
  add("--limit-download", options_.limit_download_kib, "KiB a second at most; 0 is unlimited");
  const auto flag = [&](const char* names, auto& into, const char* help) {
    program.add_flag(names, into, help).group(kGlobalGroup);
  };
  flag("--json", options_.json, "print JSON, a document a line; progress on standard error");
  flag("-q,--quiet", options_.quiet, "print data and errors only");
  flag("-v,--verbose", options_.verbosity, "say more; may be repeated");
  flag("--no-lock", options_.no_lock, "do not lock; for repositories that cannot be written");
  flag("--no-cache", options_.no_cache, "use and leave no cache");
}

Command Program::command(const std::string& name, const std::string& summary,
                         const std::vector<std::string>& examples, RunCommand run) {
  CLI::App* above = app_.get();
  std::string last = name;
  for (std::size_t space = last.find(' '); space != std::string::npos; space = last.find(' ')) {
    above = above->get_subcommand(last.substr(0, space));
    last = last.substr(space + 1);
  }
  CLI::App* added = above->add_subcommand(last, summary);
  added->fallthrough();
  if (!examples.empty()) added->footer(footer(examples));
  commands_.emplace_back(added, std::move(run));
  return Command(*added);
}

// What CLI11 says, in words that need no knowledge of it.
std::string in_words(const CLI::ParseError& problem, const CLI::App& app,
                     const std::vector<std::string>& arguments) {
  std::string text = problem.what();
  while (text.ends_with('\n')) text.pop_back();
  if (dynamic_cast<const CLI::ExtrasError*>(&problem) != nullptr) {
    // CLI11 has lost their order, and of "-qz" it has left "-z".
    std::vector<std::string> extras = app.remaining(true);
    std::string words;
    for (const std::string& argument : arguments) {
      const auto found = std::find(extras.begin(), extras.end(), argument);
      if (found == extras.end()) continue;
      words += " " + argument;
      extras.erase(found);
    }
    for (const std::string& part : extras) words += " " + part;
    return "not expected:" + words;
  }
  constexpr std::string_view kUnconverted = "Could not convert: ";
  if (text.starts_with(kUnconverted)) {  // of counts and flags
    const std::string what = text.substr(kUnconverted.size());
    const CLI::Option* option = reached(app).get_option_no_throw(what.substr(0, what.find(' ')));
    if (option == nullptr) option = app.get_option_no_throw(what.substr(0, what.find(' ')));
    const bool is_flag = option != nullptr && option->get_items_expected_max() == 0;
    return what +
           (is_flag ? ": it takes no value" : " is no whole number, 0 or more, that it can have");
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&problem) != nullptr) {
    const std::string option = text.substr(0, text.find(": "));
    return option +
           (text.ends_with(" missing") ? ": its value is missing" : ": given more than once");
  }
  return text;
}

ExitCode Program::explain(const std::string& problem, const std::vector<std::string>& arguments) {
  const CLI::App& where = reached(*app_);
  std::string text = "firebreak: " + printable(problem);
  const std::vector<std::string> known = words_of(where);
  for (const std::string& argument : arguments) {
    const std::string word = argument.substr(0, argument.find('='));
    const bool is_known = std::find(known.begin(), known.end(), word) != known.end();
    if (is_known || problem.find(word) == std::string::npos) continue;
    const std::optional<std::string> nearest = nearest_word(word, known);
    if (!nearest) continue;
    text += fmt::format("; did you mean {}?", *nearest);
    break;
  }
  (void)write_all(STDERR_FILENO,
                  as_bytes(fmt::format("{}; see {} --help\n", text, full_name(where))));
  return ExitCode::Failure;
}

Program::Parsed Program::parse(const std::vector<std::string>& arguments) {
  try {
    // CLI11 takes them from the end.
    app_->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return {{}, print_out(app_->help())};
  } catch (const CLI::CallForVersion& version) {
    return {{}, print_out(fmt::format("{}\n", version.what()))};
  } catch (const CLI::ParseError& problem) {
    return {{}, explain(in_words(problem, *app_, arguments), arguments)};
  }
  const CLI::App& chosen = reached(*app_);
  for (const auto& [command, run] : commands_) {
    if (command == &chosen && run) return {run, ExitCode::Success};
  }
  // A word that only holds others, or none at all.
  if (&chosen != app_.get()) {
    return {{}, explain("which? " + chosen.get_name() + " needs one more word", arguments)};
  }
  return {{}, print_out(app_->help())};
}

ExitCode Program::run(const std::vector<std::string>& arguments, const Environment& environment,
                      Clock& clock) {
  options_.repository.location = variable(environment, "FIREBREAK_REPOSITORY");
  const Parsed parsed = parse(arguments);
  if (!parsed.run) return parsed.code;
  Console console({options_.json, options_.quiet, options_.verbosity},
                  ::isatty(STDERR_FILENO) == 1);
  const Result<std::unique_ptr<Interrupts>> interrupts = Interrupts::watch();
  if (!interrupts.ok()) {
    console.fail(interrupts.error(), static_cast<int>(ExitCode::Failure));
    return ExitCode::Failure;
  }
  Session session(options_, environment, console, clock, (*interrupts)->token());
  Result<ExitCode> done = parsed.run(session);
  const Result<void> flushed = console.flush();
  if (done.ok() && !flushed.ok()) done = flushed.error();
  if (done.ok()) return *done;
  const ExitCode code = session.exit_code(done.error());
  console.fail(with_way_out(done.error()), static_cast<int>(code));
  return code;
}

}  // namespace firebreak
