#include "net/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace firebreak {
namespace {

// One request from a connection; false at its end.
class RequestReader {
 public:
  explicit RequestReader(int fd) : fd_(fd) {}

  bool next(LoopbackRequest& request) {
    std::size_t end;
    while ((end = read_.find("\r\n\r\n")) == read_.npos) {
      if (!more()) return false;
    }
    const std::string head = read_.substr(0, end + 2);
    read_.erase(0, end + 4);
    request.method = head.substr(0, head.find(' '));
    const std::size_t target = request.method.size() + 1;
    request.target = head.substr(target, head.find(' ', target) - target);
    read_headers(head, request);
    const std::size_t length = request.headers.contains("content-length")
                                   ? std::stoul(request.headers["content-length"])
                                   : 0;
    while (read_.size() < length) {
      if (!more()) return false;
    }
    request.body = read_.substr(0, length);
    read_.erase(0, length);
    return true;
  }

 private:
  static void read_headers(const std::string& head, LoopbackRequest& request) {
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
      const std::size_t line_end = head.find("\r\n", at);
      const std::size_t colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      std::size_t value = colon + 1;
      while (value < line_end && head[value] == ' ') ++value;
      request.headers[name] = head.substr(value, line_end - value);
      at = line_end + 2;
    }
  }

  bool more() {
    char chunk[64 << 10];
    const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    read_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  std::string read_;
};

}  // namespace

bool LoopbackConnection::write(std::string_view raw) {
  while (open_ && !raw.empty()) {
    const ssize_t sent = ::send(fd_, raw.data(), raw.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      open_ = false;
    } else {
      raw.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  return open_;
}

void LoopbackConnection::answer(int status, std::string_view body, std::string_view headers) {
  write(fmt::format("HTTP/1.1 {} Status\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                    headers, body));
}

void LoopbackConnection::wait_for_close() {
  char byte;
  while (::recv(fd_, &byte, 1, 0) > 0) {
  }
  open_ = false;
}

LoopbackServer::LoopbackServer(Handler handler)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  CHECK(listener_.is_open());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  CHECK(::bind(listener_.get(), generic, length) == 0);
  CHECK(::listen(listener_.get(), 16) == 0);
  CHECK(::getsockname(listener_.get(), generic, &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    closing_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    for (const Fd& fd : connections_) ::shutdown(fd.get(), SHUT_RDWR);
  }
  acceptor_.join();
  {
    const MutexLock lock(mutex_);
    threads = std::move(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

std::string LoopbackServer::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

std::vector<LoopbackRequest> LoopbackServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

void LoopbackServer::accept_all() {
  for (unsigned count = 1;; ++count) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const MutexLock lock(mutex_);
    if (!fd.is_open() || closing_) return;
    const int raw = fd.get();
    const int on = 1;
    ::setsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_.push_back(std::move(fd));
    threads_.emplace_back([this, raw, count] { serve(raw, count); });
  }
}

void LoopbackServer::serve(int fd, unsigned connection) {
  RequestReader reader(fd);
  LoopbackConnection writer(fd);
  LoopbackRequest request;
  request.connection = connection;
  while (writer.is_open() && reader.next(request)) {
    {
      const MutexLock lock(mutex_);
      requests_.push_back(request);
    }
    handler_(request, writer);
    request.headers.clear();
  }
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace firebreak
