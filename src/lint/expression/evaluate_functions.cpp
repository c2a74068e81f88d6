#include "lint/expression/evaluate_functions.h"

#include <algorithm>

#include "lint/expression/evaluate.h"
#include "lint/expression/expression_unicode.h"

namespace refgate::lint {
namespace {

using Kind = Value::Kind;
using Arguments = std::span<const Value>;

bool is_composite(const Value& value) {
  return value.kind() == Kind::array || value.kind() == Kind::object;
}

/// A text that grows by values, some of them unknown.
class Text {
 public:
  void add(std::string_view part) {
    if (part.empty()) return;
    not_empty_ = true;
    if (text_.size() + part.size() > longest_string) known_ = false;
    if (known_) text_ += part;
  }

  void add(const Value& value) {
    if (value.is_known()) return add(to_text(value));
    known_ = false;
    if (truth(value) == Truth::yes) not_empty_ = true;
  }

  Value value() && {
    if (known_) return Value::string(std::move(text_));
    return Value::unknown(not_empty_ ? Truth::yes : Truth::unknown);
  }

 private:
  std::string text_;
  bool known_ = true;
  bool not_empty_ = false;
};

Value contains(Arguments arguments) {
  const Value& searched = arguments[0];
  const Value& item = arguments[1];
  if (searched.kind() == Kind::object) return Value::boolean(false);
  if (searched.kind() == Kind::array) {
    Truth found = Truth::no;
    for (const Value& candidate : searched.items())
      found = either(found, equals(item, candidate));
    return Value::of(found);
  }
  if (!searched.is_known()) return Value::unknown();
  if (is_composite(item)) return Value::boolean(false);
  if (!item.is_known()) return Value::unknown();
  return Value::boolean(to_lower(to_text(searched)).find(to_lower(to_text(item))) !=
                        std::string::npos);
}

Value matches_end(Arguments arguments, bool at_start) {
  if (is_composite(arguments[0]) || is_composite(arguments[1])) return Value::boolean(false);
  if (!arguments[0].is_known() || !arguments[1].is_known()) return Value::unknown();
  const std::string text = to_upper(to_text(arguments[0]));
  const std::string part = to_upper(to_text(arguments[1]));
  return Value::boolean(at_start ? text.starts_with(part) : text.ends_with(part));
}

Value format(Arguments arguments) {
  if (!arguments[0].is_known()) return Value::unknown();
  const std::string pattern = to_text(arguments[0]);
  const auto invalid = [&]() -> FunctionFailure {
    return {"The format string '" + pattern + "' is invalid"};
  };
  Text result;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t brace = std::min(pattern.find_first_of("{}", at), pattern.size());
    result.add(std::string_view(pattern).substr(at, brace - at));
    if (brace == pattern.size()) break;
    if (brace + 1 < pattern.size() && pattern[brace + 1] == pattern[brace]) {
      result.add(std::string_view(pattern).substr(brace, 1));
      at = brace + 2;
      continue;
    }
    if (pattern[brace] == '}') throw invalid();
    const std::size_t close = pattern.find('}', brace);
    std::size_t number = 0;
    std::size_t digit = brace + 1;
    for (; digit < pattern.size() && pattern[digit] >= '0' && pattern[digit] <= '9'; ++digit)
      number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(pattern[digit] - '0'),
                                     arguments.size());
    if (close == std::string::npos || digit == brace + 1) throw invalid();
    if (number + 1 >= arguments.size())
      throw FunctionFailure{"The format string '" + pattern +
                            "' asks for more values than there are"};
    result.add(arguments[number + 1]);
    at = close + 1;  // what stands between the number and the brace is passed over
  }
  return std::move(result).value();
}

Value join(Arguments arguments) {
  const Value& list = arguments[0];
  if (!list.is_known()) return Value::unknown();
  if (list.kind() == Kind::object) return Value::string("");
  if (list.kind() != Kind::array) return Value::string(to_text(list));
  Value separator = Value::string(",");
  if (arguments.size() > 1 && !is_composite(arguments[1])) separator = arguments[1];
  Text result;
  bool first = true;
  for (const Value& item : list.items()) {
    if (!first) result.add(separator);
    first = false;
    result.add(item);
  }
  return std::move(result).value();
}

Value to_json_text(Arguments arguments) {
  if (auto text = to_json(arguments[0], longest_string)) return Value::string(std::move(*text));
  return Value::unknown(Truth::yes);
}

Value from_json_text(Arguments arguments) {
  if (!arguments[0].is_known()) return Value::unknown();
  FromJson read = from_json(to_text(arguments[0]));
  if (read.malformed) throw FunctionFailure{"fromJSON is given text that is not JSON"};
  return std::move(read.value);
}

Value choose(Arguments arguments) {
  std::vector<const Value*> possible;
  const auto settled = [&](const Value& value) {
    Truth truthiness = truth(value);
    bool same = true;
    for (const Value* other : possible) {
      same = same && other->is_same(value);
      if (truth(*other) != truthiness) truthiness = Truth::unknown;
    }
    return same && value.is_known() ? value : Value::unknown(truthiness);
  };
  for (std::size_t at = 0; at + 1 < arguments.size(); at += 2) {
    const Value& predicate = arguments[at];
    if (!predicate.is_known()) {
      possible.push_back(&arguments[at + 1]);
    } else if (predicate.kind() != Kind::boolean) {
      if (possible.empty()) throw FunctionFailure{"A predicate of 'case' is not true or false"};
      return Value::unknown();
    } else if (predicate.as_boolean()) {
      return settled(arguments[at + 1]);
    }
  }
  return settled(arguments.back());
}

}  // namespace

Value call_function(std::string_view name, std::span<const Value> arguments) {
  if (same_name(name, "contains")) return contains(arguments);
  if (same_name(name, "startsWith")) return matches_end(arguments, true);
  if (same_name(name, "endsWith")) return matches_end(arguments, false);
  if (same_name(name, "format")) return format(arguments);
  if (same_name(name, "join")) return join(arguments);
  if (same_name(name, "toJSON")) return to_json_text(arguments);
  if (same_name(name, "fromJSON")) return from_json_text(arguments);
  if (same_name(name, "case")) return choose(arguments);
  return Value::unknown();
}

Value concatenate(std::span<const Value> values) {
  Text result;
  for (const Value& value : values)
    result.add(value);
  return std::move(result).value();
}

}  // namespace refgate::lint
