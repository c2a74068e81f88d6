#pragma once
// Reading GitHub's expressions: bare (`if:`), inside `${{ }}`, and text that mixes both. Text in, a
// flat tree out; every node keeps its bytes in the source. Nothing here recurses deeper than
// GitHub's own limit, so that hostile input ends in an error value.
//
// Facts: "Evaluate expressions in workflows and actions"; limits, the places where `${{` ends and
// what an `if` becomes from GitHub's published parsers.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/expression_value.h"

namespace refgate::lint {

/// Bytes [begin, end) of the text that was parsed.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const ByteRange&) const = default;
};

struct ExpressionError {
  std::string message;  ///< one sentence, without the place
  ByteRange range;
};

enum class ExpressionKind : std::uint8_t {
  literal,      ///< `literal`
  context,      ///< `name`
  index,        ///< operands: what is indexed, the index (a string literal for `.name`)
  filter,       ///< `.*` or `[*]`; operand: what is filtered
  call,         ///< `name`, operands: the arguments
  negation,     ///< `!`
  conjunction,  ///< `&&`, two or more operands
  disjunction,  ///< `||`, two or more operands
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  concatenation,  ///< text around `${{ }}`; operands: literals and expressions in order; the value
                  ///< is always a string
};

using NodeId = std::uint32_t;

struct ExpressionNode {
  ExpressionKind kind = ExpressionKind::literal;
  ByteRange range;   ///< without parentheses around it
  std::string name;  ///< as written
  Value literal;
  std::vector<NodeId> operands;
};

/// A parsed expression, or the error that stopped the parser. Nodes are in post-order: operands
/// come before what uses them.
class Expression {
 public:
  bool is_valid() const { return !error_; }
  const std::optional<ExpressionError>& error() const { return error_; }
  /// Only when valid.
  NodeId root() const { return static_cast<NodeId>(nodes_.size() - 1); }
  const ExpressionNode& node(NodeId id) const { return nodes_[id]; }
  const std::vector<ExpressionNode>& nodes() const { return nodes_; }

 private:
  friend class ExpressionBuilder;
  std::vector<ExpressionNode> nodes_;
  std::optional<ExpressionError> error_;
};

/// Which names the parser accepts. By default every context and every function, so that names which
/// GitHub adds later are no errors; known functions have the right number of arguments in either
/// case.
struct ExpressionLanguage {
  bool any_name = true;
  std::vector<std::string> contexts;
  /// Functions besides contains, startsWith, endsWith, format, join, toJSON, fromJSON and case.
  struct Function {
    std::string name;
    std::size_t min_arguments = 0;
    std::size_t max_arguments = std::numeric_limits<std::size_t>::max();
  };
  std::vector<Function> functions;

  /// Any name, and hashFiles and the status functions with their numbers of arguments.
  static const ExpressionLanguage& workflow();
};

/// A bare expression: what stands between `${{` and `}}`. Empty text is an error.
Expression parse_expression(std::string_view text,
                            const ExpressionLanguage& language = ExpressionLanguage::workflow());

/// A scalar that may hold `${{ }}`. No such part: a string literal. Exactly one and nothing around
/// it: that expression, with its own type. Else a concatenation.
Expression parse_template(std::string_view text,
                          const ExpressionLanguage& language = ExpressionLanguage::workflow());

/// The value of an `if:`, with or without `${{ }}`. Text outside of `${{ }}`, even a line end,
/// makes it a concatenation that is always true, as on GitHub. Empty text is `success()`. The
/// implicit `success() &&` is not part of the tree: see has_status_function.
Expression parse_condition(std::string_view text,
                           const ExpressionLanguage& language = ExpressionLanguage::workflow());

/// True when the text has a `${{`.
bool has_expression(std::string_view text);

/// Quick for what nearly all texts are: true when each `${{ }}` in it is nothing but a short path,
/// as in `${{ github.event.number }}`, which any_name takes. False says nothing.
bool has_plain_paths_only(std::string_view text);

/// success, failure, cancelled or always is called somewhere. When not, GitHub evaluates an `if` as
/// `success() && (…)`.
bool has_status_function(const Expression& expression);

/// One use of a context: `needs.gate.outputs['x']`, as long as its parts can be read off the text.
struct Reference {
  /// Names as written. An empty optional is `*` or a computed index.
  std::vector<std::optional<std::string>> path;
  ByteRange range;
  NodeId node = 0;  ///< the outermost index of the path, or the context itself

  bool is_literal() const;
  /// "needs.gate.outputs.x", with `*` for parts that are not literal.
  std::string text() const;
};

/// In the order of the text; references inside computed indices are listed too.
std::vector<Reference> references(const Expression& expression);

struct FunctionUse {
  std::string name;  ///< as written
  ByteRange range;
  NodeId node = 0;
};
std::vector<FunctionUse> functions(const Expression& expression);

/// A path of context and property names: "needs.gate.outputs.x" in four parts.
using ContextPath = std::vector<std::string>;

ContextPath parse_path(std::string_view dotted);

/// Equal names at each part, without regard to case; a part of the reference that is not literal is
/// equal to nothing.
bool refers_to(const Reference& reference, const ContextPath& path);
/// The same for the first parts of the reference.
bool refers_into(const Reference& reference, const ContextPath& path);

}  // namespace refgate::lint
