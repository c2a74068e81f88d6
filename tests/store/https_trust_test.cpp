// Whom the https store trusts, and where a token may go.

#include <cstdlib>
#include <filesystem>

#include "catch.h"
#include "http_place.h"

using namespace refgate;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

}  // namespace

TEST_CASE("without a token the advice is to give one", "[https]") {
  const std::string repository = make_repository();
  const auto store = open_http(https_server().fact("url") + "/" + name_of(repository));
  const NewLines lines(https_server().fact("requests"));
  const auto error = error_of([&] { read(*store, {claim}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::denied);
  CHECK(error->http_status() == 401);
  CHECK(mentions(error->hint(), "REFGATE_TOKEN"));
  CHECK(lines() == std::vector{post(repository, "upload-pack") + " 401"});
}

TEST_CASE("a wrong token is answered once and never repeated in a message", "[https]") {
  const std::string repository = make_repository();
  const auto store =
      open_http(https_server().fact("url") + "/" + name_of(repository), "wrong-token");
  const NewLines lines(https_server().fact("requests"));
  const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::denied);
  CHECK_FALSE(mentions(std::string(error->what()) + error->hint(), "wrong-token"));
  CHECK(lines() == std::vector{post(repository, "receive-pack") + " 401"});
}

TEST_CASE("a token that only reads is told from one that may do nothing", "[https]") {
  static const ServerProcess server("serve.py", {"--root", root(), "--read-only"});
  const std::string repository = make_repository();
  const auto store = open_http(server.fact("url") + "/" + name_of(repository));
  CHECK(read(*store, {claim}).empty());
  const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::read_only);
}

TEST_CASE("a certificate that nobody vouches for is refused, with advice", "[https]") {
  const std::string repository = make_repository();
  const std::string url = https_server().fact("url") + "/" + name_of(repository);
  const std::string trusted = std::getenv("SSL_CERT_FILE");
  const TemporaryDirectory directory;
  const std::string others = directory.path() / "others.pem";
  run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
       directory.path() / "key.pem", "-out", others, "-days", "2", "-subj", "/CN=somebody else"});
  const NewLines lines(https_server().fact("requests"));
  setenv("SSL_CERT_FILE", others.c_str(), 1);
  const auto error = error_of([&] { swap(*open_http(url, test_token), {create(claim, "x")}); });
  setenv("SSL_CERT_FILE", "/nonexistent/bundle.pem", 1);
  const auto missing = error_of([&] { open_http(url, test_token); });
  setenv("SSL_CERT_FILE", trusted.c_str(), 1);

  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::denied);
  CHECK(mentions(error->what(), "certificate"));
  CHECK(mentions(error->what(), "nothing was sent"));
  CHECK(mentions(error->hint(), "SSL_CERT_FILE"));
  CHECK(lines().empty());
  REQUIRE(missing);
  CHECK(missing->failure() == StoreFailure::denied);
  must_swap(*open_http(url, test_token), create(claim, "x"));
}

TEST_CASE("a directory of certificates is honoured", "[https]") {
  const std::string repository = make_repository();
  const std::string url = https_server().fact("url") + "/" + name_of(repository);
  const std::string trusted = std::getenv("SSL_CERT_FILE");
  const TemporaryDirectory directory;
  std::filesystem::copy_file(trusted, directory.path() / "authority.pem");
  unsetenv("SSL_CERT_FILE");
  setenv("SSL_CERT_DIR", directory.path().c_str(), 1);
  const auto store = open_http(url, test_token);
  CHECK(swap(*store, {create(claim, "x")}).at(0).result == SwapResult::swapped);
  setenv("SSL_CERT_FILE", trusted.c_str(), 1);
  unsetenv("SSL_CERT_DIR");
}

TEST_CASE("a token crosses the network only under TLS, and only to the address that was given",
          "[https]") {
  const std::string authorization = authorization_for_token("secret");
  const auto refused = [&](const std::string& url) {
    return error_of([&] { open_https_store({url, authorization}); });
  };
  for (const char* url : {"http://example.test/o/r.git", "http://127.0.0.1.example.test/o/r",
                          "http://localhost.example.test/r", "http://127.evil.test/r",
                          "http://10.0.0.1/r", "http://[2001:db8::1]:80/r"}) {
    INFO(url);
    const auto error = refused(url);
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::denied);
    CHECK(mentions(error->what(), "in clear"));
  }
  for (const char* url : {"http://127.0.0.1:1/r", "http://localhost/r", "http://[::1]:1/r",
                          "http://127.9.9.9/r", "https://example.test/r"}) {
    INFO(url);
    CHECK_FALSE(refused(url));
  }
  CHECK_FALSE(error_of([] { open_https_store({"http://example.test/r", ""}); }));
  for (const char* url :
       {"https://user:hunter2@example.test/r", "https://user@example.test/r",
        "ftp://example.test/r", "https:///r", "https://a b/r", "https://example.test/\r\nX: y"}) {
    INFO(url);
    const auto error = refused(url);
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::denied);
    CHECK_FALSE(mentions(error->what(), "hunter2"));
    CHECK_FALSE(mentions(error->what(), "\n"));
  }
  CHECK(error_of([] { open_https_store({"https://example.test/r", "Basic x\r\nX-Other: y"}); }));
}

TEST_CASE("redirects are not followed, so that the token stays where it was sent", "[https]") {
  const FaultyPlace place;
  const FaultyPlace elsewhere;
  must_swap(*elsewhere.direct(), create(claim, "trap"));
  const std::string service = GENERATE(as<std::string>{}, "upload-pack", "receive-pack");
  const std::vector<std::string> targets = {
      elsewhere.address() + "/info/refs?service=git-receive-pack", elsewhere.address(),
      "/elsewhere", ""};
  for (const int status : {301, 302, 307, 308}) {
    for (const auto& target : targets) {
      INFO(service << " " << status << " to " << target);
      place.plan(R"([{"fault": "status", "path": ")" + service + R"(", "status": )" +
                 std::to_string(status) + R"(, "headers": {"Location": ")" + target + R"("}}])");
      const NewLines lines(elsewhere.log());
      const NewLines requests(place.log());
      const auto store = open_http(place.address(), "secret");
      store->set_deadline(Clock::now() + 1min);
      const auto lost = error_of([&] {
        if (service == "upload-pack") {
          read(*store, {claim});
        } else {
          swap(*store, {create(claim, "x")});
        }
      });
      REQUIRE(lost);
      CHECK(lost->failure() == StoreFailure::unreadable);
      CHECK((mentions(lost->what(), "nothing was sent") ||
             mentions(lost->what(), "nothing was changed")));
      for (const auto& line : requests())
        CHECK_FALSE(mentions(line, "/elsewhere"));
      CHECK(lines().empty());
    }
  }
}

TEST_CASE("a message from the server cannot smuggle control characters into an error", "[https]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  place.plan(
      R"([{"fault": "garbage", "method": "POST", "headers": {"Content-Type": "application/x-git-upload-pack-result"},)"
      R"( "body": "0016ERR a\u001b[31mred\nline"}])");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { read(*store, {claim}); });
  REQUIRE(error);
  const std::string text = std::string(error->what()) + error->hint();
  for (const char c : text)
    CHECK(static_cast<unsigned char>(c) >= 0x20);
}
