#include "call/command_row.h"
#include "call/commands.h"
#include "view/reading_options.h"

namespace refgate {

std::span<const CommandRow> record_commands() {
  static const std::vector<CommandRow> rows{
      {"log",
       "On a person's machine",
       "The record: who asked, who ran, who was skipped and why",
       {"[target]"},
       join({store_settings(), {"sha"}}),
       period_options(
           {{"commit", "SHA",
             "lines about this commit (its first 7 digits or more); --sha is the same"},
            {"key", "TARGET", "the same as TARGET"},
            {"run", "RUN", "lines that this run wrote: its id or URL"},
            {"lines", "N", "the newest N lines only; -n N is the same"},
            {"workflow", "NAME", "lines of this workflow"},
            {"reason", "CODE", "lines with this reason code: already_done, active_session, …"},
            {"kind", "WORD",
             "launch, skip, end, given_back, lost, release, pause, resume, remade or audit"},
            {"executed", "", "what ran"},
            {"prevented", "", "what was skipped"},
            {"json", "", "print one JSON object a line"}}),
       "refgate log --since 1d --prevented\n  refgate log -n 20 --workflow 'Agent review'\n  "
       "refgate "
       "log https://github.com/octo/app/pull/7\n\nBy time, so that the newest stands last, above "
       "the prompt. Only the days of the period are "
       "fetched. Plain git "
       "shows the same lines: git fetch origin "
       "'refs/notes/refgate/*:refs/notes/refgate/*', then git log --notes='refgate/*'. In a "
       "repository that has fetched them, and "
       "'refs/refgate/*:refs/refgate/*', every reading command works offline: --remote PATH.",
       command_log,
       {.tells_sentences = true, .only_reads = true},
       "",
       "show, stats, verify, docs/json.md"},
      {"show",
       "On a person's machine",
       "One session or commit as a story: who asked, who ran, who was skipped and why, what came "
       "of it",
       {"target"},
       store_settings(),
       {json_option},
       "refgate show 9fceb02d\n  refgate show "
       "https://github.com/octo/app/actions/runs/17300000001\n  "
       "refgate show '#7'\n\nA run that was skipped shows whose work it was skipped for.",
       command_show,
       {.tells_sentences = true, .only_reads = true},
       "1 nothing is known of it",
       "explain, log, release, result list"},
      {"stats",
       "On a person's machine",
       "Counts: sessions, those saved, suppressed retries, early exits, durations, costs, hot "
       "sessions",
       {},
       join({store_settings(), {"skew"}}),
       period_options(
           {{"by", "day|workflow|event|actor", "also a table by that"},
            {"hot", "N", "a session is hot when its key was asked for N times (default 5)"},
            {"usd-per-hour", "AMOUNT", "what an hour of a session costs: the saved ones in money"},
            json_option}),
       "refgate stats --since 7d --by workflow\n  refgate stats --usd-per-hour 6\n\nSaved are the "
       "duplicates that were told to skip; "
       "held back are those after which nobody has done the work. A session is counted by its "
       "launch and closed once. "
       "Lines that were written with `audit` count where the gate recorded nothing of that run.",
       command_stats,
       {.tells_sentences = true, .only_reads = true},
       "",
       "report, metrics, log"},
      {"verify",
       "On a person's machine",
       "Are there duplicates that did execute? Exit 1 and the list when there are",
       {},
       join({store_settings(), {"skew"}}),
       period_options({json_option}),
       "refgate verify --since 30d\n  refgate verify --json\n\nTwo launches of one scope are a "
       "duplicate when nothing "
       "closed the first one (an end, a loss, a release), when "
       "the "
       "first went on after the second had started, or when the first had succeeded and its claim "
       "was gone before its memory had passed. Forced "
       "launches are counted and are none. Lines of the positional audit that say \"executed\" are "
       "launches of their workflow and commit, one a run and attempt. A line whose digest does not "
       "fit was altered: it is "
       "named, too. Lines that are "
       "not refgate's are named and change nothing. Lines that a claim says are in no record (the "
       "server took no notes) may have told of a duplicate: exit 3 when nothing else was found.",
       command_verify,
       {.tells_sentences = true, .only_reads = true},
       "1 there are duplicates, or altered lines",
       "log, stats"},
      {"metrics",
       "On a person's machine",
       "The record and the live state as Prometheus text",
       {},
       join({store_settings(), {"skew"}}),
       {{"top", "N",
         "so many workflows and events keep their names as labels (default 20), the rest is "
         "\"other\""}},
       "refgate metrics > /var/lib/node_exporter/refgate.prom\n\nCounters are what the whole "
       "record says, gauges what stands now. Alert rules and a "
       "Grafana dashboard lie in monitoring/.",
       command_metrics,
       {.only_reads = true},
       "",
       "stats, report"},
      {"report",
       "On a person's machine",
       "A page for people: sessions over time, by workflow and event, a day's timeline, the record "
       "with a search",
       {},
       join({store_settings(), {"skew"}}),
       period_options(
           {{"html", "FILE", "where the page goes; - is standard output"},
            {"summary", "", "also, or only, the counts as a section of the job summary"},
            {"hot", "N", "a session is hot when its key was asked for N times (default 5)"},
            {"usd-per-hour", "AMOUNT", "what an hour of a session costs: the saved ones in money"},
            {"lines", "N",
             "so many of the newest lines are on the page (default 5000); the counts are of all"}}),
       "refgate report --since 30d --html report.html\n  refgate report --summary\n\nOne file, "
       "light and dark, that asks the "
       "network for nothing.",
       command_report,
       {.only_reads = true},
       "",
       "stats, metrics"},
      {"gc",
       "On a person's machine",
       "Complete and fold the record, forget expired claims, old results and spent budgets",
       {},
       store_settings(),
       {{"dry-run", "", "say what would be done, change nothing"},
        {"keep", "SPAN", "days of the record that ended longer ago are dropped (default 1y)"}},
       "refgate gc --dry-run\n  refgate gc --keep 90d --deadline 10m\n\nMay be killed anywhere and "
       "run twice at once. A large record takes "
       "longer than the usual deadline.",
       command_gc,
       {.tells_sentences = true},
       "",
       "result prune, docs/security.md"},
  };
  return rows;
}

}  // namespace refgate
