#include "store/remote/server_words.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/text/lower.h"

namespace refgate {
namespace {

constexpr std::array slower = {"slow down",       "too many requests", "too many pushes",
                               "rate limit",      "ratelimit",         "throttl",
                               "try again later", "temporarily",       "too fast"};

// git: a ref cannot stand below a ref.
constexpr std::array clashes = {"exists; cannot create", "name conflict", "refname conflict",
                                "there are still refs under", "at the same time"};

// git's own, GitHub's rules and rulesets, GitLab, Gerrit, gitolite.
constexpr std::array rules = {
    "hook declined",  "push declined",    "rule violation", "gh0",       "protected", "prohibited",
    "not allowed",    "not permitted",    "forbidden",      "denied",    "deny ",     "disallowed",
    "too many refs",  "too many ref",     "policy",         "read-only", "read only", "quota",
    "unpacker error", "cannot be changed"};

// git, JGit and hosts: a lock that somebody held, a rival that was faster, trouble of the server's
// own. "failed" is what GitHub says of pushes that come too close together, "failure" and "fatal
// error in commit_refs" what it says in an outage.
constexpr std::array passing = {
    "lock",         "failed",      "incorrect old value", "already exists",
    "stale info",   "timeout",     "timed out",           "temporar",
    "unavailable",  "internal",    "try again",           "busy",
    "but expected", "fetch first", "without a reason",    "no status",
    "interrupted",  "not sent",    "transaction",         "failure",
    "fatal error",  "commit_refs", "migrate objects",     "unexpected"};

}  // namespace

bool speaks_of(const std::string& words, std::span<const char* const> signs) {
  return std::ranges::any_of(
      signs, [&](const char* sign) { return words.find(sign) != std::string::npos; });
}

bool asks_for_patience(std::string_view words) { return speaks_of(lower(words), slower); }

bool stands(std::string_view words) {
  const std::string said = lower(words);
  if (said.empty() || speaks_of(said, slower)) return false;
  if (speaks_of(said, clashes) || speaks_of(said, rules)) return true;
  return !speaks_of(said, passing);
}

}  // namespace refgate
