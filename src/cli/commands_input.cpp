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
       {{"title", "TEXT", "save: what it is, for people"},
        {"url", "URL", "save: what it is about; list: only those about it"},
        {"meta", "KEY=VALUE", "save: more to find it by; repeatable"},
        {"not-secret", "NAME",
         "save: the variable NAME holds no secret, whatever it is called; or what begins so (ghp_) "
         "is "
         "none; repeatable"},
        {"max-bytes", "N",
         "save: the longest result (default: 1048576, what GitHub advises for objects)"},
        {"since", "WHEN", "list: kept at that time or later: 7d, 2026-11-22 or a time"},
        {"until", "WHEN", "list: kept at that time or earlier"},
        {"session", "TEXT", "list: only those of a session key, run id, claim id, ref or commit"},
        {"output", "FILE", "get: write there instead of standard output"},
        {"meta-only", "", "get: print the record, as JSON, instead of the content"},
        {"older-than", "SPAN", "prune: default 30d"},
        {"dry-run", "", "prune: say what would be done, change nothing"},
        {"json", "", "list: print JSON"}},
       "refgate result save review.md --title \"Review of #7\" --url \"$PR_URL\"\n"
       "  refgate result get https://github.com/octo/app/pull/7 --output review.md\n\n"
       "save reads the file, or standard input, and prints the id. A later duplicate of the "
       "session is told that id. A result is as readable as the\n"
       "repository: one that holds a token of the process' environment is refused. prune unlists, "
       "it does not erase.",
       command_result},
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
       "is gone ends the delivery.\n"
       "Exit status: 0 delivered; 1 kept in the store (refgate result get); 3 neither, and "
       "RESULT_FILE names the file that holds it.",
       command_deliver},
      {"matrix",
       "In a workflow",
       "Reduce a list to its unique members, for a job matrix",
       {"[list]"},
       {},
       {{"file", "FILE",
         "read the list from a file, or - for standard input, which is the default"},
        {"id", "KEY", "the member of an object that says which it is (default: id)"},
        {"whole", "", "two objects are the same only when all of them is"}},
       "refgate matrix '[\"opus\", \"sonnet\", \"opus\"]'\n\n"
       "The list is JSON: text, or objects with an id. The first of several equal members stays, "
       "and each drop is told on standard error.\n"
       "Prints the list, and appends matrix, count and dropped to GITHUB_OUTPUT: matrix: {model: "
       "\"${{ fromJSON(needs.x.outputs.matrix) }}\"}",
       command_matrix},
  };
  return rows;
}

}  // namespace refgate
