#include "standby/storage_http.h"

#include <algorithm>

#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::size_t kPathPartsMax = 16;
constexpr std::size_t kParametersMax = 64;

constexpr std::pair<std::string_view, StorageTarget::Base> kBases[] = {
    {"/upload/storage/v1/", StorageTarget::Base::Upload},
    {"/download/storage/v1/", StorageTarget::Base::Download},
    {"/storage/v1/", StorageTarget::Base::Metadata},
    {"/", StorageTarget::Base::Metadata},
};

std::optional<std::string> decode(std::string_view text) {
  std::optional<std::string> decoded = percent_decode(text);
  return decoded && is_valid_utf8(*decoded) ? decoded : std::nullopt;
}

// Takes what comes before `mark` off the front of `text`, all where there is none.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::string found(const std::map<std::string, std::string, std::less<>>& map,
                  std::string_view name) {
  const auto at = map.find(name);
  return at == map.end() ? std::string() : at->second;
}

}  // namespace

std::string StorageTarget::parameter(std::string_view name) const {
  return found(query, name);
}

std::string StorageRequest::header(std::string_view name) const {
  return found(headers, name);
}

std::optional<StorageTarget> parse_storage_target(std::string_view target) {
  std::string_view path = take_until(target, '?');
  StorageTarget parsed;
  const auto base =
      std::ranges::find_if(kBases, [&](const auto& one) { return path.starts_with(one.first); });
  if (base == std::end(kBases)) return std::nullopt;
  parsed.base = base->second;
  path.remove_prefix(base->first.size());
  while (!path.empty()) {
    std::optional<std::string> part = decode(take_until(path, '/'));
    if (!part || parsed.path.size() == kPathPartsMax) return std::nullopt;
    parsed.path.push_back(*std::move(part));
  }
  while (!target.empty()) {
    std::string_view value = take_until(target, '&');
    std::string name(take_until(value, '='));
    std::string spaced(value);
    std::ranges::replace(spaced, '+', ' ');  // as forms are encoded
    std::optional<std::string> decoded = decode(spaced);
    if (!decoded || parsed.query.size() == kParametersMax) return std::nullopt;
    parsed.query[std::move(name)] = *std::move(decoded);
  }
  return parsed;
}

}  // namespace firebreak
