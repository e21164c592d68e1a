// What a profile gives is one line's worth of text each, and is found again where it is written
// back.
#include "backend/aws_credentials.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<AwsCredentials> found = parse_aws_profile(text, "default");
  if (!found) return 0;
  const std::string written = fmt::format(
      "[default]\naws_access_key_id={}\naws_secret_access_key={}\naws_session_token={}\n",
      found->access_key_id, found->secret_access_key, found->session_token);
  const std::optional<AwsCredentials> again = parse_aws_profile(written, "default");
  CHECK(again);
  CHECK(again->access_key_id == found->access_key_id);
  CHECK(again->secret_access_key == found->secret_access_key);
  CHECK(again->session_token == found->session_token);
  return 0;
}

}  // namespace firebreak
