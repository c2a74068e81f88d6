#include "core/governing/pause.h"

#include <chrono>
#include <string>

#include "catch.h"
#include "core/event/scope.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");

Pause pause_of_subject(std::string_view subject, std::optional<Instant> until = std::nullopt) {
  Pause made;
  made.subject = std::get<PauseSubject>(parse_pause_subject(subject));
  made.since = noon;
  made.until = until;
  made.who = "octocat";
  made.reason = "it runs wild";
  return made;
}

const PauseQuestion asked{
    "octo/hello", "Agent review", ".github/workflows/review.yml", "review", {"Ann", "bob"}};

}  // namespace

TEST_CASE("pause: what a subject stops") {
  struct Row {
    const char* subject;
    bool stops;
  };
  for (const Row& row :
       {Row{"all", true}, Row{"repo:octo/hello", true}, Row{"repo:Octo/Hello", true},
        Row{"repo:octo/other", false}, Row{"repo:octo/hell", false},
        Row{"workflow:Agent review", true}, Row{"workflow:agent review", false},
        Row{"workflow:.github/workflows/review.yml", true}, Row{"workflow:review.yml", true},
        Row{"workflow:view.yml", false}, Row{"share:review", true}, Row{"share:Review", false},
        Row{"actor:ann", true}, Row{"actor:BOB", true}, Row{"actor:anna", false}}) {
    CAPTURE(row.subject);
    CHECK((pause_of({{pause_of_subject(row.subject)}}, asked, noon) != nullptr) == row.stops);
    // What is not known is stopped by nothing but all.
    const PauseKind kind = pause_of_subject(row.subject).subject.kind;
    CHECK((pause_of({{pause_of_subject(row.subject)}}, {}, noon) != nullptr) ==
          (kind == PauseKind::all));
  }
}

TEST_CASE("pause: the subject is read or refused by name") {
  for (const char* wrong : {"", "repo", "repo:", "actr:ann", "all:x", "x:y", ":"}) {
    CAPTURE(wrong);
    CHECK(std::holds_alternative<std::string>(parse_pause_subject(wrong)));
  }
  CHECK(std::get<std::string>(parse_pause_subject("nothing")).find("must be nothing") ==
        std::string::npos);
  CHECK(std::get<std::string>(parse_pause_subject("actr:ann")).find("did you mean actor:?") !=
        std::string::npos);
  CHECK(std::holds_alternative<std::string>(parse_pause_subject("repo:" + std::string(300, 'x'))));
  CHECK(std::get<PauseSubject>(parse_pause_subject("workflow:a:b")).value == "a:b");
}

TEST_CASE("pause: what a claim would ask is told by its run and its ref") {
  Claim claim;
  claim.workflow = "Agent review";
  claim.holder.actor = "ann";
  claim.holder.run_url = "https://ghe.example/octo/hello/actions/runs/7";
  Scope scope;
  scope.identity = {"push", "x"};
  scope.share = "review é.yml";
  scope.job = "agent";
  scope.dimensions = {{"model", "opus"}};
  PauseQuestion question = question_of(claim, claim_ref(scope, "refgate"));
  CHECK(question.repository == "octo/hello");
  CHECK(question.workflow_file == scope.share);
  CHECK(question.share.empty());
  CHECK(stops(pause_of_subject("workflow:review é.yml").subject, question));
  scope.share_is_name = true;
  scope.job.clear();
  question = question_of(claim, door_for(claim_ref(scope, "refgate"), {{"7", "main"}}));
  CHECK(question.share == scope.share);
  CHECK(question.workflow_file.empty());
  claim.workflow_file = "agent.yml";
  question = question_of(claim, claim_ref(scope, "refgate"));
  CHECK(question.share == scope.share);
  CHECK(stops(pause_of_subject("workflow:agent.yml").subject, question));
  claim.workflow_file.clear();
  // What was cut is not known, and matches nothing.
  scope.share = std::string(300, 'x');
  CHECK(question_of(claim, claim_ref(scope, "refgate")).share.empty());
  scope.share = std::string(110, 'x');
  scope.dimensions = {{"model", std::string(60, 'y')}};
  CHECK(question_of(claim, claim_ref(scope, "refgate")).share.empty());
  for (const char* url :
       {"", "https://", "https://x", "https://x/actions/runs/1", "a/actions/runs/"}) {
    CAPTURE(url);
    claim.holder.run_url = url;
    CHECK(question_of(claim, "refs/refgate/claims/x/%").repository.empty());
  }
}

TEST_CASE("pause: it lifts itself, and the one that lasts longest is told") {
  const Pauses both{{pause_of_subject("all", noon + 2s), pause_of_subject("actor:ann", noon + 1h)}};
  CHECK(pause_of(both, asked, noon)->until == noon + 1h);
  CHECK(pause_of({{pause_of_subject("all", noon + 2s)}}, asked, noon + 2s) == nullptr);
  CHECK_FALSE(pause_of({{pause_of_subject("all", noon + 1h), pause_of_subject("share:review")}},
                       asked, noon)
                  ->until);
}

TEST_CASE(
    "pause: two subjects stand side by side, the same is replaced, one or all are taken out") {
  Pauses pauses = *with_pause({}, pause_of_subject("actor:ann", noon + 1h), noon);
  pauses = *with_pause(pauses, pause_of_subject("share:review"), noon);
  CHECK(pauses.list.size() == 2);
  pauses = *with_pause(pauses, pause_of_subject("actor:ann"), noon);
  CHECK(pauses.list.size() == 2);
  CHECK_FALSE(pauses.list.back().until);
  CHECK(without_pause(pauses, pause_of_subject("actor:ann").subject, noon).list.size() == 1);
  CHECK(without_pause(pauses, std::nullopt, noon).list.empty());
  CHECK(with_pause({{pause_of_subject("actor:ann", noon)}}, pause_of_subject("share:x"), noon + 1s)
            ->list.size() == 1);
}

TEST_CASE("pause: the list is bounded, and a full one of the longest texts is read again") {
  Pauses pauses;
  for (std::size_t i = 0; i < most_pauses; ++i) {
    Pause pause = pause_of_subject("share:" + std::string(240, '\x01') + std::to_string(i));
    pause.who = std::string(5000, '"');
    pause.reason = std::string(5000, '\x02');
    pauses = *with_pause(pauses, pause, noon);
  }
  CHECK_FALSE(with_pause(pauses, pause_of_subject("share:one more"), noon));
  CHECK(with_pause(pauses, pauses.list.front(), noon));
  const auto again = decode_pauses(encode_pauses(pauses));
  REQUIRE(std::holds_alternative<Pauses>(again));
  CHECK(std::get<Pauses>(again) == pauses);
}

TEST_CASE("pause: what is no record of pauses is named") {
  const auto with = [](const std::string& subject, const std::string& halt) {
    return R"({"version":2,"pauses":[{"subject":")" + subject +
           R"(","since":"2026-11-22T12:00:00Z","halt":)" + halt + R"(,"who":"","reason":""}]})";
  };
  REQUIRE(std::holds_alternative<Pauses>(decode_pauses(with("repo:a/b", "true"))));
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"version":2})"),
        std::string(R"({"version":2,"pauses":[{}]})"), with("repo:", "true"), with("x:y", "true"),
        with("all", "1")}) {
    CAPTURE(text);
    const auto decoded = decode_pauses(text);
    REQUIRE(std::holds_alternative<ClaimError>(decoded));
    CHECK(std::get<ClaimError>(decoded).kind == ClaimErrorKind::broken);
  }
  CHECK(std::get<ClaimError>(decode_pauses(R"({"version":3,"pauses":[]})")).kind ==
        ClaimErrorKind::newer_version);
}

TEST_CASE("pause: people are told who, since when, until when, why, and what lifts it") {
  CHECK(describe(pause_of_subject("workflow:CI", noon + 2h)) ==
        "Paused (workflow:CI) by octocat since 2026-11-22T12:00:00Z, until 2026-11-22T14:00:00Z: "
        "it runs wild");
  Pause bare = pause_of_subject("all");
  bare.who.clear();
  bare.reason.clear();
  bare.until = noon + 2h + 1ms;
  CHECK(describe(bare).ends_with(", until 2026-11-22T14:00:01Z"));
  bare.until.reset();
  CHECK(describe(bare) == "Paused since 2026-11-22T12:00:00Z, until somebody resumes it");
  CHECK(how_to_resume(bare.subject) == "refgate resume all");
  CHECK(how_to_resume({PauseKind::workflow, "Agent's review"}) ==
        "refgate resume 'workflow:Agent'\\''s review'");
}
