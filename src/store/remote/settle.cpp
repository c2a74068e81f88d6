// Each change of a push carries the value that it expects, and the server compares it under the
// ref's lock: that is the compare-and-swap. Nothing is looked up beforehand, but for deletions: git
// deletes a ref whatever it holds when the object that was expected is not there any more
// (builtin/receive-pack.c, "Allowing deletion of corrupt ref").
//
// A report is believed only when it says "ok" for our ref. Anything else (a refusal, a status,
// silence) is settled by reading the ref and comparing it with the id of our own commit: the words
// of servers differ, and a connection that breaks may have broken after the work was done. A push
// whose reply was lost is never taken for done or undone without that look, and where the look
// fails too, the error says so.
//
// What may not be said by words is what became of a ref. How often a refusal is tried again may:
// "cannot lock ref" passes, and a rule that spoke will speak again. Hosts count pushes.
//
// A push of several refs may be refused whole, because the server bounds their number or takes one
// of them for none of its own. Then the change that decides goes alone, and the others after it in
// ever smaller pushes, until the server is seen to refuse their kind. A session that ended is so
// never left alive because a line of its record could not be written.

#include "store/remote/settle.h"

#include <algorithm>
#include <array>

#include "store/git/git_runtime.h"
#include "store/remote/server_words.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr int passing_tries = 6;   // of a refusal that may pass, for a push of one ref
constexpr int together_tries = 3;  // of one for a push of several, before they are tried apart
constexpr int kind_tries = 2;      // refusals of one kind of change before the others are not sent

/// How long a reading side that is behind is waited for, within the deadline, and how long a server
/// that asks to be slower is left alone at first.
constexpr auto longest_lag = 15s;
constexpr auto slower = 1s;

constexpr const char* read_back =
    "the refs still held their former values when they were read back, but a late effect cannot be "
    "ruled out";
constexpr const char* read_back_at_once =
    "nothing was changed: the refs were read back and hold what they held";

/// What servers treat alike: making, changing or deleting a note or one of the other refs.
std::string kind_of(const PlannedChange& change) {
  const char* what = change.deletes()                    ? "delete "
                     : git_oid_is_zero(&change.expected) ? "make "
                                                         : "change ";
  const auto end = change.ref.find('/', std::string_view("refs/").size());
  return what + change.ref.substr(0, end);
}

/// Who lost a claim looks at the doors beside it next: one look shows them too. Only claims have
/// folders of their own that stay small.
std::string name_to_look_at(const std::string& ref) {
  const auto claims = ref.find("/claims/");
  if (claims == std::string::npos || !ref.starts_with("refs/")) return ref;
  return ref.substr(0, ref.rfind('/') + 1);
}

}  // namespace

bool Look::covers(std::string_view name) const {
  return std::ranges::any_of(names, [&](const std::string& asked) {
    return name == asked || (asked.ends_with('/') && name.starts_with(asked));
  });
}

std::vector<SwapOutcome> Settlement::settle(std::span<const PlannedChange> changes,
                                            const Look* seen) {
  attempts_.resize(changes.size());
  Group all;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    attempts_[i].change = &changes[i];
    all.push_back(&attempts_[i]);
    if (changes[i].decisive && first_ == nullptr) first_ = &attempts_[i];
  }
  if (first_ == nullptr) first_ = &attempts_.front();
  const auto deletes_unseen = [&](const PlannedChange& change) {
    if (!change.deletes()) return false;
    const git_oid value =
        seen != nullptr && seen->covers(change.ref) ? seen->shown.value(change.ref) : git_oid{};
    return git_oid_equal(&value, &change.expected) == 0;
  };
  if (std::ranges::any_of(changes, deletes_unseen)) look_before_deleting(all);
  try {
    if (all.size() > limits_.most_refs || push(all) == Pushed::refused_whole) divide(all);
  } catch (const StoreError& error) {
    if (!only_followers_are_open()) throw;
    // What decides is done, whatever keeps the server from taking what goes along with it.
    for (Attempt& attempt : attempts_)
      if (!attempt.outcome) attempt.outcome = refused_outcome(error.what());
  }
  std::vector<SwapOutcome> outcomes;
  for (Attempt& attempt : attempts_)
    outcomes.push_back(std::move(attempt.outcome.value()));
  return outcomes;
}

/// By the reading side, and where that shows something else than what is to be deleted, by the
/// writing side: the other may be behind.
void Settlement::look_before_deleting(const Group& all) {
  look_at(all, Side::reading, std::nullopt, 1);
  const auto lost = [](const Attempt* attempt) {
    return attempt->change->deletes() && attempt->outcome &&
           attempt->outcome->result == SwapResult::stale;
  };
  if (std::ranges::none_of(all, lost)) return;
  for (Attempt* attempt : all)
    attempt->outcome.reset();
  look_at(all, Side::writing, std::nullopt, 1);
}

bool Settlement::only_followers_are_open() const {
  return first_->change->decisive && first_->outcome &&
         first_->outcome->result == SwapResult::swapped &&
         std::ranges::none_of(attempts_, [](const Attempt& attempt) {
           return !attempt.outcome && attempt.change->decisive;
         });
}

void Settlement::divide(Group group) {
  std::erase_if(group, [](const Attempt* attempt) { return attempt->outcome.has_value(); });
  if (group.empty()) return;
  if (const auto at = std::ranges::find(group, first_); at != group.end())
    std::rotate(group.begin(), at, at + 1);
  const std::string kind = kind_of(*group.front()->change);
  if (std::ranges::all_of(group, [&](const Attempt* attempt) {
        return kind_of(*attempt->change) == kind && stands(attempt->refusal);
      }))
    ++kinds_[kind].first;
  Attempt* lead = group.front();
  push({lead});
  note_kind(*lead);
  const bool made = lead->outcome->result == SwapResult::swapped;
  if (lead->change->decisive && !made) return hold_back();
  if (made)
    limits_.most_refs = std::min(limits_.most_refs, std::max<std::size_t>(group.size() / 2, 1));
  const std::size_t most = std::min(limits_.most_refs, std::max<std::size_t>(group.size() - 1, 1));
  for (std::size_t at = 1; at < group.size();) {
    Group some;
    for (; at < group.size() && some.size() < most; ++at) {
      if (group[at]->outcome) continue;
      if (is_refused_kind(*group[at])) {
        group[at]->outcome = refused_outcome(lead->refusal.empty() ? "not sent, since the server "
                                                                     "refuses the like"
                                                                   : lead->refusal);
        group[at]->outcome->for_good = true;
      } else {
        some.push_back(group[at]);
      }
    }
    if (some.empty()) continue;
    if (push(some) == Pushed::refused_whole) {
      divide(some);
    } else {
      for (const Attempt* attempt : some)
        note_kind(*attempt);
    }
  }
}

bool Settlement::is_refused_kind(const Attempt& attempt) const {
  const auto found = kinds_.find(kind_of(*attempt.change));
  return found != kinds_.end() && !found->second.second && found->second.first >= kind_tries;
}

void Settlement::note_kind(const Attempt& attempt) {
  if (!attempt.outcome) return;
  auto& [refusals, taken] = kinds_[kind_of(*attempt.change)];
  if (attempt.outcome->result == SwapResult::refused) ++refusals;
  if (attempt.outcome->result == SwapResult::swapped) taken = true;
}

void Settlement::hold_back() {
  for (Attempt& attempt : attempts_) {
    if (!attempt.outcome) attempt.outcome = refused_outcome("not sent");
  }
}

void Settlement::fail(const Failed& failed, int tries, const char* not_done) const {
  throw describe_failure(failed, tries, not_done);
}

Settlement::Sent Settlement::send(const Group& open, bool together) {
  std::vector<const PlannedChange*> changes;
  for (const Attempt* attempt : open)
    changes.push_back(attempt->change);
  look_.reset();
  Sent sent;
  PushReport report;
  try {
    report = transport_.push(changes, together, deadline_);
  } catch (const Failed& failed) {
    sent.failed = failed;
    may_be_done_ = may_be_done_ || !failed.untouched;
    for (Attempt* attempt : open)
      attempt->unanswered = attempt->unanswered || !failed.untouched;
    return sent;
  }
  sent.all_refused = true;
  for (Attempt* attempt : open) {
    const std::string& ref = attempt->change->ref;
    attempt->refusal.clear();
    if (report.accepted.contains(ref)) {
      attempt->outcome = swapped_outcome(*attempt->change);
      sent.all_refused = false;
    } else if (const auto it = report.refused.find(ref); it != report.refused.end()) {
      attempt->refusal = it->second;
      if (!report.remarks.empty()) attempt->refusal += " (" + clean_text(report.remarks) + ")";
      ++attempt->refusals;
    } else {
      sent.all_refused = false;
      may_be_done_ = attempt->unanswered = true;
      sent.failed =
          Failed{.text = transport_.describe() + " gave no status for " + ref, .again = true};
    }
  }
  return sent;
}

Settlement::Pushed Settlement::push(Group group) {
  Patience patience(deadline_, 100ms, 2s);
  bool asked = false;         // what the server shows to those who write was looked at
  bool contradicted = false;  // refused, although readers are shown what was expected
  for (int tries = 1;; ++tries) {
    std::erase_if(group, [](const Attempt* attempt) { return attempt->outcome.has_value(); });
    if (group.empty()) return Pushed::settled;
    const auto decisive = [](const Attempt* attempt) { return attempt->change->decisive; };
    // Lines that go along are true whatever becomes of the rest; one that is there already must not
    // hold back the others.
    const bool decides = std::ranges::count_if(group, decisive) > 1;
    if (decides && !transport_.pushes_together() && !asked) {
      asked = true;
      look_at(group, Side::writing, std::nullopt, tries);
      continue;
    }
    const std::size_t before = group.size();
    const Sent sent = send(group, decides && transport_.pushes_together());
    std::erase_if(group, [](const Attempt* attempt) { return attempt->outcome.has_value(); });
    if (group.empty()) return Pushed::settled;

    bool paused = false;
    if (sent.failed) {
      const Failed& failed = *sent.failed;
      if (failed.too_large && before > 1) return Pushed::refused_whole;
      if (failed.untouched) {
        if (!patience.before_next(failed, tries))
          fail(failed, tries,
               may_be_done_              ? not_known
               : failed.http_status == 0 ? nothing_sent
                                         : nothing_changed);
        continue;
      }
      // Who asked to be left alone is not asked what became of it either.
      if (failed.not_before) {
        if (!patience.before_next(failed, tries)) fail(failed, tries, not_known);
        paused = true;
      }
    }
    const Side side = sent.failed || contradicted ? Side::writing : Side::reading;
    const Side seen = look_at(group, side, sent.failed, tries);
    const std::size_t left = static_cast<std::size_t>(std::ranges::count_if(
        group, [](const Attempt* attempt) { return !attempt->outcome.has_value(); }));
    if (contradicted) require_shown(group);
    if (left == 0) return Pushed::settled;

    if (sent.failed && !sent.failed->again) {
      // A server may want to be asked before it takes a push, or know fewer capabilities.
      if (asked || seen != Side::writing || !sent.failed->may_want_look) {
        // A server that gives up in the middle of a push, for one ref of it, reports nothing.
        if (before > 1 && sent.failed->http_status == 0) return Pushed::refused_whole;
        Failed failed = *sent.failed;
        failed.failure = failed.when_readable.value_or(failed.failure);
        fail(failed, 1, read_back_at_once);
      }
      asked = true;
      continue;
    }
    if (!sent.failed) {
      contradicted = true;
      const auto rules = [](const Attempt* attempt) { return stands(attempt->refusal); };
      // More pushes are no answer to who asks for fewer.
      const auto patient = [](const Attempt* attempt) {
        return asks_for_patience(attempt->refusal);
      };
      if (left == before && before > 1 && sent.all_refused &&
          std::ranges::none_of(group, patient) &&
          (tries >= together_tries || std::ranges::any_of(group, rules)))
        return Pushed::refused_whole;
      if (give_up(group, false)) continue;
    }
    if (paused) continue;
    if (sent.failed ? patience.before_next(*sent.failed, tries)
                    : pause_for_refusal(group, patience, tries))
      continue;
    if (give_up(group, true)) return Pushed::settled;
    fail(sent.failed.value_or(Failed{.text = transport_.describe() + " gave no status"}), tries,
         read_back);
  }
}

bool Settlement::pause_for_refusal(const Group& open, Patience& patience, int tries) const {
  const bool slowly = std::ranges::any_of(open, [](const Attempt* attempt) {
    return !attempt->outcome && asks_for_patience(attempt->refusal);
  });
  if (!slowly) return patience.before_next(tries);
  Failed busy{.again = true};
  busy.not_before = SteadyTime::clock::now() + slower * (1 << std::min(tries - 1, 4));
  return patience.before_next(busy, tries);
}

/// Gives those whose refusal was tried often enough (or all that have one) their outcome. True when
/// none is left.
bool Settlement::give_up(const Group& open, bool all) {
  bool none = true;
  for (Attempt* attempt : open) {
    if (attempt->outcome) continue;
    const bool final = stands(attempt->refusal);
    const int most = !final ? passing_tries : attempt == first_ ? 2 : 1;
    if (!attempt->refusal.empty() && (all || attempt->refusals >= most)) {
      attempt->outcome = refused_outcome(attempt->refusal);
      attempt->outcome->for_good = final;
    } else {
      none = false;
    }
  }
  return none;
}

/// Looks, and gives those their outcome of which that tells. `cause` is what went wrong before:
/// where nothing can be seen either, it is what people are told. Returns which side was seen.
Side Settlement::look_at(const Group& open, Side side, const std::optional<Failed>& cause,
                         int tries) {
  std::vector<std::string> names;
  for (const Attempt* attempt : open) {
    if (!attempt->outcome) names.push_back(name_to_look_at(attempt->change->ref));
  }
  Patience patience(deadline_, 200ms, 5s);
  for (int looks = 1;; ++looks) {
    try {
      look_ = Look{names, transport_.look(names, side, deadline_)};
      break;
    } catch (const Failed& failed) {
      if (failed.foreign) fail(failed, looks, nothing_changed);
      // Who may not write may still be allowed to read.
      if (side == Side::writing && !failed.again) {
        side = Side::reading;
        continue;
      }
      if (patience.before_next(failed, looks)) continue;
      if (cause) {
        Failed told = *cause;
        if (failed.not_before) told.not_before = failed.not_before;
        fail(told, tries + looks, not_known);
      }
      fail(failed, looks, may_be_done_ ? not_known : nothing_changed);
    }
  }
  judge(open, side);
  return side;
}

void Settlement::judge(const Group& open, Side side) {
  bool lost = false;
  for (Attempt* attempt : open) {
    if (attempt->outcome) continue;
    const PlannedChange& change = *attempt->change;
    const git_oid value = look_->shown.value(change.ref);
    // Anyone may have deleted a ref that was refused to us; only an unanswered deletion is taken
    // for our own.
    if (git_oid_equal(&value, &change.target) != 0 && (!change.deletes() || attempt->unanswered)) {
      attempt->outcome = swapped_outcome(change);
    } else if (git_oid_equal(&value, &change.expected) == 0) {
      attempt->outcome = stale_outcome(value);
      attempt->shown_to_writers = side == Side::writing;
      lost = lost || change.decisive;
    }
  }
  if (lost) hold_back();
}

/// Whoever lost a change that decides against what readers are not shown would go round for ever.
/// The reading side may be behind; what it never shows is hidden. A line of the record that is
/// there already needs nobody to see it.
void Settlement::require_shown(const Group& judged) {
  std::vector<std::string> names;
  std::vector<const PlannedChange*> lost;
  for (const Attempt* attempt : judged) {
    if (attempt->change->decisive && attempt->outcome &&
        attempt->outcome->result == SwapResult::stale && attempt->outcome->version &&
        attempt->shown_to_writers) {
      names.push_back(attempt->change->ref);
      lost.push_back(attempt->change);
    }
  }
  if (names.empty()) return;
  const SteadyTime lagged = SteadyTime::clock::now() + longest_lag;
  Patience patience(std::min(deadline_, lagged), 200ms, 4s);
  for (int looks = 1;; ++looks) {
    look_ = Look{names, retrying(deadline_, nothing_changed,
                                 [&] { return transport_.look(names, Side::reading, deadline_); })};
    // What was expected is what the writing side has left behind.
    const auto behind = std::ranges::find_if(lost, [&](const PlannedChange* change) {
      const git_oid value = look_->shown.value(change->ref);
      return git_oid_is_zero(&value) != 0 || git_oid_equal(&value, &change->expected) != 0;
    });
    if (behind == lost.end()) return;
    if (patience.before_next(looks)) continue;
    const git_oid value = look_->shown.value((*behind)->ref);
    if (git_oid_is_zero(&value) == 0) return;
    StoreError unseen(StoreFailure::unreadable,
                      transport_.describe() + " keeps " + clean_text((*behind)->ref) +
                          " and does not show it to those who read; nothing was changed",
                      "the server hides refs below this prefix (uploadpack.hideRefs, or a rule of "
                      "the host): choose another --namespace; or its readers are behind its "
                      "writers: give more time with --deadline. Which it is shows: refgate doctor");
    if (deadline_ < lagged) unseen.set_may_lag();
    throw unseen;
  }
}

}  // namespace refgate
