// firebreak-micro: single operations of the engine by size (Google Benchmark). To see a change of
// one primitive, not to compare products.
#include <benchmark/benchmark.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"
#include "crypto/seal.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

Bytes random_bytes(std::size_t size) {
  Bytes bytes(size);
  Random(1).fill(bytes);
  return bytes;
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void hash(benchmark::State& state) {
  const Bytes bytes = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(sha256(bytes));
  count_bytes(state);
}

void seal(benchmark::State& state) {
  const Bytes bytes = random_bytes(static_cast<std::size_t>(state.range(0)));
  const Sealer sealer(MasterKey::generate());
  Bytes sealed;
  for (auto _ : state) {
    sealed.clear();
    sealer.seal(bytes, sealed);
    benchmark::DoNotOptimize(sealed.data());
  }
  count_bytes(state);
}

void open(benchmark::State& state) {
  const Sealer sealer(MasterKey::generate());
  const Bytes sealed = sealer.seal(random_bytes(static_cast<std::size_t>(state.range(0))));
  Bytes plain;
  for (auto _ : state) {
    Result<Bytes> opened = sealer.open(sealed, std::move(plain));
    CHECK(opened.ok());
    plain = std::move(opened).value();
  }
  count_bytes(state);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t size : {64, 4 << 10, 64 << 10, 1 << 20}) benchmark->Arg(size);
}

BENCHMARK(hash)->Apply(sizes);
BENCHMARK(seal)->Apply(sizes);
BENCHMARK(open)->Apply(sizes);

}  // namespace
}  // namespace firebreak

BENCHMARK_MAIN();
