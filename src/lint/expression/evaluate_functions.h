#pragma once
// The built-in functions on values that may be unknown.

#include <span>
#include <string>
#include <string_view>

#include "lint/expression/expression_value.h"

namespace refgate::lint {

/// Why a function certainly fails on GitHub.
struct FunctionFailure {
  std::string message;
};

/// contains, startsWith, endsWith, format, join, toJSON, fromJSON, case; everything else is
/// unknown. The number of arguments is right, the parser has seen to it. Throws FunctionFailure.
Value call_function(std::string_view name, std::span<const Value> arguments);

/// Text of the values one after the other, as in a scalar with several `${{ }}`.
Value concatenate(std::span<const Value> values);

}  // namespace refgate::lint
