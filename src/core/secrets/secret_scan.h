#pragma once
// Whether a text gives away a secret that the process knows. A net for accidents: who means to hide
// a secret in a text, can.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate {

struct KnownSecret {
  std::string name;  ///< of the variable that holds it: what a message may say
  std::string value;
};

/// Shorter values are words that stand in any text.
inline constexpr std::size_t shortest_secret = 8;

/// The variables whose names say so, in any case (…TOKEN, …SECRET, …PASSWORD, …KEY, MY_TOKEN_2,
/// GH_PAT, NPM_AUTH, SLACK_WEBHOOK, GITLAB_CREDENTIALS that is no path), and the passwords in URLs
/// (DATABASE_URL), with at least `shortest_secret` bytes. Not among them: the names in `harmless`,
/// and SESSION_KEY, which is an output of ours.
std::vector<KnownSecret> secrets_in(
    const std::map<std::string, std::string, std::less<>>& variables,
    const std::vector<std::string>& harmless);

/// The name of a secret that stands in the text: as it is, in base64 (either alphabet, at any
/// offset of what was encoded, lines broken anywhere), in hexadecimal digits, or as URLs, JSON and
/// HTML escape characters. Of a secret of several lines, each long line counts.
std::optional<std::string> find_secret(std::string_view text,
                                       const std::vector<KnownSecret>& secrets);

/// The text with "***" in place of each secret. Where one stands there encoded, all of it is
/// replaced, by what differs for different texts.
std::string without_secrets(std::string text, const std::vector<KnownSecret>& secrets);

/// Whether a variable's value gives a token away: it is one of them, or one of at least
/// `shortest_secret` bytes stands in it ("Bearer …", a URL, base64). Empty tokens are none.
bool holds_token(std::string_view value, const std::vector<std::string>& tokens);

}  // namespace refgate
