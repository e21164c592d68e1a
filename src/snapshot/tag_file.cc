#include "snapshot/tag_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"

namespace firebreak {

Result<TagFile> parse_tag_file(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  if (colon == 0) return error(Code::Invalid, "\"{}\" names no file", printable(text));
  const std::size_t header = std::min(colon + 1, text.size());
  return TagFile{std::string(text.substr(0, colon)), std::string(text.substr(header))};
}

TagFile cache_tag_file() {
  return {"CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55"};
}

Result<bool> is_tagged(const std::string& folder, const TagFile& tag) {
  const std::string path = folder + "/" + tag.name;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return errno_error(errno, "look up", path).on(Side::Source);
  }
  if (tag.header.empty()) return true;
  // A pipe of that name must not make the backup wait for a writer.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return errno_error(errno, "open", path).on(Side::Source);
  Bytes begin(tag.header.size());
  const std::size_t size =
      TRY(read_up_to(file.get(), begin).context("read {}", printable(path)).on(Side::Source));
  if (as_text(begin).substr(0, size) != tag.header) {
    return error(Code::Invalid, "{} does not begin with \"{}\"", printable(path),
                 printable(tag.header))
        .on(Side::Source);
  }
  return true;
}

}  // namespace firebreak
