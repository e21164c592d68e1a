#include "firestore/write_ramp.h"

#include <algorithm>
#include <cmath>

namespace firebreak {
namespace {

constexpr std::chrono::minutes kStep{5};
constexpr double kGrowth = 1.5;

}  // namespace

double WriteRamp::rate(Nanoseconds now) const {
  return initial_rate_ * std::pow(kGrowth, static_cast<double>((now - began_) / kStep));
}

Result<void> WriteRamp::wait_turn(std::size_t writes, std::stop_token stop) {
  if (initial_rate_ == 0) return {};
  Nanoseconds wait{};
  {
    const MutexLock lock(mutex_);
    const Nanoseconds now = clock_.since_boot();
    free_at_ = std::max(free_at_, now);
    wait = free_at_ - now;
    free_at_ +=
        Nanoseconds(static_cast<std::int64_t>(static_cast<double>(writes) * 1e9 / rate(now)));
  }
  if (wait <= Nanoseconds{} || clock_.wait(wait, stop)) return {};
  return error(Code::Canceled, "stopped before all was written");
}

}  // namespace firebreak
