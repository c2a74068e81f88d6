#include "job/verdict/verdict.h"

#include <ostream>

#include "core/claim/transition.h"
#include "core/event/read_only.h"
#include "core/record/result.h"
#include "core/text/lower.h"
#include "core/words/sentence.h"
#include "job/subject/subject.h"
#include "job/verdict/glance.h"
#include "os/file/checked_output.h"
#include "os/trace.h"
#include "runner/failure.h"
#include "runner/runner.h"

namespace refgate {
namespace {

const std::string permission_yaml = "permissions:\n  contents: write\n";

void annotate(const Invocation& call, const Told& told, const Glance& glance,
              std::ostream& commands) {
  if (glance.level[0] == '\0') return;
  commands << annotation(
      call.environment, glance.level,
      std::string("refgate: ") +
          (told.verdict == Verdict::skip       ? "skipped ("
           : told.would_skip                   ? "would be skipped ("
           : told.code == ReasonCode::same_run ? "runs ("
                                               : "observed without an answer (") +
          std::string(name_of(told.code)) + ")",
      glance.sentence);
}

}  // namespace

Told told_of(const Decision& decision, const Request& request, const std::optional<Claim>& holder) {
  Told told;
  told.verdict = decision.verdict;
  told.code = decision.code;
  told.reason = decision.reason;
  told.until = decision.until;
  told.session_key = request.session_key;
  told.run_attempt = request.holder.run_attempt;
  told.run_url = request.holder.run_url;
  const std::optional<Claim>& claim = decision.next ? decision.next : holder;
  if (decision.next) told.claim_id = decision.next->claim_id;
  if (claim) {
    told.generation = claim->generation;
    told.holder_run_id = claim->holder.run_id;
    told.holder_run_url = claim->holder.run_url;
    if (time_of_result(claim->result)) told.result_id = claim->result;
  }
  if (!decision.next && holder) {
    told.holder = holder;
    told.joined_by = request.joined_by;
    told.holder_outcome = outcome_for_others(*holder);
  }
  if (decision.newer) {
    told.holder.reset();
    told.generation = 0;
    told.holder_outcome.clear();
    told.holder_run_id = decision.newer->run_id;
    told.holder_run_url = decision.newer->run_url;
  }
  if (told.verdict == Verdict::skip && holder) {
    told.own_failure = is_own_failure(*holder, request.holder);
  }
  return told;
}

namespace {

void write_and_print(const Invocation& call, const Told& told,
                     const std::optional<Trouble>& trouble) {
  const bool skip = told.verdict == Verdict::skip;
  trace([&] {
    return std::string("decided: ") + (skip ? "skip" : "run") + ", by the rule " +
           std::string(name_of(told.code)) + ": " + told.reason;
  });
  Outputs lines{{"SESSION_KEY", told.session_key},
                {"SKIP_EXECUTION", skip ? "true" : "false"},
                {"REASON", told.reason},
                {"RETRY_SUPPRESSION", skip ? "ENFORCED" : "ACTIVE"},
                {"EARLY_GATING", skip ? "SUCCESS" : "PROCEEDING"}};
  if (told.as != TellAs::original_lines) {
    lines.insert(lines.end(),
                 {{"REASON_CODE", std::string(name_of(told.code))},
                  {"CLAIM_ID", told.claim_id},
                  {"GENERATION", told.generation == 0 ? "" : std::to_string(told.generation)},
                  {"RUN_ATTEMPT", std::to_string(told.run_attempt)},
                  {"HOLDER_RUN_ID", told.holder_run_id},
                  {"HOLDER_RUN_URL", told.holder_run_url},
                  {"HOLDER_OUTCOME", told.holder_outcome},
                  {"OWN_FAILURE", told.own_failure ? "true" : "false"},
                  {"GROUP", told.group},
                  {"POSITION", told.position == 0 ? "" : std::to_string(told.position)},
                  {"RESULT_ID", told.result_id},
                  {"WOULD_SKIP", !told.observing   ? ""
                                 : told.would_skip ? "true"
                                                   : "false"},
                  {"UNTIL", told.until ? format_second(*told.until) : std::string()}});
  }
  Outputs outputs;
  for (const auto& [name, value] : lines)
    outputs.emplace_back(lower(name), value);
  // First what opens the guards: nothing is printed of a verdict that nobody was told.
  write_outputs(call.environment, outputs);
  if (told.as != TellAs::sentence)
    for (const auto& [name, value] : lines)
      call.out << name << "=" << escape_for(Place::line, value) << "\n";
  else
    call.err << "refgate: "
             << (trouble           ? "no verdict ("
                 : skip            ? "skipped ("
                 : told.would_skip ? "runs, observed; enforcing would skip ("
                                   : "runs (")
             << name_of(told.code) << "): " << escape_for(Place::line, told.reason) << "\n";
  const Glance glance = trouble ? Glance{} : glance_of(told, now());
  if (!trouble) annotate(call, told, glance, told.as == TellAs::sentence ? call.err : call.out);
  if (told.as != TellAs::sentence) flush_or_throw(call.out);
  if (trouble)
    tell_failure(
        call.environment, call.err,
        {call.command, trouble->message, trouble->hint, trouble->yaml, trouble->claim_may_stand});
  else
    append_summary(call.environment, glance.summary);
  // Not every server shows annotations and summaries, and each the log: its last line is for
  // people.
  if (told.as == TellAs::all_lines && !trouble)
    call.err << "refgate: " << escape_for(Place::line, glance.line) << "\n";
}

}  // namespace

void tell(const Invocation& call, const Told& told, const std::optional<Trouble>& trouble) {
  try {
    write_and_print(call, told, trouble);
  } catch (const OutputError&) {
    // What opens the guards may have been written by then.
    close_guards(call.environment);
    throw;
  }
}

ReasonCode code_of(const StoreError& error) {
  switch (error.failure()) {
    case StoreFailure::unreachable:
      return ReasonCode::unreachable;
    case StoreFailure::denied:
      return ReasonCode::denied;
    case StoreFailure::read_only:
      return ReasonCode::read_only;
    case StoreFailure::unreadable:
      return ReasonCode::unreadable;
  }
  return ReasonCode::unreadable;
}

/// First what it means and who can do the work, since a sentence is cut behind; what the server
/// said comes last.
std::string why_read_only(bool expected, const StoreError& error) {
  return std::string("The token may only read") +
         (expected ? ", as those of forks' pull requests and of Dependabot do: have it done by a "
                     "`workflow_run` follow-up, or after a maintainer's label"
                   : ", so that nothing of this workflow will ever run: give the job `permissions: "
                     "contents: write`") +
         ". " + capitalised(error.what());
}

NoAnswer no_answer(const Invocation& call, const Policy& policy, const Request& request,
                   const StoreError& error) {
  const ReasonCode code = code_of(error);
  const bool read_only = code == ReasonCode::read_only;
  const bool by_default = read_only && !policy.on_read_only && !policy.observe;
  const bool expected = read_only && token_may_only_read(call);
  const Fallback choice = policy.observe        ? Fallback::run
                          : !read_only          ? policy.on_error
                          : policy.on_read_only ? *policy.on_read_only
                          : expected            ? Fallback::skip
                                                : Fallback::fail;
  const std::string option = read_only ? "--on-read-only " : "--on-error ";
  NoAnswer answer;
  answer.told.code = code;
  answer.told.session_key = request.session_key;
  answer.told.run_attempt = request.holder.run_attempt;
  answer.told.run_url = request.holder.run_url;
  answer.told.verdict = choice == Fallback::run ? Verdict::run : Verdict::skip;
  answer.told.reason = read_only ? why_read_only(expected, error) : error.what();
  answer.told.observing = policy.observe;
  if (policy.observe)
    answer.told.reason += "; it runs without a claim, since it is only observed";
  else if (choice == Fallback::run)
    answer.told.reason += "; it runs without a claim, as " + option + "run says";
  else if (choice == Fallback::skip && by_default)
    answer.told.reason +=
        "; it is skipped by default, which --on-read-only run or fail would decide otherwise";
  else if (choice == Fallback::skip)
    answer.told.reason += "; it is skipped, as " + option + "skip says";
  else
    answer.told.reason +=
        "; nothing runs, since there is no verdict (" + option + "run or skip would decide)";
  answer.told.red = policy.follow && choice == Fallback::skip;
  answer.exit = choice == Fallback::fail ? exit_store : answer.told.red ? exit_no : exit_done;
  if (choice == Fallback::fail) {
    answer.trouble = Trouble{error.what(), error.hint(), {}};
    if (read_only && !expected)
      *answer.trouble = {
          "The token may only read, so that nothing of this workflow will ever run. "
          "Give the job, or the workflow, the permission:",
          error.what(), permission_yaml};
  }
  return answer;
}

}  // namespace refgate
