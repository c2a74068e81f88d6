#include "core/claim/claim.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "core/claim/outbox.h"
#include "core/claim/transition.h"
#include "core/decision/decision.h"

using namespace refgate;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Claim sample() {
  Request request;
  request.holder = {"4711", 2, "review", "1", "https://example.test/4711", "octo\"cat\n"};
  request.event = "pull_request";
  request.workflow = "Ünïcode / review";
  request.commit = "test123";
  request.session_key = "key";
  request.nonce = "0123456789abcdef0123456789abcdef";
  request.scope = "refs/refgate/claims/x/y";
  Policy policy;
  policy.skew = 1500ms;
  return *decide(std::nullopt, request, policy, *parse_rfc3339("2026-11-22T02:20:40.123Z")).next;
}

std::string changed(const std::string& key, const json& value) {
  json record = json::parse(encode_claim(sample()));
  if (value.is_discarded())
    record.erase(key);
  else
    record[json::json_pointer(key)] = value;
  return record.dump();
}

}  // namespace

TEST_CASE("a claim survives its text form") {
  Claim claim = sample();
  CHECK(std::get<Claim>(decode_claim(encode_claim(claim))) == claim);
  claim.result = "20261122-022040-123-0123456789abcdef";
  CHECK(std::get<Claim>(decode_claim(encode_claim(claim))) == claim);
  claim = end_claim(claim, ClaimOutcome::failure, "failure", claim.claimed_at + 5min);
  CHECK(std::get<Claim>(decode_claim(encode_claim(claim))) == claim);
}

TEST_CASE("which lines a push has carried is known from the record, and outlives a takeover") {
  Claim claim = sample();
  const std::string launch = claim.outbox.front().id;
  claim.sent = {launch};
  claim = end_claim(claim, ClaimOutcome::failure, "failure", claim.claimed_at + 5min);
  const std::string text = encode_claim(claim);
  CHECK(json::parse(text)["sent"] == "10");
  CHECK(std::get<Claim>(decode_claim(text)).sent == std::set<std::string>{launch});
  Request request;
  request.scope = "refs/refgate/claims/x/y";
  Policy policy;
  policy.force = true;
  const auto next = decide(claim, request, policy, claim.claimed_at + 6min).next;
  CHECK(next->sent == claim.sent);
  // The copy of what it replaced has no lines, and says nothing of them.
  CHECK_FALSE(json::parse(next->former).contains("sent"));

  // A line that left takes its mark along, and more marks than lines are none.
  claim.outbox.erase(claim.outbox.begin());
  CHECK_FALSE(json::parse(encode_claim(claim)).contains("sent"));
  json record = json::parse(text);
  record["sent"] = "0111111";
  CHECK(std::get<Claim>(decode_claim(record.dump())).sent ==
        std::set<std::string>{claim.outbox.back().id});
  record["sent"] = 3;
  CHECK(std::holds_alternative<ClaimError>(decode_claim(record.dump())));
}

TEST_CASE("the same claim always has the same text") {
  CHECK(encode_claim(sample()) == encode_claim(sample()));
}

TEST_CASE("a broken record is named and never taken for another") {
  const std::string good = encode_claim(sample());
  const std::vector<std::pair<std::string, std::string>> rows{
      {"empty", ""},
      {"no JSON", "holder: me"},
      {"a list", "[]"},
      {"cut off", good.substr(0, good.size() / 2)},
      {"no version", "{}"},
      {"a version that is text", changed("/version", "1")},
      {"a negative generation", changed("/generation", -1)},
      {"generation zero", changed("/generation", 0)},
      {"an unknown state", changed("/state", "waiting for godot")},
      {"ended without a time", changed("/state", "ended")},
      {"a holder that is text", changed("/holder", "me")},
      {"an attempt that is text", changed("/holder/run_attempt", "2")},
      {"an attempt that is too large", changed("/holder/run_attempt", 99999999999)},
      {"no time", changed("/lease_until", "tomorrow")},
      {"a day that is none", changed("/lease_until", "2026-02-30T00:00:00Z")},
      {"no span", changed("/limits/memory", 7)},
      {"an outbox that is no list", changed("/outbox", 1)},
      {"a line that cannot be read", changed("/outbox/0", "{}")},
      {"an empty nonce", changed("/claim_id", "")},
      {"a result that is no text", changed("/result", 1)},
      {"deep nesting", std::string(100000, '[')},
      {"over the size", std::string((1u << 20) + 1, ' ')},
  };
  for (const auto& [name, text] : rows) {
    DYNAMIC_SECTION(name) {
      const auto decoded = decode_claim(text);
      REQUIRE(std::holds_alternative<ClaimError>(decoded));
      CHECK(std::get<ClaimError>(decoded).kind == ClaimErrorKind::broken);
      CHECK(std::get<ClaimError>(decoded).message.find("broken") != std::string::npos);
    }
  }
}

TEST_CASE("a claim of the first version, which knew no doors and no ledgers, is read") {
  json old = json::parse(encode_claim(sample()));
  old["version"] = 1;
  for (const char* name : {"covers", "ambiguous", "ledgers", "left_out"})
    old.erase(name);
  old["holder"].erase("instance");
  const auto read = decode_claim(old.dump());
  REQUIRE(std::holds_alternative<Claim>(read));
  Claim expected = sample();
  expected.covers.clear();
  expected.ambiguous = false;
  expected.ledgers.clear();
  expected.left_out = 0;
  expected.holder.instance.clear();
  CHECK(std::get<Claim>(read) == expected);
}

TEST_CASE("a record of a newer version says who is too old before anything else is read") {
  const auto decoded = decode_claim(R"({"version": 3, "claim": "of another shape"})");
  REQUIRE(std::holds_alternative<ClaimError>(decoded));
  CHECK(std::get<ClaimError>(decoded).kind == ClaimErrorKind::newer_version);
  CHECK(std::get<ClaimError>(decoded).message.find("newer refgate") != std::string::npos);
}

TEST_CASE("the words of job.status are the outcomes") {
  const auto outcome = [](const char* status) { return meaning_of_status(status).outcome; };
  for (const char* status : {"success", "failure", "timed_out", "startup_failure", "cancelled",
                             "neutral", "stale", "action_required"}) {
    INFO(status);
    CHECK(meaning_of_status(status).known);
    CHECK(meaning_of_status(status).executed);
  }
  CHECK(outcome("success") == ClaimOutcome::success);
  for (const char* status : {"failure", "timed_out", "startup_failure"})
    CHECK(outcome(status) == ClaimOutcome::failure);
  for (const char* status : {"cancelled", "neutral", "stale", "action_required"})
    CHECK(outcome(status) == ClaimOutcome::cancelled);
  CHECK(meaning_of_status("skipped").known);
  CHECK_FALSE(meaning_of_status("skipped").executed);
  for (const char* status : {"", " ", "Success", "success ", "done", "in_progress"}) {
    INFO(status);
    CHECK_FALSE(meaning_of_status(status).known);
    CHECK(meaning_of_status(status).executed);
    CHECK(outcome(status) == ClaimOutcome::cancelled);
  }
}

TEST_CASE("the longest claim that is written is one that is read") {
  for (const std::string letter : {"x", "\"", "\\", "\x01", "\xff", "ü"}) {
    CAPTURE(letter);
    std::string name;
    while (name.size() < 10'000)
      name += letter;
    Request request;
    request.holder = {name, 2, name, name, name, name};
    request.event = request.workflow = request.commit = request.session_key = request.group = name;
    request.scope = "refs/refgate/claims/" + std::string(400, 's');
    Policy policy;
    policy.force = true;
    const Instant at = *parse_rfc3339("2026-11-22T02:20:40.123Z");
    std::optional<Claim> claim;
    std::size_t longest = 0;
    for (int launch = 0; launch < 14; ++launch) {
      request.nonce = "nonce" + std::to_string(launch);
      Claim next = *decide(claim, request, policy, at).next;
      leave_out_oldest(next, 2);
      CHECK(outbox_fits(next.outbox));
      if (launch % 2 == 0) next = release_claim(next, name, name, at);
      leave_out_oldest(next, 1);
      longest = std::max(longest, encode_claim(next).size());
      const auto read = decode_claim(encode_claim(next));
      REQUIRE(std::holds_alternative<Claim>(read));
      claim = std::get<Claim>(read);
    }
    CHECK(longest <= longest_claim);
    CHECK(claim->left_out > 0);
  }
}

TEST_CASE("the newest lines stay, and what is left out is counted") {
  Claim claim = sample();
  const AuditEntry line = claim.outbox.front();
  claim.outbox.clear();
  for (int i = 0; i < 65; ++i) {
    claim.outbox.push_back(line);
    claim.outbox.back().id = std::to_string(i);
  }
  leave_out_oldest(claim, 1);
  CHECK(claim.outbox.size() >= 32);
  CHECK(claim.outbox.size() <= 48);
  CHECK(claim.outbox.back().id == "64");
  CHECK(claim.left_out + claim.outbox.size() == 65);
  const Claim kept = claim;
  leave_out_oldest(claim, 1);
  CHECK(claim == kept);
}
