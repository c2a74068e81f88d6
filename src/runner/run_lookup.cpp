#include "runner/run_lookup.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/decision/run_state.h"
#include "core/text/origin.h"
#include "os/child_process.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr auto longest = 3s;

/// A value in a curl configuration stands between double quotes; what would end or escape them is
/// no part of a URL or a token.
bool is_plain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

/// The distribution's own before what an earlier step may have put into PATH.
std::optional<std::string> find_curl() {
  static constexpr const char* usual = "/usr/bin/curl";
  if (::access(usual, X_OK) == 0) return usual;
  return find_program("curl");
}

std::string server_url(const Environment& environment) {
  const std::string given = environment.get("GITHUB_SERVER_URL");
  return given.empty() ? "https://github.com" : given;
}

}  // namespace

std::string token_for_api(const Environment& environment, const std::string& api,
                          const std::string& remote) {
  const auto to = origin_of(api);
  const auto state = origin_of(remote);
  if (!to) return {};
  const bool one_server = state && state == origin_of(server_url(environment));
  const bool one_machine = state && state->is_loopback() && to->is_loopback();
  const std::string token =
      one_server || one_machine ? environment.get("REFGATE_TOKEN") : std::string();
  return token.empty() ? environment.get("GITHUB_TOKEN") : token;
}

RunEnded ask_run(const Environment& environment, const std::string& remote, const Claim& claim,
                 std::chrono::steady_clock::time_point deadline) {
  const std::string api = environment.get("GITHUB_API_URL");
  const std::string server = server_url(environment);
  const auto to = origin_of(api);
  if (!to || (to->scheme != "https" && !to->is_loopback())) return RunEnded::unknown;
  const std::string token = token_for_api(environment, api, remote);
  const std::string& run = claim.holder.run_id;
  const bool numeric = !run.empty() && std::all_of(run.begin(), run.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
  if (!numeric || !is_plain(token) || !is_plain(api)) return RunEnded::unknown;
  const auto repository = repository_of_run(claim.holder.run_url, server, run);
  const auto program = find_curl();
  if (!repository || !program) return RunEnded::unknown;

  const auto end = std::min(deadline, std::chrono::steady_clock::now() + longest);
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  if (left < 100ms) return RunEnded::unknown;
  ChildCommand curl;
  // --disable: a .curlrc of the machine could send the token elsewhere.
  curl.arguments = {*program, "--disable", "--config", "-"};
  curl.input = "url = \"" + api + "/repos/" + *repository + "/actions/runs/" + run +
               "\"\nheader = \"Authorization: Bearer " + token +
               "\"\nheader = \"Accept: application/vnd.github+json\"\nheader = "
               "\"X-GitHub-Api-Version: 2022-11-28\"\nuser-agent = \"refgate\"\n" +
               (to->is_loopback() ? "noproxy = \"*\"\n" : "") + "proto = \"=http,https\"\n" +
               "silent\nwrite-out = \"\\n%{http_code}\"\nmax-filesize = 1000000\nmax-time = " +
               std::to_string(left.count() / 1000) + "." +
               std::to_string(left.count() % 1000 + 1000).substr(1) + "\n";
  // What could make curl load or log something; the proxy's variables and the certificates' stay.
  for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "OPENSSL_CONF",
                           "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSLKEYLOGFILE"})
    curl.environment.emplace_back(name, std::nullopt);
  curl.own_session = true;
  try {
    const ChildResult result = run_child(curl, end);
    static constexpr std::string_view found = "\n200";
    std::string_view body = result.output;
    if (result.status != 0 || result.timed_out || result.cut || !body.ends_with(found))
      return RunEnded::unknown;
    body.remove_suffix(found.size());
    return read_run_state(body, claim.holder);
  } catch (const std::exception&) {
    return RunEnded::unknown;
  }
}

}  // namespace refgate
