#include "base/random.h"

#include <cerrno>
#include <cstring>
#include <sys/random.h>

#include "base/check.h"

namespace firebreak {
namespace {

__extension__ typedef unsigned __int128 Wide;

}  // namespace

void fill_secret(std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t got = getrandom(to.data(), to.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0);
    to = to.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

std::uint64_t Random::below(std::uint64_t limit) {
  CHECK(limit > 0);
  return static_cast<std::uint64_t>(static_cast<Wide>(next()) * limit >> 64);
}

void Random::fill(std::span<std::byte> to) {
  while (!to.empty()) {
    const std::uint64_t word = next();
    const std::size_t count = std::min(to.size(), sizeof word);
    std::memcpy(to.data(), &word, count);
    to = to.subspan(count);
  }
}

}  // namespace firebreak
