#include "runner/rest_api.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "core/text/origin.h"
#include "os/process/child_process.h"
#include "os/trace.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A value in a curl configuration stands between double quotes; what would end or escape them is
/// no part of a URL or a token.
bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

/// The distribution's own before what an earlier step may have put into PATH.
std::optional<std::string> find_curl() {
  static constexpr const char* usual = "/usr/bin/curl";
  if (::access(usual, X_OK) == 0) return usual;
  return find_program("curl");
}

std::string in_seconds(std::chrono::milliseconds span) {
  return std::to_string(span.count() / 1000) + "." +
         std::to_string(span.count() % 1000 + 1000).substr(1);
}

std::string curl_configuration(const Origin& to, const std::string& url, const std::string& token,
                               const ApiQuestion& question) {
  return "url = \"" + url + "\"\n" +
         (token.empty() ? "" : "header = \"Authorization: Bearer " + token + "\"\n") +
         "header = \"Accept: " + question.accept +
         "\"\nheader = \"X-GitHub-Api-Version: 2022-11-28\"\nuser-agent = \"refgate\"\n" +
         (to.is_loopback() ? "noproxy = \"*\"\n" : "") + "proto = \"=http,https\"\n" +
         "silent\nwrite-out = \"\\n%{http_code}\"\nmax-filesize = " +
         std::to_string(question.most_bytes) + "\n" +
         (question.post ? "request = \"POST\"\ndata = \"\"\n" : "");
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

namespace {

ApiAnswer ask_untold(const Environment& environment, const std::string& remote,
                     const ApiQuestion& question, std::chrono::steady_clock::time_point deadline) {
  const std::string api = environment.get("GITHUB_API_URL");
  const auto to = origin_of(api);
  if (!to || (to->scheme != "https" && !to->is_loopback()))
    return {"", 0, "GITHUB_API_URL names no API to ask"};
  const std::string token = token_for_api(environment, api, remote);
  if (token.empty() && !question.without_token) return {"", 0, "there is no token for the API"};
  if (!is_plain(token) || !is_plain(api) || !is_plain(question.path))
    return {"", 0, "it cannot be put into a URL"};
  const auto program = find_curl();
  if (!program) return {"", 0, "there is no curl here"};

  const auto end = std::min(deadline, std::chrono::steady_clock::now() + question.longest);
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  if (left < 100ms) return {"", 0, "there was no time left to ask"};
  ChildCommand curl;
  // --disable: a .curlrc of the machine could send the token elsewhere.
  curl.arguments = {*program, "--disable", "--config", "-"};
  curl.input = curl_configuration(*to, api + question.path, token, question) +
               "max-time = " + in_seconds(left) + "\n";
  // What could make curl load or log something; the proxy's variables and the certificates' stay.
  for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "OPENSSL_CONF",
                           "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSLKEYLOGFILE"})
    curl.environment.emplace_back(name, std::nullopt);
  curl.own_session = true;
  try {
    ChildResult result = run_child(curl, end);
    const std::string_view found = question.post ? "\n202" : "\n200";
    if (result.timed_out) return {"", 0, "the API did not answer in time"};
    if (result.cut) return {"", 0, "the API's answer is too long"};
    std::string& body = result.output;
    if (result.status != 0 || !body.ends_with(found)) {
      const std::size_t last = body.rfind('\n');
      const std::string code = last == std::string::npos ? "" : body.substr(last + 1);
      const int status = result.status == 0 && code.size() == 3 ? std::atoi(code.c_str()) : 0;
      return {"", status,
              result.status == 63             ? "the API's answer is too long"
              : code.empty() || code == "000" ? "the API cannot be reached"
              : result.status != 0            ? "the API's answer broke off"
                                              : "the API answered " + code};
    }
    body.resize(body.size() - found.size());
    if (body.size() > question.most_bytes) return {"", 0, "the API's answer is too long"};
    return {std::move(body), question.post ? 202 : 200, ""};
  } catch (const std::exception&) {
    return {"", 0, "curl could not be started"};
  }
}

}  // namespace

ApiAnswer ask_api(const Environment& environment, const std::string& remote,
                  const ApiQuestion& question, std::chrono::steady_clock::time_point deadline) {
  const auto began = std::chrono::steady_clock::now();
  ApiAnswer answer = ask_untold(environment, remote, question, deadline);
  trace([&] {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    return std::string("request to the API, ") + (question.post ? "POST " : "GET ") +
           question.path.substr(0, question.path.find_first_of("?#")) + ", try 1: " +
           (answer.wrong.empty() ? "HTTP " + std::to_string(answer.status) : answer.wrong) + ", " +
           std::to_string(answer.body.size()) + " bytes received, " + std::to_string(took.count()) +
           " ms";
  });
  return answer;
}

}  // namespace refgate
