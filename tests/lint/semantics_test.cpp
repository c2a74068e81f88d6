#include "lint/github/semantics.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "catch.h"

using namespace refgate::lint;

namespace {

constexpr Truth no = Truth::no;
constexpr Truth yes = Truth::yes;
constexpr Truth maybe = Truth::unknown;

const GateOutput job_gate{{"needs", "gate", "outputs", "skip"}, "true", "false"};
const GateOutput step_gate{{"steps", "gate", "outputs", "skip_execution"}, "true", "false"};
const GateOutput run_gate{{"needs", "gate", "outputs", "should_run"}, "false", "true"};

std::string show(Truth truth) { return truth == yes ? "true" : truth == no ? "false" : "?"; }

std::string show(const GuardEffect& effect) {
  return "skip " + show(effect.on_skip) + ", run " + show(effect.on_run) + ", empty " +
         show(effect.on_empty) + ", unset " + show(effect.on_unset);
}

std::string name(GuardFault fault) {
  static const std::map<GuardFault, std::string> names{
      {GuardFault::none, "none"},
      {GuardFault::absent, "absent"},
      {GuardFault::always_true, "always_true"},
      {GuardFault::never_true, "never_true"},
      {GuardFault::inverted, "inverted"},
      {GuardFault::string_is_true, "string_is_true"},
      {GuardFault::wrong_type, "wrong_type"},
      {GuardFault::bypassed, "bypassed"},
      {GuardFault::unknown_output, "unknown_output"}};
  return names.at(fault);
}

/// "push; pull_request synchronize"
std::string show(const std::vector<Cause>& causes) {
  std::string text;
  for (const Cause& cause : causes)
    text += (text.empty() ? "" : "; ") + cause.event + (cause.type.empty() ? "" : " " + cause.type);
  return text;
}

}  // namespace

TEST_CASE("the truth table of a guard") {
  struct Row {
    std::string condition;
    Truth skip, run, empty, unset;
  };
  const auto row = GENERATE(values<Row>({
      {"needs.gate.outputs.skip != 'true'", no, yes, yes, yes},
      {"needs.gate.outputs.skip == 'false'", no, yes, no, no},
      {"!needs.gate.outputs.skip", no, no, yes, yes},
      {"needs.gate.outputs.skip != true", yes, yes, yes, yes},
      {"needs.gate.outputs.skip == false", no, no, yes, yes},
      {"needs.gate.outputs.skip", yes, yes, no, no},
      {"needs.gate.outputs.SKIP == 'FALSE'", no, yes, no, no},
      {"${{ needs.gate.outputs.skip != 'true' }}", no, yes, yes, yes},
      {"${{ needs.gate.outputs.skip }} != 'true'", yes, yes, yes, yes},
      {"needs['gate'].outputs['skip'] != 'true'", no, yes, yes, yes},
      {"fromJSON(needs.gate.outputs.skip) != true", no, yes, maybe, maybe},
      {"needs.gate.outputs.skip != 'true' || github.actor == 'x'", maybe, yes, yes, yes},
      {"needs.gate.outputs.skip != 'true' && github.actor == 'x'", no, maybe, maybe, maybe},
      {"always() && needs.gate.outputs.skip != 'true'", no, yes, yes, yes},
      {"needs.gate.result == 'success' && needs.gate.outputs.skip != 'true'", no, yes, maybe,
       maybe},
      {"contains('true yes', needs.gate.outputs.skip)", yes, no, yes, yes},
      {"github.actor == 'x'", maybe, maybe, maybe, maybe},
      {"false", no, no, no, no},
  }));
  const Expression condition = parse_condition(row.condition);
  INFO(row.condition);
  REQUIRE(condition.is_valid());
  GuardEffect expected;
  expected.on_skip = row.skip;
  expected.on_run = row.run;
  expected.on_empty = row.empty;
  expected.on_unset = row.unset;
  CHECK(show(guard_effect(condition, job_gate)) == show(expected));
}

TEST_CASE("a guard that only holds for push holds once the event is known") {
  const Expression condition = parse_condition(
      "!cancelled() && (github.event_name != 'push' || needs.gate.outputs.skip != 'true')");
  Scope push;
  push.set("github.event_name", Value::string("push"));
  Scope other;
  other.set("github.event_name", Value::string("schedule"));
  CHECK(guard_effect(condition, job_gate, push).is_sound());
  CHECK_FALSE(guard_effect(condition, job_gate, other).holds());
  CHECK_FALSE(guard_effect(condition, job_gate).holds());
}

TEST_CASE("a wrong guard is told by what it does, at the part to blame") {
  struct Row {
    std::string condition, fault, place;
  };
  const auto row = GENERATE(values<Row>({
      {"needs.gate.outputs.skip != 'true'", "none", ""},
      {"needs.gate.outputs.skip == 'false'", "none", ""},
      {"needs.gate.outputs.skip != 'true' && github.ref == 'x'", "none", ""},
      {"!(needs.gate.outputs.skip == 'true')", "none", ""},
      {"!contains(needs.gate.outputs.skip, 'true')", "none", ""},
      {"needs.gate.outputs.skip == 'false' && needs.gate.outputs.run_attempt == github.run_attempt",
       "none", ""},
      {"(github.actor == 'a' || github.actor == 'b') && needs.gate.outputs.skip != 'true'", "none",
       ""},
      {"false", "none", ""},
      {"a ==", "none", ""},
      {"github.ref == 'x'", "absent", ""},
      {"needs.gate.result == 'success'", "absent", ""},
      {"contains(needs.*.result, 'failure')", "absent", ""},
      {"always()", "absent", ""},
      {"${{ needs.gate.outputs.skip }} != 'true'", "always_true", ""},
      {"${{ needs.gate.outputs.skip != 'true' }}\n", "always_true", ""},
      {"needs.gate.outputs.skip != 'ture'", "always_true", ""},
      {"github.ref == 'x' && needs.gate.outputs.skip != true", "wrong_type",
       "needs.gate.outputs.skip != true"},
      {"false == needs.gate.outputs.skip", "wrong_type", "false == needs.gate.outputs.skip"},
      {"github.ref == 'x' && !needs.gate.outputs.skip", "string_is_true",
       "!needs.gate.outputs.skip"},
      {"needs.gate.outputs.skip && github.ref == 'x'", "string_is_true", "needs.gate.outputs.skip"},
      {"needs.gate.outputs.skip", "string_is_true", "needs.gate.outputs.skip"},
      {"needs.gate.outputs.skip == 'true'", "inverted", ""},
      {"github.ref == 'x' && needs.gate.outputs.skip == 'true'", "inverted", ""},
      {"needs.gate.outputs.skip == 'no'", "never_true", ""},
      {"needs.gate.outputs.skip != 'true' || github.ref == 'x'", "bypassed", "github.ref == 'x'"},
      {"always() || needs.gate.outputs.skip != 'true'", "bypassed", "always()"},
      {"needs.gate.outputs.skp != 'true'", "unknown_output", "needs.gate.outputs.skp"},
      {"needs.gate.outputs.skp == 'false'", "unknown_output", "needs.gate.outputs.skp"},
  }));
  INFO(row.condition);
  const std::vector<std::string> outputs{"skip", "reason", "run_attempt"};
  const GuardJudgement judgement =
      judge_guard(parse_condition(row.condition), {job_gate}, &outputs);
  CHECK(name(judgement.fault) == row.fault);
  CHECK((judgement.place ? row.condition.substr(judgement.place->begin,
                                                judgement.place->end - judgement.place->begin)
                         : "") == row.place);
}

TEST_CASE("gates whose output says run, and gates in steps, are guarded the same way") {
  CHECK(name(judge_guard(parse_condition("needs.gate.outputs.should_run == 'true'"), {run_gate},
                         nullptr)
                 .fault) == "none");
  CHECK(name(judge_guard(parse_condition("needs.gate.outputs.should_run != 'false'"), {run_gate},
                         nullptr)
                 .fault) == "none");
  CHECK(name(judge_guard(parse_condition("needs.gate.outputs.should_run"), {run_gate}, nullptr)
                 .fault) == "string_is_true");
  CHECK(name(judge_guard(parse_condition("needs.gate.outputs.should_run == true"), {run_gate},
                         nullptr)
                 .fault) == "wrong_type");
  CHECK(name(judge_guard(parse_condition("steps.gate.outputs.skip_execution != 'true'"),
                         {step_gate}, nullptr)
                 .fault) == "none");
  CHECK(name(judge_guard(parse_condition("steps.other.outputs.skip_execution != 'true'"),
                         {step_gate}, nullptr)
                 .fault) == "absent");
  CHECK(
      guard_effect(
          parse_condition(
              "steps.gate.conclusion == 'success' && steps.gate.outputs.skip_execution != 'true'"),
          step_gate)
          .on_run == yes);
}

TEST_CASE("a gate that tells its verdict through several outputs is guarded by any of them") {
  const std::vector<GateOutput> verdicts{job_gate,
                                         {{"needs", "gate", "outputs", "verdict"}, "skip", "run"}};
  CHECK(guard_effect(parse_condition("needs.gate.outputs.verdict == 'run'"), verdicts).is_sound());
  CHECK(guard_effect(parse_condition("needs.gate.outputs.skip != 'true'"), verdicts).is_sound());
  CHECK(name(judge_guard(parse_condition("needs.gate.outputs.verdict == 'skip'"), verdicts, nullptr)
                 .fault) == "inverted");
}

TEST_CASE("mentions are told apart") {
  const GuardEffect all = guard_effect(parse_condition("contains(toJSON(needs), 'x')"), job_gate);
  CHECK(all.mentions_output);
  const GuardEffect star =
      guard_effect(parse_condition("contains(needs.*.outputs.skip, 'x')"), job_gate);
  CHECK(star.mentions_output);
  const GuardEffect result =
      guard_effect(parse_condition("needs.gate.result == 'failure'"), job_gate);
  CHECK_FALSE(result.mentions_output);
  CHECK(result.mentions_gate);
  const GuardEffect other =
      guard_effect(parse_condition("needs.build.outputs.skip != 'true'"), job_gate);
  CHECK_FALSE(other.mentions_output);
  CHECK_FALSE(other.mentions_gate);
}

TEST_CASE("skips and failures travel through needs") {
  struct Job {
    std::string id;
    std::vector<std::string> needs;
    std::string condition;  ///< "-" for none
    Truth runs;
  };
  struct Row {
    std::string title;
    std::vector<Job> jobs;
    std::map<std::string, JobResult> given;
    bool jobs_succeed;
  };
  const JobResult success = JobResult::success, failure = JobResult::failure,
                  skipped = JobResult::skipped;
  const std::vector<Row> rows{
      {"a job without needs runs", {{"a", {}, "-", yes}}, {}, false},
      {"after a skip",
       {{"a", {}, "-", no}, {"b", {"a"}, "-", no}, {"c", {"b"}, "-", no}},
       {{"a", skipped}},
       false},
      {"after a failure", {{"a", {}, "-", yes}, {"b", {"a"}, "-", no}}, {{"a", failure}}, false},
      {"after a success", {{"a", {}, "-", yes}, {"b", {"a"}, "-", yes}}, {{"a", success}}, false},
      {"after who knows", {{"a", {}, "-", yes}, {"b", {"a"}, "-", maybe}}, {}, false},
      {"when all succeed",
       {{"a", {}, "-", yes}, {"b", {"a"}, "-", yes}, {"c", {"b"}, "-", yes}},
       {},
       true},
      {"a condition that is false",
       {{"a", {}, "false", no}, {"b", {"a"}, "-", no}, {"c", {"a"}, "always()", yes}},
       {},
       false},
      {"success() looks at all ancestors, past one that ran",
       {{"a", {}, "-", no},
        {"b", {"a"}, "always()", yes},
        {"c", {"b"}, "-", no},
        {"d", {"b"}, "!failure() && !cancelled()", maybe}},
       {{"a", skipped}, {"b", success}},
       false},
      {"failure() too",
       {{"a", {}, "-", yes},
        {"b", {"a"}, "-", no},
        {"c", {"b"}, "failure()", yes},
        {"d", {}, "failure()", no}},
       {{"a", failure}},
       false},
      {"status of named jobs",
       {{"a", {}, "-", yes},
        {"b", {}, "-", yes},
        {"c", {"a", "b"}, "success('b')", yes},
        {"d", {"a", "b"}, "failure('a', 'b')", yes},
        {"e", {"a", "b"}, "failure('b')", no},
        {"f", {"a", "b"}, "success('nowhere')", maybe}},
       {{"a", failure}, {"b", success}},
       false},
      {"results of needs",
       {{"a", {}, "-", no},
        {"b", {"a"}, "always() && needs.a.result != 'skipped'", no},
        {"c", {"a"}, "always() && contains(needs.*.result, 'skipped')", yes},
        {"d", {"a"}, "always() && needs.a.outputs.x == 'y'", no}},
       {{"a", skipped}},
       false},
      {"only direct needs have a context",
       {{"a", {}, "-", yes},
        {"b", {"a"}, "-", yes},
        {"c", {"b"}, "always() && needs.a.result == 'success'", no}},
       {{"a", success}, {"b", success}},
       false},
      {"one need of two",
       {{"a", {}, "-", yes}, {"b", {}, "-", no}, {"c", {"a", "b"}, "-", no}},
       {{"a", success}, {"b", skipped}},
       false},
      {"a circle",
       {{"a", {"b"}, "-", maybe},
        {"b", {"a"}, "-", maybe},
        {"c", {"b"}, "always()", maybe},
        {"d", {}, "-", yes}},
       {},
       false},
      {"a need that does not exist",
       {{"a", {"nowhere"}, "always()", maybe}, {"b", {"a"}, "-", maybe}},
       {},
       false},
      {"a condition that does not parse", {{"a", {}, "a ==", maybe}}, {}, false},
  };
  for (const Row& row : rows) {
    std::vector<Expression> conditions;
    for (const Job& job : row.jobs)
      conditions.push_back(parse_condition(job.condition == "-" ? "" : job.condition));
    std::vector<JobNode> nodes;
    for (std::size_t at = 0; at < row.jobs.size(); ++at)
      nodes.push_back({row.jobs[at].id, row.jobs[at].needs,
                       row.jobs[at].condition == "-" ? nullptr : &conditions[at]});
    const auto fates = propagate(nodes, row.given, {}, row.jobs_succeed);
    for (const Job& job : row.jobs) {
      INFO(row.title << ": " << job.id);
      CHECK(show(fates.at(job.id).runs) == show(job.runs));
    }
  }
}

TEST_CASE("what stands behind a gate that skips is skipped, guarded or not") {
  const Expression guarded = parse_condition("needs.gate.outputs.skip != 'true'");
  const Expression report = parse_condition("always()");
  const std::vector<JobNode> jobs{{"gate", {}, nullptr},
                                  {"agent", {"gate"}, &guarded},
                                  {"publish", {"agent"}, nullptr},
                                  {"unguarded", {"gate"}, nullptr},
                                  {"report", {"agent", "publish"}, &report}};
  Scope scope;
  scope.set(job_gate.path, Value::string(job_gate.skip_value));
  const auto fates = propagate(jobs, {{"gate", JobResult::success}}, scope);
  CHECK(show(fates.at("agent").runs) == "false");
  CHECK(show(fates.at("publish").runs) == "false");
  CHECK(show(fates.at("unguarded").runs) == "true");
  CHECK(show(fates.at("report").runs) == "true");
  CHECK_FALSE(fates.at("agent").can_succeed);
  CHECK(fates.at("unguarded").can_fail);
}

TEST_CASE("a chain of needs as long as the file needs no stack") {
  std::vector<JobNode> jobs{{"job0", {}, nullptr}};
  for (int i = 1; i < 50000; ++i)
    jobs.push_back({"job" + std::to_string(i), {"job" + std::to_string(i - 1)}, nullptr});
  CHECK(show(propagate(jobs, {{"job0", JobResult::skipped}}, {}).at("job49999").runs) == "false");
}

TEST_CASE("one act causes several events") {
  CHECK(show(causes(Act::push_branch)) == "push");
  CHECK(show(causes(Act::push_pull_request_branch)) ==
        "push; pull_request synchronize; pull_request_target synchronize; pull_request_review "
        "dismissed");
  CHECK(show(causes(Act::reopen_pull_request)) ==
        "pull_request reopened; pull_request_target reopened");
  CHECK(show(causes(Act::comment_on_pull_request)) == show(causes(Act::comment_on_issue)));
  for (const NamedAct& act : acts()) {
    INFO(act.name);
    const auto all = causes(act.act);
    REQUIRE_FALSE(all.empty());
    CHECK(all.front().certain);
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        CHECK_FALSE((all[i].event == all[j].event && all[i].type == all[j].type));
  }
}

TEST_CASE("types that an event listens to by default") {
  const std::vector<std::string> labels{"labeled"};
  CHECK(listens_to("pull_request", nullptr, "synchronize"));
  CHECK(listens_to("pull_request_target", nullptr, "opened"));
  CHECK_FALSE(listens_to("pull_request", nullptr, "labeled"));
  CHECK(listens_to("pull_request", &labels, "labeled"));
  CHECK_FALSE(listens_to("pull_request", &labels, "synchronize"));
  CHECK(listens_to("issues", nullptr, "labeled"));
  CHECK(listens_to("workflow_run", nullptr, "requested"));
  CHECK(listens_to("push", nullptr, ""));
}

TEST_CASE("listeners that one act starts twice are found") {
  using Types = std::vector<std::string>;
  struct Row {
    std::string title;
    std::vector<Listener> listeners;
    std::vector<Act> acts;
    bool include_uncertain = false;
  };
  const std::vector<Row> rows{
      {"push and pull_request",
       {{"push", {}}, {"pull_request", {}}},
       {Act::push_pull_request_branch}},
      {"push and closed pull requests",
       {{"push", {}}, {"pull_request", Types{"closed"}}},
       {Act::merge_pull_request}},
      {"push and labels", {{"push", {}}, {"pull_request", Types{"labeled"}}}, {}},
      {"pull_request and its target",
       {{"pull_request", {}}, {"pull_request_target", {}}},
       {Act::push_pull_request_branch, Act::push_fork_branch, Act::open_pull_request,
        Act::open_draft_pull_request, Act::reopen_pull_request}},
      {"reviews and their comments",
       {{"pull_request_review", Types{"submitted"}},
        {"pull_request_review_comment", Types{"created"}}},
       {Act::comment_on_diff}},
      {"opened and labeled may come together",
       {{"issues", Types{"opened", "labeled"}}},
       {Act::open_issue},
       true},
      {"opened and labeled do not have to", {{"issues", Types{"opened", "labeled"}}}, {}},
      {"push and merge_group", {{"push", {}}, {"merge_group", {}}}, {Act::queue_for_merge}},
      {"comments and reviews are different acts",
       {{"issue_comment", {}}, {"pull_request_review", Types{"submitted"}}},
       {}},
  };
  for (const Row& row : rows) {
    INFO(row.title);
    std::vector<Act> found;
    for (const DoubleStart& start : double_starts(row.listeners, row.include_uncertain))
      found.push_back(start.act);
    CHECK(found == row.acts);
  }
}
