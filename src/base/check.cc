#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace firebreak {

void check_failed(const char* condition, const char* file, int line) {
  (void)std::fprintf(stderr, "firebreak: %s:%d: this must hold: %s\n", file, line, condition);
  std::abort();
}

}  // namespace firebreak
