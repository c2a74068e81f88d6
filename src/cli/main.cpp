#include "cli/main.h"

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

#include "call/command_row.h"
#include "core/text/nearest.h"
#include "runner/runner.h"

namespace refgate {
namespace {

/// All rows, in the order of --help.
std::vector<const CommandRow*> commands() {
  std::vector<const CommandRow*> rows;
  for (const auto& table : {workflow_commands(), session_commands(), person_commands(),
                            record_commands(), input_commands(), lint_commands()})
    for (const CommandRow& row : table)
      rows.push_back(&row);
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
  std::deque<std::string>
      words;  ///< one for each positional of every command; those of the other commands stay empty
  std::map<std::string, std::vector<std::string>> options;
  std::map<std::string, bool> flags;
  std::map<std::string, std::string> valued_flags;
  std::map<std::string, std::vector<std::string>>
      lists;  ///< by command: the positional that takes any number
};

void add_flag(CLI::App& command, Parsed& parsed, const std::string& name, const std::string& help) {
  command.add_flag("--" + name, parsed.flags[name], help);
}

void add_valued_flag(CLI::App& command, Parsed& parsed, const OptionRow& option) {
  command.add_flag(std::string("--") + option.name + "{" + (option.metavar + 1) + "}",
                   parsed.valued_flags[option.name], option.help);
}

void add_option(CLI::App& command, Parsed& parsed, const std::string& name,
                const std::string& metavar, const std::string& help) {
  auto* option = command.add_option_function<std::vector<std::string>>(
      "--" + name,
      [&parsed, name](const std::vector<std::string>& values) { parsed.options[name] = values; },
      help);
  option->type_name(metavar)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

/// Building every option of every command would cost more time than a whole gate does besides; so
/// only those of the `chosen` one are.
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
      command->add_option(plain, parsed.lists[row.name], "")
          ->type_name("TEXT")
          ->required(!optional);
    } else {
      command->add_option(plain, parsed.words.emplace_back(), "")
          ->type_name("TEXT")
          ->required(!optional);
      ++single;
    }
  }
  for (const OptionRow& option : row.options) {
    if (option.metavar[0] == '\0')
      add_flag(*command, parsed, option.name, option.help);
    else if (option.metavar[0] == '=')
      add_valued_flag(*command, parsed, option);
    else
      add_option(*command, parsed, option.name, option.metavar, option.help);
  }
  std::set<std::string_view> added;
  for (const char* name : row.settings) {
    if (!added.insert(name).second) continue;
    const SettingRow& setting = setting_named(name);
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += " (default: " + std::string(setting.fallback) + ")";
    if (setting.form == SettingForm::flag)
      add_flag(*command, parsed, name, help);
    else
      add_option(*command, parsed, name, std::string(setting.metavar), help);
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
    for (std::size_t at = text.find(token); at != std::string::npos; at = text.find(token, at + 3))
      text.replace(at, token.size(), "***");
  }
  return text;
}

int run_command(const std::vector<std::string>& words, const Environment& environment,
                std::ostream& out, std::ostream& err) {
  CLI::App app{
      "An expensive agent session starts once per piece of work: the launch is won by a "
      "compare-and-swap on a git ref.",
      "refgate"};
  app.set_version_flag("--version", "refgate " REFGATE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nEvery setting is also read from REFGATE_<NAME> and from --config. The token comes from "
      "REFGATE_TOKEN or GITHUB_TOKEN, never from the "
      "command line.\n"
      "Exit status: 0 done; 1 the answer is no; 2 wrong usage or input; 3 the store could not be "
      "reached, read or written; 4 internal.");
  Parsed parsed;
  std::vector<std::string_view> known;
  for (const CommandRow* row : commands()) {
    add_command(app, *row, parsed, !words.empty() && words.front() == row->name);
    known.push_back(row->name);
  }
  if (!words.empty() && !words.front().starts_with('-') &&
      std::find(known.begin(), known.end(), words.front()) == known.end()) {
    const std::string near(nearest(words.front(), known));
    throw UsageError("there is no command \"" + words.front() + "\"" +
                     (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
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
  Invocation call{parsed.row->name,
                  std::move(parsed.arguments),
                  std::move(parsed.options),
                  environment,
                  out,
                  err};
  return parsed.row->run(call);
}

}  // namespace

int run_main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // Inherited as ignored, it would take away what became of the processes that are started.
  std::signal(SIGCHLD, SIG_DFL);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const Environment environment = Environment::of_process();
  // Before anything can fail: whatever becomes of this process, the later steps' guards are closed.
  if (!words.empty() &&
      (words.front() == "gate" || words.front() == "check" || words.front() == "run"))
    close_guards(environment);
  try {
    const int status = run_command(words, environment, std::cout, std::cerr);
    std::cout.flush();
    return status;
  } catch (const UsageError& error) {
    std::cerr << "refgate: " << escape_for(Place::line, without_tokens(error.what(), environment))
              << "\n";
    return exit_usage;
  } catch (const StoreError& error) {
    return report(std::cerr, error);
  } catch (const std::exception& error) {
    std::cerr << "refgate: internal error: " << escape_for(Place::line, error.what()) << "\n";
    return exit_internal;
  }
}

}  // namespace refgate
