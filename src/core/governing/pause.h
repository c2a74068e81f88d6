#pragma once
// A stop by hand: nothing of a subject is launched until it is lifted. Pure; the text form is what
// `refs/<namespace>/pause` holds.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/claim/claim.h"
#include "core/text/time.h"

namespace refgate {

/// What a pause stops. `all` has no value.
enum class PauseKind { all, repo, workflow, share, actor };

struct PauseSubject {
  PauseKind kind = PauseKind::all;
  std::string value;  ///< "owner/name"; a workflow's name or file; a share; a login

  bool operator==(const PauseSubject&) const = default;
};

struct Pause {
  PauseSubject subject;
  Instant since{};
  std::optional<Instant> until;  ///< it lifts itself then; nullopt: not before somebody resumes
  bool halt = false;             ///< what ran was ended too
  std::string who;
  std::string reason;

  bool operator==(const Pause&) const = default;
};

/// What asks whether it is paused. An empty member is not known, and matches no subject.
struct PauseQuestion {
  std::string repository;
  std::string workflow;
  std::string workflow_file;
  std::string share;  ///< as it was named
  std::vector<std::string> actors;
};

/// Where a caller finds what may stop it, and what it is.
struct PausePlace {
  std::string ref;
  PauseQuestion question;
};

struct Pauses {
  std::vector<Pause> list;

  bool operator==(const Pauses&) const = default;
};

inline constexpr std::string_view pause_file = "pause.json";
/// More are refused: a list that long is no stop but a policy.
inline constexpr std::size_t most_pauses = 100;

/// "refs/<name_space>/pause"
std::string pause_ref(std::string_view name_space);

/// "all", "repo:owner/name", "workflow:CI", "share:review", "actor:octocat". The other alternative
/// is one sentence on what is wrong: nothing is no subject, since it may be what a script has not
/// set.
std::variant<PauseSubject, std::string> parse_pause_subject(std::string_view text);

/// Why nobody could be stopped by it, as one sentence; empty: somebody might be. A record keeps
/// such a subject all the same.
std::string why_it_stops_nobody(const PauseSubject& subject);

/// As it is typed; "all" for all.
std::string name_of(const PauseSubject& subject);

/// True when a session that asks so is one of the subject's.
bool stops(const PauseSubject& subject, const PauseQuestion& question);

/// What a claim would ask: its repository by the address of its run, its share or workflow file by
/// its ref.
PauseQuestion question_of(const Claim& claim, std::string_view ref);

/// What has passed its end stops nothing.
bool is_over(const Pause& pause, Instant now);

/// The pause that stops this, the one that lasts longest; nullptr when none does.
const Pause* pause_of(const Pauses& pauses, const PauseQuestion& question, Instant now);

/// With the pause, in place of one of the same subject; those that are over are left out. nullopt
/// when the list is full.
std::optional<Pauses> with_pause(Pauses pauses, Pause pause, Instant now);

/// Without the subject's pause, or without all; those that are over are left out too.
Pauses without_pause(Pauses pauses, const std::optional<PauseSubject>& subject, Instant now);

/// "Paused (workflow:CI) by octocat since 2026-11-22T12:00:00Z, until 2026-11-22T14:00:00Z: why"
std::string describe(const Pause& pause);

/// "refgate resume workflow:CI", its word quoted for a shell where it needs to be.
std::string how_to_resume(const PauseSubject& subject);

/// A line of the record: a pause was made, or (`EntryKind::resume`) lifted. `nonce` tells those of
/// one subject apart.
AuditEntry pause_line(const Pause& pause, EntryKind kind, std::string_view nonce, Instant now);

std::string encode_pauses(const Pauses& pauses);

/// Never throws, on any text. Who meets an error leaves the record alone.
std::variant<Pauses, ClaimError> decode_pauses(std::string_view text);

}  // namespace refgate
