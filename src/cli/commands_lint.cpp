#include "call/command_row.h"
#include "call/commands.h"

namespace refgate {

std::span<const CommandRow> lint_commands() {
  static const std::vector<CommandRow> rows{
      {"lint",
       "On workflow files",
       "Find the workflows that will launch twice, before they do",
       {"[paths...]"},
       {},
       {{"format", "text|json|sarif|github", "how findings are told (default: text)"},
        {"sarif", "FILE", "write SARIF 2.1.0 to a file too, unless the run fails"},
        {"min-severity", "error|warning|note",
         "leave out what is below; what is left decides the exit status (default: all are told, "
         "warnings decide)"},
        {"fix", "=safe", "apply safe fixes; --fix=unsafe applies those that involve a choice too"},
        {"diff", "", "print what --fix would change, and change nothing"},
        {"select", "RULES", "look for these only (ids with commas between), and for broken YAML"},
        {"ignore", "RULES", "look for all but these"},
        {"baseline", "FILE",
         "leave out the findings that this file lists, and tell which are gone"},
        {"write-baseline", "FILE", "write all findings to that file, and report none"},
        {"stdin-name", "FILE", "what `-`, the standard input, is called"},
        {"explain", "RULE", "print a rule's page"},
        {"config", "FILE", "the configuration (default: .github/refgate.yml)"},
        {"verbose", "", "tell on standard error which files are read (short: -v)"}},
       "refgate lint .github/workflows\n  refgate lint --fix\n"
       "  git show HEAD:.github/workflows/ci.yml | refgate lint -\n\n"
       "A line `# refgate: ignore[rule] reason` ignores findings on it or below it.",
       command_lint,
       {.only_reads = true, .takes_files = true},
       "0 nothing found; 1 findings; 2 wrong usage, or no workflow where one was looked for; 3 the "
       "run failed, and nothing was checked",
       "init, docs/lint.md"},
      {"init",
       "On workflow files",
       "Put gates before the agents of this repository, or write a first gated workflow",
       {"[folder]"},
       {},
       {{"write", "", "write what is shown"},
        {"dry-run", "", "print what would be written, and write nothing (as without --write)"}},
       "refgate init\n  refgate init --write\n\nShows gate, guards, end of the session, "
       "permissions and time limit "
       "of each agent job as a diff, and writes it with --write; where no workflow launches an "
       "agent, a first one. What the linter would object to stays as it is, with jobs to be pasted "
       "instead. What is there is kept; a second call changes nothing.",
       command_init,
       {.takes_files = true},
       "",
       "lint, docs/sessions.md"},
      {"completion",
       "On a person's machine",
       "What a shell offers after `refgate`: commands, their options, words of a fixed list",
       {"shell"},
       {},
       {},
       "source <(refgate completion bash)\n  refgate completion fish > "
       "~/.config/fish/completions/refgate.fish",
       command_completion,
       {.only_reads = true}},
  };
  return rows;
}

}  // namespace refgate
