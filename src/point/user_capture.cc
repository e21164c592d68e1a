#include "point/user_capture.h"

#include "base/text.h"
#include "net/google_json.h"
#include "point/external_sort.h"
#include "point/tree_piece.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNumberBytes = 8;

// Behind the key, so that of two listings of one user the later comes last.
std::string numbered(std::string key, std::uint64_t number) {
  for (std::size_t i = kNumberBytes; i-- > 0;) {
    key.push_back(static_cast<char>(number >> (8 * i) & 0xff));
  }
  return key;
}

class UserCapture {
 public:
  UserCapture(AuthClient& client, BlobSaver& saver, const CutRule& rule,
              const std::string& temporary_folder, UserCaptureProgress& progress, Clock& clock)
      : client_(client),
        temporary_folder_(temporary_folder),
        progress_(progress),
        clock_(clock),
        tree_(rule, saver) {}

  Result<CapturedUsers> run(std::stop_token stop);

 private:
  Result<Json> describe(std::stop_token stop);
  Result<std::uint64_t> count(std::stop_token stop);
  Result<void> keep(const User& user);

  AuthClient& client_;
  const std::string temporary_folder_;
  UserCaptureProgress& progress_;
  Clock& clock_;
  TreePiece tree_;
  Json config_;
  std::vector<std::string> tenants_;
  CapturedUsers captured_;
};

Result<Json> UserCapture::describe(std::stop_token stop) {
  Json config{{"tenants", Json::array()}};
  config["project"] = TRY(client_.describe_project(stop));
  config["providers"] = TRY(client_.describe_providers("", stop));
  for (Json& tenant : TRY(client_.list_tenants(config["project"], stop))) {
    const std::string id = tenant_id(tenant);
    Json providers = TRY(client_.describe_providers(id, stop));
    if (!providers.empty()) tenant["providers"] = std::move(providers);
    tenants_.push_back(id);
    config["tenants"].push_back(std::move(tenant));
  }
  return config;
}

Result<std::uint64_t> UserCapture::count(std::stop_token stop) {
  std::uint64_t users = TRY(client_.count("", stop));
  for (const std::string& tenant : tenants_) {
    const std::uint64_t more = TRY(client_.count(tenant, stop));
    users += more;
  }
  return users;
}

Result<void> UserCapture::keep(const User& user) {
  const bool is_hidden =
      user.has_redacted_password() || (user.has_password() && !client_.is_emulator() &&
                                       !hash_config(config_, user.tenant).is_object());
  if (is_hidden) return hidden_hashes(client_);
  const std::string record = encode_user(user);
  TRY(tree_.add(key_of(user), as_bytes(record)).context("{}", client_.url()));
  ++captured_.count;
  captured_.with_password += user.has_password() ? 1 : 0;
  captured_.bytes += record.size();
  ++progress_.users;
  progress_.bytes += record.size();
  return {};
}

Result<CapturedUsers> UserCapture::run(std::stop_token stop) {
  captured_.begin = firestore_now(clock_);
  config_ = TRY(describe(stop));
  captured_.config = config_.dump(2) + "\n";
  const std::uint64_t before = TRY(count(stop));
  TRY(list_users_in_order(
      client_, tenants_, temporary_folder_, [this](const User& user) { return keep(user); }, stop));
  const std::uint64_t after = TRY(count(stop));
  captured_.end = firestore_now(clock_);
  const std::uint64_t least = std::min(before, after);
  if (captured_.count < least) {
    return error(Code::Io,
                 "{}: the service listed {} users and counts {}; where many come and go, run it "
                 "again",
                 client_.url(), captured_.count, least);
  }
  captured_.users = TRY(tree_.finish());
  return std::move(captured_);
}

}  // namespace

Error hidden_hashes(const AuthClient& client) {
  return error(Code::Denied,
               "{}: the service hides password hashes or what they are made with; grant the "
               "permission firebaseauth.configs.getHashConfig",
               client.url());
}

const Json& hash_config(const Json& config, const std::string& tenant) {
  static const Json null;
  if (tenant.empty())
    return field_at(field_at(field_at(config, "project"), "signIn"), "hashConfig");
  for (const Json& one : field_at(config, "tenants")) {
    if (tenant_id(one) == tenant) return field_at(one, "hashConfig");
  }
  return null;
}

Result<void> list_users_in_order(AuthClient& client, const std::vector<std::string>& tenants,
                                 const std::string& temporary_folder, const EachUser& each,
                                 std::stop_token stop) {
  ExternalSort sorted(temporary_folder);
  std::uint64_t number = 0;
  const auto list = [&](const std::string& tenant) -> Result<void> {
    std::string token;
    do {
      AuthClient::Page page = TRY(client.list(tenant, token, stop));
      token = std::move(page.next_token);
      for (const User& user : page.users) {
        TRY(sorted.add(numbered(key_of(user), number++), as_bytes(encode_user(user))));
      }
    } while (!token.empty());
    return {};
  };
  TRY(list(""));
  for (const std::string& tenant : tenants) TRY(list(tenant));

  std::string last_key;
  std::optional<User> last;
  TRY(sorted.finish([&](std::string_view key, ByteView record) -> Result<void> {
    key.remove_suffix(kNumberBytes);
    if (last && key != last_key) TRY(each(*std::move(last)));
    last_key = key;
    last = TRY(parse_user_record(record));
    return {};
  }));
  if (!last) return {};
  return each(*std::move(last));
}

Result<CapturedUsers> capture_users(AuthClient& client, BlobSaver& saver, const CutRule& rule,
                                    const std::string& temporary_folder,
                                    UserCaptureProgress& progress, Clock& clock,
                                    std::stop_token stop) {
  return UserCapture(client, saver, rule, temporary_folder, progress, clock).run(std::move(stop));
}

}  // namespace firebreak
