#pragma once
// How each event that can trigger a workflow is read. The table itself lies in event_table.cpp;
// parse_event walks it.

#include <string>
#include <string_view>

#include "core/event/event.h"
#include "core/event/event_payload.h"

namespace refgate {

/// What a reader may look at.
struct EventSource {
  EventPayload& payload;
  const RunnerEnvironment& environment;
  const EventOverrides& overrides;

  /// The commit at `path`, unless the caller named another. Without a payload it is the caller's,
  /// or an error that asks for it.
  std::string head(std::string_view path);
  /// GITHUB_SHA in lower case, or empty when it is no object id. Only for events whose GITHUB_SHA
  /// is a commit of the event itself.
  std::string runner_commit() const;
};

/// "refs/heads/x" → branch x, "refs/tags/x" → tag x, anything else → none.
Entity entity_of_ref(std::string_view ref);
/// By the association of who wrote what is at `object`.
Trust trust_of_author(EventPayload& payload, const std::string& object);
/// The repository's where somebody other than the author of what is at `object` labels, assigns,
/// asks for a review or sets a milestone; else `otherwise`.
Trust charged_for_action(EventPayload& payload, const Event& event, const std::string& object,
                         Trust otherwise);

/// When a ref was pushed, as far as the payload tells.
std::string time_of_push(EventPayload& payload);

/// Fills in entity, head_commit, identity with its parts, covers, twin and trust; kind, action,
/// repository and actor are there. Problems with the payload go to its error().
using EventReader = void (*)(EventSource& source, Event& event);

struct EventRule {
  EventRow row;
  /// Without a payload the event can still be told by its commit.
  bool is_commit_event = false;
  EventReader read = nullptr;
};

/// nullptr when no row has that name.
const EventRule* find_event_rule(std::string_view name);

/// What to tell from the payload of an event that no row names: trust, when it is about a pull
/// request.
void read_unknown(EventSource& source, Event& event);

namespace event_readers {
void push(EventSource&, Event&);
void pull_request(EventSource&, Event&);
void pull_request_review(EventSource&, Event&);
void pull_request_review_comment(EventSource&, Event&);
void workflow_run(EventSource&, Event&);
void check_run(EventSource&, Event&);
void check_suite(EventSource&, Event&);
void merge_group(EventSource&, Event&);
void status(EventSource&, Event&);
void issues(EventSource&, Event&);
void issue_comment(EventSource&, Event&);
void discussion(EventSource&, Event&);
void discussion_comment(EventSource&, Event&);
void create_ref(EventSource&, Event&);
void delete_ref(EventSource&, Event&);
void release(EventSource&, Event&);
void deployment(EventSource&, Event&);
void deployment_status(EventSource&, Event&);
void registry_package(EventSource&, Event&);
void page_build(EventSource&, Event&);
void fork(EventSource&, Event&);
void gollum(EventSource&, Event&);
void made_public(EventSource&, Event&);
void watch(EventSource&, Event&);
void label(EventSource&, Event&);
void milestone(EventSource&, Event&);
void branch_protection_rule(EventSource&, Event&);
void project(EventSource&, Event&);
void project_card(EventSource&, Event&);
void project_column(EventSource&, Event&);
void on_a_ref(EventSource&, Event&);
void on_the_repository(EventSource&, Event&);
}  // namespace event_readers

}  // namespace refgate
