#include "backend/open.h"

#include "backend/aws_credentials.h"
#include "backend/gcs.h"
#include "backend/local.h"
#include "backend/rest.h"
#include "backend/s3.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Opened = Result<std::unique_ptr<Backend>>;

Opened open_place(const LocalLocation& place, const BackendOptions&, const Environment&, Clock&) {
  return std::unique_ptr<Backend>(std::make_unique<LocalBackend>(place.path));
}

Opened open_place(const RestLocation& place, const BackendOptions& options,
                  const Environment& environment, Clock&) {
  RestOptions rest{.url = place.url, .user = place.user, .password = place.password};
  if (rest.user.empty()) {
    rest.user = variable(environment, "RESTIC_REST_USERNAME");
    rest.password = variable(environment, "RESTIC_REST_PASSWORD");
  }
  if (options.limits.connections > 0) rest.connections = options.limits.connections;
  rest.http.ca_file = options.ca_file;
  return RestBackend::open(rest);
}

Opened open_place(const S3Location& place, const BackendOptions& options,
                  const Environment& environment, Clock& clock) {
  S3Options s3{.place = place, .credentials = {}, .region = aws_region(environment)};
  s3.credentials = TRY(find_aws_credentials(environment));
  if (options.limits.connections > 0) s3.connections = options.limits.connections;
  s3.http.ca_file = options.ca_file;
  return std::unique_ptr<Backend>(std::make_unique<S3Backend>(s3, clock));
}

Opened open_place(const GcsLocation& place, const BackendOptions& options,
                  const Environment& environment, Clock& clock) {
  GcsOptions gcs{.bucket = place.bucket,
                 .prefix = place.prefix,
                 .project = variable(environment, "GOOGLE_PROJECT_ID")};
  if (options.limits.connections > 0) gcs.connections = options.limits.connections;
  gcs.http.ca_file = options.ca_file;
  std::unique_ptr<GoogleCredentials> credentials;
  const std::string emulator = TRY(emulator_origin(environment, kStorageEmulator));
  if (!emulator.empty()) {
    gcs.endpoint = emulator;  // which is shown no credentials
  } else {
    credentials = TRY(GoogleCredentials::find(environment, {kGcsScope, gcs.http}, clock)
                          .context("gs:{}", place.bucket));
  }
  return std::unique_ptr<Backend>(std::make_unique<GcsBackend>(gcs, std::move(credentials)));
}

}  // namespace

Result<std::unique_ptr<Backend>> open_backend(const Location& location,
                                              const BackendOptions& options,
                                              const Environment& environment, Clock& clock) {
  if (options.limits.connections > kConnectionsMax) {
    return error(Code::Invalid, "--connections {}: each takes a thread; {} at most",
                 options.limits.connections, kConnectionsMax);
  }
  std::unique_ptr<Backend> place = TRY(std::visit(
      [&](const auto& where) { return open_place(where, options, environment, clock); }, location));
  return retrying(limiting(std::move(place), options.limits, clock), options.retry, clock,
                  options.seed);
}

}  // namespace firebreak
