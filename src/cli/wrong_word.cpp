#include "cli/wrong_word.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include "core/text/blank.h"
#include "core/text/truth.h"
#include "core/words/nearest.h"

namespace refgate {
namespace {

using Options = std::map<std::string, Takes, std::less<>>;

const SettingRow* setting_called(std::string_view name) {
  for (const SettingRow& row : setting_table())
    if (row.name == name) return &row;
  return nullptr;
}

std::string of_command(const CommandRow& row) { return "refgate " + std::string(row.name) + ": "; }

/// "run" → "did you forget -- before the command's own words?"
std::string before_own_words(const CommandRow& row) {
  for (const char* text : row.positional)
    if (positional_of(text).name == "command")
      return "; the words of a command need -- before them: refgate " + std::string(row.name) +
             " [option...] -- COMMAND";
  return "";
}

/// "--memory=2d --retry=manual" in one word, as a line of the action's input `flags` is: where the
/// second option begins, or npos. Text for people may hold anything.
std::size_t second_option(std::string_view word, const Options& options) {
  for (std::size_t at = word.find(" --"); at != std::string_view::npos;
       at = word.find(" --", at + 1)) {
    const std::string_view rest = word.substr(at + 3);
    if (options.contains(rest.substr(0, rest.find_first_of("= \t")))) return at;
  }
  return std::string_view::npos;
}

/// A setting whose value has a form, in which no option can stand. A text may hold anything: an
/// identity, what a matrix or a title says.
bool has_form(std::string_view option) {
  const SettingRow* setting = setting_called(option);
  return setting != nullptr && setting->form != SettingForm::text &&
         setting->form != SettingForm::pairs;
}

constexpr std::string_view one_a_line = "; write one option a line: ";

/// "--memory 2d" in one word, likewise.
std::string in_two_words(std::string_view word, const Options& options) {
  const std::size_t second = second_option(word, options);
  const std::string_view first = word.substr(0, second);
  const std::size_t blank = first.find_first_of(" \t");
  std::string written(first.substr(0, blank));
  if (blank != std::string_view::npos) {
    const std::size_t value = first.find_first_not_of(" \t", blank);
    if (value != std::string_view::npos) written += "=" + std::string(first.substr(value));
  }
  return (second == std::string_view::npos ? "; write it as one word: " : std::string(one_a_line)) +
         written;
}

/// The option that was meant, or empty.
std::string_view near_option(std::string_view name, const Options& options) {
  std::vector<std::string_view> known;
  for (const auto& [option, takes] : options)
    known.push_back(option);
  // A shortened name is as common a slip as a misspelt one.
  std::string_view near = nearest(name, known);
  if (near.empty())
    for (std::string_view option : known)
      if (option.starts_with(name) && !name.empty()) near = option;
  return near;
}

/// "--memory 2d" → "memory"
std::string_view name_in(std::string_view written) {
  written.remove_prefix(written.starts_with("--") ? 2 : 1);
  return written.substr(0, written.find_first_of("= \t"));
}

std::string unknown_option(const CommandRow& row, std::string_view written,
                           const Options& options) {
  const std::string_view shown = written.substr(0, written.find('='));
  const std::string_view name = name_in(written);
  std::string text = "refgate: " + std::string(row.name) + " has no option " + std::string(shown);
  if (!written.starts_with("--")) return text + before_own_words(row);
  if (options.contains(name)) return text + in_two_words(written, options);
  const std::string_view near = near_option(name, options);
  return text + (near.empty() ? before_own_words(row) : meant(near, "--"));
}

/// An unset variable of a script is no subject, no time and no filter: it must not mean all. What
/// is text for people may be empty, and a status that is empty is one that GitHub did not give.
bool may_be_empty(const CommandRow& row, std::string_view option) {
  static const std::set<std::string_view> texts{"reason", "title", "url", "meta"};
  if (const SettingRow* setting = setting_called(option)) {
    const bool shadowed = std::any_of(row.options.begin(), row.options.end(),
                                      [&](const OptionRow& own) { return option == own.name; });
    if (!shadowed) return setting->name != "sha" || std::string_view(row.name) != "log";
  }
  if (std::string_view(row.name) == "finish") return true;
  return std::string_view(row.name) != "log" && texts.contains(option);
}

std::optional<std::string> wrong_value(const CommandRow& row, std::string_view option,
                                       std::string_view value, Takes takes) {
  const std::string name = of_command(row) + "--" + std::string(option);
  if (takes == Takes::nothing) {
    if (option.starts_with("help"))
      return name + " is \"" + std::string(value) + "\"; it takes no word but all: --help=all";
    if (!truth_of(value))
      return name + " is \"" + std::string(value) + "\", but must be one of true, false";
  } else if (value.empty() && !may_be_empty(row, option)) {
    return name + " is empty; give it a value, or leave it out; nothing was asked";
  } else if (option == color_option.name && value != "auto" && value != "always" &&
             value != "never") {
    return name + " is \"" + std::string(value) + "\", but must be one of auto, always, never" +
           meant(nearest(value, {"auto", "always", "never"}));
  }
  return std::nullopt;
}

std::optional<std::string> wrong_positional(const CommandRow& row,
                                            std::span<const std::string> loose) {
  std::size_t most = 0;
  std::size_t least = 0;
  bool any_number = false;
  for (const char* text : row.positional) {
    const Positional positional = positional_of(text);
    if (positional.any_number) {
      any_number = true;
      // Of a command every word may be empty.
      if (positional.name == "paths" && std::any_of(loose.begin(), loose.end(), is_blank))
        return of_command(row) + "a path is empty; nothing was checked";
    } else if (most < loose.size() && is_blank(loose[most])) {
      return of_command(row) + upper(positional.name) + " is empty; nothing was asked";
    }
    ++most;
    if (!positional.required) continue;
    if (least == loose.size()) return of_command(row) + upper(positional.name) + " is missing";
    ++least;
  }
  if (!any_number && loose.size() > most)
    return of_command(row) + "\"" + loose[most] + "\" is one word too many" +
           (most == 0 ? "; it takes options only" : "");
  return std::nullopt;
}

}  // namespace

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

bool asks_for_all_help(std::string_view word) {
  return word == "--help=all" || word == "--help-all";
}

bool asks_for_help(std::string_view word) {
  return word == "-h" || word == "--help" || asks_for_all_help(word);
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

std::map<std::string, Takes, std::less<>> options_of(const CommandRow& row) {
  std::map<std::string, Takes, std::less<>> options{
      {"help", Takes::nothing}, {"help-all", Takes::nothing}, {color_option.name, Takes::a_value}};
  for (const char* name : row.settings) {
    const SettingRow* setting = setting_called(name);
    if (setting == nullptr) throw std::logic_error("no setting is called " + std::string(name));
    options[name] = setting->form == SettingForm::flag ? Takes::nothing : Takes::a_value;
  }
  for (const OptionRow& option : row.options)
    options[option.name] = option.metavar[0] == '\0'  ? Takes::nothing
                           : option.metavar[0] == '=' ? Takes::perhaps_a_value
                                                      : Takes::a_value;
  return options;
}

std::string meant(std::string_view nearest_word, std::string_view prefix) {
  if (nearest_word.empty()) return "";
  return "; did you mean " + std::string(prefix) + std::string(nearest_word) + "?";
}

LooseWords take_loose_words(const CommandRow& row, std::vector<std::string>& words) {
  const auto options = options_of(row);
  LooseWords loose;
  std::vector<std::string> left{words.front()};
  bool only_words = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_words || word.size() < 2 || word[0] != '-') {
      loose.words.push_back(word);
      continue;
    }
    if (word == "--") {
      only_words = true;
      continue;
    }
    const std::string_view name = std::string_view(word).substr(word.starts_with("--") ? 2 : 1);
    const auto found = options.find(name.substr(0, name.find('=')));
    const bool is_known = found != options.end() && word.starts_with("--");
    if (!is_known && !asks_for_help(word) && !says_whose_or_where(name_in(word)) &&
        !says_whose_or_where(near_option(name_in(word), options))) {
      loose.faults.push_back(unknown_option(row, word, options).substr(sizeof "refgate: " - 1));
      continue;
    }
    left.push_back(word);
    if (is_known && found->second == Takes::a_value && name.find('=') == name.npos &&
        i + 1 < words.size() && !words[i + 1].starts_with("--"))
      left.push_back(words[++i]);
  }
  words = std::move(left);
  return loose;
}

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
    if (asks_for_help(word)) return std::nullopt;
    const std::size_t equals = word.find('=');
    const auto found =
        word.starts_with("--") ? options.find(word.substr(2, equals - 2)) : options.end();
    if (found == options.end()) return unknown_option(row, word, options);
    if (equals != std::string::npos) {
      if (const std::size_t second = second_option(word, options);
          second != std::string::npos && has_form(found->first))
        return "refgate: " + std::string(row.name) +
               " takes one option a word, and this holds two: " + word + std::string(one_a_line) +
               word.substr(0, second);
      if (auto wrong = wrong_value(row, found->first, std::string_view(word).substr(equals + 1),
                                   found->second))
        return wrong;
      continue;
    }
    if (found->second != Takes::a_value) continue;
    if (i + 1 == words.size() || words[i + 1].starts_with("--"))
      return of_command(row) + word + " needs a value";
    ++i;
    if (auto wrong = wrong_value(row, found->first, words[i], found->second)) return wrong;
  }
  return wrong_positional(row, loose);
}

}  // namespace refgate
