// gc: completes what outboxes still hold, folds the notes of each day into one ref, and forgets expired claims. It may be killed anywhere and run
// twice at once: every step is a swap, and a thing is deleted only in a push after the one that made it safe was read back.

#include <algorithm>
#include <ostream>
#include <set>

#include "app/claiming.h"
#include "app/commands.h"
#include "app/record.h"
#include "app/runner.h"
#include "core/folding.h"
#include "core/scope.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

// One push of this size takes a server well under a second, and stays below what hosts limit.
constexpr std::size_t batch = 100;
constexpr int fold_rounds = 5;
constexpr std::string_view folded_name = "all";

struct Day {
  std::string folded_ref;
  std::map<std::string, Stored> inbox;  ///< by ref
  std::optional<Stored> folded;
};

struct Summary {
  std::size_t lines_published = 0;
  std::size_t notes_folded = 0;
  std::size_t days_folded = 0;
  std::size_t claims_forgotten = 0;
  std::size_t left_alone = 0;
};

void leave_alone(const Invocation& call, Summary& summary, const std::string& ref, const std::string& why) {
  ++summary.left_alone;
  call.err << "refgate: " << escape_for(Place::line, ref) << ": " << escape_for(Place::line, why) << "; it was left alone\n";
}

/// Swaps in batches; returns the refs of the changes that are as wanted now.
std::set<std::string> swap_batched(Store& store, const std::vector<Change>& changes) {
  std::set<std::string> done;
  for (std::size_t at = 0; at < changes.size(); at += batch) {
    const std::span<const Change> part(changes.data() + at, std::min(batch, changes.size() - at));
    const auto outcomes = store.swap(part);
    for (std::size_t i = 0; i < part.size(); ++i) {
      // A create-only note that is there already is published, whoever did it.
      const bool exists = outcomes[i].result == SwapResult::stale && !part[i].expected && part[i].replacement;
      if (outcomes[i].result == SwapResult::swapped || exists) done.insert(part[i].ref);
    }
  }
  return done;
}

std::map<std::string, Day> days_of(const Invocation& call, Store& store, const std::string& name_space, Summary& summary) {
  std::map<std::string, Day> days;
  const std::string prefix = notes_prefix(name_space);
  for (auto& [ref, stored] : store.read_all(prefix)) {
    const std::string rest = ref.substr(prefix.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string::npos || !parse_day(rest.substr(0, slash))) {
      leave_alone(call, summary, ref, "its name is none that refgate gives");
      continue;
    }
    Day& day = days[rest.substr(0, slash)];
    day.folded_ref = prefix + rest.substr(0, slash) + "/" + std::string(folded_name);
    // A tree that could not be read whole must never be taken for an empty one.
    if (stored.files.empty()) {
      leave_alone(call, summary, ref, "its tree is none that refgate writes");
      if (ref == day.folded_ref) day.folded_ref.clear();
      continue;
    }
    if (rest.substr(slash + 1) == folded_name) day.folded = std::move(stored);
    else day.inbox.emplace(ref, std::move(stored));
  }
  return days;
}

std::set<std::string> ids_in(const std::map<std::string, Day>& days) {
  std::set<std::string> ids;
  const auto collect = [&](const Files& files) {
    for (const auto& [path, text] : files) {
      std::size_t at = 0;
      while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (const auto entry = decode_entry(std::string_view(text).substr(at, end - at))) ids.insert(entry->entry.id);
        at = end + 1;
      }
    }
  };
  for (const auto& [name, day] : days) {
    if (day.folded) collect(day.folded->files);
    for (const auto& [ref, stored] : day.inbox) collect(stored.files);
  }
  return ids;
}

/// Returns true when the day's folded ref holds, as read back, every note of the inbox.
bool fold_day(Store& store, Day& day, Instant at) {
  std::vector<NotesTree> additions;
  for (const auto& [ref, stored] : day.inbox) additions.push_back(stored.files);
  for (int round = 0; round < fold_rounds; ++round) {
    const NotesTree merged = fold_notes(day.folded ? day.folded->files : Files{}, additions);
    if (!day.folded || merged != day.folded->files) {
      const Change change{day.folded_ref, day.folded ? std::optional(day.folded->version) : std::nullopt, Snapshot{merged, "refgate: folded", at},
                          true};
      const SwapOutcome outcome = store.swap(std::span(&change, 1)).front();
      if (outcome.result == SwapResult::refused) return false;
    }
    const auto read = store.read(std::span(&day.folded_ref, 1));
    const auto found = read.find(day.folded_ref);
    day.folded = found == read.end() ? std::nullopt : std::optional(found->second);
    if (day.folded && day.folded->files.empty()) return false;
    if (day.folded && std::all_of(additions.begin(), additions.end(), [&](const NotesTree& tree) { return holds_all(day.folded->files, {tree}); }))
      return true;
    pause(store, 200ms);
  }
  return false;
}

}  // namespace

int command_gc(const Invocation& call) {
  const Settings settings = settings_of(call);
  const bool dry = call.flag("dry-run");
  const auto store = store_of(call, settings);
  const Instant at = now();
  Summary summary;
  // Claims first: a claim that is forgotten must have its lines in what is read after it.
  const Claims claims = read_claims(*store, settings.name_space);
  for (const UnreadableRef& ref : claims.unreadable) leave_alone(call, summary, ref.ref, ref.why);
  auto days = days_of(call, *store, settings.name_space, summary);
  std::set<std::string> published = ids_in(days);

  std::vector<Change> notes;
  std::map<std::string, std::string> id_of_note;
  std::vector<std::pair<const StoredClaim*, std::vector<std::string>>> expired;
  for (const StoredClaim& stored : claims.claims) {
    std::vector<AuditEntry> lines = stored.claim.outbox;
    const bool forget = is_expired(stored.claim, at);
    if (forget && stored.claim.state != ClaimState::ended) lines.push_back(lost_line(stored.claim, at));
    std::vector<std::string> ids;
    for (const AuditEntry& line : lines) {
      ids.push_back(line.id);
      const Change change = note_change(line, settings.name_space);
      if (!published.contains(line.id) && id_of_note.emplace(change.ref, line.id).second) notes.push_back(change);
    }
    if (forget) expired.emplace_back(&stored, std::move(ids));
  }
  summary.lines_published = notes.size();
  if (!dry)
    for (const std::string& ref : swap_batched(*store, notes)) published.insert(id_of_note.at(ref));
  if (!dry && !notes.empty()) {
    Summary seen_before;
    days = days_of(call, *store, settings.name_space, seen_before);
  }

  std::vector<Change> deletions;
  for (auto& [name, day] : days) {
    if (day.inbox.empty() || day.folded_ref.empty()) continue;
    if (!dry && !fold_day(*store, day, at)) {
      leave_alone(call, summary, day.folded_ref, "the notes of this day could not be folded; the next gc tries again");
      continue;
    }
    ++summary.days_folded;
    summary.notes_folded += day.inbox.size();
    for (const auto& [ref, stored] : day.inbox) deletions.push_back({ref, stored.version, std::nullopt});
  }
  for (const auto& [stored, ids] : expired) {
    if (!dry && !std::all_of(ids.begin(), ids.end(), [&](const std::string& id) { return published.contains(id); })) continue;
    ++summary.claims_forgotten;
    deletions.push_back({stored->ref, stored->version, std::nullopt});
  }
  if (!dry) swap_batched(*store, deletions);

  call.out << (dry ? "Would publish " : "Published ") << summary.lines_published << " lines, " << (dry ? "fold " : "folded ") << summary.notes_folded
           << " notes of " << summary.days_folded << " days, " << (dry ? "forget " : "forgot ") << summary.claims_forgotten << " expired claims";
  if (summary.left_alone > 0) call.out << "; " << summary.left_alone << " refs were left alone";
  call.out << ". Pushes: " << store->traffic().pushes << "\n";
  return exit_done;
}

}  // namespace refgate
