#pragma once
// What a person has at hand of a session, and which sessions that is.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/result.h"
#include "state/record.h"

namespace refgate {

/// A word as it stands in an address bar, a commit list or a message, taken apart.
struct Target {
  enum class Kind {
    word,  ///< a claim id, session key, ref, run or commit, the beginning of an id, a number, or a
           ///< branch: whichever is known first, in this order
    run,   ///< of a run's URL
    number,  ///< "#7", "owner/name#7", "GH-7", "refs/pull/7/merge", or the URL of a pull request,
             ///< an issue or a discussion
    commit,  ///< of a commit's URL, or "owner/name@…"
    branch,  ///< of a branch's URL, or "refs/heads/…"
  };
  Kind kind = Kind::word;
  std::string value;       ///< what is looked for
  std::string repository;  ///< "owner/name" of a URL or before a number; or empty
  std::string branch;      ///< which it may be the name of all the same; or empty
};

/// Takes the URLs of github.com, GHES, Gitea and Forgejo, a trailing job, attempt or anchor
/// included. Throws UsageError for an empty word, one over 2 KiB, and a URL of something else.
Target target_of(std::string_view text);

/// Likewise; nullopt where target_of throws.
std::optional<Target> target_if_any(std::string_view text);

/// Which claims, lines and results a target names.
struct Named {
  std::vector<const StoredClaim*> claims;
  std::set<const AuditEntry*> entries;
  std::set<const ResultOrigin*> results;
  std::vector<std::string> candidates;  ///< the whole words, when the target is the beginning of
                                        ///< several: then nothing else is set
  bool by_number = false;               ///< as what is of a pull request, an issue or a discussion
  bool empty() const {
    return claims.empty() && entries.empty() && results.empty() && candidates.empty();
  }
};

/// Looks among what was read; the pointers are into that. The beginning of a commit or claim id
/// has at least 7 digits.
Named find_named(const Target& target, const Claims& claims,
                 const std::vector<ReadEntry>& entries = {},
                 std::span<const ResultOrigin* const> results = {});

/// The claims that are named, and those for whose sake a named line says that its run was skipped.
std::vector<const StoredClaim*> with_holders(const Named& named, const Claims& claims);

/// "\"#7\" is the beginning of 2; name one of them:" and a line each, for the error stream. Cuts
/// long words.
std::string tell_candidates(std::string_view said, const std::vector<std::string>& candidates);

/// "nothing is known of …", with what may be said instead.
std::string tell_unknown(std::string_view said);

/// The word for a message: at most 80 bytes of it.
std::string said_word(std::string_view text);

}  // namespace refgate
