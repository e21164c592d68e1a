// Google's application default credentials: whoever this process is to Google's services, found
// where Google's own tools look (google.aip.dev/auth/4110): the file that
// GOOGLE_APPLICATION_CREDENTIALS names, gcloud's own file, the metadata server of a machine in
// Google's cloud (GCE_METADATA_HOST; METADATA_SERVER_DETECTION=none for none). Tokens are kept
// until shortly before they expire. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/environment.h"
#include "base/mutex.h"
#include "net/google_credentials_file.h"
#include "net/google_token.h"
#include "net/http_client.h"

namespace firebreak {

struct GoogleCredentialsOptions {
  std::string scope;  // what tokens are good for; several with blanks between them
  HttpOptions http = {};
};

class GoogleCredentials {
 public:
  // Reads files, asks nobody. Unauthenticated where there is nothing to find; Invalid, NotFound or
  // Denied for a file that cannot be used: it never falls back to somebody else.
  static Result<std::unique_ptr<GoogleCredentials>> find(const Environment& environment,
                                                         const GoogleCredentialsOptions& options,
                                                         Clock& clock);

  // One that is good for a while. One caller asks for it, the others wait; they do not while the
  // old one is still good. Unauthenticated where Google does not take the credentials, Unavailable
  // where nobody answered.
  Result<std::string> token(std::stop_token stop);
  // A service answered 401 to this token: it is not handed out again.
  void refuse(std::string_view token);

  // For messages: "the service account x@y".
  const std::string& who() const { return who_; }
  // Empty for the identity's own.
  const std::string& quota_project() const { return quota_project_; }

 private:
  struct MetadataServer {
    std::string host;    // and ":port"
    bool named = false;  // by the environment, so that there must be one
  };
  using Identity = std::variant<GoogleServiceAccount, GoogleUser, MetadataServer>;

  GoogleCredentials(Identity identity, std::string who, std::string quota_project,
                    const GoogleCredentialsOptions& options, Clock& clock);

  Result<GoogleToken> fetch(const GoogleServiceAccount& account, std::stop_token stop);
  Result<GoogleToken> fetch(const GoogleUser& user, std::stop_token stop);
  Result<GoogleToken> fetch(const MetadataServer& server, std::stop_token stop);
  Result<GoogleToken> post_form(const std::string& url, const std::string& form,
                                std::stop_token stop);
  Result<HttpResponse> ask_metadata(const MetadataServer& server, std::stop_token stop);

  Identity identity_;
  std::string who_;
  std::string quota_project_;
  std::string scope_;
  HttpClient client_;
  Clock& clock_;

  Mutex mutex_;
  Condition fetched_;
  std::string token_ GUARDED_BY(mutex_);  // empty for none
  Nanoseconds expires_ GUARDED_BY(mutex_){};
  Nanoseconds refresh_at_ GUARDED_BY(mutex_){};
  bool fetching_ GUARDED_BY(mutex_) = false;
  bool met_ GUARDED_BY(mutex_) = false;  // a token was had before
};

}  // namespace firebreak
