// Events by what causes them: "Events that trigger workflows" and "Webhook events and payloads".

#include <algorithm>

#include "lint/github/facts.h"
#include "lint/github/semantics.h"

namespace refgate::lint {
namespace {

/// An activity of a pull request reaches both of its events.
void add_pull_request(std::vector<Cause>& causes, std::string_view type, bool certain = true) {
  causes.push_back({"pull_request", std::string(type), certain});
  causes.push_back({"pull_request_target", std::string(type), certain});
}

/// What may be set while a pull request is opened; each comes as an event of its own.
void add_opened(std::vector<Cause>& causes) {
  add_pull_request(causes, "opened");
  for (std::string_view type : {"labeled", "assigned", "review_requested", "milestoned"})
    add_pull_request(causes, type, false);
}

}  // namespace

std::vector<std::string> default_types(std::string_view event) {
  const EventFact* fact = built_in_facts().event(event);
  return fact == nullptr || fact->default_types == fact->types ? std::vector<std::string>()
                                                               : fact->default_types;
}

bool listens_to(std::string_view event, const std::vector<std::string>* types,
                std::string_view type) {
  const std::vector<std::string> listed = types != nullptr ? *types : default_types(event);
  if (types == nullptr && listed.empty()) return true;
  return type.empty() || std::find(listed.begin(), listed.end(), type) != listed.end();
}

std::vector<Cause> causes(Act act) {
  std::vector<Cause> causes;
  switch (act) {
    case Act::push_branch:
      causes = {{"push", ""}};
      break;
    case Act::push_pull_request_branch:
      causes = {{"push", ""}};
      add_pull_request(causes, "synchronize");
      causes.push_back({"pull_request_review", "dismissed", false});
      break;
    case Act::push_fork_branch:
      add_pull_request(causes, "synchronize");
      causes.push_back({"pull_request_review", "dismissed", false});
      break;
    case Act::push_new_branch:
    case Act::push_new_tag:
      causes = {{"push", ""}, {"create", ""}};
      break;
    case Act::open_pull_request:
    case Act::open_draft_pull_request:
      add_opened(causes);
      break;
    case Act::ready_for_review:
      add_pull_request(causes, "ready_for_review");
      add_pull_request(causes, "review_requested", false);
      break;
    case Act::reopen_pull_request:
      add_pull_request(causes, "reopened");
      break;
    case Act::close_pull_request:
      add_pull_request(causes, "closed");
      causes.push_back({"delete", "", false});
      break;
    case Act::merge_pull_request:
      add_pull_request(causes, "closed");
      causes.push_back({"push", "", true, false});
      causes.push_back({"issues", "closed", false, false});
      causes.push_back({"delete", "", false});
      break;
    case Act::label_pull_request:
      add_pull_request(causes, "labeled");
      break;
    case Act::request_review:
      add_pull_request(causes, "review_requested");
      break;
    case Act::submit_review:
      causes = {{"pull_request_review", "submitted"},
                {"pull_request_review_comment", "created", false}};
      break;
    case Act::comment_on_diff:
      causes = {{"pull_request_review_comment", "created"}, {"pull_request_review", "submitted"}};
      break;
    case Act::comment_on_pull_request:
    case Act::comment_on_issue:
      causes = {{"issue_comment", "created"}};
      break;
    case Act::open_issue:
      causes = {{"issues", "opened"},
                {"issues", "labeled", false},
                {"issues", "assigned", false},
                {"issues", "milestoned", false},
                {"issues", "typed", false}};
      break;
    case Act::label_issue:
      causes = {{"issues", "labeled"}};
      break;
    case Act::publish_release:
      causes = {{"release", "published"},
                {"push", ""},
                {"create", ""},
                {"release", "created", false},
                {"release", "released", false},
                {"release", "prereleased", false}};
      break;
    case Act::queue_for_merge:
      // The queue builds a commit of its own on a branch gh-readonly-queue/…, which is pushed.
      causes = {{"merge_group", "checks_requested"},
                {"push", ""},
                {"create", ""},
                {"pull_request", "enqueued", true, false},
                {"pull_request_target", "enqueued", true, false}};
      break;
  }
  return causes;
}

const std::vector<NamedAct>& acts() {
  static const std::vector<NamedAct> all{
      {Act::push_branch, "a push to a branch"},
      {Act::push_pull_request_branch, "a push to a branch with an open pull request"},
      {Act::push_fork_branch, "a push to a fork's branch with an open pull request"},
      {Act::push_new_branch, "the first push of a branch"},
      {Act::push_new_tag, "the push of a tag"},
      {Act::open_pull_request, "opening a pull request"},
      {Act::open_draft_pull_request, "opening a draft pull request"},
      {Act::ready_for_review, "marking a draft ready for review"},
      {Act::reopen_pull_request, "reopening a pull request"},
      {Act::close_pull_request, "closing a pull request"},
      {Act::merge_pull_request, "merging a pull request"},
      {Act::label_pull_request, "labelling a pull request"},
      {Act::request_review, "asking for a review"},
      {Act::submit_review, "submitting a review"},
      {Act::comment_on_diff, "commenting on a line of a pull request"},
      {Act::comment_on_pull_request, "commenting on a pull request"},
      {Act::open_issue, "opening an issue"},
      {Act::label_issue, "labelling an issue"},
      {Act::comment_on_issue, "commenting on an issue"},
      {Act::publish_release, "publishing a release with a new tag"},
      {Act::queue_for_merge, "adding a pull request to the merge queue"},
  };
  return all;
}

std::vector<DoubleStart> double_starts(const std::vector<Listener>& listeners,
                                       bool include_uncertain) {
  std::vector<DoubleStart> found;
  for (const NamedAct& named : acts()) {
    DoubleStart start{named.act, {}};
    for (Cause& cause : causes(named.act)) {
      if (!cause.certain && !include_uncertain) continue;
      const bool heard =
          std::any_of(listeners.begin(), listeners.end(), [&](const Listener& listener) {
            return listener.event == cause.event &&
                   listens_to(listener.event, listener.types ? &*listener.types : nullptr,
                              cause.type);
          });
      if (heard) start.causes.push_back(std::move(cause));
    }
    if (start.causes.size() > 1) found.push_back(std::move(start));
  }
  return found;
}

}  // namespace refgate::lint
