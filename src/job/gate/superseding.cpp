#include "job/gate/superseding.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <ostream>

#include "core/words/sentence.h"
#include "runner/runner.h"

namespace refgate {
namespace {

void tell_trouble(const Invocation& call, Decision& decision,
                  const std::vector<std::string>& trouble) {
  for (const std::string& each : trouble) {
    decision.reason += ". " + capitalised(each);
    call.err << "refgate: " << escape_for(Place::line, each) << "\n";
  }
}

}  // namespace

std::optional<NewestPlace> newest_place(const Subject& subject, const Settings& settings) {
  const auto& arrival = subject.event.arrival;
  if (!arrival) return std::nullopt;
  return NewestPlace{newest_ref(subject.scope, *arrival, settings.name_space), *arrival};
}

std::shared_ptr<NewestLook> newest_look(const Subject& subject, const Settings& settings) {
  if (!wants_newest(settings.policy)) return nullptr;
  auto place = newest_place(subject, settings);
  return place ? std::make_shared<NewestLook>(NewestLook{*std::move(place), {}}) : nullptr;
}

void enter_line(const Arriving& arriving, Store& store, NewestLook& look, Acquired& acquired) {
  const auto& [call, subject, settings] = arriving;
  Decision& decision = acquired.decision;
  const Claim& claim = *decision.next;
  look.lost = false;
  const bool waits = claim.state == ClaimState::waiting;
  if (decision.code == ReasonCode::forced ||
      (decision.code == ReasonCode::own && claim.claim_id != subject.request.nonce && !waits))
    return;
  look.seen =
      enter_newest(store, look.place,
                   {claim.holder, {subject.request.scope, claim.claim_id}, settings.policy.settle},
                   std::move(look.seen));
  acquired.outdone = look.lost = look.seen.newer_run().has_value();
  look.entered = !look.lost;
  if (look.lost || settings.policy.observe) return;
  std::vector<OlderClaim> ended = look.seen.older;
  // Who waits for nothing but calm, and is entered into no ledger, will start unless a newer head
  // comes.
  const bool will_start =
      (!waits || (claim.group.empty() && claim.slots.empty())) && !keeps_ledgers(settings.policy);
  const auto waits_too = [](const OlderClaim& each) {
    return each.claim.state == ClaimState::waiting && !each.let_in;
  };
  look.seen.older.clear();
  if (!settings.policy.supersede || !will_start) {
    std::copy_if(ended.begin(), ended.end(), std::back_inserter(look.seen.older),
                 std::not_fn(waits_too));
    std::erase_if(ended, std::not_fn(waits_too));
  }
  std::vector<std::string> trouble =
      end_older(store, settings.name_space, ended, subject.request.holder.run_id);
  if (look.seen.full)
    trouble.push_back("this head has over " + std::to_string(most_newest_claims) +
                      " sessions: the first of them is not ended when a newer head comes");
  tell_trouble(call, decision, trouble);
}

void end_outdated(const Arriving& arriving, Store& store, const NewestLook& look,
                  Acquired& acquired) {
  const auto& [call, subject, settings] = arriving;
  if (!look.entered || settings.policy.observe || !settings.policy.supersede) return;
  tell_trouble(
      call, acquired.decision,
      end_older(store, settings.name_space, look.seen.older, subject.request.holder.run_id));
}

bool end_in_the_way(const Arriving& arriving, Store& store, const NewestLook& look,
                    const std::string& claim_id) {
  const auto& [call, subject, settings] = arriving;
  const OlderClaim* older = look.seen.older_of(claim_id);
  if (older == nullptr) return false;
  return end_older(store, settings.name_space, {*older}, subject.request.holder.run_id).empty();
}

std::optional<Decision> superseded_meanwhile(const Arriving& arriving, const NewestLook& look) {
  if (!look.lost) return std::nullopt;
  Surroundings around;
  around.newer = look.seen.newer_run();
  return decide(std::nullopt, arriving.subject.request, arriving.settings.policy, now(), around);
}

}  // namespace refgate
