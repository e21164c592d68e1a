// Bounds how many calls are under way at once, and how many bytes pass in a second. Listings and
// files of type Lock take no place: a listing's listener may call this backend itself, and a lock
// that waits behind packs is not refreshed in time. Thread-safe.
#pragma once

#include "backend/backend.h"
#include "base/clock.h"

namespace firebreak {

struct Limits {
  unsigned connections = 0;  // calls under way at once; 0 is what the inner backend finds useful
  std::uint64_t upload_bytes_per_second = 0;    // 0 is unlimited
  std::uint64_t download_bytes_per_second = 0;  // 0 is unlimited
};

// The rate holds over files, not inside one: a file passes at full speed once its turn has come,
// and the next waits until the rate has made up for it. Borrows `clock`.
std::unique_ptr<Backend> limiting(std::unique_ptr<Backend> inner, Limits limits, Clock& clock);

}  // namespace firebreak
