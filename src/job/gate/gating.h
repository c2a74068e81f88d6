#pragma once
// One gate: the claim, the telling, the skip's line, and what happens when there is no answer.

#include "call/invocation.h"
#include "core/decision/decision.h"
#include "job/subject/subject.h"
#include "job/verdict/verdict.h"

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

/// Whatever happens, the outputs say `skip_execution=true` unless the verdict is run.
GateAnswer gate(const Invocation& call, const Settings& settings, Subject& subject, TellAs as);

}  // namespace refgate
