#include "call/command_row.h"
#include "call/commands.h"

namespace refgate {

std::span<const CommandRow> session_commands() {
  static const std::vector<CommandRow> rows{
      {"run",
       "In a workflow",
       "Gate, heartbeats, command, end, in one call",
       {"[command...]"},
       join({store_settings(),
             subject_settings(),
             policy_settings(),
             {"interval", "on-lost"},
             ordering_settings(),
             governing_settings(),
             cost_settings()}),
       {{"skip-exit", "STATUS", "the exit status when the verdict is skip (default: 0)"},
        {"kill-after", "SPAN", "between TERM and KILL when the session is lost (default: 10s)"},
        {"limited-after", "SPAN",
         "exit status 75 of the command means that its provider said \"later\": the session ends "
         "as limited, and nobody does this work again before so long from now"},
        {"keep-token", "", "leave the token in the command's environment"},
        {"each", "FILE|-", "run the command once for each line, {} in its words being the line"},
        {"parallel", "N", "with --each: so many at once (default: 1)"},
        {"max-failures", "N",
         "with --each: so many in a row that name the session as the cause cancel the rest"},
        {"session-error", "TEXT",
         "with --each: a failure whose standard error holds this is for the session's sake, as "
         "exit status 75 is; repeatable"}},
       "refgate run --lease 15m -- agent review\n  refgate run --each files.txt --parallel 4 -- "
       "agent review {}\n\n"
       "The command has the terminal and gets all signals. When the session is lost, it is stopped "
       "with all that it started.",
       command_run,
       {.leaves_terminal = true, .takes_files = true},
       "the command's; with --each 0 when all items are done, else 1; --skip-exit when told to "
       "skip; 2 wrong usage or input; 3 there is no verdict",
       "gate, heartbeat, finish, docs/sessions.md",
       {"session-window"}},
      {"heartbeat",
       "In a workflow",
       "Renew the lease of this job's session, once or over the whole job",
       {},
       join({store_settings(), subject_settings(), {"lease", "interval", "on-lost"}}),
       {{"background", "", "start one quiet process that renews until the job or the session ends"},
        {"first-after", "SPAN", "with --background: until the first renewal (default: 0s)"},
        {"while-pid", "PID",
         "with --background: end with this process (default: the nearest ancestor that is no "
         "shell)"},
        {"attached", "", ""}},
       "refgate heartbeat --background --interval 5m\n  refgate heartbeat",
       command_heartbeat,
       {.leaves_terminal = true},
       "1 when the session is lost",
       "gate --heartbeat, health, run"},
      {"health",
       "In a workflow",
       "May the work go on? Answered from the job's own record, without any network",
       {},
       {"claim-id", "state-dir", "config"},
       {{"enter", "", "an operation begins, if it may: count it as under way"},
        {"leave", "", "an operation has ended"},
        {"quiet", "", "print nothing while the session is alive"},
        json_option},
       "refgate health --quiet || exit 1\n  refgate health --enter && git push; refgate health "
       "--leave\n\nThe cause is said once (session death cascade: …), later calls are counted.",
       command_health,
       {.tells_sentences = true, .leaves_terminal = true, .only_reads = true},
       "1 halt: the session is lost",
       "heartbeat, run"},
  };
  return rows;
}

}  // namespace refgate
