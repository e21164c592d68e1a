// The word model behind the text: 16,384 words of seeded syllables, drawn by rank as in natural
// language (Zipf) or, more often, as one of a few usual successors of the word before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace firebreak {

class Words {
 public:
  // The one model; immutable, thread-safe.
  static const Words& model();

  using Rank = std::uint32_t;
  Rank any(Random& random) const;
  Rank after(Rank word, Random& random) const;
  std::string_view text(Rank word) const { return words_[word]; }

 private:
  Words();

  std::vector<std::string> words_;
  std::vector<Rank> ranks_;  // indexed by 16 random bits
};

// Appends about `size_bytes` of text in the manner of one file; `file_seed` fixes what the
// pieces of a file have in common (field names, identifiers).
void append_prose(std::string& to, std::size_t size_bytes, Random& random);
void append_json(std::string& to, std::size_t size_bytes, std::uint64_t file_seed, Random& random);
void append_source(std::string& to, std::size_t size_bytes, std::uint64_t file_seed,
                   Random& random);

}  // namespace firebreak
