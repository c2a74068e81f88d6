#include "runner/run_lookup.h"

#include <algorithm>
#include <string>

#include "core/claim/run_state.h"
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

/// "github.com" of "https://github.com/octo/app"; empty for what is no http URL.
std::string host_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos || !url.starts_with("http")) return {};
  std::string_view rest = std::string_view(url).substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  rest = rest.substr(rest.rfind('@') == std::string_view::npos ? 0 : rest.rfind('@') + 1);
  if (!rest.starts_with('['))
    rest = rest.substr(0, rest.find(':'));
  else
    rest = rest.substr(0, rest.find(']') + 1);
  std::string host(rest);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return host;
}

bool is_own_machine(const std::string& host) {
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

}  // namespace

RunEnded ask_run(const Environment& environment, const std::string& remote, const Claim& claim,
                 std::chrono::steady_clock::time_point deadline) {
  const std::string api = environment.get("GITHUB_API_URL");
  std::string server = environment.get("GITHUB_SERVER_URL");
  if (server.empty()) server = "https://github.com";
  const bool own_machine = is_own_machine(host_of(api));
  if (!api.starts_with("https://") && !(api.starts_with("http://") && own_machine))
    return RunEnded::unknown;
  std::string token = !host_of(server).empty() && host_of(remote) == host_of(server)
                          ? environment.get("REFGATE_TOKEN")
                          : "";
  if (token.empty()) token = environment.get("GITHUB_TOKEN");
  if (token.empty() && own_machine) token = environment.get("REFGATE_TOKEN");
  const std::string& run = claim.holder.run_id;
  const bool numeric = !run.empty() && std::all_of(run.begin(), run.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
  if (!numeric || !is_plain(token) || !is_plain(api)) return RunEnded::unknown;
  const auto repository = repository_of_run(claim.holder.run_url, server, run);
  // Never what happens to be called curl in the current directory.
  const auto program = find_program("curl");
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
               "silent\nwrite-out = \"\\n%{http_code}\"\nmax-filesize = 1000000\nmax-time = " +
               std::to_string(left.count() / 1000) + "." +
               std::to_string(left.count() % 1000 + 1000).substr(1) + "\n";
  curl.environment = {{"REFGATE_TOKEN", std::nullopt}, {"GITHUB_TOKEN", std::nullopt}};
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
