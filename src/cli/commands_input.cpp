#include "call/command_row.h"
#include "call/commands.h"

namespace refgate {

std::span<const CommandRow> input_commands() {
  static const std::vector<CommandRow> rows{
      {"result",
       "In a workflow",
       "Keep what a session produced, and find it again: save, list, get, prune",
       {"action", "[target]"},
       join({store_settings(), subject_settings()}),
       {{"title", "TEXT", "what it is, for people", "save"},
        {"url", "URL", "what it is about; to list, only those about it", "save,list"},
        {"meta", "KEY=VALUE", "more to find it by; repeatable", "save"},
        {"not-secret", "NAME",
         "the variable NAME holds no secret, whatever it is called; or what begins so (ghp_) is "
         "none; "
         "repeatable",
         "save"},
        {"max-bytes", "N", "the longest result (default: 1048576, what GitHub advises for objects)",
         "save"},
        {"since", "WHEN", "kept at that time or later: 7d, 2026-11-22 or a time", "list"},
        {"until", "WHEN", "kept at that time or earlier", "list"},
        {"session", "TARGET",
         "only those of a run or its URL, '#7', a branch, a commit, a session key or a claim",
         "list"},
        {"output", "FILE", "write there instead of standard output", "get"},
        {"meta-only", "", "print the record, as JSON, instead of the content", "get"},
        {"older-than", "SPAN", "those that were kept before (default: 30d)", "prune"},
        {"dry-run", "", "say what would be done, change nothing", "prune"},
        {"json", "", "print JSON", "list"}},
       "refgate result save review.md --title \"Review of #7\" --url \"$PR_URL\"\n"
       "  refgate result get https://github.com/octo/app/pull/7 --output review.md\n"
       "  refgate result list --session '#7'\n\n"
       "save reads the file, or standard input, and prints the id. A later duplicate of the "
       "session is told that id. get takes an id, the URL that it is about, or what show takes: a "
       "run, '#7', a commit. A result is as readable as the\n"
       "repository: one that holds a token of the process' environment is refused. prune unlists, "
       "it does not erase.",
       command_result,
       {.takes_files = true},
       "1 get: there is no such result, or its digest does not fit",
       "deliver, show, docs/results.md"},
      {"deliver",
       "In a workflow",
       "Hand a result over by the first channel that takes it, or keep it",
       {"[command...]"},
       join({store_settings(), subject_settings()}),
       {{"file", "FILE", "the result; - for standard input, which is the default"},
        {"to", "NAME=COMMAND",
         "a further channel, a shell command; tried in order after the command behind --; "
         "repeatable"},
        {"channel-timeout", "SPAN", "how long one channel may take (default: 60s)"},
        {"progress", "",
         "an update on the way: passed over when the session is gone, never kept, never a failure"},
        {"limit", "SPAN",
         "how long the session has, such as 15m: then what there is of the result is kept"},
        {"warn-at", "SPAN",
         "when the early summary is due, such as 12m (default: four fifths of the limit)"},
        {"on-warn", "COMMAND", "the early summary: a shell command, run once a session"},
        {"since", "WHEN",
         "what the limit is counted from: a time, or 3m for so long ago (default: when the claim "
         "was made, else now)"},
        {"title", "TEXT", "what the result is, if it is kept"},
        {"url", "URL", "what it is about, if it is kept"},
        {"meta", "KEY=VALUE", "more to find it by, if it is kept; repeatable"},
        {"not-secret", "NAME",
         "the variable NAME holds no secret, whatever it is called; or what begins so (ghp_) is "
         "none; "
         "repeatable"}},
       "agent | refgate deliver --to mail='mail -s review team@example.org' -- gh pr comment 7 "
       "--body-file -\n\n"
       "A channel gets the result on standard input and in the file REFGATE_RESULT_FILE, and has "
       "delivered when its exit status is 0 and it\n"
       "did not stop in the midst of its input. It inherits the environment but for REFGATE_TOKEN: "
       "a token under another name, such as GH_TOKEN for gh,\n"
       "stays. The session is asked before each channel; one that "
       "is gone ends the delivery.",
       command_deliver,
       {.leaves_terminal = true, .takes_files = true},
       "0 delivered; 1 kept in the store (refgate result get); 2 wrong usage or input; 3 neither, "
       "and RESULT_FILE names the file that holds it",
       "result, docs/results.md"},
      {"matrix",
       "In a workflow",
       "Reduce a list to its unique members, for a job matrix",
       {"[list]"},
       {},
       {{"file", "FILE",
         "read the list from a file, or - for standard input, which is the default"},
        {"id", "KEY", "the member of an object that says which it is (default: id)"},
        {"whole", "", "two objects are the same only when all of them is"}},
       "refgate matrix '[\"opus\", \"sonnet\", \"opus\"]'\n  refgate matrix --file "
       "models.json\n\n"
       "The list is JSON: text, or objects with an id. The first of several equal members stays, "
       "and each drop is told on standard error.\n"
       "Prints the list, and appends matrix, count and dropped to GITHUB_OUTPUT: matrix: {model: "
       "\"${{ fromJSON(needs.x.outputs.matrix) }}\"}",
       command_matrix,
       {.only_reads = true},
       "",
       "envelope, docs/sessions.md"},
  };
  return rows;
}

}  // namespace refgate
