#include "lint/expression/expression.h"

#include <algorithm>
#include <limits>

#include "lint/expression/expression_lexer.h"
#include "lint/expression/expression_unicode.h"

namespace refgate::lint {
namespace {

// GitHub's own limits.
constexpr int deepest_expression = 50;
constexpr std::size_t longest_expression = 21'000;  // in UTF-16 units
constexpr std::size_t most_arguments = std::numeric_limits<std::size_t>::max();

const std::vector<ExpressionLanguage::Function>& built_in_functions() {
  static const std::vector<ExpressionLanguage::Function> functions{
      {"contains", 2, 2}, {"startsWith", 2, 2}, {"endsWith", 2, 2}, {"format", 1, 255},
      {"join", 1, 2},     {"toJSON", 1, 1},     {"fromJSON", 1, 1}, {"case", 3, most_arguments},
  };
  return functions;
}

std::size_t utf16_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = decode_utf8(text, at).size;
    length += size == 4 ? 2 : 1;
    at += size;
  }
  return length;
}

}  // namespace

/// Recursive descent over the tokens of one expression. Throws ExpressionError; the public
/// functions turn that into a value.
class ExpressionBuilder {
 public:
  ExpressionBuilder(Expression& expression, const ExpressionLanguage& language)
      : nodes_(expression.nodes_), language_(language) {}

  static Expression failed(ExpressionError error) {
    Expression expression;
    expression.error_ = std::move(error);
    return expression;
  }

  NodeId parse(std::string_view text, std::size_t offset) {
    const ByteRange whole{offset, offset + text.size()};
    if (text.size() > longest_expression && utf16_length(text) > longest_expression)
      throw ExpressionError{"The expression is longer than 21000 characters", whole};
    tokens_ = tokenize(text, offset);
    if (nodes_.empty()) nodes_.reserve(tokens_.size());
    at_ = 0;
    depth_ = 0;
    if (peek().kind == TokenKind::end) throw ExpressionError{"An expression was expected", whole};
    const NodeId root = disjunction_in_depth();
    if (peek().kind != TokenKind::end) unexpected();
    return root;
  }

  NodeId add(ExpressionKind kind, ByteRange range, std::vector<NodeId> operands = {},
             std::string name = {}, Value literal = {}) {
    nodes_.push_back({kind, range, std::move(name), std::move(literal), std::move(operands)});
    return static_cast<NodeId>(nodes_.size() - 1);
  }

 private:
  /// Counts what GitHub counts, so that the same expressions are too deep.
  class Depth {
   public:
    explicit Depth(ExpressionBuilder& builder) : builder_(builder) { enter(); }
    ~Depth() { builder_.depth_ -= levels_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

    void enter() {
      ++levels_;
      if (++builder_.depth_ > deepest_expression) {
        throw ExpressionError{"The expression is nested deeper than 50 levels",
                              builder_.peek().range};
      }
    }

   private:
    ExpressionBuilder& builder_;
    int levels_ = 0;
  };

  NodeId disjunction_in_depth() {
    const Depth depth(*this);
    return logical(TokenKind::either, ExpressionKind::disjunction, &ExpressionBuilder::conjunction);
  }

  NodeId conjunction() {
    return logical(TokenKind::both, ExpressionKind::conjunction, &ExpressionBuilder::equality);
  }

  NodeId logical(TokenKind separator, ExpressionKind kind, NodeId (ExpressionBuilder::*operand)()) {
    const std::size_t begin = peek().range.begin;
    const NodeId first = (this->*operand)();
    if (peek().kind != separator) return first;
    const Depth depth(*this);
    std::vector<NodeId> operands{first};
    while (accept(separator))
      operands.push_back((this->*operand)());
    return add(kind, {begin, end_of_last()}, std::move(operands));
  }

  NodeId equality() {
    const std::size_t begin = peek().range.begin;
    NodeId left = relation();
    for (;;) {
      ExpressionKind kind;
      switch (peek().kind) {
        case TokenKind::equal:
          kind = ExpressionKind::equal;
          break;
        case TokenKind::not_equal:
          kind = ExpressionKind::not_equal;
          break;
        default:
          return left;
      }
      ++at_;
      const NodeId right = relation();
      left = add(kind, {begin, end_of_last()}, {left, right});
    }
  }

  NodeId relation() {
    const std::size_t begin = peek().range.begin;
    NodeId left = negation();
    for (;;) {
      ExpressionKind kind;
      switch (peek().kind) {
        case TokenKind::less:
          kind = ExpressionKind::less;
          break;
        case TokenKind::less_or_equal:
          kind = ExpressionKind::less_or_equal;
          break;
        case TokenKind::greater:
          kind = ExpressionKind::greater;
          break;
        case TokenKind::greater_or_equal:
          kind = ExpressionKind::greater_or_equal;
          break;
        default:
          return left;
      }
      ++at_;
      const NodeId right = negation();
      left = add(kind, {begin, end_of_last()}, {left, right});
    }
  }

  NodeId negation() {
    const std::size_t begin = peek().range.begin;
    if (!accept(TokenKind::bang)) return access();
    const Depth depth(*this);
    const NodeId operand = negation();
    return add(ExpressionKind::negation, {begin, end_of_last()}, {operand});
  }

  NodeId access() {
    const std::size_t begin = peek().range.begin;
    const TokenKind first = peek().kind;
    NodeId node = primary();
    if (first != TokenKind::name && first != TokenKind::left_parenthesis) return node;
    std::optional<Depth> depth;
    const auto deeper = [&] {
      if (depth) {
        depth->enter();
      } else {
        depth.emplace(*this);
      }
    };
    for (;;) {
      if (accept(TokenKind::left_bracket)) {
        if (accept(TokenKind::star)) {
          expect(TokenKind::right_bracket);
          deeper();
          node = add(ExpressionKind::filter, {begin, end_of_last()}, {node});
        } else {
          const NodeId index = disjunction_in_depth();
          expect(TokenKind::right_bracket);
          deeper();
          node = add(ExpressionKind::index, {begin, end_of_last()}, {node, index});
        }
      } else if (accept(TokenKind::dot)) {
        deeper();
        if (accept(TokenKind::star)) {
          node = add(ExpressionKind::filter, {begin, end_of_last()}, {node});
        } else {
          const Token& property = expect(TokenKind::name);
          const NodeId index = add(ExpressionKind::literal, property.range, {}, {},
                                   Value::string(std::string(property.text)));
          node = add(ExpressionKind::index, {begin, property.range.end}, {node, index});
        }
      } else {
        return node;
      }
    }
  }

  NodeId primary() {
    Token& token = tokens_[at_];
    switch (token.kind) {
      case TokenKind::literal:
        ++at_;
        return add(ExpressionKind::literal, token.range, {}, {}, std::move(token.literal));
      case TokenKind::left_parenthesis: {
        ++at_;
        const NodeId inner = disjunction_in_depth();
        expect(TokenKind::right_parenthesis);
        return inner;
      }
      case TokenKind::name: {
        ++at_;
        if (accept(TokenKind::left_parenthesis)) return call(token);
        if (!language_.any_name && !listed(token.text)) {
          throw ExpressionError{"There is no context '" + std::string(token.text) + "' here",
                                token.range};
        }
        return add(ExpressionKind::context, token.range, {}, std::string(token.text));
      }
      default:
        unexpected();
    }
  }

  NodeId call(const Token& name) {
    std::vector<NodeId> arguments;
    while (!accept(TokenKind::right_parenthesis)) {
      arguments.push_back(disjunction_in_depth());
      // A comma before the closing parenthesis is no error on GitHub.
      if (peek().kind != TokenKind::right_parenthesis) expect(TokenKind::comma);
    }
    check_arguments(name, arguments.size());
    return add(ExpressionKind::call, {name.range.begin, end_of_last()}, std::move(arguments),
               std::string(name.text));
  }

  void check_arguments(const Token& name, std::size_t count) const {
    const ExpressionLanguage::Function* function = nullptr;
    for (const auto* list : {&built_in_functions(), &language_.functions})
      for (const auto& candidate : *list)
        if (function == nullptr && same_name(candidate.name, name.text)) function = &candidate;
    const std::string quoted = "'" + std::string(name.text) + "'";
    if (function == nullptr) {
      if (language_.any_name) return;
      throw ExpressionError{"There is no function " + quoted + " here", name.range};
    }
    if (count < function->min_arguments)
      throw ExpressionError{"Too few arguments for " + quoted, name.range};
    if (count > function->max_arguments)
      throw ExpressionError{"Too many arguments for " + quoted, name.range};
    if (function->name == "case" && count % 2 == 0)
      throw ExpressionError{"'case' takes an odd number of arguments", name.range};
  }

  bool listed(std::string_view context) const {
    return std::any_of(language_.contexts.begin(), language_.contexts.end(),
                       [&](const auto& name) { return same_name(name, context); });
  }

  const Token& peek() const { return tokens_[at_]; }

  bool accept(TokenKind kind) {
    if (peek().kind != kind) return false;
    ++at_;
    return true;
  }

  const Token& expect(TokenKind kind) {
    if (peek().kind != kind) unexpected();
    return tokens_[at_++];
  }

  std::size_t end_of_last() const { return tokens_[at_ - 1].range.end; }

  [[noreturn]] void unexpected() const {
    if (peek().kind == TokenKind::end)
      throw ExpressionError{"The expression ends too early", peek().range};
    throw ExpressionError{"Unexpected '" + std::string(peek().text) + "'", peek().range};
  }

  std::vector<ExpressionNode>& nodes_;
  const ExpressionLanguage& language_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

namespace {

/// A run of plain text, or what stands between `${{` and `}}`.
struct Segment {
  bool is_expression = false;
  ByteRange range;  ///< of the text, or of the inside without the white space around it
};

/// Throws ExpressionError for an expression that is not closed. A closing `}}` inside a string does
/// not count.
std::vector<Segment> segments_of(std::string_view text) {
  std::vector<Segment> segments;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find("${{", at);
    if (open != at) segments.push_back({false, {at, std::min(open, text.size())}});
    if (open == std::string_view::npos) break;
    bool in_string = false;
    std::size_t close = open + 3;
    for (;; ++close) {
      if (close >= text.size())
        throw ExpressionError{"The expression is not closed: there is no '}}' after '${{'",
                              {open, text.size()}};
      if (text[close] == '\'') in_string = !in_string;
      if (!in_string && text[close] == '}' && text[close - 1] == '}') break;
    }
    const std::string_view inside = text.substr(open + 3, close - 1 - (open + 3));
    const std::string_view body = trimmed(inside);
    if (body.empty()) throw ExpressionError{"An expression was expected", {open, close + 1}};
    const auto begin = static_cast<std::size_t>(body.data() - text.data());
    segments.push_back({true, {begin, begin + body.size()}});
    at = close + 1;
  }
  return segments;
}

template <class Build>
Expression build(const ExpressionLanguage& language, Build&& steps) {
  Expression expression;
  try {
    ExpressionBuilder builder(expression, language);
    steps(builder);
    return expression;
  } catch (ExpressionError& error) {
    return ExpressionBuilder::failed(std::move(error));
  }
}

/// Where names with dots between them end; 0 when there are none, or more than so many. What is no
/// context but a value is left to the parser.
std::size_t end_of_plain_path(std::string_view text, int most_parts) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  for (const std::string_view value : {"true", "false", "null", "NaN", "Infinity"})
    if (text.starts_with(value)) return 0;
  std::size_t at = 0;
  for (int part = 0; part < most_parts; ++part, ++at) {
    if (at == text.size() || !is_letter(text[at])) return 0;
    while (at < text.size() &&
           (is_letter(text[at]) || (text[at] >= '0' && text[at] <= '9') || text[at] == '-'))
      ++at;
    if (at == text.size() || text[at] != '.') return at;
  }
  return 0;
}

std::string_view cut(std::string_view text, ByteRange range) {
  return text.substr(range.begin, range.end - range.begin);
}

void add_template(ExpressionBuilder& builder, std::string_view text) {
  const std::vector<Segment> segments = segments_of(text);
  if (segments.size() == 1 && segments.front().is_expression) {
    builder.parse(cut(text, segments.front().range), segments.front().range.begin);
    return;
  }
  if (!has_expression(text)) {
    builder.add(ExpressionKind::literal, {0, text.size()}, {}, {},
                Value::string(std::string(text)));
    return;
  }
  std::vector<NodeId> parts;
  for (const Segment& segment : segments) {
    const std::string_view part = cut(text, segment.range);
    parts.push_back(segment.is_expression ? builder.parse(part, segment.range.begin)
                                          : builder.add(ExpressionKind::literal, segment.range, {},
                                                        {}, Value::string(std::string(part))));
  }
  builder.add(ExpressionKind::concatenation, {0, text.size()}, std::move(parts));
}

}  // namespace

const ExpressionLanguage& ExpressionLanguage::workflow() {
  static const ExpressionLanguage language{true,
                                           {},
                                           {{"hashFiles", 1, 255},
                                            {"success", 0, most_arguments},
                                            {"failure", 0, most_arguments},
                                            {"cancelled", 0, 0},
                                            {"always", 0, 0}}};
  return language;
}

bool has_expression(std::string_view text) { return text.find("${{") != std::string_view::npos; }

bool has_plain_paths_only(std::string_view text) {
  constexpr int most_parts = 20;  // far below GitHub's limits
  constexpr std::size_t longest_path = 400;
  for (std::size_t open = text.find("${{"); open != std::string_view::npos;
       open = text.find("${{")) {
    text.remove_prefix(open + 3);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::size_t end = std::min(end_of_plain_path(text, most_parts), text.size());
    if (end == 0 || end > longest_path) return false;
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (!text.starts_with("}}")) return false;
    text.remove_prefix(2);
  }
  return true;
}

Expression parse_expression(std::string_view text, const ExpressionLanguage& language) {
  return build(language, [&](ExpressionBuilder& builder) { builder.parse(text, 0); });
}

Expression parse_template(std::string_view text, const ExpressionLanguage& language) {
  return build(language, [&](ExpressionBuilder& builder) { add_template(builder, text); });
}

Expression parse_condition(std::string_view text, const ExpressionLanguage& language) {
  if (!has_expression(text)) {
    return build(language, [&](ExpressionBuilder& builder) {
      const std::string_view body = trimmed(text);
      if (body.empty()) {
        builder.add(ExpressionKind::call, {0, text.size()}, {}, "success");
      } else {
        builder.parse(body, static_cast<std::size_t>(body.data() - text.data()));
      }
    });
  }
  Expression expression = parse_template(text, language);
  if (!expression.is_valid() || expression.nodes().size() != 1) return expression;
  // `${{ 'text' }}` is plain text by the time the `if` is read, and plain text is an expression
  // again.
  const ExpressionNode& only = expression.node(expression.root());
  if (only.kind != ExpressionKind::literal || only.literal.kind() != Value::Kind::string ||
      text[only.range.begin] != '\'')
    return expression;
  const std::string inner = only.literal.as_string();
  const ByteRange range = only.range;
  return build(language, [&](ExpressionBuilder& builder) {
    if (trimmed(inner).empty()) {
      builder.add(ExpressionKind::call, range, {}, "success");
    } else if (inner.size() + 2 == range.end - range.begin) {
      builder.parse(inner, range.begin + 1);
    } else {
      try {
        builder.parse(inner, range.begin + 1);
      } catch (ExpressionError& error) {
        throw ExpressionError{error.message,
                              range};  // with '' in the text the places inside it have moved
      }
    }
  });
}

}  // namespace refgate::lint
