// Result<T> is a value or an Error; ignoring one does not compile. TRY(expr) hands an error to the
// caller and yields the value otherwise. It stands alone or as a whole initializer: g++ 12 and
// clang 14 leak half-built objects when it is nested in a call or in braces.
#pragma once

#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace firebreak {

// A code exists only where some caller reacts differently to it.
enum class Code {
  NotFound,         // the named thing does not exist
  Corrupt,          // bytes differ from what their name, MAC or format promises
  Denied,           // the credentials are known and not allowed; also a held object
  Unauthenticated,  // no, wrong or expired credentials; a wrong password
  Unavailable,      // may work later: network, throttling, 5xx; the only code that is retried
  Exhausted,        // full disk, quota, a declared limit
  Conflict,         // exists already, or somebody else holds a lock
  Canceled,         // asked to stop
  Invalid,          // the request itself is wrong
  Io,               // the operating system refused
  UnknownOutcome,   // it may or may not have happened: reconcile by content
};

// Which end of a backup is to blame, so that a full repository is never reported as an
// unreadable source file; or this machine's cache, which can be done without.
enum class Side { Unknown, Source, Repository, Cache };

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  Side side() const { return side_; }
  const std::string& message() const { return message_; }
  // How long the other side asked us to wait, for Unavailable.
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }

  Error on(Side side) && {
    if (side_ == Side::Unknown) side_ = side;
    return std::move(*this);
  }
  Error after(std::chrono::milliseconds wait) && {
    retry_after_ = wait;
    return std::move(*this);
  }
  // Puts what the caller knows before what the callee said.
  Error within(std::string_view what) && {
    message_ = fmt::format("{}: {}", what, message_);
    return std::move(*this);
  }

 private:
  Code code_;
  Side side_ = Side::Unknown;
  std::string message_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

template <typename... Args>
Error error(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return Error(code, fmt::format(format, std::forward<Args>(args)...));
}

std::string_view name(Code code);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    CHECK(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

  // Names what was being done; a value passes through untouched.
  template <typename... Args>
  Result context(fmt::format_string<Args...> format, Args&&... args) && {
    if (ok()) return std::move(*this);
    return std::move(*this).error().within(fmt::format(format, std::forward<Args>(args)...));
  }
  Result on(Side side) && {
    if (ok()) return std::move(*this);
    return std::move(*this).error().on(side);
  }

 private:
  std::variant<T, Error> state_;
};

struct Unit {};

template <>
class [[nodiscard]] Result<void> : public Result<Unit> {
 public:
  Result() : Result<Unit>(Unit{}) {}
  Result(Error error) : Result<Unit>(std::move(error)) {}         // NOLINT: implicit
  Result(Result<Unit> other) : Result<Unit>(std::move(other)) {}  // NOLINT: implicit
};

inline bool is(const Error& error, Code code) {
  return error.code() == code;
}

template <typename T>
bool failed_with(const Result<T>& result, Code code) {
  return !result.ok() && result.error().code() == code;
}

}  // namespace firebreak

#define FIREBREAK_JOIN_(a, b) a##b
#define FIREBREAK_JOIN(a, b) FIREBREAK_JOIN_(a, b)
// The name is unique because TRY may stand in a lambda inside another TRY.
#define FIREBREAK_TRY(expression, result) \
  (__extension__({                        \
    auto&& result = (expression);         \
    if (!result.ok()) [[unlikely]]        \
      return std::move(result).error();   \
    std::move(result).value();            \
  }))
#define TRY(expression) FIREBREAK_TRY(expression, FIREBREAK_JOIN(try_result_, __COUNTER__))
