// What the https store promises besides the contract: its costs, its answers to servers and networks that fail, and where a token may go.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "catch.h"
#include "places.h"
#include "store/temporary_directory.h"

using namespace refgate;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

/// The lines that a log has got since this object was made, and may still get while a call runs.
class NewLines {
 public:
  explicit NewLines(std::string path) : path_(std::move(path)), before_(lines_of(path_).size()) {}
  std::vector<std::string> operator()() const {
    auto lines = lines_of(path_);
    lines.erase(lines.begin(), lines.begin() + static_cast<long>(before_));
    return lines;
  }

 private:
  std::string path_;
  std::size_t before_;
};

std::string get(const std::string& repository, const char* service) { return "GET /" + name_of(repository) + "/info/refs?service=git-" + service; }
std::string post(const std::string& repository, const char* service) { return "POST /" + name_of(repository) + "/git-" + service; }

std::optional<StoreError> error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const StoreError& error) {
    return error;
  }
  return std::nullopt;
}

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The plain server behind a proxy with faults.
class FaultyPlace {
 public:
  FaultyPlace()
      : repository_(make_repository()), proxy_("faults.py", {"--upstream", http_server().fact("url"), "--plan", plan_file(), "--requests", log()}) {}

  void plan(const std::string& rules) const { write_file(plan_file(), rules); }
  std::string plan_file() const { return directory_.path() / "plan.json"; }
  std::string log() const { return directory_.path() / "requests"; }
  std::shared_ptr<Store> open() const { return open_http(proxy_.fact("url") + "/" + name_of(repository_)); }
  std::shared_ptr<Store> direct() const { return open_http(http_server().fact("url") + "/" + name_of(repository_)); }

  /// Until nobody listens any more.
  void await_closed_port() const {
    const std::string url = proxy_.fact("url");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    for (bool accepted = true; accepted;) {
      const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      accepted = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      close(probe);
    }
  }

 private:
  TemporaryDirectory directory_;
  std::string repository_;
  ServerProcess proxy_;
};

}  // namespace

TEST_CASE("each call costs as few requests as the protocol allows, and counts them right", "[https]") {
  const std::string server = GENERATE(as<std::string>{}, "http", "https");
  INFO(server);
  const Place place = backend(server).make();
  const ServerProcess& process = server == "http" ? http_server() : https_server();
  const NewLines lines(process.fact("requests"));
  const auto& repository = place.repository;
  std::vector<std::string> expected;
  const auto costs = [&](Store& store, std::uint64_t exchanges, const std::vector<std::string>& requests) {
    for (const auto& request : requests) expected.push_back(request + " 200");
    CHECK(lines() == expected);
    CHECK(store.traffic().exchanges == exchanges);
  };

  const auto first = place.open();
  const Version one = must_swap(*first, create(claim, "one"));
  costs(*first, 2, {get(repository, "receive-pack"), post(repository, "receive-pack")});
  CHECK(first->traffic().pushes == 1);

  const auto second = place.open();
  CHECK(swap(*second, {create(claim, "late")}).at(0).result == SwapResult::stale);
  costs(*second, 1, {get(repository, "receive-pack")});
  CHECK(second->traffic().pushes == 0);
  CHECK(read(*second, {claim}).at(claim).version == one);
  costs(*second, 3, {get(repository, "upload-pack"), post(repository, "upload-pack")});
  must_swap(*second, create("refs/refgate/claims/abc/other", "x"));
  costs(*second, 4, {post(repository, "receive-pack")});

  const auto third = place.open();
  const Version two = must_swap(*third, update(claim, one, "two"));
  costs(*third, 2, {get(repository, "receive-pack"), post(repository, "receive-pack")});
  must_swap(*third, update(claim, two, "three"));
  costs(*third, 3, {post(repository, "receive-pack")});
  CHECK(read(*third, {claim}).at(claim).files.at("claim.json") == "three");
  costs(*third, 4, {get(repository, "upload-pack")});

  const auto fourth = place.open();
  CHECK(fourth->list("refs/refgate/").size() == 2);
  costs(*fourth, 1, {get(repository, "upload-pack")});
  CHECK(read(*fourth, {"refs/refgate/none"}).empty());
  costs(*fourth, 2, {get(repository, "upload-pack")});
  CHECK(swap(*fourth, {create(claim, "three")}).at(0).result == SwapResult::swapped);
  costs(*fourth, 3, {get(repository, "receive-pack")});
}

TEST_CASE("what an old advertisement shows is asked again before a swap is called stale", "[https]") {
  const Place place = backend("http").make();
  const auto store = place.open();
  const Version one = must_swap(*store, create(claim, "one"));
  const Version two = must_swap(*place.open(), update(claim, one, "two"));
  SECTION("an update from the newer value, which this store has not seen, is made") { must_swap(*store, update(claim, two, "three")); }
  SECTION("a deletion by others is seen") {
    must_swap(*place.open(), remove(claim, two));
    must_swap(*store, create(claim, "again"));
  }
  SECTION("an update from the older value, which this store still shows, loses against the server's comparison") {
    const auto outcome = swap(*store, {update(claim, one, "three")}).at(0);
    CHECK(outcome.result == SwapResult::stale);
    CHECK(outcome.version == two);
  }
}

TEST_CASE("a server that says no is quoted with what to change", "[https]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  struct Row {
    int status;
    bool writing;
    StoreFailure failure;
    std::vector<std::string> hint;
  };
  const std::vector<Row> rows = {
      {401, false, StoreFailure::denied, {"expired"}},
      {401, true, StoreFailure::denied, {"expired"}},
      {403, false, StoreFailure::denied, {"permissions: contents"}},
      {403, true, StoreFailure::read_only, {"permissions: contents: write", "workflow_run", "label", "never by `pull_request_target`"}},
      {404, false, StoreFailure::denied, {"address", "token"}},
      {404, true, StoreFailure::denied, {"address", "token"}},
      {400, true, StoreFailure::unreadable, {"address"}},
  };
  for (const auto& row : rows) {
    for (const char* method : {"GET", "POST"}) {
      INFO(row.status << (row.writing ? " writing " : " reading ") << method);
      const auto& url = place.open()->describe();
      place.plan(R"([{"fault": "status", "method": ")" + std::string(method) + R"(", "status": )" + std::to_string(row.status) + "}]");
      const auto store = open_http(url, "a-token");
      const auto error = error_of([&] {
        if (row.writing) {
          swap(*store, {create("refs/refgate/new", "x")});
        } else {
          read(*store, {claim});
        }
      });
      REQUIRE(error);
      CHECK(error->failure() == row.failure);
      CHECK(error->http_status() == row.status);
      CHECK(mentions(error->what(), std::to_string(row.status)));
      CHECK((mentions(error->what(), "nothing was sent") || mentions(error->what(), "nothing was changed")));
      for (const auto& part : row.hint) CHECK(mentions(error->hint(), part));
      CHECK_FALSE(mentions(std::string(error->what()) + error->hint(), "a-token"));
    }
  }
}

TEST_CASE("without a token the advice is to give one", "[https]") {
  const std::string repository = make_repository();
  const auto store = open_http(https_server().fact("url") + "/" + name_of(repository));
  const NewLines lines(https_server().fact("requests"));
  const auto error = error_of([&] { read(*store, {claim}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::denied);
  CHECK(error->http_status() == 401);
  CHECK(mentions(error->hint(), "REFGATE_TOKEN"));
  CHECK(lines() == std::vector{get(repository, "upload-pack") + " 401"});
}

TEST_CASE("a wrong token is answered once and never repeated in a message", "[https]") {
  const std::string repository = make_repository();
  const auto store = open_http(https_server().fact("url") + "/" + name_of(repository), "wrong-token");
  const NewLines lines(https_server().fact("requests"));
  const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::denied);
  CHECK_FALSE(mentions(std::string(error->what()) + error->hint(), "wrong-token"));
  CHECK(lines() == std::vector{get(repository, "receive-pack") + " 401"});
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

TEST_CASE("a server in trouble is asked again until it answers", "[https]") {
  const FaultyPlace place;
  const std::string fault = GENERATE(as<std::string>{}, R"("fault": "status", "status": 503)", R"("fault": "status", "status": 429)",
                                     R"("fault": "status", "status": 500)", R"("fault": "cut-before")");
  INFO(fault);
  const auto store = place.open();
  place.plan("[{" + fault + R"(, "count": 2}])");
  const Version one = must_swap(*store, create(claim, "one"));
  place.plan("[{" + fault + R"(, "count": 2, "method": "POST"}])");
  const Version two = must_swap(*store, update(claim, one, "two"));
  place.plan("[{" + fault + R"(, "count": 2}])");
  CHECK(read(*place.open(), {claim}).at(claim).version == two);
  place.plan("[{" + fault + R"(, "count": 2, "method": "POST"}])");
  CHECK(place.open()->read_all("refs/refgate/").at(claim).version == two);
}

TEST_CASE("a server that stays in trouble ends in an error that counts the tries", "[https]") {
  const FaultyPlace place;
  const int status = GENERATE(429, 503);
  place.plan(R"([{"fault": "status", "status": )" + std::to_string(status) + "}]");
  const auto store = place.open();
  store->set_deadline(Clock::time_point::max());
  const NewLines lines(place.log());
  const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
  CHECK(error->http_status() == status);
  CHECK(mentions(error->what(), "it was tried 4 times"));
  CHECK(mentions(error->what(), "nothing was sent"));
  CHECK(lines().size() == 4);
  CHECK(store->traffic().exchanges == 4);
  CHECK(store->traffic().pushes == 0);
}

TEST_CASE("a reply that is lost after the server did the work is found by reading back", "[https]") {
  const FaultyPlace place;
  const auto store = place.open();
  const NewLines lines(place.log());
  place.plan(R"([{"fault": "cut-after", "method": "POST", "path": "receive-pack", "count": 1}])");
  SECTION("a creation") {
    const Version made = must_swap(*store, create(claim, "one"));
    CHECK(read(*place.direct(), {claim}).at(claim).version == made);
    CHECK(lines().size() == 3);
    CHECK(store->traffic().exchanges == 3);
  }
  SECTION("a deletion") {
    const Version made = must_swap(*place.direct(), create(claim, "one"));
    must_swap(*store, remove(claim, made));
    CHECK(read(*place.direct(), {claim}).empty());
  }
  SECTION("when it cannot be read back either, the outcome is said to be unknown") {
    place.plan(R"([{"fault": "cut-after", "method": "POST"}, {"fault": "status", "method": "GET", "nth": 2}])");
    store->set_deadline(Clock::now() + 2s);
    const auto error = error_of([&] { swap(*store, {create(claim, "one")}); });
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::unreachable);
    CHECK(mentions(error->what(), "not known"));
  }
}

TEST_CASE("a server that does not answer in time cannot hold a call beyond its deadline", "[https]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  const std::string fault =
      GENERATE(as<std::string>{}, R"("fault": "silent")", R"("fault": "trickle", "seconds": 0.3)", R"("fault": "refuse-connect")");
  const bool writing = GENERATE(false, true);
  INFO(fault << (writing ? " writing" : " reading"));
  const auto store = place.open();
  place.plan("[{" + fault + "}]");
  if (mentions(fault, "refuse")) place.await_closed_port();
  const auto start = Clock::now();
  store->set_deadline(start + 2s);
  const auto error = error_of([&] {
    if (writing) {
      swap(*store, {create("refs/refgate/new", "x")});
    } else {
      read(*store, {claim});
    }
  });
  const auto took = Clock::now() - start;
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
  CHECK((mentions(error->what(), "nothing was sent") || mentions(error->what(), "nothing was changed")));
  CHECK(took < 30s);  // not a measure: without a limit it would never end
}

TEST_CASE("a push that is never answered ends at the deadline, and says that its outcome is not known", "[https]") {
  const FaultyPlace place;
  place.plan(R"([{"fault": "silent", "method": "POST"}])");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
  CHECK(mentions(error->what(), "not known"));
}

TEST_CASE("an answer that is not git's is not taken for a network that fails", "[https]") {
  const FaultyPlace place;
  const std::string body = GENERATE(as<std::string>{}, "<html>sign in</html>", "", "0000", "001e# service=git-upload-pack\\n0000zzzz", "ffff");
  const std::string type = GENERATE(as<std::string>{}, "text/html", "application/x-git-upload-pack-advertisement");
  INFO(body << " " << type);
  place.plan(R"([{"fault": "garbage", "headers": {"Content-Type": ")" + type + R"("}, "body": ")" + body + R"("}])");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 3s);
  const auto error = error_of([&] { read(*store, {claim}); });
  REQUIRE(error);
  if (type == "text/html") CHECK(error->failure() == StoreFailure::unreadable);
  CHECK(error->failure() != StoreFailure::denied);
}

TEST_CASE("a pack that is not git's does no harm", "[https]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  const std::string body = GENERATE(as<std::string>{}, "", "0000", "0008NAK\\n0000", "0008NAK\\n000a\\u0001PACKx0000", "0011ERR no such ref", "zzzz");
  INFO(body);
  place.plan(R"([{"fault": "garbage", "method": "POST", "headers": {"Content-Type": "application/x-git-upload-pack-result"}, "body": ")" + body +
             R"("}])");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 3s);
  CHECK(error_of([&] { read(*store, {claim}); }));
  place.plan("[]");
  store->set_deadline(Clock::now() + 1min);
  CHECK(read(*store, {claim}).size() == 1);
}

TEST_CASE("a certificate that nobody vouches for is refused, with advice", "[https]") {
  const std::string repository = make_repository();
  const std::string url = https_server().fact("url") + "/" + name_of(repository);
  const std::string trusted = std::getenv("SSL_CERT_FILE");
  const TemporaryDirectory directory;
  const std::string others = directory.path() / "others.pem";
  run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", directory.path() / "key.pem", "-out", others, "-days", "2", "-subj",
       "/CN=somebody else"});
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

TEST_CASE("a token crosses the network only under TLS, and only to the address that was given", "[https]") {
  const std::string authorization = authorization_for_token("secret");
  const auto refused = [&](const std::string& url) { return error_of([&] { open_https_store({url, authorization}); }); };
  for (const char* url : {"http://example.test/o/r.git", "http://127.0.0.1.example.test/o/r", "http://localhost.example.test/r",
                          "http://127.evil.test/r", "http://10.0.0.1/r", "http://[2001:db8::1]:80/r"}) {
    INFO(url);
    const auto error = refused(url);
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::denied);
    CHECK(mentions(error->what(), "in clear"));
  }
  for (const char* url : {"http://127.0.0.1:1/r", "http://localhost/r", "http://[::1]:1/r", "http://127.9.9.9/r", "https://example.test/r"}) {
    INFO(url);
    CHECK_FALSE(refused(url));
  }
  CHECK_FALSE(error_of([] { open_https_store({"http://example.test/r", ""}); }));
  for (const char* url : {"https://user:hunter2@example.test/r", "https://user@example.test/r", "ftp://example.test/r", "https:///r", "https://a b/r",
                          "https://example.test/\r\nX: y"}) {
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
  const std::string target = elsewhere.open()->describe() + "/info/refs?service=git-receive-pack";
  for (const int status : {301, 302, 307, 308}) {
    INFO(status);
    place.plan(R"([{"fault": "status", "status": )" + std::to_string(status) + R"(, "headers": {"Location": ")" + target + R"("}}])");
    const NewLines lines(elsewhere.log());
    const auto store = open_http(place.open()->describe(), "secret");
    store->set_deadline(Clock::now() + 3s);
    const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
    REQUIRE(error);
    CHECK(mentions(error->what(), "nothing was sent"));
    CHECK(lines().empty());
  }
}

TEST_CASE("a connection that the server closed while it was idle is made anew", "[https]") {
  const FaultyPlace place;
  const auto store = place.open();
  const Version one = must_swap(*store, create(claim, "one"));
  // The next request on the kept connection finds it closed, with and without the server having said so in time.
  place.plan(R"([{"fault": "refuse-connect", "method": "POST", "count": 1, "seconds": 0.2}])");
  const Version two = must_swap(*store, update(claim, one, "two"));
  place.plan("[]");
  CHECK(read(*place.direct(), {claim}).at(claim).version == two);
}

TEST_CASE("a name that does not exist ends in an error within the deadline", "[https]") {
  const auto store = open_http("https://no-such-host.invalid/r.git");
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { store->list("refs/refgate/"); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
  CHECK(mentions(error->what(), "no-such-host.invalid"));
}

TEST_CASE("an address that never accepts a connection ends in an error within the deadline", "[https]") {
  // A socket that listens and never accepts: its queue is filled, so that the next connection is not answered.
  const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(listening, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listening, 0) == 0);
  REQUIRE(getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  std::vector<int> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    connect(waiting.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  const auto store = open_http("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/r.git");
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { store->list("refs/refgate/"); });
  for (const int descriptor : waiting) close(descriptor);
  close(listening);
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
}

TEST_CASE("a message from the server cannot smuggle control characters into an error", "[https]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  place.plan(R"([{"fault": "garbage", "method": "POST", "headers": {"Content-Type": "application/x-git-upload-pack-result"},)"
             R"( "body": "0016ERR a\u001b[31mred\nline"}])");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { read(*store, {claim}); });
  REQUIRE(error);
  const std::string text = std::string(error->what()) + error->hint();
  for (const char c : text) CHECK(static_cast<unsigned char>(c) >= 0x20);
}
