#include "core/claim/queue.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const Instant start(1'800'000'000s);

Ticket ticket(const std::string& id, Instant at = start, const std::string& workflow = "Agent") {
  return {id,
          "refs/refgate/claims/commit-" + id + "/agent.yml",
          "100" + id,
          "https://github.example/run/" + id,
          "agent-push-" + id,
          workflow,
          at};
}

Queue line_of(std::initializer_list<const char*> ids) {
  Queue queue;
  queue.group = "pr-octo/app-7";
  for (const char* id : ids)
    queue = with_ticket(std::move(queue), ticket(id), {}, start);
  return queue;
}

std::vector<std::string> ids(const Queue& queue) {
  std::vector<std::string> all;
  for (const Ticket& each : queue.tickets)
    all.push_back(each.claim_id);
  return all;
}

Claim claim_of(const std::string& id, ClaimState state = ClaimState::waiting) {
  Claim claim;
  claim.claim_id = id;
  claim.state = state;
  claim.lease_until = start + 15min;
  claim.limits.skew = 60s;
  return claim;
}

}  // namespace

TEST_CASE("who came first is first, however often anybody comes") {
  Queue queue = line_of({"a", "b", "c"});
  CHECK(ids(queue) == std::vector<std::string>{"a", "b", "c"});
  CHECK(with_ticket(queue, ticket("b", start + 1h), {}, start + 1h) == queue);
  CHECK(position(queue, "a") == 1);
  CHECK(position(queue, "c") == 3);
  CHECK_FALSE(position(queue, "d"));
  CHECK(ids(without_ticket(queue, "b", start)) == std::vector<std::string>{"a", "c"});
  CHECK(without_ticket(queue, "d", start + 1h) == queue);
}

TEST_CASE("dead heads are passed over, and nobody who lives is") {
  const Queue queue = line_of({"a", "b", "c"});
  const auto dead = [](std::initializer_list<std::string> which) {
    return [names = std::vector<std::string>(which)](const Ticket& each) {
      return std::find(names.begin(), names.end(), each.claim_id) != names.end();
    };
  };
  CHECK(ids(without_dead_heads(queue, dead({}), start)) == std::vector<std::string>{"a", "b", "c"});
  CHECK(ids(without_dead_heads(queue, dead({"a"}), start)) == std::vector<std::string>{"b", "c"});
  CHECK(ids(without_dead_heads(queue, dead({"a", "b"}), start)) == std::vector<std::string>{"c"});
  CHECK(ids(without_dead_heads(queue, dead({"a", "c"}), start)) ==
        std::vector<std::string>{"b", "c"});
  CHECK(ids(without_dead_heads(queue, dead({"b"}), start)) ==
        std::vector<std::string>{"a", "b", "c"});
  CHECK(ids(without_dead_heads(queue, dead({"a", "b", "c"}), start)).empty());
}

TEST_CASE("a ticket lives as long as its claim") {
  const Ticket mine = ticket("a");
  CHECK(is_dead(mine, std::nullopt, start));
  CHECK_FALSE(is_dead(mine, claim_of("a"), start));
  CHECK_FALSE(is_dead(mine, claim_of("a", ClaimState::active), start));
  CHECK(is_dead(mine, claim_of("b", ClaimState::active), start));
  CHECK(is_dead(mine, claim_of("a", ClaimState::ended), start));
  CHECK_FALSE(is_dead(mine, claim_of("a"), start + 16min - 1ms));
  CHECK(is_dead(mine, claim_of("a"), start + 16min));
}

TEST_CASE("the session of a group counts its events, and to whom they went") {
  Queue queue;
  queue = with_ticket(queue, ticket("a", start, "Agent"), {}, start);
  queue = with_ticket(queue, ticket("b", start, "Other"), {}, start + 1min);
  queue = with_ticket(queue, ticket("c", start, "Agent"), {}, start + 2min);
  REQUIRE(queue.session);
  CHECK(queue.session->number == 1);
  CHECK(queue.session->events == 3);
  CHECK(queue.session->affinity == "Agent");
  CHECK(queue.session->affine == 2);
  CHECK(queue.session->started_at == start);
  CHECK(queue.session->last_activity == start + 2min);
  CHECK(without_ticket(queue, "a", start + 5min).session->last_activity == start + 5min);
}

TEST_CASE(
    "a session ends by its duration, its number of events, or when nobody came for long enough") {
  const SessionLimits limits{1h, 2, 10min};
  Queue queue = with_ticket({}, ticket("a"), limits, start);
  CHECK_FALSE(expiry(queue, start + 20min));  // somebody is in line
  CHECK(expiry(queue, start + 1h) == SessionEnd::max_duration);
  Queue idle = without_ticket(queue, "a", start + 5min);
  CHECK_FALSE(expiry(idle, start + 15min - 1ms));
  CHECK(expiry(idle, start + 15min) == SessionEnd::idle);
  CHECK(with_session_closed(idle, start + 2min) == idle);

  const Queue later = with_ticket(idle, ticket("b"), limits, start + 30min);
  REQUIRE(later.closed.size() == 1);
  CHECK(later.closed[0].why == SessionEnd::idle);
  CHECK(later.closed[0].ended_at == start + 15min);
  CHECK(later.closed[0].session.events == 1);
  CHECK(later.session->number == 2);
  CHECK(later.session->started_at == start + 30min);

  Queue full = with_ticket(queue, ticket("b"), limits, start + 1min);
  CHECK(expiry(full, start + 1min) == SessionEnd::max_events);
  full = with_ticket(full, ticket("c"), limits, start + 2min);
  CHECK(full.session->number == 2);
  CHECK(full.session->events == 1);
  CHECK(ids(full) == std::vector<std::string>{"a", "b", "c"});

  Queue many;
  for (int i = 0; i < 40; ++i)
    many = without_ticket(with_ticket(many, ticket(std::to_string(i)), limits, start + i * 1h),
                          std::to_string(i), start + i * 1h);
  CHECK(many.closed.size() == most_closed_sessions);
  CHECK(many.session->number == 40);
}

TEST_CASE("a queue is kept for a day after its last session, so that it can be listed") {
  Queue queue = with_ticket({}, ticket("a"), {2h, 1000, 30min}, start);
  CHECK_FALSE(is_forgettable(queue, start + 240h));
  queue = without_ticket(queue, "a", start);
  CHECK_FALSE(is_forgettable(queue, start + 1h));
  CHECK_FALSE(is_forgettable(queue, start + 24h));
  CHECK(is_forgettable(queue, start + 25h));
  CHECK(is_forgettable(Queue{}, start));
}

TEST_CASE("a queue survives its text") {
  Queue queue = line_of({"a", "b"});
  queue = without_ticket(queue, "a", start + 1h);
  queue = with_ticket(queue, ticket("c"), {90s, 3, 1500ms}, start + 100h);
  const auto again = decode_queue(encode_queue(queue));
  REQUIRE(std::holds_alternative<Queue>(again));
  CHECK(std::get<Queue>(again) == queue);
  CHECK(std::get<Queue>(decode_queue(encode_queue(Queue{}))) == Queue{});
}

TEST_CASE("a ticket whose claim can stand at no ref breaks the queue") {
  const auto again = [](const std::string& ref) {
    Queue queue = line_of({"a", "b"});
    queue.tickets.back().claim_ref = ref;
    return decode_queue(encode_queue(queue));
  };
  for (const std::string& ref :
       {"refs/heads/main"s, "refs/a"s, "refs/refgate/claims/commit-%C3%A9/share=a.b"s,
        "refs/a@b/@/c.lockx"s, "refs/h\u00e9"s, "refs/" + std::string(1018, 'a')}) {
    INFO(ref);
    CHECK(std::holds_alternative<Queue>(again(ref)));
  }
  for (const std::string& ref : {""s,
                                 "refs"s,
                                 "refs/"s,
                                 "heads/main"s,
                                 "/refs/heads/a"s,
                                 "refs/heads/../../x y~^:"s,
                                 "refs/a..b"s,
                                 "refs/a b"s,
                                 "refs/a~1"s,
                                 "refs/a^"s,
                                 "refs/a:b"s,
                                 "refs/a?"s,
                                 "refs/a*"s,
                                 "refs/a[b"s,
                                 "refs/a\\b"s,
                                 "refs/a\tb"s,
                                 "refs/a\nb"s,
                                 "refs/a\x7f"s,
                                 "refs/a\0b"s,
                                 "refs//a"s,
                                 "refs/a//b"s,
                                 "refs/a/"s,
                                 "refs/a."s,
                                 "refs/.a"s,
                                 "refs/a/.b"s,
                                 "refs/a.lock"s,
                                 "refs/a.lock/b"s,
                                 "refs/a@{1}"s,
                                 "refs/" + std::string(1019, 'a')}) {
    INFO(ref);
    const auto queue = again(ref);
    REQUIRE(std::holds_alternative<ClaimError>(queue));
    CHECK(std::get<ClaimError>(queue).kind == ClaimErrorKind::broken);
    CHECK(std::get<ClaimError>(queue).message.find("claim_ref") != std::string::npos);
  }
}

TEST_CASE("a queue of the first version is read") {
  std::string old = encode_queue(line_of({"a", "b"}));
  old.replace(old.find("\"version\": 2"), 12, "\"version\": 1");
  REQUIRE(std::holds_alternative<Queue>(decode_queue(old)));
  CHECK(std::get<Queue>(decode_queue(old)) == line_of({"a", "b"}));
}

TEST_CASE("a queue that is broken or of a newer version is an error, whatever its text") {
  const std::string good = encode_queue(line_of({"a", "b"}));
  for (std::size_t cut = 0; cut + 2 < good.size(); cut += 7)
    CHECK(std::holds_alternative<ClaimError>(decode_queue(good.substr(0, cut))));
  const auto kind = [](const std::string& text) {
    const auto queue = decode_queue(text);
    REQUIRE(std::holds_alternative<ClaimError>(queue));
    return std::get<ClaimError>(queue).kind;
  };
  std::string newer = good;
  newer.replace(newer.find("\"version\": 2"), 12, "\"version\": 3");
  CHECK(kind(newer) == ClaimErrorKind::newer_version);
  for (const char* text :
       {"[]", "{}", "{\"version\":1}", "{\"version\":\"1\"}",
        "{\"version\":1,\"group\":\"g\",\"tickets\":[7],\"closed\":[]}",
        "{\"version\":1,\"group\":\"g\",\"tickets\":[],\"closed\":[{}]}",
        "{\"version\":1,\"group\":1,\"tickets\":[],\"closed\":[]}",
        "{\"version\":1,\"group\":\"g\",\"tickets\":{},\"closed\":[]}",
        "{\"version\":1,\"group\":\"g\",\"tickets\":[],\"closed\":[],\"session\":[]}"})
    CHECK(kind(text) == ClaimErrorKind::broken);
  CHECK(kind(std::string(2u << 20, ' ')) == ClaimErrorKind::broken);
  CHECK(kind("{\"version\":1,\"x\":" + std::string(40, '[') + std::string(40, ']') + "}") ==
        ClaimErrorKind::broken);
}

TEST_CASE("a queue is full by bytes as well as by number, and whatever is not full can be read") {
  const auto line_named = [](std::size_t tickets, const std::string& name) {
    Queue queue;
    queue.group = "g";
    queue.tickets.assign(tickets, ticket("a", start, name));
    return queue;
  };
  CHECK_FALSE(is_overfull(line_named(most_tickets, "review")));
  CHECK(is_overfull(line_named(most_tickets + 1, "review")));
  const std::string quotes(1000, '"');
  CHECK(is_overfull(line_named(most_tickets, quotes)));
  CHECK_FALSE(is_overfull(line_named(150, quotes)));
  std::size_t fit = 150;
  while (!is_overfull(line_named(fit + 10, quotes)))
    fit += 10;
  const std::string longest = encode_queue(line_named(fit, quotes));
  CHECK(longest.size() <= longest_queue);
  CHECK(std::get<Queue>(decode_queue(longest)).tickets.size() == fit);
}

TEST_CASE("whoever comes to a queue is in it or told that it is full, and the record can be read",
          "[bulk]") {
  struct Row {
    const char* name;
    std::string text;
    int stand;  ///< so many stand in it before anybody is asked; all of them fit
  };
  for (const Row& row : {Row{"ordinary", "review", 490}, Row{"quotes", std::string(1000, '"'), 200},
                         Row{"the longest", std::string(2048, 'x'), 200}}) {
    CAPTURE(row.name);
    Queue queue;
    queue.group = "g";
    SessionLimits limits;
    limits.max_events = 3;
    std::size_t taken = 0;
    for (int number = 0; number < row.stand + 50; ++number) {
      const Instant at = start + number * 1s;
      const Queue next =
          with_ticket(queue, ticket("claim" + std::to_string(number), at, row.text), limits, at);
      // Measuring is what costs time here.
      if (number >= row.stand && is_overfull(next)) continue;
      queue = next;
      ++taken;
    }
    CHECK(taken < static_cast<std::size_t>(row.stand) + 50);
    CHECK(taken == queue.tickets.size());
    CHECK(taken <= most_tickets);
    CHECK(queue.closed.size() <= most_closed_sessions);
    CHECK(encode_queue(queue).size() <= longest_queue);
    CHECK(std::get<Queue>(decode_queue(encode_queue(queue))) == queue);
  }
}
