#pragma once
// `--supersede`: of the heads of one branch the newest wins.

#include <map>
#include <memory>
#include <optional>

#include "call/invocation.h"
#include "call/settings.h"
#include "job/note/job_state.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/newest/newest_line.h"

namespace refgate {

/// What a gate has seen of its line, and the swap of it that went along with its claim last.
struct NewestLook {
  NewestPlace place;
  SeenNewest seen;
  SeenNewest sent;       ///< what that swap goes by
  bool entered = false;  ///< it is the newest, and sessions of older heads were ended
};

/// nullptr where it was not said, or the event brings no head to a branch.
std::shared_ptr<NewestLook> newest_look(const Subject& subject, const Settings& settings);

/// Whose head it is that arrives.
struct Arriving {
  const Invocation& call;
  const Subject& subject;
  const Settings& settings;
};

/// Once the claim is made, whatever it waits for: where the line went along with it, ends the
/// sessions of older heads, unless it is only watched.
void claimed(const Arriving& arriving, Store& store, NewestLook& look, const Acquired& acquired);

/// After a run was won: makes it the newest of its line where that did not go along with the claim.
/// nullopt: it is. Else what the
/// caller is told instead, whose claim is to be given up: a newer head has come. Throws StoreError.
std::optional<Decision> supersede(const Arriving& arriving, Store& store, NewestLook& look,
                                  const Acquired& acquired);

}  // namespace refgate
