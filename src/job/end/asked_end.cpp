#include "job/end/asked_end.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "core/event/scope.h"
#include "core/text/json.h"
#include "job/end/broken_promises.h"
#include "job/end/ending.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_socket.h"
#include "job/note/told_skip.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"
#include "state/claiming.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Word {
  std::string result;
  std::string text;
  std::string ref;
  std::string claim_id;
  std::string broken;  ///< see describe_broken_promises
  std::string loss;    ///< see describe_loss
  std::string session_key;
};

std::string field(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<Word> ask_to_end(const Invocation& call, const Settings& settings,
                             const JobState& state, const WorkEnd& work) {
  const auto deadline = Clock::now() + settings.policy.deadline;
  // A little less than this call has, so that what came of it can still be told.
  const auto within = std::chrono::duration_cast<std::chrono::milliseconds>(
      settings.policy.deadline - std::min<Duration>(settings.policy.deadline / 10, 1s));
  std::vector<Word> words;
  for (const std::string& line : ask_heartbeats(
           heartbeat_address(call.environment, state),
           encode_question({work.status, within, work.until, settings.spent}), deadline)) {
    const auto answer = nlohmann::json::parse(line, nullptr, false);
    if (answer.is_object())
      words.push_back({field(answer, "result"), field(answer, "text"), field(answer, "ref"),
                       field(answer, "claim_id"), field(answer, "broken"), field(answer, "loss"),
                       field(answer, "session_key")});
  }
  return words;
}

/// What a ref holds that somebody told: nothing, when it is none of this namespace's claims.
SeenClaim look_at(Store& store, const Settings& settings, const std::string& ref) {
  if (!ref.starts_with(claims_prefix(settings.name_space))) return {};
  try {
    return read_claim(store, ref);
  } catch (const StoreError&) {
    throw;
  } catch (const std::exception&) {
    return {};  // no legal name of a ref
  }
}

void tell(const Invocation& call, const Word& word) {
  (word.result == "failed" ? call.err : call.out)
      << "By the word of this job's heartbeat process: " << escape_for(Place::line, word.text)
      << "\n";
  tell_loss(call, word.loss, word.session_key, call.out);
  tell_broken_promises(call, word.broken, call.out);
}

bool holds_claim(const Invocation& call, const JobState& state, bool ended) {
  const auto notes = state.notes();
  return std::any_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.is_over() == ended && note.runner_job == state.runner_job() &&
           note.claim.holder.run_id == call.environment.get("GITHUB_RUN_ID");
  });
}

bool holds_live_claim(const Invocation& call, const JobState& state) {
  return holds_claim(call, state, false);
}

bool holds_ended_claim(const Invocation& call, const JobState& state) {
  return holds_claim(call, state, true);
}

/// Only who was told to run has a record that says so.
bool has_live_health(const JobState& state) {
  const auto all = health_of_job(state, "");
  return std::any_of(all.begin(), all.end(), [](const Health& health) {
    return !health.ended && !health.death && !health.observing && !health.unclaimed;
  });
}

/// Of what the remote shows only to who has a token.
constexpr const char* by_files =
    "; that is the word of the job's own files, since this step has no token to ask the remote";

}  // namespace

std::optional<EndWithoutToken> finish_without_token(const Invocation& call,
                                                    const Settings& settings, const JobState& state,
                                                    const WorkEnd& work,
                                                    const std::function<bool()>& look) {
  if (!call.environment.in_actions() || !settings.claim_id.empty()) return std::nullopt;
  const Remote remote = resolve_remote(settings, call.environment);
  if (remote.kind != Remote::Kind::https || !remote.token.empty()) return std::nullopt;
  const std::vector<Word> words = ask_to_end(call, settings, state, work);
  bool failed = false;
  for (const Word& word : words) {
    tell(call, word);
    failed = failed || word.result == "failed" || word.result.empty();
  }
  if (!words.empty()) return EndWithoutToken{failed ? exit_store : exit_done, true};
  if (!told_skips(state, caller_of(call, settings)).empty() && !holds_live_claim(call, state) &&
      !(settings.state_dir.empty() && has_live_health(state))) {
    const bool shown = look();
    call.out << "Nothing was changed: this job holds no claim (its gate said skip"
             << (shown ? "" : by_files) << ")\n";
    return EndWithoutToken{};
  }
  if (!holds_live_claim(call, state) && holds_ended_claim(call, state)) {
    const bool shown = look();
    call.out << "Session had ended before" << (shown ? "" : ", as this job's own note says")
             << "; nothing was changed\n";
    return EndWithoutToken{};
  }
  throw StoreError(
      StoreFailure::denied,
      "this step has no token, and no heartbeat process of this job answers: whatever its gate "
      "began was not ended, and the claim is left to its lease",
      "give the step the input token, or the claim-id of the gate; with heartbeat: false finish "
      "gets the job's own token");
}

std::optional<int> finish_without_note(const Invocation& call, const Settings& settings,
                                       const JobState& state, Store& store, const WorkEnd& work) {
  const std::vector<Word> words = ask_to_end(call, settings, state, work);
  bool agreed = true;
  for (const Word& word : words) {
    tell(call, word);
    const SeenClaim seen = look_at(store, settings, word.ref);
    const bool same = seen.claim && seen.claim->claim_id == word.claim_id;
    const bool ended = same && seen.claim->state == ClaimState::ended;
    const bool another = word.result == "given_back" || word.result == "not_ours";
    if ((ended && word.result != "failed") || (another && !same && !word.claim_id.empty()))
      continue;
    agreed = false;
    call.err << "refgate: the remote does not say so: "
             << (same ? "the claim is live" : "there is no such claim")
             << "; give finish the gate's claim-id\n";
  }
  if (words.empty()) return std::nullopt;
  return agreed ? exit_done : exit_store;
}

}  // namespace refgate
