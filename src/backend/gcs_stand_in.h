// For tests: a stand-in for Cloud Storage's JSON API, no Google server. It takes only the requests
// that GcsBackend has a reason to make, in their strictest form, and answers 400 to all others:
// every call has a token of its metadata server, an upload has ifGenerationMatch=0 and the MD5 of
// its bytes, no parameter is unknown. One bucket, "bucket", made by the first POST or from the
// start.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/text.h"
#include "crypto/md5.h"
#include "net/loopback_server.h"

namespace firebreak {

class GcsStandIn {
 public:
  // Answers instead, where it returns true.
  using Interference = std::function<bool(const LoopbackRequest&, LoopbackConnection&)>;

  std::string url() const { return server_.url(); }
  std::string host() const { return url().substr(std::string("http://").size()); }
  std::vector<LoopbackRequest> requests() const { return server_.requests(); }
  int tokens() const {
    const MutexLock lock(mutex_);
    return tokens_;
  }
  std::map<std::string, std::string> objects() const {
    const MutexLock lock(mutex_);
    return objects_;
  }
  void put(const std::string& key, std::string bytes) {
    const MutexLock lock(mutex_);
    objects_[key] = std::move(bytes);
  }

  // Set between calls only.
  Interference interfere;
  bool has_bucket = true;
  bool sends_empty_pages = false;
  int refused_tokens = 0;  // the first ones, which somebody has revoked

  // What it does when nobody interferes.
  void serve(const LoopbackRequest& request, LoopbackConnection& to) {
    const MutexLock lock(mutex_);
    if (request.target.starts_with("/computeMetadata/")) return give_token(to);
    if (!knows_token(request)) return fail(to, 401, "authError");
    const std::string path = request.target.substr(0, request.target.find('?'));
    const Query query = query_of(request.target);
    if (path == "/storage/v1/b" && request.method == "POST") return make_bucket(request, query, to);
    if (!has_bucket) return fail(to, 404, "notFound");
    const std::string objects = "/storage/v1/b/bucket/o";
    if (path == "/upload" + objects && request.method == "POST") return insert(request, query, to);
    if (path == objects && request.method == "GET") return list(query, to);
    if (!path.starts_with(objects + "/")) return fail(to, 400, "invalid");
    // A key with bare slashes is another path.
    const std::string spelled = path.substr(objects.size() + 1);
    if (spelled.find('/') != spelled.npos) return fail(to, 400, "invalid");
    one(request, decoded(spelled), query, to);
  }

  static void fail(LoopbackConnection& to, int status, std::string_view reason,
                   std::string_view headers = "") {
    to.answer(status,
              fmt::format(R"({{"error":{{"code":{0},"message":"about {1}","errors":[)"
                          R"({{"domain":"global","reason":"{1}","message":"m"}}]}}}})",
                          status, reason),
              headers);
  }

 private:
  using Query = std::map<std::string, std::string>;

  static std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '%') {
        plain += text[at];
        continue;
      }
      plain += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
      at += 2;
    }
    return plain;
  }
  static Query query_of(const std::string& target) {
    Query query;
    for (std::size_t at = target.find('?'); at < target.size();) {
      const std::size_t end = std::min(target.find('&', at + 1), target.size());
      const std::string pair = target.substr(at + 1, end - at - 1);
      query[pair.substr(0, pair.find('='))] = decoded(pair.substr(pair.find('=') + 1));
      at = end;
    }
    return query;
  }
  static bool has_only(const Query& query, const std::set<std::string>& known) {
    return std::ranges::all_of(query, [&](const auto& pair) { return known.contains(pair.first); });
  }

  void give_token(LoopbackConnection& to) {
    to.answer(200, fmt::format(R"({{"access_token":"{}","expires_in":3600}})", ++tokens_),
              "Metadata-Flavor: Google\r\n");
  }
  bool knows_token(const LoopbackRequest& request) const {
    const auto token = request.headers.find("authorization");
    if (token == request.headers.end() || !token->second.starts_with("Bearer ")) return false;
    const int number = std::stoi(token->second.substr(7));
    return number > refused_tokens && number <= tokens_;
  }

  void make_bucket(const LoopbackRequest& request, const Query& query, LoopbackConnection& to) {
    const bool is_private =
        request.body.find(R"("publicAccessPrevention":"enforced")") != std::string::npos;
    if (!has_only(query, {"project", "fields"}) || !query.contains("project") || !is_private ||
        request.body.find(R"("name":"bucket")") == std::string::npos) {
      return fail(to, 400, "invalid");
    }
    if (has_bucket) return fail(to, 409, "conflict");
    has_bucket = true;
    to.answer(200, R"({"name":"bucket"})");
  }

  std::string described(const std::string& key) const {
    const std::string& bytes = objects_.at(key);
    return fmt::format(R"({{"name":"{}","size":"{}","md5Hash":"{}","generation":"{}"}})", key,
                       bytes.size(), to_base64(md5(as_bytes(bytes))), generation_);
  }

  void insert(const LoopbackRequest& request, const Query& query, LoopbackConnection& to) {
    const std::string type = request.headers.at("content-type");
    const std::string begins = "multipart/related; boundary=";
    if (!has_only(query, {"uploadType", "name", "ifGenerationMatch", "fields"}) ||
        query.at("uploadType") != "multipart" || query.at("ifGenerationMatch") != "0" ||
        !type.starts_with(begins)) {
      return fail(to, 400, "invalid");
    }
    const std::string line = "--" + type.substr(begins.size());
    const std::string& body = request.body;
    const std::size_t second = body.find("\r\n" + line + "\r\n");
    const std::size_t data = body.find("\r\n\r\n", second) + 4;
    const std::size_t end = body.find("\r\n" + line, data);
    if (!body.starts_with(line) || second == body.npos || end == body.npos ||
        body.substr(end) != "\r\n" + line + "--\r\n") {
      return fail(to, 400, "parseError");
    }
    const std::string bytes = body.substr(data, end - data);
    const std::string digest = fmt::format(R"("md5Hash":"{}")", to_base64(md5(as_bytes(bytes))));
    if (body.substr(0, second).find(digest) == body.npos) return fail(to, 400, "invalid");
    const std::string& key = query.at("name");
    if (objects_.contains(key)) return fail(to, 412, "conditionNotMet");
    ++generation_;
    objects_[key] = bytes;
    to.answer(200, described(key));
  }

  void list(const Query& query, LoopbackConnection& to) {
    if (!has_only(query, {"prefix", "maxResults", "projection", "fields", "pageToken"})) {
      return fail(to, 400, "invalid");
    }
    const std::string prefix = query.contains("prefix") ? query.at("prefix") : "";
    std::string after = query.contains("pageToken") ? query.at("pageToken") : "";
    std::string items;
    std::string next;
    int room = std::stoi(query.at("maxResults"));
    if (sends_empty_pages && !after.ends_with("?")) {  // every second page holds nothing
      next = after + "?";
    } else {
      if (after.ends_with("?")) after.pop_back();
      for (const auto& [key, bytes] : objects_) {
        if (!key.starts_with(prefix) || key <= after) continue;
        if (room-- == 0) {
          next = after;
          break;
        }
        items += (items.empty() ? "" : ",") + described(key);
        after = key;
      }
    }
    std::string page;
    if (!items.empty()) page = fmt::format(R"("items":[{}])", items);
    if (!next.empty()) {
      page += fmt::format(R"({}"nextPageToken":"{}")", page.empty() ? "" : ",", next);
    }
    to.answer(200, "{" + page + "}");
  }

  void one(const LoopbackRequest& request, const std::string& key, const Query& query,
           LoopbackConnection& to) {
    if (!has_only(query, {"alt", "fields", "ifGenerationMatch"})) return fail(to, 400, "invalid");
    if (!objects_.contains(key)) return fail(to, 404, "notFound");
    const auto condition = query.find("ifGenerationMatch");
    if (condition != query.end() && condition->second != std::to_string(generation_)) {
      return fail(to, 412, "conditionNotMet");
    }
    if (request.method == "DELETE") {
      objects_.erase(key);
      to.write("HTTP/1.1 204 No Content\r\n\r\n");
      return;
    }
    if (request.method != "GET") return fail(to, 400, "invalid");
    if (!query.contains("alt")) return to.answer(200, described(key));
    // Compressed transfer would change the length.
    if (request.headers.contains("accept-encoding")) return fail(to, 400, "invalid");
    const std::string& bytes = objects_.at(key);
    to.answer(200, bytes, fmt::format("X-Goog-Stored-Content-Length: {}\r\n", bytes.size()));
  }

  mutable Mutex mutex_;
  std::map<std::string, std::string> objects_;
  int tokens_ = 0;
  int generation_ = 1;
  LoopbackServer server_{[this](const LoopbackRequest& request, LoopbackConnection& to) {
    if (!interfere || !interfere(request, to)) serve(request, to);
  }};
};

}  // namespace firebreak
