#pragma once
// What triggered the run, normalised from the webhook payload and the runner's environment. Pure:
// text in, value out.
//
// Facts about events come from GitHub's "Events that trigger workflows" and "Webhook events and
// payloads" pages; facts about the environment from "Variables reference". `GITHUB_SHA` on
// pull_request is the merge commit and therefore never an identity.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/secrets/secret_scan.h"

namespace refgate {

/// Whether what runs was brought about by people who can write to the repository, or from outside:
/// by a fork's head or, where no code is brought (comments, reviews, issues, discussions), by an
/// author whose association is none of OWNER, MEMBER and COLLABORATOR. A head branch of the
/// repository itself is the repository's, whoever opened the pull request: bots, and members who
/// hide their membership, have the association CONTRIBUTOR or NONE. What a payload does not show to
/// be the repository's own (a deleted head repository, a check on a commit of no branch) is from
/// outside: the cost is one more launch, never a muted one. GitHub always mentions where a head
/// comes from; a payload that does not was written by hand, for this repository. What does not
/// mention its author's association (another forge's, or a page of the wiki) is the repository's
/// own where the repository's owner wrote it.
enum class Trust { repository, outside };

enum class EntityKind { none, pull_request, issue, discussion, branch, tag, release, repository };

/// What the event is about, for people and for ordering. A comment on a pull request belongs to the
/// pull request.
struct Entity {
  EntityKind kind = EntityKind::none;
  std::string value;  ///< number, branch or tag name; empty for none and repository

  bool operator==(const Entity&) const = default;
};

/// What makes two events the same work. `kind` is one short word of [a-z-] ("commit", "comment",
/// "run", …), `value` any text of at most max_event_text_bytes.
struct Identity {
  std::string kind;
  std::string value;

  bool operator==(const Identity&) const = default;
};

/// One thing that an identity is made of, for people: {"head commit", "9fce…"}.
struct IdentityPart {
  std::string name;
  std::string value;

  bool operator==(const IdentityPart&) const = default;
};

/// A pull request that a piece of work answers to: the same head against another base, or for
/// another number, is looked at and answered for again.
struct Cover {
  std::string number;  ///< digits
  std::string base;    ///< the base branch

  auto operator<=>(const Cover&) const = default;
};

/// A change as two commits: what `head` brings since it parted from `base`.
struct BroughtChange {
  std::string base;  ///< a commit, or a branch of the repository
  std::string head;  ///< a commit
  std::string onto;  ///< the branch that it is meant for

  bool operator==(const BroughtChange&) const = default;
};

/// A head that an event brought to a branch.
struct Arrival {
  std::string branch;  ///< of a fork "owner/name:branch"
  std::string commit;
  std::string before;  ///< the head that it replaced; empty: the payload does not say
  std::string kind;    ///< "push" or "pull_request", of a report the kind of what it is about
  std::string run_id;  ///< of a report that of the run which it is about

  bool operator==(const Arrival&) const = default;
};

struct Event {
  std::string kind;              ///< as in GITHUB_EVENT_NAME: "push", "pull_request", …
  std::string action;            ///< the payload's `action`, or empty
  std::string repository;        ///< "owner/name"
  std::string actor;             ///< who caused the event
  std::string triggering_actor;  ///< who started this attempt; differs from actor on a re-run
  bool triggering_actor_is_bot = false;
  Entity entity;
  std::string head_commit;  ///< the commit that the work is about, or empty
  Identity identity;
  std::vector<IdentityPart> identity_parts;  ///< what is in `identity.value`
  /// The pull requests that the work is for, sorted. Empty: all that have this head (a push), or
  /// the event is not about pull requests.
  std::vector<Cover> covers;
  std::string twin;  ///< for people: which other events are the same work; empty: none of another
                     ///< kind
  /// Of events that bring a new head to a branch, and of reports on their runs.
  std::optional<Arrival> arrival;
  /// Of events that bring code to a branch, as far as the payload tells both.
  std::optional<BroughtChange> change;
  bool about_commit = false;   ///< a commit event that without its branch is told by its commit
  bool exempt = false;         ///< never a duplicate of another event: identity is {"run", run_id}
  std::string exempt_because;  ///< for people; empty unless exempt
  Trust trust = Trust::repository;
  /// Whom the launch is charged to, and whose lines it stands in: as `trust`, but a label, an
  /// assignment, a milestone or a review request by another than the author is the repository's.
  Trust charged_to = Trust::repository;
  std::string run_id;  ///< any text; empty when unknown
  unsigned run_attempt = 1;
  std::string workflow;  ///< its name, for people and the session key
  std::string
      workflow_file;  ///< its path in the repository, or empty when the runner does not tell
  std::string job;
  std::string run_url;  ///< empty when there is none to point to
};

/// The part of the runner's environment that says what runs. Each member is the variable of that
/// name, empty when unset.
struct RunnerEnvironment {
  std::string event_name;            ///< GITHUB_EVENT_NAME
  std::string repository;            ///< GITHUB_REPOSITORY
  std::string server_url;            ///< GITHUB_SERVER_URL
  std::string actor;                 ///< GITHUB_ACTOR
  std::string triggering_actor;      ///< GITHUB_TRIGGERING_ACTOR
  std::string sha;                   ///< GITHUB_SHA
  std::string ref;                   ///< GITHUB_REF
  std::string run_id;                ///< GITHUB_RUN_ID
  std::string run_attempt;           ///< GITHUB_RUN_ATTEMPT
  std::string workflow;              ///< GITHUB_WORKFLOW
  std::string workflow_ref;          ///< GITHUB_WORKFLOW_REF
  std::string job;                   ///< GITHUB_JOB
  std::vector<KnownSecret> secrets;  ///< what no text that is read from the payload keeps
};

/// What makes two events the same work, when the caller does not name an identity.
enum class IdentityBy {
  event,   ///< the table of events
  commit,  ///< the head commit alone, whatever the event, its branch and base; an event that has no
           ///< commit, or is exempt, is told as by `event`
  patch,   ///< what is changed, for which branch (core/event/patch.h); parse_event, which cannot
           ///< know it, tells the event as by `event` and gives its `change`
  told_commit,  ///< for callers who know no branch: events about a commit are told by it, the
                ///< others as by `event`
};

/// What the caller said on the command line; each wins over what the payload and the environment
/// say. Empty: not said.
struct EventOverrides {
  std::string head_commit;  ///< any text
  std::string identity;     ///< any text; becomes {"custom", text} and lifts every exemption
  IdentityBy identity_by = IdentityBy::event;
};

/// One sentence for people: what is wrong with the payload or the environment, and with which
/// field.
struct EventError {
  std::string message;
};

/// The longest payload that is read. GitHub caps webhook payloads at 25 MB.
inline constexpr std::size_t max_payload_bytes = 32u << 20;
/// The deepest nesting that is read. GitHub's own payloads stay under 12.
inline constexpr int max_payload_depth = 64;
/// The most values (objects, lists and plain ones) that are read. A push of 2,048 commits, the most
/// that GitHub lists, has under 100,000.
inline constexpr std::size_t max_payload_values = 1'000'000;
/// The longest text that becomes part of an event, from the payload, the environment or an
/// override; longer is an error, never a truncation, so that two different names stay different.
/// The runner's own limits are lower: refs and logins have at most 255 bytes, label names 50
/// characters.
inline constexpr std::size_t max_event_text_bytes = 1024;

/// Parses a payload. `payload` is empty when there is none (a person at a command line): then the
/// commit events take their identity from `overrides.head_commit` (or GITHUB_SHA for push, also
/// when the payload does not mention the commit), and events that need a payload for their identity
/// are an error that says so. With `overrides.identity` neither the payload's fields nor the
/// event's name can be wrong; whatever can be read still fills the other members. Object ids are in
/// lower case. A deleted ref (push with `deleted`) has no head commit and is told by the ref and
/// what it pointed to. Never throws on any text; a bad, huge, too deep or truncated payload, or one
/// that lacks what identifies the work, gives an EventError.
std::variant<Event, EventError> parse_event(std::string_view payload,
                                            const RunnerEnvironment& environment,
                                            const EventOverrides& overrides = {});

/// One row of the checked-in table of every event that can trigger a workflow.
struct EventRow {
  std::string_view name;
  std::string_view entity;    ///< for people: "pull request", "branch or tag", …
  std::string_view identity;  ///< for people: "head commit", "comment", …; "run" for exempt events
  std::string_view exempt_because;  ///< why it is exempt; empty when it is not
};

/// All rows, sorted by name.
std::span<const EventRow> event_table();

/// True for "dependabot[bot]" and the like, and for the few bots whose login has no such suffix.
bool is_bot_login(std::string_view login);

}  // namespace refgate
