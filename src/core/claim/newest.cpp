#include "core/claim/newest.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/text/json.h"
#include "core/text/record_json.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

using nlohmann::json;
using record::list, record::text;

// The first version of this record is the second of the format: older programs know none of it.
constexpr unsigned newest_version = 2;
constexpr record::Form form{.what = "newest", .version = newest_version, .longest = 64u << 10};
constexpr std::size_t most_kinds = 4;
/// A branch that nobody pushed to for so long has no session left to be superseded.
constexpr Duration kept_for = std::chrono::days(30);

std::uint64_t number_of(std::string_view run_id) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(run_id.data(), run_id.data() + run_id.size(), number);
  return read.ec == std::errc() && read.ptr == run_id.data() + run_id.size() ? number : 0;
}

/// Of the runs that brought the head the first; 0: not known.
std::uint64_t lowest_run(const Move& move) {
  std::uint64_t lowest = 0;
  for (const auto& [kind, run] : move.seen)
    if (run != 0 && (lowest == 0 || run < lowest)) lowest = run;
  return lowest;
}

void tell_of(Move& move, const Arrival& arrival) {
  if (move.before.empty()) move.before = shortened(arrival.before, bounds::word);
  if (move.seen.size() >= most_kinds && !move.seen.contains(arrival.kind)) return;
  std::uint64_t& run = move.seen[arrival.kind];
  run = std::max(run, number_of(arrival.run_id));
}

json json_of(const Move& move) {
  json seen = json::object();
  for (const auto& [kind, run] : move.seen)
    seen[kind] = run;
  return {{"before", move.before}, {"commit", move.commit}, {"seen", seen}};
}

Move move_in(const json& object) {
  Move move{text(object, "before"), text(object, "commit"), {}};
  const json& seen = record::member(object, "seen");
  if (!seen.is_object() || seen.size() > most_kinds)
    throw record::Broken("\"seen\" is no object, or too long");
  for (const auto& [kind, run] : seen.items()) {
    if (!run.is_number_unsigned()) throw record::Broken("\"seen\" holds no run ids");
    move.seen[kind] = run.get<std::uint64_t>();
  }
  return move;
}

json json_of(const std::vector<NewestClaim>& claims) {
  json items = json::array();
  for (const NewestClaim& claim : claims)
    items.push_back({{"ref", claim.ref}, {"claim_id", claim.claim_id}});
  return items;
}

std::vector<NewestClaim> claims_in(const json& object, const char* key) {
  std::vector<NewestClaim> claims;
  for (const json& item : list(object, key, most_newest_claims))
    claims.push_back({text(item, "ref"), text(item, "claim_id")});
  return claims;
}

/// The oldest go first.
void add_bounded(std::vector<NewestClaim>& claims, NewestClaim claim) {
  std::erase(claims, claim);
  if (claims.size() >= most_newest_claims) claims.erase(claims.begin());
  claims.push_back(std::move(claim));
}

}  // namespace

Order order_of(const std::optional<Newest>& newest, const Arrival& arrival) {
  if (!newest) return Order::newer;
  const Move& last = newest->move;
  if (arrival.commit == last.commit) return Order::same;
  const std::uint64_t run = number_of(arrival.run_id);
  // Another workflow's run of the same move, a late one or a re-run bears a lower number than what
  // has replaced it.
  const auto newest_told = last.seen.find(arrival.kind);
  const bool is_later =
      run > (newest_told == last.seen.end() ? lowest_run(last) : newest_told->second);
  bool was_brought = false;
  bool was_replaced = last.before == arrival.commit;
  bool again = false;
  for (const Move& move : newest->left) {
    was_replaced = was_replaced || move.before == arrival.commit;
    if (move.commit != arrival.commit) continue;
    const auto told = move.seen.find(arrival.kind);
    const bool made_again = is_later && told != move.seen.end() && told->second < run;
    if (!arrival.before.empty() && move.before == arrival.before)
      return made_again ? Order::newer : Order::older;
    was_brought = true;
    again = again || made_again;
  }
  // Who does not say what it replaced may be late for any of the moves to its head.
  if (arrival.before.empty() && was_brought) return again ? Order::newer : Order::older;
  if (!arrival.before.empty() && arrival.before == last.commit) return Order::newer;
  if (was_replaced && !was_brought) return Order::older;
  const std::uint64_t first = lowest_run(last);
  return run != 0 && first != 0 && run < first ? Order::older : Order::newer;
}

Newest arrived(const std::optional<Newest>& newest, const Arrival& arrival, const Bringer& bringer,
               std::vector<NewestClaim> older, Instant now) {
  Newest next;
  if (newest && newest->move.commit == arrival.commit) {
    next = *newest;
  } else {
    if (newest) {
      next.left = newest->left;
      std::erase_if(next.left, [&](const Move& move) {
        return move.before == newest->move.before && move.commit == newest->move.commit;
      });
      next.left.insert(next.left.begin(), newest->move);
      // A move that is made again is the newest's own from now on.
      std::erase_if(next.left, [&](const Move& move) {
        return move.before == arrival.before && move.commit == arrival.commit;
      });
      if (next.left.size() > most_left_behind) next.left.resize(most_left_behind);
    }
    next.move.commit = shortened(arrival.commit, bounds::word);
    next.run_id = shortened(bringer.holder.run_id, bounds::word);
    next.run_url = shortened(bringer.holder.run_url, bounds::address);
    next.at = now;
    // A head that did not start although it had been calm for long enough was given up.
    const bool goes_on =
        newest && !newest->started && now < newest->at + 2 * bringer.settle && now >= newest->at;
    next.burst_since = goes_on ? newest->burst_since : now;
    if (newest) next.let_in = newest->let_in;
    if (goes_on && calm_at(next, bringer.settle) <= now) {
      next = started_newest(std::move(next), now);
      add_bounded(next.let_in, bringer.claim);
    }
  }
  next.branch = shortened(arrival.branch, bounds::word);
  tell_of(next.move, arrival);
  next.older.clear();
  for (NewestClaim& claim : older)
    if (claim != bringer.claim) add_bounded(next.older, std::move(claim));
  add_bounded(next.claims, bringer.claim);
  return next;
}

Instant calm_at(const Newest& newest, Duration settle) {
  if (newest.started) return newest.at;
  return std::min(newest.at + settle, newest.burst_since + longest_burst * settle);
}

bool is_let_in(const Newest& newest, const NewestClaim& claim) {
  return std::find(newest.let_in.begin(), newest.let_in.end(), claim) != newest.let_in.end();
}

Newest started_newest(Newest newest, Instant now) {
  if (!newest.started) newest.started = now;
  return newest;
}

bool is_forgettable(const Newest& newest, Instant now) { return now >= newest.at + kept_for; }

std::string encode_newest(const Newest& newest) {
  json record = {{"version", newest_version},
                 {"branch", newest.branch},
                 {"newest", json_of(newest.move)},
                 {"run_id", newest.run_id},
                 {"run_url", newest.run_url},
                 {"at", format_rfc3339(newest.at)},
                 {"claims", json_of(newest.claims)},
                 {"older", json_of(newest.older)},
                 {"burst_since", format_rfc3339(newest.burst_since)},
                 {"left_behind", json::array()}};
  if (newest.started) record["started"] = format_rfc3339(*newest.started);
  if (!newest.let_in.empty()) record["let_in"] = json_of(newest.let_in);
  for (const Move& move : newest.left)
    record["left_behind"].push_back(json_of(move));
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Newest, ClaimError> decode_newest(std::string_view source) {
  const auto error_of = [](const record::Problem& problem) {
    return ClaimError{
        problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
        problem.message};
  };
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  const json& object = std::get<json>(opened);
  try {
    Newest newest;
    newest.branch = text(object, "branch");
    newest.move = move_in(record::member(object, "newest"));
    newest.run_id = text(object, "run_id");
    newest.run_url = text(object, "run_url");
    newest.at = record::instant(object, "at");
    newest.burst_since = record::optional_instant(object, "burst_since").value_or(newest.at);
    newest.started = record::optional_instant(object, "started");
    newest.claims = claims_in(object, "claims");
    newest.older = claims_in(object, "older");
    if (object.contains("let_in")) newest.let_in = claims_in(object, "let_in");
    for (const json& item : list(object, "left_behind", most_left_behind))
      newest.left.push_back(move_in(item));
    return newest;
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

std::string newest_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/newest/";
}

std::string newest_ref(const Scope& scope, const Arrival& arrival, std::string_view name_space) {
  Scope line = scope;
  line.identity = {"branch", arrival.branch};
  return newest_prefix(name_space) +
         claim_ref(line, name_space).substr(claims_prefix(name_space).size());
}

}  // namespace refgate
