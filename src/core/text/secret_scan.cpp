#include "core/text/secret_scan.h"

#include <mbedtls/base64.h>

#include <algorithm>
#include <array>

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

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
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

std::string url_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    out += escaped ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escaped) i += 2;
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

}  // namespace

std::vector<KnownSecret> secrets_in(
    const std::map<std::string, std::string, std::less<>>& variables,
    const std::vector<std::string>& harmless) {
  static constexpr std::array<std::string_view, 4> endings{"TOKEN", "SECRET", "PASSWORD", "KEY"};
  std::vector<KnownSecret> secrets;
  for (const auto& [name, value] : variables) {
    const std::string big = upper_case(name);
    const bool named = std::any_of(endings.begin(), endings.end(),
                                   [&](std::string_view ending) { return big.ends_with(ending); });
    if (!named || big == "SESSION_KEY" || trimmed(value).size() < shortest_secret) continue;
    if (std::find(harmless.begin(), harmless.end(), name) != harmless.end()) continue;
    secrets.push_back({name, value});
  }
  return secrets;
}

std::optional<std::string> find_secret(std::string_view text,
                                       const std::vector<KnownSecret>& secrets) {
  if (secrets.empty()) return std::nullopt;
  const std::string decoded = url_decoded(text);
  const std::string digits = base64_digits(text);
  const auto stands = [&](const std::string& piece) {
    if (text.find(piece) != std::string_view::npos || decoded.find(piece) != std::string::npos)
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

bool holds_token(std::string_view value, const std::vector<std::string>& tokens) {
  return std::ranges::any_of(tokens, [&](const std::string& token) {
    if (token.empty()) return false;
    return value == token ||
           (token.size() >= shortest_secret && find_secret(value, {{{}, token}}).has_value());
  });
}

}  // namespace refgate
