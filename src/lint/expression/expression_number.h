#pragma once
// Numbers as ECMAScript reads and writes them, which is what GitHub's expressions do
// ("Number::toString", "StringToNumber", "toFixed").

#include <string>
#include <string_view>

namespace refgate::lint {

/// Decimal, hexadecimal (0x), octal (0o), binary (0b), "Infinity" with or without a sign; white
/// space around it is ignored, no text is 0. NaN otherwise.
double read_number(std::string_view text);

/// The shortest text that reads back as the same number: "1", "0.1", "1e+21", "NaN", "-Infinity".
std::string write_number(double value);

/// The same after rounding to 15 digits behind the point.
std::string write_rounded_number(double value);

}  // namespace refgate::lint
