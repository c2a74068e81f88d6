#include "core/event/event_identity.h"

#include <utility>

#include "core/text/digest.h"

namespace refgate {
namespace {

// Where the action names a person, label, … the identity does too. Each row is an action and the
// path to what it is about.
struct Subject {
  std::string_view action;
  std::string_view path;
  std::string_view name;
};

constexpr Subject subjects[] = {
    {"assigned", "assignee.login", "assignee"},
    {"unassigned", "assignee.login", "assignee"},
    {"review_requested", "requested_reviewer.login", "reviewer"},
    {"review_request_removed", "requested_reviewer.login", "reviewer"},
    {"typed", "type.name", "type"},
    {"untyped", "type.name", "type"},
};
constexpr Subject numbered_subjects[] = {
    {"milestoned", "milestone.number", "milestone"},
    {"demilestoned", "milestone.number", "milestone"},
    {"answered", "answer.id", "answer"},
    {"unanswered", "old_answer.id", "answer"},
    {"field_added", "issue_field.id", "field"},
    {"field_removed", "issue_field.id", "field"},
    {"category_changed", "discussion.category.id", "category"},
    {"moved", "project_card.column_id", "column"},
};

// The first appearance of a thing is the thing itself. For milestones "opened" means reopened.
bool is_first_appearance(const Event& event) {
  return event.action.empty() || event.action == "created" || event.action == "submitted" ||
         (event.kind == "issues" && event.action == "opened");
}

// When it was, as far as the payload tells: by the thing itself, else by what it belongs to.
std::string time_of_action(EventPayload& payload, const std::string& object) {
  for (const std::string& of : {object, std::string("pull_request"), std::string("issue"),
                                std::string("discussion"), std::string("repository")})
    if (auto time = payload.time_if_any(of + ".updated_at"); !time.empty()) return time;
  return {};
}

}  // namespace

std::string identity_text(const NamedParts& parts) {
  std::string joined;
  for (const auto& [name, part] : parts) {
    if (part.empty()) continue;
    if (!joined.empty()) joined += '/';
    for (char c : part) {
      if (c == '/')
        joined += "%2F";
      else if (c == '%')
        joined += "%25";
      else
        joined += c;
    }
  }
  return joined.size() <= max_event_text_bytes ? joined : "sha256:" + sha256_hex(joined);
}

void identify(Event& event, std::string_view kind, NamedParts parts) {
  event.identity = {std::string(kind), identity_text(parts)};
  event.identity_parts = std::move(parts);
}

// An object id holds no dot, so that commit and branch cannot run into each other; no branch and no
// repository name holds a colon.
void identify_by_head(Event& event, std::string_view kind, const std::string& branch,
                      const std::string& origin) {
  std::string value = event.head_commit + "." + (origin.empty() ? "" : origin + ":") + branch;
  if (value.size() > max_event_text_bytes) value = "sha256:" + sha256_hex(value);
  event.identity = {std::string(kind), std::move(value)};
  event.identity_parts = {{"head commit", event.head_commit}, {"head branch", branch}};
  if (!origin.empty()) event.identity_parts.push_back({"head repository", origin});
}

void identify_by_commit(Event& event) {
  event.identity = {"commit", event.head_commit};
  event.identity_parts = {{"head commit", event.head_commit}};
}

NamedParts parts_of_action(EventPayload& payload, const Event& event, const std::string& object) {
  const std::string& action = event.action;
  if (is_first_appearance(event)) return {};
  NamedParts parts{{"action", action}};
  if (action == "labeled" || action == "unlabeled")
    parts.push_back({"label", payload.text("label.name")});
  for (const auto& subject : subjects)
    if (subject.action == action)
      parts.push_back({std::string(subject.name), payload.text_if_any(subject.path)});
  for (const auto& subject : numbered_subjects)
    if (subject.action == action)
      parts.push_back({std::string(subject.name), payload.number_if_any(subject.path)});
  if (action.starts_with("review_request") && payload.has("requested_team"))
    parts.push_back({"team", "team " + payload.number("requested_team.id")});
  if (action == "field_added" || action == "field_removed")
    parts.push_back({"value", payload.fingerprint("issue_field_value")});
  if (action == "closed" && payload.flag(object + ".merged")) parts.push_back({"how", "merged"});
  parts.push_back({"time", time_of_action(payload, object)});
  // An edit, a move or an update can come twice within one second, each with new content.
  if (action == "edited" || action == "updated" || action == "moved" || action == "converted")
    parts.push_back({"changes", payload.fingerprint("changes")});
  return parts;
}

NamedParts with_action(NamedParts parts, EventPayload& payload, const Event& event,
                       const std::string& object) {
  for (auto& part : parts_of_action(payload, event, object))
    parts.push_back(std::move(part));
  return parts;
}

}  // namespace refgate
