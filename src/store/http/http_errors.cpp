#include "store/http/http_errors.h"

#include <algorithm>
#include <array>

namespace refgate {
namespace {

struct Advice {
  int status;
  Intent intent;
  StoreFailure failure;
  const char* meaning;
  const char* hint;
};

constexpr auto either_token = "give the token of the job in REFGATE_TOKEN or GITHUB_TOKEN";

// GitHub answers 403 to a push whose token only reads and 404 for what the token may not even see
// (docs.github.com, "Troubleshooting cloning errors"; "Automatic token authentication": a
// pull_request run of a fork never gets a token that writes).
constexpr std::array advice = {
    Advice{401, Intent::reading, StoreFailure::denied, "the token was not accepted",
           "the token is wrong or has expired: give a valid one in REFGATE_TOKEN or GITHUB_TOKEN "
           "(a job's own token ends with the job)"},
    Advice{401, Intent::writing, StoreFailure::denied, "the token was not accepted",
           "the token is wrong or has expired: give a valid one in REFGATE_TOKEN or GITHUB_TOKEN "
           "(a job's own token ends with the job)"},
    Advice{403, Intent::reading, StoreFailure::denied, "the token may not read this repository",
           "give the workflow or job `permissions: contents: write` (reading alone needs "
           "`contents: read`)"},
    Advice{403, Intent::writing, StoreFailure::read_only,
           "the token may not write to this repository",
           "give the workflow or job `permissions: contents: write`; the token of a run for a fork "
           "only reads whatever the workflow says: there, decide "
           "in a `workflow_run` follow-up or after a maintainer's label, never by "
           "`pull_request_target`"},
    Advice{404, Intent::reading, StoreFailure::denied,
           "there is no such repository, or the token may not see it",
           "check the repository's address, and that the token belongs to it with `permissions: "
           "contents: write`"},
    Advice{404, Intent::writing, StoreFailure::denied,
           "there is no such repository, or the token may not see it",
           "check the repository's address, and that the token belongs to it with `permissions: "
           "contents: write`"},
};

std::string tried(int tries) {
  if (tries <= 1) return "it was not tried again";
  return "it was tried " + std::to_string(tries) + " times";
}

}  // namespace

bool is_worth_retrying(const ExchangeFailed& failed) {
  const int status = failed.http_status;
  return failed.connection || status == 408 || status == 429 || (status >= 500 && status <= 599);
}

StoreError describe_failure(const ExchangeFailed& failed, Intent intent, const std::string& remote,
                            const std::string& not_done, int tries, bool with_token) {
  const std::string doing =
      intent == Intent::reading ? "when its refs were read" : "when refs were to be written";
  const std::string end = "; " + not_done;
  const int status = failed.http_status;
  const std::string answered = remote + " answered HTTP " + std::to_string(status) + " " + doing;

  if (failed.certificate) {
    return {StoreFailure::denied,
            remote + " showed a certificate that is not trusted (" + failed.text + ")" + end,
            "let SSL_CERT_FILE name the certificates to trust (PEM), or SSL_CERT_DIR a directory "
            "of them"};
  }
  for (const auto& row : advice) {
    if (row.status != status || row.intent != intent) continue;
    if (status == 401 && !with_token)
      return {row.failure, answered + ": it wants a token and none was given" + end, either_token,
              status};
    std::string hint = row.hint;
    if (!with_token) hint = std::string("no token was given: ") + either_token;
    return {row.failure, answered + ": " + row.meaning + end, hint, status};
  }
  if (status == 429) {
    return {StoreFailure::unreachable, answered + ": too many requests; " + tried(tries) + end,
            "GitHub asks for at most 6 pushes a minute and 15 reads a second per repository: start "
            "fewer runs at once, or try again later",
            status};
  }
  if (is_worth_retrying(failed) && status != 0) {
    return {StoreFailure::unreachable,
            answered + ": the server has a problem; " + tried(tries) + end,
            "try again later, or give a longer --deadline", status};
  }
  if (failed.connection) {
    return {
        StoreFailure::unreachable,
        remote + " could not be reached " + doing + ": " + failed.text + "; " + tried(tries) + end,
        "check the network and the proxy variables (https_proxy, no_proxy), or give a longer "
        "--deadline"};
  }
  if (status != 0)
    return {StoreFailure::unreadable, answered + ", which git does not answer" + end,
            "check the repository's address", status};
  return {StoreFailure::unreadable,
          remote + " did not answer as git would " + doing + ": " + failed.text + end,
          "check the repository's address"};
}

}  // namespace refgate
