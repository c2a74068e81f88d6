#pragma once
// The reader behind shell_commands(). It follows "Shell Command Language" of POSIX.1-2024 and what
// bash adds to it, far enough to tell commands from everything else.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

class ShellScanner {
 public:
  using Words = std::vector<std::string>;

  /// What stands in `commands` before a word that is no command: an operator, or what opens or
  /// closes a part of the script.
  static constexpr std::string_view mark_sign = "\x01";

  /// Commands go into `commands`, each behind the words of `prefix`. `depth` counts scripts and
  /// substitutions around this one. With `marks`, operators and the words around commands too.
  ShellScanner(std::string_view script, const Words& prefix, int depth,
               std::vector<Words>& commands, bool marks = false)
      : script_(script), prefix_(prefix), depth_(depth), commands_(commands), marks_(marks) {}

  /// Reads all of it as commands.
  void read_script() { read('\0'); }
  /// Reads all of it as the text of a here-document, in which only substitutions are commands.
  void read_text();

 private:
  static constexpr int max_nesting = 20;
  static constexpr std::size_t longest_prefix =
      16;  ///< words; more are no command that anybody writes

  static bool is_blank(char character) {
    return character == ' ' || character == '\t' || character == '\r';
  }
  static constexpr std::array<bool, 256> table_of(std::string_view characters) {
    std::array<bool, 256> table{};
    for (const char character : characters)
      table[static_cast<unsigned char>(character)] = true;
    return table;
  }
  /// What ends a run of plain characters.
  static bool is_special(char character) {
    static constexpr std::array<bool, 256> special = table_of(" \t\r\n;&|()<>#'\"\\$`");
    return special[static_cast<unsigned char>(character)];
  }

  enum class CasePart { patterns, commands };

  /// What is being read in the script itself or in one substitution.
  struct Context {
    Words words;
    std::string word;
    bool in_word = false;
    bool array = false;  ///< words between the parentheses of `x=(…)`, which are no command
    std::vector<CasePart> cases;
    std::size_t open_parentheses = 0;
  };

  struct HereDocument {
    std::string end;
    bool tabs = false;
    bool quoted = false;
    bool is_script = false;
    Words prefix;
    Words program;  ///< `python3`, `-c`, behind the prefix: what reads it as its program
  };

  struct Group {
    bool uncalled = false;  ///< the body of a function that nothing calls
    std::size_t commands = 0;
  };

  char at(std::size_t ahead = 0) const {
    return at_ + ahead < script_.size() ? script_[at_ + ahead] : '\0';
  }
  bool looking_at(std::string_view text) const { return script_.substr(at_, text.size()) == text; }
  bool in_patterns() const {
    return !context_.cases.empty() && context_.cases.back() == CasePart::patterns;
  }
  bool in_test() const;

  void read(char close);
  void read_patterns();
  void read_nested(char close, bool array);
  void word_part();
  void plain_characters();
  void ansi_quoted();
  void double_quoted();
  bool substitution();
  std::optional<std::string> located_since(std::size_t before) const;
  bool parameter();
  bool arithmetic(std::size_t opening);
  void separator();
  void semicolon();
  void open_parenthesis();
  bool function_parentheses();
  void redirect();
  void here_document();
  void skip_here_documents();
  void literal_parentheses();

  void mark(std::string_view word);
  void end_word();
  void keyword();
  void end_command();
  void open_group();
  void close_group();
  void handed_scripts(const Words& words);
  bool is_named_once(std::string_view name) const;

  std::string_view script_;
  const Words& prefix_;
  int depth_;
  std::vector<Words>& commands_;
  bool marks_;
  std::size_t at_ = 0;
  Context context_;
  bool in_backquotes_ = false;
  std::vector<HereDocument> here_documents_;
  std::vector<Group> groups_;
  bool function_follows_ = false;  ///< the next group is the body of a function
  bool function_uncalled_ = false;
};

}  // namespace refgate::lint
