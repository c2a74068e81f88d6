#pragma once
// One line of the record, and the places where lines are kept.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/event.h"
#include "core/record/spent.h"
#include "core/text/time.h"

namespace refgate {

enum class EntryKind {
  launch,      ///< a session was started: the claim was won
  skip,        ///< a caller was told to skip; `observed`: would have been, and ran
  end,         ///< the holder ended its session
  lost,        ///< a holder was found gone, by the one who took over or by gc
  release,     ///< a person freed the scope, with a reason
  given_back,  ///< the answer to a launch of which nothing was executed: readers subtract that one
  pause,       ///< a person stopped a subject, which stands in place of the session key
  resume,      ///< and lifted it
  remade,      ///< a run that was skipped for nothing was taken up to be launched again
  audit,       ///< written by hand with the positional `audit` command
};

/// A line holds identifiers and outcomes, never prompts, tokens or contents of files. The first
/// eight members and the two groups that encode() derives from them (`retry_suppression`,
/// `session_management`) are the fields of the original script.
/// The job_status of the release line of a session that a newer head of its branch ended.
inline constexpr std::string_view superseded_status = "superseded";

struct AuditEntry {
  std::string session_key;
  Instant timestamp{};
  std::string event_type;
  std::string workflow;
  std::string run_id;
  std::string run_page;  ///< what the run's page goes by where that is not its id (Gitea, Forgejo)
  std::string commit_sha;  ///< any text
  bool executed = false;
  std::string
      job_status;  ///< "started", "skipped", "observed", "success", "failure", "cancelled",
                   ///< "lost", "released", "given_back", "remade", or what `audit` was given

  EntryKind kind = EntryKind::audit;
  std::string id;  ///< 32 hexadecimal digits; the same line always has the same id, so that writing
                   ///< it twice changes nothing
  std::string reason_code;  ///< of the decision; empty where there was none
  std::string reason;       ///< for people
  std::string claim_id;  ///< whose line this is; a skip has the one that the caller would have used
  std::uint64_t generation = 0;
  unsigned run_attempt = 1;
  std::string job;
  std::string actor;
  std::string scope;            ///< the claim's ref
  std::string holder_run_id;    ///< on a skip: who held it
  std::string holder_claim_id;  ///< likewise: the claim, of this line's generation
  std::vector<Cover> covers;  ///< on a launch and a skip: the pull requests that it is for, sorted;
                              ///< empty: all of its head. See covers_in_line
  std::string superseded_by;  ///< on a release: the run with a newer head that ended it
  std::optional<Duration> duration;  ///< on an end: how long the session took
  Spent spent;                       ///< on an end, or by hand: what the job says that it cost
  std::optional<Duration> memory;    ///< on a launch: for how long its success would be remembered
  std::string group;   ///< the sessions that are processed in order with this one; or empty
  std::string launch;  ///< on a given_back: the id of the launch that did not take place
  std::optional<Instant> until;  ///< on a skip: when it makes sense to ask again, on a limited end
                                 ///< too; on a pause: when it lifts itself; none: not known
  bool asked_pause = false;      ///< on a launch: it was asked whether it is paused
  bool observed = false;  ///< on a skip, and the end of what ran in its place: nobody was held back

  bool operator==(const AuditEntry&) const = default;
};

/// The id of a line: a digest of claim, generation and kind. `extra` tells lines of one claim and
/// kind apart that are really several (releases, lines written by hand).
std::string entry_id(std::string_view claim_id, std::uint64_t generation, EntryKind kind,
                     std::string_view extra = {});

/// One line of JSON without the line end, with "version" and a "digest" of all the rest.
std::string encode_entry(const AuditEntry& entry);

struct ReadEntry {
  AuditEntry entry;
  bool digest_fits = false;
};

/// nullopt when the line is not one of ours (a note that somebody wrote with git, or a newer
/// version).
std::optional<ReadEntry> decode_entry(std::string_view line);

/// What decode_entry would read, and its id; nullopt where that would be. Neither looks at the
/// digest, so that they cost half as much.
std::optional<AuditEntry> entry_of(std::string_view line);
std::optional<std::string> entry_id_of(std::string_view line);

/// The object that a line is a note on: the commit, or for any other text a synthetic id of 40
/// digits.
std::string annotated_object(std::string_view commit_sha);

/// "refs/notes/<name_space>/<yyyymmdd>/<entry id>": the day is the line's own.
std::string entry_ref(const AuditEntry& entry, std::string_view name_space);

/// "launch", "skip", …
std::string_view name_of(EntryKind kind);
std::vector<std::string_view> entry_kind_names();

}  // namespace refgate
