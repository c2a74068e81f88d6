#pragma once
// One gate: the claim, the telling, the skip's line, and what happens when there is no answer.

#include "app/invocation.h"
#include "app/subject.h"
#include "core/decision.h"

namespace refgate {

struct GateAnswer {
  Verdict verdict = Verdict::skip;
  int exit = exit_done;
};

/// `brief` prints the five names of the original only. Whatever happens, the outputs say `skip_execution=true` unless the verdict is run.
GateAnswer gate(const Invocation& call, const Settings& settings, Subject& subject, bool brief);

}  // namespace refgate
