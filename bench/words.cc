#include "words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "content.h"

namespace firebreak {
namespace {

constexpr std::uint32_t kWords = 16384;
constexpr std::uint64_t kModelSeed = 0x5eed0f0123456789;

std::string make_word(Random& random) {
  static constexpr std::array kStarts = {"b",  "c",  "d",  "f",  "g",  "h",  "l",  "m",
                                         "n",  "p",  "r",  "s",  "t",  "v",  "w",  "st",
                                         "tr", "pr", "ch", "sh", "gr", "pl", "th", ""};
  static constexpr std::array kMiddles = {"a", "e", "i", "o", "u", "ea", "ou", "io", "ai", "ee"};
  static constexpr std::array kEnds = {"", "", "n", "r", "s", "t", "l", "nd", "ng", "rt", "st"};
  std::string word;
  const std::uint64_t syllables = 1 + random.below(4);
  for (std::uint64_t i = 0; i < syllables; ++i) {
    word += kStarts[random.below(kStarts.size())];
    word += kMiddles[random.below(kMiddles.size())];
    if (i + 1 == syllables || random.below(3) == 0) word += kEnds[random.below(kEnds.size())];
  }
  return word;
}

// One field of a JSON file: its name and what its values look like.
struct Field {
  std::string name;
  std::uint64_t shape;
};

std::vector<Field> make_fields(std::uint64_t file_seed) {
  Random random(mixed_seed(file_seed, 1));
  const Words& words = Words::model();
  std::vector<Field> fields;
  const std::uint64_t count = 5 + random.below(8);
  for (std::uint64_t i = 0; i < count; ++i) {
    fields.push_back({std::string(words.text(words.any(random))), random.below(7)});
  }
  return fields;
}

void append_words(std::string& to, std::uint64_t count, Random& random) {
  const Words& words = Words::model();
  Words::Rank word = words.any(random);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) to += ' ';
    to += words.text(word);
    word = words.after(word, random);
  }
}

void append_value(std::string& to, std::uint64_t shape, Random& random) {
  const Words& words = Words::model();
  const auto out = std::back_inserter(to);
  switch (shape) {
    case 0:
      fmt::format_to(out, "\"{:016x}\"", random.next());
      break;
    case 1:
      fmt::format_to(out, "{}.{:02}", random.below(9000), random.below(100));
      break;
    case 2:
      fmt::format_to(out, "\"2024-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z\"", 1 + random.below(12),
                     1 + random.below(28), random.below(24), random.below(60), random.below(60),
                     random.below(1000));
      break;
    case 3:
      to += random.below(4) == 0 ? "false" : "true";
      break;
    case 4:
      fmt::format_to(out, "[\"{}\",\"{}\"]", words.text(words.any(random)),
                     words.text(words.any(random)));
      break;
    case 5:
      fmt::format_to(out, "\"{}.{}@example.com\"", words.text(words.any(random)),
                     words.text(words.any(random)));
      break;
    default:
      to += '"';
      append_words(to, 6 + random.below(20), random);
      to += '"';
  }
}

std::vector<std::string> make_identifiers(std::uint64_t file_seed) {
  Random random(mixed_seed(file_seed, 2));
  const Words& words = Words::model();
  std::vector<std::string> identifiers;
  for (int i = 0; i < 160; ++i) {
    std::string identifier(words.text(words.any(random)));
    if (random.below(2) == 0) {
      identifier += '_';
      identifier += words.text(words.any(random));
    }
    identifiers.push_back(std::move(identifier));
  }
  return identifiers;
}

}  // namespace

const Words& Words::model() {
  static const Words words;
  return words;
}

Words::Words() {
  Random random(kModelSeed);
  words_.reserve(kWords);
  for (std::uint32_t i = 0; i < kWords; ++i) words_.push_back(make_word(random));
  // Frequent words are short.
  std::sort(words_.begin(), words_.begin() + 512, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  ranks_.reserve(65536);
  for (int i = 0; i < 65536; ++i) {
    const double rank = std::exp2(14.0 * i / 65536) - 1;
    ranks_.push_back(std::min(static_cast<Rank>(rank), kWords - 1));
  }
}

Words::Rank Words::any(Random& random) const {
  return ranks_[random.next() >> 48];
}

Words::Rank Words::after(Rank word, Random& random) const {
  const std::uint64_t chance = random.next();
  if ((chance & 7) < 3) return ranks_[chance >> 48];
  const auto nth = static_cast<std::uint64_t>(std::countr_zero(chance >> 3 | 0x8000));
  return ranks_[mixed_seed(word, nth) >> 48];
}

void append_prose(std::string& to, std::size_t size_bytes, Random& random) {
  const Words& words = Words::model();
  const std::size_t end = to.size() + size_bytes;
  while (to.size() < end) {
    const std::uint64_t sentences = 2 + random.below(6);
    for (std::uint64_t i = 0; i < sentences; ++i) {
      Words::Rank word = words.any(random);
      const std::size_t start = to.size();
      for (std::uint64_t left = 4 + random.below(18); left > 0; --left) {
        to += words.text(word);
        to += left == 1 ? ". " : random.below(12) == 0 ? ", " : " ";
        word = words.after(word, random);
      }
      to[start] = static_cast<char>(to[start] - 'a' + 'A');
    }
    to += "\n\n";
  }
}

void append_json(std::string& to, std::size_t size_bytes, std::uint64_t file_seed, Random& random) {
  const std::vector<Field> fields = make_fields(file_seed);
  const std::size_t end = to.size() + size_bytes;
  while (to.size() < end) {
    to += "{\"id\":";
    append_value(to, 0, random);
    for (const Field& field : fields) {
      to += ",\"";
      to += field.name;
      to += "\":";
      append_value(to, field.shape, random);
    }
    to += "}\n";
  }
}

void append_source(std::string& to, std::size_t size_bytes, std::uint64_t file_seed,
                   Random& random) {
  const std::vector<std::string> names = make_identifiers(file_seed);
  const auto name = [&]() -> const std::string& { return names[random.below(names.size())]; };
  const std::size_t end = to.size() + size_bytes;
  while (to.size() < end) {
    fmt::format_to(std::back_inserter(to), "\n// ");
    append_words(to, 5 + random.below(14), random);
    fmt::format_to(std::back_inserter(to), ".\nstatic int {}(const {}& {}, int {}) {{\n", name(),
                   name(), name(), name());
    for (std::uint64_t left = 2 + random.below(14); left > 0; --left) {
      const auto out = std::back_inserter(to);
      switch (random.below(5)) {
        case 0:
          fmt::format_to(out, "  if ({} > {}) return {};\n", name(), random.below(1000), name());
          break;
        case 1:
          fmt::format_to(out, "  const auto {} = {}({}, {});\n", name(), name(), name(), name());
          break;
        case 2:
          fmt::format_to(out, "  for (int i = 0; i < {}; ++i) {}.{}(i);\n", random.below(100),
                         name(), name());
          break;
        case 3:
          fmt::format_to(out, "    {}->{} += {} * {};\n", name(), name(), name(),
                         random.below(100));
          break;
        default:
          fmt::format_to(out, "  log(\"");
          append_words(to, 2 + random.below(6), random);
          fmt::format_to(std::back_inserter(to), "\", {});\n", name());
      }
    }
    to += "  return 0;\n}\n";
  }
}

}  // namespace firebreak
