// toJSON and fromJSON.

#include <algorithm>
#include <cmath>

#include "core/text/json.h"
#include "lint/expression/expression_number.h"
#include "lint/expression/expression_unicode.h"
#include "lint/expression/expression_value.h"

namespace refgate::lint {
namespace {

constexpr std::size_t deepest_json = 100;

/// Keys that are array indices come first, in numeric order, in every ECMAScript object.
std::optional<std::uint32_t> array_index(std::string_view key) {
  if (key.empty() || key.size() > 10 || (key.size() > 1 && key.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : key) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value >= 0xFFFFFFFF) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

void order_keys(Value::Properties& properties) {
  std::stable_sort(properties.begin(), properties.end(), [](const auto& left, const auto& right) {
    const auto a = array_index(left.first);
    const auto b = array_index(right.first);
    return a && (!b || *a < *b);
  });
}

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t limit) : limit_(limit) {}

  bool write(const Value& value, std::size_t depth) {
    if (text_.size() > limit_ || depth > deepest_json + 1) return false;
    switch (value.kind()) {
      case Value::Kind::null:
        text_ += "null";
        return true;
      case Value::Kind::boolean:
        text_ += value.as_boolean() ? "true" : "false";
        return true;
      case Value::Kind::number:
        text_ += std::isfinite(value.as_number()) ? write_number(value.as_number()) : "null";
        return true;
      case Value::Kind::string:
        write_string(value.as_string());
        return true;
      case Value::Kind::array:
        return write_array(value.items(), depth);
      case Value::Kind::object:
        return write_object(value, depth);
      case Value::Kind::unknown:
        break;
    }
    return false;
  }

  std::optional<std::string> text() && {
    if (text_.size() > limit_) return std::nullopt;
    return std::move(text_);
  }

 private:
  void new_line(std::size_t depth) { (text_ += '\n').append(2 * depth, ' '); }

  void write_string(std::string_view value) {
    text_ += '"';
    for (char c : value) {
      switch (c) {
        case '"':
          text_ += "\\\"";
          break;
        case '\\':
          text_ += "\\\\";
          break;
        case '\b':
          text_ += "\\b";
          break;
        case '\f':
          text_ += "\\f";
          break;
        case '\n':
          text_ += "\\n";
          break;
        case '\r':
          text_ += "\\r";
          break;
        case '\t':
          text_ += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            text_ += "\\u00";
            text_ += "0123456789abcdef"[c >> 4];
            text_ += "0123456789abcdef"[c & 15];
          } else {
            text_ += c;
          }
      }
    }
    text_ += '"';
  }

  bool write_array(const Value::Items& items, std::size_t depth) {
    if (items.empty()) {
      text_ += "[]";
      return true;
    }
    char separator = '[';
    for (const Value& item : items) {
      text_ += separator;
      separator = ',';
      new_line(depth + 1);
      if (!write(item, depth + 1)) return false;
    }
    new_line(depth);
    text_ += ']';
    return true;
  }

  bool write_object(const Value& value, std::size_t depth) {
    if (value.completeness() == Completeness::open) return false;
    if (value.properties().empty()) {
      text_ += "{}";
      return true;
    }
    Value::Properties properties = value.properties();
    order_keys(properties);
    char separator = '{';
    for (const auto& [name, property] : properties) {
      text_ += separator;
      separator = ',';
      new_line(depth + 1);
      write_string(name);
      text_ += ": ";
      if (!write(property, depth + 1)) return false;
    }
    new_line(depth);
    text_ += '}';
    return true;
  }

  std::size_t limit_;
  std::string text_;
};

/// Builds values straight from the parser's events, so that depth is bounded before anything
/// recursive exists.
class JsonReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put(Value()); }
  bool boolean(bool value) override { return put(Value::boolean(value)); }
  bool number_integer(number_integer_t value) override {
    return put(Value::number(static_cast<double>(value)));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return put(Value::number(static_cast<double>(value)));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return put(Value::number(read_number(text)));
  }
  bool string(string_t& value) override { return put(Value::string(std::move(value))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(string_t& value) override {
    levels_.back().key = std::move(value);
    return true;
  }

  bool end_object() override {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    keep_last_of_equal_keys(level.properties);
    order_keys(level.properties);
    return put(Value::object(std::move(level.properties)));
  }

  bool end_array() override {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return put(Value::array(std::move(level.items)));
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

  Value result;
  bool too_deep() const { return too_deep_; }

 private:
  struct Level {
    bool is_object = false;
    std::string key;
    Value::Items items;
    Value::Properties properties;
  };

  bool open(bool is_object) {
    if (levels_.size() >= deepest_json) {
      too_deep_ = true;
      return false;
    }
    levels_.push_back({is_object, {}, {}, {}});
    return true;
  }

  bool put(Value value) {
    if (levels_.empty()) {
      result = std::move(value);
    } else if (levels_.back().is_object) {
      levels_.back().properties.emplace_back(std::move(levels_.back().key), std::move(value));
    } else {
      levels_.back().items.push_back(std::move(value));
    }
    return true;
  }

  /// Of keys that are equal to the byte the last value counts, at the place of the first.
  static void keep_last_of_equal_keys(Value::Properties& properties) {
    std::vector<std::size_t> order(properties.size());
    for (std::size_t at = 0; at < order.size(); ++at)
      order[at] = at;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return properties[a].first < properties[b].first;
    });
    std::vector<bool> dropped(properties.size(), false);
    for (std::size_t at = 0; at < order.size();) {
      std::size_t last = at;
      while (last + 1 < order.size() &&
             properties[order[last + 1]].first == properties[order[at]].first)
        dropped[order[++last]] = true;
      if (last != at) properties[order[at]].second = std::move(properties[order[last]].second);
      at = last + 1;
    }
    std::size_t kept = 0;
    for (std::size_t at = 0; at < properties.size(); ++at)
      if (!dropped[at]) {
        if (kept != at) properties[kept] = std::move(properties[at]);
        ++kept;
      }
    properties.resize(kept);
  }

  std::vector<Level> levels_;
  bool too_deep_ = false;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Text that is JSON exactly when `text` is, without what this reader does not take: digits beyond
/// the second of a run (numbers out of range) and escapes of surrogates (half pairs, which UTF-8
/// cannot hold).
std::string defused(std::string_view text) {
  std::string result;
  bool in_string = false;
  std::size_t digits = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string && c == '\\' && at + 1 < text.size()) {
      result += c;
      result += text[++at];
      const std::string_view code = text.substr(at + 1, 4);
      if (text[at] == 'u' && code.size() == 4 &&
          std::all_of(code.begin(), code.end(), is_hexadecimal)) {
        result += code[0] == 'd' || code[0] == 'D' ? "FFFD" : code;
        at += 4;
      }
      continue;
    }
    if (c == '"') in_string = !in_string;
    digits = !in_string && is_digit(c) ? digits + 1 : 0;
    if (digits <= 2) result += c;
  }
  return result;
}

}  // namespace

std::optional<std::string> to_json(const Value& value, std::size_t limit) {
  JsonWriter writer(limit);
  if (!writer.write(value, 0)) return std::nullopt;
  return std::move(writer).text();
}

FromJson from_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) return {Value::unknown(), true};
  JsonReader reader;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &reader))
    return {std::move(reader.result), false};
  if (reader.too_deep()) return {Value::unknown(), false};
  return {Value::unknown(), !nlohmann::json::accept(defused(text))};
}

}  // namespace refgate::lint
