#pragma once
// Where a secret may go: scheme, host and port of an http or https URL.
//
// Two parsers that disagree about a URL's host are how a token ends up elsewhere, so whatever one
// of them could read in another way is refused: user information, percent signs and letters beyond
// ASCII in the authority, backslashes, blanks and control characters anywhere, an authority that
// ends otherwise than with a slash.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace refgate {

struct Origin {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address in brackets
  std::uint16_t port = 0;

  bool operator==(const Origin&) const = default;
  /// "https://github.com", the port only where it is not the scheme's own.
  std::string text() const;
  /// localhost, *.localhost, 127.0.0.0/8 in full dotted form, [::1]: what does not leave this
  /// machine.
  bool is_loopback() const;
};

/// nullopt for anything but an http or https URL that every reader takes alike.
std::optional<Origin> origin_of(std::string_view url);

}  // namespace refgate
