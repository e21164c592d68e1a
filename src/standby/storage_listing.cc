#include "standby/storage_listing.h"

#include <algorithm>

#include "base/text.h"
#include "net/google_json.h"
#include "standby/storage_conditions.h"
#include "standby/storage_refusal.h"
#include "standby/storage_resource.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kResultsMax = 1000;

// The last thing of a page: an object, which others of its name may follow, or all names that
// begin alike.
struct PageEnd {
  std::string name;
  std::uint64_t generation = 0;
  bool is_prefix = false;
};

std::string page_token(const PageEnd& end) {
  const Json json = {end.name, end.generation, end.is_prefix};
  return to_base64(as_bytes(json.dump()));
}

Answer<PageEnd> parse_page_token(const std::string& token) {
  const Result<Bytes> bytes = from_base64(token);
  const Json json = bytes.ok() ? parse_json(*bytes) : Json();
  if (!json.is_array() || json.size() != 3 || !json[0].is_string() || json[0].empty() ||
      !json[1].is_number_unsigned() || !json[2].is_boolean()) {
    return invalid("Invalid page token");
  }
  return PageEnd{json[0], json[1], json[2]};
}

Answer<std::uint64_t> results_max(const StorageTarget& target) {
  const std::optional<std::uint64_t> asked = ANSWER(number_parameter(target, "maxResults"));
  if (asked == 0U) return invalid("Invalid value for maxResults: 0");
  return std::min(asked.value_or(kResultsMax), kResultsMax);
}

// The least text that is greater than all that begin with `prefix`, which ends with no byte of
// the greatest value: it is UTF-8.
std::string behind_prefix(std::string prefix) {
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

struct Asked {
  std::string prefix;
  std::string delimiter;
  std::string end;  // exclusive; empty for none
  bool has_versions = false;
};

class ObjectPage {
 public:
  ObjectPage(const StorageOverlay::View& view, const std::string& bucket, Asked asked,
             const std::string& origin)
      : versions_(view.versions(bucket)),
        bucket_(bucket),
        asked_(std::move(asked)),
        origin_(origin) {}

  Result<void> seek(const std::string& start, const std::optional<PageEnd>& before) {
    const std::string from = std::max(start, asked_.prefix);
    if (!before || before->name < from) return versions_.seek(from);
    if (before->is_prefix) return versions_.seek(behind_prefix(before->name));
    // One that was replaced since is not listed again, unless every version is.
    return versions_.seek(before->name, asked_.has_versions ? before->generation : UINT64_MAX);
  }

  Result<Json> read(std::uint64_t results) {
    Json page = {{"kind", "storage#objects"}};
    Json items = Json::array();
    Json prefixes = Json::array();
    PageEnd end;
    while (is_in_range()) {
      const ObjectVersion& version = versions_.version();
      if (!asked_.has_versions && !version.is_live()) {
        TRY(versions_.next());
        continue;
      }
      if (items.size() + prefixes.size() == results) {
        page["nextPageToken"] = page_token(end);
        break;
      }
      const std::string prefix = common_prefix(version.name);
      if (prefix.empty()) {
        end = {version.name, version.generation, false};
        items.push_back(object_answer(bucket_, version, origin_));
        TRY(versions_.next());
      } else {
        end = {prefix, 0, true};
        prefixes.push_back(prefix);
        TRY(versions_.seek(behind_prefix(prefix)));
      }
    }
    if (!items.empty()) page["items"] = std::move(items);
    if (!prefixes.empty()) page["prefixes"] = std::move(prefixes);
    return page;
  }

 private:
  bool is_in_range() const {
    if (versions_.is_at_end()) return false;
    const std::string& name = versions_.version().name;
    return name.starts_with(asked_.prefix) && (asked_.end.empty() || name < asked_.end);
  }
  // Up to the delimiter; empty where the name has none behind the prefix that is asked for.
  std::string common_prefix(const std::string& name) const {
    if (asked_.delimiter.empty()) return {};
    const std::size_t at = name.find(asked_.delimiter, asked_.prefix.size());
    return at == name.npos ? std::string() : name.substr(0, at + asked_.delimiter.size());
  }

  StorageOverlay::View::Versions versions_;
  const std::string& bucket_;
  const Asked asked_;
  const std::string& origin_;
};

bool is_true(const StorageTarget& target, std::string_view name) {
  return target.parameter(name) == "true";
}

}  // namespace

Answer<Json> list_objects(const StorageOverlay::View& view, const std::string& bucket,
                          const StorageTarget& target, const std::string& origin) {
  for (const char* other : {"matchGlob", "filter"}) {
    if (target.has(other)) return not_served(fmt::format("lists with {}", other));
  }
  for (const char* other :
       {"softDeleted", "includeFoldersAsPrefixes", "includeTrailingDelimiter"}) {
    if (is_true(target, other)) return not_served(fmt::format("lists with {}", other));
  }
  const std::uint64_t results = ANSWER(results_max(target));
  std::optional<PageEnd> before;
  if (const std::string token = target.parameter("pageToken"); !token.empty()) {
    before = ANSWER(parse_page_token(token));
  }
  Asked asked{target.parameter("prefix"), target.parameter("delimiter"),
              target.parameter("endOffset"), is_true(target, "versions")};
  ObjectPage page(view, bucket, std::move(asked), origin);
  ANSWER(page.seek(target.parameter("startOffset"), before));
  Json read = ANSWER(page.read(results));
  return read;
}

Answer<Json> list_buckets(const StorageOverlay::View& view, const StorageTarget& target,
                          const std::string& origin) {
  const std::string project = target.parameter("project");
  if (project.empty()) return required("project");
  const std::uint64_t results = ANSWER(results_max(target));
  const std::string prefix = target.parameter("prefix");
  std::string from = prefix;
  std::string behind;
  if (const std::string token = target.parameter("pageToken"); !token.empty()) {
    const PageEnd end = ANSWER(parse_page_token(token));
    behind = end.name;
    from = std::max(from, behind);
  }
  Json items = Json::array();
  Json page = {{"kind", "storage#buckets"}};
  const std::vector<Json> buckets = ANSWER(view.buckets(from));
  for (const Json& bucket : buckets) {
    const std::string name = text_at(bucket, "name");
    if (!name.starts_with(prefix)) break;
    if (name == behind || text_at(bucket, "project") != project) continue;
    if (items.size() == results) {
      page["nextPageToken"] = page_token({text_at(items.back(), "name"), 0, false});
      break;
    }
    items.push_back(bucket_answer(bucket, origin));
  }
  if (!items.empty()) page["items"] = std::move(items);
  return page;
}

}  // namespace firebreak
