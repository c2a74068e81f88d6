#pragma once
// `--supersede` and `--settle`: of the heads of one branch the newest wins.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "call/invocation.h"
#include "call/settings.h"
#include "job/note/job_state.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/newest/newest_line.h"

namespace refgate {

/// What a gate has seen of its line.
struct NewestLook {
  NewestPlace place;
  SeenNewest seen;
  bool lost = false;     ///< a newer head came between the look and the claim
  bool entered = false;  ///< the caller's claim stands in the record
};

/// nullopt: the event brings no head to a branch.
std::optional<NewestPlace> newest_place(const Subject& subject, const Settings& settings);

/// nullptr where it was not said, or the event brings no head to a branch.
std::shared_ptr<NewestLook> newest_look(const Subject& subject, const Settings& settings);

/// Whose head it is that arrives.
struct Arriving {
  const Invocation& call;
  const Subject& subject;
  const Settings& settings;
};

/// Once the claim is made, whatever it waits for: makes it the newest of its line, and ends the
/// claims of older heads, unless it is only watched; what could not be ended is told in the reason.
/// Without `--supersede`, only those that wait; and while it may still be skipped, for want of its
/// turn, a slot or a budget, too: what runs goes on until this one starts, since a skip ends
/// nobody. A session that had begun before stands in the line already; who was forced stands in
/// none. Throws StoreError.
void enter_line(const Arriving& arriving, Store& store, NewestLook& look, Acquired& acquired);

/// Once nothing can hold it back any more: ends the sessions of older heads that go on.
void end_outdated(const Arriving& arriving, Store& store, const NewestLook& look,
                  Acquired& acquired);

/// Ends the one session of an older head that stands in the way of the caller's own. False when it
/// could not be ended.
bool end_in_the_way(const Arriving& arriving, Store& store, const NewestLook& look,
                    const std::string& claim_id);

/// What a run is told instead that was won, and whose claim is to be given up, since a newer head
/// came meanwhile; nullopt: it goes on.
std::optional<Decision> superseded_meanwhile(const Arriving& arriving, const NewestLook& look);

}  // namespace refgate
