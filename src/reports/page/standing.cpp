#include "reports/page/standing.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/event/scope.h"
#include "core/governing/pool.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

/// "repo octo/app": of "repo/octo%2Fapp". What was too long to be kept is shown as it stands in the
/// ref.
std::string ledger_name(std::string_view below) {
  const bool outside = below.ends_with(outside_leaf);
  if (outside) below.remove_suffix(outside_leaf.size());
  const std::size_t slash = std::min(below.find('/'), below.size());
  const std::string_view leaf = below.substr(std::min(slash + 1, below.size()));
  const std::string subject = decode_ref_component(leaf);
  std::string name(below.substr(0, slash));
  if (!leaf.empty()) name += " " + (subject.empty() ? std::string(leaf) : subject);
  return outside ? name + " (outsiders)" : name;
}

struct BudgetRow {
  std::string name;
  BudgetUnit unit = BudgetUnit::launches;
  std::uint64_t amount = 0;
  std::uint64_t left = 0;
  Duration window{};

  /// In thousandths of the amount.
  std::uint64_t share() const {
    return amount == 0 ? 0
                       : static_cast<std::uint64_t>(1000.0 * static_cast<double>(left) /
                                                    static_cast<double>(amount));
  }
};

/// "16.75 of 20.00 usd"
std::string left_text(const BudgetRow& row) {
  const std::string left = describe_amount(row.unit, row.left);
  return left.substr(0, left.find(' ')) + " of " + describe_amount(row.unit, row.amount);
}

json row_of(const LostWork& work) {
  json runs = json::array();
  bool all_taken_up = true;
  for (const BrokenPromise& broken : work.skipped) {
    if (runs.size() < 5) runs.push_back(broken.skip->run_id);
    all_taken_up = all_taken_up && broken.remade != nullptr;
  }
  const AuditEntry& last = *work.skipped.back().skip;
  return {{"key", work.claim == nullptr ? last.session_key : work.claim->session_key},
          {"runs", std::move(runs)},
          {"skipped", work.skipped.size()},
          {"why", words_of(work.why)},
          {"taken_up", all_taken_up},
          {"since", format_rfc3339(last.timestamp)}};
}

}  // namespace

json pauses_of(const std::vector<Pause>& standing) {
  json list = json::array();
  for (const Pause& pause : standing)
    list.push_back({{"subject", name_of(pause.subject)},
                    {"reason", pause.reason},
                    {"who", pause.who},
                    {"since", format_rfc3339(pause.since)},
                    {"until", pause.until ? format_rfc3339(*pause.until) : ""}});
  return list;
}

json budgets_of(const Ledgers& ledgers, const std::string& name_space, Instant now,
                std::size_t most) {
  std::vector<BudgetRow> rows;
  for (const StoredLedger& stored : ledgers.ledgers)
    for (const KnownBudget& known : stored.ledger.budgets) {
      const Budget budget{BudgetKind::scope, known.amount, known.window, known.unit};
      const std::uint64_t used = used_of(stored.ledger, budget, now);
      if (used == 0) continue;
      rows.push_back({ledger_name(stored.ref.substr(budgets_prefix(name_space).size())), known.unit,
                      known.amount, known.amount - std::min(known.amount, used), known.window});
    }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const BudgetRow& a, const BudgetRow& b) { return a.share() < b.share(); });
  if (rows.size() > most) rows.resize(most);
  json list = json::array();
  for (const BudgetRow& row : rows)
    list.push_back({{"name", row.name},
                    {"left", left_text(row)},
                    {"share", row.share()},
                    {"window", format_duration(row.window)}});
  return list;
}

json lines_in(const Queues& queues, std::size_t most) {
  std::vector<const Queue*> lines;
  for (const StoredQueue& stored : queues.queues)
    if (!stored.queue.tickets.empty()) lines.push_back(&stored.queue);
  std::stable_sort(lines.begin(), lines.end(), [](const Queue* a, const Queue* b) {
    return a->tickets.size() > b->tickets.size();
  });
  if (lines.size() > most) lines.resize(most);
  json list = json::array();
  for (const Queue* line : lines)
    list.push_back({{"group", line->group},
                    {"run", line->tickets.front().run_id},
                    {"waiting", line->tickets.size() - 1},
                    {"since", format_rfc3339(line->tickets.front().arrived_at)}});
  return list;
}

json pools_of(const Queues& pools, const Claims& claims, Instant now, std::size_t most) {
  std::map<std::string_view, const Claim*> by_ref;
  for (const StoredClaim& stored : claims.claims)
    by_ref[stored.ref] = &stored.claim;
  struct Row {
    const StoredQueue* pool;
    std::size_t in_use = 0;
    std::size_t waiting = 0;
  };
  std::vector<Row> rows;
  for (const StoredQueue& pool : pools.queues) {
    Row row{&pool};
    for (const Ticket& ticket : pool.queue.tickets) {
      const auto found = by_ref.find(ticket.claim_ref);
      if (found == by_ref.end()) continue;
      const SlotState state = slot_state(ticket, *found->second, pool.ref, now);
      if (state != SlotState::gone) ++(state == SlotState::waiting ? row.waiting : row.in_use);
    }
    if (row.in_use + row.waiting > 0 || closed_until(pool.queue, now)) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.in_use + a.waiting > b.in_use + b.waiting;
  });
  if (rows.size() > most) rows.resize(most);
  json list = json::array();
  for (const Row& row : rows) {
    const auto closed = closed_until(row.pool->queue, now);
    list.push_back({{"pool", pool_named(row.pool->ref)},
                    {"in_use", row.in_use},
                    {"waiting", row.waiting},
                    {"closed_until", closed ? format_rfc3339(*closed) : ""}});
  }
  return list;
}

json promises_of(std::span<const LostWork> lost, std::span<const ReadEntry> entries,
                 std::size_t most) {
  std::set<std::string_view> made_good;
  for (const ReadEntry& read : entries)
    if (read.entry.kind == EntryKind::remade) made_good.insert(read.entry.id);
  std::size_t broken = 0;
  json rows = json::array();
  for (const LostWork& work : lost) {
    if (work.skipped.empty()) continue;
    ++broken;
    for (const BrokenPromise& promise : work.skipped)
      if (promise.remade != nullptr) made_good.erase(promise.remade->id);
    if (rows.size() < most) rows.push_back(row_of(work));
  }
  return {{"broken", broken}, {"made_good", made_good.size()}, {"rows", std::move(rows)}};
}

}  // namespace refgate
