#include "job/gate/verdict.h"

#include <ostream>
#include <stdexcept>

#include "core/record/result.h"
#include "runner/runner.h"

namespace refgate {
namespace {

std::string lower(std::string_view name) {
  std::string out;
  for (char c : name)
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

std::string summary_of(const Told& told) {
  const auto row = [](std::string_view name, std::string_view value) {
    return value.empty()
               ? std::string()
               : "| " + std::string(name) + " | " + escape_for(Place::markdown, value) + " |\n";
  };
  return "\n| refgate | " +
         std::string(told.verdict == Verdict::skip ? "⏭️ skipped" : "▶️ runs") +
         " |\n| --- | --- |\n" + row("Session", told.session_key) + row("Reason", told.reason) +
         row("Code", name_of(told.code)) +
         row("Holder", told.holder_run_url.empty() ? told.holder_run_id : told.holder_run_url) +
         row("Generation", told.generation == 0 ? "" : std::to_string(told.generation)) +
         row("Result", told.result_id.empty() ? "" : how_to_get(told.result_id)) + "\n";
}

}  // namespace

Told told_of(const Decision& decision, const Request& request, const std::optional<Claim>& holder) {
  Told told;
  told.verdict = decision.verdict;
  told.code = decision.code;
  told.reason = decision.reason;
  told.session_key = request.session_key;
  told.run_attempt = request.holder.run_attempt;
  const std::optional<Claim>& claim = decision.next ? decision.next : holder;
  if (decision.next) told.claim_id = decision.next->claim_id;
  if (claim) {
    told.generation = claim->generation;
    told.holder_run_id = claim->holder.run_id;
    told.holder_run_url = claim->holder.run_url;
    if (time_of_result(claim->result)) told.result_id = claim->result;
  }
  return told;
}

void tell(const Invocation& call, const Told& told) {
  const bool skip = told.verdict == Verdict::skip;
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
                  {"GROUP", told.group},
                  {"POSITION", told.position == 0 ? "" : std::to_string(told.position)},
                  {"RESULT_ID", told.result_id}});
  }
  Outputs outputs;
  for (const auto& [name, value] : lines) {
    if (told.as != TellAs::sentence)
      call.out << name << "=" << escape_for(Place::line, value) << "\n";
    outputs.emplace_back(lower(name), value);
  }
  if (!write_outputs(call.environment, outputs))
    throw std::runtime_error(
        "GITHUB_OUTPUT could not be written, so that the guards of the later steps stay closed");
  if (told.as == TellAs::sentence)
    call.err << "refgate: " << (skip ? "skipped (" : "runs (") << name_of(told.code)
             << "): " << escape_for(Place::line, told.reason) << "\n";
  std::ostream& commands = told.as == TellAs::sentence ? call.err : call.out;
  if (skip)
    commands << annotation(call.environment, "notice",
                           "refgate: skipped (" + std::string(name_of(told.code)) + ")",
                           told.reason);
  append_summary(call.environment, summary_of(told));
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

NoAnswer no_answer(const Policy& policy, const Request& request, ReasonCode code,
                   const std::string& message) {
  const bool read_only = code == ReasonCode::read_only;
  const Fallback choice = read_only ? policy.on_read_only : policy.on_error;
  const std::string option = read_only ? "--on-read-only " : "--on-error ";
  NoAnswer answer;
  answer.told.code = code;
  answer.told.session_key = request.session_key;
  answer.told.run_attempt = request.holder.run_attempt;
  answer.told.verdict = choice == Fallback::run ? Verdict::run : Verdict::skip;
  answer.told.reason =
      message + (choice == Fallback::run    ? "; it runs without a claim, as " + option + "run says"
                 : choice == Fallback::skip ? "; it is skipped, as " + option + "skip says"
                                            : "; nothing runs, since there is no verdict (" +
                                                  option + "run or skip would decide)");
  answer.exit = choice == Fallback::fail ? exit_store : exit_done;
  return answer;
}

}  // namespace refgate
