#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <curl/curl.h>

#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::size_t kErrorBodyMax = 64 << 10;
constexpr std::size_t kReserveMax = 256 << 20;  // a lying Content-Length takes no more at once
constexpr long kTransferBufferBytes = 256 << 10;

using HeaderList = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

// One request and what has come back so far.
struct Transfer {
  std::array<ByteView, 3> unsent;
  std::size_t answer_size_max = 0;
  HttpResponse response;
  bool too_large = false;
  bool error_cut = false;
};

void start_global() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(started == CURLE_OK);
}

std::size_t on_send(char* to, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::size_t sent = 0;
  for (ByteView& part : transfer.unsent) {
    const std::size_t length = std::min(size * count - sent, part.size());
    if (length != 0) std::memcpy(to + sent, part.data(), length);
    part = part.subspan(length);
    sent += length;
  }
  return sent;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& response = static_cast<Transfer*>(user)->response;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // also after an interim answer, whose headers do not count
    response.headers.clear();
    const std::size_t at = line.find(' ');
    response.status = 0;
    if (at != line.npos) {
      std::from_chars(line.data() + at + 1, line.data() + line.size(), response.status);
    }
  } else if (const std::size_t colon = line.find(':'); colon != line.npos) {
    std::string name(trimmed(line.substr(0, colon)));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    response.headers[std::move(name)] = trimmed(line.substr(colon + 1));
  }
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  Bytes& body = transfer.response.body;
  ByteView bytes(reinterpret_cast<const std::byte*>(data), size * count);
  if (!transfer.response.ok()) {
    const std::size_t room = kErrorBodyMax - body.size();
    append(body, bytes.first(std::min(room, bytes.size())));
    transfer.error_cut = bytes.size() > room;
    return transfer.error_cut ? 0 : bytes.size();
  }
  if (bytes.size() > transfer.answer_size_max - body.size()) {
    transfer.too_large = true;
    return 0;
  }
  if (body.empty()) {
    const std::uint64_t expected = transfer.response.content_length().value_or(0);
    body.reserve(std::min<std::uint64_t>({expected, transfer.answer_size_max, kReserveMax}));
  }
  append(body, bytes);
  return bytes.size();
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

// Header values with a line break would let a name smuggle in another header.
Result<HeaderList> header_list(const HttpRequest& request) {
  HeaderList list(nullptr, curl_slist_free_all);
  const auto add = [&](const std::string& line) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    CHECK(longer != nullptr);
    (void)list.release();
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return error(Code::Invalid, "a line break in the header {}", printable(name));
    }
    // libcurl drops a header without value, unless it ends in a semicolon.
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  add("Expect:");  // its answer costs a round trip for each file
  return list;
}

bool has_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

void set_options(CURL* easy, const HttpOptions& options, const HttpRequest& request,
                 std::size_t body_size, curl_slist* headers, Transfer& transfer) {
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_PATH_AS_IS, 1L);  // the path is signed as it is spelled
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_BUFFERSIZE, kTransferBufferBytes);
  set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kTransferBufferBytes);
  if (!options.ca_file.empty()) set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (options.direct) set(easy, CURLOPT_PROXY, "");

  set(easy, CURLOPT_URL, request.url.c_str());
  if (has_body(request.method)) {
    // No way to rewind is given: libcurl would send a body twice, unseen, where a kept
    // connection breaks, and the second could be refused for what the first had done.
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size));
    set(easy, CURLOPT_READFUNCTION, on_send);
    set(easy, CURLOPT_READDATA, &transfer);
  } else if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.takes_compressed) set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  set(easy, CURLOPT_HTTPHEADER, headers);
  set(easy, CURLOPT_HEADERFUNCTION, on_header);
  set(easy, CURLOPT_HEADERDATA, &transfer);
  set(easy, CURLOPT_WRITEFUNCTION, on_body);
  set(easy, CURLOPT_WRITEDATA, &transfer);
}

// Runs to the end or until stopped; nothing where stopped.
std::optional<CURLcode> drive(CURLM* multi, std::stop_token stop) {
  const std::stop_callback waker(stop, [multi] { curl_multi_wakeup(multi); });
  while (true) {
    if (stop.stop_requested()) return std::nullopt;
    int running = 0;
    CHECK(curl_multi_perform(multi, &running) == CURLM_OK);
    if (running == 0) break;
    CHECK(curl_multi_poll(multi, nullptr, 0, 1000, nullptr) == CURLM_OK);
  }
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi, &left);
  CHECK(message != nullptr && message->msg == CURLMSG_DONE);
  return message->data.result;
}

Error transfer_error(CURL* easy, CURLcode code, std::string_view details, bool repeatable) {
  const std::string why = printable(details.empty() ? curl_easy_strerror(code) : details);
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return error(Code::Invalid, "{}", why);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return error(Code::Unauthenticated, "the server cannot prove who it is: {}", why);
    case CURLE_SSL_CACERT_BADFILE:
      return error(Code::Invalid, "the file of trusted certificates: {}", why);
    default:
      break;
  }
  long sent_bytes = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
  if (sent_bytes > 0 && !repeatable) {
    return error(Code::UnknownOutcome, "the answer was lost: {}", why);
  }
  return error(Code::Unavailable, "{}", why);
}

}  // namespace

std::string HttpResponse::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

std::optional<std::uint64_t> HttpResponse::content_length() const {
  const std::string text = header("content-length");
  std::uint64_t length = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

struct HttpClient::Line {
  // A multi handle because it keeps the connection, and because it can be woken by a stop.
  std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi{curl_multi_init(), curl_multi_cleanup};
  std::unique_ptr<CURL, void (*)(CURL*)> easy{curl_easy_init(), curl_easy_cleanup};
  char details[CURL_ERROR_SIZE] = {};
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
  start_global();
}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request, ByteView body, Bytes buffer,
                                      std::stop_token stop) {
  const std::size_t body_size = request.body_head.size() + body.size() + request.body_tail.size();
  CHECK(body_size == 0 || has_body(request.method));
  if (stop.stop_requested()) return error(Code::Canceled, "stopped before {}", request.method);
  const HeaderList headers = TRY(header_list(request));
  std::unique_ptr<Line> line = take();
  Transfer transfer{{as_bytes(request.body_head), body, as_bytes(request.body_tail)},
                    request.answer_size_max,
                    {}};
  transfer.response.body = std::move(buffer);
  transfer.response.body.clear();

  CURL* const easy = line->easy.get();
  curl_easy_reset(easy);  // keeps the connection
  set_options(easy, options_, request, body_size, headers.get(), transfer);
  line->details[0] = '\0';
  set(easy, CURLOPT_ERRORBUFFER, line->details);
  CHECK(curl_multi_add_handle(line->multi.get(), easy) == CURLM_OK);
  const std::optional<CURLcode> code = drive(line->multi.get(), stop);
  curl_multi_remove_handle(line->multi.get(), easy);

  const auto failed = [&](Error error) -> Result<HttpResponse> {
    return std::move(error).within(
        fmt::format("{} {}", request.method, without_secrets(request.url)));
  };
  if (!code) return failed(error(Code::Canceled, "stopped"));
  if (transfer.too_large) {
    return failed(
        error(Code::Exhausted, "an answer of more than {} bytes", request.answer_size_max));
  }
  if (*code != CURLE_OK && !transfer.error_cut) {
    const bool repeatable = request.repeatable || !has_body(request.method);
    return failed(transfer_error(easy, *code, line->details, repeatable));
  }
  give_back(std::move(line));
  return std::move(transfer.response);
}

std::unique_ptr<HttpClient::Line> HttpClient::take() {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Line> line = std::move(idle_.back());
      idle_.pop_back();
      return line;
    }
  }
  auto line = std::make_unique<Line>();
  CHECK(line->multi != nullptr && line->easy != nullptr);
  return line;
}

void HttpClient::give_back(std::unique_ptr<Line> line) {
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(line));
}

}  // namespace firebreak
