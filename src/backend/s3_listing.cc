#include "backend/s3_listing.h"

#include <algorithm>

#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::size_t kPageSizeMax = 16 << 20;  // of 1000 keys; real ones are below 1 MiB

// Where in a listing the next page begins.
struct Place {
  std::string token;  // as the service said, or …
  std::string after;  // … after this key; keys up to it have been handed out
  std::string last;   // the last key handed out
};

std::string page_target(const S3Listing& listing, const Place& place) {
  std::string target = listing.bucket_target + "?list-type=2";
  const auto add = [&](std::string_view name, std::string_view value) {
    target += fmt::format("&{}={}", name, percent_encode(value));
  };
  if (!place.token.empty()) {
    add("continuation-token", place.token);
  } else if (!place.after.empty()) {
    add("start-after", place.after);
  }
  if (!listing.nested) add("delimiter", "/");
  add("prefix", listing.prefix);
  return target;
}

// How many keys were new.
Result<std::size_t> hand_out(const S3Page& page, const std::string& prefix, Place& place,
                             const EachObject& each, std::stop_token stop) {
  std::size_t fresh = 0;
  for (const S3Object& object : page.objects) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped while listing");
    // A service may not know the prefix or start-after.
    if (!object.key.starts_with(prefix)) continue;
    if (!place.after.empty() && object.key <= place.after) continue;
    ++fresh;
    place.last = std::max(place.last, object.key);
    TRY(each(object));
  }
  return fresh;
}

}  // namespace

Result<void> list_objects(S3Client& client, const S3Listing& listing, const EachObject& each,
                          const Refused& refused, std::stop_token stop) {
  Place place;
  while (true) {
    const HttpResponse response = TRY(client.send(
        {.url = page_target(listing, place), .answer_size_max = kPageSizeMax}, {}, stop));
    if (!response.ok()) return refused(response);
    const S3Page page = TRY(parse_s3_page(response.body));
    const std::size_t fresh = TRY(hand_out(page, listing.prefix, place, each, stop));
    if (!page.next_token.empty()) {
      if (page.next_token == place.token) break;
      place.token = page.next_token;
      continue;
    }
    if (fresh == 0 && page.truncated) break;
    if (fresh == 0) return {};
    place.token.clear();
    place.after = place.last;
  }
  return error(Code::Io, "the service's listing does not advance");
}

Result<std::vector<std::string>> list_versions(S3Client& client, const std::string& bucket_target,
                                               const std::string& key, const Refused& refused,
                                               std::stop_token stop) {
  std::vector<std::string> ids;
  const std::string first =
      fmt::format("{}?versions=&prefix={}", bucket_target, percent_encode(key));
  std::string target = first;
  while (true) {
    const HttpResponse response =
        TRY(client.send({.url = target, .answer_size_max = kPageSizeMax}, {}, stop));
    if (!response.ok()) return refused(response);
    S3VersionPage page = TRY(parse_s3_versions(response.body));
    for (S3Version& version : page.versions) {
      if (version.key != key) continue;
      if (version.is_removal) return ids;
      ids.push_back(std::move(version.id));
    }
    if (page.next_key != key) return ids;
    std::string next = fmt::format("{}&key-marker={}&version-id-marker={}", first,
                                   percent_encode(page.next_key), percent_encode(page.next_id));
    if (next == target) return error(Code::Io, "the service's listing does not advance");
    target = std::move(next);
  }
}

}  // namespace firebreak
