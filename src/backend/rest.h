// A repository behind restic's REST protocol, version 2 ("REST Backend" in restic's references),
// as rest-server and rclone serve it. The server makes files durable and checks them against
// their names; names are written once by rest-server, whose answer to a taken one is 403.
#pragma once

#include "backend/backend.h"
#include "net/http_client.h"

namespace firebreak {

struct RestOptions {
  std::string url;  // http or https; credentials in it are used where `user` is empty
  std::string user = {};
  std::string password = {};
  unsigned connections = 5;
  HttpOptions http = {};
};

class RestBackend final : public Backend {
 public:
  // Asks nothing of the server yet. Invalid for a wrong address.
  static Result<std::unique_ptr<Backend>> open(const RestOptions& options);

  std::string location() const override { return "rest:" + base_; }
  unsigned connections() const override { return connections_; }
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  RestBackend(std::string base, std::string authorization, const RestOptions& options);

  std::string url_of(const FileName& file) const;
  Result<HttpResponse> send(HttpRequest request, ByteView body, Bytes buffer, std::stop_token stop);
  Result<void> settle(const FileName& file, ByteView bytes, Error lost, std::stop_token stop);

  std::string base_;           // ends in '/', holds no credentials
  std::string authorization_;  // empty for none
  unsigned connections_;
  HttpClient client_;
};

}  // namespace firebreak
