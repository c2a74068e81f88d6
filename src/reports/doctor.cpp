// doctor: what a session needs of the remote, tried there, and what would stand in its way.

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "reports/trial.h"
#include "results/result_store.h"
#include "runner/runner.h"
#include "state/ledgers.h"
#include "state/queues.h"
#include "state/record.h"
#include "state/server_clock.h"
#include "view/reading_options.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

// GitHub's advice for one repository: at most 6 pushes a minute and 5,000 branches.
constexpr double advised_pushes_a_minute = 6;
constexpr std::size_t advised_refs = 5000;

Finding clock_check(const Claims& claims, const std::optional<ServerClock>& server, Duration skew) {
  if (auto difference = clock_difference(server, skew))
    return {"clock", "failed", std::move(*difference), clock_advice};
  const Instant at = now();
  Duration ahead{};
  for (const StoredClaim& stored : claims.claims)
    ahead = std::max({ahead, stored.claim.renewed_at - at, stored.claim.claimed_at - at});
  if (ahead > skew)
    return {"clock", "failed",
            "a claim was made " + format_duration(ahead) + " in the future of this machine's clock",
            "set the clock (NTP), or give a larger --skew everywhere"};
  const std::string claimed =
      claims.claims.empty() ? "no claim to compare with" : "no claim is from the future";
  return {"clock", "ok", (server ? "it agrees with the server's, and " : "") + claimed, ""};
}

Finding count_check(std::size_t claims, std::size_t notes) {
  Finding finding{"refs", "ok",
                  std::to_string(claims) + " claims and " + std::to_string(notes) + " notes refs",
                  ""};
  if (claims + notes > advised_refs)
    finding.state = "warning",
    finding.hint = "run refgate gc, for instance by a scheduled workflow";
  return finding;
}

/// Lines of the record, and the heartbeats of the sessions that are alive: each claim that was ever
/// renewed is renewed three times a lease.
Finding push_rate_check(const Record& record, const Claims& claims) {
  const Instant since = now() - 10min;
  const auto recent =
      std::count_if(record.entries.begin(), record.entries.end(),
                    [&](const ReadEntry& read) { return read.entry.timestamp >= since; });
  double beats = 0;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    if (claim.state == ClaimState::ended || claim.renewed_at == claim.claimed_at ||
        is_lost(claim, now()))
      continue;
    beats += 3.0 * static_cast<double>(Duration(1min).count()) /
             static_cast<double>(std::max<Duration>(claim.limits.lease, 1s).count());
  }
  const double rate = static_cast<double>(recent) / 10 + beats;
  Finding finding{"push rate", "ok",
                  "about " + std::to_string(recent) + " pushes in the last 10 minutes" +
                      (beats > 0 ? ", and " + std::to_string(static_cast<int>(std::ceil(beats))) +
                                       " heartbeats a minute"
                                 : ""),
                  ""};
  if (rate > advised_pushes_a_minute)
    finding.state = "warning", finding.text += ", over GitHub's advice of 6 a minute",
    finding.hint = "fewer triggers, a longer --interval, or --audit-skips summary";
  return finding;
}

/// What nobody can read is in nobody's way, and in nobody's figures either.
std::vector<UnreadableRef> unreadable_records(Store& store, const std::string& name_space,
                                              const Claims& claims, const Record& record) {
  std::vector<UnreadableRef> all = claims.unreadable;
  const auto add = [&](const std::vector<UnreadableRef>& refs) {
    all.insert(all.end(), refs.begin(), refs.end());
  };
  add(read_queues(store, name_space).unreadable);
  add(read_ledgers(store, name_space).unreadable);
  add(read_results(store, name_space, Instant::min(), Instant::max(), false).unreadable);
  add(record.unreadable);
  return all;
}

/// The checks that ask the remote, in order; what comes after a failure was not made.
constexpr std::array<const char*, 7> remote_checks{
    "reach and read", "namespace", "notes", "refs per push", "compare and swap", "refs", "records"};

void add_not_made(std::vector<Finding>& findings) {
  for (const char* check : remote_checks)
    if (std::none_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return finding.check == check; }))
      findings.push_back({check, "not made", "the remote did not answer", ""});
}

Finding token_check(const Remote& remote) {
  switch (remote.kind) {
    case Remote::Kind::https:
      if (remote.token.empty())
        return {"token", "warning", "there is no token",
                "give the workflow's token in REFGATE_TOKEN"};
      return {"token", "ok", "a token is there, and is sent in a header only", ""};
    case Remote::Kind::command:
      if (!remote.withheld.empty())
        return {"token", "warning", remote.withheld,
                "if the token is meant for that server, name its URL with --remote"};
      return {"token", "ok", "none is needed: the git command brings its own credentials", ""};
    case Remote::Kind::path:
      break;
  }
  return {"token", "ok", "none is needed for a path", ""};
}

/// Adds what was found. Throws StoreError where the remote cannot be read.
void examine(const Remote& remote, const Settings& settings, unsigned rounds,
             std::vector<Finding>& findings) {
  const auto begun = std::chrono::steady_clock::now();
  const auto deadline = begun + settings.policy.deadline;
  const auto open = [&] {
    auto store = open_store(remote, settings.name_space);
    store->set_deadline(deadline);
    return store;
  };
  const auto store = open();
  const std::string& name_space = settings.name_space;
  const Claims claims = read_claims(*store, name_space);
  findings.push_back({"reach and read", "ok", store->describe() + " answers", ""});
  const std::size_t notes = store->list(notes_prefix(name_space)).size();
  const Record record = read_record(*store, name_space, claims);
  const std::vector<UnreadableRef> unreadable =
      unreadable_records(*store, name_space, claims, record);
  // Enough is left to take away what was made.
  const Trial trial{open, name_space, rounds, begun + settings.policy.deadline * 3 / 4};
  for (Finding& finding : try_life_of_a_claim(trial))
    findings.push_back(std::move(finding));
  findings.push_back(clock_check(claims, store->server_clock(), settings.policy.skew));
  findings.push_back(count_check(claims.claims.size(), notes));
  findings.push_back(push_rate_check(record, claims));
  for (const UnreadableRef& ref : unreadable)
    findings.push_back({"records", "failed", ref.ref + ": " + ref.why,
                        "it is left alone; delete it with git when nobody needs it"});
  if (unreadable.empty())
    findings.push_back({"records", "ok", "every record of the namespace can be read", ""});
}

void print_as_json(const Invocation& call, const std::vector<Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings)
    list.push_back({{"check", finding.check},
                    {"state", finding.state},
                    {"text", finding.text},
                    {"hint", finding.hint}});
  print_json_list(call.out, "checks", std::move(list));
}

void print_text(const Invocation& call, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    call.out << finding.state << "  " << finding.check << ": "
             << escape_for(Place::line, finding.text) << "\n";
    if (!finding.hint.empty())
      call.out << "         " << escape_for(Place::line, finding.hint) << "\n";
  }
}

}  // namespace

int command_doctor(const Invocation& call) {
  const Settings settings = settings_of(call);
  const unsigned rounds = number_option(call, "rounds", Trial{}.rounds, 0);
  const Remote remote = resolve_remote(settings, call.environment);
  std::vector<Finding> findings{token_check(remote)};
  bool unreachable = false;
  try {
    examine(remote, settings, rounds, findings);
  } catch (const StoreError& error) {
    findings.push_back(
        {findings.size() == 1 ? "reach and read" : "read", "failed", error.what(), error.hint()});
    add_not_made(findings);
    unreachable = true;
  }
  if (call.flag("json"))
    print_as_json(call, findings);
  else
    print_text(call, findings);
  const bool failed = std::any_of(findings.begin(), findings.end(),
                                  [](const Finding& finding) { return finding.state == "failed"; });
  return unreachable ? exit_store : failed ? exit_no : exit_done;
}

}  // namespace refgate
