#include "core/secrets/url_secrets.h"

#include <algorithm>
#include <array>

#include "core/text/lower.h"

namespace refgate {
namespace {

constexpr std::string_view ends_of_words = " \t\r\n\"'<>";

/// "host", "host:80", "[::1]:80"; what is no port may be the beginning of a password that holds
/// a "/", "?" or "#" which somebody forgot to escape.
bool is_host_with_port(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return !authority.empty();
  return authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

/// Of what stands behind "://".
std::string shown_of_url(std::string_view url, Query query) {
  // At the end of a word a ";" is the sentence's.
  const std::size_t parameter = url.find(';');
  const bool has_parameter = parameter < url.size() && parameter + 1 < url.size();
  const std::string_view plain =
      url.substr(0, std::min(has_parameter ? parameter : url.size(), url.find_first_of("?#")));
  const std::string_view behind = url.substr(plain.size());
  const std::string_view authority = plain.substr(0, plain.find('/'));
  if (behind.find('@') != std::string_view::npos) return "…";
  std::string shown;
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
    shown =
        plain.substr(is_host_with_port(authority.substr(at + 1)) ? at + 1 : plain.rfind('@') + 1);
  else if (const std::size_t late = plain.rfind('@');
           late != std::string_view::npos && !is_host_with_port(authority))
    shown = plain.substr(late + 1);
  else
    shown = plain;
  if (query == Query::marked && !behind.empty()) shown += behind.substr(0, 1), shown += "…";
  return shown;
}

/// Of a word without "://".
std::string shown_of_word(std::string_view word, Query query) {
  const std::string_view plain = word.substr(0, word.find_first_of("?#"));
  const std::size_t at = plain.rfind('@');
  const std::size_t colon = plain.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at)
    return std::string(word);
  const bool one_slash = plain.substr(colon + 1).starts_with('/');
  // "host:team@x.git" is a path of a host; "https:u:password@host/x" lacks its slashes.
  const bool is_host = !is_web_scheme(plain.substr(0, colon)) &&
                       plain.substr(colon + 1, at - colon).find(':') == std::string_view::npos;
  if (!one_slash && is_host && plain.find(':', at) == std::string_view::npos)
    return std::string(word);
  std::string shown(one_slash ? plain.substr(0, colon + 2) : std::string_view());
  shown += plain.substr(at + 1);
  if (query == Query::marked && plain.size() < word.size()) shown += "?…";
  return shown;
}

}  // namespace

bool is_web_scheme(std::string_view text) {
  constexpr std::array<std::string_view, 5> schemes{"http", "https", "file", "ftp", "ftps"};
  return std::any_of(schemes.begin(), schemes.end(),
                     [&](std::string_view scheme) { return same_but_for_case(scheme, text); });
}

std::string without_url_secrets(std::string_view text, Query query) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(ends_of_words);
    std::string_view word = text.substr(0, end);
    text.remove_prefix(word.size());
    if (word.find("://") == std::string_view::npos) {
      shown += shown_of_word(word, query);
    } else {
      const std::size_t scheme = word.find("://") + 3;
      shown += word.substr(0, scheme);
      shown += shown_of_url(word.substr(scheme), query);
    }
    const std::size_t next = std::min(text.find_first_not_of(ends_of_words), text.size());
    shown += text.substr(0, next);
    text.remove_prefix(next);
  }
  return shown;
}

bool may_hold_user(std::string_view behind_scheme) {
  const std::string_view authority = behind_scheme.substr(0, behind_scheme.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) return true;
  return !is_host_with_port(authority) && behind_scheme.find('@') != std::string_view::npos;
}

}  // namespace refgate
