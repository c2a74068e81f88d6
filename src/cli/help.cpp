#include "cli/help.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "cli/wrong_word.h"
#include "core/words/shown_width.h"
#include "core/words/wrap.h"

namespace refgate {
namespace {

constexpr std::size_t text_column = 30;

struct Group {
  const Names& names;
  const char* heading;
};

/// A setting stands in the first that names it.
const std::array<Group, 9>& groups() {
  static const std::array<Group, 9> all{{{limit_settings(), "Limits"},
                                         {policy_settings(), "When it runs"},
                                         {governing_settings(), "Governing launches"},
                                         {ordering_settings(), "In order"},
                                         {liveness_settings(), "Staying alive"},
                                         {cost_settings(), "What it cost"},
                                         {runner_settings(), "Told by the runner"},
                                         {subject_settings(), "What the work is"},
                                         {store_settings(), "Where the state is"}}};
  return all;
}

/// As they are read: what the work is and when it runs, its bounds, and what nobody has to say.
constexpr std::array<std::string_view, 9> in_order{
    "What the work is", "When it runs",       "In order",
    "Limits",           "Governing launches", "Staying alive",
    "What it cost",     "Told by the runner", "Where the state is"};

std::string_view heading_of(std::string_view setting) {
  for (const Group& group : groups())
    if (std::find(group.names.begin(), group.names.end(), setting) != group.names.end())
      return group.heading;
  throw std::logic_error("the help has no place for the setting " + std::string(setting));
}

bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What a workflow need not say is folded away, but where the event is what a command is about.
bool is_folded(const CommandRow& row, std::string_view heading) {
  if (heading == "Where the state is") return true;
  if (row.traits.about_event) return false;
  const bool decides = has(row.settings, "memory") && !has(row.borrowed, "memory");
  return heading == "Told by the runner" || (heading == "What the work is" && !decides);
}

/// What a positional word is, by its name.
std::string_view meaning_of(const CommandRow& row, std::string_view positional,
                            std::string_view action) {
  struct Meaning {
    std::string_view name;
    std::string_view text;
  };
  static constexpr std::array<Meaning, 18> meanings{{
      {"target",
       "a run or its URL, a pull request (7, '#7' or its URL), a branch, a commit, a session key, "
       "a ref, a claim id, or the beginning of an id"},
      {"subject", "repo:OWNER/NAME, workflow:NAME or its file, share:NAME, or actor:LOGIN"},
      {"action", "save, list, get or prune"},
      {"event_type", "the event's name, such as push"},
      {"workflow_name", "the workflow's name"},
      {"commit_sha", "the commit that the work is about"},
      {"run_id", "the run's id"},
      {"session_key", "the key that check has printed"},
      {"executed", "true or false"},
      {"job_status", "success, failure or cancelled"},
      {"command", "the command and its words"},
      {"list", "a list as JSON (default: standard input)"},
      {"paths",
       "workflow files or folders, - for standard input (default: those of this checkout)"},
      {"folder", "the checkout (default: this folder)"},
      {"shell", "bash, zsh or fish"},
      {"save", "a file (default: standard input)"},
      {"get", "the id of a result, or a URL"},
      {"result", "save: a file (default: standard input); get: the id of a result, or a URL"},
  }};
  if (positional == "target" && row.name == std::string_view("result"))
    positional = action.empty() ? "result" : action;
  for (const Meaning& meaning : meanings)
    if (meaning.name == positional) return meaning.text;
  return {};
}

class Page {
 public:
  explicit Page(const Screen& screen) : screen_(screen) {}

  void heading(std::string_view text) {
    text_ += "\n" + painted(screen_, std::string(text) + ":", "heading") + "\n";
  }
  void line(const std::string& text, std::size_t indent = 0) {
    text_ += wrapped(text, screen_.width, indent) + "\n";
  }
  /// A word and what it means, in two columns.
  void entry(const std::string& word, std::string_view meaning) {
    std::string left = "  " + word;
    if (meaning.empty()) return line(left);
    if (shown_width(left) + 1 > text_column) {
      line(left);
      left.clear();
    }
    left.resize(std::max(text_column, left.size()), ' ');
    line(left + std::string(meaning), text_column);
  }
  std::string take() { return std::move(text_); }

 private:
  Screen screen_;
  std::string text_;
};

bool takes(const OptionRow& option, const std::string& action) {
  if (action.empty()) return true;
  const std::string list = "," + std::string(option.actions) + ",";
  return list.find("," + action + ",") != std::string::npos;
}

void add_option(Page& page, const OptionRow& option) {
  if (option.help[0] == '\0') return;
  const std::string_view metavar = option.metavar;
  page.entry("--" + std::string(option.name) +
                 (metavar.starts_with('=') ? "[" + std::string(metavar) + "]"
                  : metavar.empty()        ? std::string()
                                           : " " + std::string(metavar)),
             option.help);
}

void add_setting(Page& page, const SettingRow& row) {
  std::string help(row.help);
  if (!row.fallback.empty()) help += " (default: " + std::string(row.fallback) + ")";
  page.entry(
      "--" + std::string(row.name) + (row.metavar.empty() ? "" : " ") + std::string(row.metavar),
      help);
}

std::vector<const SettingRow*> settings_under(const CommandRow& row, std::string_view heading) {
  std::vector<const SettingRow*> found;
  for (const SettingRow& setting : setting_table())
    if (has(row.settings, setting.name) && !has(row.borrowed, setting.name) &&
        heading_of(setting.name) == heading)
      found.push_back(&setting);
  return found;
}

void add_options(Page& page, const CommandRow& row, const HelpAsked& asked) {
  const bool has_actions = std::any_of(row.options.begin(), row.options.end(),
                                       [](const OptionRow& option) { return *option.actions; });
  std::vector<std::string> headings;
  for (const OptionRow& option : row.options) {
    const std::string actions = option.actions;
    if (takes(option, asked.action) &&
        std::find(headings.begin(), headings.end(), actions) == headings.end())
      headings.push_back(actions);
  }
  for (const std::string& actions : headings) {
    std::string heading = "Options";
    if (has_actions && !actions.empty() && asked.action.empty()) {
      const std::size_t comma = actions.find(',');
      heading = "To " + actions.substr(0, comma) +
                (comma == std::string::npos ? "" : " or " + actions.substr(comma + 1));
    }
    // Of one action there is one list, whoever else takes an option too.
    if (asked.action.empty() || &actions == &headings.front()) page.heading(heading);
    for (const OptionRow& option : row.options)
      if (takes(option, asked.action) && actions == option.actions) add_option(page, option);
  }
  if (!asked.all) return;
  if (headings.empty()) page.heading("Options");
  add_option(page, color_option);
}

void add_settings(Page& page, const CommandRow& row, const HelpAsked& asked) {
  std::vector<std::string_view> folded;
  for (const std::string_view heading : in_order) {
    const auto settings = settings_under(row, heading);
    if (settings.empty()) continue;
    if (!asked.all && is_folded(row, heading)) {
      folded.push_back(heading);
      continue;
    }
    page.heading(heading);
    for (const SettingRow* setting : settings)
      add_setting(page, *setting);
  }
  for (const std::string_view heading : folded) {
    page.heading(heading);
    std::string names;
    for (const SettingRow* setting : settings_under(row, heading))
      names += (names.empty() ? "  --" : ", --") + std::string(setting->name);
    page.line(names, 2);
  }
  if (!asked.all || row.borrowed.empty()) return;
  page.heading("Taken, and of no effect here");
  std::string names;
  for (const char* name : row.borrowed)
    names += (names.empty() ? "  --" : ", --") + std::string(name);
  page.line(names, 2);
}

/// The text's lines: examples up to an empty one, of `begins` where that is said, then what else
/// there is to know.
void add_examples(Page& page, std::string_view text, const std::string& begins) {
  bool example = true;
  page.heading("Examples");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) example = false;
    if (example && !line.starts_with(begins)) continue;
    page.line(example ? "  " + line : line, example ? 6 : 0);
  }
}

/// How the examples of an action begin; empty where there is none of it alone.
std::string examples_of(const CommandRow& row, const std::string& action) {
  const std::string begins = "refgate " + std::string(row.name) + " " + action + " ";
  const bool any =
      !action.empty() && std::string_view(row.example).find(begins) != std::string_view::npos;
  return any ? begins : std::string();
}

std::string statuses_of(const CommandRow& row) {
  const std::string_view exits = row.exits;
  if (!exits.empty() && !exits.starts_with("1 ")) return std::string(exits);
  const bool asks_store = has(row.settings, "remote");
  return "0 done; " + (exits.empty() ? std::string() : std::string(exits) + "; ") +
         "2 wrong usage or input" +
         (exits.find("3 ") != std::string_view::npos || !asks_store
              ? ""
              : "; 3 the store could not be reached, read or written");
}

std::string see_also(std::string_view see) {
  std::string text;
  while (!see.empty()) {
    const std::size_t comma = std::min(see.find(", "), see.size());
    const std::string_view one = see.substr(0, comma);
    text += (text.empty() ? "" : ", ") + std::string(one.starts_with("docs/") ? "" : "refgate ") +
            std::string(one);
    see.remove_prefix(std::min(comma + 2, see.size()));
  }
  return text;
}

}  // namespace

std::optional<HelpAsked> help_asked(const CommandRow& row, const std::vector<std::string>& words) {
  const auto options = options_of(row);
  std::optional<HelpAsked> asked;
  std::string first;
  bool is_value = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (std::exchange(is_value, false)) continue;
    if (word == "--") break;
    if (asks_for_all_help(word))
      asked = HelpAsked{true, {}};
    else if (asks_for_help(word))
      asked = asked.value_or(HelpAsked{});
    if (!word.starts_with('-') && first.empty()) first = word;
    const auto option = word.starts_with("--") ? options.find(word.substr(2)) : options.end();
    is_value = option != options.end() && option->second == Takes::a_value;
  }
  const bool is_action = std::any_of(row.options.begin(), row.options.end(), [&](const auto& each) {
    return *each.actions && takes(each, first);
  });
  if (asked && !first.empty() && is_action) asked->action = first;
  return asked;
}

std::string help_of(const CommandRow& row, const HelpAsked& asked, const Screen& screen) {
  Page page(screen);
  page.line(row.summary);
  page.line("");
  std::string usage = "Usage: refgate " + std::string(row.name);
  const bool options_last = row.options.size() > 0 && *row.options.front().actions;
  if (!options_last) usage += " [option...]";
  for (const char* text : row.positional) {
    const Positional positional = positional_of(text);
    const bool is_command = positional.name == "command";
    std::string word = upper(positional.name) + (positional.any_number ? "..." : "");
    if (positional.name == "action" && !asked.action.empty()) word = asked.action;
    usage += is_command && std::string_view(row.name) == "deliver" ? " [-- COMMAND...]"
             : is_command                                          ? " -- COMMAND..."
             : positional.required                                 ? " " + word
                                                                   : " [" + word + "]";
  }
  page.line(options_last ? usage + " [option...]" : usage, 6);
  for (const char* text : row.positional) {
    const std::string name = positional_of(text).name;
    if (&text == &row.positional.front()) page.heading("Words");
    if (name == "action" && !asked.action.empty()) continue;
    page.entry(upper(name), meaning_of(row, name, asked.action));
  }
  add_options(page, row, asked);
  add_settings(page, row, asked);
  add_examples(page, row.example, examples_of(row, asked.action));
  page.line("");
  page.line("Exit status: " + statuses_of(row) + ".", 2);
  const std::string see = see_also(row.see);
  if (!see.empty()) page.line("See also: " + see, 2);
  if (!asked.all)
    page.line("All options in full: refgate " + std::string(row.name) + " --help=all", 2);
  return page.take();
}

std::string overview(const std::vector<const CommandRow*>& rows, const Screen& screen) {
  Page page(screen);
  page.line(
      "An expensive agent session starts once per piece of work: the launch is won by a "
      "compare-and-swap on a git ref.");
  page.line("");
  page.line("Usage: refgate COMMAND [option...]");
  std::vector<std::string_view> told;
  for (const CommandRow* first : rows) {
    const std::string_view group = first->group;
    if (std::find(told.begin(), told.end(), group) != told.end()) continue;
    told.push_back(group);
    page.heading(group);
    for (const CommandRow* row : rows)
      if (row->group == group) page.entry(row->name, row->summary);
  }
  page.heading("Options");
  page.entry("--help", "this; of one command: refgate help COMMAND");
  page.entry("--version", "version and libraries");
  add_option(page, color_option);
  page.line("");
  page.line(
      "Settings are also read from REFGATE_<NAME> and from --config. The token comes from "
      "REFGATE_TOKEN or GITHUB_TOKEN, never from the command line.");
  page.line(
      "Exit status: 0 done; 1 the answer is no; 2 wrong usage or input; 3 the store could not be "
      "reached, read or written; 4 internal.",
      2);
  page.line("See also: README.md, docs/");
  return page.take();
}

}  // namespace refgate
