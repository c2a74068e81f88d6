#include "app/main.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <deque>
#include <exception>
#include <iostream>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>

#include "app/commands.h"
#include "app/runner.h"
#include "core/nearest.h"

namespace refgate {
namespace {

using Names = std::vector<const char*>;

const Names store_settings{"remote", "namespace", "deadline", "config"};
const Names subject_settings{"event",     "workflow", "sha",       "run-id",   "run-attempt", "job",
                             "job-index", "share",    "dimension", "identity", "state-dir",   "claim-id"};
const Names policy_settings{"memory", "pr-lock-window", "session-window", "lease",        "skew",
                            "retry",  "force",          "on-error",       "on-read-only", "audit-skips"};
// The positional words say event, workflow, commit and run.
const Names positional_settings{"run-attempt", "job", "job-index", "share", "dimension", "identity", "state-dir", "claim-id"};

Names join(std::initializer_list<Names> groups) {
  Names all;
  for (const Names& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

struct OptionRow {
  const char* name;
  const char* metavar;  ///< empty for a flag; "=word" for a flag that may have a value, `word` when none is given
  const char* help;
};

struct CommandRow {
  const char* name;
  const char* group;
  const char* summary;
  Names positional;  ///< "name", or "[name]" when it may be left out, or "[names...]" for any number of them
  Names settings;    ///< rows of setting_table()
  std::vector<OptionRow> options;
  const char* example;
  int (*run)(const Invocation&);
};

const OptionRow json_option{"json", "", "print JSON"};

const std::vector<CommandRow>& commands() {
  static const std::vector<CommandRow> rows{
      {"gate",
       "In a workflow",
       "Ask for the verdict and make the claim, in one step",
       {},
       join({store_settings, subject_settings, policy_settings}),
       {},
       "refgate gate --memory 2d\n\n"
       "Prints NAME=value lines and appends the same names in lower case to GITHUB_OUTPUT.\n"
       "SKIP_EXECUTION=false: start the work, and call `refgate finish` when it ends.\n"
       "SKIP_EXECUTION=true: do nothing; REASON says who does it. Exit status 0 for both.",
       command_gate},
      {"finish",
       "In a workflow",
       "End the session that this job's gate began",
       {},
       join({store_settings, subject_settings, policy_settings}),
       {{"status", "success|failure|cancelled", "what came of it (job.status; default success)"}},
       "refgate finish --status \"$JOB_STATUS\"\n\nA job that was told to skip may call it too: it changes nothing then.",
       command_finish},
      {"check",
       "In a workflow",
       "Positional form: may this session start?",
       {"event_type", "workflow_name", "commit_sha", "[run_id]"},
       join({store_settings, positional_settings, policy_settings}),
       {{"exit-code", "", "exit 1 when prevented, in Actions too"}},
       "refgate check push \"Agent review\" 9fceb02d 4711\n\nWith a run id it holds the scope for `register`; without one it only reads. Exit status "
       "1 when prevented.",
       command_check},
      {"register",
       "In a workflow",
       "Positional form: the session starts",
       {"session_key", "event_type", "workflow_name", "run_id", "commit_sha"},
       join({store_settings, positional_settings, policy_settings}),
       {},
       "refgate register agent-review-push-9fceb02d push \"Agent review\" 4711 9fceb02d",
       command_register},
      {"cleanup",
       "In a workflow",
       "Positional form: the session ends",
       {"session_key"},
       join({store_settings, positional_settings, {"run-id"}}),
       {},
       "refgate cleanup agent-review-push-9fceb02d\n\nEnds the session only where it was registered: from a run that was told to skip it changes "
       "nothing.",
       command_cleanup},
      {"audit",
       "In a workflow",
       "Positional form: write a line of the record",
       {"session_key", "event_type", "workflow_name", "run_id", "commit_sha", "executed", "job_status"},
       join({store_settings, positional_settings}),
       {},
       "refgate audit agent-review-push-9fceb02d push \"Agent review\" 4711 9fceb02d true success",
       command_audit},

      {"status",
       "On a person's machine",
       "Live sessions, and who holds what",
       {},
       store_settings,
       {{"lost", "", "only work whose holder died and that nobody took up; exit 1 when there is any"},
        {"all", "", "ended sessions too"},
        json_option},
       "refgate status --remote git@github.com:octo/app.git",
       command_status},
      {"log",
       "On a person's machine",
       "The record: who asked, who ran, who was skipped and why",
       {},
       join({store_settings, {"sha"}}),
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
       store_settings,
       {json_option},
       "refgate show 9fceb02d\n\nThe target is a claim id, session key, run id, ref or commit.",
       command_show},
      {"release",
       "On a person's machine",
       "Free a stuck session by hand; the next caller takes over",
       {"target"},
       store_settings,
       {{"reason", "TEXT", "kept in the record"}},
       "refgate release 0b9c2e1d4f5a6b7c8d9e0f1a2b3c4d5e --reason 'runner was unplugged'",
       command_release},
      {"gc",
       "On a person's machine",
       "Complete and fold the record, forget expired claims",
       {},
       store_settings,
       {{"dry-run", "", "say what would be done, change nothing"}},
       "refgate gc --dry-run",
       command_gc},
      {"doctor",
       "On a person's machine",
       "Check token, permissions, reachability, namespace, clock, counts, push rate",
       {},
       store_settings,
       {json_option},
       "refgate doctor --remote https://github.com/octo/app",
       command_doctor},
      {"lint",
       "On workflow files",
       "Find the workflows that will launch twice, before they do",
       {"[paths...]"},
       {},
       {{"format", "text|json|sarif|github", "how findings are told (default: text)"},
        {"min-severity", "error|warning|note",
         "leave out what is below; what is left decides the exit status (default: all are told, warnings decide)"},
        {"fix", "=safe", "apply safe fixes; --fix=unsafe applies those that involve a choice too"},
        {"diff", "", "print what --fix would change, and change nothing"},
        {"explain", "RULE", "print a rule's page"},
        {"config", "FILE", "the configuration (default: .github/refgate.yml)"}},
       "refgate lint .github/workflows\n\n"
       "Exit status: 0 nothing found; 1 findings; 2 wrong usage; 3 the run failed, and nothing was checked.\n"
       "A line `# refgate: ignore[rule] reason` ignores findings on it or below it.",
       command_lint},
  };
  return rows;
}

const SettingRow& setting_named(std::string_view name) {
  for (const SettingRow& row : setting_table())
    if (row.name == name) return row;
  throw std::logic_error("no setting is called " + std::string(name));
}

/// What a command line says: which command, with which words.
struct Parsed {
  const CommandRow* row = nullptr;
  std::vector<std::string> arguments;
  std::deque<std::string> words;  ///< one for each positional of every command; those of the other commands stay empty
  std::map<std::string, std::vector<std::string>> options;
  std::map<std::string, bool> flags;
  std::map<std::string, std::string> valued_flags;
  std::map<std::string, std::vector<std::string>> lists;  ///< by command: the positional that takes any number
};

void add_flag(CLI::App& command, Parsed& parsed, const std::string& name, const std::string& help) {
  command.add_flag("--" + name, parsed.flags[name], help);
}

void add_valued_flag(CLI::App& command, Parsed& parsed, const OptionRow& option) {
  command.add_flag(std::string("--") + option.name + "{" + (option.metavar + 1) + "}", parsed.valued_flags[option.name], option.help);
}

void add_option(CLI::App& command, Parsed& parsed, const std::string& name, const std::string& metavar, const std::string& help) {
  auto* option = command.add_option_function<std::vector<std::string>>(
      "--" + name, [&parsed, name](const std::vector<std::string>& values) { parsed.options[name] = values; }, help);
  option->type_name(metavar)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
}

/// Building every option of every command would cost more time than a whole gate does besides; so only those of the `chosen` one are.
void add_command(CLI::App& app, const CommandRow& row, Parsed& parsed, bool chosen) {
  CLI::App* command = app.add_subcommand(row.name, row.summary)->group(row.group);
  if (!chosen) return;
  command->footer(std::string("\nExample:\n  ") + row.example);
  std::size_t single = 0;
  for (const char* name : row.positional) {
    std::string plain(name);
    const bool optional = plain.starts_with('[');
    if (optional) plain = plain.substr(1, plain.size() - 2);
    if (plain.ends_with("...")) {
      plain.resize(plain.size() - 3);
      command->add_option(plain, parsed.lists[row.name], "")->type_name("TEXT")->required(!optional);
    } else {
      command->add_option(plain, parsed.words.emplace_back(), "")->type_name("TEXT")->required(!optional);
      ++single;
    }
  }
  for (const OptionRow& option : row.options) {
    if (option.metavar[0] == '\0') add_flag(*command, parsed, option.name, option.help);
    else if (option.metavar[0] == '=') add_valued_flag(*command, parsed, option);
    else add_option(*command, parsed, option.name, option.metavar, option.help);
  }
  std::set<std::string_view> added;
  for (const char* name : row.settings) {
    if (!added.insert(name).second) continue;
    const SettingRow& setting = setting_named(name);
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += " (default: " + std::string(setting.fallback) + ")";
    if (setting.form == SettingForm::flag) add_flag(*command, parsed, name, help);
    else add_option(*command, parsed, name, std::string(setting.metavar), help);
  }
  command->callback([&parsed, &row, first = parsed.words.size() - single, single] {
    parsed.row = &row;
    const auto begin = parsed.words.begin() + static_cast<std::ptrdiff_t>(first);
    parsed.arguments.assign(begin, begin + static_cast<std::ptrdiff_t>(single));
    const std::vector<std::string>& list = parsed.lists[row.name];
    parsed.arguments.insert(parsed.arguments.end(), list.begin(), list.end());
  });
}

/// A token that somebody put on the command line must not get into a log as well.
std::string without_tokens(std::string text, const Environment& environment) {
  for (const char* name : {"REFGATE_TOKEN", "GITHUB_TOKEN"}) {
    const std::string token = environment.get(name);
    if (token.empty()) continue;
    for (std::size_t at = text.find(token); at != std::string::npos; at = text.find(token, at + 3)) text.replace(at, token.size(), "***");
  }
  return text;
}

int run_command(const std::vector<std::string>& words, const Environment& environment, std::ostream& out, std::ostream& err) {
  CLI::App app{"An expensive agent session starts once per piece of work: the launch is won by a compare-and-swap on a git ref.", "refgate"};
  app.set_version_flag("--version", "refgate " REFGATE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nEvery setting is also read from REFGATE_<NAME> and from --config. The token comes from REFGATE_TOKEN or GITHUB_TOKEN, never from the "
      "command line.\n"
      "Exit status: 0 done; 1 the answer is no; 2 wrong usage or input; 3 the store could not be reached, read or written; 4 internal.");
  Parsed parsed;
  std::vector<std::string_view> known;
  for (const CommandRow& row : commands()) {
    add_command(app, row, parsed, !words.empty() && words.front() == row.name);
    known.push_back(row.name);
  }
  if (!words.empty() && !words.front().starts_with('-') && std::find(known.begin(), known.end(), words.front()) == known.end()) {
    const std::string near(nearest(words.front(), known));
    throw UsageError("there is no command \"" + words.front() + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                     " See: refgate --help");
  }
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::Success& help) {
    return app.exit(help, out, err);
  } catch (const CLI::ParseError& error) {
    std::ostringstream told;
    app.exit(error, told, told);
    err << without_tokens(told.str(), environment);
    return exit_usage;
  }
  for (const auto& [name, given] : parsed.flags)
    if (given) parsed.options[name] = {"true"};
  for (const auto& [name, value] : parsed.valued_flags)
    if (!value.empty()) parsed.options[name] = {value};
  Invocation call{parsed.row->name, std::move(parsed.arguments), std::move(parsed.options), environment, out, err};
  return parsed.row->run(call);
}

}  // namespace

int run_main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const Environment environment = Environment::of_process();
  // Before anything can fail: whatever becomes of this process, the later steps' guards are closed.
  if (!words.empty() && (words.front() == "gate" || words.front() == "check")) close_guards(environment);
  try {
    const int status = run_command(words, environment, std::cout, std::cerr);
    std::cout.flush();
    return status;
  } catch (const UsageError& error) {
    std::cerr << "refgate: " << escape_for(Place::line, without_tokens(error.what(), environment)) << "\n";
    return exit_usage;
  } catch (const StoreError& error) {
    return report(std::cerr, error);
  } catch (const std::exception& error) {
    std::cerr << "refgate: internal error: " << escape_for(Place::line, error.what()) << "\n";
    return exit_internal;
  }
}

}  // namespace refgate
