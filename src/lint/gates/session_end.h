#pragma once
// Steps that end a session, and what they are told of the work.

#include <string_view>

#include "lint/github/facts.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// The first step of a job that ends a session, itself or by a local action; nullptr when none
/// does.
const Step* finish_in(const Job& job, const Project& project, const Facts& facts);

/// Whether such a step is told what came of the work, and not only the job's status. `work`: the id
/// of the step that works, whose `conclusion` is success even when it failed and may go on.
bool is_told_outcome(const Step& finish, std::string_view work);

}  // namespace refgate::lint
