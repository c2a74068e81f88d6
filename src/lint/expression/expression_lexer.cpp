#include "lint/expression/expression_lexer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lint/expression/expression_number.h"
#include "lint/expression/expression_unicode.h"

namespace refgate::lint {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(std::string_view text, std::size_t offset) : text_(text), offset_(offset) {}

  std::vector<Token> run() {
    tokens_.reserve(text_.size() / 4 + 4);
    while (at_ < text_.size()) {
      start_ = at_;
      next();
    }
    start_ = at_;
    add(TokenKind::end);
    return std::move(tokens_);
  }

 private:
  void next() {
    const char c = text_[at_++];
    switch (c) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        return;
      case '(':
        return add(TokenKind::left_parenthesis);
      case ')':
        return add(TokenKind::right_parenthesis);
      case '[':
        return add(TokenKind::left_bracket);
      case ']':
        return add(TokenKind::right_bracket);
      case ',':
        return add(TokenKind::comma);
      case '*':
        return add(TokenKind::star);
      case '!':
        return add(accept('=') ? TokenKind::not_equal : TokenKind::bang);
      case '<':
        return add(accept('=') ? TokenKind::less_or_equal : TokenKind::less);
      case '>':
        return add(accept('=') ? TokenKind::greater_or_equal : TokenKind::greater);
      case '=':
        return accept('=') ? add(TokenKind::equal) : name();
      case '&':
        return accept('&') ? add(TokenKind::both) : name();
      case '|':
        return accept('|') ? add(TokenKind::either) : name();
      case '\'':
        return string();
      case '.':
        return follows_value() ? add(TokenKind::dot) : number();
      case '-':
      case '+':
        return number();
      default:
        return is_digit(c) ? number() : name();
    }
  }

  bool accept(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// A dot here is an access and not the start of a number. Literals and keywords have no
  /// properties.
  bool follows_value() const {
    if (tokens_.empty()) return false;
    switch (tokens_.back().kind) {
      case TokenKind::name:
      case TokenKind::right_bracket:
      case TokenKind::right_parenthesis:
      case TokenKind::star:
        return true;
      default:
        return false;
    }
  }

  bool at_boundary() const {
    const char character = text_[at_];
    if (is_letter(character) || is_digit(character)) return false;  // nearly always
    if (is_space(decode_utf8(text_, at_).character)) return true;
    return std::string_view("([)],.!><=&|").find(character) != std::string_view::npos;
  }

  void number() {
    while (at_ < text_.size() && (text_[at_] == '.' || !at_boundary()))
      ++at_;
    const double value = read_number(lexeme());
    if (std::isnan(value)) unexpected("Unexpected symbol '" + std::string(lexeme()) + "'");
    add(TokenKind::literal, Value::number(value));
  }

  void string() {
    std::string value;
    for (;;) {
      const std::size_t quote = text_.find('\'', at_);
      value += text_.substr(at_, quote - at_);
      at_ = std::min(quote, text_.size());
      if (at_ == text_.size()) unexpected("The string is not closed");
      ++at_;
      if (!accept('\'')) break;
      value += '\'';
    }
    add(TokenKind::literal, Value::string(std::move(value)));
  }

  void name() {
    while (at_ < text_.size() && !at_boundary())
      ++at_;
    const std::string_view word = lexeme();
    bool legal = is_letter(word.front());
    for (char c : word)
      legal = legal && (is_letter(c) || is_digit(c) || c == '-');
    if (!legal) unexpected("Unexpected symbol '" + std::string(word) + "'");
    if (tokens_.empty() || tokens_.back().kind != TokenKind::dot) {
      if (word == "true" || word == "false")
        return add(TokenKind::literal, Value::boolean(word == "true"));
      if (word == "null") return add(TokenKind::literal, Value());
      if (word == "NaN")
        return add(TokenKind::literal, Value::number(std::numeric_limits<double>::quiet_NaN()));
      if (word == "Infinity")
        return add(TokenKind::literal, Value::number(std::numeric_limits<double>::infinity()));
    }
    add(TokenKind::name);
  }

  std::string_view lexeme() const { return text_.substr(start_, at_ - start_); }

  void add(TokenKind kind, Value literal = {}) {
    tokens_.push_back({kind, range(), lexeme(), std::move(literal)});
  }

  ByteRange range() const { return {offset_ + start_, offset_ + at_}; }

  [[noreturn]] void unexpected(std::string message) const {
    throw ExpressionError{std::move(message), range()};
  }

  std::string_view text_;
  std::size_t offset_;
  std::size_t start_ = 0;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, std::size_t offset) {
  return Lexer(text, offset).run();
}

}  // namespace refgate::lint
