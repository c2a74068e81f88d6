#include "core/secrets/token_shape.h"

#include <algorithm>
#include <array>

namespace refgate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_capital(c) || (c >= 'a' && c <= 'z'); }

/// What follows the beginning.
enum class Alphabet { capitals, alphanumeric, word, dashed, path, jwt };

bool is_of(Alphabet alphabet, char c) {
  switch (alphabet) {
    case Alphabet::capitals:
      return is_capital(c) || is_digit(c);
    case Alphabet::alphanumeric:
      return is_alphanumeric(c);
    case Alphabet::word:
      return is_alphanumeric(c) || c == '_';
    case Alphabet::dashed:
      return is_alphanumeric(c) || c == '_' || c == '-';
    case Alphabet::path:
      return is_alphanumeric(c) || c == '/';
    case Alphabet::jwt:
      return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
  }
  return false;
}

struct Shape {
  std::string_view begin;
  Alphabet alphabet;
  std::size_t least;  ///< characters behind the beginning
};

// Sources: GitHub's "About authentication to GitHub" (prefixes) and its list of patterns for secret
// scanning; lengths as the services give them out, the shorter one where they have changed.
constexpr std::array shapes{
    Shape{"ghp_", Alphabet::word, 36},
    Shape{"gho_", Alphabet::word, 36},
    Shape{"ghu_", Alphabet::word, 36},
    Shape{"ghs_", Alphabet::jwt, 36},
    Shape{"ghr_", Alphabet::word, 36},
    Shape{"github_pat_", Alphabet::word, 22},
    Shape{"glpat-", Alphabet::dashed, 20},
    Shape{"sk-ant-", Alphabet::dashed, 20},
    Shape{"sk-proj-", Alphabet::dashed, 20},
    Shape{"sk-svcacct-", Alphabet::dashed, 20},
    Shape{"sk-", Alphabet::alphanumeric, 40},
    Shape{"sk_live_", Alphabet::alphanumeric, 16},
    Shape{"rk_live_", Alphabet::alphanumeric, 16},
    Shape{"AKIA", Alphabet::capitals, 16},
    Shape{"ASIA", Alphabet::capitals, 16},
    Shape{"AIza", Alphabet::dashed, 35},
    Shape{"xoxa-", Alphabet::dashed, 20},
    Shape{"xoxb-", Alphabet::dashed, 20},
    Shape{"xoxp-", Alphabet::dashed, 20},
    Shape{"xoxr-", Alphabet::dashed, 20},
    Shape{"xoxs-", Alphabet::dashed, 20},
    Shape{"hooks.slack.com/services/T", Alphabet::path, 20},
    Shape{"npm_", Alphabet::alphanumeric, 36},
    Shape{"pypi-AgE", Alphabet::dashed, 16},
    Shape{"dckr_pat_", Alphabet::dashed, 20},
    Shape{"hf_", Alphabet::alphanumeric, 30},
    Shape{"eyJ", Alphabet::jwt, 40},
};

/// A JSON web token has its second part begin as the first one does.
bool is_web_token(std::string_view text) {
  const std::size_t dot = text.find('.');
  return dot != std::string_view::npos && text.substr(dot).starts_with(".eyJ") &&
         text.find('.', dot + 1) != std::string_view::npos;
}

/// The length of what stands at the beginning of the text, or 0 when it is not of the shape.
std::size_t length_of(const Shape& shape, std::string_view text) {
  std::size_t end = shape.begin.size();
  while (end < text.size() && is_of(shape.alphabet, text[end]))
    ++end;
  const std::size_t size = end - shape.begin.size();
  if (size < shape.least) return 0;
  // An id of exactly so many: a word of capitals that goes on is none.
  if (shape.alphabet == Alphabet::capitals &&
      (size > shape.least || (end < text.size() && is_alphanumeric(text[end]))))
    return 0;
  // "sk-<commit>", of a leg for one language, is no key.
  const std::string_view tail = text.substr(shape.begin.size(), size);
  const bool is_commit = (size == 40 || size == 64) &&
                         tail.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (is_commit && (shape.begin == "sk-" || shape.begin == "hf_")) return 0;
  if (shape.begin == "eyJ" && !is_web_token(text.substr(0, end))) return 0;
  return end;
}

std::optional<FoundToken> find_private_key(std::string_view text) {
  static constexpr std::string_view begin = "-----BEGIN ";
  static constexpr std::string_view words = "PRIVATE KEY-----";
  static constexpr std::string_view foot = "-----END ";
  const std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t head = text.find(words, at);
  // "-----BEGIN OPENSSH PRIVATE KEY-----": one word may stand between.
  if (head == std::string_view::npos || head - at > begin.size() + 20) return std::nullopt;
  const std::size_t end = text.find(foot, head);
  return FoundToken{"-----BEGIN", at, std::min(end, text.size()) - at};
}

}  // namespace

std::optional<FoundToken> find_token_shape(std::string_view text) {
  std::optional<FoundToken> first = find_private_key(text);
  for (const Shape& shape : shapes)
    for (std::size_t at = text.find(shape.begin); at != std::string_view::npos;
         at = text.find(shape.begin, at + 1)) {
      if (first && first->at <= at) break;
      if (at > 0 && is_alphanumeric(text[at - 1])) continue;
      const std::size_t size = length_of(shape, text.substr(at));
      if (size == 0) continue;
      first = {shape.begin, at, size};
      break;
    }
  return first;
}

}  // namespace refgate
