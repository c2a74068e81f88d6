#include "core/figures/statistics.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/claim/outbox.h"
#include "core/decision/decision.h"
#include "core/figures/launches.h"
#include "core/figures/verification.h"
#include "core/governing/pool.h"

namespace refgate {
namespace {

using ClaimKey = std::pair<std::string_view, std::uint64_t>;

bool is_retry(const AuditEntry& entry) {
  return entry.run_attempt > 1 || entry.reason_code == "retry_suppressed" ||
         entry.reason_code == "max_attempts" || entry.reason_code == "cooldown";
}

std::string closing_word(const AuditEntry& entry) {
  if (entry.kind == EntryKind::lost) return "lost";
  if (entry.kind == EntryKind::release) return "released";
  const StatusMeaning meaning = meaning_of_status(entry.job_status);
  return meaning.known ? std::string(name_of(meaning.outcome)) : "other";
}

/// Which lines tell of something that another line has told already, or taken back.
class Repeated {
 public:
  Repeated(std::span<const ReadEntry> entries, const Launches& launches) : launches_(launches) {
    for (const ReadEntry& read : entries) {
      const AuditEntry& entry = read.entry;
      if (entry.kind == EntryKind::end) ended_.insert({entry.claim_id, entry.generation});
      if (entry.kind == EntryKind::release) released_.insert({entry.claim_id, entry.generation});
    }
    for (const AuditEntry* entry : launches.by_gate())
      launched_.insert(run_attempt_of(*entry));
  }
  /// Entries are asked about in order, each once.
  bool operator()(const AuditEntry& entry) {
    const ClaimKey claim{entry.claim_id, entry.generation};
    switch (entry.kind) {
      case EntryKind::launch:
        return launches_.is_given_back(entry);
      case EntryKind::release:
        return ended_.contains(claim);
      case EntryKind::lost:
        return launches_.is_given_back(entry) || ended_.contains(claim) ||
               released_.contains(claim);
      case EntryKind::audit:
        return entry.executed ? !launches_.tells(entry) : is_told_already(entry);
      case EntryKind::skip:
      case EntryKind::end:
      case EntryKind::given_back:
      case EntryKind::pause:
      case EntryKind::resume:
      case EntryKind::remade:
        break;
    }
    return false;
  }

 private:
  bool is_told_already(const AuditEntry& entry) {
    const RunAttempt run = run_attempt_of(entry);
    if (launches_.was_told_to_skip(entry) || launched_.contains(run)) return true;
    return !entry.run_id.empty() && !skipped_by_hand_.insert({run, work_of(entry)}).second;
  }

  const Launches& launches_;
  std::set<ClaimKey> ended_;
  std::set<ClaimKey> released_;
  std::set<RunAttempt> launched_;
  std::set<std::pair<RunAttempt, WorkKey>> skipped_by_hand_;
};

void add_skip(Counts& counts, const AuditEntry& entry) {
  if (entry.observed) {
    ++counts.observed;
    ++counts.observed_by_reason[entry.reason_code];
    counts.observed_duplicates += is_promise(entry.reason_code) ? 1 : 0;
    return;
  }
  const bool by_hand = entry.kind == EntryKind::audit;
  const std::string code = by_hand ? "by_hand" : entry.reason_code;
  if (by_hand || is_promise(entry.reason_code)) {
    ++counts.prevented;
    ++counts.by_reason[code];
  } else {
    ++counts.held_back;
    ++counts.held_back_by_reason[code];
  }
  counts.retries_suppressed += is_retry(entry) ? 1 : 0;
  counts.early_exits += by_hand ? 0 : 1;
}

void add(Counts& counts, const AuditEntry& entry, const Costs& costs) {
  const bool by_hand = entry.kind == EntryKind::audit;
  if (entry.kind == EntryKind::launch || (by_hand && entry.executed)) {
    ++counts.sessions;
    counts.forced += entry.reason_code == "forced" ? 1 : 0;
    counts.takeovers += entry.reason_code == "takeover" ? 1 : 0;
  }
  if (entry.kind == EntryKind::skip || (by_hand && !entry.executed)) add_skip(counts, entry);
  const bool closes = entry.kind == EntryKind::end || entry.kind == EntryKind::lost ||
                      entry.kind == EntryKind::release || (by_hand && entry.executed);
  if (closes && !entry.observed) ++counts.closed[closing_word(entry)];
  if (closes && entry.executed)
    counts.costs.add(entry.kind == EntryKind::end ? costs.of_end(entry) : entry.spent);
  if (entry.kind == EntryKind::end && entry.duration) {
    counts.durations.sorted.push_back(*entry.duration);
    counts.durations.sum += *entry.duration;
  }
}

/// Lines of a person, which are of no workflow, event or caller of a gate.
bool is_by_hand(EntryKind kind) {
  return kind == EntryKind::pause || kind == EntryKind::resume || kind == EntryKind::release ||
         kind == EntryKind::remade;
}

void settle(Counts& counts) {
  std::sort(counts.durations.sorted.begin(), counts.durations.sorted.end());
}

void add(Heat& heat, const AuditEntry& entry) {
  if (entry.kind == EntryKind::launch)
    ++heat.sessions;
  else if (entry.observed)
    ++heat.observed;
  else
    ++(is_promise(entry.reason_code) ? heat.prevented : heat.held_back);
  heat.last = std::max(heat.last, entry.timestamp);
}

std::vector<Heat> hottest_first(std::map<std::string, Heat>&& heats) {
  std::vector<Heat> sorted;
  for (auto& [name, heat] : heats) {
    heat.name = name;
    sorted.push_back(std::move(heat));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Heat& a, const Heat& b) { return a.asked() > b.asked(); });
  return sorted;
}

LiveCounts count_live(std::span<const Claim* const> claims, Instant now) {
  LiveCounts live;
  for (const Claim* claim : claims) {
    if (claim->state == ClaimState::ended) continue;
    if (is_lost(*claim, now)) {
      ++live.lost;
      continue;
    }
    const bool waits = claim->state == ClaimState::waiting;
    if (const std::string name = pool_named(claim->slots); !name.empty()) {
      PoolCounts& pool = live.pools[name];
      ++(waits ? pool.waiting : pool.in_use);
    }
    if (waits) {
      ++live.waiting;
      if (!claim->group.empty() || claim->slots.empty()) ++live.queued[claim->group];
    } else {
      ++(claim->state == ClaimState::held ? live.held : live.active);
    }
  }
  return live;
}

}  // namespace

Duration DurationCounts::percentile(unsigned percent) const {
  if (sorted.empty()) return Duration::zero();
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

std::string dashed_day(Instant at) { return format_rfc3339(at).substr(0, 10); }

Statistics count_record(std::span<const ReadEntry> entries, std::span<const Claim* const> claims,
                        Instant now, Duration skew, Instant since) {
  Statistics statistics;
  std::map<std::string_view, std::string_view> group_of_claim;
  for (const Claim* claim : claims)
    group_of_claim[claim->claim_id] = claim->group;
  std::map<std::string, Heat> sessions;
  std::map<std::string, Heat> groups;
  const Launches launches(entries);
  Repeated repeated(entries, launches);
  const Costs costs(entries);
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    const bool told = repeated(entry);
    if (entry.timestamp < since) continue;
    ++statistics.lines;
    statistics.altered += read.digest_fits ? 0 : 1;
    if (!statistics.first_activity || entry.timestamp < *statistics.first_activity)
      statistics.first_activity = entry.timestamp;
    if (!statistics.last_activity || entry.timestamp > *statistics.last_activity)
      statistics.last_activity = entry.timestamp;
    const Spent repeated_cost = told ? costs.of_repeated(entry) : Spent{};
    if (told && !repeated_cost.is_said()) continue;
    std::vector<Counts*> of{&statistics.total, &statistics.by_day[dashed_day(entry.timestamp)]};
    if (!is_by_hand(entry.kind))
      of.insert(of.end(),
                {&statistics.by_workflow[entry.workflow], &statistics.by_event[entry.event_type],
                 &statistics.by_actor[entry.actor]});
    for (Counts* counts : of) {
      if (told)
        counts->costs.add(repeated_cost);
      else
        add(*counts, entry, costs);
    }
    if (told) continue;
    if (entry.kind != EntryKind::launch && entry.kind != EntryKind::skip) continue;
    add(sessions[entry.session_key], entry);
    std::string group = entry.group;
    if (const auto found = group_of_claim.find(entry.claim_id);
        group.empty() && found != group_of_claim.end())
      group = found->second;
    if (!group.empty()) add(groups[group], entry);
  }
  settle(statistics.total);
  for (auto* counted :
       {&statistics.by_day, &statistics.by_workflow, &statistics.by_event, &statistics.by_actor})
    for (auto& [name, counts] : *counted)
      settle(counts);
  statistics.sessions = hottest_first(std::move(sessions));
  statistics.groups = hottest_first(std::move(groups));
  statistics.live = count_live(claims, now);
  for (const Claim* claim : claims)
    statistics.left_out += lines_left_out(*claim, since);
  statistics.duplicates_allowed = verify_launches(entries, skew, since).duplicates.size();
  return statistics;
}

namespace {

SavedTime time_of(const Statistics& statistics, std::uint64_t Counts::*what) {
  SavedTime saved;
  for (const auto& [workflow, counts] : statistics.by_workflow) {
    if (counts.durations.count() == 0) continue;
    // Lines are anybody's numbers: the sum must not overflow.
    const Duration median = counts.durations.percentile(50);
    const std::uint64_t sessions = counts.*what;
    const auto most = Duration::max() / std::max<std::uint64_t>(1, sessions);
    if (median > most || saved.time > Duration::max() - median * sessions) continue;
    saved.time += median * static_cast<Duration::rep>(sessions);
    saved.sessions += sessions;
    if (sessions > 0) saved.measured += counts.durations.count();
  }
  return saved;
}

SavedCost cost_of(const Statistics& statistics, std::uint64_t Counts::*what) {
  SavedCost saved;
  for (const auto& [workflow, counts] : statistics.by_workflow) {
    if (counts.costs.with_cost == 0) continue;
    saved.cost = saved.cost + times(counts.costs.mean(), counts.*what);
    saved.sessions += counts.*what;
    if (counts.*what > 0) saved.measured += counts.costs.with_cost;
  }
  return saved;
}

}  // namespace

SavedCost saved_cost(const Statistics& statistics) {
  return cost_of(statistics, &Counts::prevented);
}

SavedCost cost_to_be_saved(const Statistics& statistics) {
  return cost_of(statistics, &Counts::observed_duplicates);
}

SavedTime saved_time(const Statistics& statistics) {
  return time_of(statistics, &Counts::prevented);
}

SavedTime time_to_be_saved(const Statistics& statistics) {
  return time_of(statistics, &Counts::observed_duplicates);
}

}  // namespace refgate
