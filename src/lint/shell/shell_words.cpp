// Words of a shell script: quotes, substitutions, redirections and here-documents.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "lint/shell/shell_call.h"
#include "lint/shell/shell_scanner.h"

namespace refgate::lint {
namespace {

// For the end of what may be no parameter, arithmetic or pattern at all, so that a file of such
// openers costs no more than its size.
constexpr std::size_t longest_look_ahead = 300;
/// Behind so many commands no program in a here-document is one of them.
constexpr std::size_t most_commands = 10'000;

}  // namespace

/// Part of a word: an escape, quotes, a substitution, or characters.
void ShellScanner::word_part() {
  context_.in_word = true;
  switch (at()) {
    case '\\': {
      const std::size_t line_end = at(1) == '\r' ? 2 : 1;
      if (at(line_end) == '\n') {
        context_.in_word = !context_.word.empty();
        at_ += line_end + 1;
      } else {
        if (at_ + 1 < script_.size()) context_.word += at(1);
        at_ = std::min(at_ + 2, script_.size());
      }
      break;
    }
    case '\'': {
      const std::size_t end = std::min(script_.find('\'', at_ + 1), script_.size());
      context_.word += script_.substr(at_ + 1, end - at_ - 1);
      at_ = std::min(end + 1, script_.size());
      break;
    }
    case '"':
      ++at_;
      double_quoted();
      break;
    case '$':
    case '`':
      if (looking_at("$'")) {
        ++at_;
        ansi_quoted();
      } else if (!substitution())
        context_.word += script_[at_++];
      break;
    default:
      plain_characters();
  }
}

void ShellScanner::plain_characters() {
  const std::size_t begin = at_++;
  while (at_ < script_.size() && !is_special(script_[at_]))
    ++at_;
  context_.word += script_.substr(begin, at_ - begin);
}

/// `$'…'`, in which a quote can be escaped.
void ShellScanner::ansi_quoted() {
  for (++at_; at_ < script_.size() && at() != '\''; ++at_) {
    if (at() == '\\' && at_ + 1 < script_.size()) ++at_;
    context_.word += at();
  }
  at_ = std::min(at_ + 1, script_.size());
}

void ShellScanner::double_quoted() {
  while (at_ < script_.size() && at() != '"') {
    if (at() == '\\' && at_ + 1 < script_.size()) {
      context_.word += at(1);
      at_ += 2;
    } else if (!substitution()) {
      static constexpr auto ends = table_of("\"\\$`");
      std::size_t end = at_ + 1;
      while (end < script_.size() && !ends[static_cast<unsigned char>(script_[end])])
        ++end;
      context_.word += script_.substr(at_, end - at_);
      at_ = end;
    }
  }
  at_ = std::min(at_ + 1, script_.size());
}

/// `${{ … }}`, `${…}`, `$((…))`, `$(…)` and backquotes at the cursor. False when none begins here.
bool ShellScanner::substitution() {
  if (looking_at("${{")) {
    const std::size_t end = script_.find("}}", at_);
    const std::size_t stop = end == std::string_view::npos ? script_.size() : end + 2;
    context_.word += script_.substr(at_, stop - at_);
    at_ = stop;
    return true;
  }
  if (looking_at("${")) return parameter();
  if (looking_at("$((") && arithmetic(3)) {
    context_.word += "$(())";
    return true;
  }
  const bool command = looking_at("$(");
  const bool backquote = at() == '`' && !in_backquotes_;
  if ((!command && !backquote) || depth_ >= max_nesting) return false;
  at_ += command ? 2 : 1;
  const bool outer_backquotes = std::exchange(in_backquotes_, backquote || in_backquotes_);
  const std::size_t before = commands_.size();
  read_nested(command ? ')' : '`', false);
  in_backquotes_ = outer_backquotes;
  context_.word += located_since(before).value_or("$()");
  return true;
}

/// The program whose place a substitution gives, as in `$(which x)` and `$(command -v x)`, and
/// that it stands for as the first word of a command.
std::optional<std::string> ShellScanner::located_since(std::size_t before) const {
  // With marks, those of the substitution stand around it.
  const std::size_t around = marks_ ? 1 : 0;
  if (commands_.size() != before + 1 + 2 * around) return std::nullopt;
  const Words& words = commands_[before + around];
  std::size_t at = prefix_.size();
  if (at >= words.size()) return std::nullopt;
  const std::string& name = words[at++];
  if (name == "command" || name == "type") {
    if (at >= words.size() || (words[at] != "-v" && words[at] != "-p" && words[at] != "-P"))
      return std::nullopt;
    ++at;
  } else if (name != "which") {
    return std::nullopt;
  }
  // What the shell would say of a missing one goes elsewhere: `2>/dev/null`.
  if (at >= words.size() || (at + 1 < words.size() && !words[at + 1].starts_with("2>")))
    return std::nullopt;
  return words[at];
}

/// `${name:-word}`: one part of a word, whatever stands in it.
bool ShellScanner::parameter() {
  const std::string_view rest = script_.substr(at_, longest_look_ahead);
  std::size_t depth = 0;
  for (std::size_t end = 0; end < rest.size(); ++end) {
    if (rest[end] == '\\') {
      ++end;
    } else if (rest[end] == '{') {
      ++depth;
    } else if (rest[end] == '}' && --depth == 0) {
      const std::size_t stop = at_ + end + 1;
      // Commands in a default value are commands.
      if (rest.substr(0, end).find("$(") != std::string_view::npos && depth_ < max_nesting) {
        ShellScanner inside(script_.substr(at_ + 2, end - 2), prefix_, depth_ + 1, commands_,
                            marks_);
        inside.read_text();
      }
      context_.word += script_.substr(at_, stop - at_);
      at_ = stop;
      return true;
    }
  }
  return false;
}

/// Passes over an arithmetic expression up to `))`. False when it does not end like that, since
/// then it is no such expression.
bool ShellScanner::arithmetic(std::size_t opening) {
  const std::string_view rest = script_.substr(at_, longest_look_ahead);
  std::size_t depth = 2;
  for (std::size_t end = opening; end < rest.size(); ++end) {
    if (rest[end] == '(') ++depth;
    if (rest[end] != ')' || --depth > 0) continue;
    if (rest[end - 1] != ')') return false;
    at_ += end + 1;
    return true;
  }
  return false;
}

/// An extended pattern, `!(a|b)`: part of the word up to its `)`, or no more than its `(`.
void ShellScanner::literal_parentheses() {
  const std::size_t close = script_.substr(at_, longest_look_ahead).find(')');
  const std::size_t length = close == std::string_view::npos ? 1 : close + 1;
  context_.word += script_.substr(at_, length);
  at_ += length;
}

/// `<(…)` and `>(…)` run commands, `<<` begins a here-document, `<<<` stands before a word, `<` and
/// `>` are taken as part of one.
void ShellScanner::redirect() {
  if (at(1) == '(' && depth_ < max_nesting) {
    at_ += 2;
    read_nested(')', false);
    context_.word += "<()";
  } else if (at() == '>') {
    context_.word += script_[at_++];
    context_.in_word = true;
  } else if (looking_at("<<") && !looking_at("<<<")) {
    here_document();
  } else if (looking_at("<<<")) {
    at_ += 3;
    end_word();
  } else {
    // A file is no word of the command: `docker run image < claude`.
    context_.word += script_[at_++];
    context_.in_word = true;
    while (is_blank(at()))
      ++at_;
  }
}

void ShellScanner::here_document() {
  at_ += 2;
  HereDocument document;
  document.tabs = at() == '-';
  if (document.tabs) ++at_;
  while (at_ < script_.size() && is_blank(at()))
    ++at_;
  while (at_ < script_.size() &&
         std::string_view(" \t\r\n;|&()<>").find(at()) == std::string_view::npos) {
    const bool quote = at() == '\'' || at() == '"' || at() == '\\';
    document.quoted = document.quoted || quote;
    if (!quote) document.end += at();
    ++at_;
  }
  end_word();
  if (document.end.empty()) return;
  if (const auto call = shell_call(context_.words); call && call->reads_input) {
    document.is_script = true;
    document.prefix.assign(context_.words.begin(),
                           context_.words.begin() +
                               static_cast<std::ptrdiff_t>(std::min(call->shell, longest_prefix)));
  } else {
    document.program = program_call(context_.words, longest_prefix);
  }
  here_documents_.push_back(std::move(document));
}

void ShellScanner::skip_here_documents() {
  for (const HereDocument& document : std::exchange(here_documents_, {})) {
    const std::size_t begin = at_;
    std::size_t end = at_;
    while (at_ < script_.size()) {
      end = at_;
      const std::size_t line_end = std::min(script_.find('\n', at_), script_.size());
      std::string_view line = script_.substr(at_, line_end - at_);
      at_ = std::min(line_end + 1, script_.size());
      while (line.ends_with('\r'))
        line.remove_suffix(1);
      while (document.tabs && line.starts_with('\t'))
        line.remove_prefix(1);
      if (line == document.end) break;
      end = at_;
    }
    if (!document.program.empty() && commands_.size() < most_commands) {
      Words words = document.program;
      words.emplace_back(script_.substr(begin, end - begin));
      words.insert(words.begin(), prefix_.begin(), prefix_.end());
      commands_.push_back(std::move(words));
    }
    if (depth_ >= max_nesting || (document.quoted && !document.is_script)) continue;
    ShellScanner inside(script_.substr(begin, end - begin),
                        document.is_script ? document.prefix : prefix_, depth_ + 1, commands_,
                        marks_);
    if (document.is_script) {
      mark("$(");
      inside.read_script();
      mark("$)");
    } else {
      inside.read_text();
    }
  }
}

}  // namespace refgate::lint
