#include "core/governing/pool.h"

#include "catch.h"
#include "core/claim/transition.h"

using namespace refgate;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const Instant start(1'800'000'000s);

Ticket ticket(const std::string& id) {
  return {id,
          "refs/refgate/claims/commit-" + id + "/agent.yml",
          "100" + id,
          {},
          "agent-push-" + id,
          "Agent",
          start};
}

Queue pool_of(std::initializer_list<const char*> ids) {
  Queue pool;
  pool.group = "default";
  for (const char* id : ids)
    pool = with_slot(std::move(pool), ticket(id));
  return pool;
}

IsDead dead(std::initializer_list<std::string> which) {
  return [names = std::vector<std::string>(which)](const Ticket& each) {
    return std::find(names.begin(), names.end(), each.claim_id) != names.end();
  };
}

std::string ids(const std::vector<Ticket>& tickets) {
  std::string all;
  for (const Ticket& each : tickets)
    all += each.claim_id;
  return all;
}

Claim claim_of(ClaimState state) {
  Claim claim;
  claim.claim_id = "a";
  claim.generation = 3;
  claim.state = state;
  claim.claimed_at = start;
  claim.attempts = 1;
  return claim;
}

}  // namespace

TEST_CASE("slots are a number, and may name their pool") {
  const struct {
    const char* text;
    const char* pool;
    unsigned most;
  } rows[] = {{"1", "default", 1},
              {"3", "default", 3},
              {"500", "default", 500},
              {"model:3", "model", 3},
              {"gpt-5.1_big:12", "gpt-5.1_big", 12}};
  for (const auto& [text, pool, most] : rows) {
    INFO(text);
    const auto parsed = parse_slots(text);
    REQUIRE(std::holds_alternative<Slots>(parsed));
    CHECK(std::get<Slots>(parsed) == Slots{pool, most});
  }
}

TEST_CASE("what is no number of slots, or no name of a pool, is told") {
  const std::string longest(60, 'x');
  CHECK(std::holds_alternative<Slots>(parse_slots(longest + ":1")));
  for (const std::string& text : {""s,
                                  "0"s,
                                  "501"s,
                                  "-1"s,
                                  "+1"s,
                                  " 1"s,
                                  "1 "s,
                                  "three"s,
                                  "1.5"s,
                                  "99999999999999"s,
                                  ":3"s,
                                  "model:"s,
                                  "3:model"s,
                                  "a/b:3"s,
                                  "a:b:3"s,
                                  "a b:3"s,
                                  ".a:3"s,
                                  "a.:3"s,
                                  "a..b:3"s,
                                  "a.lock:3"s,
                                  "a,@outside:3"s,
                                  "%61:3"s,
                                  "ä:3"s,
                                  longest + "x:1"}) {
    INFO(text);
    const auto parsed = parse_slots(text);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK(std::get<std::string>(parsed).find("slots is \"" + text) == 0);
  }
}

TEST_CASE("a pool has a ref, and what comes from outside one beside it") {
  CHECK(slots_ref("model", Trust::repository, "refgate") == "refs/refgate/slots/model");
  CHECK(slots_ref("model", Trust::outside, "a/b") == "refs/a/b/slots/model,@outside");
  CHECK(pool_named("refs/a/b/slots/model,@outside") == "model,@outside");
  CHECK(is_slots_ref("refs/refgate/slots/model", "refgate"));
  CHECK(is_slots_ref("refs/refgate/slots/model,@outside", "refgate"));
  for (const char* ref :
       {"", "refs/refgate/slots/", "refs/refgate/slots/,@outside", "refs/refgate/slots/a/b",
        "refs/refgate/slots/a,@x", "refs/other/slots/model", "refs/refgate/queues/model",
        "refs/heads/main", "refs/refgate/slots/a b", "refs/refgate/slots/.."}) {
    INFO(ref);
    CHECK_FALSE(is_slots_ref(ref, "refgate"));
  }
}

TEST_CASE("a place among those that live is found, whoever is dead") {
  const struct {
    const char* claim;
    std::size_t most;
    IsDead dead;
    const char* before;
  } rows[] = {
      {"a", 2, dead({}), ""},          {"b", 2, dead({}), "a"},     {"c", 2, dead({}), "ab"},
      {"d", 2, dead({}), "ab"},        {"d", 2, dead({"a"}), "bc"}, {"c", 2, dead({"a"}), "b"},
      {"d", 2, dead({"a", "c"}), "b"}, {"c", 1, dead({"b"}), "a"},  {"e", 9, dead({"d"}), "abc"}};
  const Queue pool = pool_of({"a", "b", "c", "d"});
  for (const auto& row : rows) {
    INFO(row.claim << " of " << row.most);
    CHECK(ids(living_before(pool, row.claim, row.most, row.dead)) == row.before);
  }
  CHECK(living_before({}, "a", 2, dead({})).empty());
}

TEST_CASE("a place gets no worse by those who come or leave") {
  Queue pool = pool_of({"a", "b", "c"});
  const auto places = [&] { return living_before(pool, "c", 9, dead({})).size(); };
  CHECK(places() == 2);
  pool = with_slot(pool, ticket("d"));
  CHECK(with_slot(pool, ticket("d")) == pool);
  CHECK(places() == 2);
  pool = without_dead(pool, dead({"d", "a"}), start);
  CHECK(ids(pool.tickets) == "bc");
  CHECK(places() == 1);
}

TEST_CASE("a pool that takes no more is full") {
  Queue pool;
  for (std::size_t i = 0; i < most_tickets; ++i)
    pool = with_slot(std::move(pool), ticket(std::to_string(i)));
  CHECK_FALSE(is_overfull(pool));
  CHECK(is_overfull(with_slot(pool, ticket("one more"))));
}

TEST_CASE("a pool is closed until a time, the later of two") {
  Queue pool = pool_of({"a"});
  CHECK_FALSE(closed_until(pool, start));
  pool = with_closed(pool, start + 2h);
  CHECK(closed_until(pool, start) == start + 2h);
  CHECK(closed_until(pool, start + 2h - 1ms) == start + 2h);
  CHECK_FALSE(closed_until(pool, start + 2h));
  CHECK(with_closed(pool, start + 1h) == pool);
  CHECK(closed_until(with_closed(pool, start + 3h), start) == start + 3h);
  const auto read = decode_queue(encode_queue(pool));
  REQUIRE(std::holds_alternative<Queue>(read));
  CHECK(std::get<Queue>(read) == pool);
  CHECK(std::holds_alternative<ClaimError>(
      decode_queue(R"({"version":2,"group":"x","tickets":[],"closed":[],"closed_until":"soon"})")));
}

TEST_CASE("a pool is forgotten when nobody in it may live, and it is open") {
  CHECK(is_forgettable_pool({}, dead({}), start));
  const Queue pool = pool_of({"a", "b"});
  CHECK_FALSE(is_forgettable_pool(pool, dead({"a"}), start));
  CHECK(is_forgettable_pool(pool, dead({"a", "b"}), start));
  const Queue closed = with_closed({}, start + 1h);
  CHECK_FALSE(is_forgettable_pool(closed, dead({}), start));
  CHECK(is_forgettable_pool(closed, dead({}), start + 1h));
}

TEST_CASE("who is passed has ended as lost, or never was where it only waited") {
  const Claim lost = lose_claim(claim_of(ClaimState::active), start + 1h);
  CHECK((lost.state == ClaimState::ended && lost.outcome == ClaimOutcome::lost));
  CHECK(lost.generation == 3);
  REQUIRE(lost.outbox.size() == 1);
  CHECK(lost.outbox.back() == lost_line(claim_of(ClaimState::active), start + 1h));
  CHECK(decode_claim(encode_claim(lost)).index() == 0);

  const Claim waited = lose_claim(claim_of(ClaimState::waiting), start + 1h);
  CHECK((waited.state == ClaimState::ended && waited.outcome == ClaimOutcome::abandoned));
  CHECK(waited.attempts == 0);
  CHECK(waited.outbox.empty());
}

TEST_CASE("a ticket stands for a slot while its claim lives and takes a slot of that pool") {
  const std::string pool = "refs/refgate/slots/default";
  Claim in_use = claim_of(ClaimState::active);
  in_use.slots = pool;
  in_use.lease_until = start + 1h;
  Claim waiting = in_use;
  waiting.state = ClaimState::waiting;
  Claim elsewhere = in_use;
  elsewhere.slots = "refs/refgate/slots/model";
  Claim another = in_use;
  another.claim_id = "b";
  CHECK(slot_state(ticket("a"), in_use, pool, start) == SlotState::in_use);
  CHECK(slot_state(ticket("a"), waiting, pool, start) == SlotState::waiting);
  CHECK(slot_state(ticket("a"), elsewhere, pool, start) == SlotState::gone);
  CHECK(slot_state(ticket("a"), another, pool, start) == SlotState::gone);
  CHECK(slot_state(ticket("a"), std::nullopt, pool, start + 1h) == SlotState::gone);
  CHECK(slot_state(ticket("a"), in_use, pool, start + 24h) == SlotState::gone);
}
