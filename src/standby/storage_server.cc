#include "standby/storage_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <semaphore>

#include "base/thread.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// Clients keep connections and come back to them.
constexpr std::chrono::minutes kIdleMax{4};
constexpr std::uint32_t kHeaderBytesMax = 64 << 10;
constexpr std::size_t kConnectionsMax = 512;
constexpr std::size_t kDrainBytes = 64 << 10;
constexpr std::chrono::milliseconds kPause{100};

// Calls that a web page makes a browser send, to this server or under a name of its own for it.
bool is_from_web_page(const StorageRequest& request) {
  if (!request.header("sec-fetch-site").empty()) return true;
  const std::string host = request.header("host");
  const std::string_view name = std::string_view(host).substr(0, host.rfind(':'));
  return !host.empty() && name != "127.0.0.1" && name != "localhost" && host != "127.0.0.1" &&
         host != "localhost";
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lowered;
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// One client. Its calls are answered on a thread of their own, which waits for what the thread of
// the io_context reads and writes.
class Connection {
 public:
  Connection(tcp::socket socket, StorageService& service, const std::string& origin)
      : stream_(std::move(socket)), service_(service), origin_(origin) {}

  // On its own thread, until the client is gone or close() was called.
  void serve() {
    while (answer_next()) {
    }
    run([this](auto done) {
      ErrorCode ignored;
      stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
      done(ErrorCode(), 0);
    });
  }

  // On the thread of the io_context.
  void close() { stream_.close(); }

  std::jthread thread;

 private:
  using Parser = http::request_parser<http::buffer_body>;

  // `start` begins something on the thread of the io_context and calls back when it is over.
  template <typename Start>
  ErrorCode run(Start start) {
    ErrorCode result;
    std::binary_semaphore over(0);
    asio::post(stream_.get_executor(), [&] {
      stream_.expires_after(kIdleMax);
      start([&](ErrorCode code, std::size_t) {
        result = code;
        over.release();
      });
    });
    over.acquire();
    return result;
  }

  bool answer_next() {
    Parser parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(UINT64_MAX);  // Boost 1.74 takes none for 0
    const ErrorCode code =
        run([&](auto done) { http::async_read_header(stream_, buffer_, parser, std::move(done)); });
    if (code) {
      const bool is_bad =
          code.category() == http::make_error_code(http::error::bad_method).category();
      if (is_bad && code != http::error::end_of_stream && code != http::error::partial_message) {
        send(refused(invalid("Bad Request: {}", code.message())), parser, false);
      }
      return false;
    }
    has_continued_ = view(parser.get()[http::field::expect]).empty();
    is_cut_ = false;
    StorageRequest request;
    request.method = view(parser.get().method_string());
    for (const auto& field : parser.get()) {
      std::string& value = request.headers[lower(view(field.name_string()))];
      if (!value.empty()) value += ',';
      value += view(field.value());
    }
    request.read = [&](std::span<std::byte> into) { return read_body(parser, into); };
    StorageResponse response = answer(request, view(parser.get().target()));
    return drain(parser) && send(std::move(response), parser, parser.get().keep_alive());
  }

  StorageResponse answer(StorageRequest& request, std::string_view target) {
    if (is_from_web_page(request)) {
      return refused(absl::PermissionDeniedError("Web pages are not served."));
    }
    std::optional<StorageTarget> parsed = parse_storage_target(target);
    if (!parsed) return refused(invalid("Bad Request: the target cannot be read."));
    request.target = *std::move(parsed);
    return service_.answer(request, origin_);
  }

  Result<std::size_t> read_body(Parser& parser, std::span<std::byte> into) {
    if (!has_continued_) {
      has_continued_ = true;
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      is_cut_ = write(asio::buffer(kContinue.data(), kContinue.size())) || is_cut_;
    }
    while (!parser.is_done() && !is_cut_) {
      auto& body = parser.get().body();
      body.data = into.data();
      body.size = into.size();
      const ErrorCode code =
          run([&](auto done) { http::async_read(stream_, buffer_, parser, std::move(done)); });
      is_cut_ = code && code != http::error::need_buffer;
      // What came before it was cut is taken.
      if (const std::size_t size = into.size() - body.size; size > 0) return size;
    }
    if (is_cut_) return error(Code::Io, "the client is gone");
    return std::size_t{0};
  }

  // A client that sends on does not see an answer in time, and loses it when the connection ends.
  bool drain(Parser& parser) {
    if (!has_continued_) return true;
    Bytes dropped(kDrainBytes);
    for (;;) {
      const Result<std::size_t> size = read_body(parser, dropped);
      if (!size.ok()) return false;
      if (*size == 0) return true;
    }
  }

  template <typename Buffers>
  ErrorCode write(const Buffers& buffers) {
    return run([&](auto done) { asio::async_write(stream_, buffers, std::move(done)); });
  }

  // True where the client may ask again.
  bool send(StorageResponse response, const Parser& parser, bool keep_alive) {
    keep_alive = keep_alive && has_continued_;
    http::response<http::string_body> answer;
    answer.result(static_cast<unsigned>(response.status));
    answer.version(11);
    answer.set(http::field::server, "firebreak");
    for (const auto& [name, value] : response.headers) answer.insert(name, value);
    const bool is_endless = response.parts && !response.parts_size;
    const bool is_chunked = is_endless && parser.get().version() >= 11;
    if (is_endless && !is_chunked) keep_alive = false;  // its end is that of the connection
    if (is_chunked) {
      answer.chunked(true);
    } else if (!is_endless && response.status != 204 && response.status != 304) {
      answer.content_length(response.parts ? *response.parts_size : response.body.size());
    }
    answer.keep_alive(keep_alive);
    const bool has_body = parser.get().method() != http::verb::head;
    if (has_body && !response.parts) answer.body() = std::move(response.body);
    http::response_serializer<http::string_body> serializer(answer);
    const ErrorCode code = run([&](auto done) {
      if (response.parts) {
        http::async_write_header(stream_, serializer, std::move(done));
      } else {
        http::async_write(stream_, serializer, std::move(done));
      }
    });
    if (code) return false;
    if (has_body && response.parts && !send_parts(response, is_chunked)) return false;
    return keep_alive;
  }

  bool send_parts(const StorageResponse& response, bool is_chunked) {
    for (;;) {
      const Result<Bytes> part = response.parts();
      if (!part.ok()) return false;
      if (part->empty()) return !is_chunked || !write(http::make_chunk_last());
      const asio::const_buffer bytes(part->data(), part->size());
      if (is_chunked ? write(http::make_chunk(bytes)) : write(bytes)) return false;
    }
  }

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  StorageService& service_;
  const std::string& origin_;
  bool has_continued_ = false;  // the client sends its body
  bool is_cut_ = false;
};

}  // namespace

// The io_context and its thread, which alone touches the connections.
class StorageServer::Listener {
 public:
  explicit Listener(std::unique_ptr<StorageService> service) : service_(std::move(service)) {}
  ~Listener() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      is_closing_ = true;
      ErrorCode ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      for (Connection& connection : connections_) connection.close();
      end_when_all_are_gone();
    });
    thread_.join();
  }

  Result<void> open(unsigned port) {
    ErrorCode code = port > UINT16_MAX ? asio::error::invalid_argument : ErrorCode();
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                 static_cast<std::uint16_t>(port));
    if (!code) acceptor_.open(endpoint.protocol(), code);
    if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor_.bind(endpoint, code);
    if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
    if (code) {
      return error(Code::Conflict, "127.0.0.1:{} cannot be listened on: is the port in use?", port);
    }
    address_ = fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint(code).port());
    accept();
    thread_ = TRY(start_thread([this](std::stop_token) { io_.run(); }));
    return {};
  }

  const std::string& address() const { return address_; }

 private:
  void accept() {
    is_accepting_ = !is_closing_ && connections_.size() < kConnectionsMax;
    if (!is_accepting_) return;
    acceptor_.async_accept([this](ErrorCode code, tcp::socket socket) {
      if (!code && !is_closing_) serve(std::move(socket));
      if (!code) return accept();
      if (code == asio::error::operation_aborted) return;
      // No descriptors are left, for one: asked again at once, it would say so again at once.
      pause_.expires_after(kPause);
      pause_.async_wait([this](ErrorCode) { accept(); });
    });
  }

  void serve(tcp::socket socket) {
    ErrorCode ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto connection =
        connections_.emplace(connections_.end(), std::move(socket), *service_, address_);
    Result<std::jthread> thread = start_thread([this, connection](std::stop_token) {
      connection->serve();
      asio::post(io_, [this, connection] { end(connection); });
    });
    if (!thread.ok()) {
      connections_.erase(connection);
      return;
    }
    connection->thread = *std::move(thread);
  }

  void end(std::list<Connection>::iterator connection) {
    connections_.erase(connection);
    if (!is_accepting_) accept();
    if (is_closing_) end_when_all_are_gone();
  }

  void end_when_all_are_gone() {
    if (connections_.empty()) work_.reset();
  }

  const std::unique_ptr<StorageService> service_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::list<Connection> connections_;
  bool is_accepting_ = false;
  bool is_closing_ = false;
  std::string address_;
  std::jthread thread_;
};

StorageServer::StorageServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
StorageServer::~StorageServer() = default;

Result<std::unique_ptr<StorageServer>> StorageServer::start(const std::string& folder,
                                                            unsigned port, Clock& clock) {
  std::unique_ptr<StorageService> service = TRY(StorageService::open(folder, clock));
  try {
    auto listener = std::make_unique<Listener>(std::move(service));
    TRY(listener->open(port));
    return std::unique_ptr<StorageServer>(new StorageServer(std::move(listener)));
  } catch (const std::exception& thrown) {
    return error(Code::Io, "{}", thrown.what());
  }
}

const std::string& StorageServer::address() const {
  return listener_->address();
}

}  // namespace firebreak
