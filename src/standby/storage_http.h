// A request to the Cloud Storage API and its answer, apart from the socket that they travel on.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// Where a request is sent: "/upload/storage/v1/b/B/o?name=N".
struct StorageTarget {
  enum class Base { Metadata, Upload, Download };
  Base base = Base::Metadata;
  std::vector<std::string> path;  // decoded: "b", "B", "o"
  std::map<std::string, std::string, std::less<>> query;

  // Empty where it is not given.
  std::string parameter(std::string_view name) const;
  bool has(std::string_view name) const { return query.contains(name); }
  bool operator==(const StorageTarget&) const = default;
};

// From the target as it was sent, with "/storage/v1" or, as clients of an emulator have it,
// without. Nothing for what is badly encoded, no UTF-8, or in more parts than any call has.
std::optional<StorageTarget> parse_storage_target(std::string_view target);

struct StorageRequest {
  std::string method;
  StorageTarget target;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  // The next bytes of the body into the span; 0 at its end. Io where the client is gone.
  std::function<Result<std::size_t>(std::span<std::byte>)> read;

  // Empty where the request lacks it.
  std::string header(std::string_view name) const;
};

struct StorageResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // In place of the body: its parts one after the other, an empty one at the end. An error cuts the
  // connection, which is how a client learns of it.
  std::function<Result<Bytes>()> parts = {};
  std::optional<std::uint64_t> parts_size = {};  // of all; where it is known
};

}  // namespace firebreak
