#pragma once
// The values of GitHub's expression language, and one more: unknown. Coercions and comparisons
// follow "Evaluate expressions in workflows and actions" and are compared, value by value, with
// GitHub's own evaluator (tests/expressions).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace refgate::lint {

/// Three-valued truth. "unknown" means: both are possible as far as is known here.
enum class Truth : std::uint8_t { no, yes, unknown };

Truth operator!(Truth truth);
Truth both(Truth left, Truth right);    ///< no when one is no, yes when both are yes
Truth either(Truth left, Truth right);  ///< yes when one is yes, no when both are no

class Value;

/// Whether an object's unlisted properties are absent (null) or merely not known.
enum class Completeness : std::uint8_t { closed, open };

/// A value. Copies share arrays and objects, and that identity counts: as on GitHub, an array or
/// object equals itself only.
class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object, unknown };
  using Items = std::vector<Value>;
  using Properties = std::vector<std::pair<std::string, Value>>;

  Value() = default;  ///< null
  static Value boolean(bool value);
  static Value number(double value);
  static Value string(std::string utf8);
  static Value array(Items items);
  /// The result of `*`: a later index applies to each item.
  static Value filtered_array(Items items);
  /// Names are compared without regard to case; of two equal names the first one stays.
  static Value object(Properties properties, Completeness completeness = Completeness::closed);
  /// The object with another value for one property, which keeps its place or comes last. An open
  /// object when it was none.
  Value with_property(std::string_view name, Value value) const;
  /// Some value; `truthiness` is what is known of it all the same.
  static Value unknown(Truth truthiness = Truth::unknown);
  /// yes and no as a boolean, unknown as an unknown value.
  static Value of(Truth truth);

  Kind kind() const;
  bool is_known() const { return kind() != Kind::unknown; }
  /// Known, and neither array nor object.
  bool is_primitive() const;
  bool is_filtered() const;
  Truth truthiness() const {
    return std::get<Truth>(data_);
  }  ///< only for Kind::unknown: what is known of it

  bool as_boolean() const;               ///< only for Kind::boolean
  double as_number() const;              ///< only for Kind::number
  const std::string& as_string() const;  ///< only for Kind::string
  const Items& items() const;            ///< only for Kind::array
  const Properties& properties() const;  ///< only for Kind::object
  Completeness completeness() const;     ///< only for Kind::object
  /// The property's value; null when it is absent, unknown when the object is open. Only for
  /// Kind::object.
  Value property(std::string_view name) const;
  /// The listed property, or nullptr. Only for Kind::object.
  const Value* find(std::string_view name) const;

  /// Nothing unknown in it, at any depth.
  bool is_fully_known() const;
  /// The same array, object or unknown value, or an equal primitive of the same kind (numbers by
  /// value, strings by bytes).
  bool is_same(const Value& other) const;
  /// What copies of an object share; nullptr for everything else.
  const void* identity() const;

 private:
  struct Sequence;
  struct Record;
  std::variant<std::monostate, bool, double, std::string, std::shared_ptr<const Sequence>,
               std::shared_ptr<const Record>, Truth>
      data_;
};

/// null, false, 0, NaN and '' are false; all else is true.
Truth truth(const Value& value);

/// The coercion to a number: '' and null are 0, booleans 0 and 1, strings by the rules of literals
/// or NaN, arrays and objects NaN. Not for unknown.
double to_number(const Value& value);

/// The coercion to a string: null is '', a number has at most 15 fraction digits, arrays and
/// objects are "Array" and "Object". Not for unknown.
std::string to_text(const Value& value);

/// `==`, `>` and `<` with GitHub's coercions; strings ignore case. Anything with NaN is no.
Truth equals(const Value& left, const Value& right);
Truth greater_than(const Value& left, const Value& right);
Truth less_than(const Value& left, const Value& right);

/// What toJSON writes, with two spaces of indentation; nullopt when something in it is unknown or
/// the text is longer than `limit` bytes.
std::optional<std::string> to_json(const Value& value, std::size_t limit);

/// What fromJSON reads. `value` is unknown when the text is JSON that this reader does not take
/// (nested deeper than 100, a number beyond the range of a double, a lone surrogate); `malformed`
/// when it is no JSON.
struct FromJson {
  Value value;
  bool malformed = false;
};
FromJson from_json(std::string_view text);

/// Upper and lower case as GitHub compares strings: full Unicode mappings, but a dotless i stays
/// itself in upper case.
std::string to_upper(std::string_view utf8);
std::string to_lower(std::string_view utf8);

/// Names of contexts, properties and functions: equal without regard to case.
bool same_name(std::string_view left, std::string_view right);

}  // namespace refgate::lint
