#include "lint/shell/script_questions.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>

#include "lint/shell/command_answers.h"
#include "lint/shell/shell_commands.h"
#include "lint/shell/shell_scanner.h"

namespace refgate::lint {
namespace {

using Words = std::vector<std::string>;

bool is_name_part(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

/// Whether a word is `name=value`; the name ends at the position of the `=`.
std::size_t assigned_at(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return 0;
  std::string_view name = word.substr(0, equals);
  if (name.ends_with('+')) name.remove_suffix(1);
  return std::all_of(name.begin(), name.end(), is_name_part) ? equals : 0;
}

/// The names of the functions of a script that ends somewhere: a call of one may be the end.
std::set<std::string_view> functions_of(std::string_view script) {
  std::set<std::string_view> names;
  if (!has_any(script, {"exit", "return"})) return names;
  for (std::size_t at = script.find("()"); at != std::string_view::npos;
       at = script.find("()", at + 2)) {
    std::size_t begin = at;
    while (begin > 0 && (is_name_part(script[begin - 1]) || script[begin - 1] == '-'))
      --begin;
    if (begin < at) names.insert(script.substr(begin, at - begin));
  }
  return names;
}

/// A list of a script, `a && b || c`, as far as it is read.
struct List {
  bool asks = false;           ///< an answer decides whether the next command is run
  bool after_any = false;      ///< `&&` behind a command that may fail
  bool after_failure = false;  ///< `||` behind one
  bool last_asks = false;
  bool last_may_fail = false;
  bool is_joined = false;  ///< it has operators
  bool ends_bare = false;  ///< the last command is a test, whose answer ends the script
};

/// A part of a script that is opened and closed.
struct Part {
  std::string_view kind;
  bool outer_asks = false;  ///< of what is around it
  bool outer_any = false;
  bool outer_failure = false;
  bool in_function = false;
  bool asks = false;  ///< its own condition does
  bool in_condition = false;
  bool condition_asks = false;
  bool is_negated = false;
  List list = {};
};

class Reader {
 public:
  Reader(std::string_view script, const std::function<bool(std::string_view)>& is_setting)
      : script_(script), is_setting_(is_setting), functions_(functions_of(script)) {
    parts_.push_back({"script"});
  }

  ScriptQuestions read() {
    std::vector<Words> all;
    const Words prefix;
    ShellScanner(script_, prefix, 0, all, true).read_script();
    for (Words& words : all) {
      if (words[0] == ShellScanner::mark_sign)
        take_mark(words);
      else
        take_command(std::move(words));
    }
    end_list();
    // What a function does is asked where the function is called, which is not followed.
    for (const std::size_t each : in_functions_)
      found_.commands[each].is_asked = found_.commands[each].is_asked || found_.asks;
    return std::move(found_);
  }

 private:
  Part& part() { return parts_.back(); }
  List& list() { return parts_.back().list; }

  /// Whether an answer decides if what comes next is run.
  bool is_asked() { return ended_ || part().outer_asks || part().asks || list().asks; }

  void open(std::string_view kind, bool asks = false) {
    Part made{kind};
    made.outer_asks = is_asked();
    made.outer_any = part().outer_any || list().after_any;
    made.outer_failure = part().outer_failure || list().after_failure;
    made.in_function = part().in_function || kind == "function";
    made.asks = asks;
    found_.asks = found_.asks || asks;
    parts_.push_back(made);
    after_operator_ = false;
  }

  void close(std::string_view kind) {
    while (kind == "substitution" && parts_.size() > 1 && part().kind != kind)
      parts_.pop_back();
    const bool fits = part().kind == kind || (kind == "group" && part().kind == "function");
    if (parts_.size() < 2 || !fits) return;
    const bool asks = kind == "group" && part().list.last_asks;
    parts_.pop_back();
    if (kind != "substitution") list().last_asks = asks;
  }

  void end_list() {
    if (list().ends_bare && !part().in_condition && !part().is_negated)
      ended_ = found_.asks = found_.may_fail = true;
    part().is_negated = false;
    list() = {};
  }

  void take_operator(bool is_or) {
    List& now = list();
    now.asks = now.asks || now.last_asks;
    found_.asks = found_.asks || now.last_asks;
    now.after_any = !is_or && now.last_may_fail;
    now.after_failure = is_or && now.last_may_fail;
    now.is_joined = true;
    now.last_asks = now.last_may_fail = now.ends_bare = false;
  }

  void take_mark(const Words& words) {
    if (words.size() < 2) return;
    const std::string& word = words[1];
    if (word == ";") {
      // A line may end behind an operator.
      if (!after_operator_) end_list();
      return;
    }
    const bool joins = word == "&&" || word == "||" || word == "|";
    if (word == "|") {
      list().last_asks = list().last_may_fail = list().ends_bare = false;
    } else if (joins) {
      take_operator(word == "||");
    } else if (word == "((") {
      answer(!is_arithmetic_settled(words[2]), false, true);
    } else if (word == "if" || word == "while" || word == "until") {
      open(word == "if" ? "if" : "loop");
      part().in_condition = true;
    } else if (word == "for" || word == "select") {
      open("loop", goes_over_unknown(words));
    } else if (word == "case") {
      open("case", words.size() < 3 || !is_settled(words[2]));
    } else if (word == "elif") {
      part().in_condition = true;
    } else if (word == "then" || word == "do") {
      part().in_condition = part().is_negated = false;
      part().asks = part().asks || part().condition_asks;
      list() = {};
    } else if (word == "!") {
      part().is_negated = true;
    } else {
      take_bracket(word);
    }
    after_operator_ = joins;
  }

  void take_bracket(std::string_view word) {
    if (word == "{" || word == "(") open("group");
    if (word == "function") open("function");
    if (word == "$(") open("substitution");
    if (word == "}" || word == ")") close("group");
    if (word == "$)") close("substitution");
    if (word == "fi") close("if");
    if (word == "done") close("loop");
    if (word == "esac") close("case");
  }

  /// `for x in $LIST`, and no `for x in 1 2 3`.
  bool goes_over_unknown(const Words& words) {
    const bool counts = words.size() == 3 && words[2].starts_with("((");
    if (counts || words.size() < 3) return false;
    const bool is_sequence = words.size() == 5 && words[4] == "$()" && !found_.commands.empty() &&
                             found_.commands.back().words[0] == "seq";
    const bool unknown =
        words.size() < 5 ||
        std::any_of(words.begin() + 4, words.end(), [&](const std::string& word) {
          return word.find_first_of("*?[") != std::string::npos || !is_settled(word);
        });
    const bool asks = unknown && !is_sequence;
    settled_[words[2]] = !asks;
    return asks;
  }

  void take_command(Words words) {
    after_operator_ = false;
    constexpr auto brackets =
        std::to_array<std::string_view>({"for", "select", "case", "fi", "done", "esac", "}", "{"});
    const Words command = launched_command(words);
    const bool is_bracket = !words.empty() && is_one_of(brackets, words[0]);
    if (is_bracket) return;
    const bool is_asked_first = is_asked() || list().after_failure || part().outer_failure ||
                                is_for_each(words) ||
                                (!command.empty() && is_asking_program(command));
    if (part().in_function) in_functions_.push_back(found_.commands.size());
    assign(words);
    found_.commands.push_back({std::move(words), is_asked_first});
    if (command.empty()) {
      list().last_asks = list().last_may_fail = list().ends_bare = false;
      return;
    }
    take_end(command);
    if (is_test(command[0])) {
      answer(is_question(command), false, true);
    } else {
      const bool quiet_search = command[0] == "grep" && command.size() > 1 &&
                                command[1].starts_with("-") && has_any(command[1], {"q"});
      answer(is_answer(command), !asks_nothing(command[0]), quiet_search);
    }
  }

  void take_end(const Words& command) {
    if ((command[0] == "break" || command[0] == "continue") && is_asked()) ended_ = true;
    End end = end_by(command);
    if (end == End::none && functions_.contains(command[0])) end = End::failed;
    if (end == End::none) return;
    const bool fails = end != End::well;
    const bool any = list().after_any || part().outer_any;
    const bool failure = list().after_failure || part().outer_failure;
    // `make || exit 1` says no more than `make`.
    if (is_asked() || any || (failure && end != End::failed)) {
      ended_ = found_.asks = true;
      found_.may_fail = found_.may_fail || fails;
    } else if (fails && !failure && !functions_.contains(command[0])) {
      found_.always_fails = true;
    }
  }

  void answer(bool asks, bool may_fail, bool is_test) {
    List& now = list();
    now.last_asks = asks;
    now.last_may_fail = may_fail;
    now.ends_bare = asks && is_test && !now.is_joined;
    if (!part().in_condition || !(asks || may_fail)) return;
    part().condition_asks = found_.asks = true;
  }

  /// Whether a test asks anything that is not settled.
  bool is_question(const Words& test) {
    constexpr auto of_files = std::to_array<std::string_view>(
        {"-f", "-s", "-e", "-d", "-r", "-w", "-L", "-h", "-nt", "-ot", "-ef", "-v"});
    return std::any_of(test.begin() + 1, test.end(), [&](const std::string& word) {
      return is_one_of(of_files, word) || !is_settled(word);
    });
  }

  bool is_variable_settled(std::string_view name) {
    if (const auto known = settled_.find(name); known != settled_.end()) return known->second;
    return is_setting_(name);
  }

  /// Whether a word is the same in each run.
  bool is_settled(std::string_view word) {
    for (std::size_t at = word.find_first_of("$`"); at != std::string_view::npos;
         at = word.find_first_of("$`", at + 1)) {
      const std::string_view rest = word.substr(at);
      if (rest.starts_with("${{")) {
        const std::size_t end = std::min(rest.find("}}"), rest.size());
        if (!is_setting_text(rest.substr(0, end + 2))) return false;
        at += end;
        continue;
      }
      std::size_t begin = rest.starts_with("${") ? 2 : 1;
      if (begin == 2 && rest.size() > 2 && (rest[2] == '#' || rest[2] == '!')) ++begin;
      std::size_t end = begin;
      while (end < rest.size() && is_name_part(rest[end]))
        ++end;
      if (end == begin || !is_variable_settled(rest.substr(begin, end - begin))) return false;
    }
    return true;
  }

  bool is_arithmetic_settled(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '`' || text.substr(at).starts_with("$(")) return false;
      if (!is_name_part(text[at])) continue;
      std::size_t end = at;
      while (end < text.size() && is_name_part(text[end]))
        ++end;
      const std::string_view name = text.substr(at, end - at);
      const bool is_number = name[0] >= '0' && name[0] <= '9';
      if (!is_number && !is_variable_settled(name)) return false;
      at = end;
    }
    return true;
  }

  void assign(const Words& words) {
    constexpr auto before =
        std::to_array<std::string_view>({"export", "local", "declare", "readonly", "typeset"});
    const std::size_t first = is_one_of(before, words[0]) ? 1 : 0;
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(first);
    const bool all = std::all_of(begin, words.end(), [](const std::string& word) {
      return assigned_at(word) > 0 || word.starts_with('-') || word.starts_with('>');
    });
    if (!all) return;
    for (auto each = begin; each != words.end(); ++each) {
      const std::size_t equals = assigned_at(*each);
      if (equals == 0) continue;
      const std::string_view value = std::string_view(*each).substr(equals + 1);
      const bool settled =
          !is_asked() && !value.ends_with("()") && is_settled(value) && (*each)[equals - 1] != '+';
      std::string name = each->substr(0, equals);
      if (name.ends_with('+')) name.pop_back();
      bool& known = settled_.try_emplace(std::move(name), true).first->second;
      known = known && settled;
    }
  }

  const std::string_view script_;
  const std::function<bool(std::string_view)>& is_setting_;
  const std::set<std::string_view> functions_;
  ScriptQuestions found_;
  std::vector<Part> parts_;
  std::vector<std::size_t> in_functions_;  ///< commands
  bool ended_ = false;                     ///< an answer may have ended the script
  bool after_operator_ = false;
  std::map<std::string, bool, std::less<>> settled_;  ///< variables that the script sets
};

}  // namespace

ScriptQuestions questions_in(std::string_view script,
                             const std::function<bool(std::string_view)>& is_setting) {
  return Reader(script, is_setting).read();
}

bool all_asked(const ScriptQuestions& script,
               const std::function<bool(const std::vector<std::string>&)>& is_meant) {
  bool found = false;
  for (const ScriptCommand& command : script.commands) {
    if (!is_meant(command.words)) continue;
    if (!command.is_asked) return false;
    found = true;
  }
  return found || script.asks;
}

bool is_setting_text(std::string_view text) {
  for (std::size_t at = text.find("${{"); at != std::string_view::npos;
       at = text.find("${{", at + 1)) {
    const std::string_view expression = text.substr(at, text.find("}}", at) - at);
    if (!has_any(expression, {"secrets.", "vars.", "github.token"}) ||
        has_any(expression, {"steps.", "needs.", "github.event", "inputs.", "hashFiles"}))
      return false;
  }
  return true;
}

}  // namespace refgate::lint
