#include "core/claim/health.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant t0 = *parse_rfc3339("2026-11-22T02:20:40.123Z");

Health session() {
  Health health;
  health.claim_id = "c";
  health.lease = 15min;
  health.skew = 60s;
  health.started_at = health.last_beat = t0;
  health.renewed = 100min;
  return health;
}

}  // namespace

TEST_CASE(
    "a holder goes on until its last acknowledged renewal + lease - skew, and not a moment "
    "longer") {
  const Health health = session();
  CHECK_FALSE(answer(health, 100min).halt);
  CHECK_FALSE(answer(health, 114min - 1ms).halt);
  CHECK(answer(health, 114min).halt);
  CHECK(answer(health, 114min).cause == "expired");
  CHECK_FALSE(answer(renewed(health, 110min, t0 + 10min), 123min).halt);
}

TEST_CASE("a lease that is shorter than the skew still holds for half its time") {
  Health health = session();
  health.lease = 60s;
  health.skew = 60s;
  CHECK_FALSE(answer(health, 100min + 29s).halt);
  CHECK(answer(health, 100min + 30s).halt);
}

TEST_CASE("a machine that was started anew knows nothing of a renewal") {
  CHECK(answer(session(), 5min).halt);
}

TEST_CASE("the first cause of death stays") {
  Health health = died(session(), {t0, DeathCause::taken_over, "run 7 holds it"});
  health = died(health, {t0 + 1min, DeathCause::expired, "later"});
  CHECK(answer(health, 101min).halt);
  CHECK(answer(health, 101min).cause == "taken_over");
  CHECK(answer(health, 101min).text == "run 7 holds it");
}

TEST_CASE("a session that its own job ended is over, too") {
  Health health = session();
  health.ended = true;
  CHECK(answer(health, 101min).cause == "ended");
}

TEST_CASE("who only watches goes on whatever is lost, and is told so") {
  Health health = session();
  health.observing = true;
  CHECK(!answer(health, 101min).would_halt);
  CHECK(!answer(health, 200min).halt);
  CHECK(answer(health, 200min).would_halt);
  health = died(health, {t0, DeathCause::taken_over, "run 7 holds it"});
  CHECK(!answer(health, 101min).halt);
  CHECK(answer(health, 101min).would_halt);
  CHECK(answer(health, 101min).cause == "taken_over");
  CHECK(decode_health(encode_health(health)) == health);
  health.death.reset();
  health.ended = true;
  CHECK(answer(health, 101min).cause == "ended");
}

TEST_CASE("who was launched without a claim has nothing that could be lost") {
  Health health = session();
  health.unclaimed = true;
  CHECK_FALSE(answer(health, 101min).halt);
  CHECK_FALSE(answer(health, 200min).halt);
  CHECK_FALSE(answer(health, 5min).halt);
  CHECK(answer(health, 200min).cause == "alive");
  CHECK(decode_health(encode_health(health)) == health);
  // Unless a push of its gate arrived all the same.
  CHECK(answer(renewed(health, 101min, t0 + 1min), 200min).halt);
  CHECK(answer(died(health, {t0, DeathCause::released, "stuck"}), 101min).halt);
  health.ended = true;
  CHECK(answer(health, 101min).cause == "ended");
}

TEST_CASE("a renewal clears the failures before it") {
  Health health = session();
  health.failures = 3;
  health.failure = "no answer";
  CHECK(answer(health, 120min).text.find("no answer") != std::string::npos);
  health = renewed(health, 101min, t0 + 1min);
  CHECK(health.failures == 0);
  CHECK(health.beats == 1);
}

TEST_CASE("health records survive their text form, and anything else is none") {
  Health health = died(session(), {t0, DeathCause::released, "octocat: stuck"});
  health.cascade = 4;
  health.operations = 2;
  health.heartbeat_process = 77;
  CHECK(decode_health(encode_health(health)) == health);
  CHECK(decode_health(encode_health(session())) == session());
  std::string text = encode_health(session());
  for (std::size_t length = 0; length + 2 < text.size(); ++length)
    CHECK_FALSE(decode_health(text.substr(0, length)));
  CHECK_FALSE(decode_health("[]"));
  CHECK_FALSE(decode_health(R"({"version":2})"));
}
