#include "view/target.h"

#include <algorithm>
#include <functional>

#include "call/remote.h"
#include "core/event/scope.h"
#include "core/words/shorten.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t longest_target = 2048;
constexpr std::size_t shortest_beginning = 7;

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_beginning(std::string_view text) {
  return text.size() >= shortest_beginning &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The segments of a URL's path, without query and anchor; "%2F" and the like are undone, since a
/// branch's name may hold them.
std::vector<std::string> segments_of(std::string_view url) {
  std::vector<std::string> segments;
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("?#"));
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string segment;
  for (std::size_t i = 0; i <= url.size(); ++i) {
    if (i == url.size() || url[i] == '/') {
      if (!segment.empty()) segments.push_back(segment);
      segment.clear();
    } else if (url[i] == '%' && i + 2 < url.size() && digit(url[i + 1]) >= 0 &&
               digit(url[i + 2]) >= 0) {
      segment += static_cast<char>(digit(url[i + 1]) * 16 + digit(url[i + 2]));
      i += 2;
    } else {
      segment += url[i];
    }
  }
  return segments;
}

std::string joined(const std::vector<std::string>& segments, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < segments.size(); ++i)
    text += (text.empty() ? "" : "/") + segments[i];
  return text;
}

/// The page behind the URL. Owner and name stand before the word that says what it shows; the host
/// and a folder of its own stand before these.
Target target_of_url(std::string_view url) {
  const std::vector<std::string> segments = segments_of(url);
  for (std::size_t i = 3; i + 1 < segments.size(); ++i) {
    const std::string& word = segments[i];
    const std::string repository = segments[i - 2] + "/" + segments[i - 1];
    const std::string& next = segments[i + 1];
    if (word == "actions" && next == "runs" && i + 2 < segments.size())
      return {Target::Kind::run, segments[i + 2], repository};
    const bool numbered =
        word == "pull" || word == "pulls" || word == "issues" || word == "discussions";
    if (numbered && is_digits(next)) return {Target::Kind::number, next, repository};
    if (word == "commit") return {Target::Kind::commit, next, repository};
    if (word == "tree") return {Target::Kind::branch, joined(segments, i + 1), repository};
    if (word == "src" && next == "branch" && i + 2 < segments.size())
      return {Target::Kind::branch, joined(segments, i + 2), repository};
  }
  throw UsageError(
      "\"" + said_word(url) +
      "\" is the page of no run, pull request, issue, discussion, commit or branch; nothing "
      "was looked for");
}

/// The first component of a claim's ref below the claims: kind and value of its identity.
std::string_view identity_of(std::string_view ref) {
  constexpr std::string_view below = "/claims/";
  const std::size_t at = ref.find(below);
  if (at == std::string_view::npos) return {};
  ref.remove_prefix(at + below.size());
  return ref.substr(0, ref.find('/'));
}

bool ref_has_number(std::string_view ref, const std::string& number) {
  const std::string_view identity = identity_of(ref);
  for (const char* kind : {"pull-request-", "issue-", "discussion-"}) {
    const std::string whole = kind + number;
    if (identity == whole || identity.starts_with(whole + "%2F")) return true;
  }
  const std::size_t door = ref.find(",@for=");
  if (door == std::string_view::npos) return false;
  // "7-main", or "7-main+9-main"
  std::string_view covered = ref.substr(door + 6);
  while (!covered.empty()) {
    if (covered.starts_with(number + "-")) return true;
    const std::size_t next = covered.find('+');
    if (next == std::string_view::npos) return false;
    covered.remove_prefix(next + 1);
  }
  return false;
}

/// A long name is cut and digested, so it is compared as it would be stored.
bool ref_has_branch(std::string_view ref, const std::string& commit, const std::string& branch) {
  const std::string_view identity = identity_of(ref);
  if (!identity.starts_with("head-")) return false;
  if (identity == encode_ref_component("head-" + commit + "." + branch)) return true;
  const std::string of_fork = encode_ref_component(":" + branch);
  return identity.ends_with(of_fork);
}

/// A claim or a line, by what both have.
struct Subject {
  const std::string& claim_id;
  const std::string& session_key;
  const std::string& ref;
  const std::string& run;
  const std::string& commit;
  const std::vector<Cover>* covers = nullptr;
  std::string_view run_url;
};

Subject subject_of(const StoredClaim& stored) {
  const Claim& claim = stored.claim;
  return {claim.claim_id, claim.session_key, stored.ref,          claim.holder.run_id,
          claim.commit,   &claim.covers,     claim.holder.run_url};
}

Subject subject_of(const AuditEntry& entry) {
  return {entry.claim_id, entry.session_key, entry.scope, entry.run_id, entry.commit_sha, {}, {}};
}

using Test = std::function<bool(const Subject&)>;

/// One thing that a target may mean.
struct Meaning {
  Test test;
  bool takes_scope = false;  ///< lines of the claims' scopes too: a line does not say which pull
                             ///< requests its claim covers
};

/// One store may serve several repositories, whose numbers meet; a claim's link tells which it is.
bool is_of(const Subject& subject, const std::string& repository) {
  if (repository.empty() || subject.run_url.empty()) return true;
  return subject.run_url.find("/" + repository + "/actions/") != std::string_view::npos;
}

Test has_run(const Target& target) {
  return [&](const Subject& subject) {
    return subject.run == target.value && is_of(subject, target.repository);
  };
}

Test has_number(const Target& target) {
  return [&](const Subject& subject) {
    if (!is_of(subject, target.repository)) return false;
    const bool covers =
        subject.covers != nullptr &&
        std::any_of(subject.covers->begin(), subject.covers->end(),
                    [&](const Cover& cover) { return cover.number == target.value; });
    return covers || ref_has_number(subject.ref, target.value);
  };
}

Test has_branch(const Target& target) {
  return [&](const Subject& subject) {
    return is_of(subject, target.repository) &&
           ref_has_branch(subject.ref, subject.commit, target.value);
  };
}

Test is_exactly(const Target& target) {
  return [&](const Subject& subject) {
    const std::string& word = target.value;
    return subject.claim_id == word || subject.session_key == word || subject.ref == word ||
           subject.run == word || subject.commit == word;
  };
}

Test begins(const Target& target) {
  return [&](const Subject& subject) {
    return is_beginning(target.value) &&
           (subject.commit.starts_with(target.value) || subject.claim_id.starts_with(target.value));
  };
}

/// From the strongest to the weakest.
std::vector<Meaning> meanings_of(const Target& target) {
  switch (target.kind) {
    case Target::Kind::run:
      return {{has_run(target)}};
    case Target::Kind::number:
      return {{has_number(target), true}};
    case Target::Kind::commit:
      return {{is_exactly(target)}, {begins(target)}};
    case Target::Kind::branch:
      return {{has_branch(target)}};
    case Target::Kind::word:
      break;
  }
  std::vector<Meaning> meanings{{is_exactly(target)}, {begins(target)}};
  if (is_digits(target.value)) meanings.push_back({has_number(target), true});
  meanings.push_back({has_branch(target)});
  return meanings;
}

/// Gitea and Forgejo number the pages of runs: where a claim links to the page, it tells which run
/// that is.
Target by_run_id(Target target, const Claims& claims) {
  if (target.kind != Target::Kind::run || target.repository.empty()) return target;
  const std::string page = "/" + target.repository + "/actions/runs/" + target.value;
  for (const StoredClaim& stored : claims.claims) {
    const Holder& holder = stored.claim.holder;
    const std::size_t at = holder.run_url.find(page);
    if (at == std::string::npos || holder.run_id.empty()) continue;
    const std::size_t end = at + page.size();
    if (end == holder.run_url.size() || holder.run_url[end] == '/') {
      target.value = holder.run_id;
      break;
    }
  }
  return target;
}

Named named_by(const Meaning& meaning, const Claims& claims,
               const std::vector<ReadEntry>& entries) {
  Named named;
  std::set<std::string_view> refs;
  for (const StoredClaim& stored : claims.claims)
    if (meaning.test(subject_of(stored))) {
      named.claims.push_back(&stored);
      refs.insert(stored.ref);
    }
  for (const ReadEntry& read : entries)
    if (meaning.test(subject_of(read.entry)) ||
        (meaning.takes_scope && refs.contains(read.entry.scope)))
      named.entries.insert(&read.entry);
  return named;
}

/// Which whole words begin so, when there are several.
std::vector<std::string> wholes_of(const Named& named, const std::string& beginning) {
  if (!is_beginning(beginning)) return {};
  std::set<std::string> wholes;
  const auto add = [&](const std::string& word) {
    if (word.starts_with(beginning)) wholes.insert(word);
  };
  for (const StoredClaim* stored : named.claims) {
    add(stored->claim.commit);
    if (!stored->claim.commit.starts_with(beginning)) add(stored->claim.claim_id);
  }
  for (const AuditEntry* entry : named.entries) {
    add(entry->commit_sha);
    if (!entry->commit_sha.starts_with(beginning)) add(entry->claim_id);
  }
  if (wholes.size() < 2 || wholes.contains(beginning)) return {};
  return {wholes.begin(), wholes.end()};
}

}  // namespace

std::string said_word(std::string_view text) { return shortened(text, 80); }

Target target_of(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    throw UsageError(
        "the target is empty: say a run or its URL, a pull request (7 or its URL), a branch, a "
        "commit, a session key or a claim id; nothing was looked for");
  if (text.size() > longest_target)
    throw UsageError("\"" + said_word(text) +
                     "\" is too long to name anything; nothing was looked for");
  if (text.starts_with("https://") || text.starts_with("http://")) return target_of_url(text);
  constexpr std::string_view heads = "refs/heads/";
  if (text.starts_with(heads))
    return {Target::Kind::branch, std::string(text.substr(heads.size())), {}};
  if (text.starts_with('#') && is_digits(text.substr(1)))
    return {Target::Kind::number, std::string(text.substr(1)), {}};
  return {Target::Kind::word, std::string(text), {}};
}

Named find_named(const Target& said, const Claims& claims, const std::vector<ReadEntry>& entries) {
  const Target target = by_run_id(said, claims);
  for (const Meaning& meaning : meanings_of(target)) {
    Named named = named_by(meaning, claims, entries);
    if (named.empty()) continue;
    auto wholes = wholes_of(named, target.value);
    if (wholes.empty()) return named;
    return {{}, {}, std::move(wholes)};
  }
  return {};
}

std::string tell_candidates(std::string_view said, const std::vector<std::string>& candidates) {
  std::string text = "refgate: \"" + escape_for(Place::line, said_word(said)) +
                     "\" is the beginning of " + std::to_string(candidates.size()) +
                     "; nothing was done. Name one of them:\n";
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < candidates.size() && i < most; ++i)
    text += "  " + escape_for(Place::line, candidates[i]) + "\n";
  if (candidates.size() > most)
    text += "  and " + std::to_string(candidates.size() - most) + " more\n";
  return text;
}

std::string tell_unknown(std::string_view said) {
  return "nothing is known of \"" + escape_for(Place::line, said_word(said)) +
         "\"; a run or its URL, a pull request (7 or its URL), a branch, a commit, a session key, "
         "a "
         "ref or a claim id is wanted";
}

}  // namespace refgate
