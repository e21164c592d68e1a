// What a backup of a tree has to handle: its files cut into chunks, which of them are new, and
// which of those are worth compressing. Found out beforehand, so that the floor does not pay for
// deciding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/sha256.h"

namespace firebreak {

struct SurveyedFile {
  std::string path;  // relative to the root, with '/'
  std::uint64_t size_bytes = 0;
};

struct SurveyedChunk {
  std::size_t file = 0;
  std::uint64_t offset = 0;
  std::uint32_t size_bytes = 0;
  Sha256 hash{};
  bool is_compressible = false;
  // The first chunk with this content; its own index where it is new.
  std::size_t first = 0;
  // Where the floor's backup stored a new chunk, sealed.
  std::uint32_t pack = 0;
  std::uint32_t pack_offset = 0;
  std::uint32_t stored_bytes = 0;
};

struct Survey {
  std::string root;
  std::vector<std::string> folders;  // relative, parents first
  std::vector<SurveyedFile> files;
  std::vector<SurveyedChunk> chunks;  // in order of file and offset
  bool is_new(std::size_t chunk) const { return chunks[chunk].first == chunk; }
};

// Every folder and regular file below `root`, by readdir and lstat.
Result<Survey> walk(const std::string& root);

// Fills in the chunks. Reads everything once, with `threads`.
Result<void> cut(Survey& survey, unsigned threads);

}  // namespace firebreak
