#include "backend/rest.h"

#include <algorithm>

#include "backend/http_range.h"
#include "backend/rest_list.h"
#include "base/text.h"
#include "net/http_status.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr char kVersion2[] = "application/vnd.x.restic.rest.v2";
constexpr std::size_t kListSizeMax = std::size_t{1} << 30;  // ten million names

Error refused(const HttpResponse& response, const FileName& file) {
  return status_error(response, as_text(response.body)).within(to_string(file));
}

// The part of a whole file.
Result<Bytes> cut(Bytes bytes, const FileName& file, Range range) {
  const std::uint64_t end = range.offset + range.length.value_or(0);
  if (end > bytes.size()) {
    return error(Code::Corrupt, "{} ends {} bytes early", to_string(file), end - bytes.size());
  }
  if (range.length) bytes.resize(end);
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(range.offset));
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Backend>> RestBackend::open(const RestOptions& options) {
  const Url url = TRY(parse_url(options.url));
  if (!url.query.empty()) return error(Code::Invalid, "the address of a REST server has a '?'");
  std::string base = url.origin() + url.path;
  if (!base.ends_with('/')) base += '/';
  const std::string& user = options.user.empty() ? url.user : options.user;
  const std::string& password = options.user.empty() ? url.password : options.password;
  std::string authorization;
  if (!user.empty() || !password.empty()) {
    authorization = "Basic " + to_base64(as_bytes(user + ":" + password));
  }
  return std::unique_ptr<Backend>(
      new RestBackend(std::move(base), std::move(authorization), options));
}

RestBackend::RestBackend(std::string base, std::string authorization, const RestOptions& options)
    : base_(std::move(base)),
      authorization_(std::move(authorization)),
      connections_(options.connections),
      client_(options.http) {}

Result<void> RestBackend::create(std::stop_token stop) {
  const HttpResponse response = TRY(
      send({.method = "POST", .url = base_ + "?create=true", .repeatable = true}, {}, {}, stop));
  if (!response.ok()) return status_error(response, as_text(response.body)).within(location());
  return {};
}

Result<void> RestBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  Result<HttpResponse> sent = send({.method = "POST",
                                    .url = url_of(file),
                                    .headers = {{"Content-Type", "application/octet-stream"}}},
                                   bytes, {}, stop);
  if (failed_with(sent, Code::UnknownOutcome)) {
    return settle(file, bytes, std::move(sent).error(), stop);
  }
  const HttpResponse response = TRY(std::move(sent));
  if (response.ok()) return {};
  if (response.status != 403) return refused(response, file);
  // rest-server says so of a taken name, and of a name that may not be written.
  const Result<FileInfo> found = stat(file, stop);
  if (found.ok()) return error(Code::Conflict, "{} exists", to_string(file));
  return refused(response, file);
}

// What became of a file whose acknowledgement was lost. The server has checked the bytes of all
// but `config` against the name, so that the size suffices.
Result<void> RestBackend::settle(const FileName& file, ByteView bytes, Error lost,
                                 std::stop_token stop) {
  const Result<FileInfo> found = stat(file, stop);
  if (!found.ok() || found->size != bytes.size()) return lost;
  if (file.type != FileType::Config) return {};
  const Result<Bytes> stored = load(file, {}, {}, stop);
  if (!stored.ok() || !std::ranges::equal(*stored, bytes)) return lost;
  return {};
}

Result<Bytes> RestBackend::load(const FileName& file, Range range, Bytes buffer,
                                std::stop_token stop) {
  if (range.length == 0U) return empty_range(*this, file, range, std::move(buffer), stop);
  // rest-server always answers with all of the config.
  const Range asked = file.type == FileType::Config ? Range{} : range;
  HttpResponse response =
      TRY(send(range_request(url_of(file), asked), {}, std::move(buffer), stop));
  if (response.status == 416) {
    return empty_range(*this, file, range, std::move(response.body), stop);
  }
  if (!response.ok()) return refused(response, file);
  Bytes bytes = TRY(bytes_of_range(std::move(response), file, asked));
  return file.type == FileType::Config ? cut(std::move(bytes), file, range) : std::move(bytes);
}

Result<FileInfo> RestBackend::stat(const FileName& file, std::stop_token stop) {
  const HttpResponse response = TRY(send({.method = "HEAD", .url = url_of(file)}, {}, {}, stop));
  if (!response.ok()) return refused(response, file);
  const std::optional<std::uint64_t> size = response.content_length();
  if (!size) return error(Code::Io, "the server does not tell the size of {}", to_string(file));
  return FileInfo{file.name, *size};
}

Result<void> RestBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  if (type == FileType::Config) {
    Result<FileInfo> config = stat(config_file(), stop);
    if (failed_with(config, Code::NotFound)) return {};
    const FileInfo found = TRY(std::move(config));
    return each(found);
  }
  HttpResponse response =
      TRY(send({.url = fmt::format("{}{}/", base_, folder(type)), .answer_size_max = kListSizeMax},
               {}, {}, stop));
  if (response.status == 404) {
    // A missing folder, which is empty, or a missing repository.
    Result<FileInfo> config = stat(config_file(), stop);
    if (config.ok()) return {};
    return std::move(config).error().within(location());
  }
  if (!response.ok()) {
    return status_error(response, as_text(response.body)).within(folder(type));
  }
  const std::vector<RestEntry> entries = TRY(parse_rest_list(std::move(response.body)));
  for (const RestEntry& entry : entries) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped while listing");
    if (!is_file_name(entry.name)) continue;
    FileInfo info{entry.name, entry.size.value_or(0)};
    if (!entry.size) {
      Result<FileInfo> found = stat({type, entry.name}, stop);
      if (failed_with(found, Code::NotFound)) continue;  // removed since
      info = TRY(std::move(found));
    }
    TRY(each(info));
  }
  return {};
}

Result<std::vector<Stray>> RestBackend::find_strays(std::stop_token stop) {
  TRY(check_stop({FileType::Pack, {}}, stop));
  return std::vector<Stray>();
}

Result<void> RestBackend::remove(const FileName& file, std::stop_token stop) {
  TRY(stat(file, stop));  // rest-server removes what does not exist with success
  const HttpResponse response = TRY(send({.method = "DELETE", .url = url_of(file)}, {}, {}, stop));
  if (!response.ok()) return refused(response, file);
  return {};
}

std::string RestBackend::url_of(const FileName& file) const {
  return base_ + to_string(file);  // the server spreads packs over folders, not the address
}

Result<HttpResponse> RestBackend::send(HttpRequest request, ByteView body, Bytes buffer,
                                       std::stop_token stop) {
  request.headers.emplace_back("Accept", kVersion2);
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  return client_.send(request, body, std::move(buffer), stop);
}

}  // namespace firebreak
