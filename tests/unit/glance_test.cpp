#include "job/verdict/glance.h"

#include "catch.h"
#include "core/words/age.h"
#include "decision_sample.h"

using namespace decision_sample;

namespace {

constexpr const char* page = "https://forge.example/octo/app/actions/runs/1";

/// As somebody is told it who asks at t0 + 20min about work whose session failed at t0 + 10min.
Glance told(Policy policy, const Surroundings& around = {}, unsigned attempts = 1) {
  policy.retry = Retry::allow;
  Claim former = ended(ClaimOutcome::failure);
  former.holder.run_url = page;
  former.holder.actor = "octocat";
  former.attempts = attempts;
  Request request = request_of("2");
  request.holder.actor = "ann";
  const Decision decision = decide(former, request, policy, t0 + 20min, around);
  return glance_of(told_of(decision, request, former), t0 + 20min);
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("glance: a skip names the run once, and its address only in the log") {
  struct Row {
    Glance glance;
    const char* sentence;
  };
  const Row rows[] = {
      {told(with([](Policy& p) { p.cooldown = 1h; })),
       "Not run, and nobody has done this work: it cools down until 2026-11-22T03:10:00Z, after "
       "run 1 (push by octocat, "
       "ended with failure 10m ago)"},
      {told(with([](Policy& p) { p.max_attempts = 3; }), {}, 3),
       "Not run, and nobody has done this work: it was launched 3 times, all that is allowed until "
       "2026-11-29T02:10:00Z, last by run 1 (push by octocat, ended with failure 10m ago)"},
  };
  for (const Row& row : rows) {
    CHECK(row.glance.sentence == row.sentence);
    CHECK(row.glance.line == std::string(row.sentence) + ", " + page);
    const std::string first = row.glance.summary.substr(0, row.glance.summary.find("<details>"));
    CHECK(count(first, "run 1") == 1);
    CHECK(count(first, page) == 1);
  }
}

TEST_CASE("glance: a newer head is named by its run, without an address in the sentence") {
  Surroundings around;
  around.newer =
      NewerRun{"7", "https://forge.example/octo/app/actions/runs/7", std::string(40, 'b')};
  const Glance glance = told({}, around);
  CHECK(glance.sentence == "Not run: a newer head of this branch came, by run 7");
  CHECK(glance.line == glance.sentence + ", https://forge.example/octo/app/actions/runs/7");
}

TEST_CASE("glance: breaker and budget say until when, whose it is, and one thing to do") {
  Surroundings broken;
  broken.breaker = OpenBreaker{{5, 1h}, t0 + 1h, t0 + 10min, false};
  const Glance breaker = told({}, broken);
  CHECK(breaker.sentence ==
        "Not run, and nobody has done this work: the last 5 sessions of this workflow failed, the "
        "last "
        "10m ago, and one is let through after 2026-11-22T03:00:00Z (breaker 5/1h)");
  CHECK_THAT(breaker.summary, Catch::Contains("refgate resume workflow:Review --breaker") &&
                                  Catch::Contains("or after 2026-11-22T03:00:00Z, ") &&
                                  Catch::Contains("re-run this run"));
  broken.breaker->last_run = "17";
  CHECK_THAT(told({}, broken).sentence,
             Catch::Contains("failed, the last 10m ago (run 17), and one"));
  Surroundings once;
  once.spent = SpentBudget{{BudgetKind::actor, 1, 1h}, t0 + 1h};
  CHECK_THAT(told({}, once).sentence, Catch::Contains("the budget of 1 launch per actor"));
  Surroundings spent;
  spent.spent = SpentBudget{{BudgetKind::actor, 3, 1h}, t0 + 1h};
  const Glance budget = told({}, spent);
  CHECK(budget.sentence ==
        "Not run, and nobody has done this work: the budget of 3 launches per actor within 1h is "
        "spent "
        "until 2026-11-22T03:00:00Z, by the sessions of ann");
  CHECK_THAT(budget.summary, Catch::Contains("refgate log --since 1h") &&
                                 Catch::Contains("after 2026-11-22T03:00:00Z, "));
}

TEST_CASE("glance: an annotation ends at a word, and cuts no address") {
  Told told;
  told.code = ReasonCode::unreachable;
  for (std::size_t length = 100; length < 230; ++length) {
    CAPTURE(length);
    const std::string words = std::string(length, 'w');
    told.reason = words + " see https://forge.example/octo/app/actions/runs/1 for more";
    const std::string sentence = glance_of(told, t0).sentence;
    CHECK(sentence.size() <= 200);
    CHECK((sentence.find("https:") == std::string::npos ||
           sentence.find("https://forge.example/octo/app/actions/runs/1") != std::string::npos));
    CHECK_FALSE(sentence.ends_with(" …"));
  }
  told.reason = std::string(300, 'w');
  CHECK(glance_of(told, t0).sentence.size() <= 200);
}

TEST_CASE("glance: ages are of a second and more") {
  CHECK(age(t0, t0 + 549ms) == "just now");
  CHECK(age(t0, t0 + 1549ms) == "1s ago");
  CHECK(age(t0 + 2min, t0) == "by a clock that is 2m ahead");
  CHECK_THAT(glance_at_end("key", "success", 549ms), Catch::Contains("within a second"));
  Told told;
  told.code = ReasonCode::queued;
  told.line = "in line of group a";
  told.position = 2;
  Ticket head;
  head.event = "push";
  head.run_id = "1";
  head.arrived_at = t0;
  told.head = head;
  CHECK_THAT(glance_of(told, t0 + 400ms).sentence, Catch::Contains("has just joined the line"));
  CHECK_THAT(glance_of(told, t0 + 61s).sentence, Catch::Contains("in line since 1m 1s"));
}

TEST_CASE("the original's words are for who calls as the original was called") {
  Request positional = request_of("1");
  positional.window_only = true;
  CHECK(decide(std::nullopt, positional, {}, t0).reason == "No conflicts detected");
  CHECK(decide(std::nullopt, request_of("1"), {}, t0).reason ==
        "Nobody has done this work, and nobody is doing it");
}

TEST_CASE("what forgets a breaker's failures names the workflow, quoted where it must be") {
  Surroundings broken;
  broken.breaker = OpenBreaker{{5, 1h}, t0 + 1h, t0, true};
  Request request = request_of("1");
  request.workflow = "Agent's review";
  CHECK_THAT(decide(std::nullopt, request, {}, t0, broken).reason,
             Catch::Contains(R"(refgate resume 'workflow:Agent'\''s review' --breaker)"));
}
