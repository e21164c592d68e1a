#include "cli/console.h"

#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"

namespace firebreak {
namespace {

constexpr std::size_t kDataBuffered = 64 * 1024;
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

Console::~Console() {
  (void)flush();
  show_progress({});
}

void Console::line(std::string_view text) {
  const MutexLock lock(mutex_);
  write_data(text);
  write_data("\n");
}

void Console::json(const Json& document) {
  line(to_line(document));
}

void Console::raw(ByteView bytes) {
  const MutexLock lock(mutex_);
  write_data(as_text(bytes));
}

Result<void> Console::flush() {
  const MutexLock lock(mutex_);
  flush_data();
  if (lost_) return *lost_;
  return {};
}

void Console::say(std::string_view text) {
  if (options_.quiet || options_.json) return;
  const MutexLock lock(mutex_);
  flush_data();
  write_error(text);
}

void Console::warn(std::string_view text, std::string_view about) {
  const MutexLock lock(mutex_);
  flush_data();
  if (options_.json) {
    Json document{{"message_type", "error"}, {"error", {{"message", text}}}};
    if (!about.empty()) document["item"] = about;
    write_error(to_line(document));
  } else if (about.empty()) {
    write_error(printable(text));
  } else {
    write_error(fmt::format("{}: {}", printable(about), printable(text)));
  }
}

void Console::fail(const Error& problem, int exit_code) {
  const MutexLock lock(mutex_);
  flush_data();
  if (options_.json) {
    write_error(to_line(
        Json{{"message_type", "exit_error"}, {"code", exit_code}, {"message", problem.message()}}));
  } else {
    write_error("firebreak: " + printable(problem.message()));
  }
}

void Console::show_progress(std::string text) {
  if (!terminal_ || options_.json) return;
  const MutexLock lock(mutex_);
  if (text == progress_) return;
  progress_ = std::move(text);
  (void)write_all(STDERR_FILENO, as_bytes(fmt::format("{}{}", kEraseLine, progress_)));
}

void Console::progress_json(const Json& document) {
  const MutexLock lock(mutex_);
  write_error(to_line(document));
}

void Console::write_data(std::string_view text) {
  data_ += text;
  if (data_.size() >= kDataBuffered) flush_data();
}

void Console::flush_data() {
  if (data_.empty()) return;
  // Data and progress may share a terminal.
  if (!progress_.empty()) (void)write_all(STDERR_FILENO, as_bytes(kEraseLine));
  progress_.clear();
  Result<void> written = lost_ ? Result<void>() : write_all(STDOUT_FILENO, as_bytes(data_));
  if (!written.ok()) lost_ = std::move(written).error().within("standard output");
  data_.clear();
}

void Console::write_error(std::string_view text) {
  const std::string_view erase = progress_.empty() ? std::string_view() : kEraseLine;
  progress_.clear();
  (void)write_all(STDERR_FILENO, as_bytes(fmt::format("{}{}\n", erase, text)));
}

ProgressDisplay::ProgressDisplay(Console& console, Clock& clock, std::function<std::string()> text,
                                 std::function<Json()> json)
    : console_(console) {
  if (!console.shows_progress()) return;
  Result<std::jthread> started = start_thread(
      [&console, &clock, text = std::move(text), json = std::move(json)](std::stop_token stop) {
        const Nanoseconds interval =
            console.is_json() ? std::chrono::seconds(1) : std::chrono::milliseconds(200);
        while (clock.wait(interval, stop)) {
          if (console.is_json()) {
            console.progress_json(json());
          } else {
            console.show_progress(text());
          }
        }
      });
  // Without a thread nothing is shown, and the job goes on.
  if (started.ok()) thread_ = std::move(*started);
}

ProgressDisplay::~ProgressDisplay() {
  thread_ = {};  // stops and joins
  console_.show_progress({});
}

}  // namespace firebreak
