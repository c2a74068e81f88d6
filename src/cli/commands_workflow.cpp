#include "call/command_row.h"
#include "call/commands.h"

namespace refgate {

std::span<const CommandRow> workflow_commands() {
  static const std::vector<CommandRow> rows{
      {"gate",
       "In a workflow",
       "Ask for the verdict and make the claim, in one step",
       {},
       join({store_settings(), subject_settings(), policy_settings(), liveness_settings(),
             ordering_settings(), governing_settings()}),
       {},
       "refgate gate --memory 2d\n  refgate gate --share review --retry manual --budget "
       "actor:3/1h\n\n"
       "Prints NAME=value lines and appends the same names in lower case to GITHUB_OUTPUT.\n"
       "SKIP_EXECUTION=false: start the work, and call `refgate finish` when it ends.\n"
       "SKIP_EXECUTION=true: do nothing; REASON says who does it.",
       command_gate,
       {},
       "0 there is a verdict, run or skip; 1 with --follow, nobody has done the work that it was "
       "skipped for; 2 wrong usage or input; 3 there is no verdict, and nothing may start",
       "finish, run, explain, docs/sessions.md",
       {"session-window"}},
      {"finish",
       "In a workflow",
       "End the session that this job's gate began",
       {},
       join({store_settings(), subject_settings(), policy_settings(), liveness_settings(),
             ordering_settings(), governing_settings(), cost_settings()}),
       {{"status", "STATUS",
         "what came of it: steps.<id>.outcome, needs.<job>.result or job.status; success when not "
         "given; limited when the provider said \"later\""},
        {"after", "SPAN", "with --status limited: not again before so long from now (default: 1h)"},
        {"until", "TIME",
         "the same as a time: RFC 3339, or seconds since 1970; what is past means now"},
        {"own-failure", "true|false",
         "the gate's output own_failure, where the gate has a job of its own: then finish exits 1 "
         "unless the work was done, here or by another run"}},
       "refgate finish --status \"$JOB_STATUS\"\n  refgate finish --status limited --after "
       "2h\n\nA job that was told to skip may call it too: it changes nothing then.",
       command_finish,
       {},
       "1 when this run's own work was not done, here or in an earlier try",
       "gate, deliver, status --due, docs/sessions.md",
       {"memory",       "pr-lock-window", "session-window", "lease",     "skew",    "retry",
        "max-attempts", "cooldown",       "budget",         "reserve",   "force",   "on-read-only",
        "holder-run",   "audit-skips",    "interval",       "heartbeat", "on-lost", "group-by",
        "bot",          "slots",          "wait",           "no-wait",   "pause",   "follow",
        "supersede",    "settle",         "breaker"}},
      {"check",
       "In a workflow",
       "Positional form: may this session start?",
       {"event_type", "workflow_name", "commit_sha", "[run_id]"},
       join({store_settings(), positional_settings(), policy_settings(), {"pause"}}),
       {{"exit-code", "", "exit 1 when prevented, in Actions too"}},
       "refgate check push \"Agent review\" \"$GITHUB_SHA\" 4711\n  refgate check push \"Agent "
       "review\" \"$GITHUB_SHA\"\n\nWith a run id it holds the scope for `register`; without one "
       "it only reads.",
       command_check,
       {},
       "1 when prevented; in Actions only with --exit-code",
       "register, cleanup, audit, gate"},
      {"register",
       "In a workflow",
       "Positional form: the session starts",
       {"session_key", "event_type", "workflow_name", "run_id", "commit_sha"},
       join({store_settings(), positional_settings(), policy_settings()}),
       {},
       "refgate register agent-review-push-9fceb02d push \"Agent review\" 4711 \"$GITHUB_SHA\"",
       command_register,
       {},
       "1 when somebody else holds the scope",
       "check, cleanup, audit"},
      {"cleanup",
       "In a workflow",
       "Positional form: the session ends",
       {"session_key"},
       join({store_settings(), positional_settings(), {"run-id"}}),
       {},
       "refgate cleanup agent-review-push-9fceb02d\n\nEnds the session only where it was "
       "registered: from a run that was told to skip it changes "
       "nothing.",
       command_cleanup,
       {},
       "",
       "check, register, audit"},
      {"audit",
       "In a workflow",
       "Positional form: write a line of the record",
       {"session_key", "event_type", "workflow_name", "run_id", "commit_sha", "executed",
        "job_status"},
       join({store_settings(), positional_settings(), cost_settings()}),
       {},
       "refgate audit agent-review-push-9fceb02d push \"Agent review\" 4711 \"$GITHUB_SHA\" true "
       "success",
       command_audit,
       {},
       "",
       "check, register, cleanup, log"},
  };
  return rows;
}

}  // namespace refgate
