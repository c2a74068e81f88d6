#include "core/secrets/secret_scan.h"

#include <mbedtls/base64.h>

#include <algorithm>
#include <array>

#include "core/text/blank.h"
#include "core/text/digest.h"

namespace refgate {
namespace {

/// A line of a key file that is shorter may stand in many of them.
constexpr std::size_t shortest_line = 20;

char upper(char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string upper_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

std::string base64(const std::string& bytes) {
  std::size_t length = 0;
  std::string out(bytes.size() / 3 * 4 + 8, '\0');
  if (mbedtls_base64_encode(reinterpret_cast<unsigned char*>(out.data()), out.size(), &length,
                            reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size()) != 0)
    length = 0;
  out.resize(length);
  return out;
}

/// What every base64 text holds in which these bytes begin `offset` bytes after a group of three:
/// without the digits at both ends that they share with what stands beside them.
std::string base64_core(const std::string& bytes, std::size_t offset) {
  const std::string whole = base64(std::string(offset, '\0') + bytes);
  const std::size_t first = (offset * 8 + 5) / 6;
  const std::size_t last = (offset + bytes.size()) * 8 / 6;
  return whole.size() < last ? std::string() : whole.substr(first, last - first);
}

/// Without white space, in the plain alphabet.
std::string base64_digits(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text)
    if (!is_space(c)) out += c == '-' ? '+' : c == '_' ? '/' : c;
  return out;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char big = upper(c);
  return big >= 'A' && big <= 'F' ? big - 'A' + 10 : -1;
}

/// A character that is written as its number, and how long that is; 0: none stands there.
struct Escape {
  char character = 0;
  std::size_t size = 0;
};

/// The number of ASCII's at the beginning of `text`: up to `most` digits, and what must follow.
Escape number_of(std::string_view text, int base, std::size_t most, std::string_view behind) {
  int value = 0;
  std::size_t size = 0;
  while (size < most && size < text.size() && digit(text[size]) >= 0 && digit(text[size]) < base &&
         value < 0x80)
    value = value * base + digit(text[size++]);
  if (size == 0 || value >= 0x80 || !text.substr(size).starts_with(behind)) return {};
  return {static_cast<char>(value), size + behind.size()};
}

/// "%2F", "\u002f", "\/", "&#47;", "&#x2f;".
Escape escape_of(std::string_view text) {
  const auto behind = [&](std::size_t prefix, int base, std::size_t most, std::size_t least,
                          std::string_view end) {
    Escape found = number_of(text.substr(prefix), base, most, end);
    if (found.size < least + end.size()) return Escape{};
    found.size += prefix;
    return found;
  };
  if (text.starts_with('%')) return behind(1, 16, 2, 2, "");
  if (text.starts_with("\\u")) return behind(2, 16, 4, 4, "");
  if (text.starts_with("\\/")) return {'/', 2};
  if (text.starts_with("&#x") || text.starts_with("&#X")) return behind(3, 16, 6, 1, ";");
  if (text.starts_with("&#")) return behind(2, 10, 7, 1, ";");
  return {};
}

/// What URLs, JSON and HTML write in another way.
std::string unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Escape escape = escape_of(text);
    out += escape.size == 0 ? text.front() : escape.character;
    text.remove_prefix(std::max<std::size_t>(escape.size, 1));
  }
  return out;
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

/// The secret, and where it has several lines, the long ones.
std::vector<std::string> pieces_of(std::string_view secret) {
  std::vector<std::string> pieces{std::string(trimmed(secret))};
  if (secret.find('\n') == std::string_view::npos) return pieces;
  while (!secret.empty()) {
    const std::size_t end = std::min(secret.find('\n'), secret.size());
    const std::string_view line = trimmed(secret.substr(0, end));
    // "-----BEGIN PRIVATE KEY-----" is no secret.
    if (line.size() >= shortest_line && !line.starts_with("-----")) pieces.emplace_back(line);
    secret.remove_prefix(std::min(end + 1, secret.size()));
  }
  return pieces;
}

/// "postgres://app:PASSWORD@host/db"
std::string password_of_url(std::string_view value) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) return {};
  value.remove_prefix(scheme + 3);
  const std::string_view authority = value.substr(0, value.find_first_of("/?# \t\r\n"));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon >= at) return {};
  return std::string(authority.substr(colon + 1, at - colon - 1));
}

bool is_called_secret(std::string_view name, std::string_view value) {
  static constexpr std::array<std::string_view, 9> anywhere{
      "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "PAT", "WEBHOOK", "APIKEY", "PASS"};
  // Of these some are names of files.
  static constexpr std::array<std::string_view, 4> at_the_end{"AUTH", "PWD", "CREDENTIAL",
                                                              "CREDENTIALS"};
  static constexpr std::array<std::string_view, 5> endings{"TOKEN", "SECRET", "PASSWORD", "KEY",
                                                           "PASSPHRASE"};
  const std::string big = upper_case(name);
  if (big == "SESSION_KEY") return false;
  const std::string_view whole = big;
  const auto ends = [&](std::string_view ending) { return whole.ends_with(ending); };
  if (std::any_of(endings.begin(), endings.end(), ends)) return true;
  const std::string_view last = whole.substr(whole.rfind('_') + 1);
  if (last.size() < whole.size() && !value.starts_with('/') &&
      std::find(at_the_end.begin(), at_the_end.end(), last) != at_the_end.end())
    return true;
  for (std::string_view rest = whole;;) {
    const std::size_t end = rest.find('_');
    if (std::find(anywhere.begin(), anywhere.end(), rest.substr(0, end)) != anywhere.end())
      return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

std::vector<KnownSecret> secrets_in(
    const std::map<std::string, std::string, std::less<>>& variables,
    const std::vector<std::string>& harmless) {
  std::vector<KnownSecret> secrets;
  for (const auto& [name, value] : variables) {
    if (std::find(harmless.begin(), harmless.end(), name) != harmless.end()) continue;
    if (std::string password = password_of_url(value); password.size() >= shortest_secret)
      secrets.push_back({name, std::move(password)});
    if (is_called_secret(name, value) && trimmed(value).size() >= shortest_secret)
      secrets.push_back({name, value});
  }
  return secrets;
}

std::optional<std::string> find_secret(std::string_view text,
                                       const std::vector<KnownSecret>& secrets) {
  if (secrets.empty() || text.size() < shortest_secret) return std::nullopt;
  const std::string plain = unescaped(text);
  const std::string digits = base64_digits(text);
  const std::string big = upper_case(text);
  const auto stands = [&](const std::string& piece) {
    if (text.find(piece) != std::string_view::npos || plain.find(piece) != std::string::npos ||
        big.find(hex(piece)) != std::string::npos)
      return true;
    for (std::size_t offset = 0; offset < 3; ++offset)
      if (const std::string core = base64_core(piece, offset);
          !core.empty() && digits.find(core) != std::string::npos)
        return true;
    return false;
  };
  for (const KnownSecret& secret : secrets)
    for (const std::string& piece : pieces_of(secret.value))
      if (piece.size() >= shortest_secret && stands(piece)) return secret.name;
  return std::nullopt;
}

std::string without_secrets(std::string text, const std::vector<KnownSecret>& secrets) {
  if (!find_secret(text, secrets)) return text;
  const std::string whole = sha256_hex(text).substr(0, 12);
  for (const KnownSecret& secret : secrets)
    for (const std::string& piece : pieces_of(secret.value)) {
      if (piece.size() < shortest_secret) continue;
      for (std::size_t at = text.find(piece); at != std::string::npos;
           at = text.find(piece, at + 3))
        text.replace(at, piece.size(), "***");
    }
  return find_secret(text, secrets) ? "***" + whole : text;
}

bool holds_token(std::string_view value, const std::vector<std::string>& tokens) {
  return std::ranges::any_of(tokens, [&](const std::string& token) {
    if (token.empty()) return false;
    return value == token ||
           (token.size() >= shortest_secret && find_secret(value, {{{}, token}}).has_value());
  });
}

}  // namespace refgate
