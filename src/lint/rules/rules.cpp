// The table of rules, sorted by id. A row: the name of its check without `check_` (which is also
// the name of its file in one of the rooms here), id, scope, severity, confidence, on by default,
// fix, options separated by blanks, summary. What `lint` itself reports has no check.

#include <array>

#include "lint/rule/rule.h"

#define REFGATE_RULES(RULE)                                                                       \
  RULE(agent_for_outsiders, "agent-for-outsiders", workflow, warning, high, true, none, "",       \
       "Anybody can start an agent that may change the repository and has the tools to do it")    \
  RULE(agent_keeps_token, "agent-keeps-token", workflow, warning, high, true, unsafe, "",         \
       "An agent works beside a token that may write, which a checkout left there")               \
  RULE(agent_too_often, "agent-too-often", workflow, warning, high, true, none, "",               \
       "A schedule starts an agent more often than once an hour, whether or not there is work")   \
  RULE(agent_unpinned, "agent-unpinned", workflow, note, high, false, none, "",                   \
       "An agent is launched by an action that is named by a branch")                             \
  RULE(agent_without_actor_check, "agent-without-actor-check", workflow, warning, high, true,     \
       none, "", "A comment starts an agent, and nothing asks who wrote it")                      \
  RULE(agent_without_concurrency, "agent-without-concurrency", workflow, warning, high, true,     \
       unsafe, "", "Two agents can work on the same thing at the same time")                      \
  RULE(agent_without_timeout, "agent-without-timeout", workflow, warning, high, true, unsafe,     \
       "minutes",                                                                                 \
       "A job that launches an agent has no limit of its own and may run for six hours")          \
  RULE(agent_without_turns, "agent-without-turns", workflow, note, high, false, none, "",         \
       "An agent that nobody watches has no bound on its turns, its cost or its time")            \
  RULE(agents_share_event, "agents-share-event", project, warning, medium, true, none, "",        \
       "Two jobs launch the same agent for the same event and the same work")                     \
  RULE(broad_push, "broad-push", workflow, warning, high, true, none, "workflows",                \
       "Every push to about every branch pays for an agent or a gate, whatever it changes")       \
  RULE(broken_guard, "broken-guard", file, error, high, true, safe, "",                           \
       "A condition names a gate's verdict and lets a skip through all the same, or never a run") \
  RULE(caller_permissions, "caller-permissions", workflow, error, high, true, unsafe, "",         \
       "A job calls a workflow that asks for more than the job may do, and the run is refused")   \
  RULE(cancel_around_gate, "cancel-around-gate", workflow, warning, high, true, none, "",         \
       "A concurrency group cancels the session before its gate can turn a duplicate away")       \
  RULE(concurrency_deadlock, "concurrency-deadlock", workflow, error, high, true, none, "",       \
       "A run waits for a concurrency group that it holds itself, and is cancelled")              \
  RULE(concurrency_defeated, "concurrency-defeated", workflow, warning, high, true, none, "",     \
       "A concurrency group is another one for every run and has no effect")                      \
  RULE(concurrency_self_cancel, "concurrency-self-cancel", workflow, warning, high, true, none,   \
       "", "An event that the workflow then ignores cancels the run that works")                  \
  RULE(condition_is_text, "condition-is-text", file, error, high, true, safe, "",                 \
       "Text outside of `${{ }}` makes a condition always true")                                  \
  RULE(duplicate_entry, "duplicate-entry", file, warning, high, true, safe, "",                   \
       "A key, event, filter, need, schedule or matrix value is listed twice")                    \
  RULE(duplicate_trigger, "duplicate-trigger", workflow, warning, high, true, unsafe, "",         \
       "One act starts a workflow twice for the same commit")                                     \
  RULE(fork_code_before_agent, "fork-code-before-agent", workflow, warning, high, true, none, "", \
       "An agent is started in the code of a fork, in a run that has secrets")                    \
  RULE(gate_behind_approval, "gate-behind-approval", workflow, note, medium, true, none, "",      \
       "A gate is asked after the approval of its job, so that people approve duplicates too")    \
  RULE(gate_in_line_twice, "gate-in-line-twice", workflow, warning, high, true, unsafe, "",       \
       "A concurrency group cancels the events that the gate's own line has promised a turn")     \
  RULE(gate_mismatch, "gate-mismatch", workflow, error, high, true, safe, "",                     \
       "`finish` looks for the session in another place than the gate put it")                    \
  RULE(gate_no_liveness, "gate-no-liveness", workflow, note, high, true, unsafe, "",              \
       "A gate may not ask whether the run of a dead holder has ended, and waits for its lease")  \
  RULE(gate_not_asked, "gate-not-asked", workflow, warning, high, true, none, "",                 \
       "A gate is left out by its own `if`, and its guards decide by outputs that nobody wrote")  \
  RULE(gate_permissions, "gate-permissions", workflow, error, high, true, unsafe, "",             \
       "A gate's job may not write contents, so that it can never claim a session")               \
  RULE(gate_swallowed, "gate-swallowed", file, warning, high, true, none, "",                     \
       "A gate that fails does not end its job, and its guards decide by outputs that nobody "    \
       "wrote")                                                                                   \
  RULE(gate_unknown_input, "gate-unknown-input", file, error, high, true, unsafe, "",             \
       "An input of the gate has a name or a value that it does not know")                        \
  RULE(gates_meet, "gates-meet", workflow, warning, high, true, none, "",                         \
       "Jobs or legs of one run ask for the same work without a word that tells them apart")      \
  RULE(invalid_expression, "invalid-expression", file, error, high, true, safe, "",               \
       "An expression is none that GitHub reads, and it refuses the whole file")                  \
  RULE(late_gate, "late-gate", file, warning, high, true, none, "",                               \
       "Something expensive stands before the gate and is paid for on a duplicate too")           \
  RULE(late_work, "late-work", workflow, warning, high, true, none, "",                           \
       "Work that waits for an approval or a group begins on an old verdict")                     \
  RULE(lease_too_short, "lease-too-short", workflow, warning, high, true, none, "",               \
       "A session in another job may work for longer than it is held")                            \
  RULE(missing_guard, "missing-guard", file, error, high, true, safe, "",                         \
       "A step or job behind a gate runs whatever the gate says")                                 \
  RULE(prompt_injection, "prompt-injection", workflow, warning, high, true, none, "",             \
       "What a stranger wrote is pasted into a script or a prompt")                               \
  RULE(relayed_start, "relayed-start", project, warning, medium, true, none, "",                  \
       "What one workflow does starts an agent twice, or a ring of workflows without an end")     \
  RULE(rerun_loop, "rerun-loop", workflow, warning, high, true, unsafe, "",                       \
       "A failed run is run again without a bound")                                               \
  RULE(retry_around_gate, "retry-around-gate", workflow, warning, high, true, none, "",           \
       "A retry asks the gate again, which launches nothing again that failed in its run")        \
  RULE(retry_not_suppressed, "retry-not-suppressed", workflow, warning, high, true, none, "",     \
       "An agent is launched again by itself when it fails")                                      \
  RULE(self_trigger, "self-trigger", workflow, warning, high, true, none, "",                     \
       "What an agent does starts its own workflow again")                                        \
  RULE(share_near, "share-near", project, warning, medium, true, unsafe, "",                      \
       "Two gates name nearly the same share, and neither holds the other's session back")        \
  RULE(skipped_check, "skipped-check", workflow, warning, high, true, none, "",                   \
       "A failed check turns green when its run is started again and the gate says skip")         \
  RULE(no_check, "syntax", file, error, high, true, none, "",                                     \
       "The file is no YAML that GitHub reads")                                                   \
  RULE(unfinished_session, "unfinished-session", workflow, warning, high, true, safe, "",         \
       "A session is begun and not ended whatever comes of the work")                             \
  RULE(ungated_rerun, "ungated-rerun", workflow, warning, high, true, safe, "",                   \
       "A job re-runs on the verdict of an earlier attempt, without asking the gate")             \
  RULE(unknown_output, "unknown-output", file, error, high, true, unsafe, "",                     \
       "An output is named that the gate does not have, and is always empty")                     \
  RULE(unregistered_session, "unregistered-session", workflow, warning, high, true, none, "",     \
       "A session is checked and never registered, so that no other run knows of it")             \
  RULE(no_check, "unused-ignore", file, warning, high, true, safe, "",                            \
       "An ignore comment ignores nothing, or names no rule")                                     \
  RULE(work_narrower_than_gate, "work-narrower-than-gate", workflow, warning, high, true, none,   \
       "", "The work asks for more than its gate, and what was not done is recorded as done")     \
  RULE(work_swallowed, "work-swallowed", workflow, warning, high, true, none, "",                 \
       "Work that fails behind a gate is recorded as done")                                       \
  RULE(workflow_run_fan_out, "workflow-run-fan-out", project, note, high, true, none, "sources",  \
       "One run starts several workflows, or one commit starts a listener several times")         \
  RULE(workflow_run_unknown, "workflow-run-unknown", project, error, high, true, unsafe, "names", \
       "A workflow listens to one that does not exist and never starts")

namespace refgate::lint {

#define REFGATE_DECLARE(name, ...) void check_##name(const Subject& subject, Sink& sink);
REFGATE_RULES(REFGATE_DECLARE)

/// For rows whose findings are made elsewhere: `syntax` when a file is read, `unused-ignore` when
/// ignores are applied.
void check_no_check(const Subject&, Sink&) {}

std::span<const Rule> rules() {
#define REFGATE_ROW(name, id, scope, severity, confidence, on_by_default, fix, options, summary) \
  Rule{id,                                                                                       \
       RuleScope::scope,                                                                         \
       Severity::severity,                                                                       \
       Confidence::confidence,                                                                   \
       on_by_default,                                                                            \
       FixKind::fix,                                                                             \
       options,                                                                                  \
       summary,                                                                                  \
       check_##name},
  static constexpr auto rows = std::to_array<Rule>({REFGATE_RULES(REFGATE_ROW)});
  return rows;
}

}  // namespace refgate::lint
