#include "store/command/git_failure.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "store/git/git_runtime.h"

namespace refgate {
namespace {

/// The first line that is not a warning or advice; the last ones ("fatal: Could not read from
/// remote repository.") say least.
std::string telling_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool idle = line.starts_with("warning:") || line.starts_with("Warning:") ||
                      line.starts_with("hint:") || line.starts_with("To ");
    if (!idle && line.find_first_not_of(" \r\t") != std::string_view::npos) return clean_text(line);
  }
  return {};
}

struct Row {
  const char* words;
  StoreFailure failure;
  const char* hint;
};

constexpr auto unreachable = StoreFailure::unreachable;
constexpr auto denied = StoreFailure::denied;
constexpr const char* network =
    "check the network and the address (git ls-remote shows the same error)";
constexpr const char* access =
    "check the address, and that these credentials may use it (git ls-remote shows the same error)";
constexpr const char* helper =
    "no credential helper of git's answers for this address: set one up, or give a token in "
    "REFGATE_TOKEN";

// The first that matches counts: ssh's network errors also end in "Could not read from remote
// repository".
constexpr std::array rows = {
    Row{"Could not resolve host", unreachable, network},
    Row{"Connection refused", unreachable, network},
    Row{"Connection timed out", unreachable, network},
    Row{"Connection reset", unreachable, network},
    Row{"Connection closed", unreachable, network},
    Row{"No route to host", unreachable, network},
    Row{"Network is unreachable", unreachable, network},
    Row{"returned error: 403", denied,
        "these credentials may not do that; a token needs `permissions: contents: write`"},
    Row{"returned error: 429", unreachable,
        "too many requests: start fewer runs at once, or try again later"},
    Row{"returned error: 5", unreachable, "the server has a problem: try again later"},
    Row{"returned error: 4", denied, access},
    Row{"ertificate", denied,
        "see http.sslCAInfo in git-config, or let GIT_SSL_CAINFO name the certificates to trust"},
    Row{"Host key verification failed", denied,
        "connect once by hand, or put the host's key into known_hosts"},
    Row{"could not read Username", denied, helper},
    Row{"could not read Password", denied, helper},
    Row{"Authentication failed", denied, access},
    Row{"Permission denied", denied, access},
    Row{"dubious ownership", denied,
        "git does not trust that directory: see safe.directory in git-config"},
    Row{"not found", denied, access},
    Row{"does not appear to be a git repository", denied, access},
    Row{"Could not read from remote repository", denied, access},
};

}  // namespace

CommandFailed judge_failure(const ChildResult& result) {
  if (result.timed_out)
    return {unreachable, "git did not end before the deadline",
            "check the network, or give a longer --deadline"};
  if (result.cut) return {StoreFailure::unreadable, "git printed more than can be read", ""};
  std::string text = telling_line(result.errors);
  if (text.empty()) text = "git ended with status " + std::to_string(result.status);
  for (const auto& row : rows) {
    if (result.errors.find(row.words) != std::string::npos) return {row.failure, text, row.hint};
  }
  return {unreachable, text, network};
}

}  // namespace refgate
