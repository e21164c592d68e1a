// CHECK stops a wrong program before it writes. It is on in release builds.
// Bytes from outside (disk, network, user) are never CHECKed: they become errors.
#pragma once

namespace firebreak {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace firebreak

#define CHECK(condition)                                         \
  do {                                                           \
    if (!(condition)) [[unlikely]]                               \
      ::firebreak::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
