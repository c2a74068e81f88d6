#include "app/command_row.h"
#include "app/commands.h"

namespace refgate {

std::span<const CommandRow> record_commands() {
  static const std::vector<CommandRow> rows{
      {"log",
       "On a person's machine",
       "The record: who asked, who ran, who was skipped and why",
       {},
       join({store_settings(), {"sha"}}),
       {{"since", "WHEN", "7d, 2026-11-22 or a time"},
        {"until", "WHEN", "likewise"},
        {"key", "TEXT", "a session key, run id, claim id, ref or commit"},
        {"json", "", "print one JSON object a line"}},
       "refgate log --since 1d\n\nPlain git shows the same lines: git fetch origin 'refs/notes/refgate/*:refs/notes/refgate/*', then git log "
       "--notes='refgate/*'",
       command_log},
      {"show",
       "On a person's machine",
       "One session or commit with its whole story",
       {"target"},
       store_settings(),
       {json_option},
       "refgate show 9fceb02d\n\nThe target is a claim id, session key, run id, ref or commit.",
       command_show},
      {"gc",
       "On a person's machine",
       "Complete and fold the record, forget expired claims",
       {},
       store_settings(),
       {{"dry-run", "", "say what would be done, change nothing"}},
       "refgate gc --dry-run",
       command_gc},
  };
  return rows;
}

}  // namespace refgate
