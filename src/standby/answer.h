// What a caller of Google's APIs is told: a value, or a status with the code and the words that the
// real service has for it. ANSWER(expr) is TRY for these.
#pragma once

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include "base/result.h"

namespace firebreak {

template <typename T>
using Answer = absl::StatusOr<T>;

template <typename... Args>
absl::Status refuse(absl::StatusCode code, fmt::format_string<Args...> format, Args&&... args) {
  return absl::Status(code, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status invalid(fmt::format_string<Args...> format, Args&&... args) {
  return refuse(absl::StatusCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

// Of an error that is ours and not the caller's: of the disk, of what lies on it.
absl::Status status_of(const Error& error);

inline absl::Status refusal_of(absl::Status&& status) {
  return std::move(status);
}
template <typename T>
absl::Status refusal_of(Answer<T>&& answer) {
  return std::move(answer).status();
}
template <typename T>
absl::Status refusal_of(Result<T>&& result) {
  return status_of(result.error());
}

inline Unit yield_of(absl::Status&&) {
  return {};
}
template <typename T>
T yield_of(Answer<T>&& answer) {
  return *std::move(answer);
}
inline Unit yield_of(Result<void>&&) {
  return {};
}
template <typename T>
T yield_of(Result<T>&& result) {
  return *std::move(result);
}

}  // namespace firebreak

// Of an Answer, a Status or a Result, in functions that return an Answer or a Status. Stands alone
// or as a whole initializer, as TRY does.
#define FIREBREAK_ANSWER(expression, result)             \
  (__extension__({                                       \
    auto result = (expression);                          \
    if (!result.ok()) [[unlikely]]                       \
      return ::firebreak::refusal_of(std::move(result)); \
    ::firebreak::yield_of(std::move(result));            \
  }))
#define ANSWER(expression) FIREBREAK_ANSWER(expression, FIREBREAK_JOIN(answer_, __COUNTER__))
