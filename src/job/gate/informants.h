#pragma once
// What a gate looks up besides its scope's own state, and whose ledgers its launch is entered in.

#include <memory>

#include "call/invocation.h"
#include "job/gate/superseding.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/spending.h"

namespace refgate {

BudgetSubjects budget_subjects(const Subject& subject);

/// What a gate of these settings looks up. Everything is referred to, and must live as long.
/// `newest` is that of newest_look, which learns what is seen.
Informants informants_of(const Invocation& call, const Subject& subject, const Settings& settings,
                         Store& store, const std::shared_ptr<NewestLook>& newest);

}  // namespace refgate
