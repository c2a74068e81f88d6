#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "call/invocation.h"
#include "cli/help.h"
#include "cli/wrong_word.h"
#include "core/text/truth.h"
#include "core/words/brief.h"
#include "core/words/nearest.h"
#include "runner/runner.h"

namespace refgate {
namespace {

const SettingRow& setting_named(std::string_view name) {
  for (const SettingRow& row : setting_table())
    if (row.name == name) return row;
  throw std::logic_error("no setting is called " + std::string(name));
}

/// What the parser collects.
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

void add_option(CLI::App& command, Parsed& parsed, const std::string& name) {
  auto* option = command.add_option_function<std::vector<std::string>>(
      "--" + name,
      [&parsed, name](const std::vector<std::string>& values) { parsed.options[name] = values; });
  option->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void add_settings(CLI::App& command, const CommandRow& row, Parsed& parsed) {
  std::set<std::string_view> added;
  for (const char* name : row.settings) {
    if (!added.insert(name).second) continue;
    if (setting_named(name).form == SettingForm::flag)
      command.add_flag(std::string("--") + name, parsed.flags[name]);
    else
      add_option(command, parsed, name);
  }
}

/// Building every option of every command would cost more time than a whole gate does besides; so
/// only those of the `chosen` one are.
void add_command(CLI::App& app, const CommandRow& row, Parsed& parsed, bool chosen) {
  CLI::App* command = app.add_subcommand(row.name);
  if (!chosen) return;
  std::size_t single = 0;
  for (const char* text : row.positional) {
    const Positional positional = positional_of(text);
    if (positional.any_number) {
      command->add_option(positional.name, parsed.lists[row.name])->required(positional.required);
    } else {
      command->add_option(positional.name, parsed.words.emplace_back())
          ->required(positional.required);
      ++single;
    }
  }
  for (const OptionRow& option : row.options) {
    if (option.metavar[0] == '\0')
      command->add_flag(std::string("--") + option.name, parsed.flags[option.name]);
    else if (option.metavar[0] == '=')
      command->add_flag(std::string("--") + option.name + "{" + (option.metavar + 1) + "}",
                        parsed.valued_flags[option.name]);
    else
      add_option(*command, parsed, option.name);
  }
  add_option(*command, parsed, color_option.name);
  add_settings(*command, row, parsed);
  command->callback([&parsed, &row, first = parsed.words.size() - single, single] {
    parsed.row = &row;
    const auto begin = parsed.words.begin() + static_cast<std::ptrdiff_t>(first);
    parsed.arguments.assign(begin, begin + static_cast<std::ptrdiff_t>(single));
    const std::vector<std::string>& list = parsed.lists[row.name];
    parsed.arguments.insert(parsed.arguments.end(), list.begin(), list.end());
  });
}

/// What was typed stands in the message, which is one line whatever that holds: a line of its own
/// could be a command to the runner.
Reply wrong_usage(std::string_view message, const CommandRow* row) {
  const std::string command = row != nullptr ? " " + std::string(row->name) : std::string();
  return {escape_for(Place::line, brief(message)) + "\nSee: refgate" + command + " --help\n",
          exit_usage};
}

bool takes_a_command(const CommandRow& row) {
  return std::any_of(row.positional.begin(), row.positional.end(),
                     [](const char* text) { return positional_of(text).any_number; });
}

/// `-n 5` and `-n5` as --lines, `-v` as --verbose, for a command that has it. The value of an
/// option may be such a word too.
void spell_out_short(std::vector<std::string>& words) {
  const auto rows = all_commands();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const CommandRow* each) {
    return each->name == words.front();
  });
  if (row == rows.end()) return;
  const auto options = options_of(**row);
  const bool has_lines = options.contains("lines");
  const bool has_verbose = options.contains("verbose");
  bool is_value = false;
  for (std::string& word : words) {
    if (std::exchange(is_value, false)) continue;
    if (word == "--") return;
    if (has_verbose && word == "-v") word = "--verbose";
    if (has_lines && word == "-n")
      word = "--lines";
    else if (has_lines && word.starts_with("-n") && word.size() > 2)
      word = "--lines=" + word.substr(2);
    const auto option = word.starts_with("--") ? options.find(word.substr(2)) : options.end();
    is_value = option != options.end() && option->second == Takes::a_value;
  }
}

/// What a word says of a flag: `--force`, `--force=false`.
struct SaidFlag {
  std::string name;
  bool is_on = true;
};

std::optional<SaidFlag> flag_of(const std::map<std::string, Takes, std::less<>>& options,
                                const std::string& word) {
  if (!word.starts_with("--")) return std::nullopt;
  const std::size_t equals = word.find('=');
  const auto found = options.find(word.substr(2, equals - 2));
  if (found == options.end() || found->second != Takes::nothing || found->first.starts_with("help"))
    return std::nullopt;
  return SaidFlag{found->first,
                  equals == std::string::npos || truth_of(word.substr(equals + 1)).value_or(false)};
}

/// Takes the flags out, the last word about each counts, and writes `--since=` as the two words
/// that the parser takes for an option with nothing in it.
std::map<std::string, bool> take_flags(const CommandRow& row, std::vector<std::string>& words) {
  const auto options = options_of(row);
  std::map<std::string, bool> flags;
  std::vector<std::string> left;
  bool only_words = false;
  for (const std::string& word : words) {
    only_words = only_words || word == "--";
    const auto flag = only_words ? std::nullopt : flag_of(options, word);
    const std::size_t equals = word.find('=');
    if (flag) {
      flags[flag->name] = flag->is_on;
    } else if (!only_words && word.starts_with("--") && equals + 1 == word.size()) {
      left.push_back(word.substr(0, equals));
      left.emplace_back();
    } else {
      left.push_back(word);
    }
  }
  words = std::move(left);
  return flags;
}

/// `help gate`, `gate help` and `help` as everybody types them.
std::vector<std::string> in_one_form(std::vector<std::string> words) {
  if (words.empty()) return words;
  spell_out_short(words);
  if (words.front() == "help") {
    words.erase(words.begin());
    words.resize(std::min<std::size_t>(words.size(), 2));
    words.push_back("--help");
  } else if (words.front() == "version" || words.front() == "-V") {
    words = {"--version"};
  } else if (words.size() == 2 && words.back() == "help") {
    for (const CommandRow* row : all_commands())
      if (row->name == words.front() && !takes_a_command(*row)) words.back() = "--help";
  }
  return words;
}

}  // namespace

const std::vector<const CommandRow*>& all_commands() {
  static const std::vector<const CommandRow*> rows = [] {
    std::vector<const CommandRow*> all;
    for (const auto& table : {workflow_commands(), session_commands(), person_commands(),
                              record_commands(), input_commands(), lint_commands()})
      for (const CommandRow& row : table)
        all.push_back(&row);
    return all;
  }();
  return rows;
}

std::variant<Said, Reply> read_command_line(const std::vector<std::string>& typed,
                                            const Screen& screen) {
  std::vector<std::string> words = in_one_form(typed);
  CLI::App app;
  app.set_help_flag();
  app.require_subcommand(1);
  Parsed parsed;
  const CommandRow* chosen = nullptr;
  std::vector<std::string_view> known;
  for (const CommandRow* row : all_commands()) {
    const bool is_chosen = !words.empty() && words.front() == row->name;
    add_command(app, *row, parsed, is_chosen);
    if (is_chosen) chosen = row;
    known.push_back(row->name);
  }
  if (words.empty())
    return Reply{"refgate: say a command\n\n" + overview(all_commands(), screen), exit_usage};
  const std::string& first = words.front();
  if (chosen == nullptr && !first.starts_with('-'))
    return wrong_usage(
        "refgate: there is no command \"" + first + "\"" + meant(nearest(first, known)), nullptr);
  if (first == "--version")
    return Reply{"refgate " REFGATE_VERSION "\n" REFGATE_LIBRARIES "\n", exit_done};
  if (asks_for_help(first)) return Reply{overview(all_commands(), screen), exit_done};
  if (chosen == nullptr)
    return wrong_usage(
        "refgate: there is no option " + first + meant(nearest(first, {"--help", "--version"})),
        nullptr);
  // It ends the session before it says that they are wrong.
  LooseWords loose;
  if (chosen->name == std::string_view("finish")) loose = take_loose_words(*chosen, words);
  if (const auto wrong = wrong_word(*chosen, std::span(words).subspan(1)))
    return wrong_usage(*wrong, chosen);
  if (const auto asked = help_asked(*chosen, words))
    return Reply{help_of(*chosen, *asked, screen), exit_done};
  const auto flags = take_flags(*chosen, words);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return wrong_usage(std::string("refgate: ") + error.what(), chosen);
  }
  for (const auto& [name, is_on] : flags) {
    // A setting's flag that is said to be off is stronger than a variable that says it is on.
    const bool is_setting =
        std::find(chosen->settings.begin(), chosen->settings.end(), name) != chosen->settings.end();
    if (is_on || is_setting) parsed.options[name] = {is_on ? "true" : "false"};
  }
  for (const auto& [name, value] : parsed.valued_flags)
    if (!value.empty()) parsed.options[name] = {value};
  if (!loose.words.empty()) parsed.arguments = std::move(loose.words);
  return Said{parsed.row, std::move(parsed.arguments), std::move(parsed.options),
              std::move(loose.faults)};
}

}  // namespace refgate
