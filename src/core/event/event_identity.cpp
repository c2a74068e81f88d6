#include "core/event/event_identity.h"

#include <utility>

#include "core/text/digest.h"

namespace refgate {
namespace {

// Where the action names a person, label, … the identity does too. Each pair is an action and the
// path to what it is about.
struct Subject {
  std::string_view action;
  std::string_view path;
};

constexpr Subject subjects[] = {
    {"assigned", "assignee.login"},
    {"unassigned", "assignee.login"},
    {"review_requested", "requested_reviewer.login"},
    {"review_request_removed", "requested_reviewer.login"},
    {"typed", "type.name"},
    {"untyped", "type.name"},
};
constexpr Subject numbered_subjects[] = {
    {"milestoned", "milestone.number"},
    {"demilestoned", "milestone.number"},
    {"answered", "answer.id"},
    {"unanswered", "old_answer.id"},
    {"field_added", "issue_field.id"},
    {"field_removed", "issue_field.id"},
    {"category_changed", "discussion.category.id"},
    {"moved", "project_card.column_id"},
};

// The first appearance of a thing is the thing itself. For milestones "opened" means reopened.
bool is_first_appearance(const Event& event) {
  return event.action.empty() || event.action == "created" || event.action == "submitted" ||
         (event.kind == "issues" && event.action == "opened");
}

}  // namespace

std::string identity_text(const std::vector<std::string>& parts) {
  std::string joined;
  for (const auto& part : parts) {
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

std::vector<std::string> subject_of_action(EventPayload& payload, const std::string& action,
                                           const std::string& object) {
  std::vector<std::string> parts;
  if (action == "labeled" || action == "unlabeled") parts.push_back(payload.text("label.name"));
  for (const auto& subject : subjects)
    if (subject.action == action) parts.push_back(payload.text_if_any(subject.path));
  for (const auto& subject : numbered_subjects)
    if (subject.action == action) parts.push_back(payload.number_if_any(subject.path));
  if (action.starts_with("review_request") && payload.has("requested_team"))
    parts.insert(parts.end(), {"team", payload.number("requested_team.id")});
  if (action == "field_added" || action == "field_removed")
    parts.push_back(payload.fingerprint("issue_field_value"));
  if (action == "closed" && payload.flag(object + ".merged")) parts.emplace_back("merged");
  // An edit, a move or an update can come any number of times, each with new content.
  if (action == "edited" || action == "updated" || action == "moved" || action == "converted") {
    parts.push_back(payload.text_if_any(object + ".updated_at"));
    parts.push_back(payload.fingerprint("changes"));
  }
  return parts;
}

std::string identity_with_action(EventPayload& payload, const Event& event,
                                 std::vector<std::string> parts, const std::string& object) {
  if (is_first_appearance(event)) return identity_text(parts);
  parts.push_back(event.action);
  for (auto& part : subject_of_action(payload, event.action, object))
    parts.push_back(std::move(part));
  return identity_text(parts);
}

}  // namespace refgate
