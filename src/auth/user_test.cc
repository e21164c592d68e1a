#include "auth/user.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

using Json = nlohmann::json;

User user_of(std::string_view json, std::string tenant = "") {
  Result<User> user = parse_user(Json::parse(json), std::move(tenant));
  CHECK(user.ok());
  return *std::move(user);
}

TEST(UserTest, IsARecordAndComesBack) {
  const User user = user_of(R"({"localId":"u","email":"a@b.c","unknown":{"kept":[1]}})", "t");
  const std::string record = encode_user(user);
  EXPECT_EQ(record, R"({"email":"a@b.c","localId":"u","tenantId":"t","unknown":{"kept":[1]}})");
  const Result<User> again = parse_user_record(as_bytes(record));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->tenant, "t");
  EXPECT_EQ(again->description, user.description);
  EXPECT_EQ(*key_of_user_record(as_bytes(record)), std::string("t\0u", 3));
  for (const char* text : {"", "[]", "{}", R"({"localId":7})", R"({"localId":""})", "{\"a"}) {
    EXPECT_TRUE(failed_with(parse_user_record(as_bytes(text)), Code::Corrupt)) << text;
  }
}

TEST(UserTest, AnImportHasWhatTheServiceTakesAndNamesTheRest) {
  const User user = user_of(R"({"localId":"u","disabled":false,"customAuth":true,"version":0,
      "passwordHash":"a+/=","salt":"/+","lastRefreshAt":"x","passwordUpdatedAt":1,
      "providerUserInfo":[{"providerId":"phone"},{"providerId":"google.com","rawId":"1"},
                          {"providerId":"password"}],
      "mfaInfo":[{"mfaEnrollmentId":"1","phoneInfo":"+1","unobfuscatedPhoneInfo":"+1"}]})");
  const ImportedUser imported = to_import(user, true);
  EXPECT_EQ(imported.description, Json::parse(R"({"localId":"u","passwordHash":"a-_=","salt":"_-",
                            "providerUserInfo":[{"providerId":"google.com","rawId":"1"}],
                            "mfaInfo":[{"mfaEnrollmentId":"1","phoneInfo":"+1"}]})"));
  EXPECT_TRUE(imported.losses.empty());
  EXPECT_EQ(to_import(user, false).description["salt"], "/+");
}

TEST(UserTest, WhatCannotComeBackIsNamed) {
  const User user = user_of(R"({"localId":"u","passwordHash":"abcd","salt":"s","version":2,
      "mfaInfo":[{"mfaEnrollmentId":"1","totpInfo":{}},{"mfaEnrollmentId":"2","phoneInfo":"+1"}],
      "passkeyInfo":[{"credentialId":"c"}]})");
  const ImportedUser imported = to_import(user, true);
  EXPECT_EQ(imported.description,
            Json::parse(R"({"localId":"u","mfaInfo":[{"mfaEnrollmentId":"2","phoneInfo":"+1"}]})"));
  ASSERT_EQ(imported.losses.size(), 3U);
  EXPECT_NE(imported.losses[0].find("password"), std::string::npos);
  EXPECT_NE(imported.losses[1].find("TOTP"), std::string::npos);
  EXPECT_NE(imported.losses[2].find("passkeys"), std::string::npos);
}

TEST(UserTest, SameIsWhoAnImportWouldNotChange) {
  const User user = user_of(R"({"localId":"u","email":"a@b.c","passwordHash":"a+/=","salt":"s",
      "lastLoginAt":"1","validSince":"1","providerUserInfo":[{"providerId":"password"}]})");
  EXPECT_TRUE(is_same_to_import(
      user_of(
          R"({"localId":"u","email":"a@b.c","passwordHash":"a-_","salt":"s","emailVerified":false,
                  "lastLoginAt":"2","validSince":"2","lastRefreshAt":"3"})"),
      user));
  for (const char* other :
       {R"({"localId":"u","email":"a@b.c","passwordHash":"b+/=","salt":"s"})",
        R"({"localId":"u","email":"a@b.c","passwordHash":"a+/="})",
        R"({"localId":"u","email":"x@b.c","passwordHash":"a+/=","salt":"s"})",
        R"({"localId":"u","email":"a@b.c","passwordHash":"a+/=","salt":"s","disabled":true})",
        R"({"localId":"u","email":"a@b.c","passwordHash":"a+/=","salt":"s",
            "providerUserInfo":[{"providerId":"google.com","rawId":"1"}]})"}) {
    EXPECT_FALSE(is_same_to_import(user_of(other), user)) << other;
  }
}

TEST(UserTest, AnImportIsToldTheHash) {
  EXPECT_EQ(
      import_hash(Json::parse(R"({"algorithm":"SCRYPT","signerKey":"a+/=","saltSeparator":"Bw==",
                                        "rounds":8,"memoryCost":14})")),
      Json::parse(R"({"hashAlgorithm":"SCRYPT","signerKey":"a-_=","saltSeparator":"Bw==",
                            "rounds":8,"memoryCost":14})"));
  EXPECT_EQ(import_hash(Json()), Json::object());
}

}  // namespace
}  // namespace firebreak
