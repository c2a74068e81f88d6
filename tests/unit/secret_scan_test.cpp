#include "core/text/secret_scan.h"

#include "catch.h"

using namespace refgate;

namespace {

const std::string token = "ghs_16C7/e42F+292c6912";
const std::vector<KnownSecret> known{{"GITHUB_TOKEN", token}};

}  // namespace

TEST_CASE("a known secret is found however it is commonly written") {
  // The encoded forms were made by coreutils' base64 and Python's urllib.
  const std::vector<std::pair<std::string, std::string>> rows{
      {"as it is", "before " + token + " after"},
      {"alone", token},
      {"behind a NUL", std::string("\0", 1) + token},
      {"base64", "Z2hzXzE2QzcvZTQyRisyOTJjNjkxMg=="},
      {"base64 of a user and it", "eC1hY2Nlc3MtdG9rZW46Z2hzXzE2QzcvZTQyRisyOTJjNjkxMg=="},
      {"base64, one byte further", "IGdoc18xNkM3L2U0MkYrMjkyYzY5MTI="},
      {"base64, two bytes further, with more behind it",
       "ICBnaHNfMTZDNy9lNDJGKzI5MmM2OTEyIGFuZCBtb3Jl"},
      {"base64 over two lines", "Z2hzXzE2QzcvZT\n  QyRisyOTJjNjkxMg=="},
      {"url-encoded", "?token=ghs_16C7%2Fe42F%2B292c6912&x"},
      {"url-encoded in small letters", "ghs_16C7%2fe42F%2b292c6912"},
      {"url-encoded throughout",
       "%67%68%73%5F%31%36%43%37%2F%65%34%32%46%2B%32%39%32%63%36%39%31%32"},
  };
  for (const auto& [name, text] : rows) {
    DYNAMIC_SECTION(name) { CHECK(find_secret(text, known) == "GITHUB_TOKEN"); }
  }
  for (const std::string& text :
       {std::string(), token.substr(1), token.substr(0, token.size() - 1), std::string("Z2hzXzE2"),
        std::string("100%2"), std::string("%zz%")}) {
    DYNAMIC_SECTION("harmless: " << text) { CHECK_FALSE(find_secret(text, known)); }
  }
}

TEST_CASE("each long line of a key is a secret, its head and foot are none") {
  const std::vector<KnownSecret> key{
      {"DEPLOY_KEY",
       "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nAbCdEfGh\n-----END PRIVATE "
       "KEY-----\n"}};
  CHECK(find_secret("x MIIEvQIBADANBgkqhkiG9w0BAQEFAASC x", key) == "DEPLOY_KEY");
  CHECK_FALSE(find_secret("-----BEGIN PRIVATE KEY-----", key));
  CHECK_FALSE(find_secret("AbCdEfGh", key));
}

TEST_CASE("secrets are the variables that are called so and long enough") {
  const std::map<std::string, std::string, std::less<>> variables{
      {"GITHUB_TOKEN", token},         {"app_secret", "12345678"},
      {"DB_PASSWORD", "1234567"},      {"DEPLOY_KEY", "abcdefgh\n"},
      {"API_KEY", "       \n"},        {"SESSION_KEY", "agent-review-push-9fceb02d"},
      {"CACHE_KEY", "linux-x64-deps"}, {"PATH", "/usr/bin:/bin"},
      {"TOKENS", "12345678"}};
  std::vector<std::string> names;
  for (const KnownSecret& secret : secrets_in(variables, {"CACHE_KEY"}))
    names.push_back(secret.name);
  CHECK(names == std::vector<std::string>{"DEPLOY_KEY", "GITHUB_TOKEN", "app_secret"});
}
