#include "core/secrets/secret_scan.h"
#include "core/secrets/token_shape.h"

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
      {"hexadecimal digits", "x6768735F313643372F653432462B32393263363931322e"},
      {"hexadecimal digits, small", "6768735f313643372f653432462b32393263363931322e"},
      {"escaped as JSON does", "ghs_16C7\\/e42F+292c6912"},
      {"escaped as JSON may", "\\u0067hs_16C7\\u002Fe42F+292c6912"},
      {"escaped as HTML does", "ghs_16C7&#47;e42F&#x2B;292c6912"},
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
      {"GITHUB_TOKEN", token},
      {"app_secret", "12345678"},
      {"DB_PASSWORD", "1234567"},
      {"DEPLOY_KEY", "abcdefgh\n"},
      {"API_KEY", "       \n"},
      {"SESSION_KEY", "agent-review-push-9fceb02d"},
      {"CACHE_KEY", "linux-x64-deps"},
      {"PATH", "/usr/bin:/bin"},
      {"TOKENS", "12345678"},
      {"GH_PAT", "patpatpat"},
      {"MY_TOKEN_2", "12345678"},
      {"NPM_AUTH", "12345678"},
      {"DB_PASSPHRASE", "12345678"},
      {"PASSWORD_PROD", "12345678"},
      {"SLACK_WEBHOOK", "12345678"},
      {"GITLAB_CREDENTIALS", "user:12345678"},
      {"SSH_AUTH_SOCK", "/tmp/ssh-1"},
      {"GOOGLE_APPLICATION_CREDENTIALS", "/home/x/k.json"},
      {"PWD", "/home/somebody"},
      {"PATTERN", "12345678"},
      {"AUTHOR", "somebody"},
      {"DATABASE_URL", "postgres://app:pass/word@db:5/x"},
      {"CACHE_URL", "redis://u:hunter2hunter2@cache/0"},
      {"PAGE", "https://example.org/a@b:c"}};
  std::vector<std::string> names;
  for (const KnownSecret& secret : secrets_in(variables, {"CACHE_KEY"}))
    names.push_back(secret.name);
  CHECK(names == std::vector<std::string>{"CACHE_URL", "DB_PASSPHRASE", "DEPLOY_KEY", "GH_PAT",
                                          "GITHUB_TOKEN", "GITLAB_CREDENTIALS", "MY_TOKEN_2",
                                          "NPM_AUTH", "PASSWORD_PROD", "SLACK_WEBHOOK",
                                          "app_secret"});
}

TEST_CASE("a name that holds a secret is stored without it, and stays another than others") {
  CHECK(without_secrets("topic/" + token + "-x", known) == "topic/***-x");
  CHECK(without_secrets("topic/x", known) == "topic/x");
  const std::string one = without_secrets("a Z2hzXzE2QzcvZTQyRisyOTJjNjkxMg==", known);
  const std::string other = without_secrets("b Z2hzXzE2QzcvZTQyRisyOTJjNjkxMg==", known);
  CHECK(one.starts_with("***"));
  CHECK(one != other);
  CHECK_FALSE(find_secret(one, known));
}

TEST_CASE("tokens are known by their shape, and no name or commit is taken for one") {
  const std::string a36(36, 'a');
  const std::string a16 = "ABCDEFGHIJKLMNOP";
  for (const auto& [text, shape] : std::vector<std::pair<std::string, std::string>>{
           {"x ghp_" + a36 + " y", "ghp_"},
           {"ghs_" + a36, "ghs_"},
           {"=github_pat_11ABCDEFG0abcdefghijklmnop", "github_pat_"},
           {"key: sk-ant-api03-" + a36, "sk-ant-"},
           {"AWS AKIA" + a16 + ".", "AKIA"},
           {"glpat-" + a36, "glpat-"},
           {"https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX",
            "hooks.slack.com/services/T"},
           {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "eyJ"},
           {"-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "-----BEGIN"}}) {
    DYNAMIC_SECTION(text) {
      REQUIRE(find_token_shape(text));
      CHECK(find_token_shape(text)->shape == shape);
    }
  }
  for (const std::string& text :
       {std::string(40, 'a'), std::string("9fceb02d0ae598e95dc970b74767f19372d61af8"),
        std::string(64, 'f'), std::string("refs/heads/task-ant-colony-simulation-of-everything"),
        std::string("feature/ghp_tokens"), std::string("AKIAPOLIS"), "xghp_" + a36,
        "sk-" + std::string(40, 'a'), "hf_" + std::string(40, '0'), std::string("sk-learn-upgrade"),
        std::string("github_pat_rotation"), "AKIA" + a16 + "QRST",
        std::string("-----BEGIN CERTIFICATE-----"), std::string("eyJust.a.word"), std::string()}) {
    DYNAMIC_SECTION("harmless: " << text) { CHECK_FALSE(find_token_shape(text)); }
  }
}
