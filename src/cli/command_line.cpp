#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "call/invocation.h"
#include "core/text/nearest.h"
#include "runner/runner.h"

namespace refgate {
namespace {

const SettingRow& setting_named(std::string_view name) {
  for (const SettingRow& row : setting_table())
    if (row.name == name) return row;
  throw std::logic_error("no setting is called " + std::string(name));
}

/// A word of `CommandRow::positional`, taken apart.
struct Positional {
  std::string name;
  bool required = true;
  bool any_number = false;
};

Positional positional_of(std::string_view text) {
  Positional positional;
  if (text.starts_with('[')) {
    positional.required = false;
    text = text.substr(1, text.size() - 2);
  }
  if (text.ends_with("...")) {
    positional.any_number = true;
    text.remove_suffix(3);
  }
  positional.name = text;
  return positional;
}

enum class Takes { nothing, a_value, perhaps_a_value };

/// Every option of a command by its name, and what may follow it.
std::map<std::string, Takes, std::less<>> options_of(const CommandRow& row) {
  std::map<std::string, Takes, std::less<>> options{{"help", Takes::nothing}};
  for (const OptionRow& option : row.options)
    options[option.name] = option.metavar[0] == '\0'  ? Takes::nothing
                           : option.metavar[0] == '=' ? Takes::perhaps_a_value
                                                      : Takes::a_value;
  for (const char* name : row.settings)
    options[name] = setting_named(name).form == SettingForm::flag ? Takes::nothing : Takes::a_value;
  return options;
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

/// The heading of --help under which a setting stands.
const char* heading_of(std::string_view setting) {
  struct Group {
    const Names& names;
    const char* heading;
  };
  static const Group groups[] = {
      {subject_settings(), "What the work is"}, {policy_settings(), "When it runs"},
      {ordering_settings(), "In order"},        {governing_settings(), "Governing launches"},
      {cost_settings(), "What it cost"},        {liveness_settings(), "Staying alive"},
      {store_settings(), "Where the state is"}};
  for (const Group& group : groups)
    if (std::find(group.names.begin(), group.names.end(), setting) != group.names.end())
      return group.heading;
  return "Options";
}

/// An option that takes a value, as --help shows it.
struct ValuedOption {
  std::string name;
  std::string metavar;
  std::string help;
  const char* heading = "Options";
};

void add_option(CLI::App& command, Parsed& parsed, const ValuedOption& shown) {
  auto* option = command.add_option_function<std::vector<std::string>>(
      "--" + shown.name,
      [&parsed, name = shown.name](const std::vector<std::string>& values) {
        parsed.options[name] = values;
      },
      shown.help);
  option->type_name(shown.metavar)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->group(shown.heading);
}

void add_settings(CLI::App& command, const CommandRow& row, Parsed& parsed) {
  std::set<std::string_view> added;
  for (const char* name : row.settings) {
    if (!added.insert(name).second) continue;
    const SettingRow& setting = setting_named(name);
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += " (default: " + std::string(setting.fallback) + ")";
    if (setting.form == SettingForm::flag)
      command.add_flag(std::string("--") + name, parsed.flags[name], help)->group(heading_of(name));
    else
      add_option(command, parsed, {name, std::string(setting.metavar), help, heading_of(name)});
  }
}

/// Building every option of every command would cost more time than a whole gate does besides; so
/// only those of the `chosen` one are.
void add_command(CLI::App& app, const CommandRow& row, Parsed& parsed, bool chosen) {
  CLI::App* command = app.add_subcommand(row.name, row.summary)->group(row.group);
  if (!chosen) return;
  command->footer(std::string("\nExample:\n  ") + row.example);
  std::size_t single = 0;
  for (const char* text : row.positional) {
    const Positional positional = positional_of(text);
    if (positional.any_number) {
      command->add_option(positional.name, parsed.lists[row.name], "")
          ->type_name("TEXT")
          ->required(positional.required);
    } else {
      command->add_option(positional.name, parsed.words.emplace_back(), "")
          ->type_name("TEXT")
          ->required(positional.required);
      ++single;
    }
  }
  for (const OptionRow& option : row.options) {
    if (option.metavar[0] == '\0')
      command->add_flag(std::string("--") + option.name, parsed.flags[option.name], option.help);
    else if (option.metavar[0] == '=')
      command->add_flag(std::string("--") + option.name + "{" + (option.metavar + 1) + "}",
                        parsed.valued_flags[option.name], option.help);
    else
      add_option(*command, parsed, {option.name, option.metavar, option.help});
  }
  add_settings(*command, row, parsed);
  command->callback([&parsed, &row, first = parsed.words.size() - single, single] {
    parsed.row = &row;
    const auto begin = parsed.words.begin() + static_cast<std::ptrdiff_t>(first);
    parsed.arguments.assign(begin, begin + static_cast<std::ptrdiff_t>(single));
    const std::vector<std::string>& list = parsed.lists[row.name];
    parsed.arguments.insert(parsed.arguments.end(), list.begin(), list.end());
  });
}

std::string meant(std::string_view nearest_word, std::string_view prefix = "") {
  if (nearest_word.empty()) return "";
  return "; did you mean " + std::string(prefix) + std::string(nearest_word) + "?";
}

/// "run" → "did you forget -- before the command's own words?"
std::string before_own_words(const CommandRow& row) {
  for (const char* text : row.positional)
    if (positional_of(text).name == "command")
      return "; the words of a command need -- before them: refgate " + std::string(row.name) +
             " [option...] -- COMMAND";
  return "";
}

std::string unknown_option(const CommandRow& row, std::string_view written,
                           const std::map<std::string, Takes, std::less<>>& options) {
  const std::string_view name =
      written.substr(written.starts_with("--") ? 2 : 1, written.find('=') - 2);
  std::vector<std::string_view> known;
  for (const auto& [option, takes] : options)
    known.push_back(option);
  std::string text = "refgate: " + std::string(row.name) + " has no option " +
                     std::string(written.substr(0, written.find('=')));
  if (written.starts_with("--")) {
    // A shortened name is as common a slip as a misspelt one.
    std::string_view near = nearest(name, known);
    if (near.empty())
      for (std::string_view option : known)
        if (option.starts_with(name) && !name.empty()) near = option;
    text += near.empty() ? before_own_words(row) : meant(near, "--");
  } else {
    text += before_own_words(row);
  }
  return text;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

/// The first wrong word in the order typed, told by its name; the parser's own words blame whatever
/// is left over at the end.
std::optional<std::string> wrong_word(const CommandRow& row, std::span<const std::string> words) {
  const auto options = options_of(row);
  std::vector<std::string> loose;
  bool only_words = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_words || word.size() < 2 || word[0] != '-') {
      loose.push_back(word);
      continue;
    }
    if (word == "--") {
      only_words = true;
      continue;
    }
    if (word == "-h") return std::nullopt;
    const std::size_t equals = word.find('=');
    const auto found =
        word.starts_with("--") ? options.find(word.substr(2, equals - 2)) : options.end();
    if (found == options.end()) return unknown_option(row, word, options);
    if (found->first == "help") return std::nullopt;
    if (found->second != Takes::a_value || equals != std::string::npos) continue;
    if (i + 1 == words.size() || (words[i + 1].starts_with("--") && words[i + 1] != "-"))
      return "refgate " + std::string(row.name) + ": " + word + " needs a value";
    ++i;
  }
  std::size_t most = 0;
  std::size_t least = 0;
  bool any_number = false;
  for (const char* text : row.positional) {
    const Positional positional = positional_of(text);
    if (positional.any_number) any_number = true;
    // An unset variable of a script is no target, and must not mean all.
    if (positional.name == "target" && most < loose.size() &&
        loose[most].find_first_not_of(" \t\r\n") == std::string::npos)
      return "refgate " + std::string(row.name) + ": TARGET is empty";
    ++most;
    if (!positional.required) continue;
    if (least == loose.size())
      return "refgate " + std::string(row.name) + ": " + upper(positional.name) + " is missing";
    ++least;
  }
  if (!any_number && loose.size() > most)
    return "refgate " + std::string(row.name) + ": \"" + loose[most] + "\" is one word too many" +
           (most == 0 ? "; it takes options only" : "");
  return std::nullopt;
}

/// What was typed stands in the message, which is one line whatever that holds: a line of its own
/// could be a command to the runner.
Reply wrong_usage(std::string_view message, const CommandRow* row) {
  const std::string command = row != nullptr ? " " + std::string(row->name) : std::string();
  return {escape_for(Place::line, message) + "\nSee: refgate" + command + " --help\n", exit_usage};
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

/// `help gate`, `gate help` and `help` as everybody types them.
std::vector<std::string> in_one_form(std::vector<std::string> words) {
  if (words.empty()) return words;
  spell_out_short(words);
  if (words.front() == "help") {
    words.erase(words.begin());
    words.resize(std::min<std::size_t>(words.size(), 1));
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

std::variant<Said, Reply> read_command_line(const std::vector<std::string>& typed) {
  const std::vector<std::string> words = in_one_form(typed);
  CLI::App app{
      "An expensive agent session starts once per piece of work: the launch is won by a "
      "compare-and-swap on a git ref.",
      "refgate"};
  app.set_version_flag("--version", "refgate " REFGATE_VERSION "\n" REFGATE_LIBRARIES);
  app.require_subcommand(1);
  app.footer(
      "\nSettings are also read from REFGATE_<NAME> and from --config. The token comes from "
      "REFGATE_TOKEN or GITHUB_TOKEN, never from the command line.\n"
      "Exit status: 0 done; 1 the answer is no; 2 wrong usage or input; 3 the store could not be "
      "reached, read or written; 4 internal.");
  Parsed parsed;
  const CommandRow* chosen = nullptr;
  std::vector<std::string_view> known;
  for (const CommandRow* row : all_commands()) {
    const bool is_chosen = !words.empty() && words.front() == row->name;
    add_command(app, *row, parsed, is_chosen);
    if (is_chosen) chosen = row;
    known.push_back(row->name);
  }
  if (words.empty()) return Reply{"refgate: say a command\n\n" + app.help(), exit_usage};
  if (chosen == nullptr && !words.front().starts_with('-'))
    return wrong_usage("refgate: there is no command \"" + words.front() + "\"" +
                           meant(nearest(words.front(), known)),
                       nullptr);
  if (chosen == nullptr && words.front() != "--help" && words.front() != "-h" &&
      words.front() != "--version")
    return wrong_usage("refgate: there is no option " + words.front() +
                           meant(nearest(words.front(), {"--help", "--version"})),
                       nullptr);
  if (chosen != nullptr)
    if (const auto wrong = wrong_word(*chosen, std::span(words).subspan(1)))
      return wrong_usage(*wrong, chosen);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::Success& help) {
    std::ostringstream out;
    app.exit(help, out, out);
    return Reply{out.str(), exit_done};
  } catch (const CLI::ParseError& error) {
    return wrong_usage(std::string("refgate: ") + error.what(), chosen);
  }
  for (const auto& [name, given] : parsed.flags)
    if (given) parsed.options[name] = {"true"};
  for (const auto& [name, value] : parsed.valued_flags)
    if (!value.empty()) parsed.options[name] = {value};
  return Said{parsed.row, std::move(parsed.arguments), std::move(parsed.options)};
}

std::vector<std::string> unread_variables(std::span<const std::string> names) {
  // What the program hands to those that it starts, and what it is told of itself.
  static const std::set<std::string, std::less<>> own{
      "REFGATE_TOKEN",        "REFGATE_RESULT_FILE", "REFGATE_SECONDS_LEFT", "REFGATE_CHANNEL",
      "REFGATE_SESSION_MARK", "REFGATE_BIN",         "REFGATE_STATUS",       "REFGATE_OWN_FAILURE",
      "REFGATE_DRY_RUN",      "REFGATE_CHECK_RUN"};
  std::vector<std::string> read;
  for (const SettingRow& row : setting_table())
    read.push_back(environment_name(row.name));
  std::vector<std::string_view> candidates(read.begin(), read.end());
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (!name.starts_with("REFGATE_") || own.contains(name) || name.starts_with("REFGATE_E2E_"))
      continue;
    if (std::find(read.begin(), read.end(), name) != read.end()) continue;
    std::string line = name + " is read by nothing";
    for (const CommandRow* row : all_commands())
      for (const OptionRow& option : row->options)
        if (environment_name(option.name) == name) {
          line = name + " is not read: --" + option.name + " of refgate " + row->name +
                 " stands on the command line alone";
        }
    if (line.ends_with("nothing")) line += meant(nearest(name, candidates));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace refgate
