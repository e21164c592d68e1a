// An HTTP server on 127.0.0.1 that answers as a test tells it to, broken answers included.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"

namespace firebreak {

struct LoopbackRequest {
  std::string method;
  std::string target;                          // path and query as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  unsigned connection = 0;  // counted from 1
};

class LoopbackConnection {
 public:
  explicit LoopbackConnection(int fd) : fd_(fd) {}
  // False when the client is gone.
  bool write(std::string_view raw);
  // Answers with Content-Length. `headers` is whole lines, each ended by CRLF.
  void answer(int status, std::string_view body, std::string_view headers = "");
  // No answer, or no more of it.
  void cut() { open_ = false; }
  // Returns when the client closes its side.
  void wait_for_close();
  bool is_open() const { return open_; }

 private:
  int fd_;
  bool open_ = true;
};

class LoopbackServer {
 public:
  // Called on a thread of each connection.
  using Handler = std::function<void(const LoopbackRequest&, LoopbackConnection&)>;

  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const;  // "http://127.0.0.1:PORT"
  // Everything asked so far, in order of arrival.
  std::vector<LoopbackRequest> requests() const;

 private:
  void accept_all();
  void serve(int fd, unsigned connection);

  Handler handler_;
  Fd listener_;
  int port_ = 0;
  mutable Mutex mutex_;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::vector<LoopbackRequest> requests_ GUARDED_BY(mutex_);
  std::vector<Fd> connections_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace firebreak
