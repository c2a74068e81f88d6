// HTTP as it is met, over plain connections and over TLS alike.

#include <filesystem>

#include "catch.h"
#include "http_place.h"

using namespace refgate;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

/// Make, look, change, lose, delete: all that a claim goes through.
void live(const FaultyPlace& place) {
  const auto store = place.open();
  store->set_deadline(Clock::now() + 30s);
  const Version one = must_swap(*store, create(claim, "one"));
  CHECK(read(*place.open(), {claim}).at(claim).files.at("claim.json") == "one");
  CHECK(swap(*place.open(), {create(claim, "late")}).at(0).result == SwapResult::stale);
  const Version two = must_swap(*store, update(claim, one, "two"));
  CHECK(store->read_all("refs/refgate/").at(claim).version == two);
  must_swap(*store, remove(claim, two));
  CHECK(read(*place.direct(), {claim}).empty());
}

std::string words_of(const std::optional<StoreError>& error) {
  REQUIRE(error);
  return std::string(error->what()) + " | " + error->hint();
}

}  // namespace

TEST_CASE("answers in each form that HTTP/1 has are understood", "[https][wire]") {
  const bool tls = GENERATE(false, true);
  const FaultyPlace place(tls);
  const std::string form = GENERATE(
      as<std::string>{}, R"("interim": [100])", R"("interim": [103, 100, 103])",
      R"("form": "chunked")", R"("form": "chunked", "unsaid": true)", R"("form": "1.0")",
      R"("unsaid": true)", R"("headers": {"Connection": "close"})", R"("fault": "no-length")");
  INFO((tls ? "https " : "http ") << form);
  place.plan(mentions(form, "fault") ? "[{" + form + "}]"
                                     : R"([{"fault": "reshape", )" + form + "}]");
  live(place);
}

TEST_CASE("a push that a gateway carried out and answered otherwise is settled by a look",
          "[https][wire]") {
  const bool tls = GENERATE(false, true);
  const int status = GENERATE(504, 502, 500, 403, 404, 400);
  INFO((tls ? "https " : "http ") << status);
  const FaultyPlace place(tls);
  const std::string done =
      R"({"fault": "reshape", "method": "POST", "path": "git-receive-pack", "status": )" +
      std::to_string(status) + "}";
  place.plan("[" + done + "]");
  const Version one = must_swap(*place.open(), create(claim, "one"));
  must_swap(*place.open(), update(claim, one, "two"));
  // Where nothing can be looked at, nothing is said to have been left alone.
  place.plan("[" + done + R"(, {"fault": "status", "status": )" + std::to_string(status) + "}]");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 1s);
  const auto words = words_of(error_of([&] { swap(*store, {create(claim + "2", "x")}); }));
  INFO(words);
  CHECK(mentions(words, "not known"));
  CHECK_FALSE(mentions(words, "nothing was"));
  CHECK(read(*place.direct(), {claim + "2"}).size() == 1);
}

TEST_CASE("a push that is too large is sent in smaller ones, what decides first", "[https][wire]") {
  const bool tls = GENERATE(false, true);
  const FaultyPlace place(tls);
  place.plan(R"([{"fault": "too-large", "most": 700}])");
  const auto store = place.open();
  std::vector<Change> changes = {create("refs/notes/refgate/20261122/a", "line a"),
                                 create(claim, "one"),
                                 create("refs/notes/refgate/20261122/b", "line b")};
  changes[1].decisive = true;
  for (const auto& outcome : swap(*store, changes))
    CHECK(outcome.result == SwapResult::swapped);
  const auto error = error_of(
      [&] { swap(*store, {create("refs/refgate/results/x", std::string(5000, 'x') + "\1y")}); });
  place.plan(R"([{"fault": "too-large", "most": 10}])");
  const auto small = words_of(error_of([&] { swap(*place.open(), {create(claim + "2", "x")}); }));
  CHECK(mentions(small, "413"));
  CHECK(mentions(small, "nothing was changed"));
}

TEST_CASE("a server that asks to be left alone is", "[https][wire]") {
  const bool tls = GENERATE(false, true);
  const std::string answer = GENERATE(
      as<std::string>{}, R"("status": 429, "headers": {"Retry-After": "1"})",
      R"("status": 503, "headers": {"Retry-After": "1"})",
      R"("status": 403, "headers": {"Retry-After": "1"})",
      R"("status": 403, "headers": {"Retry-After": "1"}, "body": "You have exceeded a secondary rate limit")");
  const std::string path = GENERATE(as<std::string>{}, "upload-pack", "git-receive-pack");
  INFO((tls ? "https " : "http ") << answer << " " << path);
  const FaultyPlace place(tls);
  const Version one = must_swap(*place.direct(), create(claim, "one"));
  place.plan(R"([{"fault": "status", "count": 1, "path": ")" + path + "\", " + answer + "}]");
  const auto store = place.open();
  const auto start = Clock::now();
  if (path == "upload-pack") {
    CHECK(read(*store, {claim}).size() == 1);
  } else {
    must_swap(*store, update(claim, one, "two"));
  }
  CHECK(Clock::now() - start >= 1s);
}

TEST_CASE("a pause beyond the deadline ends the call at once, and is told", "[https][wire]") {
  const bool tls = GENERATE(false, true);
  const int status = GENERATE(429, 503, 403);
  const bool writing = GENERATE(false, true);
  INFO((tls ? "https " : "http ") << status << (writing ? " writing" : " reading"));
  const FaultyPlace place(tls);
  const Version one = must_swap(*place.direct(), create(claim, "one"));
  place.plan(R"([{"fault": "status", "status": )" + std::to_string(status) +
             R"(, "headers": {"Retry-After": "60"}}])");
  const NewLines lines(place.log());
  const auto store = place.open();
  store->set_deadline(Clock::now() + 20s);
  const auto error = error_of([&] {
    if (writing) {
      swap(*store, {update(claim, one, "two")});
    } else {
      read(*store, {claim});
    }
  });
  const auto words = words_of(error);
  INFO(words);
  CHECK(error->failure() == StoreFailure::unreachable);
  CHECK(mentions(words, "asks to wait 1m"));
  CHECK(mentions(words, "busy until 20"));
  CHECK(mentions(words, "not known") == writing);
  CHECK(lines().size() == 1);
}

TEST_CASE("what a server says with a status is told before any advice", "[https][wire]") {
  struct Row {
    int status;
    const char* type;
    const char* body;
    const char* told;  ///< nothing of it when empty
    bool advised;      ///< ours fits
    StoreFailure writing;
  };
  const std::vector<Row> rows = {
      {403, "text/plain", "IP allow list enabled, and your IP address is not permitted",
       "IP allow list enabled", false, StoreFailure::denied},
      {403, "application/json", R"({\"message\": \"Resource protected by organization SAML\"})",
       "organization SAML", false, StoreFailure::denied},
      {403, "text/plain", "This repository was archived so it is read-only.", "archived", false,
       StoreFailure::read_only},
      {403, "text/plain", "remote: Write access to repository not granted.\\nmore",
       "Write access to repository not granted", true, StoreFailure::read_only},
      {403, "text/html", "<html><body>No</body></html>", "", true, StoreFailure::read_only},
      {403, "text/plain", "", "", true, StoreFailure::read_only},
      {403, "text/plain", "You have triggered an abuse detection mechanism", "abuse detection",
       false, StoreFailure::unreachable},
      {404, "text/plain", "Repository is being migrated", "being migrated", false,
       StoreFailure::denied},
      {404, "text/plain", "Not Found", "Not Found", true, StoreFailure::denied},
      {401, "text/plain", "Bad credentials", "Bad credentials", true, StoreFailure::denied},
      {503, "text/plain", "maintenance \\u001b[31muntil noon", "maintenance", false,
       StoreFailure::unreachable},
      {400, "text/plain", "push too old", "push too old", false, StoreFailure::unreadable},
  };
  const FaultyPlace place;
  for (const auto& row : rows) {
    for (const bool writing : {false, true}) {
      INFO(row.status << " " << row.body << (writing ? " writing" : " reading"));
      place.plan(R"([{"fault": "status", "path": ")" +
                 std::string(writing ? "receive-pack" : "upload-pack") + R"(", "status": )" +
                 std::to_string(row.status) + R"(, "headers": {"Content-Type": ")" + row.type +
                 R"("}, "body": ")" + row.body + "\"}]");
      const auto store = open_http(place.address(), "a-token");
      store->set_deadline(Clock::now() + 1s);
      const auto error = error_of([&] {
        if (writing) {
          swap(*store, {create(claim, "x")});
        } else {
          read(*store, {claim});
        }
      });
      REQUIRE(error);
      const std::string what = error->what();
      INFO(what << " | " << error->hint());
      CHECK(mentions(what, row.told));
      CHECK_FALSE(mentions(what, "<html>"));
      CHECK_FALSE(mentions(what, "\x1b"));
      CHECK(mentions(error->hint(), "permissions: contents") == (row.advised && row.status != 401));
      if (writing) CHECK(error->failure() == row.writing);
    }
  }
}

TEST_CASE("the server's clock is known from its answers", "[https][wire]") {
  const bool tls = GENERATE(false, true);
  const FaultyPlace place(tls);
  const auto store = place.open();
  CHECK_FALSE(store->server_clock());
  place.plan(R"([{"fault": "reshape", "headers": {"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}}])");
  must_swap(*store, create(claim, "one"));
  REQUIRE(store->server_clock());
  CHECK(format_rfc3339(store->server_clock()->server) == "1994-11-06T08:49:37.000Z");
  CHECK(store->server_clock()->ahead() > std::chrono::hours(24 * 365 * 30));
}

TEST_CASE("a repository without all of its history is used as any other", "[https][wire]") {
  const FaultyPlace place;
  const Version one = must_swap(*place.direct(), create("refs/refgate/claims/root", "x"));
  write_file(place.repository() + "/shallow", one.id + "\n");
  // In protocol version 0, too, which shows where the history ends.
  const std::string version = GENERATE(
      as<std::string>{}, "[]",
      R"([{"fault": "status", "status": 400, "method": "POST", "path": "upload-pack", "nth": 1, "count": 1}])");
  INFO(version);
  place.plan(version);
  const auto store = place.open();
  CHECK(read(*store, {"refs/refgate/claims/root"}).size() == 1);
  place.plan("[]");
  live(place);
}

TEST_CASE("a repository with SHA-256 names is named by every call", "[https][wire]") {
  const std::string repository = make_repository();
  std::filesystem::remove_all(repository);
  run({"git", "init", "--quiet", "--bare", "--object-format=sha256", repository});
  run({"git", "-C", repository, "config", "http.receivepack", "true"});
  const auto store = open_http(http_server().fact("url") + "/" + name_of(repository));
  store->set_deadline(Clock::now() + 20s);
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { swap(*store, {create(claim, "x")}); }, [&] { store->list("refs/refgate/"); },
           [&] { store->read_all("refs/refgate/"); }}) {
    const auto error = error_of(call);
    const auto words = words_of(error);
    INFO(words);
    CHECK(error->failure() == StoreFailure::unreadable);
    CHECK(mentions(words, "SHA-256"));
    CHECK(mentions(words, "nothing was changed"));
  }
}

TEST_CASE("an error as the answer to a listing is told in the server's words", "[https][wire]") {
  const FaultyPlace place;
  const auto store = place.open();
  store->set_deadline(Clock::now() + 20s);
  CHECK(store->list("refs/refgate/").empty());
  place.plan(
      R"([{"fault": "garbage", "method": "POST", "path": "upload-pack",
           "headers": {"Content-Type": "application/x-git-upload-pack-result"},
           "body": "0020ERR the shelf is being moved"}])");
  const auto words = words_of(error_of([&] { store->list("refs/refgate/"); }));
  INFO(words);
  CHECK(mentions(words, "the shelf is being moved"));
  CHECK(mentions(words, "nothing was changed"));
}

TEST_CASE("refs that are kept and not shown to readers are named", "[https][wire]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  run({"git", "-C", place.repository(), "config", "uploadpack.hideRefs", "refs/refgate"});
  const NewLines lines(place.log());
  const auto store = place.open();
  store->set_deadline(Clock::now() + 20s);
  Change deciding = create(claim, "two");
  deciding.decisive = true;
  const auto error = error_of([&] { swap(*store, {deciding}); });
  const auto words = words_of(error);
  INFO(words);
  CHECK(error->failure() == StoreFailure::unreadable);
  CHECK(mentions(words, claim));
  CHECK(mentions(words, "--namespace"));
  CHECK(store->traffic().pushes == 2);
  // A reader that lags is looked at for some seconds, after growing pauses.
  CHECK(lines().size() <= 20);
}

TEST_CASE("a dead proxy is named as one", "[https][wire]") {
  const bool all = GENERATE(false, true);
  setenv(all ? "all_proxy" : "https_proxy", "127.0.0.1:9", 1);
  const auto store = open_http("https://example.test/r.git", "a-token");
  store->set_deadline(Clock::now() + 500ms);
  const auto error = error_of([&] { store->list("refs/refgate/"); });
  setenv("no_proxy", "example.org, .test:443", 1);
  const auto around = open_http("https://no-such-host.invalid.test/r.git", "a-token");
  around->set_deadline(Clock::now() + 500ms);
  const auto direct = error_of([&] { around->list("refs/refgate/"); });
  for (const char* name : {"all_proxy", "https_proxy", "no_proxy"})
    unsetenv(name);
  CHECK(mentions(words_of(error), "the proxy 127.0.0.1:9"));
  REQUIRE(direct);
  CHECK_FALSE(mentions(direct->what(), "the proxy"));
}
