#pragma once
// One gate: the claim, the telling, the skip's line, and what happens when there is no answer.

#include <memory>

#include "call/invocation.h"
#include "core/decision/decision.h"
#include "job/gate/superseding.h"
#include "job/subject/subject.h"
#include "job/verdict/verdict.h"
#include "state/claiming.h"

namespace refgate {

struct GateAnswer {
  Verdict verdict = Verdict::skip;
  int exit = exit_done;
  std::string claim_id;  ///< of the claim that was won; empty when there is none (a skip, or a run
                         ///< without one)
  ReasonCode code = ReasonCode::unreadable;
  bool own_failure = false;  ///< see Told::own_failure
  bool would_skip = false;   ///< see Told::would_skip
  std::string reason;        ///< of a skip, for people
  int interrupted_by =
      0;  ///< the signal that ended a wait, after everything was given back; 0: none
};

/// What a gate of these settings looks up besides the scope's own state. Everything is referred to,
/// and must live as long. `newest` is that of newest_look, which learns what is seen.
Informants informants_of(const Invocation& call, const Subject& subject, const Settings& settings,
                         Store& store, const std::shared_ptr<NewestLook>& newest);

/// Whatever happens, the outputs say `skip_execution=true` unless the verdict is run.
GateAnswer gate(const Invocation& call, const Settings& settings, Subject& subject, TellAs as);

}  // namespace refgate
