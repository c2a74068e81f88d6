#pragma once
// Text of an expression to tokens.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/expression.h"

namespace refgate::lint {

enum class TokenKind : std::uint8_t {
  left_parenthesis,
  right_parenthesis,
  left_bracket,
  right_bracket,
  comma,
  dot,
  star,
  bang,
  not_equal,
  equal,
  greater,
  greater_or_equal,
  less,
  less_or_equal,
  both,
  either,
  literal,
  name,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  ByteRange range;
  std::string_view text;
  Value literal;
};

/// The last token is the end. Throws ExpressionError; ranges are shifted by `offset`.
std::vector<Token> tokenize(std::string_view text, std::size_t offset);

}  // namespace refgate::lint
