// What the https store costs, and how it uses what a kept connection has shown.

#include "catch.h"
#include "http_place.h"

using namespace refgate;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

}  // namespace

TEST_CASE("each call costs as few requests as the protocol allows, and counts them right",
          "[https]") {
  const std::string server = GENERATE(as<std::string>{}, "http", "https");
  INFO(server);
  const Place place = backend(server).make();
  const ServerProcess& process = server == "http" ? http_server() : https_server();
  const NewLines lines(process.fact("requests"));
  const auto& repository = place.repository;
  std::vector<std::string> expected;
  const auto costs = [&](Store& store, std::uint64_t exchanges,
                         const std::vector<std::string>& requests) {
    for (const auto& request : requests)
      expected.push_back(request + " 200");
    CHECK(lines() == expected);
    CHECK(store.traffic().exchanges == exchanges);
  };

  const auto look = post(repository, "upload-pack");
  const auto fetch = post(repository, "upload-pack");
  const auto push = post(repository, "receive-pack");

  const auto first = place.open();
  const Version one = must_swap(*first, create(claim, "one"));
  costs(*first, 1, {push});
  CHECK(first->traffic().pushes == 1);

  // A lost creation has just looked, so that what is there costs one more.
  const auto second = place.open();
  CHECK(swap(*second, {create(claim, "late")}).at(0).result == SwapResult::stale);
  costs(*second, 2, {push, look});
  CHECK(read(*second, {claim}).at(claim).version == one);
  costs(*second, 3, {fetch});
  must_swap(*second, create("refs/refgate/claims/abc/other", "x"));
  costs(*second, 4, {push});

  // What is expected is known: the server compares it, and nothing is asked before.
  const auto third = place.open();
  const Version two = must_swap(*third, update(claim, one, "two"));
  costs(*third, 1, {push});
  must_swap(*third, update(claim, two, "three"));
  costs(*third, 2, {push});
  CHECK(read(*third, {claim}).at(claim).files.at("claim.json") == "three");
  costs(*third, 3, {look});

  const auto fourth = place.open();
  CHECK(fourth->list("refs/refgate/").size() == 2);
  costs(*fourth, 1, {look});
  CHECK(read(*fourth, {"refs/refgate/none"}).empty());
  costs(*fourth, 2, {look});
  CHECK(swap(*fourth, {create(claim, "three")}).at(0).result == SwapResult::swapped);
  costs(*fourth, 4, {push, look});

  const auto fifth = place.open();
  const Version third_one = must_swap(*fifth, create("refs/refgate/claims/abc/third", "x"));
  CHECK_FALSE(fifth->last_seen("refs/refgate/"));
  CHECK(swap(*fifth, {create("refs/refgate/a", "x"), create("refs/refgate/b", "x")}).at(1).result ==
        SwapResult::swapped);
  costs(*fifth, 2, {push, push});
  // A deletion looks first, once.
  must_swap(*fifth, remove("refs/refgate/claims/abc/third", third_one));
  costs(*fifth, 4, {look, push});
  CHECK(fifth->list("refs/refgate/claims/").size() == 2);
  costs(*fifth, 5, {look});
  CHECK(fifth->last_seen("refs/refgate/claims/abc/")->size() == 2);
  must_swap(*fifth, remove(claim, read(*fifth, {claim}).at(claim).version));
  costs(*fifth, 8, {look, fetch, push});
}

TEST_CASE("a look costs what it shows, not what the server holds", "[https]") {
  const Place place = backend("http").make();
  const Version one = must_swap(*place.open(), create(claim, "one"));
  std::string refs;
  for (int i = 0; i < 2000; ++i)
    refs += "create refs/heads/b" + std::to_string(i) + " " + one.id + "\n";
  run({"git", "-C", place.repository, "update-ref", "--stdin"}, refs);
  const auto store = place.open();
  CHECK(store->list("refs/refgate/").size() == 1);
  CHECK(swap(*store, {create(claim, "late")}).at(0).result == SwapResult::stale);
  // What a look at everything would have shown is not known afterwards.
  CHECK_FALSE(store->last_seen("refs/heads/"));
}

TEST_CASE("what an old advertisement shows is asked again before a swap is called stale",
          "[https]") {
  const Place place = backend("http").make();
  const auto store = place.open();
  const Version one = must_swap(*store, create(claim, "one"));
  const Version two = must_swap(*place.open(), update(claim, one, "two"));
  SECTION("an update from the newer value, which this store has not seen, is made") {
    must_swap(*store, update(claim, two, "three"));
  }
  SECTION("a deletion by others is seen") {
    must_swap(*place.open(), remove(claim, two));
    must_swap(*store, create(claim, "again"));
  }
  SECTION(
      "an update from the older value, which this store still shows, loses against the server's "
      "comparison") {
    const auto outcome = swap(*store, {update(claim, one, "three")}).at(0);
    CHECK(outcome.result == SwapResult::stale);
    CHECK(outcome.version == two);
  }
}

TEST_CASE("a connection that the server closed while it was idle is made anew", "[https]") {
  const FaultyPlace place;
  const auto store = place.open();
  const Version one = must_swap(*store, create(claim, "one"));
  // The next request on the kept connection finds it closed, with and without the server having
  // said so in time.
  place.plan(R"([{"fault": "refuse-connect", "method": "POST", "count": 1, "seconds": 0.2}])");
  const Version two = must_swap(*store, update(claim, one, "two"));
  place.plan("[]");
  CHECK(read(*place.direct(), {claim}).at(claim).version == two);
}
