#pragma once
// Addresses on their way to people: what may be secret in one is not shown.

#include <string>
#include <string_view>

namespace refgate {

/// What is shown of a query or fragment: nothing, or that there is one ("?…").
enum class Query { dropped, marked };

/// A text without what may be secret in an address: who stands before a host (a name, a password),
/// and what stands behind "?", "#" or ";". Of an address without "://", which git takes for another
/// one than its writer may have meant ("https:/u:password@host/x", "u:password@host:x.git"), what
/// stands before the "@".
std::string without_url_secrets(std::string_view text, Query query = Query::dropped);

/// What an address begins with whose writer forgot the slashes behind it; no host is called so.
bool is_web_scheme(std::string_view text);

/// True when the part of an http or https URL behind "://" holds a user or a password, or may: no
/// host stands before a path with an "@" in it, or what stands there has no port behind its ":".
bool may_hold_user(std::string_view behind_scheme);

}  // namespace refgate
