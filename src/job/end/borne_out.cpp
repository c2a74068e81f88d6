#include "job/end/borne_out.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>

#include "core/decision/reason_code.h"
#include "core/event/scope.h"
#include "job/note/observation.h"
#include "job/subject/misfit.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"

namespace refgate {
namespace {

void warn(const Invocation& call, const std::string& title, const std::string& text) {
  call.err << "refgate: " << escape_for(Place::line, text) << "\n";
  call.out << annotation(call.environment, "warning", "refgate: " + title, text);
}

/// A session whose gate ran in another job of this run is ended by its id alone.
void warn_of_claims_elsewhere(const Invocation& call, const OwnLook& look) {
  for (const auto& [ref, version, claim] : look.others)
    warn(call, "a session is left live",
         "job " + claim.holder.job + " of this run holds the session " + claim.session_key +
             ", and this step does not end it: this job has no note of it. Give the gate's output "
             "claim_id as claim-id (--claim-id)");
}

/// What this job holds besides the work that it was told to skip. What it has a note of is told of
/// already, and ended by another step.
void warn_of_other_work(const Invocation& call, const OwnLook& look, const JobState& state) {
  const auto notes = state.notes();
  for (const auto& [ref, version, claim] : look.aside) {
    const std::string& place = ref;
    if (std::any_of(notes.begin(), notes.end(),
                    [&](const ClaimNote& note) { return note.ref == place; }))
      continue;
    warn(call, "a session is left live",
         "this job holds the session " + claim.session_key +
             ", too, of which its files here say nothing, and this step, which is of work that it "
             "was told to skip, does not end it. If no other step does, give finish its claim-id "
             "(--claim-id)");
  }
}

/// Of a skip that a claim was not the reason of, so that none has to stand at its scope.
bool is_of_no_claim(std::string_view code) {
  static constexpr std::array<ReasonCode, 12> codes{
      ReasonCode::limited, ReasonCode::claim_lost,   ReasonCode::superseded,
      ReasonCode::breaker, ReasonCode::budget,       ReasonCode::paused,
      ReasonCode::queued,  ReasonCode::wait_expired, ReasonCode::unreachable,
      ReasonCode::denied,  ReasonCode::unreadable,   ReasonCode::read_only};
  return std::any_of(codes.begin(), codes.end(),
                     [&](ReasonCode each) { return name_of(each) == code; });
}

void warn_not_looked_at(const Invocation& call, const StoreError& error) {
  warn(call, "not looked at",
       "that this job holds no session is the word of its own files alone, since the remote could "
       "not be asked: " +
           std::string(error.what()));
}

void require_borne_out(const Invocation& call, const Settings& settings, const JobState& state,
                       Store& store, const Hints& hints) {
  const OwnLook look = require_none_live(call, settings, store, hints);
  if (hints.tells_of_others) warn_of_claims_elsewhere(call, look);
  warn_of_other_work(call, look, state);
  for (const auto& [ref, version, claim] : look.namesakes)
    warn(call, "a session is left live",
         "another job of this run that is called " + claim.holder.job + " holds the session " +
             claim.session_key + "; if it is this one's, give finish its claim-id (--claim-id)");
}

}  // namespace

bool Hints::is_in(const std::string& name_space) const {
  return std::any_of(refs.begin(), refs.end(), [&](const std::string& ref) {
    return ref.starts_with(claims_prefix(name_space));
  });
}

Hints hints_of(const Invocation& call, const Settings& settings, const JobState& state,
               const std::vector<ToldSkip>& skips) {
  Hints hints;
  for (const ToldSkip& skip : skips) {
    hints.refs.push_back(skip.ref);
    hints.told.push_back(skip.ref);
    if (is_of_no_claim(skip.code)) hints.claimless.push_back(skip.ref);
  }
  for (const Observation& each : observations(state, caller_of(call, settings))) {
    hints.refs.push_back(each.ref);
    if (each.would_skip) hints.told.push_back(each.ref);
  }
  hints.names_its_work = !settings.share.empty() || !settings.identity.empty();
  return hints;
}

void look_at_remote(const Invocation& call, const Settings& settings, const JobState& state,
                    Store& store, const Hints& hints) {
  if (!call.environment.in_actions()) return;
  try {
    require_borne_out(call, settings, state, store, hints);
  } catch (const Misfit&) {
    throw;
  } catch (const StoreError& error) {
    if (!hints.may_stay_unproven) throw;
    warn_not_looked_at(call, error);
  }
}

bool look_without_token(const Invocation& call, const Settings& settings, const JobState& state,
                        Hints hints) {
  for (const ClaimNote& note : state.notes())
    if (note.is_over() && note.runner_job == state.runner_job()) hints.refs.push_back(note.ref);
  try {
    require_borne_out(call, settings, state, *store_of(call, settings), hints);
    return true;
  } catch (const Misfit&) {
    throw;
  } catch (const StoreError& error) {
    // Else it is hidden from who has no token, as a private repository is.
    if (error.failure() == StoreFailure::unreachable) warn_not_looked_at(call, error);
    return false;
  }
}

}  // namespace refgate
