#include "view/target.h"

#include <algorithm>
#include <functional>
#include <map>

#include "call/remote.h"
#include "core/event/scope.h"
#include "core/text/lower.h"
#include "core/words/shorten.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t longest_target = 2048;
constexpr std::size_t shortest_beginning = 7;

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Digits of a commit as people paste them, in either case.
bool is_hexadecimal(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
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
std::optional<Target> target_of_url(std::string_view url) {
  const std::vector<std::string> segments = segments_of(url);
  for (std::size_t i = 3; i + 1 < segments.size(); ++i) {
    const std::string& word = segments[i];
    const std::string repository = segments[i - 2] + "/" + segments[i - 1];
    const std::string& next = segments[i + 1];
    if (word == "actions" && next == "runs" && i + 2 < segments.size())
      return Target{Target::Kind::run, segments[i + 2], repository, {}};
    const bool numbered =
        word == "pull" || word == "pulls" || word == "issues" || word == "discussions";
    if (numbered && is_digits(next)) return Target{Target::Kind::number, next, repository, {}};
    if (word == "commit") return Target{Target::Kind::commit, lower(next), repository, {}};
    if (word == "tree")
      return Target{Target::Kind::branch, joined(segments, i + 1), repository, {}};
    if (word == "src" && next == "branch" && i + 2 < segments.size())
      return Target{Target::Kind::branch, joined(segments, i + 2), repository, {}};
  }
  return std::nullopt;
}

/// "owner/name#7" and "owner/name@0a1b2c3", as references are written in comments.
std::optional<Target> target_in_repository(std::string_view text) {
  const std::size_t at = text.find_first_of("#@");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view repository = text.substr(0, at);
  const std::string_view rest = text.substr(at + 1);
  const auto plain = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
  };
  if (std::count(repository.begin(), repository.end(), '/') != 1 || repository.starts_with('/') ||
      repository.ends_with('/') || !std::all_of(repository.begin(), repository.end(), plain))
    return std::nullopt;
  if (text[at] == '#' && is_digits(rest))
    return Target{Target::Kind::number, std::string(rest), std::string(repository),
                  std::string(text)};
  if (text[at] == '@' && is_hexadecimal(rest) && rest.size() >= shortest_beginning)
    return Target{Target::Kind::commit, lower(rest), std::string(repository), std::string(text)};
  return std::nullopt;
}

/// "#7", "GH-7", and the ref of a pull request's run: "refs/pull/7/merge".
std::optional<Target> target_of_number(std::string_view text) {
  std::string_view number = text;
  if (text.starts_with('#')) {
    number.remove_prefix(1);
  } else if (text.starts_with("GH-")) {
    number.remove_prefix(3);
  } else if (text.starts_with("refs/pull/")) {
    number.remove_prefix(10);
    const std::size_t slash = std::min(number.find('/'), number.size());
    if (number.substr(slash) != "/merge" && number.substr(slash) != "/head") return std::nullopt;
    number = number.substr(0, slash);
  } else {
    return std::nullopt;
  }
  if (!is_digits(number)) return std::nullopt;
  return Target{Target::Kind::number, std::string(number), {}, std::string(text)};
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
  std::string_view run_url;  ///< of the session, which tells its repository; or empty
};

Subject subject_of(const StoredClaim& stored) {
  const Claim& claim = stored.claim;
  return {claim.claim_id, claim.session_key, stored.ref,          claim.holder.run_id,
          claim.commit,   &claim.covers,     claim.holder.run_url};
}

Subject subject_of(const ResultOrigin& origin) {
  return {origin.claim_id, origin.session_key, origin.scope, origin.run_id, origin.commit,
          nullptr,         origin.run_url};
}

/// A line has no address: its scope's claim has, which is of the same repository.
Subject subject_of(const AuditEntry& entry,
                   const std::map<std::string_view, std::string_view>& pages) {
  const auto page = pages.find(entry.scope);
  return {entry.claim_id,
          entry.session_key,
          entry.scope,
          entry.run_id,
          entry.commit_sha,
          &entry.covers,
          page == pages.end() ? std::string_view() : page->second};
}

using Test = std::function<bool(const Subject&)>;

/// One thing that a target may mean.
struct Meaning {
  Test test;
  bool takes_scope = false;  ///< what was done in their scopes too: a push is for all pull requests
                             ///< of its head, and names none
};

/// One store may serve several repositories, whose numbers meet; a claim's link tells which it is.
bool is_of(const Subject& subject, const std::string& repository) {
  if (repository.empty() || subject.run_url.empty()) return true;
  return lower(subject.run_url).find("/" + lower(repository) + "/actions/") != std::string::npos;
}

Test has_run(const Target& target) {
  return [&](const Subject& subject) {
    return subject.run == target.value && is_of(subject, target.repository);
  };
}

bool has_cover(const std::vector<Cover>& covers, const std::string& number) {
  return std::any_of(covers.begin(), covers.end(),
                     [&](const Cover& cover) { return cover.number == number; });
}

Test has_number(const Target& target) {
  return [&](const Subject& subject) {
    if (!is_of(subject, target.repository)) return false;
    return (subject.covers != nullptr && has_cover(*subject.covers, target.value)) ||
           ref_has_number(subject.ref, target.value);
  };
}

Test has_branch(const std::string& branch, const std::string& repository) {
  return [&](const Subject& subject) {
    return is_of(subject, repository) && ref_has_branch(subject.ref, subject.commit, branch);
  };
}

Test is_exactly(const Target& target) {
  return [&](const Subject& subject) {
    const std::string& word = target.value;
    return subject.claim_id == word || subject.session_key == word || subject.ref == word ||
           subject.run == word || subject.commit == word ||
           (is_hexadecimal(word) && subject.commit == lower(word));
  };
}

Test begins(const Target& target) {
  return [&, start = is_hexadecimal(target.value) ? lower(target.value)
                                                  : target.value](const Subject& subject) {
    return is_beginning(start) &&
           (subject.commit.starts_with(start) || subject.claim_id.starts_with(start));
  };
}

/// From the strongest to the weakest.
std::vector<Meaning> meanings_of(const Target& target) {
  static const std::string any;
  std::vector<Meaning> meanings;
  switch (target.kind) {
    case Target::Kind::run:
      return {{has_run(target)}};
    case Target::Kind::branch:
      return {{has_branch(target.value, target.repository)}};
    case Target::Kind::number:
      meanings = {{has_number(target), true}};
      if (!target.branch.empty()) meanings.push_back({has_branch(target.branch, any)});
      return meanings;
    case Target::Kind::commit:
      meanings = {{is_exactly(target)}, {begins(target)}};
      if (!target.branch.empty()) meanings.push_back({has_branch(target.branch, any)});
      return meanings;
    case Target::Kind::word:
      break;
  }
  meanings = {{is_exactly(target)}, {begins(target)}};
  if (is_digits(target.value)) meanings.push_back({has_number(target), true});
  meanings.push_back({has_branch(target.value, any)});
  return meanings;
}

/// What was read, of which a target names some.
struct Known {
  const Claims& claims;
  const std::vector<ReadEntry>& entries;
  std::span<const ResultOrigin* const> results;
};

/// The run whose page that is, where the address is one of `page`'s.
std::optional<std::string> run_at(const std::string& page, std::string_view run_url,
                                  const std::string& run_id) {
  const std::size_t at = run_url.find(page);
  if (at == std::string_view::npos || run_id.empty()) return std::nullopt;
  const std::size_t end = at + page.size();
  if (end != run_url.size() && run_url[end] != '/' && run_url[end] != '?') return std::nullopt;
  return run_id;
}

/// Gitea and Forgejo number the pages of runs: a claim or a result links to the page, and a line
/// says its number, so these tell which run that is.
Target by_run_id(Target target, const Known& known) {
  if (target.kind != Target::Kind::run || target.repository.empty()) return target;
  const std::string page = "/" + target.repository + "/actions/runs/" + target.value;
  std::optional<std::string> run;
  for (const StoredClaim& stored : known.claims.claims)
    if (!run) run = run_at(page, stored.claim.holder.run_url, stored.claim.holder.run_id);
  for (const ResultOrigin* origin : known.results)
    if (!run) run = run_at(page, origin->run_url, origin->run_id);
  for (const ReadEntry& read : known.entries)
    if (!run && read.entry.run_page == target.value) run = read.entry.run_id;
  if (run) target.value = *run;
  return target;
}

/// Lines that tell how a session ended name its claim, and neither a pull request nor a scope.
void add_ends_of_sessions(Named& named, const std::vector<ReadEntry>& entries) {
  std::set<std::string_view> sessions;
  for (const StoredClaim* stored : named.claims)
    sessions.insert(stored->claim.claim_id);
  for (const AuditEntry* entry : named.entries)
    if (entry->kind != EntryKind::skip) sessions.insert(entry->claim_id);
  sessions.erase("");
  for (const ReadEntry& read : entries) {
    const EntryKind kind = read.entry.kind;
    if (kind != EntryKind::launch && kind != EntryKind::skip &&
        sessions.contains(read.entry.claim_id))
      named.entries.insert(&read.entry);
  }
}

/// True for what was done in a scope for all pull requests of a head, or for this one.
bool is_for(const AuditEntry& entry, const Target& target) {
  return entry.covers.empty() || has_cover(entry.covers, target.value);
}

Named named_by(const Meaning& meaning, const Target& target, const Known& known) {
  Named named;
  named.by_number = meaning.takes_scope;
  std::set<std::string_view> refs;
  std::map<std::string_view, std::string_view> pages;
  for (const StoredClaim& stored : known.claims.claims) {
    pages.emplace(stored.ref, stored.claim.holder.run_url);
    if (!meaning.test(subject_of(stored))) continue;
    named.claims.push_back(&stored);
    refs.insert(stored.ref);
  }
  for (const ReadEntry& read : known.entries) {
    if (!meaning.test(subject_of(read.entry, pages))) continue;
    named.entries.insert(&read.entry);
    if (!read.entry.scope.empty()) refs.insert(read.entry.scope);
  }
  for (const ReadEntry& read : known.entries)
    if (meaning.takes_scope && refs.contains(read.entry.scope) && is_for(read.entry, target))
      named.entries.insert(&read.entry);
  if (meaning.takes_scope) add_ends_of_sessions(named, known.entries);
  for (const ResultOrigin* origin : known.results)
    if (meaning.test(subject_of(*origin)) || (meaning.takes_scope && refs.contains(origin->scope)))
      named.results.insert(origin);
  return named;
}

/// Which whole words begin so, when there are several.
std::vector<std::string> wholes_of(const Named& named, const std::string& said) {
  const std::string beginning = is_hexadecimal(said) ? lower(said) : said;
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
  for (const ResultOrigin* origin : named.results) {
    add(origin->commit);
    if (!origin->commit.starts_with(beginning)) add(origin->claim_id);
  }
  if (wholes.size() < 2 || wholes.contains(beginning)) return {};
  return {wholes.begin(), wholes.end()};
}

}  // namespace

std::string said_word(std::string_view text) { return shortened(text, 80); }

std::optional<Target> target_if_any(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos || text.size() > longest_target)
    return std::nullopt;
  if (text.starts_with("https://") || text.starts_with("http://")) return target_of_url(text);
  constexpr std::string_view heads = "refs/heads/";
  if (text.starts_with(heads))
    return Target{Target::Kind::branch, std::string(text.substr(heads.size())), {}, {}};
  if (const auto number = target_of_number(text)) return number;
  if (const auto of_repository = target_in_repository(text)) return of_repository;
  return Target{Target::Kind::word, std::string(text), {}, {}};
}

Target target_of(std::string_view text) {
  if (auto target = target_if_any(text)) return *std::move(target);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    throw UsageError(
        "the target is empty: say a run or its URL, a pull request (7 or its URL), a branch, a "
        "commit, a session key or a claim id; nothing was looked for");
  if (text.size() > longest_target)
    throw UsageError("\"" + said_word(text) +
                     "\" is too long to name anything; nothing was looked for");
  throw UsageError(
      "\"" + said_word(text) +
      "\" is the page of no run, pull request, issue, discussion, commit or branch; nothing "
      "was looked for");
}

Named find_named(const Target& said, const Claims& claims, const std::vector<ReadEntry>& entries,
                 std::span<const ResultOrigin* const> results) {
  const Known known{claims, entries, results};
  const Target target = by_run_id(said, known);
  for (const Meaning& meaning : meanings_of(target)) {
    Named named = named_by(meaning, target, known);
    if (named.empty()) continue;
    auto wholes = wholes_of(named, target.value);
    if (wholes.empty()) return named;
    return {{}, {}, {}, std::move(wholes), false};
  }
  return {};
}

std::vector<const StoredClaim*> with_holders(const Named& named, const Claims& claims) {
  std::set<std::string_view> skipped_at;
  for (const AuditEntry* entry : named.entries)
    if (entry->kind == EntryKind::skip) skipped_at.insert(entry->scope);
  std::vector<const StoredClaim*> found;
  for (const StoredClaim& stored : claims.claims)
    if (std::find(named.claims.begin(), named.claims.end(), &stored) != named.claims.end() ||
        skipped_at.contains(stored.ref))
      found.push_back(&stored);
  return found;
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
         "a ref or a claim id is wanted" +
         (said.starts_with("HEAD") ? "; a commit is said by its digits: \"$(git rev-parse HEAD)\""
                                   : "");
}

}  // namespace refgate
