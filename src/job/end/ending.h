#pragma once
// How a session ends: by its holder, once.

#include <iosfwd>
#include <string>

#include "call/invocation.h"
#include "job/end/work_end.h"
#include "job/note/job_state.h"
#include "job/subject/own_claims.h"
#include "state/claiming.h"

namespace refgate {

/// Ends the claim of `note`, when it is still that claim, as `work` says (see
/// meaning_of_status), and keeps the end in the job's state, so that a second call has nothing to
/// do. Where nothing was executed the scope is given back as it was, with its place in its budgets.
///
/// The note is a hint: the claim is ended only when it stands below the step's own namespace and is
/// the step's own, or when the step names it by `--claim-id`; what else it says is never written to
/// the remote. What does not fit is a StoreError that names it, and changes nothing. A session that
/// was launched and whose claim is gone or somebody else's is recorded all the same. What an
/// earlier attempt had launched may have been executed, though this one left it out: then it ends
/// as cancelled. What it cost is `settings.spent`, which the claim and its `end` line say.
Ended end_session(const Invocation& call, const Settings& settings, Store& store,
                  const ClaimNote& note, const WorkEnd& work);

/// Likewise, of a session that nobody could be told of, or of which nothing was started: whatever
/// the note's phase is, the scope is given back as it was.
Ended give_back_session(const Invocation& call, const Settings& settings, Store& store,
                        const ClaimNote& note);

/// In Actions: the end in the job summary, and a warning on `commands` when the session was lost
/// before its job ended it.
void tell_end(const Invocation& call, const Ended& ended, const std::string& session_key,
              std::ostream& commands);

/// How the session was lost to its job, in the middle of a sentence: superseded, released, halted
/// by a pause, given up, taken over, gone. Empty: it was this job's to its end.
std::string describe_loss(const Ended& ended);

/// In Actions: such a loss as a warning on `commands`, and in the job summary. Nothing for an empty
/// text.
void tell_loss(const Invocation& call, const std::string& loss, const std::string& session_key,
               std::ostream& commands);

/// Likewise, in the job summary only.
void summarize_loss(const Invocation& call, const std::string& loss,
                    const std::string& session_key);

/// For people: until when a claim that could not be ended stands, as far as its note proves it.
/// `may_be_ended`: something was sent, and what became of it is not known.
std::string describe_left_live(const ClaimNote& note, const Self& self, bool may_be_ended);

/// For people.
std::string describe_end(const Ended& ended, const std::string& session_key);

}  // namespace refgate
