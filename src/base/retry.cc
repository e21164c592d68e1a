#include "base/retry.h"

#include <algorithm>

namespace firebreak {

Result<void> Tries::wait_after(Error failure, std::stop_token stop) {
  const Nanoseconds now = clock_.since_boot();
  if (failures_++ == 0) first_failure_ = now;
  const Nanoseconds waited = now - first_failure_;
  const Nanoseconds wait = std::max<Nanoseconds>(
      vary(next_wait_), failure.retry_after().value_or(std::chrono::milliseconds(0)));
  if (waited + wait > policy_.give_up_after) {
    return std::move(failure).within(
        fmt::format("gave up after {} tries in {} s", failures_,
                    std::chrono::duration_cast<std::chrono::seconds>(waited).count()));
  }
  next_wait_ = std::min<Nanoseconds>(next_wait_ * 2, policy_.wait_max);
  if (policy_.on_wait) policy_.on_wait(failure, wait);
  if (clock_.wait(wait, stop)) return {};
  return error(Code::Canceled, "stopped before another try: {}", failure.message());
}

void Tries::start_over() {
  failures_ = 0;
  next_wait_ = policy_.first_wait;
}

// Between half and all of it.
Nanoseconds Tries::vary(Nanoseconds wait) {
  const auto half = static_cast<std::uint64_t>(wait.count() / 2);
  return wait - Nanoseconds(random_.below(half + 1));
}

}  // namespace firebreak
