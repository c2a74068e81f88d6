#include "lint/text/near_names.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/text/lower.h"
#include "core/words/nearest.h"

namespace refgate::lint {
namespace {

constexpr std::size_t longest_name = 200;
/// Words of fewer letters are often one letter apart and meant.
constexpr std::size_t shortest_word = 5;

bool is_letter(char character) { return character >= 'a' && character <= 'z'; }
bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// The words and numbers of a name, in lower case; any other character divides.
std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  bool open = false;
  for (const char written : name) {
    const char character = lower(written);
    const bool part = is_letter(character) || is_digit(character) ||
                      static_cast<unsigned char>(character) >= 0x80u;
    if (part && open)
      parts.back() += character;
    else if (part)
      parts.emplace_back(1, character);
    open = part;
  }
  return parts;
}

std::string singular(std::string_view word) {
  std::string made(word);
  if (made.size() > 4 && made.ends_with("ies")) return made.replace(made.size() - 3, 3, "y");
  if (made.size() > 3 && made.ends_with('s') && !made.ends_with("ss")) made.pop_back();
  return made;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    text += part;
  return text;
}

bool is_slip(const std::string& left, const std::string& right) {
  if (std::min(left.size(), right.size()) < shortest_word ||
      !std::all_of(left.begin(), left.end(), is_letter) ||
      !std::all_of(right.begin(), right.end(), is_letter))
    return false;
  // `planA` and `planB` are two plans.
  if (left.size() == right.size() && std::string_view(left).substr(0, left.size() - 1) ==
                                         std::string_view(right).substr(0, right.size() - 1))
    return false;
  return slips_between(left, right) == 1;
}

}  // namespace

bool are_near_names(std::string_view left, std::string_view right) {
  if (left == right || left.empty() || right.empty() || left.size() > longest_name ||
      right.size() > longest_name)
    return false;
  const std::vector<std::string> one = parts_of(left);
  const std::vector<std::string> other = parts_of(right);
  if (joined(one) == joined(other)) return true;
  if (one.size() != other.size()) return false;
  std::size_t differing = 0;
  for (std::size_t at = 0; at < one.size(); ++at) {
    if (one[at] == other[at]) continue;
    ++differing;
    if (singular(one[at]) != singular(other[at]) && !is_slip(one[at], other[at])) return false;
  }
  return differing == 1;
}

}  // namespace refgate::lint
