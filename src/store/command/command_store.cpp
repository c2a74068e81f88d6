// A remote through the user's own `git`: for ssh, and for credentials that live in git's helpers.
//
// Each call works in a scratch repository of its own. `git push --force-with-lease=REF:VALUE`
// compares with what the server advertises in that process, and the server compares once more. As
// with https, only an "ok" line for a ref is believed; the rest is settled by `git ls-remote`.

#include <git2.h>

#include <algorithm>
#include <system_error>

#include "os/backoff.h"
#include "store/command/git_command.h"
#include "store/command/git_failure.h"
#include "store/git/git_handle.h"
#include "store/git/git_runtime.h"
#include "store/git/plan.h"
#include "store/git/temporary_directory.h"
#include "store/open.h"
#include "store/wire/advertisement.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int refusal_tries = 6;
constexpr int tries_without_deadline = 4;
constexpr int moved_tries = 4;
constexpr auto without_deadline = 120s;  // for one process, when the caller gave no deadline
constexpr std::size_t most_ref_patterns =
    50;  // more names than this are picked out of the whole list

constexpr const char* nothing_changed = "nothing was changed";
constexpr const char* nothing_sent = "nothing was sent";
constexpr const char* not_known = "whether the refs were changed is not known";

/// A bare repository that lives as long as one call.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
    int error = git_repository_init_ext(out(repository_), path().c_str(), &options);
    if (error == 0) error = git_repository_odb(out(odb_), repository_.get());
    if (error < 0) {
      throw StoreError(
          StoreFailure::unreachable,
          "a scratch repository could not be made: " + last_git_error() + "; " + nothing_sent,
          "let TMPDIR name a writable directory with free space");
    }
  }
  std::string path() const { return (directory_.path() / "scratch.git").string(); }
  git_repository* repository() const { return repository_.get(); }
  void add(const EncodedSnapshot& snapshot) { write_objects(odb_.get(), snapshot); }

 private:
  TemporaryDirectory directory_;
  RepositoryHandle repository_;
  OdbHandle odb_;
};

struct Attempt {
  const PlannedChange* change = nullptr;
  std::optional<SwapOutcome> outcome;
  int refusals = 0;
  std::string refusal;
};

class CommandStore final : public Store {
 public:
  CommandStore(std::string url, const std::string& name_space)
      : fence_(name_space), url_(std::move(url)), name_(describe_remote(url_)) {}

  std::map<std::string, Version> list(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    const ScratchDirectory scratch;
    return retrying(nothing_changed, [&] {
      return list_remote(scratch, {std::string(prefix) + "*"}).under(prefix);
    });
  }

  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    for (const auto& ref : refs)
      require_ref_name(ref);
    begin();
    if (refs.empty()) return {};
    const ScratchDirectory scratch;
    for (int tries = 1;; ++tries) {
      const Advertisement shown = retrying(nothing_changed, [&] {
        return list_remote(scratch, {refs.begin(), refs.end()});
      });
      std::map<std::string, Version> wanted;
      for (const auto& ref : refs) {
        if (const git_oid id = shown.value(ref); !git_oid_is_zero(&id))
          wanted[ref] = Version{hex_of(id)};
      }
      if (wanted.empty()) return {};
      std::string specs;
      for (const auto& [ref, version] : wanted)
        specs += "+" + ref + ":" + ref + "\n";
      try {
        fetch(scratch, specs);
        return contents(scratch, wanted);
      } catch (const CommandFailed& failed) {
        // A ref that was deleted between the two processes makes the whole fetch fail.
        Backoff backoff(100ms, 100ms);
        if (tries == moved_tries || !backoff.pause(deadline()))
          throw error(failed, nothing_changed, tries);
      }
    }
  }

  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    const ScratchDirectory scratch;
    const std::string glob = std::string(prefix) + "*";
    const bool some = retrying(nothing_changed, [&] {
      try {
        fetch(scratch, "+" + glob + ":" + glob + "\n");
        return true;
      } catch (const CommandFailed&) {
        // A shallow fetch of nothing fails too, with status 1 and no words.
        if (!list_remote(scratch, {glob}).under(prefix).empty()) throw;
        return false;
      }
    });
    return some ? contents(scratch, fetched(scratch, prefix)) : std::map<std::string, Stored>{};
  }

  std::vector<SwapOutcome> swap(std::span<const Change> changes) override;

  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    require_prefix(prefix);
    for (const auto& pattern : seen_patterns_) {
      if (pattern.ends_with('*') &&
          prefix.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1)))
        return seen_.under(prefix);
    }
    return std::nullopt;
  }

  std::string describe() const override { return name_; }
  Traffic traffic() const override { return traffic_; }

 private:
  void begin() const {
    if (Clock::now() >= deadline()) {
      throw StoreError(StoreFailure::unreachable,
                       "the deadline had passed before " + name_ + " was asked; " + nothing_sent);
    }
  }

  StoreError error(const CommandFailed& failed, const std::string& not_done, int tries) const {
    const std::string tried = failed.failure != StoreFailure::unreachable ? ""
                              : tries > 1 ? "; it was tried " + std::to_string(tries) + " times"
                                          : "; it was not tried again";
    return {failed.failure,
            "git could not use " + name_ + ": " + failed.text + tried + "; " + not_done,
            failed.hint};
  }

  template <class Operation>
  auto retrying(const char* not_done, const Operation& operation) -> decltype(operation()) {
    Backoff backoff(200ms, 5s);
    for (int tries = 1;; ++tries) {
      try {
        return operation();
      } catch (const CommandFailed& failed) {
        const bool again =
            failed.failure == StoreFailure::unreachable &&
            (deadline() != Clock::time_point::max() || tries < tries_without_deadline);
        if (!again || !backoff.pause(deadline())) throw error(failed, not_done, tries);
      }
    }
  }

  ChildResult run(const ScratchDirectory& scratch, std::vector<std::string> arguments,
                  std::string input = {}) {
    ++traffic_.exchanges;
    try {
      return git_.run(scratch.path(), std::move(arguments), std::move(input),
                      std::min(deadline(), Clock::now() + without_deadline));
    } catch (const std::system_error& failed) {
      throw StoreError(StoreFailure::unreachable, std::string("git could not be started: ") +
                                                      failed.what() + "; " + nothing_sent);
    }
  }

  Advertisement list_remote(const ScratchDirectory& scratch, std::vector<std::string> patterns) {
    std::vector<std::string> arguments = {"ls-remote", "--", url_};
    if (patterns.size() <= most_ref_patterns)
      arguments.insert(arguments.end(), patterns.begin(), patterns.end());
    const ChildResult result = run(scratch, arguments);
    if (result.status != 0 || result.timed_out || result.cut) throw judge_failure(result);
    Advertisement shown;
    for (std::size_t start = 0; start < result.output.size();) {
      const auto end = std::min(result.output.find('\n', start), result.output.size());
      const std::string_view line = std::string_view(result.output).substr(start, end - start);
      start = end + 1;
      const auto tab = line.find('\t');
      if (tab == std::string_view::npos) continue;
      const auto id = parse_oid(line.substr(0, tab));
      const std::string_view name = line.substr(tab + 1);
      if (id && name.starts_with("refs/") && !name.ends_with("^{}")) shown.add(name, *id);
    }
    shown.sort();
    seen_ = shown;
    seen_patterns_ = std::move(patterns);
    return shown;
  }

  void fetch(const ScratchDirectory& scratch, const std::string& specs) {
    const ChildResult result =
        run(scratch,
            {"fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
             "--recurse-submodules=no", "--stdin", "--", url_},
            specs);
    if (result.status != 0 || result.timed_out || result.cut) throw judge_failure(result);
  }

  std::map<std::string, Version> fetched(const ScratchDirectory& scratch, std::string_view prefix) {
    const std::string glob = std::string(prefix) + "*";
    IteratorHandle iterator;
    Advertisement shown;
    if (git_reference_iterator_glob_new(out(iterator), scratch.repository(), glob.c_str()) == 0) {
      for (const char* name = nullptr; git_reference_next_name(&name, iterator.get()) == 0;) {
        git_oid id{};
        if (git_reference_name_to_id(&id, scratch.repository(), name) == 0) shown.add(name, id);
      }
    }
    shown.sort();
    seen_ = shown;
    seen_patterns_ = {glob};
    return shown.under(prefix);
  }

  static std::map<std::string, Stored> contents(const ScratchDirectory& scratch,
                                                const std::map<std::string, Version>& refs) {
    std::map<std::string, Stored> found;
    for (const auto& [ref, listed] : refs) {
      git_oid id{};  // what was fetched may be newer than what was listed
      if (git_reference_name_to_id(&id, scratch.repository(), ref.c_str()) < 0) continue;
      found[ref] = {Version{hex_of(id)}, decode_commit(scratch.repository(), id)};
    }
    return found;
  }

  bool send(const ScratchDirectory& scratch, std::span<Attempt*> attempts, CommandFailed& lost);
  void settle_by_reading_back(const ScratchDirectory& scratch, std::span<Attempt*> attempts,
                              const char* not_done);
  void push(const ScratchDirectory& scratch, std::vector<Attempt*> attempts);

  Fence fence_;
  std::string url_;
  std::string name_;
  GitCommand git_;
  Traffic traffic_;
  Advertisement seen_;
  std::vector<std::string> seen_patterns_;
};

/// True when each ref got a line. Fills the outcome of those that are done.
bool CommandStore::send(const ScratchDirectory& scratch, std::span<Attempt*> attempts,
                        CommandFailed& lost) {
  std::vector<std::string> arguments = {"push", "--porcelain", "--no-verify",
                                        "--recurse-submodules=no", "--no-follow-tags"};
  std::vector<std::string> specs;
  for (const Attempt* attempt : attempts) {
    if (attempt->outcome) continue;
    const PlannedChange& change = *attempt->change;
    const bool must_be_new = git_oid_is_zero(&change.expected) != 0;
    arguments.push_back("--force-with-lease=" + change.ref + ":" +
                        (must_be_new ? "" : hex_of(change.expected)));
    specs.push_back((change.deletes() ? "" : hex_of(change.target)) + ":" + change.ref);
  }
  arguments.insert(arguments.end(), {"--", url_});
  arguments.insert(arguments.end(), specs.begin(), specs.end());
  ++traffic_.pushes;
  const ChildResult result = run(scratch, arguments);

  // "<flag>\t<from>:<to>\t<summary>", git-push(1), "OUTPUT".
  std::map<std::string, std::pair<char, std::string>> lines;
  for (std::size_t start = 0; start < result.output.size();) {
    const auto end = std::min(result.output.find('\n', start), result.output.size());
    const std::string line = result.output.substr(start, end - start);
    start = end + 1;
    const auto second = line.find('\t', 2);
    if (line.size() < 3 || line[1] != '\t' || second == std::string::npos) continue;
    const std::string pair = line.substr(2, second - 2);
    const auto colon = pair.rfind(':');
    if (colon != std::string::npos)
      lines[pair.substr(colon + 1)] = {line[0], line.substr(second + 1)};
  }
  bool complete = true;
  for (Attempt* attempt : attempts) {
    if (attempt->outcome) continue;
    attempt->refusal.clear();
    const auto it = lines.find(attempt->change->ref);
    if (it == lines.end()) {
      complete = false;
    } else if (it->second.first == '!') {
      attempt->refusal = clean_text(it->second.second);
      ++attempt->refusals;
    } else {
      attempt->outcome = swapped_outcome(*attempt->change);
    }
  }
  if (!complete) lost = judge_failure(result);
  return complete;
}

void CommandStore::settle_by_reading_back(const ScratchDirectory& scratch,
                                          std::span<Attempt*> attempts, const char* not_done) {
  std::vector<std::string> refs;
  for (const Attempt* attempt : attempts) {
    if (!attempt->outcome) refs.push_back(attempt->change->ref);
  }
  const Advertisement shown = retrying(not_done, [&] { return list_remote(scratch, refs); });
  for (Attempt* attempt : attempts) {
    if (attempt->outcome) continue;
    const PlannedChange& change = *attempt->change;
    const git_oid value = shown.value(change.ref);
    const bool as_wanted = git_oid_equal(&value, &change.target) != 0;
    if (as_wanted && (!change.deletes() || attempt->refusal.empty())) {
      attempt->outcome = swapped_outcome(change);
    } else if (!git_oid_equal(&value, &change.expected)) {
      attempt->outcome = stale_outcome(value);
    } else if (attempt->refusals >= refusal_tries) {
      attempt->outcome = refused_outcome(attempt->refusal);
    }
  }
}

void CommandStore::push(const ScratchDirectory& scratch, std::vector<Attempt*> attempts) {
  Backoff backoff(100ms, 2s);
  const auto open = [](const Attempt* attempt) { return !attempt->outcome.has_value(); };
  for (int tries = 1; std::ranges::any_of(attempts, open); ++tries) {
    CommandFailed lost{StoreFailure::unreachable, "no status came back", ""};
    const bool answered = send(scratch, attempts, lost);
    if (std::ranges::none_of(attempts, open)) return;
    const bool denied = !answered && lost.failure == StoreFailure::denied;
    settle_by_reading_back(scratch, attempts, denied ? nothing_changed : not_known);
    if (std::ranges::none_of(attempts, open)) return;
    // Who may not even look has got the error of looking.
    if (denied)
      throw error({StoreFailure::read_only, lost.text, lost.hint}, nothing_changed, tries);
    const bool bounded = deadline() != Clock::time_point::max() || tries < tries_without_deadline;
    if (bounded && backoff.pause(deadline())) continue;
    for (Attempt* attempt : attempts) {
      if (open(attempt) && !attempt->refusal.empty())
        attempt->outcome = refused_outcome(attempt->refusal);
    }
    if (std::ranges::none_of(attempts, open)) return;
    throw error(lost,
                "the refs still held their former values when they were read back, but a late "
                "effect cannot be ruled out",
                tries);
  }
}

std::vector<SwapOutcome> CommandStore::swap(std::span<const Change> changes) {
  const auto planned = plan_changes(fence_, changes);
  if (planned.empty()) return {};
  begin();
  ScratchDirectory scratch;
  std::vector<Attempt> attempts(planned.size());
  std::vector<Attempt*> decisive;
  std::vector<Attempt*> others;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    attempts[i].change = &planned[i];
    if (planned[i].objects) scratch.add(*planned[i].objects);
    (planned[i].decisive ? decisive : others).push_back(&attempts[i]);
  }
  // git sends what it can although one lease is broken, so the decisive changes go first, alone.
  push(scratch, decisive);
  const auto stale = [](const Attempt* attempt) {
    return attempt->outcome->result == SwapResult::stale;
  };
  if (std::ranges::any_of(decisive, stale)) {
    for (Attempt* attempt : others)
      attempt->outcome = refused_outcome("not sent");
  }
  push(scratch, others);
  std::vector<SwapOutcome> outcomes;
  for (auto& attempt : attempts)
    outcomes.push_back(std::move(*attempt.outcome));
  return outcomes;
}

}  // namespace

std::unique_ptr<Store> open_command_store(const std::string& url, const std::string& name_space) {
  if (url.empty() || url.starts_with('-') ||
      url.find_first_of(std::string_view("\0\n\r", 3)) != std::string::npos ||
      url.find("::") != std::string::npos) {
    throw StoreError(StoreFailure::denied,
                     "\"" + describe_remote(url) + "\" is not used as an address; nothing was sent",
                     "check --remote");
  }
  start_git_runtime();
  return std::make_unique<CommandStore>(url, name_space);
}

}  // namespace refgate
