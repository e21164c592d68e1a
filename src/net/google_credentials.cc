#include "net/google_credentials.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

using std::chrono::seconds;

constexpr std::size_t kFileSizeMax = 1 << 20;
constexpr seconds kRefreshBefore = std::chrono::minutes(5);
constexpr seconds kRefreshAgainAfter{30};            // where the old token is still good
constexpr char kMetadataHost[] = "169.254.169.254";  // by number: a name may be anybody's
constexpr seconds kMetadataConnectTimeout{3};
constexpr seconds kMetadataWait{1};
constexpr int kMetadataTries = 3;
constexpr char kWhatToDo[] =
    "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run: gcloud auth application-default "
    "login";

HttpOptions http_options(HttpOptions options, bool metadata) {
  if (!metadata) return options;
  options.direct = true;
  options.connect_timeout = kMetadataConnectTimeout;
  return options;
}

// gcloud's file; empty where the environment says of no place.
std::string gcloud_file(const Environment& environment) {
  std::string folder = variable(environment, "CLOUDSDK_CONFIG");
  if (folder.empty()) {
    const std::string home = variable(environment, "HOME");
    if (home.empty()) return {};
    folder = home + "/.config/gcloud";
  }
  return folder + "/application_default_credentials.json";
}

Result<GoogleCredentialsFile> read_credentials(const std::string& path) {
  const Bytes text = TRY(read_file(path, kFileSizeMax));
  return parse_google_credentials(text).context("{}", printable(path));
}

// Nothing where the environment names none and gcloud has none.
Result<std::optional<GoogleCredentialsFile>> find_file(const Environment& environment) {
  const std::string named = variable(environment, "GOOGLE_APPLICATION_CREDENTIALS");
  if (!named.empty()) {
    GoogleCredentialsFile file =
        TRY(read_credentials(named).context("GOOGLE_APPLICATION_CREDENTIALS"));
    return std::optional(std::move(file));
  }
  const std::string path = gcloud_file(environment);
  if (path.empty()) return std::optional<GoogleCredentialsFile>();
  Result<GoogleCredentialsFile> file = read_credentials(path);
  if (failed_with(file, Code::NotFound)) return std::optional<GoogleCredentialsFile>();
  GoogleCredentialsFile found = TRY(std::move(file));
  return std::optional(std::move(found));
}

}  // namespace

Result<std::unique_ptr<GoogleCredentials>> GoogleCredentials::find(
    const Environment& environment, const GoogleCredentialsOptions& options, Clock& clock) {
  const auto made = [&](Identity identity, std::string who, std::string project) {
    const std::string quota_project = variable(environment, "GOOGLE_CLOUD_QUOTA_PROJECT");
    if (!quota_project.empty()) project = quota_project;
    return std::unique_ptr<GoogleCredentials>(new GoogleCredentials(
        std::move(identity), std::move(who), std::move(project), options, clock));
  };
  std::optional<GoogleCredentialsFile> file = TRY(find_file(environment));
  if (file) {
    if (auto* account = std::get_if<GoogleServiceAccount>(&file->identity)) {
      std::string who = fmt::format("the service account {}", printable(account->email));
      return made(std::move(*account), std::move(who), file->quota_project);
    }
    return made(std::move(std::get<GoogleUser>(file->identity)), "gcloud's user",
                file->quota_project);
  }
  if (variable(environment, "METADATA_SERVER_DETECTION") == "none") {
    return error(Code::Unauthenticated, "no Google credentials: {}", kWhatToDo);
  }
  MetadataServer server{variable(environment, "GCE_METADATA_HOST"), true};
  if (server.host.empty()) server = {kMetadataHost, false};
  return made(std::move(server), "this machine's service account", {});
}

GoogleCredentials::GoogleCredentials(Identity identity, std::string who, std::string quota_project,
                                     const GoogleCredentialsOptions& options, Clock& clock)
    : identity_(std::move(identity)),
      who_(std::move(who)),
      quota_project_(std::move(quota_project)),
      scope_(options.scope),
      client_(http_options(options.http, std::holds_alternative<MetadataServer>(identity_))),
      clock_(clock) {}

Result<std::string> GoogleCredentials::token(std::stop_token stop) {
  {
    const MutexLock lock(mutex_);
    while (true) {
      const Nanoseconds now = clock_.since_boot();
      const bool is_good = !token_.empty() && now < expires_;
      if (is_good && (fetching_ || now < refresh_at_)) return token_;
      if (!fetching_) break;
      if (stop.stop_requested()) return error(Code::Canceled, "stopped before a token came");
      fetched_.wait(mutex_, stop);
    }
    fetching_ = true;
  }
  const Nanoseconds asked = clock_.since_boot();
  Result<GoogleToken> fetched =
      std::visit([&](const auto& identity) { return fetch(identity, stop); }, identity_);

  const MutexLock lock(mutex_);
  fetching_ = false;
  fetched_.notify_all();
  if (fetched.ok()) {
    token_ = fetched->text;
    expires_ = asked + fetched->lifetime;
    refresh_at_ = expires_ - std::min(kRefreshBefore, fetched->lifetime / 2);
    met_ = true;
    return token_;
  }
  const Nanoseconds now = clock_.since_boot();
  if (failed_with(fetched, Code::Unavailable) && !token_.empty() && now < expires_) {
    refresh_at_ = now + kRefreshAgainAfter;
    return token_;
  }
  return std::move(fetched).error().within(who_);
}

void GoogleCredentials::refuse(std::string_view token) {
  const MutexLock lock(mutex_);
  if (token_ == token) token_.clear();
}

Result<GoogleToken> GoogleCredentials::fetch(const GoogleServiceAccount& account,
                                             std::stop_token stop) {
  const std::string form = TRY(token_form(account, scope_, clock_.now()));
  Result<GoogleToken> token = post_form(account.token_url, form, stop);
  if (!failed_with(token, Code::Unauthenticated)) return token;
  return error(Code::Unauthenticated, "{}; was its key deleted, or is this machine's clock wrong?",
               token.error().message());
}

Result<GoogleToken> GoogleCredentials::fetch(const GoogleUser& user, std::stop_token stop) {
  Result<GoogleToken> token = post_form(user.token_url, token_form(user), stop);
  if (!failed_with(token, Code::Unauthenticated)) return token;
  return error(Code::Unauthenticated, "{}; run: gcloud auth application-default login",
               token.error().message());
}

Result<GoogleToken> GoogleCredentials::post_form(const std::string& url, const std::string& form,
                                                 std::stop_token stop) {
  const HttpResponse response =
      TRY(client_.send({.method = "POST",
                        .url = url,
                        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                        .repeatable = true},
                       as_bytes(form), {}, stop));
  if (!response.ok()) return token_refused(response);
  return parse_google_token(response.body).context("{}", without_secrets(url));
}

Result<GoogleToken> GoogleCredentials::fetch(const MetadataServer& server, std::stop_token stop) {
  const HttpResponse response = TRY(ask_metadata(server, stop));
  // Another cloud's, or a sign-in page of a network.
  if (response.header("metadata-flavor") != "Google") {
    return error(Code::Unauthenticated, "what answers at {} is not Google's metadata server; {}",
                 server.host, kWhatToDo);
  }
  if (response.status == 404) {
    return error(Code::Unauthenticated, "it has none; {}", kWhatToDo);
  }
  if (!response.ok()) return token_refused(response);
  return parse_google_token(response.body).context("the metadata server");
}

// A machine that starts may be faster than its metadata server; one that never had an answer
// from there is most likely none of Google's.
Result<HttpResponse> GoogleCredentials::ask_metadata(const MetadataServer& server,
                                                     std::stop_token stop) {
  const HttpRequest request{
      .url = fmt::format(
          "http://{}/computeMetadata/v1/instance/service-accounts/default/token?scopes={}",
          server.host, percent_encode(scope_)),
      .headers = {{"Metadata-Flavor", "Google"}}};
  bool is_known = server.named;
  if (!is_known) {
    const MutexLock lock(mutex_);
    is_known = met_;
  }
  for (int tries = 1;; ++tries) {
    Result<HttpResponse> response = client_.send(request, {}, {}, stop);
    if (is_known || !failed_with(response, Code::Unavailable)) return response;
    if (tries == kMetadataTries) {
      return error(Code::Unauthenticated,
                   "the metadata server of Google's machines does not answer ({}); {}",
                   response.error().message(), kWhatToDo);
    }
    if (!clock_.wait(kMetadataWait, stop)) return error(Code::Canceled, "stopped");
  }
}

}  // namespace firebreak
