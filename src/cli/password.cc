#include "cli/password.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/child_process.h"
#include "snapshot/text_lines.h"

namespace firebreak {
namespace {

constexpr std::size_t kPasswordSizeMax = 64 * 1024;

// Go's unicode.IsSpace, which decides what restic takes off.
bool is_space(char32_t code) {
  switch (code) {
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
      return true;
    default:
      return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x2000 && code <= 0x200a);
  }
}

std::string_view without_space_around(std::string_view text) {
  std::size_t first = text.size();  // of what is kept
  std::size_t end = text.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence(text.substr(at));
    const bool is_blank = length > 0 && is_space(decode_utf8(text.substr(at, length)));
    at += std::max<std::size_t>(length, 1);
    if (is_blank) continue;
    first = std::min(first, at - std::max<std::size_t>(length, 1));
    end = at;
  }
  return text.substr(first, end - std::min(first, end));
}

Result<std::string> from_text(std::string_view text, std::string_view from) {
  const std::string_view password = without_space_around(text);
  if (password.empty()) return error(Code::Invalid, "{}: the password is empty", from);
  return std::string(password);
}

Result<std::string> from_file(const std::string& path, PasswordUse use) {
  Result<Bytes> bytes = read_file(path, kPasswordSizeMax).context("password file");
  if (failed_with(bytes, Code::NotFound) && use == PasswordUse::New) {
    return error(Code::NotFound, "{}; write the new password into it first",
                 bytes.error().message());
  }
  const std::string text =
      TRY(decoded_text(TRY(std::move(bytes))).context("password file {}", printable(path)));
  return from_text(text, printable(path));
}

Result<std::string> from_command(const std::string& command) {
  const std::vector<std::string> words = TRY(split_command(command).context("password command"));
  ChildProcess child = TRY(ChildProcess::start(words).context("password command"));
  std::string said(kPasswordSizeMax, '\0');
  const std::size_t size =
      TRY(read_up_to(child.output(), std::as_writable_bytes(std::span<char>(said)))
              .context("password command"));
  TRY(child.wait().context("password command"));
  return from_text(std::string_view(said).substr(0, size), "password command");
}

// A terminal that does not echo, until it goes out of scope.
class HiddenInput {
 public:
  explicit HiddenInput(int fd) : fd_(fd) {
    ::tcgetattr(fd_, &before_);
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &hidden);
  }
  ~HiddenInput() {
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    (void)write_all(fd_, as_bytes("\n"));
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  int fd_;
  termios before_{};
};

Result<std::string> ask(const Fd& terminal, const std::string& prompt, std::stop_token stop) {
  // First: going silent drops what was typed before, such as a fast answer to the prompt.
  const HiddenInput hidden(terminal.get());
  TRY(write_all(terminal.get(), as_bytes(prompt + ": ")));
  std::string line;
  while (true) {
    pollfd wait{terminal.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, 100);
    if (stop.stop_requested()) return error(Code::Canceled, "stopped at the password prompt");
    if (ready <= 0) continue;
    char c = 0;
    const ssize_t got = ::read(terminal.get(), &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    line += c;
  }
  if (line.empty()) return error(Code::Invalid, "terminal: the password is empty");
  return line;
}

Result<std::string> from_terminal(const PasswordSource& source, PasswordUse use,
                                  std::stop_token stop) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal.is_open() || !::isatty(STDIN_FILENO)) {
    return error(Code::Invalid,
                 "no password: give {1}-file or {1}-command, or set {0}, {0}_FILE or {0}_COMMAND",
                 source.variable_prefix, source.option_prefix);
  }
  std::string password = TRY(ask(terminal, source.prompt, stop));
  if (use == PasswordUse::Existing) return password;
  const std::string again = TRY(ask(terminal, source.prompt + ", again", stop));
  if (again != password) return error(Code::Invalid, "the two passwords differ; nothing was done");
  return password;
}

Result<std::string> from_anywhere(const PasswordSource& source, PasswordUse use,
                                  const Environment& environment, std::stop_token stop) {
  if (!source.file.empty() && !source.command.empty()) {
    return error(Code::Invalid, "a password file or a password command, not both");
  }
  if (!source.file.empty()) return from_file(source.file, use);
  if (!source.command.empty()) return from_command(source.command);
  const std::string& prefix = source.variable_prefix;
  const std::string direct = variable(environment, prefix);
  if (!direct.empty()) return direct;
  const std::string file = variable(environment, prefix + "_FILE");
  if (!file.empty()) return from_file(file, use);
  const std::string command = variable(environment, prefix + "_COMMAND");
  if (!command.empty()) return from_command(command);
  return from_terminal(source, use, stop);
}

}  // namespace

Result<std::string> read_password(const PasswordSource& source, PasswordUse use,
                                  const Environment& environment, std::stop_token stop) {
  std::string password = TRY(from_anywhere(source, use, environment, stop));
  if (use == PasswordUse::Existing) return password;
  if (password.find('\n') != std::string::npos) {
    return error(Code::Invalid, "the new password has more than one line, as a key file has");
  }
  if (without_space_around(password) != password) {
    return error(Code::Invalid,
                 "the new password begins or ends with white space, which a password file cannot "
                 "hold");
  }
  return password;
}

Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      in_word = true;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return error(Code::Invalid, "a quote is not closed");
  if (in_word) words.push_back(std::move(word));
  if (words.empty()) return error(Code::Invalid, "the command is empty");
  return words;
}

}  // namespace firebreak
