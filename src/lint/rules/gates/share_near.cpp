// Two gates that are meant to share their work and name it nearly alike: each lets its own session
// through, and both are paid for.

#include <algorithm>
#include <string>

#include "lint/finding/edit.h"
#include "lint/gates/share_names.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Where a name stands in a workflow that is looked at; nullptr when it stands in none.
const SharePlace* selected_place(const ShareName& share) {
  const auto found = std::find_if(share.places.begin(), share.places.end(),
                                  [](const SharePlace& each) { return each.workflow->selected; });
  return found == share.places.end() ? nullptr : &*found;
}

/// A name where it is spoken of.
struct Spoken {
  const SharePlace& place;
  const std::string& name;
};

void report(Sink& sink, const Spoken& one, const Spoken& other) {
  const SharePlace& here = one.place;
  const SharePlace& there = other.place;
  auto report = sink.report(
      *here.workflow, here.node,
      "`share: " + one.name.substr(0, 80) + "` here and `share: " + other.name.substr(0, 80) + "`" +
          (here.workflow == there.workflow ? "" : " in " + there.workflow->file) +
          " are two names, so that neither gate holds the other's session back; write one name, "
          "if this is one piece of work");
  report.related(*there.workflow, there.node, "the other name");
  const bool is_plain = here.written && here.node.style() != Style::literal &&
                        here.node.style() != Style::folded &&
                        other.name.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
                            "QRSTUVWXYZ-_") == std::string::npos;
  if (is_plain && !here.node.is_alias())
    report.fix(FixKind::unsafe, "Write `" + other.name + "` here too",
               {replace_node(here.node, other.name)});
}

}  // namespace

void check_share_near(const Subject& subject, Sink& sink) {
  for (const auto& [first, second] : share_names_of(subject).slips()) {
    // The rarer one is the slip; of two the later one.
    const bool first_is_slip = first->places.size() < second->places.size();
    const ShareName& usual = first_is_slip ? *second : *first;
    const ShareName& slip = first_is_slip ? *first : *second;
    if (const SharePlace* here = selected_place(slip))
      report(sink, {*here, slip.text}, {usual.places.front(), usual.text});
    else if (const SharePlace* there = selected_place(usual))
      report(sink, {*there, usual.text}, {slip.places.front(), slip.text});
  }
}

}  // namespace refgate::lint
