#include "lint/expression/expression_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "lint/expression/expression_number.h"
#include "lint/expression/expression_unicode.h"

namespace refgate::lint {

struct Value::Sequence {
  Items items;
  bool filtered = false;
};

struct Value::Record {
  Properties properties;
  Completeness completeness = Completeness::closed;
};

Truth operator!(Truth truth) {
  return truth == Truth::unknown ? Truth::unknown : truth == Truth::yes ? Truth::no : Truth::yes;
}

Truth both(Truth left, Truth right) {
  if (left == Truth::no || right == Truth::no) return Truth::no;
  return left == Truth::yes && right == Truth::yes ? Truth::yes : Truth::unknown;
}

Truth either(Truth left, Truth right) { return !both(!left, !right); }

Value Value::boolean(bool value) {
  Value result;
  result.data_ = value;
  return result;
}

Value Value::number(double value) {
  Value result;
  result.data_ = value;
  return result;
}

Value Value::string(std::string utf8) {
  Value result;
  result.data_ = std::move(utf8);
  return result;
}

Value Value::array(Items items) {
  Value result;
  result.data_ = std::make_shared<const Sequence>(Sequence{std::move(items), false});
  return result;
}

Value Value::filtered_array(Items items) {
  Value result;
  result.data_ = std::make_shared<const Sequence>(Sequence{std::move(items), true});
  return result;
}

namespace {

constexpr std::size_t few_properties = 8;

std::vector<bool> repeated_of_few(const Value::Properties& properties) {
  std::vector<bool> repeated(properties.size(), false);
  for (std::size_t at = 1; at < properties.size(); ++at) {
    for (std::size_t before = 0; before < at && !repeated[at]; ++before)
      repeated[at] = same_name(properties[before].first, properties[at].first);
  }
  return repeated;
}

/// Sorts by folded name to find equal ones without comparing every pair: objects come from
/// untrusted JSON too.
std::vector<bool> repeated_of_many(const Value::Properties& properties) {
  std::vector<std::pair<std::string, std::size_t>> names;
  names.reserve(properties.size());
  for (std::size_t at = 0; at < properties.size(); ++at)
    names.emplace_back(to_lower(properties[at].first), at);
  std::sort(names.begin(), names.end());
  std::vector<bool> repeated(properties.size(), false);
  for (std::size_t at = 1; at < names.size(); ++at)
    repeated[names[at].second] = names[at].first == names[at - 1].first;
  return repeated;
}

}  // namespace

Value Value::object(Properties properties, Completeness completeness) {
  const std::vector<bool> repeated = properties.size() <= few_properties
                                         ? repeated_of_few(properties)
                                         : repeated_of_many(properties);
  Record record{{}, completeness};
  record.properties.reserve(properties.size());
  for (std::size_t at = 0; at < properties.size(); ++at)
    if (!repeated[at]) record.properties.push_back(std::move(properties[at]));
  Value result;
  result.data_ = std::make_shared<const Record>(std::move(record));
  return result;
}

Value Value::with_property(std::string_view name, Value value) const {
  Record record{{}, Completeness::open};
  if (kind() == Kind::object) record = *std::get<std::shared_ptr<const Record>>(data_);
  const auto property =
      std::find_if(record.properties.begin(), record.properties.end(),
                   [&](const auto& entry) { return same_name(entry.first, name); });
  if (property == record.properties.end()) {
    record.properties.emplace_back(name, std::move(value));
  } else {
    property->second = std::move(value);
  }
  Value result;
  result.data_ = std::make_shared<const Record>(std::move(record));
  return result;
}

Value Value::unknown(Truth truthiness) {
  Value result;
  result.data_ = truthiness;
  return result;
}

Value Value::of(Truth truth) {
  return truth == Truth::unknown ? unknown() : boolean(truth == Truth::yes);
}

Value::Kind Value::kind() const { return static_cast<Kind>(data_.index()); }

const void* Value::identity() const {
  const auto* record = std::get_if<std::shared_ptr<const Record>>(&data_);
  return record == nullptr ? nullptr : record->get();
}

bool Value::is_primitive() const { return kind() < Kind::array; }

bool Value::is_filtered() const {
  const auto* sequence = std::get_if<std::shared_ptr<const Sequence>>(&data_);
  return sequence != nullptr && (*sequence)->filtered;
}

bool Value::as_boolean() const { return std::get<bool>(data_); }
double Value::as_number() const { return std::get<double>(data_); }
const std::string& Value::as_string() const { return std::get<std::string>(data_); }
const Value::Items& Value::items() const {
  return std::get<std::shared_ptr<const Sequence>>(data_)->items;
}
const Value::Properties& Value::properties() const {
  return std::get<std::shared_ptr<const Record>>(data_)->properties;
}
Completeness Value::completeness() const {
  return std::get<std::shared_ptr<const Record>>(data_)->completeness;
}

const Value* Value::find(std::string_view name) const {
  for (const auto& [key, value] : properties())
    if (same_name(key, name)) return &value;
  return nullptr;
}

Value Value::property(std::string_view name) const {
  if (const Value* listed = find(name)) return *listed;
  return completeness() == Completeness::open ? unknown() : Value();
}

bool Value::is_fully_known() const {
  switch (kind()) {
    case Kind::unknown:
      return false;
    case Kind::array:
      return std::all_of(items().begin(), items().end(),
                         [](const Value& item) { return item.is_fully_known(); });
    case Kind::object:
      return completeness() == Completeness::closed &&
             std::all_of(properties().begin(), properties().end(),
                         [](const auto& property) { return property.second.is_fully_known(); });
    default:
      return true;
  }
}

bool Value::is_same(const Value& other) const { return data_ == other.data_; }

Truth truth(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return Truth::no;
    case Value::Kind::boolean:
      return value.as_boolean() ? Truth::yes : Truth::no;
    case Value::Kind::number:
      return value.as_number() == 0 || std::isnan(value.as_number()) ? Truth::no : Truth::yes;
    case Value::Kind::string:
      return value.as_string().empty() ? Truth::no : Truth::yes;
    case Value::Kind::array:
    case Value::Kind::object:
      return Truth::yes;
    case Value::Kind::unknown:
      break;
  }
  return value.truthiness();
}

double to_number(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return 0;
    case Value::Kind::boolean:
      return value.as_boolean() ? 1 : 0;
    case Value::Kind::number:
      return value.as_number();
    case Value::Kind::string:
      return read_number(value.as_string());
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

std::string to_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::unknown:
      return "";
    case Value::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Value::Kind::number:
      return write_rounded_number(value.as_number());
    case Value::Kind::string:
      return value.as_string();
    case Value::Kind::array:
      return "Array";
    case Value::Kind::object:
      return "Object";
  }
  return "";
}

namespace {

enum class Order : std::uint8_t { less, equal, greater, none, unknown };

/// UTF-16 puts characters beyond the basic plane, as surrogates, before U+E000 to U+FFFF.
char32_t utf16_rank(char32_t character) {
  return character >= 0x10000 ? 0xD800 : character >= 0xE000 ? character + 0x10000 : character;
}

Order order_of(double left, double right) {
  if (std::isnan(left) || std::isnan(right)) return Order::none;
  return left < right ? Order::less : left > right ? Order::greater : Order::equal;
}

Order order_of(std::string_view left_text, std::string_view right_text) {
  const std::string left = to_upper(left_text);
  const std::string right = to_upper(right_text);
  std::size_t at = 0;
  while (at < left.size() && at < right.size()) {
    const DecodedCharacter a = decode_utf8(left, at);
    const DecodedCharacter b = decode_utf8(right, at);
    if (a.character != b.character) {
      const char32_t rank_a = utf16_rank(a.character);
      const char32_t rank_b = utf16_rank(b.character);
      return (rank_a != rank_b ? rank_a < rank_b : a.character < b.character) ? Order::less
                                                                              : Order::greater;
    }
    at += a.size;
  }
  return left.size() == right.size()  ? Order::equal
         : left.size() < right.size() ? Order::less
                                      : Order::greater;
}

Order order_of(const Value& left, const Value& right) {
  using Kind = Value::Kind;
  if (!left.is_known() || !right.is_known()) return Order::unknown;
  if (left.kind() == right.kind()) {
    switch (left.kind()) {
      case Kind::null:
        return Order::equal;
      case Kind::string:
        return order_of(left.as_string(), right.as_string());
      case Kind::array:
      case Kind::object:
        return left.is_same(right) ? Order::equal : Order::none;
      default:
        break;
    }
  }
  // Different kinds meet as numbers; what is no primitive becomes none.
  if (!left.is_primitive() || !right.is_primitive()) return Order::none;
  return order_of(to_number(left), to_number(right));
}

Truth truth_of(bool value) { return value ? Truth::yes : Truth::no; }

}  // namespace

Truth equals(const Value& left, const Value& right) {
  const Order order = order_of(left, right);
  return order == Order::unknown ? Truth::unknown : truth_of(order == Order::equal);
}

Truth greater_than(const Value& left, const Value& right) {
  const Order order = order_of(left, right);
  return order == Order::unknown ? Truth::unknown : truth_of(order == Order::greater);
}

Truth less_than(const Value& left, const Value& right) {
  const Order order = order_of(left, right);
  return order == Order::unknown ? Truth::unknown : truth_of(order == Order::less);
}

bool same_name(std::string_view left, std::string_view right) {
  const auto ascii_lower = [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c - 'A' + 'a') : c;
  };
  const std::size_t both = std::min(left.size(), right.size());
  for (std::size_t at = 0; at < both; ++at) {
    const auto a = static_cast<unsigned char>(left[at]);
    const auto b = static_cast<unsigned char>(right[at]);
    if (a >= 0x80 || b >= 0x80) return to_lower(left) == to_lower(right);
    if (ascii_lower(a) != ascii_lower(b)) return false;
  }
  return left.size() == right.size();
}

}  // namespace refgate::lint
