// What people and scripts see: data on standard output, everything else on standard error.
// Thread-safe. What cannot be written to standard output is remembered: a list that was cut off by
// a full disk must not end with success.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "cli/json.h"

namespace firebreak {

class Console {
 public:
  struct Options {
    bool json = false;
    bool quiet = false;
    int verbosity = 0;
  };
  // `terminal`: standard error can be rewritten in place.
  Console(Options options, bool terminal) : options_(options), terminal_(terminal) {}
  // Writes what is left.
  ~Console();

  bool is_json() const { return options_.json; }
  bool is_quiet() const { return options_.quiet; }
  int verbosity() const { return options_.verbosity; }

  // Data. The caller has made untrusted text printable().
  void line(std::string_view text);
  void json(const Json& document);
  void raw(ByteView bytes);
  // Io when any byte of the data could not be written.
  Result<void> flush();

  // What is going on; not when quiet, and not in JSON, whose readers have fields.
  void say(std::string_view text);
  // Something that was not as asked for. `about` may be empty.
  void warn(std::string_view text, std::string_view about = {});
  // Why the command ends.
  void fail(const Error& problem, int exit_code);

  // A line on standard error that the next one replaces; on a terminal only.
  void show_progress(std::string text);
  bool shows_progress() const { return !options_.quiet && (terminal_ || options_.json); }
  // On standard error, for readers of JSON.
  void progress_json(const Json& document);

 private:
  void write_data(std::string_view text) REQUIRES(mutex_);
  void flush_data() REQUIRES(mutex_);
  void write_error(std::string_view text) REQUIRES(mutex_);

  const Options options_;
  const bool terminal_;
  Mutex mutex_;
  std::string data_ GUARDED_BY(mutex_);
  std::optional<Error> lost_ GUARDED_BY(mutex_);
  std::string progress_ GUARDED_BY(mutex_);
};

// Shows how far a job is until it goes out of scope: several times a second on a terminal, once a
// second as JSON, not at all otherwise. The functions are called from a thread of its own.
class ProgressDisplay {
 public:
  ProgressDisplay(Console& console, Clock& clock, std::function<std::string()> text,
                  std::function<Json()> json);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  Console& console_;
  std::jthread thread_;
};

}  // namespace firebreak
