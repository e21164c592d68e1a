#include "cli/interrupts.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"
#include "cli/exit_code.h"

namespace firebreak {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> interrupts = 0;
std::atomic<int> wake_fd = -1;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler uses it");

void wake(int fd, std::uint64_t value) {
  [[maybe_unused]] const ssize_t written = ::write(fd, &value, sizeof value);
}

void say(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void on_signal(int) {
  if (interrupts.fetch_add(1) > 0) {
    say("\nfirebreak: stopped at once; a lock may be left, `firebreak unlock` removes it; so may a "
        "cache, firebreak-* in the folder for temporary files\n");
    ::_exit(static_cast<int>(ExitCode::Interrupted));
  }
  wake(wake_fd.load(), 1);
}

}  // namespace

Result<std::unique_ptr<Interrupts>> Interrupts::watch() {
  Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake.is_open()) return errno_error(errno, "make an eventfd", "");
  std::unique_ptr<Interrupts> watching(new Interrupts(std::move(wake)));
  watching->listener_ =
      TRY(start_thread([raw = watching.get()](std::stop_token) { raw->listen(); }));
  wake_fd = watching->wake_.get();
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) {
    // What was ignored stays so: nohup ignores SIGHUP.
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
  // A reader that is gone is an error of write().
  (void)::signal(SIGPIPE, SIG_IGN);
  (void)::signal(SIGXFSZ, SIG_IGN);  // a file too large for its limit is an error of write()
  return watching;
}

Interrupts::~Interrupts() {
  if (!listener_.joinable()) return;
  wake(wake_.get(), 1);
  listener_.join();
  for (const int signal : kSignals) (void)::signal(signal, SIG_DFL);
  wake_fd = -1;
}

void Interrupts::listen() {
  std::uint64_t value = 0;
  ssize_t got = 0;
  do {
    got = ::read(wake_.get(), &value, sizeof value);
  } while (got < 0 && errno == EINTR);
  if (interrupts.load() == 0) return;  // the destructor's
  say("\nfirebreak: stopping; Ctrl-C again ends at once\n");
  stop_.request_stop();
}

}  // namespace firebreak
