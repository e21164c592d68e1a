#include "cli/command.h"

#include <CLI/CLI.hpp>

namespace firebreak {

CommandOption& CommandOption::required() {
  option_->required();
  return *this;
}

CommandOption& CommandOption::capture_default_str() {
  option_->capture_default_str();
  return *this;
}

CommandOption& CommandOption::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

CommandOption& CommandOption::group(const std::string& name) {
  option_->group(name);
  return *this;
}

CommandOption Command::add_option(const std::string& names, std::string& into,
                                  const std::string& help) {
  return CommandOption(app_->add_option(names, into, help));
}

CommandOption Command::add_option(const std::string& names, std::vector<std::string>& into,
                                  const std::string& help) {
  return CommandOption(app_->add_option(names, into, help));
}

CommandOption Command::add_option(const std::string& names, unsigned& into,
                                  const std::string& help) {
  return CommandOption(app_->add_option(names, into, help));
}

CommandOption Command::add_option(const std::string& names, std::optional<unsigned>& into,
                                  const std::string& help) {
  return CommandOption(app_->add_option(names, into, help));
}

CommandOption Command::add_option(const std::string& names, std::uint64_t& into,
                                  const std::string& help) {
  const auto is_count = [](const std::string& text) -> std::string {  // CLI11 takes -1 for 2^64 - 1
    return text.starts_with('-') ? "\"" + text + "\" is no whole number, 0 or more" : "";
  };
  return CommandOption(app_->add_option(names, into, help)->check(is_count));
}

CommandOption Command::add_list(const std::string& names, std::vector<std::string>& into,
                                const std::string& help) {
  return CommandOption(
      app_->add_option(names, into, help)->type_size(1)->allow_extra_args(false)->take_all());
}

CommandOption Command::add_flag(const std::string& names, bool& into, const std::string& help) {
  return CommandOption(app_->add_flag(names, into, help));
}

CommandOption Command::add_flag(const std::string& names, int& count, const std::string& help) {
  return CommandOption(app_->add_flag(names, count, help));
}

}  // namespace firebreak
