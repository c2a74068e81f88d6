// doctor: what a session needs of the remote, tried there, and what would stand in its way.

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <set>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/count.h"
#include "core/text/json.h"
#include "core/words/shorten.h"
#include "reports/doctor/trial.h"
#include "results/result_store.h"
#include "runner/failure.h"
#include "runner/runner.h"
#include "state/ledgers.h"
#include "state/newest/newest_line.h"
#include "state/pause/pauses.h"
#include "state/queues.h"
#include "state/record.h"
#include "state/server_clock.h"
#include "store/git/local_repository.h"
#include "view/reading_options.h"
#include "view/screen.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

// GitHub's advice for one repository: at most 6 pushes a minute and 5,000 branches.
constexpr double advised_pushes_a_minute = 6;
constexpr std::size_t advised_refs = 5000;

/// `tells`: such a server's answers have the time in them.
Finding clock_check(const Claims& claims, const std::optional<ServerClock>& server, bool tells,
                    Duration skew) {
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
  if (tells && !server)
    return {"clock", "warning",
            "the server told no time, so that this machine's clock was not compared with its (" +
                claimed + ")",
            "see that the clock is set (NTP): by one that is wrong, sessions are taken over while "
            "they live, or long after they died"};
  return {"clock", "ok", (server ? "it agrees with the server's, and " : "") + claimed, ""};
}

Finding count_check(std::size_t claims, std::size_t notes) {
  Finding finding{"refs", "ok", counted(claims, "claim") + " and " + counted(notes, "notes ref"),
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

/// First of all: what is stopped by hand.
void add_standing_pauses(const std::vector<Pause>& pauses, std::vector<Finding>& findings) {
  std::vector<Finding> first;
  for (const Pause& pause : pauses)
    first.push_back(
        {"paused", "warning", describe(pause), "to lift it: " + how_to_resume(pause.subject)});
  findings.insert(findings.begin(), first.begin(), first.end());
}

constexpr Duration recent_launches = std::chrono::days(7);

/// A stop that nobody asks for is none. Where nobody ever asks, and nothing is paused, somebody
/// chose that.
Finding asking_check(const Record& record, bool something_is_paused) {
  const Instant since = now() - recent_launches;
  std::size_t launches = 0;
  std::size_t asked = 0;
  std::set<std::string> deaf;
  for (const ReadEntry& read : record.entries) {
    const AuditEntry& entry = read.entry;
    if (entry.kind != EntryKind::launch || entry.timestamp < since) continue;
    ++launches;
    if (entry.asked_pause)
      ++asked;
    else
      deaf.insert(entry.workflow.empty() ? "(no workflow)" : entry.workflow);
  }
  if (asked == launches)
    return {"pause", "ok",
            launches == 0 ? "no launch in the last 7 days"
                          : "every launch of the last 7 days asked whether it is paused",
            ""};
  std::string which;
  constexpr std::size_t most_named = 5;
  std::size_t named = 0;
  for (const std::string& workflow : deaf) {
    if (named++ == most_named) break;
    which += (which.empty() ? "" : ", ") + shortened(workflow, bounds::word);
  }
  if (deaf.size() > most_named) which += ", …";
  const bool wanted = asked > 0 || something_is_paused;
  return {"pause", wanted ? "warning" : "ok",
          std::to_string(launches - asked) + " of " + std::to_string(launches) +
              (launches == 1 ? " launch" : " launches") +
              " of the last 7 days did not ask whether they are paused: " + which,
          wanted ? "give their gates --pause ask (input pause: ask): refgate pause stops nobody "
                   "who does not ask"
                 : ""};
}

/// What nobody can read is in nobody's way, and in nobody's figures either.
std::vector<UnreadableRef> unreadable_records(Store& store, const std::string& name_space,
                                              const Claims& claims, const Record& record) {
  std::vector<UnreadableRef> all = claims.unreadable;
  const auto add = [&](const std::vector<UnreadableRef>& refs) {
    all.insert(all.end(), refs.begin(), refs.end());
  };
  add(read_queues(store, name_space).unreadable);
  add(read_pools(store, name_space).unreadable);
  add(read_ledgers(store, name_space).unreadable);
  add(newest_lines_in(store.read_all(newest_prefix(name_space)), name_space).unreadable);
  add(read_results(store, name_space, Instant::min(), Instant::max(), false).unreadable);
  add(record.unreadable);
  return all;
}

/// The checks that ask the remote, in order; what comes after a failure was not made.
constexpr std::array<const char*, 9> remote_checks{
    "reach and read",   "pause", "namespace", "notes", "places", "refs per push",
    "compare and swap", "refs",  "records"};

void add_not_made(std::vector<Finding>& findings) {
  for (const char* check : remote_checks)
    if (std::none_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return finding.check == check; }))
      findings.push_back({check, "not made", "what comes before it failed", ""});
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

/// Here, not at the remote: what an agent that runs in this checkout could push with.
Finding kept_credentials_check() {
  std::string names;
  for (const std::string& name : kept_credentials("."))
    names += (names.empty() ? "" : ", ") + name;
  if (names.empty())
    return {"kept credentials", "ok", "the configuration of a checkout here keeps none", ""};
  return {
      "kept credentials", "warning",
      "the configuration of the checkout here keeps some, for whatever runs in it: " + names,
      "persist-credentials: false on every actions/checkout before an agent; git config --unset"};
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
  std::vector<UnreadableRef> unreadable = unreadable_records(*store, name_space, claims, record);
  const StoredPauses pauses = read_pauses(*store, name_space);
  unreadable.insert(unreadable.end(), pauses.unreadable.begin(), pauses.unreadable.end());
  const std::vector<Pause> standing = pauses.standing(now());
  add_standing_pauses(standing, findings);
  findings.push_back(asking_check(record, !standing.empty()));
  // Enough is left to take away what was made.
  const Trial trial{open, name_space, rounds, begun + settings.policy.deadline * 3 / 4};
  for (Finding& finding : try_life_of_a_claim(trial))
    findings.push_back(std::move(finding));
  findings.push_back(clock_check(claims, store->server_clock(), remote.kind == Remote::Kind::https,
                                 settings.policy.skew));
  findings.push_back(count_check(claims.claims.size(), notes));
  findings.push_back(push_rate_check(record, claims));
  for (const UnreadableRef& ref : unreadable)
    findings.push_back({"records", "failed", ref.ref + ": " + ref.why,
                        "it is left alone; delete it with git when nobody needs it"});
  if (unreadable.empty())
    findings.push_back({"records", "ok", "every record of the namespace can be read", ""});
}

bool has_reached(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.check == std::string_view("reach and read");
  });
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
  const Screen screen = screen_of(call);
  for (const Finding& finding : findings) {
    call.out << painted(screen, std::string(finding.state), finding.state) << "  " << finding.check
             << ": " << escape_for(Place::line, finding.text) << "\n";
    if (!finding.hint.empty())
      call.out << "         " << escape_for(Place::line, finding.hint) << "\n";
  }
}

}  // namespace

int command_doctor(const Invocation& call) {
  const Settings settings = settings_of(call);
  const unsigned rounds = number_option(call, "rounds", Trial{}.rounds, 0);
  const Remote remote = resolve_remote(settings, call.environment);
  std::vector<Finding> findings{token_check(remote), kept_credentials_check()};
  bool unreachable = false;
  try {
    examine(remote, settings, rounds, findings);
  } catch (const StoreError& error) {
    findings.push_back(
        {has_reached(findings) ? "read" : "reach and read", "failed", error.what(), error.hint()});
    add_not_made(findings);
    unreachable = true;
    tell_failure(call.environment, call.err, {call.command, error.what(), error.hint(), {}});
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
