// Where the credentials for S3 come from, in the order of Amazon's own tools: the variables
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, then the profile AWS_PROFILE
// ("default") of the file AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). Nobody on the network
// is asked for any.
#pragma once

#include <optional>

#include "backend/aws_signature.h"
#include "base/environment.h"

namespace firebreak {

// Unauthenticated where there are none, Invalid where they are half there; with one line that says
// what to set.
Result<AwsCredentials> find_aws_credentials(const Environment& environment);

// AWS_REGION, then AWS_DEFAULT_REGION, then us-east-1.
std::string aws_region(const Environment& environment);

// The section [profile] of a credentials file; nothing where it lacks one. Keys that are not there
// are empty; of sections and keys that are there twice, the last counts.
std::optional<AwsCredentials> parse_aws_profile(std::string_view text, std::string_view profile);

}  // namespace firebreak
