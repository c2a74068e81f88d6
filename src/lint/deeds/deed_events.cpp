// The events that deeds cause. Facts: "Events that trigger workflows".

#include "lint/deeds/deeds.h"

namespace refgate::lint {

std::vector<DeedEvent> events_of(Deed deed) {
  switch (deed) {
    case Deed::comment:
      return {{"issue_comment", "created"}};
    case Deed::comment_on_line:
      return {{"pull_request_review_comment", "created"}};
    case Deed::review:
      return {{"pull_request_review", "submitted"}};
    case Deed::label:
      return {
          {"issues", "labeled"}, {"pull_request", "labeled"}, {"pull_request_target", "labeled"}};
    case Deed::push:
      return {{"pull_request", "synchronize"}, {"pull_request_target", "synchronize"}};
    case Deed::push_branch:
    case Deed::push_tag:
      return {{"push", ""}};
    case Deed::dispatch:
      return {{"workflow_dispatch", ""}};
    case Deed::release:
      return {{"release", "published"}, {"release", "created"}, {"release", "released"}};
    case Deed::open_issue:
      return {{"issues", "opened"}};
    case Deed::open_pull_request:
      return {{"pull_request", "opened"}, {"pull_request_target", "opened"}};
  }
  return {};
}

std::string_view words_for(Deed deed) {
  switch (deed) {
    case Deed::comment:
    case Deed::comment_on_line:
      return "comment";
    case Deed::review:
      return "review";
    case Deed::label:
      return "label";
    case Deed::push:
    case Deed::push_branch:
      return "push";
    case Deed::push_tag:
      return "tag";
    case Deed::dispatch:
      return "dispatch";
    case Deed::open_issue:
      return "issue";
    case Deed::release:
      return "release";
    case Deed::open_pull_request:
      return "pull request";
  }
  return "";
}

}  // namespace refgate::lint
