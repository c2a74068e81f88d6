#include "job/gate/informants.h"

#include "job/gate/pausing.h"
#include "runner/run_lookup.h"
#include "state/queues.h"

namespace refgate {

BudgetSubjects budget_subjects(const Subject& subject) {
  const Event& event = subject.event;
  // Another repository that uses the same store has ledgers of its own. No file or login begins
  // with a word and a blank.
  const std::string& beside = subject.scope.repository;
  const std::string whose = beside.empty() ? std::string() : beside + ": ";
  return {subject.ref,
          whose + (event.workflow_file.empty() ? event.workflow : event.workflow_file),
          whose + event.triggering_actor,
          beside.empty() ? event.repository : beside,
          event.charged_to == Trust::outside,
          event.workflow};
}

Informants informants_of(const Invocation& call, const Subject& subject, const Settings& settings,
                         Store& store, const std::shared_ptr<NewestLook>& newest) {
  Informants informants;
  if (settings.policy.holder_run == HolderRun::ask)
    informants.holder_run = [&call, &store, &settings](const Claim& claim) {
      return ask_run(call.environment, resolve_remote(settings, call.environment).address, claim,
                     store.deadline());
    };
  const PausePlace place = pause_place(subject, settings);
  const bool asks = asks_pause(settings);
  const auto& slots = settings.policy.slots;
  const std::string pool =
      slots && !settings.policy.force
          ? slots_ref(slots->pool, subject.event.charged_to, settings.name_space)
          : std::string();
  if (asks || newest || !pool.empty() || keeps_ledgers(settings.policy))
    informants.governed = [&subject, &settings, place, asks, newest, pool](Store& asked) {
      const BudgetSubjects subjects = budget_subjects(subject);
      std::vector<std::string> refs = ledgers_of(settings.policy, subjects, settings.name_space);
      if (asks) refs.push_back(place.ref);
      if (newest) refs.push_back(newest->place.ref);
      if (!pool.empty()) refs.push_back(pool);
      const auto read = asked.read(refs);
      Surroundings around;
      if (asks) around.paused = pause_in(read, place);
      if (around.paused) return around;
      const LedgerRefusal refused =
          refusal_in(read, settings.policy, subjects, settings.name_space);
      around.spent = refused.spent;
      around.breaker = refused.breaker;
      if (newest) {
        newest->seen = newest_in(asked, read, newest->place, subject.request.scope);
        around.newer = newest->seen.newer_run();
      }
      if (!pool.empty()) around.closed = closed_pool_in(read, pool, now());
      return around;
    };
  if (newest) {
    informants.claimed = [&call, &subject, &settings, newest](Store& asked, Acquired& won) {
      enter_line({call, subject, settings}, asked, *newest, won);
    };
  }
  if (newest && settings.policy.supersede) {
    informants.is_replaced = [newest](const std::string& claim_id) {
      return newest->seen.older_of(claim_id) != nullptr;
    };
    informants.replace = [&call, &subject, &settings, newest](Store& asked,
                                                              const std::string& claim_id) {
      return end_in_the_way({call, subject, settings}, asked, *newest, claim_id);
    };
  }
  if (asks_pause_while_waiting(settings.policy)) informants.pause_while_waiting = place;
  return informants;
}

}  // namespace refgate
