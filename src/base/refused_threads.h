// For tests: while it lives, the system grants so many more threads and then refuses. Stacks are
// made so large that only as many fit into the limit of address space, which binds root too.
#pragma once

#include <cstddef>
#include <cstdio>
#include <pthread.h>
#include <sys/resource.h>

#include "base/check.h"

namespace firebreak {

class RefusedThreads {
 public:
  explicit RefusedThreads(std::size_t granted = 0) {
    CHECK(::getrlimit(RLIMIT_AS, &limit_) == 0);
    CHECK(::pthread_getattr_default_np(&attributes_) == 0);
    rlimit lower = limit_;
    lower.rlim_cur = mapped_bytes() + granted * kStack + kStack / 2;  // half for everything else
    CHECK(::setrlimit(RLIMIT_AS, &lower) == 0);
    set_stack_size(kStack);
  }
  ~RefusedThreads() {
    CHECK(::pthread_setattr_default_np(&attributes_) == 0);
    ::pthread_attr_destroy(&attributes_);
    CHECK(::setrlimit(RLIMIT_AS, &limit_) == 0);
  }
  RefusedThreads(const RefusedThreads&) = delete;
  RefusedThreads& operator=(const RefusedThreads&) = delete;

 private:
  static constexpr std::size_t kStack = std::size_t{1} << 30;

  static void set_stack_size(std::size_t size) {
    pthread_attr_t attributes;
    CHECK(::pthread_attr_init(&attributes) == 0);
    CHECK(::pthread_attr_setstacksize(&attributes, size) == 0);
    CHECK(::pthread_setattr_default_np(&attributes) == 0);
    ::pthread_attr_destroy(&attributes);
  }
  static std::size_t mapped_bytes() {
    std::FILE* const file = std::fopen("/proc/self/statm", "re");
    CHECK(file != nullptr);
    std::size_t pages = 0;
    CHECK(std::fscanf(file, "%zu", &pages) == 1);
    std::fclose(file);
    return pages * 4096;
  }

  rlimit limit_{};
  pthread_attr_t attributes_{};
};

}  // namespace firebreak
