#include "net/google_service.h"

#include "base/text.h"
#include "net/google_status.h"

namespace firebreak {
namespace {

constexpr int kResume = 308;
constexpr int kBadRequest = 400;
constexpr std::size_t kAnswerBytesMax = 256 << 20;  // a page of a thousand with much in each

// A request that is wrong is the service's word on what was asked, and no trouble of the way there.
Error refusal(const HttpResponse& answer) {
  Error problem = google_error(answer);
  if (answer.status != kBadRequest) return problem;
  return error(Code::Invalid, "{}", problem.message());
}

}  // namespace

GoogleService::GoogleService(Options options, Clock& clock)
    : endpoint_(std::move(options.endpoint)),
      is_emulator_(options.credentials == nullptr),
      retries_(std::move(options.retries)),
      clock_(clock),
      client_(std::move(options.credentials), options.http),
      next_seed_(static_cast<std::uint64_t>(clock.now().time_since_epoch().count())) {}

std::string GoogleService::place() const {
  return (is_emulator_ ? "the emulator at " : "") + endpoint_;
}

Tries GoogleService::tries() {
  return {retries_, clock_, next_seed_++};
}

Result<HttpResponse> GoogleService::send(const HttpRequest& request, ByteView body, Bytes buffer,
                                         std::stop_token stop) {
  Tries tries = this->tries();
  for (;;) {
    Result<HttpResponse> answer = client_.send(request, body, std::move(buffer), stop);
    if (answer.ok() && !answer->ok() && answer->status != kResume) answer = refusal(*answer);
    if (!failed_with(answer, Code::Unavailable)) return answer;
    TRY(tries.wait_after(std::move(answer).error(), stop));
    buffer = {};
  }
}

Result<nlohmann::json> GoogleService::ask(HttpRequest request, ByteView body,
                                          std::stop_token stop) {
  request.answer_size_max = kAnswerBytesMax;
  const HttpResponse answer = TRY(send(request, body, {}, std::move(stop)));
  nlohmann::json json = nlohmann::json::parse(as_text(answer.body), nullptr, false);
  if (json.is_object()) return json;
  return error(Code::Corrupt, "the service's answer is no JSON object");
}

}  // namespace firebreak
