#pragma once
// Evaluating expressions in three-valued logic: what is not known stays unknown, and `false &&
// unknown` is false all the same.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "lint/expression/expression.h"
#include "lint/expression/expression_value.h"

namespace refgate::lint {

/// What is known while an expression is evaluated. Everything that was not set is unknown; always()
/// is true.
class Scope {
 public:
  Scope();

  /// Gives a context or a property a value: set("github.event_name", …). Its siblings stay what
  /// they were.
  void set(std::string_view dotted, const Value& value);
  void set(const ContextPath& path, const Value& value);
  /// From now on the properties at `path` that were not set are absent: close("needs.gate.outputs")
  /// makes a misspelt output null.
  void close(std::string_view dotted);
  void close(const ContextPath& path);
  Value get(const ContextPath& path) const;
  /// The value of a context by its name.
  Value context(std::string_view name) const;

  /// success(), failure() and cancelled(), without arguments.
  void set_status(Truth success, Truth failure, Truth cancelled);
  /// The same with the names of jobs as arguments, in lower case: "success", {"build"}. Wins over
  /// the values above.
  using Status = std::function<Truth(std::string_view function, std::span<const std::string> jobs)>;
  void set_status(Status status);
  Truth status(std::string_view function, std::span<const std::string> jobs) const;

  /// Equal for copies of which none was changed; nullopt when they cannot be told apart. Only valid
  /// while one of them lives.
  using Identity = std::tuple<const void*, Truth, Truth, Truth>;
  std::optional<Identity> identity() const {
    if (status_) return std::nullopt;
    return Identity{root_.identity(), success_, failure_, cancelled_};
  }

 private:
  Value root_;
  Truth success_ = Truth::unknown;
  Truth failure_ = Truth::unknown;
  Truth cancelled_ = Truth::unknown;
  Status status_;
};

/// Strings longer than this (64 KiB) are not built: the result is unknown. It bounds what nested
/// format() calls can cost.
inline constexpr std::size_t longest_string = 65'536;

/// A value that is known although parts of the scope are not: it is that value, or GitHub fails (an
/// unknown argument may turn out to be of a kind that a function does not take). Either way nothing
/// else happens.
struct Outcome {
  Value value;  ///< unknown when there is an error
  /// Set when the expression certainly fails on GitHub: malformed JSON or format string, or a
  /// `case` whose predicate is no boolean.
  std::optional<ExpressionError> error;
};

/// An invalid expression gives its own error.
Outcome evaluate(const Expression& expression, const Scope& scope);

/// The same for one node and what is below it.
Outcome evaluate(const Expression& expression, NodeId node, const Scope& scope);

/// Whether the expression is true; unknown when it fails.
Truth evaluate_truth(const Expression& expression, const Scope& scope);

/// Whether what this `if` stands at is run: evaluate_truth, with the implicit `success() &&` when
/// there is no status function.
Truth evaluate_condition(const Expression& condition, const Scope& scope);

}  // namespace refgate::lint
