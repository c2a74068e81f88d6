#include "lint/expression/expression_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "lint/expression/expression_unicode.h"

namespace refgate::lint {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at]))
    ++at;
  return at;
}

/// Whether an unsigned decimal that std::from_chars could not represent is too large rather than
/// too small.
bool overflows(std::string_view text) {
  const std::size_t exponent_at = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, exponent_at);
  if (exponent_at == std::string_view::npos)
    return mantissa.find_first_of("123456789") < mantissa.find('.');
  std::string_view exponent = text.substr(exponent_at + 1);
  const bool negative = exponent.front() == '-';
  if (negative || exponent.front() == '+') exponent.remove_prefix(1);
  long long value = 0;
  for (char digit : exponent)
    value = std::min(value * 10 + (digit - '0'), 1'000'000'000LL);
  const auto point = static_cast<long long>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first = static_cast<long long>(mantissa.find_first_of("123456789"));
  // The power of ten of the first digit that counts.
  const long long magnitude =
      (first < point ? point - first - 1 : point - first) + (negative ? -value : value);
  return magnitude > 0;
}

double read_unsigned_decimal(std::string_view text) {
  if (text == "Infinity") return infinity;
  std::size_t at = skip_digits(text, 0);
  std::size_t digits = at;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    digits += end - at - 1;
    at = end;
  }
  if (digits == 0) return nan;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    at = skip_digits(text, exponent);
    if (at == exponent) return nan;
  }
  if (at != text.size()) return nan;
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) return overflows(text) ? infinity : 0;
  return value;
}

/// Digits of a base that is a power of two, correctly rounded: as hexadecimal, which
/// std::from_chars rounds.
double read_power_of_two(std::string_view digits, int bits) {
  if (digits.empty()) return nan;
  std::string binary;
  for (char c : digits) {
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 99;
    if (digit >= 1 << bits) return nan;
    for (int bit = bits - 1; bit >= 0; --bit)
      binary += static_cast<char>('0' + ((digit >> bit) & 1));
  }
  binary.insert(0, (4 - binary.size() % 4) % 4, '0');
  std::string hexadecimal;
  for (std::size_t at = 0; at < binary.size(); at += 4) {
    int digit = 0;
    for (std::size_t bit = 0; bit < 4; ++bit)
      digit = digit * 2 + (binary[at + bit] - '0');
    hexadecimal += "0123456789abcdef"[digit];
  }
  hexadecimal.erase(0, std::min(hexadecimal.find_first_not_of('0'), hexadecimal.size() - 1));
  if (hexadecimal.size() > 256) return infinity;  // 16^256 is 2^1024, just beyond a double
  double value = 0;
  const auto result = std::from_chars(hexadecimal.data(), hexadecimal.data() + hexadecimal.size(),
                                      value, std::chars_format::hex);
  return result.ec == std::errc::result_out_of_range ? infinity : value;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
  const auto is_ascii_space = [&](char byte) {
    return is_ascii(byte) && is_space(static_cast<unsigned char>(byte));
  };
  while (!text.empty() && is_ascii_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_ascii_space(text.back()))
    text.remove_suffix(1);
  if (text.empty() || (is_ascii(text.front()) && is_ascii(text.back()))) return text;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool started = false;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCharacter decoded = decode_utf8(text, at);
    const std::size_t next = at + decoded.size;
    if (!is_space(decoded.character)) {
      if (!started) begin = at;
      started = true;
      end = next;
    }
    at = next;
  }
  return started ? text.substr(begin, end - begin) : std::string_view{};
}

double read_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return 0;
  if (text.size() > 2 && text[0] == '0') {
    switch (text[1]) {
      case 'x':
      case 'X':
        return read_power_of_two(text.substr(2), 4);
      case 'o':
      case 'O':
        return read_power_of_two(text.substr(2), 3);
      case 'b':
      case 'B':
        return read_power_of_two(text.substr(2), 1);
      default:
        break;
    }
  }
  if (text.front() == '-') return -read_unsigned_decimal(text.substr(1));
  if (text.front() == '+') return read_unsigned_decimal(text.substr(1));
  return read_unsigned_decimal(text);
}

std::string write_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return "0";
  std::array<char, 40> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(value),
                                     std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
  const std::size_t mark = text.find('e');
  std::string digits(1, text.front());
  if (mark > 2) digits += text.substr(2, mark - 2);
  int exponent = 0;
  std::string_view exponent_text = text.substr(mark + 1);
  if (exponent_text.front() == '+') exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);

  std::string result = value < 0 ? "-" : "";
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // where the decimal point stands, counted in digits
  if (point > 21 || point < -5) {
    result += digits.front();
    if (count > 1) result += "." + digits.substr(1);
    return result + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
  }
  if (point >= count)
    return result + digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (point > 0)
    return result + digits.substr(0, static_cast<std::size_t>(point)) + "." +
           digits.substr(static_cast<std::size_t>(point));
  return result + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
}

std::string write_rounded_number(double value) {
  // From 1e21 on toFixed writes what toString writes.
  if (!std::isfinite(value) || std::fabs(value) >= 1e21) return write_number(value);
  // A tie lies exactly between two numbers of 15 digits when the sixteenth binary digit behind the
  // point is the last one; ECMAScript rounds it away from zero, printf to even.
  double magnitude = std::fabs(value);
  const double scaled = std::ldexp(magnitude, 16);
  if (scaled == std::floor(scaled) && std::fmod(scaled, 2) == 1)
    magnitude = std::nextafter(magnitude, infinity);
  std::array<char, 64> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude,
                                     std::chars_format::fixed, 15);
  double rounded = 0;
  std::from_chars(buffer.data(), written.ptr, rounded);
  return write_number(std::signbit(value) ? -rounded : rounded);
}

}  // namespace refgate::lint
