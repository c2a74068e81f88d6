#include <algorithm>
#include <cmath>
#include <ostream>

#include "call/commands.h"
#include "core/claim/decision.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/record.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

// GitHub's advice for one repository: at most 6 pushes a minute and 5,000 branches.
constexpr double advised_pushes_a_minute = 6;
constexpr std::size_t advised_refs = 5000;

struct Finding {
  std::string check;
  std::string state;  ///< "ok", "warning" or "failed"
  std::string text;
  std::string hint;
};

Finding failure(const std::string& check, const StoreError& error) {
  return {check, "failed", error.what(), error.hint()};
}

Finding namespace_check(Store& store, const std::string& name_space) {
  const std::string ref = "refs/" + name_space + "/doctor/" + fresh_nonce();
  const Change make{
      ref, std::nullopt,
      Snapshot{{{"doctor", "made and deleted by refgate doctor\n"}}, "refgate: doctor", now()}};
  const SwapOutcome made = store.swap(std::span(&make, 1)).front();
  if (made.result != SwapResult::swapped)
    return {"namespace", "failed",
            "refs below refs/" + name_space + "/ cannot be made: " + made.message,
            "look for a push rule or a hook, or choose another --namespace"};
  const Change take_away{ref, made.version, std::nullopt};
  const SwapOutcome gone = store.swap(std::span(&take_away, 1)).front();
  if (gone.result != SwapResult::swapped)
    return {"namespace", "warning", ref + " was made and could not be deleted: " + gone.message,
            "sessions work; expired state will pile up until deletions are allowed"};
  return {"namespace", "ok", "a ref below refs/" + name_space + "/ was made and deleted", ""};
}

Finding clock_check(const Claims& claims) {
  const Instant at = now();
  Duration ahead{};
  for (const StoredClaim& stored : claims.claims)
    ahead = std::max({ahead, stored.claim.renewed_at - at, stored.claim.claimed_at - at});
  if (ahead <= 60s)
    return {"clock", "ok",
            claims.claims.empty() ? "no claim to compare with" : "no claim is from the future", ""};
  return {"clock", "failed",
          "a claim was made " + format_duration(ahead) + " in the future of this machine's clock",
          "set the clock (NTP), or give a larger --skew everywhere"};
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

}  // namespace

int command_doctor(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Remote remote = resolve_remote(settings, call.environment);
  std::vector<Finding> findings;
  bool unreachable = false;
  switch (remote.kind) {
    case Remote::Kind::https:
      if (remote.token.empty())
        findings.push_back({"token", "warning", "there is no token",
                            "give the workflow's token in REFGATE_TOKEN"});
      else
        findings.push_back({"token", "ok", "a token is there, and is sent in a header only", ""});
      break;
    case Remote::Kind::command:
      findings.push_back(
          {"token", "ok", "none is needed: the git command brings its own credentials", ""});
      break;
    case Remote::Kind::path:
      findings.push_back({"token", "ok", "none is needed for a path", ""});
      break;
  }
  try {
    const auto store = open_store(remote, settings.name_space);
    store->set_deadline(std::chrono::steady_clock::now() + settings.policy.deadline);
    const Claims claims = read_claims(*store, settings.name_space);
    findings.push_back({"reach and read", "ok", store->describe() + " answers", ""});
    const std::size_t notes = store->list(notes_prefix(settings.name_space)).size();
    try {
      findings.push_back(namespace_check(*store, settings.name_space));
    } catch (const StoreError& error) {
      findings.push_back(failure("write", error));
    }
    findings.push_back(clock_check(claims));
    findings.push_back(count_check(claims.claims.size(), notes));
    findings.push_back(push_rate_check(read_record(*store, settings.name_space, claims), claims));
    for (const UnreadableRef& ref : claims.unreadable)
      findings.push_back({"records", "failed", ref.ref + ": " + ref.why,
                          "it is left alone; delete it with git when nobody needs it"});
  } catch (const StoreError& error) {
    findings.push_back(failure("reach and read", error));
    unreachable = true;
  }

  const bool failed = std::any_of(findings.begin(), findings.end(),
                                  [](const Finding& finding) { return finding.state == "failed"; });
  if (call.flag("json")) {
    nlohmann::json list = nlohmann::json::array();
    for (const Finding& finding : findings)
      list.push_back({{"check", finding.check},
                      {"state", finding.state},
                      {"text", finding.text},
                      {"hint", finding.hint}});
    call.out << list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    for (const Finding& finding : findings) {
      call.out << finding.state << "  " << finding.check << ": "
               << escape_for(Place::line, finding.text) << "\n";
      if (!finding.hint.empty())
        call.out << "         " << escape_for(Place::line, finding.hint) << "\n";
    }
  }
  return unreachable ? exit_store : failed ? exit_no : exit_done;
}

}  // namespace refgate
