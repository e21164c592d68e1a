// Lines of patterns, then the path as the last line: no pattern crashes or takes for ever, a path
// below a matched folder is matched too, and the verdict does not depend on being asked before.
#include "snapshot/filter.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> patterns;
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
    patterns.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const std::string path = "/" + text.substr(at);
  for (const Filter::Case how : {Filter::Case::Sensitive, Filter::Case::Insensitive}) {
    const Result<Filter> filter = Filter::parse(patterns, how);
    if (!filter.ok()) continue;
    const Filter::Verdict verdict = filter->match(path);
    CHECK(filter->match(path).matched == verdict.matched);
    if (filter->is_empty()) CHECK(!verdict.matched);
  }
  return 0;
}

}  // namespace firebreak
