// The options of a command. The parser stays behind this: its headers take ten seconds to compile,
// in every file that sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace firebreak {

// An option just declared.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}
  CommandOption& required();
  CommandOption& capture_default_str();               // shows the value it has now in the help
  CommandOption& type_name(const std::string& name);  // instead of TEXT or UINT
  CommandOption& group(const std::string& name);      // a heading of its own in the help

 private:
  CLI::Option* option_;
};

class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  // `names` is "-t,--target", or "PATH" for what stands without a name; the values go into what is
  // borrowed here. Of a list without names, every word is one.
  CommandOption add_option(const std::string& names, std::string& into, const std::string& help);
  CommandOption add_option(const std::string& names, std::vector<std::string>& into,
                           const std::string& help);
  CommandOption add_option(const std::string& names, unsigned& into, const std::string& help);
  // Nothing where it is not given.
  CommandOption add_option(const std::string& names, std::optional<unsigned>& into,
                           const std::string& help);
  CommandOption add_option(const std::string& names, std::uint64_t& into, const std::string& help);
  // An option that may be given several times; each value is one, whatever it holds.
  CommandOption add_list(const std::string& names, std::vector<std::string>& into,
                         const std::string& help);
  CommandOption add_flag(const std::string& names, bool& into, const std::string& help);
  CommandOption add_flag(const std::string& names, int& count, const std::string& help);

 private:
  CLI::App* app_;
};

}  // namespace firebreak
