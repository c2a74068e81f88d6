#include "cli/input/explain_target.h"

#include <map>
#include <ostream>

#include "call/json_output.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "core/words/age.h"
#include "runner/runner.h"
#include "state/pause/pauses.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/screen.h"
#include "view/table.h"
#include "view/target.h"

namespace refgate {
namespace {

using nlohmann::json;

/// A target may name a whole branch.
constexpr std::size_t most_told = 20;

/// A piece of work that the target has to do with.
struct Work {
  const StoredClaim* stored = nullptr;
  const AuditEntry* line = nullptr;  ///< what the target was told last; nullptr: nothing is known
};

/// By the ref of its claim.
using Works = std::map<std::string, Work>;

Works works_of(const Named& named, const Claims& claims) {
  Works works;
  for (const StoredClaim* stored : named.claims)
    works[stored->ref].stored = stored;
  for (const AuditEntry* entry : named.entries) {
    if (entry->kind != EntryKind::launch && entry->kind != EntryKind::skip) continue;
    Work& work = works[entry->scope];
    if (work.line == nullptr || work.line->timestamp < entry->timestamp) work.line = entry;
  }
  for (const StoredClaim& stored : claims.claims)
    if (const auto work = works.find(stored.ref); work != works.end())
      work->second.stored = &stored;
  return works;
}

/// The part of a ref that says which work it is: kind and value, as one word.
std::string identity_of(std::string_view ref, const std::string& name_space) {
  const std::string prefix = claims_prefix(name_space);
  if (!ref.starts_with(prefix)) return std::string(ref);
  const std::string_view part =
      ref.substr(prefix.size(), ref.find('/', prefix.size()) - prefix.size());
  const std::string text = decode_ref_component(part);
  return text.empty() ? std::string(part) : text;
}

std::string share_text(std::string_view ref) {
  const RefShare share = share_of(ref);
  if (share.text.empty()) return "a share with a long name";
  return (share.is_name ? "share " : "workflow ") + share.text;
}

struct Answer {
  Decision decision;
  std::vector<std::string> changes;
};

std::string name_for_release(const Claim& claim) {
  return claim.holder.run_id.empty() ? claim.claim_id : claim.holder.run_id;
}

/// What of the state would have to be another for another verdict.
std::vector<std::string> changes_of(const Decision& decision, const std::optional<Claim>& claim,
                                    const Surroundings& around) {
  if (around.paused) return {how_to_resume(around.paused->subject)};
  if (decision.verdict == Verdict::run)
    return {"a launch of this work by somebody else, before it comes"};
  std::vector<std::string> changes;
  if (decision.until) changes.push_back("time: from " + until_text(*decision.until) + " on");
  if (!claim) return changes;
  if (claim->state != ClaimState::ended) {
    changes.push_back(
        "the end of that session: after success it stays done, after a failure "
        "--retry decides, after a cancellation the next one runs");
    changes.push_back("no news from its holder until " +
                      until_text(claim->lease_until + claim->limits.skew));
  } else if (decision.code == ReasonCode::pr_lock) {
    changes.push_back("time: from " + until_text(*claim->ended_at + claim->limits.pr_lock_window) +
                      " on");
  } else if (decision.code == ReasonCode::retry_suppressed) {
    changes.push_back("--retry manual and a re-run by a person, or --retry allow");
    changes.push_back("time: from " + until_text(*claim->ended_at + claim->limits.memory) + " on");
  }
  changes.push_back("another commit, share or dimension: that is other work");
  changes.push_back(how_to_free(name_for_release(*claim)));
  changes.push_back("--force (input force: true)");
  return changes;
}

/// As if the event came once more, in another run.
Answer answer_for(const Work& work, const std::string& ref, const Settings& settings,
                  const Pauses& pauses, Instant at) {
  const std::optional<Claim> claim =
      work.stored == nullptr ? std::nullopt : std::optional(work.stored->claim);
  Request request;
  request.event = work.line != nullptr ? work.line->event_type : claim ? claim->event : "";
  request.workflow = work.line != nullptr ? work.line->workflow : claim ? claim->workflow : "";
  request.commit = work.line != nullptr ? work.line->commit_sha : claim ? claim->commit : "";
  request.scope = ref;
  request.first_door = first_door_of(ref);
  request.same_change = identity_of(ref, settings.name_space).starts_with("patch-");
  request.nonce = fresh_nonce();
  Surroundings around;
  if (claim)
    if (const Pause* pause = pause_of(pauses, question_of(*claim, ref), at)) around.paused = *pause;
  Decision decision = decide(claim, request, settings.policy, at, around);
  std::vector<std::string> changes = changes_of(decision, claim, around);
  return {std::move(decision), std::move(changes)};
}

std::string event_text(const Work& work) {
  const auto text = [](const std::string& event, const std::string& actor, const std::string& run,
                       const std::string& commit) {
    return event + (actor.empty() ? "" : " by " + actor) + (run.empty() ? "" : ", run " + run) +
           (commit.empty() ? "" : ", commit " + commit.substr(0, 8));
  };
  if (work.line != nullptr)
    return text(work.line->event_type, work.line->actor, work.line->run_id, work.line->commit_sha);
  const Claim& claim = work.stored->claim;
  return text(claim.event, claim.holder.actor, claim.holder.run_id, claim.commit);
}

void tell(const Invocation& call, const std::string& ref, const Work& work, const Answer& answer,
          const std::string& name_space) {
  const Screen screen = screen_of(call);
  const Instant at = now();
  const auto line = [&](std::string_view name, const std::string& text,
                        std::string_view word = "") {
    call.out << labelled(name, text, screen, word);
  };
  line("Session", work.line != nullptr ? work.line->session_key : work.stored->claim.session_key);
  line("Event", event_text(work));
  line("Identity", identity_of(ref, name_space) + ", shared by " + share_text(ref));
  if (work.line != nullptr)
    line("It was",
         std::string(work.line->kind == EntryKind::skip ? "told to skip" : "told to run") + " (" +
             work.line->reason_code + "), " + age(work.line->timestamp, at));
  if (work.stored != nullptr) {
    const Claim& claim = work.stored->claim;
    const std::string state = state_text(claim, at);
    line("State", state, state);
    line("Holder", describe_holder(claim, at));
  } else {
    line("State", "nothing is stored any more");
  }
  const bool runs = answer.decision.verdict == Verdict::run;
  line("Now",
       std::string(runs ? "run" : "skip") + " (" + std::string(name_of(answer.decision.code)) +
           "), when this event comes once more",
       runs ? "run" : "skip");
  line("Rule", std::string(answer.decision.rule) + ": " + answer.decision.reason);
  for (std::size_t i = 0; i < answer.changes.size(); ++i)
    line(i == 0 ? "Unless" : "", answer.changes[i]);
}

json json_of(const std::string& ref, const Work& work, const Answer& answer,
             const std::string& name_space) {
  json value = {{"session_key",
                 work.line != nullptr ? work.line->session_key : work.stored->claim.session_key},
                {"ref", ref},
                {"identity", identity_of(ref, name_space)},
                {"share", share_of(ref).text},
                {"share_is_name", share_of(ref).is_name},
                {"told", nullptr},
                {"state", nullptr},
                {"decision",
                 {{"verdict", answer.decision.verdict == Verdict::run ? "run" : "skip"},
                  {"rule", answer.decision.rule},
                  {"reason_code", name_of(answer.decision.code)},
                  {"reason", answer.decision.reason}}},
                {"changed_by", answer.changes}};
  if (work.line != nullptr) value["told"] = json::parse(encode_entry(*work.line));
  if (work.stored != nullptr) value["state"] = json::parse(claim_json(*work.stored, now()));
  return value;
}

}  // namespace

int explain_target(const Invocation& call, const Settings& settings) {
  if (call.flag("offline") || call.flag("payload"))
    throw UsageError(
        "a target is looked for in what is stored, and --payload and --offline are about an event "
        "that is not; nothing was asked");
  const std::string& said = call.arguments.front();
  const Target target = target_of(said);
  const auto store = store_of(call, settings);
  Foreseen next = claims_and_record(settings.name_space);
  next.whole.push_back(pause_ref(settings.name_space));
  store->foresee(std::move(next));
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims);
  const StoredPauses pauses = read_pauses(*store, settings.name_space);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, pauses.unreadable);
  const Named named = find_named(target, claims, record.entries);
  if (!named.candidates.empty()) {
    call.err << tell_candidates(said, named.candidates);
    return exit_usage;
  }
  const Works works = works_of(named, claims);
  if (works.empty()) {
    call.err << "refgate: " << tell_unknown(said) << "\n";
    return exit_no;
  }
  json list = json::array();
  std::size_t told = 0;
  for (const auto& [ref, work] : works) {
    if (++told > most_told) continue;
    const Answer answer = answer_for(work, ref, settings, pauses.pauses, now());
    if (call.flag("json")) {
      list.push_back(json_of(ref, work, answer, settings.name_space));
      continue;
    }
    if (told > 1) call.out << "\n";
    tell(call, ref, work, answer, settings.name_space);
  }
  if (call.flag("json"))
    print_json_list(call.out, "sessions", std::move(list));
  else if (told > most_told)
    call.out << "\nand " << told - most_told << " more: name one by its run\n";
  return exit_done;
}

}  // namespace refgate
