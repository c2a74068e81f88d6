#pragma once
// Steps that end a session, and what they are told of the work.

#include <string_view>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/gates/gates.h"
#include "lint/github/facts.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// The first step of a job that ends a session, itself or by a local action; nullptr when none
/// does.
const Step* finish_in(const Job& job, const Project& project, const Facts& facts);

/// Whether such a step is told what came of the work, and not only the job's status. `work`: the id
/// of the step that works, whose `conclusion` is success even when it failed and may go on.
bool is_told_outcome(const Step& finish, std::string_view work);

/// A step behind the gate on which a `finish` with nothing but the job's status would be wrong,
/// since all work asks for more than the verdict: the last one of them. nullptr when there is none.
const Step* narrower_work(const Job& job, const GatedSteps& gated, const Project& project,
                          const Facts& facts);

/// Edits that add a `finish` as the last step of the gate's job, which tells what came of `work`
/// where that is given. Empty when the steps are written in a way that is left alone.
std::vector<TextEdit> add_finish(const Document& document, const Job& job, const Gate& gate,
                                 const Step* work);

/// Edits that let a `finish` in a job behind the gate's hear of a failure of its own run, so that a
/// check that has failed does not turn green by asking again. Empty when it hears of it, or when
/// that cannot be written.
std::vector<TextEdit> hand_own_failure_on(const Document& document, const GatedJob& gated,
                                          const Step& finish);

}  // namespace refgate::lint
