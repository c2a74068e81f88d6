#include <algorithm>
#include <array>
#include <set>

#include "cli/command_line.h"
#include "cli/wrong_word.h"
#include "core/words/nearest.h"

namespace refgate {
namespace {

constexpr std::string_view prefix = "REFGATE_";

/// What the program hands to those that it starts, and what it is told of itself.
constexpr std::array<std::string_view, 7> own{
    "REFGATE_TOKEN",        "REFGATE_RESULT_FILE", "REFGATE_SECONDS_LEFT", "REFGATE_CHANNEL",
    "REFGATE_SESSION_MARK", "REFGATE_BIN",         "REFGATE_CHECK_RUN"};

/// What `finish` reads besides its settings; for the others it is nothing.
constexpr std::array<std::string_view, 4> of_finish{"REFGATE_STATUS", "REFGATE_OWN_FAILURE",
                                                    "REFGATE_AFTER", "REFGATE_UNTIL"};

/// What says which piece of work is meant: who sets it for a command that does not ask may take
/// what he sees for an answer about that work alone.
constexpr std::array<std::string_view, 3> which_work{"event", "workflow", "sha"};

constexpr std::string_view dry_run = "REFGATE_DRY_RUN";

template <typename Range, typename Word>
bool has(const Range& range, const Word& word) {
  return std::find(range.begin(), range.end(), word) != range.end();
}

bool has_option(const CommandRow& row, std::string_view variable) {
  return std::any_of(row.options.begin(), row.options.end(), [&](const OptionRow& option) {
    return environment_name(option.name) == variable;
  });
}

/// "REFGATE_SINCE" → "--since"
std::string option_of(std::string_view variable) {
  std::string option = "--";
  for (const char c : variable.substr(prefix.size()))
    option += c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return option;
}

/// "log, stats and verify"
std::string commands_with(std::string_view variable) {
  std::vector<std::string> names;
  for (const CommandRow* row : all_commands())
    if (has_option(*row, variable)) names.emplace_back(row->name);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

/// Who asks for a dry run, and has a command that knows none, takes what it does for none.
bool writes_all_the_same(const Said& said) {
  // Of its actions one only writes.
  if (said.row->name == std::string_view("result"))
    return !said.arguments.empty() && said.arguments.front() == "save";
  if (said.options.contains("take") || said.options.contains("fix")) return true;
  return !said.row->traits.only_reads && !has_option(*said.row, dry_run);
}

std::string not_read(const std::string& variable, const std::string& commands) {
  return variable + " is not read: " + option_of(variable) + " of refgate " + commands +
         " stands on the command line alone";
}

/// "REFGATE_TOKN" → "; did you mean REFGATE_TOKEN?" What all names begin with makes none similar.
std::string meant_variable(std::string_view variable) {
  std::vector<std::string> known{"TOKEN"};
  for (const SettingRow& row : setting_table())
    known.push_back(environment_name(row.name).substr(prefix.size()));
  const std::string_view near =
      nearest(variable.substr(prefix.size()), {known.begin(), known.end()});
  return near.empty() ? std::string() : meant(near, prefix);
}

}  // namespace

std::vector<std::string> unread_variables(const Said& said, bool in_actions,
                                          std::span<const std::string> names) {
  const CommandRow& row = *said.row;
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (!name.starts_with(prefix) || name.starts_with("REFGATE_E2E_") || has(own, name)) continue;
    if (name == dry_run) {
      if (writes_all_the_same(said))
        lines.push_back(name + " is not read by refgate " + row.name +
                        ", which knows no dry run, and writes");
      continue;
    }
    const std::string option = option_of(name).substr(2);
    if (said.options.contains(option)) continue;
    const auto& settings = setting_table();
    const bool is_setting =
        std::any_of(settings.begin(), settings.end(),
                    [&](const SettingRow& each) { return each.name == option; });
    // What log is asked about is said by its options alone.
    const bool asks = row.name == std::string_view("log") && has(which_work, option);
    if ((is_setting && !asks && has(row.settings, option)) || has(of_finish, name)) continue;
    if (has_option(row, name)) {
      lines.push_back(not_read(name, row.name));
      continue;
    }
    // In a workflow a variable of all jobs is meant for the gate, whoever sees it besides.
    if (asks && !in_actions)
      lines.push_back(name + " is not read by refgate log: it changes nothing about what is told");
    if (is_setting || row.settings.empty()) continue;
    const std::string commands = commands_with(name);
    lines.push_back(commands.empty() ? name + " is read by nothing" + meant_variable(name)
                                     : not_read(name, commands));
  }
  return lines;
}

}  // namespace refgate
