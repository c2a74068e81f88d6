#include "lint/shell_commands.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace refgate::lint {
namespace {

constexpr int max_nesting = 20;

class Scanner {
 public:
  explicit Scanner(std::string_view script) : script_(script) {}

  /// Reads commands up to the end or to `close`, which is eaten.
  void read(char close, int depth) {
    while (at_ < script_.size()) {
      const char character = script_[at_];
      if (character == close) {
        ++at_;
        break;
      }
      switch (character) {
        case '\n':
          ++at_;
          end_command();
          skip_here_documents();
          break;
        case ';':
        case '&':
        case '|':
        case '(':
        case ')':
          separator(character);
          break;
        case ' ':
        case '\t':
        case '\r':
          ++at_;
          end_word();
          break;
        case '#':
          if (in_word_) {
            word_ += script_[at_++];
          } else {
            at_ = std::min(script_.find('\n', at_), script_.size());
          }
          break;
        case '<':
          redirect(depth);
          break;
        default:
          word_part(depth);
      }
    }
    end_command();
  }

  std::vector<std::vector<std::string>> take() { return std::move(commands_); }

 private:
  void separator(char character) {
    // `2>&1` and `&>` do not end a command.
    const bool redirection = character == '&' && ((at_ > 0 && script_[at_ - 1] == '>') || script_.substr(at_ + 1, 1) == ">");
    ++at_;
    if (redirection) {
      word_ += character;
      in_word_ = true;
    } else {
      end_command();
    }
  }

  /// Part of a word: an escape, quotes, a substitution, or one character.
  void word_part(int depth) {
    const char character = script_[at_];
    in_word_ = true;
    if (character == '\\') {
      if (script_.substr(at_ + 1, 1) == "\n") {
        in_word_ = !word_.empty();
      } else if (at_ + 1 < script_.size()) {
        word_ += script_[at_ + 1];
      }
      at_ = std::min(at_ + 2, script_.size());
    } else if (character == '\'') {
      const std::size_t end = std::min(script_.find('\'', at_ + 1), script_.size());
      word_ += script_.substr(at_ + 1, end - at_ - 1);
      at_ = std::min(end + 1, script_.size());
    } else if (character == '"') {
      ++at_;
      while (at_ < script_.size() && script_[at_] != '"') {
        if (script_[at_] == '\\' && at_ + 1 < script_.size()) {
          word_ += script_[at_ + 1];
          at_ += 2;
        } else if (!substitution(depth)) {
          word_ += script_[at_++];
        }
      }
      at_ = std::min(at_ + 1, script_.size());
    } else if (!substitution(depth)) {
      word_ += script_[at_++];
    }
  }

  /// `$(…)`, backquotes, `${…}` and `${{ … }}` at the cursor. False when none begins here.
  bool substitution(int depth) {
    if (script_.substr(at_, 3) == "${{") {
      const std::size_t end = script_.find("}}", at_);
      const std::size_t stop = end == std::string_view::npos ? script_.size() : end + 2;
      word_ += script_.substr(at_, stop - at_);
      at_ = stop;
      return true;
    }
    const bool command = script_.substr(at_, 2) == "$(" && script_.substr(at_, 3) != "$((";
    const bool backquote = script_[at_] == '`' && !in_backquotes_;
    if ((!command && !backquote) || depth >= max_nesting) return false;
    at_ += command ? 2 : 1;
    std::string outer_word = std::exchange(word_, {});
    const bool outer_in_word = std::exchange(in_word_, false);
    std::vector<std::string> outer_words = std::exchange(words_, {});
    const bool outer_backquotes = std::exchange(in_backquotes_, backquote || in_backquotes_);
    read(command ? ')' : '`', depth + 1);
    in_backquotes_ = outer_backquotes;
    words_ = std::move(outer_words);
    word_ = std::move(outer_word) + "$()";
    in_word_ = outer_in_word;
    return true;
  }

  /// `<<WORD` and `<<-WORD`: the lines up to WORD are no commands. `<<<` is followed by a word.
  void redirect(int depth) {
    if (script_.substr(at_, 3) == "<<<" || script_.substr(at_, 2) != "<<") {
      at_ += script_.substr(at_, 3) == "<<<" ? 3 : 1;
      end_word();
      if (script_.substr(at_, 1) == "(" && depth < max_nesting) ++at_;
      return;
    }
    at_ += 2;
    HereDocument document;
    document.tabs = script_.substr(at_, 1) == "-";
    if (document.tabs) ++at_;
    while (at_ < script_.size() && (script_[at_] == ' ' || script_[at_] == '\t')) ++at_;
    while (at_ < script_.size() && std::string_view(" \t\r\n;|&()<>").find(script_[at_]) == std::string_view::npos) {
      if (script_[at_] != '\'' && script_[at_] != '"' && script_[at_] != '\\') document.end += script_[at_];
      ++at_;
    }
    end_word();
    if (!document.end.empty()) here_documents_.push_back(document);
  }

  void skip_here_documents() {
    for (const HereDocument& document : std::exchange(here_documents_, {})) {
      while (at_ < script_.size()) {
        const std::size_t end = std::min(script_.find('\n', at_), script_.size());
        std::string_view line = script_.substr(at_, end - at_);
        at_ = std::min(end + 1, script_.size());
        while (line.ends_with('\r')) line.remove_suffix(1);
        while (document.tabs && line.starts_with('\t')) line.remove_prefix(1);
        if (line == document.end) break;
      }
    }
  }

  void end_word() {
    if (in_word_) words_.push_back(word_);
    word_.clear();
    in_word_ = false;
    // What follows these words is a command of its own.
    static constexpr std::array<std::string_view, 10> openers = {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"};
    if (words_.size() == 1 && std::find(openers.begin(), openers.end(), words_[0]) != openers.end()) words_.clear();
  }

  void end_command() {
    end_word();
    if (!words_.empty()) commands_.push_back(std::exchange(words_, {}));
  }

  struct HereDocument {
    std::string end;
    bool tabs = false;
  };

  std::string_view script_;
  std::size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  bool in_backquotes_ = false;
  std::vector<std::string> words_;
  std::vector<std::vector<std::string>> commands_;
  std::vector<HereDocument> here_documents_;
};

bool is_assignment(const std::string& word) {
  const std::size_t equals = word.find('=');
  return equals != std::string::npos && equals > 0 &&
         word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == equals;
}

std::string last_part(const std::string& word) { return word.substr(word.rfind('/') + 1); }

/// A program that runs the command after its own words.
struct Launcher {
  std::string_view name;
  std::string_view verb;        ///< a second word that must follow, or empty
  int arguments;                ///< words before the command that are no options
  std::string_view with_value;  ///< options that take the next word, separated by blanks
};

constexpr std::array<Launcher, 33> launchers = {{
    {"sudo", "", 0, "-u -g -C -h -p -U"},
    {"env", "", 0, "-u -C -S"},
    {"command", "", 0, ""},
    {"exec", "", 0, ""},
    {"nohup", "", 0, ""},
    {"time", "", 0, "-f -o"},
    {"nice", "", 0, "-n"},
    {"stdbuf", "", 0, "-i -o -e"},
    {"unbuffer", "", 0, ""},
    {"setsid", "", 0, ""},
    {"xvfb-run", "", 0, "-s -n"},
    {"timeout", "", 1, "-k -s --kill-after --signal"},
    {"gtimeout", "", 1, "-k -s --kill-after --signal"},
    {"xargs", "", 0, "-I -n -P -L -d -a"},
    {"npx", "", 0, "-p --package"},
    {"bunx", "", 0, ""},
    {"bun", "x", 0, ""},
    {"pnpx", "", 0, ""},
    {"pnpm", "dlx", 0, ""},
    {"pnpm", "exec", 0, ""},
    {"yarn", "dlx", 0, "-p"},
    {"npm", "exec", 0, ""},
    {"uvx", "", 0, "--from --with --python -p"},
    {"uv", "run", 0, "--with --python -p --project --directory --extra --group"},
    {"pipx", "run", 0, "--spec"},
    {"poetry", "run", 0, ""},
    {"bundle", "exec", 0, ""},
    {"python", "", 0, "-X -W"},
    {"python3", "", 0, "-X -W"},
    {"node", "", 0, "-r --require"},
    {"bash", "", 0, "-o"},
    {"sh", "", 0, "-o"},
    {"doppler", "run", 0, "-p -c"},
}};

}  // namespace

std::vector<std::vector<std::string>> shell_commands(std::string_view script) {
  Scanner scanner(script);
  scanner.read('\0', 0);
  return scanner.take();
}

std::vector<std::string> launched_command(std::vector<std::string> words) {
  for (bool found = true; found;) {
    found = false;
    while (!words.empty() && is_assignment(words.front())) words.erase(words.begin());
    if (words.empty()) break;
    for (const Launcher& launcher : launchers) {
      if (last_part(words[0]) != launcher.name || (!launcher.verb.empty() && (words.size() < 2 || words[1] != launcher.verb))) continue;
      std::size_t at = launcher.verb.empty() ? 1 : 2;
      int arguments = launcher.arguments;
      while (at < words.size() && (words[at].starts_with('-') || is_assignment(words[at]) || arguments > 0)) {
        const std::string padded = " " + std::string(launcher.with_value) + " ";
        if (words[at] == "--") {
          ++at;
          break;
        }
        if (words[at].starts_with('-')) {
          at += padded.find(" " + words[at] + " ") == std::string::npos ? 1 : 2;
        } else {
          if (!is_assignment(words[at])) --arguments;
          ++at;
        }
      }
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(std::min(at, words.size())));
      found = true;
      break;
    }
  }
  return words;
}

}  // namespace refgate::lint
