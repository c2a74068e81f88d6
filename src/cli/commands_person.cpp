#include "call/command_row.h"
#include "call/commands.h"

namespace refgate {

std::span<const CommandRow> person_commands() {
  static const std::vector<CommandRow> rows{
      {"status",
       "On a person's machine",
       "Live sessions, and who holds what",
       {},
       store_settings(),
       {{"lost", "",
         "only work that nobody does and nobody has done, or that a person wants done again: its "
         "holder died, was cancelled, freed or gave up, and nobody took it up; with the runs that "
         "were skipped for it. Exit 1 when there is any"},
        {"due", "",
         "only limited work (finish --status limited) whose time has come and that nobody took up, "
         "with its run and those that were skipped since. Exit 1 when there is any"},
        {"take", "N",
         "with --lost: take up at most N of the promises that broke, each once, and print the run "
         "of each that is to be launched again (output runs). Exit 0"},
        {"all", "", "ended sessions too"},
        {"queues", "",
         "who is in line in which group, the sessions of groups, open and closed, the newest head "
         "of "
         "each branch (supersede), and who has which slot"},
        json_option},
       "refgate status --remote git@github.com:octo/app.git\n  refgate status --lost --take 5 | "
       "xargs -rn1 gh run rerun",
       command_status,
       {.tells_sentences = true, .only_reads = true},
       "1 with --lost or --due, there is such work; 3 something could not be read",
       "show, release, log, docs/stuck.md"},
      {"explain",
       "On a person's machine",
       "Why an event would run or skip, or why a run did, without touching anything",
       {"[target]"},
       join({store_settings(),
             subject_settings(),
             policy_settings(),
             ordering_settings(),
             governing_settings(),
             {"on-lost"}}),
       {{"payload", "FILE", "the event's payload (default: GITHUB_EVENT_PATH)"},
        {"offline", "", "do not ask the store: what would be with nothing stored"},
        json_option},
       "refgate explain --event pull_request --payload event.json --workflow Agent --group-by "
       "entity\n  refgate explain https://github.com/octo/app/actions/runs/17300000001\n\nWith a "
       "target it tells what its session is, which rule speaks when the same event comes once "
       "more, and what would change that. --retry, --cooldown, --max-attempts and --force are "
       "heard there.",
       command_explain,
       {.tells_sentences = true, .only_reads = true, .about_event = true},
       "1 nothing is known of the target",
       "show, gate, docs/sessions.md",
       {"session-window", "on-lost", "on-error", "on-read-only", "audit-skips"}},
      {"release",
       "On a person's machine",
       "Free a stuck session by hand; the next caller takes over",
       {"target"},
       store_settings(),
       {{"reason", "TEXT", "kept in the record"}},
       "refgate release https://github.com/octo/app/actions/runs/17300000001 --reason 'runner was "
       "unplugged'\n  refgate release '#7' --reason 'it hangs'\n\nWhen the target names several "
       "sessions, they are listed and nothing is released. The ref of a pool of slots that a "
       "provider's limit has closed (status --queues) opens it.",
       command_release,
       {.tells_sentences = true},
       "1 nothing is known of it, or it is free already",
       "status, show, pause --halt, docs/stuck.md"},
      {"pause",
       "On a person's machine",
       "Stop launches by hand: all, or those of a repository, workflow, share or actor",
       {"[subject]"},
       store_settings(),
       {{"for", "SPAN", "it lifts itself after so long (default: not before somebody resumes)"},
        {"halt", "", "end the sessions that run, too; they stop within one heartbeat"},
        {"reason", "TEXT", "told to everybody who is stopped, and kept in the record"}},
       "refgate pause --halt --reason 'an agent runs wild'\n"
       "  refgate pause workflow:review.yml --for 2h\n\n"
       "The subject is nothing (all that use this store), repo:OWNER/NAME, workflow:NAME or its "
       "file, share:NAME, or actor:LOGIN; the same again replaces its pause.\n"
       "Gates with --pause ask (or beside it, without it: what gate --help names there), and all "
       "that wait, are told to skip (reason_code paused); neither --force nor a re-run passes.",
       command_pause,
       {.tells_sentences = true},
       "",
       "resume, status, docs/governing.md"},
      {"resume",
       "On a person's machine",
       "Lift a pause, or all; the next event launches again",
       {"[subject]"},
       store_settings(),
       {{"breaker", "", "forget how the sessions of a workflow ended (gate --breaker)"}},
       "refgate resume workflow:review.yml\n"
       "  refgate resume workflow:review.yml --breaker\n\n"
       "Without a subject all pauses are lifted; all lifts the one that was made without.",
       command_resume,
       {.tells_sentences = true},
       "1 there was none",
       "pause, status, docs/governing.md"},
      {"doctor",
       "On a person's machine",
       "Check token, permissions, reachability, namespace, compare-and-swap, records, clock, "
       "counts, "
       "push rate",
       {},
       join({store_settings(), {"skew"}}),
       {{"rounds", "N",
         "so often several rivals change one ref at the same time (default 3; about 12 pushes "
         "each)"},
        json_option},
       "refgate doctor --remote https://github.com/octo/app\n  refgate doctor --rounds "
       "10\n\nMakes, reads, changes and deletes "
       "scratch refs, refs/<namespace>/doctor/scratch, refs/notes/<namespace>/doctor/scratch and "
       "one @doctor in each place that records lie in (among the claims also one with a name like "
       "theirs, among the lines one of today, and a list of no pauses where none stands), as a "
       "session would do with its claim and its lines.",
       command_doctor,
       {.tells_sentences = true, .only_reads = true},
       "1 something will not work",
       "docs/security.md, docs/where.md"},
      {"leave",
       "On a person's machine",
       "What of refgate is at a remote; with --yes it is deleted, and nothing else",
       {},
       store_settings(),
       {{"yes", "", "delete it all: claims, record, results. Not while a session is live"},
        {"dry-run", "", "only list, whatever else is said"}},
       "refgate leave --remote origin\n  refgate leave --remote origin --yes\n\nTake the steps out "
       "of the workflows first: what asks meanwhile makes new refs.",
       command_leave,
       {.tells_sentences = true},
       "1 with --yes, a session is live, and nothing was deleted",
       "status, pause --halt, docs/security.md"},
      {"envelope",
       "In a workflow",
       "The event as a message for a queue that keeps order by itself",
       {},
       join({store_settings(), subject_settings(), {"group-by", "bot"}}),
       {{"provider", "servicebus|sqs-fifo",
         "whose words: Azure Service Bus, or a FIFO queue of Amazon SQS"},
        {"payload", "FILE", "the event's payload (default: GITHUB_EVENT_PATH)"},
        {"body", "FILE",
         "what the message carries, or - for standard input (default: the payload)"},
        {"queue-url", "URL", "of the SQS queue; else it stands on the command line of aws"}},
       "refgate envelope --provider sqs-fifo --group-by entity-repository --queue-url \"$QUEUE\" > "
       "message.json\n\n"
       "aws sqs send-message --cli-input-json file://message.json. Events of one group have one "
       "MessageGroupId or SessionId, and\n"
       "events that are the same work one MessageDeduplicationId or MessageId, so that the "
       "provider drops what a gate would skip.",
       command_envelope,
       {.only_reads = true, .about_event = true},
       "",
       "explain, docs/order.md"},
  };
  return rows;
}

}  // namespace refgate
