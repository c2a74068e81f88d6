// completion: what a shell offers after `refgate`, made from the same rows as the help, so that it
// cannot say anything else. Commands, the options of the command, and words of a fixed list.

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "call/commands.h"
#include "cli/command_line.h"
#include "core/words/nearest.h"

namespace refgate {
namespace {

struct OfferedOption {
  std::string name;
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> words;  ///< of a fixed list; empty: any
};

/// "suppress|manual|allow" is a list to choose from; "URL|PATH" and "FILE" are names of things.
std::vector<std::string> fixed_words(std::string_view metavar) {
  if (metavar.find('|') == std::string_view::npos) return {};
  std::vector<std::string> words;
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

OfferedOption offered(std::string_view name, std::string_view metavar, std::string_view help) {
  OfferedOption option;
  option.name = name;
  option.help = help;
  option.takes_value = !metavar.empty() && metavar.front() != '=';
  option.takes_file = metavar.find("FILE") != std::string_view::npos ||
                      metavar.find("PATH") != std::string_view::npos || metavar == "DIR";
  option.words = fixed_words(metavar);
  return option;
}

std::vector<OfferedOption> options_of(const CommandRow& row) {
  std::vector<OfferedOption> options;
  std::set<std::string_view> added;
  for (const OptionRow& option : row.options)
    if (added.insert(option.name).second)
      options.push_back(offered(option.name, option.metavar, option.help));
  for (const char* name : row.settings)
    for (const SettingRow& setting : setting_table())
      if (setting.name == name && added.insert(name).second)
        options.push_back(
            offered(name, setting.form == SettingForm::flag ? "" : setting.metavar, setting.help));
  options.push_back(offered("help", "", "what the command does"));
  return options;
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

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words)
    result += (result.empty() ? "" : " ") + word;
  return result;
}

/// bash and zsh: one function of two `case`s; zsh reads it through its own emulation of bash.
void print_bash(std::ostream& out) {
  out << "_refgate() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} "
         "words='' command=${COMP_WORDS[1]}\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    words='--help --version";
  for (const CommandRow* row : all_commands())
    out << " " << row->name;
  out << "'\n    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n    return\n  fi\n"
         "  case \"$command $previous\" in\n";
  for (const CommandRow* row : all_commands())
    for (const OfferedOption& option : options_of(*row)) {
      if (!option.takes_value) continue;
      out << "    '" << row->name << " --" << option.name << "') ";
      if (!option.words.empty())
        out << "COMPREPLY=($(compgen -W '" << joined(option.words) << "' -- \"$current\"));";
      else if (option.takes_file)
        out << "COMPREPLY=($(compgen -f -- \"$current\"));";
      else
        out << "COMPREPLY=();";
      out << " return ;;\n";
    }
  out << "  esac\n  case \"$command\" in\n";
  for (const CommandRow* row : all_commands()) {
    out << "    " << row->name << ") words='";
    bool first = true;
    for (const OfferedOption& option : options_of(*row)) {
      out << (first ? "--" : " --") << option.name;
      first = false;
    }
    out << "' ;;\n";
  }
  out << "  esac\n"
         "  case \"$current\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -F _refgate refgate\n";
}

void print_zsh(std::ostream& out) {
  out << "#compdef refgate\nautoload -U +X bashcompinit && bashcompinit\n";
  print_bash(out);
}

void print_fish(std::ostream& out) {
  out << "complete -c refgate -f\n";
  for (const CommandRow* row : all_commands())
    out << "complete -c refgate -n __fish_use_subcommand -a " << row->name << " -d "
        << quoted(row->summary) << "\n";
  for (const CommandRow* row : all_commands())
    for (const OfferedOption& option : options_of(*row)) {
      out << "complete -c refgate -n '__fish_seen_subcommand_from " << row->name << "' -l "
          << option.name << " -d " << quoted(option.help);
      if (option.takes_value) out << (option.takes_file ? " -r -F" : " -x");
      if (!option.words.empty()) out << " -a '" << joined(option.words) << "'";
      out << "\n";
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
