// Runs a fuzz target without libFuzzer: every file of the folders named as arguments, then seeded
// mutations of them and random inputs. A failing property stops the program; the seed is printed
// first, and the same seed gives the same inputs:
//
//   TARGET [--seed=N] [--rounds=N] FOLDER…
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace firebreak {
namespace {

constexpr std::size_t kInputSizeMax = 4096;
constexpr std::chrono::seconds kTimeMax{1};  // rounds end then, so that slow targets stay tests

struct Options {
  std::uint64_t seed = 0;
  std::uint64_t rounds = 20'000;
  std::vector<std::string> folders;
};

std::uint64_t number_after(std::string_view argument, std::string_view prefix) {
  argument.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const char* const end = argument.data() + argument.size();
  CHECK(std::from_chars(argument.data(), end, number).ptr == end);
  return number;
}

Options parse_options(int count, char** arguments) {
  Options options;
  std::byte seed[8];
  fill_secret(seed);
  options.seed = load_le64(seed);
  for (int i = 1; i < count; ++i) {
    const std::string_view argument(arguments[i]);
    if (argument.starts_with("--seed=")) {
      options.seed = number_after(argument, "--seed=");
    } else if (argument.starts_with("--rounds=")) {
      options.rounds = number_after(argument, "--rounds=");
    } else {
      options.folders.emplace_back(argument);
    }
  }
  return options;
}

std::vector<std::string> read_corpus(const std::vector<std::string>& folders) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const std::filesystem::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string random_input(Random& random) {
  std::string input(random.below(random.below(8) == 0 ? kInputSizeMax : 64), '\0');
  for (char& c : input) c = static_cast<char>(random.next());
  return input;
}

void mutate_once(std::string& input, const std::vector<std::string>& corpus, Random& random) {
  const std::size_t at = random.below(input.size() + 1);
  const std::size_t length = random.below(std::min<std::size_t>(input.size() - at, 32) + 1);
  switch (random.below(7)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ 1 << random.below(8));
      break;
    case 1:
      if (at < input.size()) input[at] = static_cast<char>(random.next());
      break;
    case 2:
      input.insert(at, 1, static_cast<char>(random.next()));
      break;
    case 3:
      input.erase(at, length);
      break;
    case 4:
      input.insert(at, std::string(input, at, length));
      break;
    case 5:
      input.resize(at);
      break;
    default: {
      const std::string& other = corpus[random.below(corpus.size())];
      const std::size_t from = random.below(other.size() + 1);
      input.replace(at, length, other, from, random.below(64));
      break;
    }
  }
}

std::string next_input(const std::vector<std::string>& corpus, Random& random) {
  if (corpus.empty() || random.below(8) == 0) return random_input(random);
  std::string input = corpus[random.below(corpus.size())];
  for (std::uint64_t i = 1 + random.below(4); i > 0; --i) mutate_once(input, corpus, random);
  return input;
}

void run(const std::string& input) {
  // A copy of exact size, so that a sanitizer sees the first byte read beyond it.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void replay(int count, char** arguments) {
  const Options options = parse_options(count, arguments);
  const std::vector<std::string> corpus = read_corpus(options.folders);
  std::printf("%zu corpus files; --seed=%llu\n", corpus.size(),
              static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  for (const std::string& input : corpus) run(input);
  Random random(options.seed);
  const auto deadline = std::chrono::steady_clock::now() + kTimeMax;
  std::uint64_t rounds = 0;
  while (rounds < options.rounds && std::chrono::steady_clock::now() < deadline) {
    run(next_input(corpus, random));
    ++rounds;
  }
  std::printf("%llu mutations\n", static_cast<unsigned long long>(rounds));
}

}  // namespace
}  // namespace firebreak

int main(int count, char** arguments) {
  firebreak::replay(count, arguments);
}
