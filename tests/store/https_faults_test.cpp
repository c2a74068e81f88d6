// The https store and servers and networks that fail.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.h"
#include "http_place.h"

using namespace refgate;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

}  // namespace

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
      {403,
       true,
       StoreFailure::read_only,
       {"permissions: contents: write", "workflow_run", "label", "never by `pull_request_target`"}},
      {404, false, StoreFailure::denied, {"address", "token"}},
      {404, true, StoreFailure::denied, {"address", "token"}},
      {400, true, StoreFailure::unreadable, {"address"}},
  };
  for (const auto& row : rows) {
    for (const char* rest : {"", R"(, "body": "\n", "headers": {"Content-Type": "text/html"})"}) {
      INFO(row.status << (row.writing ? " writing " : " reading ") << rest);
      const auto& url = place.address();
      place.plan(R"([{"fault": "status", "path": ")" +
                 std::string(row.writing ? "receive-pack" : "upload-pack") + R"(", "status": )" +
                 std::to_string(row.status) + rest + "}]");
      const auto store = open_http(url, "a-token");
      const auto error = error_of([&] {
        if (row.writing) {
          swap(*store, {create("refs/refgate/new", "x"), create("refs/refgate/newer", "x")});
        } else {
          read(*store, {claim});
        }
      });
      REQUIRE(error);
      CHECK(error->failure() == row.failure);
      CHECK(error->http_status() == row.status);
      CHECK(mentions(error->what(), std::to_string(row.status)));
      CHECK((mentions(error->what(), "nothing was sent") ||
             mentions(error->what(), "nothing was changed")));
      for (const auto& part : row.hint)
        CHECK(mentions(error->hint(), part));
      CHECK_FALSE(mentions(std::string(error->what()) + error->hint(), "a-token"));
    }
  }
}

TEST_CASE("a server that wants to be asked before it takes a push is asked", "[https]") {
  const FaultyPlace place;
  for (const int status : {400, 403, 404, 405, 415, 500}) {
    INFO(status);
    const std::string ref = claim + std::to_string(status);
    place.plan(R"([{"fault": "status", "method": "POST", "count": 1, "status": )" +
               std::to_string(status) + "}]");
    const auto store = place.open();
    must_swap(*store, create(ref, "one"));
    CHECK(store->traffic().exchanges == 3);
    CHECK(swap(*place.open(), {create(ref, "two")}).at(0).result == SwapResult::stale);
  }
}

TEST_CASE("a server in trouble is asked again until it answers", "[https]") {
  const FaultyPlace place;
  const std::string fault =
      GENERATE(as<std::string>{}, R"("fault": "status", "status": 503)",
               R"("fault": "status", "status": 429)", R"("fault": "status", "status": 500)",
               R"("fault": "cut-before")");
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
  CHECK(mentions(error->what(), "it was tried 5 times"));
  CHECK(mentions(error->what(), "not known"));
  // The push, and then four questions what became of it.
  CHECK(lines().size() == 5);
  CHECK(store->traffic().exchanges == 5);
  CHECK(store->traffic().pushes == 1);
}

TEST_CASE("a reply that is lost after the server did the work is found by reading back",
          "[https]") {
  const FaultyPlace place;
  const auto store = place.open();
  const NewLines lines(place.log());
  place.plan(R"([{"fault": "cut-after", "method": "POST", "path": "receive-pack", "count": 1}])");
  SECTION("a creation") {
    const Version made = must_swap(*store, create(claim, "one"));
    CHECK(read(*place.direct(), {claim}).at(claim).version == made);
    CHECK(lines().size() == 2);
    CHECK(store->traffic().exchanges == 2);
  }
  SECTION("a deletion") {
    const Version made = must_swap(*place.direct(), create(claim, "one"));
    must_swap(*store, remove(claim, made));
    CHECK(read(*place.direct(), {claim}).empty());
  }
  SECTION("when it cannot be read back either, the outcome is said to be unknown") {
    place.plan(
        R"([{"fault": "cut-after", "path": "git-receive-pack", "method": "POST"}, {"fault": "status"}])");
    store->set_deadline(Clock::now() + 2s);
    const auto error = error_of([&] { swap(*store, {create(claim, "one")}); });
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::unreachable);
    CHECK(mentions(error->what(), "not known"));
  }
}

TEST_CASE("a server that does not answer in time cannot hold a call beyond its deadline",
          "[https]") {
  const FaultyPlace place;
  must_swap(*place.direct(), create(claim, "one"));
  const std::string fault =
      GENERATE(as<std::string>{}, R"("fault": "silent")", R"("fault": "trickle", "seconds": 0.3)",
               R"("fault": "refuse-connect")");
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
  // A push that was sent and not answered may have been done.
  const bool sent = writing && !mentions(fault, "refuse");
  CHECK((mentions(error->what(), "nothing was sent") ||
         mentions(error->what(), "nothing was changed")) == !sent);
  CHECK(mentions(error->what(), "not known") == sent);
  CHECK(took < 30s);  // not a measure: without a limit it would never end
}

TEST_CASE(
    "a push that is never answered ends at the deadline, and says that its outcome is not known",
    "[https]") {
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
  const std::string body = GENERATE(as<std::string>{}, "<html>sign in</html>", "", "0000",
                                    "001e# service=git-upload-pack\\n0000zzzz", "ffff");
  const std::string type =
      GENERATE(as<std::string>{}, "text/html", "application/x-git-upload-pack-advertisement");
  INFO(body << " " << type);
  place.plan(R"([{"fault": "garbage", "headers": {"Content-Type": ")" + type + R"("}, "body": ")" +
             body + R"("}])");
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
  const std::string body =
      GENERATE(as<std::string>{}, "", "0000", "0008NAK\\n0000", "0008NAK\\n000a\\u0001PACKx0000",
               "0011ERR no such ref", "zzzz");
  INFO(body);
  place.plan(
      R"([{"fault": "garbage", "method": "POST", "nth": 2, "headers": {"Content-Type": "application/x-git-upload-pack-result"}, "body": ")" +
      body + R"("}])");
  const auto store = place.open();
  store->set_deadline(Clock::now() + 3s);
  CHECK(error_of([&] { read(*store, {claim}); }));
  place.plan("[]");
  store->set_deadline(Clock::now() + 1min);
  CHECK(read(*store, {claim}).size() == 1);
}

TEST_CASE("a name that does not exist ends in an error within the deadline", "[https]") {
  const auto store = open_http("https://no-such-host.invalid/r.git");
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { store->list("refs/refgate/"); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
  CHECK(mentions(error->what(), "no-such-host.invalid"));
}

TEST_CASE("an address that never accepts a connection ends in an error within the deadline",
          "[https]") {
  // A socket that listens and never accepts: its queue is filled, so that the next connection is
  // not answered.
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
  const auto store =
      open_http("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/r.git");
  store->set_deadline(Clock::now() + 2s);
  const auto error = error_of([&] { store->list("refs/refgate/"); });
  for (const int descriptor : waiting)
    close(descriptor);
  close(listening);
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
}
