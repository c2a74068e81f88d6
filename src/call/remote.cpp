#include "call/remote.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "call/traced_store.h"
#include "call/watched_store.h"
#include "core/secrets/url_secrets.h"
#include "core/text/origin.h"
#include "os/trace.h"
#include "store/git/local_repository.h"
#include "store/open.h"

namespace refgate {
namespace {

bool is_http(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

bool is_url(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return true;
  // scp-like: a colon before the first slash, and no drive or path in front of it.
  const std::size_t colon = text.find(':');
  const std::size_t slash = text.find('/');
  return colon != std::string_view::npos && colon > 0 &&
         (slash == std::string_view::npos || colon < slash);
}

bool on_path(const Environment& environment, const std::string& program) {
  const std::string path = environment.get("PATH");
  std::size_t at = 0;
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    if (end > at && ::access((path.substr(at, end - at) + "/" + program).c_str(), X_OK) == 0)
      return true;
    at = end + 1;
  }
  return false;
}

struct UserInformation {
  bool given = false;
  std::string password;
};

/// What stands behind "://" is never repeated: it may be a password.
void require_host(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  if (host == url.size() || url.find_first_of("/?#", host) == host)
    throw UsageError("the remote's URL names no host behind its ://; nothing was asked");
}

/// Takes "user:password@" out of "https://user:password@host/…".
UserInformation take_user_information(std::string& url) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t end = url.find_first_of("/?#", host);
  const std::size_t at = url.substr(0, end).rfind('@');
  if (at == std::string::npos || at < host) return {};
  const std::string user = url.substr(host, at - host);
  url.erase(host, at - host + 1);
  const std::size_t colon = user.find(':');
  return {true, colon == std::string::npos ? std::string() : user.substr(colon + 1)};
}

/// Schemes are the same in any case.
std::string with_lower_scheme(std::string url) {
  const std::size_t end = std::min(url.find("://"), url.size());
  std::transform(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(end), url.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return url;
}

/// Who gave the address that a URL is: the step, or something that others can write.
enum class Giver { step, server, git_configuration, config_file, variable };

Giver giver_of(RemoteSource source) {
  switch (source) {
    case RemoteSource::variable:
      return Giver::variable;
    case RemoteSource::configuration:
      return Giver::config_file;
    case RemoteSource::nobody:
    case RemoteSource::step:
      break;
  }
  return Giver::step;
}

std::string token_of(const Environment& environment) {
  const std::string token = environment.get("REFGATE_TOKEN");
  return token.empty() ? environment.get("GITHUB_TOKEN") : token;
}

/// Why the token stays here, or nothing when `url` is an origin that was named beside it.
std::string why_withheld(const std::string& url, Giver giver, const Environment& environment) {
  if (giver == Giver::step || giver == Giver::server) return {};
  const auto origin = origin_of(url);
  const auto server = origin_of(server_url(environment));
  if (origin && origin == server) return {};
  const std::string by = giver == Giver::git_configuration ? "git's configuration"
                         : giver == Giver::config_file     ? "the file of --config"
                                                           : "the variable REFGATE_REMOTE";
  return "the token does not go to " + (origin ? origin->text() : "that address") +
         ", which only " + by + " names; it is for " +
         (server ? server->text() : "the run's own server");
}

/// Of an address that goes to git's command as it is: who stands before the host may have a name
/// there, and no password.
void require_no_password(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const bool has_scheme = scheme != std::string::npos;
  const std::size_t host = has_scheme ? scheme + 3 : 0;
  const std::size_t end = url.find_first_of("/@", host);
  const std::string user = url.substr(host, end - host);
  const bool is_user = end != std::string::npos && url[end] == '@';
  // Without a scheme a ":" ends the host, and an "@" behind it is in a path ("host:team@x.git"),
  // unless a second ":" says that the first one was none of the kind.
  const bool in_path = !has_scheme && is_user && url.find(':', end) == std::string::npos &&
                       std::count(user.begin(), user.end(), ':') == 1;
  if ((is_user && !in_path && user.find(':') != std::string::npos) ||
      (has_scheme && may_hold_user(std::string_view(url).substr(host)) && !is_user))
    throw UsageError(
        "the remote's address holds a password, which every process on the machine can read there; "
        "nothing was asked. Leave it out");
  if (!has_scheme && is_web_scheme(url.substr(0, url.find(':'))))
    throw UsageError(
        "the remote's URL has no two slashes behind its scheme, where they belong; nothing was "
        "asked");
}

/// What is no scheme may be a password as well.
std::string shown_scheme(const std::string& scheme) {
  const bool is_one =
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string::npos;
  return is_one ? "\"" + scheme + "\" " : "";
}

Remote remote_for_url(const std::string& given, const Environment& environment, Giver giver) {
  std::string url = given.find("://") == std::string::npos ? given : with_lower_scheme(given);
  if (url.starts_with("file://")) {
    if (may_hold_user(std::string_view(url).substr(7)))
      throw UsageError(
          "the remote's file URL holds a user or a password, where a path belongs; nothing was "
          "asked");
    return {Remote::Kind::path, url.substr(7), {}, {}};
  }
  if (!is_http(url)) {
    if (giver != Giver::git_configuration) require_no_password(url);
    if (const std::size_t scheme = url.find("://"); scheme != std::string::npos) {
      constexpr std::array<std::string_view, 4> known{"ssh", "git", "git+ssh", "ssh+git"};
      if (std::find(known.begin(), known.end(), std::string_view(url).substr(0, scheme)) ==
          known.end())
        throw UsageError("the remote's scheme " + shown_scheme(url.substr(0, scheme)) +
                         "is none of https, http, ssh, git and file; nothing was asked");
    }
    return {Remote::Kind::command, std::move(url), {}, {}};
  }
  require_host(url);
  if (giver != Giver::git_configuration && url.find(';') < url.find_first_of("?#"))
    throw UsageError(
        "the remote's URL holds a \";\", behind which may stand a token, and every process on the "
        "machine can read it there; nothing was asked. Leave out what stands behind it");
  const bool may_have_user = may_hold_user(std::string_view(url).substr(url.find("://") + 3));
  const UserInformation user = take_user_information(url);
  if (may_have_user && giver != Giver::git_configuration)
    throw UsageError(
        "the remote's URL holds a user or a password, which every process on the machine can read "
        "there; nothing was asked. Put the token into "
        "REFGATE_TOKEN and leave out what stands before the @");
  std::string token = token_of(environment);
  if (token.find_first_of("\r\n") != std::string::npos)
    throw UsageError(
        "the token holds a line end; nothing was asked. Put the bare token into REFGATE_TOKEN");
  std::string withheld = token.empty() ? "" : why_withheld(url, giver, environment);
  if (!withheld.empty()) token.clear();
  if (token.empty()) token = user.password;
  // Credentials of a person live in git's helpers, which only the git command asks.
  if (token.empty() && !environment.in_actions() && on_path(environment, "git")) {
    if (!withheld.empty()) withheld += "; git asks with its own credentials";
    return {Remote::Kind::command, std::move(url), {}, std::move(withheld)};
  }
  if (token.empty() && !withheld.empty())
    throw StoreError(StoreFailure::denied, withheld + "; nothing was sent",
                     "if the token is meant for that server, name its URL with --remote (in a "
                     "workflow the input remote of this very step)");
  return {Remote::Kind::https, std::move(url), std::move(token), std::move(withheld)};
}

/// A remote that git's configuration knows by a name.
Remote remote_of_name(const std::string& url, const Environment& environment) {
  if (is_url(url)) return remote_for_url(url, environment, Giver::git_configuration);
  return {Remote::Kind::path, url, {}, {}};
}

}  // namespace

Remote resolve_remote(const Settings& settings, const Environment& environment) {
  const std::string& wanted = settings.remote;
  const Giver giver = giver_of(settings.remote_source);
  if (wanted.starts_with('-'))
    throw UsageError("--remote is \"" + wanted +
                     "\", which is neither a URL nor a path nor the name of a remote");
  if (!wanted.empty()) {
    std::error_code error;
    if (wanted.find("://") != std::string::npos) return remote_for_url(wanted, environment, giver);
    const bool path_like = wanted.starts_with('/') || wanted.starts_with('.');
    if (path_like || std::filesystem::is_directory(wanted, error))
      return {Remote::Kind::path, wanted, {}, {}};
    if (is_url(wanted)) return remote_for_url(wanted, environment, giver);
    const LocalRepository local = find_local_repository(".", wanted);
    if (local.remote_url) return remote_of_name(*local.remote_url, environment);
    throw UsageError("--remote is \"" + wanted + "\", but there is no such folder here and " +
                     (local.git_dir.empty() ? "no repository whose remotes could be asked"
                                            : "no remote of that name in " + local.git_dir));
  }
  if (environment.in_actions()) {
    const std::string repository = environment.get("GITHUB_REPOSITORY");
    if (repository.empty())
      throw UsageError(
          "GITHUB_REPOSITORY is not set, so that it is not known where the state lies; give "
          "--remote");
    return remote_for_url(server_url(environment) + "/" + repository, environment, Giver::server);
  }
  const LocalRepository local = find_local_repository(".", "origin");
  if (local.remote_url) return remote_of_name(*local.remote_url, environment);
  if (!local.git_dir.empty()) return {Remote::Kind::path, local.git_dir, {}, {}};
  throw UsageError(
      "it is not known where the state lies: give --remote a URL, a path or the name of a remote, "
      "or stand in a repository");
}

namespace {

std::unique_ptr<Store> open_untold(const Remote& remote, const std::string& name_space) {
  switch (remote.kind) {
    case Remote::Kind::path:
      return open_path_store(remote.address, name_space);
    case Remote::Kind::https:
      return open_https_store(
          {remote.address,
           remote.token.empty() ? std::string() : authorization_for_token(remote.token),
           name_space});
    case Remote::Kind::command:
      return open_command_store(remote.address, name_space);
  }
  throw UsageError("unknown kind of remote");
}

}  // namespace

std::unique_ptr<Store> open_store(const Remote& remote, const std::string& name_space) {
  auto store = watched(open_untold(remote, name_space));
  return is_traced() ? traced(std::move(store)) : std::move(store);
}

}  // namespace refgate
