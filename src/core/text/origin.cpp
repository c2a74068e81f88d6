#include "core/text/origin.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text/lower.h"

namespace refgate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    host.remove_prefix(1);
    if (!host.ends_with(']')) return false;
    host.remove_suffix(1);
    return std::ranges::count(host, ':') >= 2 && std::ranges::all_of(host, [](char c) {
             return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
           });
  }
  // Empty labels are read as the same host by some and as another by others.
  if (host.empty() || host.starts_with('.') || host.ends_with('.') ||
      host.find("..") != std::string_view::npos)
    return false;
  return std::ranges::all_of(
      host, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; });
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_dotted(std::string_view host) {
  int numbers = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view number = host.substr(0, dot);
    if (number.empty() || number.size() > 3 || !std::ranges::all_of(number, is_digit)) return false;
    ++numbers;
    if (dot == std::string_view::npos) return numbers == 4;
    host.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string Origin::text() const {
  const bool usual = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
  return scheme + "://" + host + (usual ? "" : ":" + std::to_string(port));
}

bool Origin::is_loopback() const {
  // Names below "localhost" are whatever the machine's resolver says.
  return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && is_dotted(host));
}

std::optional<Origin> origin_of(std::string_view url) {
  if (std::ranges::any_of(url, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7f || c == '\\';
      }))
    return std::nullopt;
  const std::size_t separator = url.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  Origin origin;
  origin.scheme = lower(url.substr(0, separator));
  if (origin.scheme != "http" && origin.scheme != "https") return std::nullopt;
  url.remove_prefix(separator + 3);
  const std::size_t slash = url.find('/');
  const std::string authority = lower(url.substr(0, slash));
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  origin.host = authority.substr(0, colon);
  if (!is_host(origin.host)) return std::nullopt;
  if (colon == std::string::npos) {
    origin.port = origin.scheme == "https" ? 443 : 80;
  } else {
    const auto port = port_of(std::string_view(authority).substr(colon + 1));
    if (!port) return std::nullopt;
    origin.port = *port;
  }
  return origin;
}

}  // namespace refgate
