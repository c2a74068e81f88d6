#include "state/fold_record.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "call/invocation.h"
#include "core/event/scope.h"
#include "core/record/folding.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

// What is held in memory at once; a few kilobytes a note with everything around it.
constexpr std::size_t most_read_at_once = 500;
constexpr std::size_t most_notes = 50'000;
constexpr int fold_rounds = 8;
constexpr std::size_t first_level = 500;
constexpr std::size_t level_factor = 8;
constexpr std::size_t last_level = 9;
constexpr std::size_t worth_a_fold = 300;
// The side that is read may be behind the one that is written: looks after growing pauses.
constexpr int most_looks = 6;
constexpr Duration first_pause = 250ms;
constexpr const char* unseen_words =
    "it was written, and readers are not shown it, so that nothing is folded there: the server "
    "keeps these refs from them (refgate doctor says which)";
// Runners whose clocks are behind still write into a day that has just ended.
constexpr Duration grace = 1h;

std::string level_name(std::size_t level) {
  return level == 0 ? "all" : "all-" + std::to_string(level);
}

std::size_t most_lines(std::size_t level) {
  std::size_t most = first_level;
  for (std::size_t i = 0; i < level; ++i)
    most *= level_factor;
  return most;
}

std::size_t level_for(std::size_t lines) {
  std::size_t level = 0;
  while (level < last_level && most_lines(level) < lines)
    ++level;
  return level;
}

/// One day, or one step of it: what goes where.
struct Day {
  std::string prefix;  ///< "refs/notes/refgate/20261122/"
  bool over = false;
  std::vector<std::string> inbox;  ///< refs of single notes
  std::vector<std::string> folded;
  std::vector<AuditEntry> lines;  ///< of outboxes, that are in no note

  std::size_t level = 0;
  std::string target;
  std::vector<std::string> sources;  ///< refs that are to vanish
  std::vector<std::pair<std::string, Version>> read;
  std::vector<NotesTree> additions;
  std::optional<Stored> current;  ///< what stands at the target
  bool done = false;
  bool failed = false;
};

void choose_target(Day& day) {
  if (day.over) {
    const auto highest = std::max_element(day.folded.begin(), day.folded.end());
    day.target = highest == day.folded.end() ? day.prefix + level_name(0) : *highest;
  } else {
    day.level = level_for(day.inbox.size() + day.lines.size());
    day.target = day.prefix + level_name(day.level);
  }
  day.sources = day.inbox;
  if (day.over)
    for (const std::string& ref : day.folded)
      if (ref != day.target) day.sources.push_back(ref);
}

using Refs = std::vector<std::string>;

std::map<std::string, Day> days_of(Store& store, const std::string& name_space,
                                   const FoldRequest& request, Refs& dropped, FoldReport& report) {
  std::map<std::string, Day> days;
  const std::string first_kept =
      request.keep > Duration::zero() ? format_day(request.at - request.keep) : "";
  const std::string prefix = notes_prefix(name_space);
  const std::string today = format_day(request.at - grace);
  const auto is_wanted = [&](const std::string& name) { return request.today || name < today; };
  const auto names = store.list(prefix);
  const auto day_named = [&](const std::string& name) -> Day& {
    Day& day = days[name];
    day.prefix = prefix + name + "/";
    day.over = name < today;
    return day;
  };
  for (const auto& [ref, version] : names) {
    if (is_scratch(ref, name_space)) continue;
    const auto name = day_of_note(ref, name_space);
    if (!name)
      report.left_alone.push_back({ref, "its name is none that refgate gives"});
    else if (*name < first_kept)
      dropped.push_back(ref);
    else if (is_wanted(*name))
      (is_folded_note(ref) ? day_named(*name).folded : day_named(*name).inbox).push_back(ref);
  }
  std::set<std::string> asked;
  for (const AuditEntry& line : request.lines) {
    if (!asked.insert(line.id).second) continue;
    if (names.contains(entry_ref(line, name_space)) || format_day(line.timestamp) < first_kept)
      report.published.insert(line.id);
    else if (is_wanted(format_day(line.timestamp)))
      day_named(format_day(line.timestamp)).lines.push_back(line);
  }
  std::erase_if(days, [](const auto& item) {
    const Day& day = item.second;
    return day.inbox.empty() && day.lines.empty() && !(day.over && day.folded.size() > 1);
  });
  return days;
}

void collect_ids(const Files& files, std::set<std::string>& ids) {
  for (const auto& [path, text] : files)
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (auto id = entry_id_of(std::string_view(text).substr(at, end - at)))
        ids.insert(std::move(*id));
      at = end + 1;
    }
}

/// Lines that were folded while their outbox still names them (a gc that was killed) are not folded
/// again.
void drop_folded_lines(Day& day, const std::map<std::string, Stored>& contents,
                       FoldReport& report) {
  if (day.lines.empty() || day.folded.empty()) return;
  std::set<std::string> ids;
  for (const std::string& ref : day.folded)
    if (const auto found = contents.find(ref); found != contents.end())
      collect_ids(found->second.files, ids);
  std::erase_if(day.lines, [&](const AuditEntry& line) {
    if (!ids.contains(line.id)) return false;
    report.published.insert(line.id);
    return true;
  });
}

/// Takes what was read: sources become additions. A tree that could not be read whole must never be
/// taken for an empty one.
void take(Day& day, std::map<std::string, Stored>& contents, FoldReport& report) {
  if (const auto found = contents.find(day.target); found != contents.end()) {
    day.current = found->second;
    if (day.current->files.empty()) {
      report.left_alone.push_back(
          {day.target,
           "its tree is none that refgate writes; the notes of its day are not folded"});
      day.failed = true;
      return;
    }
  }
  for (const std::string& ref : day.sources) {
    const auto found = contents.find(ref);
    if (found == contents.end()) continue;  // another gc was faster
    if (found->second.files.empty()) {
      report.left_alone.push_back({ref, "its tree is none that refgate writes"});
      continue;
    }
    day.read.emplace_back(ref, found->second.version);
    day.additions.push_back(std::move(found->second.files));
  }
  for (const AuditEntry& line : day.lines)
    day.additions.push_back({{annotated_object(line.commit_sha), encode_entry(line) + "\n"}});
}

void read_days(Store& store, std::vector<Day*>& days, FoldReport& report) {
  std::vector<std::string> wanted;
  for (Day* day : days) {
    choose_target(*day);
    std::set<std::string> refs(day->sources.begin(), day->sources.end());
    refs.insert(day->target);
    if (!day->lines.empty()) refs.insert(day->folded.begin(), day->folded.end());
    wanted.insert(wanted.end(), refs.begin(), refs.end());
  }
  auto contents = store.read(wanted);
  for (Day* day : days) {
    drop_folded_lines(*day, contents, report);
    take(*day, contents, report);
  }
}

/// Something stands there now, whatever readers are shown.
bool is_said_to_stand(const Change& change, const SwapOutcome& outcome) {
  return outcome.result == SwapResult::swapped ||
         (outcome.result == SwapResult::stale && !change.expected);
}

/// Folds each day until its target holds, as seen on the server, all that it should.
void swap_days(Store& store, const std::string& name_space, std::vector<Day*> days, Instant at,
               FoldReport& report) {
  const auto settled = [](const Day* day) { return day->done || day->failed; };
  for (int round = 0; round < fold_rounds; ++round) {
    std::vector<Change> changes;
    std::vector<Day*> changed;
    std::erase_if(days, settled);
    for (Day* day : days) {
      NotesTree merged = fold_notes(day->current ? day->current->files : Files{}, day->additions);
      if (day->current ? merged == day->current->files : merged.empty()) {
        day->done = true;
        continue;
      }
      changes.push_back({day->target,
                         day->current ? std::optional(day->current->version) : std::nullopt,
                         Snapshot{merged, "refgate: folded", at}});
      changed.push_back(day);
    }
    if (changes.empty()) return;
    const auto outcomes = push_in_batches(store, changes);
    const auto seen = store.list(notes_prefix(name_space));
    std::vector<std::string> moved;
    for (std::size_t i = 0; i < changed.size(); ++i) {
      Day& day = *changed[i];
      if (outcomes[i].result == SwapResult::refused) {
        report.undone.push_back(
            {day.target, "the lines of this day could not be written: " + outcomes[i].message});
        day.failed = true;
        continue;
      }
      const auto stands = seen.find(day.target);
      // The id of a commit says what is in it: what stands there is what was sent.
      if (outcomes[i].version && stands != seen.end() && stands->second == *outcomes[i].version &&
          outcomes[i].result == SwapResult::swapped) {
        day.current = Stored{stands->second, std::move(changes[i].replacement->files)};
        day.done = true;
      } else {
        moved.push_back(day.target);
      }
    }
    if (moved.empty()) return;
    auto contents = store.read(moved);
    const auto is_behind = [&](std::size_t i) {
      if (settled(changed[i]) || !is_said_to_stand(changes[i], outcomes[i])) return false;
      const auto found = contents.find(changed[i]->target);
      return found == contents.end() || found->second.version == changes[i].expected;
    };
    const auto behind = [&] {
      std::size_t i = 0;
      return std::any_of(changed.begin(), changed.end(),
                         [&](const Day*) { return is_behind(i++); });
    };
    for (int look = 1; look < most_looks && behind(); ++look) {
      pause(store, first_pause * (1 << look));
      contents = store.read(moved);
    }
    for (std::size_t i = 0; i < changed.size(); ++i) {
      Day* const day = changed[i];
      if (settled(day)) continue;
      const auto found = contents.find(day->target);
      if (found == contents.end() && is_said_to_stand(changes[i], outcomes[i])) {
        report.undone.push_back({day->target, unseen_words});
        day->failed = true;
        continue;
      }
      day->current = found == contents.end() ? std::nullopt : std::optional(found->second);
      if (day->current && day->current->files.empty())
        day->failed = true;
      else
        day->done = day->current && holds_all(day->current->files, day->additions);
    }
    pause(store, 100ms * (round + 1));
  }
  for (Day* day : days)
    if (!settled(day)) {
      report.undone.push_back(
          {day->target, "others changed it again and again; the next gc folds this day"});
      day->failed = true;
    }
}

/// Returns how many are gone by this call.
std::size_t delete_sources(Store& store, const std::vector<Day*>& days, FoldReport& report) {
  std::vector<Change> deletions;
  for (const Day* day : days)
    if (day->done)
      for (const auto& [ref, version] : day->read)
        deletions.push_back({ref, version, std::nullopt});
  return note_refusals(deletions, push_in_batches(store, deletions), "could not be deleted",
                       report.undone);
}

/// While a day lasts: what has outgrown its level is the source of the next.
std::optional<Day> next_step(const Day& day) {
  if (!day.done || day.over || !day.current || day.level >= last_level) return std::nullopt;
  const std::size_t lines = count_lines(day.current->files);
  if (lines <= most_lines(day.level)) return std::nullopt;
  Day next;
  next.prefix = day.prefix;
  next.level = std::max(day.level + 1, level_for(lines));
  next.target = day.prefix + level_name(next.level);
  next.sources = {day.target};
  return next;
}

void move_up(Store& store, const std::string& name_space, const std::vector<Day*>& days, Instant at,
             FoldReport& report) {
  std::vector<Day> steps;
  for (const Day* day : days)
    if (auto next = next_step(*day)) steps.push_back(std::move(*next));
  while (!steps.empty()) {
    std::vector<std::string> wanted;
    std::vector<Day*> pointers;
    for (Day& step : steps) {
      wanted.insert(wanted.end(), {step.target, step.sources.front()});
      pointers.push_back(&step);
    }
    auto contents = store.read(wanted);
    for (Day& step : steps)
      take(step, contents, report);
    swap_days(store, name_space, pointers, at, report);
    delete_sources(store, pointers, report);
    std::vector<Day> further;
    for (const Day& step : steps)
      if (auto next = next_step(step)) further.push_back(std::move(*next));
    steps = std::move(further);
  }
}

void fold_days(Store& store, const std::string& name_space, const FoldRequest& request,
               std::vector<Day*> days, FoldReport& report) {
  read_days(store, days, report);
  std::erase_if(days, [](const Day* day) {
    return day->failed || (day->read.empty() && day->lines.empty());
  });
  if (!request.dry_run) swap_days(store, name_space, days, request.at, report);
  for (const Day* day : days) {
    if (!request.dry_run && !day->done) continue;
    ++report.days;
    if (request.dry_run) report.notes += day->read.size();
    report.lines += day->lines.size();
    for (const AuditEntry& line : day->lines)
      report.published.insert(line.id);
  }
  if (request.dry_run) return;
  report.notes += delete_sources(store, days, report);
  move_up(store, name_space, days, request.at, report);
}

/// Refs of days that nobody wants any more; several are one day.
void drop_days(Store& store, const Refs& refs, bool dry_run, FoldReport& report) {
  std::set<std::string> days;
  for (std::size_t at = 0; at < refs.size(); at += most_read_at_once) {
    const auto some = std::span(refs).subspan(at, std::min(most_read_at_once, refs.size() - at));
    std::vector<Change> deletions;
    std::vector<std::size_t> lines;
    for (const auto& [ref, stored] : store.read(some)) {
      std::set<std::string> ids;
      collect_ids(stored.files, ids);
      const std::size_t count = count_lines(stored.files);
      if (count == 0 || ids.size() < count) {
        report.left_alone.push_back({ref, "it is old, and holds lines that are not refgate's"});
        continue;
      }
      deletions.push_back({ref, stored.version, std::nullopt});
      lines.push_back(count);
    }
    std::vector<SwapOutcome> outcomes(deletions.size(), SwapOutcome{SwapResult::swapped, {}, {}});
    if (!dry_run) outcomes = push_in_batches(store, deletions);
    note_refusals(deletions, outcomes, "could not be deleted", report.undone);
    for (std::size_t i = 0; i < deletions.size(); ++i) {
      if (outcomes[i].result != SwapResult::swapped) continue;
      report.dropped_lines += lines[i];
      const std::string& ref = deletions[i].ref;
      days.insert(ref.substr(0, ref.rfind('/')));
    }
  }
  report.dropped_days = days.size();
}

}  // namespace

std::size_t note_refusals(const std::vector<Change>& changes,
                          const std::vector<SwapOutcome>& outcomes, const char* what,
                          std::vector<UnreadableRef>& undone) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (outcomes[i].result == SwapResult::refused)
      undone.push_back({changes[i].ref, std::string(what) + ": " + outcomes[i].message});
    done += outcomes[i].result == SwapResult::swapped ? 1 : 0;
  }
  return done;
}

void fold_record(Store& store, const std::string& name_space, const FoldRequest& request,
                 FoldReport& report) {
  Refs dropped;
  auto days = days_of(store, name_space, request, dropped, report);
  std::vector<Day*> some;
  std::size_t notes = 0;
  for (auto it = days.begin(); it != days.end();) {
    some.push_back(&it->second);
    notes += it->second.inbox.size();
    ++it;
    if (it != days.end() && notes + it->second.inbox.size() <= most_notes) continue;
    fold_days(store, name_space, request, std::move(some), report);
    for (auto done = days.begin(); done != it;)
      done = days.erase(done);
    some.clear();
    notes = 0;
  }
  drop_days(store, dropped, request.dry_run, report);
}

std::size_t fold_earlier_days(Store& store, const std::string& name_space, Instant at,
                              Duration budget) {
  const std::string today = format_day(at - grace);
  const auto is_foldable = [&](const auto& item) {
    const auto day = day_of_note(item.first, name_space);
    return day && *day < today && !is_folded_note(item.first);
  };
  const Within bound(store, budget);
  FoldReport report;
  try {
    // A server that shows what was asked for only has not shown the record.
    auto seen = store.last_seen(notes_prefix(name_space));
    if (!seen) seen = store.list(notes_prefix(name_space));
    if (static_cast<std::size_t>(std::count_if(seen->begin(), seen->end(), is_foldable)) <
        worth_a_fold)
      return 0;
    fold_record(store, name_space, {at, false, {}, false}, report);
  } catch (const StoreError&) {
    // The next finish, or gc, goes on where this one stopped.
  }
  return report.notes;
}

}  // namespace refgate
