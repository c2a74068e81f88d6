#include "lint/shell/shell_scanner.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "lint/shell/shell_call.h"

namespace refgate::lint {
namespace {

// What is looked for, so that a file of functions costs no more than its size.
constexpr std::size_t longest_script_with_functions = 1u << 16;

}  // namespace

bool ShellScanner::in_test() const {
  return !context_.words.empty() && context_.words.front() == "[[" &&
         context_.words.back() != "]]" && context_.word != "]]";
}

void ShellScanner::read(char close) {
  while (at_ < script_.size()) {
    if (in_patterns()) {
      read_patterns();
      continue;
    }
    const char character = at();
    if (character == close && context_.open_parentheses == 0) {
      ++at_;
      break;
    }
    if (is_blank(character)) {
      ++at_;
      end_word();
    } else if (character == '\n') {
      ++at_;
      if (in_test()) end_word();
      if (!in_test() || (context_.words.back() != "&&" && context_.words.back() != "||"))
        end_command();
      skip_here_documents();
      if (!in_test()) mark(";");
    } else if (character == '#' && !context_.in_word) {
      at_ = std::min(script_.find('\n', at_), script_.size());
    } else if (std::string_view(";&|()<>").find(character) != std::string_view::npos &&
               !in_test()) {
      separator();
    } else {
      word_part();
    }
  }
  end_command();
}

void ShellScanner::read_text() {
  while (at_ < script_.size()) {
    if (at() == '\\') {
      at_ = std::min(at_ + 2, script_.size());
    } else if (!substitution()) {
      ++at_;
    }
  }
}

/// Up to the `)` after the patterns of a clause, or past `esac`.
void ShellScanner::read_patterns() {
  while (at_ < script_.size() && (is_blank(at()) || at() == '\n')) {
    ++at_;
    if (script_[at_ - 1] == '\n') skip_here_documents();
  }
  if (at() == '#') {
    at_ = std::min(script_.find('\n', at_), script_.size());
    return;
  }
  if (looking_at("esac") && (at_ + 4 == script_.size() || is_special(at(4)))) {
    at_ += 4;
    context_.cases.pop_back();
    context_.words.emplace_back("esac");
    mark("esac");
    return;
  }
  if (at() == '(') ++at_;
  std::size_t depth = 0;  // of extended patterns: `@(a|b)`
  while (at_ < script_.size() && (at() != ')' || depth > 0)) {
    if (at() == '(' || at() == ')') {
      depth = at() == '(' ? depth + 1 : depth - 1;
      ++at_;
    } else if (is_special(at()) && at() != '\'' && at() != '"' && at() != '\\' && at() != '$' &&
               at() != '`') {
      ++at_;
    } else {
      word_part();
    }
  }
  at_ = std::min(at_ + 1, script_.size());
  context_.word.clear();
  context_.in_word = false;
  context_.cases.back() = CasePart::commands;
}

/// Reads commands up to `close`, which is eaten, and comes back to the word that they stand in.
void ShellScanner::read_nested(char close, bool array) {
  Context outer = std::exchange(context_, {});
  context_.array = array;
  ++depth_;
  mark("$(");
  read(close);
  mark("$)");
  --depth_;
  context_ = std::move(outer);
  context_.in_word = true;
}

void ShellScanner::separator() {
  switch (at()) {
    case ';':
      semicolon();
      break;
    case '&':
      // `2>&1` and `&>` do not end a command.
      if ((at_ > 0 && (script_[at_ - 1] == '>' || script_[at_ - 1] == '<')) || at(1) == '>') {
        context_.word += script_[at_++];
        context_.in_word = true;
        break;
      }
      ++at_;
      end_command();
      if (marks_ && at() == '&') {
        ++at_;
        mark("&&");
      } else {
        mark(";");
      }
      break;
    case '(':
      open_parenthesis();
      break;
    case ')':
      ++at_;
      end_command();
      if (context_.open_parentheses > 0) {
        --context_.open_parentheses;
        mark(")");
      }
      break;
    case '<':
    case '>':
      redirect();
      break;
    default:
      ++at_;
      end_command();
      if (marks_ && at() == '|') {
        ++at_;
        mark("||");
      } else {
        mark("|");
      }
  }
}

/// `;`, and `;;`, `;&` and `;;&` at the end of a clause of `case`.
void ShellScanner::semicolon() {
  ++at_;
  end_command();
  mark(";");
  if (context_.cases.empty() || (at() != ';' && at() != '&')) return;
  while (at() == ';' || at() == '&')
    ++at_;
  context_.cases.back() = CasePart::patterns;
}

void ShellScanner::open_parenthesis() {
  const bool loop =
      context_.words.size() == 1 && context_.words.front() == "for" && !context_.in_word;
  const bool first = context_.words.empty() && !context_.in_word;
  const std::size_t begin = at_;
  if (looking_at("((") && (loop || first) && arithmetic(2)) {
    if (loop) context_.words.emplace_back("(())");
    if (first && marks_)
      commands_.push_back(
          {std::string(mark_sign), "((", std::string(script_.substr(begin, at_ - begin))});
    return;
  }
  if (function_parentheses()) return;
  if (context_.in_word && context_.word.ends_with('=') && depth_ < max_nesting) {
    ++at_;
    read_nested(')', true);
    context_.word += "()";
    return;
  }
  if (context_.in_word && !context_.word.empty() &&
      std::string_view("@!?*+").find(context_.word.back()) != std::string_view::npos) {
    literal_parentheses();
    return;
  }
  ++at_;
  end_command();
  mark("(");
  ++context_.open_parentheses;
}

/// `name()` and `function name()`: what follows is the body.
bool ShellScanner::function_parentheses() {
  std::size_t close = at_ + 1;
  while (close < script_.size() && is_blank(script_[close]))
    ++close;
  if (close >= script_.size() || script_[close] != ')') return false;
  if (context_.in_word) end_word();
  const bool keyword = context_.words.size() == 2 && context_.words.front() == "function";
  if (context_.words.size() != 1 && !keyword) return false;
  function_follows_ = true;
  function_uncalled_ = is_named_once(context_.words.back());
  context_.words.clear();
  at_ = close + 1;
  return true;
}

void ShellScanner::mark(std::string_view word) {
  if (marks_) commands_.push_back({std::string(mark_sign), std::string(word)});
}

void ShellScanner::end_word() {
  if (!context_.in_word) return;
  context_.words.push_back(std::exchange(context_.word, {}));
  context_.in_word = false;
  if (!context_.array) keyword();
}

/// What the last word means as the first ones of a command.
void ShellScanner::keyword() {
  Words& words = context_.words;
  if (words.size() == 3 && words[0] == "case" && words[2] == "in") {
    end_command();
    context_.cases.push_back(CasePart::patterns);
    return;
  }
  if (words.size() == 3 && words[0] == "function" && words[2] == "{") {
    function_follows_ = true;
    function_uncalled_ = is_named_once(words[1]);
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() != 1) return;
  // What follows these words is a command of its own.
  static constexpr auto openers = std::to_array<std::string_view>(
      {"if", "then", "else", "elif", "while", "until", "do", "!", "time"});
  if (words[0] == "{") {
    const bool is_function = function_follows_;
    open_group();
    mark(is_function ? "function" : "{");
    words.clear();
  } else if (std::find(openers.begin(), openers.end(), words[0]) != openers.end()) {
    mark(words[0]);
    words.clear();
  } else if (words[0] == "}") {
    close_group();
    mark("}");
  } else if (words[0] == "fi" || words[0] == "done") {
    mark(words[0]);
  } else if (words[0] == "esac" && !context_.cases.empty()) {
    context_.cases.pop_back();
    mark("esac");
  }
  function_follows_ = false;
}

void ShellScanner::end_command() {
  end_word();
  Words words = std::exchange(context_.words, {});
  if (words.empty() || context_.array) return;
  if (words.size() == 2 && words[0] == "function") {
    function_follows_ = true;
    function_uncalled_ = is_named_once(words[1]);
    return;
  }
  const bool hands_on = depth_ < max_nesting &&
                        (words[0] == "eval" || std::any_of(words.begin(), words.end(), is_shell));
  if (marks_ && (words[0] == "for" || words[0] == "select" || words[0] == "case")) {
    commands_.push_back({std::string(mark_sign)});
    commands_.back().insert(commands_.back().end(), words.begin(), words.end());
  }
  words.insert(words.begin(), prefix_.begin(), prefix_.end());
  commands_.push_back(std::move(words));
  // By copy: the list grows while the script is read.
  if (hands_on) handed_scripts(Words(commands_.back()));
}

void ShellScanner::open_group() {
  groups_.push_back({function_follows_ && function_uncalled_, commands_.size()});
  function_follows_ = false;
}

void ShellScanner::close_group() {
  if (groups_.empty()) return;
  const Group group = groups_.back();
  groups_.pop_back();
  if (group.uncalled) commands_.resize(std::min(commands_.size(), group.commands));
}

/// Scripts in arguments: of `eval`, and of a shell with `-c`.
void ShellScanner::handed_scripts(const Words& words) {
  const std::size_t own = prefix_.size();
  if (words[own] == "eval") {
    std::string script;
    for (std::size_t index = own + 1; index < words.size(); ++index)
      script += words[index] + " ";
    mark("$(");
    ShellScanner(script, prefix_, depth_ + 1, commands_, marks_).read_script();
    mark("$)");
    return;
  }
  const auto call = shell_call(words);
  if (!call || !call->argument) return;
  const Words prefix(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min(call->shell, longest_prefix)));
  mark("$(");
  ShellScanner(words[*call->argument], prefix, depth_ + 1, commands_, marks_).read_script();
  mark("$)");
}

/// Whether the script has this word in one place only, its definition.
bool ShellScanner::is_named_once(std::string_view name) const {
  if (name.empty() || script_.size() > longest_script_with_functions) return false;
  const auto is_part = [&](std::size_t index) {
    const char character = index < script_.size() ? script_[index] : ' ';
    return character == '_' || character == '-' || (character >= '0' && character <= '9') ||
           (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
  };
  std::size_t found = 0;
  for (std::size_t place = script_.find(name); place != std::string_view::npos && found < 2;
       place = script_.find(name, place + 1)) {
    if ((place == 0 || !is_part(place - 1)) && !is_part(place + name.size())) ++found;
  }
  return found < 2;
}

}  // namespace refgate::lint
