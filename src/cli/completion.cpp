// completion: what a shell offers after `refgate`, made from the same rows as the help, so that it
// cannot say anything else. Commands, the options of the command, and words of a fixed list.

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "call/commands.h"
#include "cli/command_line.h"
#include "core/decision/reason_code.h"
#include "core/words/nearest.h"
#include "lint/rule/rule.h"

namespace refgate {
namespace {

struct OfferedOption {
  std::string name;
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> words;  ///< of a fixed list; empty: any
};

using Words = std::vector<std::string>;

Words words_of(const std::vector<std::string_view>& names) { return {names.begin(), names.end()}; }

/// "suppress|manual|allow" is a list to choose from; "URL|PATH" and "FILE" are names of things.
Words fixed_words(std::string_view metavar) {
  if (metavar.find('|') == std::string_view::npos) return {};
  Words words;
  while (true) {
    const std::size_t bar = metavar.find('|');
    const std::string_view word = metavar.substr(0, bar);
    if (word.empty() || !std::all_of(word.begin(), word.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || c == '-' || c == '_';
        }))
      return {};
    words.emplace_back(word);
    if (bar == std::string_view::npos) return words;
    metavar.remove_prefix(bar + 1);
  }
}

/// Lists that are too long for a column of the help.
Words long_list(std::string_view command, std::string_view option) {
  if (command == "finish" && option == "status")
    return {"success", "failure", "cancelled", "skipped", "limited"};
  if (command == "log" && option == "kind") return words_of(entry_kind_names());
  if (command == "log" && option == "reason") return words_of(reason_code_names());
  if (command == "lint" && (option == "explain" || option == "select" || option == "ignore"))
    return words_of(lint::rule_ids());
  return {};
}

OfferedOption offered(const CommandRow& row, std::string_view name, std::string_view metavar,
                      std::string_view help) {
  OfferedOption option;
  option.name = name;
  option.help = help;
  option.takes_value = !metavar.empty() && metavar.front() != '=';
  option.takes_file = metavar.find("FILE") != std::string_view::npos ||
                      metavar.find("PATH") != std::string_view::npos || metavar == "DIR";
  option.words = fixed_words(metavar);
  if (option.words.empty()) option.words = long_list(row.name, name);
  return option;
}

/// Those that change what the command does.
std::vector<OfferedOption> offered_options(const CommandRow& row) {
  std::vector<OfferedOption> options;
  std::set<std::string_view> added;
  for (const OptionRow& option : row.options)
    if (option.help[0] != '\0' && added.insert(option.name).second)
      options.push_back(offered(row, option.name, option.metavar, option.help));
  for (const char* name : row.settings) {
    if (std::find(row.borrowed.begin(), row.borrowed.end(), std::string_view(name)) !=
        row.borrowed.end())
      continue;
    for (const SettingRow& setting : setting_table())
      if (setting.name == name && added.insert(name).second)
        options.push_back(offered(
            row, name, setting.form == SettingForm::flag ? "" : setting.metavar, setting.help));
  }
  options.push_back(offered(row, color_option.name, color_option.metavar, color_option.help));
  options.push_back(offered(row, "help", "", "what the command does"));
  return options;
}

/// What the first word of a command is chosen from.
Words first_words(std::string_view command) {
  if (command == "result") return {"save", "list", "get", "prune"};
  if (command == "completion") return {"bash", "zsh", "fish"};
  return {};
}

/// Within single quotes of any of the three shells.
std::string quoted(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '\'')
      result += "\u2019";
    else if (c == '\\')
      result += "/";
    else
      result += c;
  }
  return "'" + result + "'";
}

std::string joined(const Words& words) {
  std::string result;
  for (const std::string& word : words)
    result += (result.empty() ? "" : " ") + word;
  return result;
}

std::string commands() {
  std::string names;
  for (const CommandRow* row : all_commands())
    names += (names.empty() ? "" : " ") + std::string(row->name);
  return names;
}

/// One line of a `case` for all commands that share an option and its words.
void print_values(std::ostream& out) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const CommandRow* row : all_commands())
    for (const OfferedOption& option : offered_options(*row)) {
      if (!option.takes_value) continue;
      const std::string offer = !option.words.empty() ? "words='" + joined(option.words) + "'"
                                : option.takes_file   ? "files=1"
                                                      : "words=''";
      const std::string pattern = "'" + std::string(row->name) + " --" + option.name + "'";
      const auto same = std::find_if(lines.begin(), lines.end(),
                                     [&](const auto& line) { return line.second == offer; });
      if (same == lines.end())
        lines.emplace_back(pattern, offer);
      else
        same->first += "|" + pattern;
    }
  for (const auto& [pattern, offer] : lines)
    out << "    " << pattern << ") value=1 " << offer << " ;;\n";
}

/// bash and zsh: one function of two `case`s; zsh reads it through its own emulation of bash. bash
/// takes `--retry=ma` for three words, and a shell that does not for one.
void print_bash(std::ostream& out) {
  out << "_refgate() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} "
         "words='' files='' value='' before='' command=${COMP_WORDS[1]}\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '--help --version help version "
      << commands()
      << "' -- \"$current\"))\n    return\n  fi\n"
         "  case \"$current\" in\n"
         "    =) previous=${COMP_WORDS[COMP_CWORD-1]} current='' ;;\n"
         "    --*=*) previous=${current%%=*} before=$previous= current=${current#*=} ;;\n"
         "    *) [ \"$previous\" = = ] && previous=${COMP_WORDS[COMP_CWORD-2]} ;;\n"
         "  esac\n"
         "  case \"$command $previous\" in\n";
  print_values(out);
  out << "  esac\n"
         "  if [ -z \"$value\" ]; then\n"
         "    case \"$command\" in\n"
         "      help) [ \"$COMP_CWORD\" -eq 2 ] && words='"
      << commands() << "' ;;\n";
  for (const CommandRow* row : all_commands()) {
    const Words first = first_words(row->name);
    std::string options;
    for (const OfferedOption& option : offered_options(*row))
      options += (options.empty() ? "--" : " --") + option.name;
    out << "      " << row->name << ") case \"$current\" in -*) words='" << options << "' ;;";
    if (!first.empty())
      out << " *) [ \"$COMP_CWORD\" -eq 2 ] && words='" << joined(first) << "'"
          << (row->traits.takes_files ? " || files=1" : "") << " ;;";
    else if (row->traits.takes_files)
      out << " *) files=1 ;;";
    out << " esac ;;\n";
  }
  out << "    esac\n"
         "  fi\n"
         "  if [ -n \"$files\" ]; then COMPREPLY=($(compgen -f -P \"$before\" -- \"$current\"))\n"
         "  else COMPREPLY=($(compgen -W \"$words\" -P \"$before\" -- \"$current\")); fi\n"
         "}\n"
         "complete -F _refgate refgate\n";
}

void print_zsh(std::ostream& out) {
  out << "#compdef refgate\nautoload -U +X bashcompinit && bashcompinit\n";
  print_bash(out);
}

void print_fish(std::ostream& out) {
  out << "complete -c refgate -f\n"
         "complete -c refgate -n __fish_use_subcommand -a help -d 'what a command does'\n"
         "complete -c refgate -n __fish_use_subcommand -a version -d 'version and libraries'\n"
         "complete -c refgate -n '__fish_seen_subcommand_from help' -a '"
      << commands() << "'\n";
  for (const CommandRow* row : all_commands()) {
    out << "complete -c refgate -n __fish_use_subcommand -a " << row->name << " -d "
        << quoted(row->summary) << "\n";
    const std::string seen =
        "complete -c refgate -n '__fish_seen_subcommand_from " + std::string(row->name);
    const Words first = first_words(row->name);
    if (!first.empty())
      out << seen << "; and not __fish_seen_subcommand_from " << joined(first) << "' -a '"
          << joined(first) << "'\n";
    if (row->traits.takes_files) out << seen << "' -F\n";
    for (const OfferedOption& option : offered_options(*row)) {
      out << seen << "' -l " << option.name << " -d " << quoted(option.help);
      if (option.takes_value) out << (option.takes_file ? " -r -F" : " -x");
      if (!option.words.empty()) out << " -a '" << joined(option.words) << "'";
      out << "\n";
    }
  }
}

struct Shell {
  std::string_view name;
  void (*print)(std::ostream&);
};

constexpr Shell shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

}  // namespace

int command_completion(const Invocation& call) {
  std::vector<std::string_view> known;
  for (const Shell& shell : shells) {
    if (shell.name == call.arguments.front()) {
      shell.print(call.out);
      return exit_done;
    }
    known.push_back(shell.name);
  }
  const std::string_view near = nearest(call.arguments.front(), known);
  throw UsageError("there is no completion for \"" + call.arguments.front() + "\"" +
                   (near.empty() ? "." : "; did you mean " + std::string(near) + "?") +
                   " The shells are bash, zsh and fish");
}

}  // namespace refgate
