// Two gates that are meant to share their work and name it nearly alike: each lets its own session
// through, and both are paid for.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/text/near_names.h"

namespace refgate::lint {
namespace {

/// So many names are compared with each other.
constexpr std::size_t most_names = 200;

/// Where a share is named.
struct Named {
  const Workflow* workflow;
  YamlNode place;
  bool written;  ///< the value itself stands there, as it is
};

/// A name with its expressions apart, which have to be equal.
struct Share {
  std::string text;
  std::string name;
  std::string expressions;
  std::vector<Named> places;
};

Share share_from(const std::string& text) {
  Share share{text, "", "", {}};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = std::min(text.find("${{", at), text.size());
    share.name += text.substr(at, open - at);
    if (open == text.size()) break;
    const std::size_t close = std::min(text.find("}}", open), text.size() - 2) + 2;
    std::string inner = text.substr(open, close - open);
    std::erase(inner, ' ');
    share.expressions += inner;
    share.name += '-';
    at = close;
  }
  return share;
}

class Shares {
 public:
  Shares(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    for (const Workflow& workflow : subject.project.workflows())
      add(workflow);
  }

  void compare() {
    for (std::size_t at = 0; at < shares_.size(); ++at) {
      for (std::size_t other = 0; other < at; ++other) {
        if (shares_[at].expressions == shares_[other].expressions &&
            are_near_names(shares_[at].name, shares_[other].name)) {
          report(shares_[other], shares_[at]);
          break;
        }
      }
    }
  }

 private:
  void add(const Workflow& workflow) {
    for (const GatedJob& gated : gated_jobs_of(subject_, workflow)) {
      for (const Gate& gate : gated.gates) {
        if (gate.kind != GateKind::refgate || gate.step == nullptr || gate.step != gate.origin)
          continue;
        const auto share = told({gate.step, gated.job, &workflow}, "share");
        if (!share) continue;
        const bool written = static_cast<bool>(share->entry);
        add(share->text,
            {&workflow, written ? YamlNode(share->entry.value) : YamlNode(gate.step->main().key),
             written});
      }
    }
    for (const Job& job : workflow.jobs) {
      if (!is_own_called_workflow(job.uses.value.text())) continue;
      if (const Entry share = job.with.value.entry("share"))
        add(std::string(share.value.text()), {&workflow, share.value, true});
    }
  }

  void add(const std::string& text, const Named& named) {
    if (text.empty()) return;
    const auto [known, is_new] = by_text_.try_emplace(text, shares_.size());
    if (is_new && shares_.size() == most_names) {
      by_text_.erase(known);
      return;
    }
    if (is_new) shares_.push_back(share_from(text));
    std::vector<Named>& places = shares_[known->second].places;
    // The workflow's or the job's variable is one place for many gates.
    if (std::none_of(places.begin(), places.end(), [&](const Named& each) {
          return each.place.place().begin == named.place.place().begin &&
                 each.workflow == named.workflow;
        }))
      places.push_back(named);
  }

  static bool is_selected(const Named& named) { return named.workflow->selected; }

  void report(const Share& first, const Share& second) {
    // Two names that stand in several places each are two names.
    if (first.places.size() > 1 && second.places.size() > 1) return;
    // The rarer one is the slip; of two the later one.
    const bool first_is_slip = first.places.size() < second.places.size();
    const Share& usual = first_is_slip ? second : first;
    const Share& slip = first_is_slip ? first : second;
    if (is_selected(slip.places.front()))
      report(slip.places.front(), slip, usual.places.front(), usual);
    else if (is_selected(usual.places.front()))
      report(usual.places.front(), usual, slip.places.front(), slip);
  }

  void report(const Named& here, const Share& share, const Named& there, const Share& other) {
    auto report = sink_.report(
        *here.workflow, here.place,
        "`share: " + share.text.substr(0, 80) + "` here and `share: " + other.text.substr(0, 80) +
            "`" + (here.workflow == there.workflow ? "" : " in " + there.workflow->file) +
            " are two names, so that neither gate holds the other's session back; write one name, "
            "if this is one piece of work");
    report.related(*there.workflow, there.place, "the other name");
    const bool is_plain = here.written && here.place.style() != Style::literal &&
                          here.place.style() != Style::folded &&
                          other.text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
                              "QRSTUVWXYZ-_") == std::string::npos;
    if (is_plain && !here.place.is_alias())
      report.fix(FixKind::unsafe, "Write `" + other.text + "` here too",
                 {replace_node(here.place, other.text)});
  }

  const Subject& subject_;
  Sink& sink_;
  std::map<std::string, std::size_t> by_text_;
  std::vector<Share> shares_;
};

}  // namespace

void check_share_near(const Subject& subject, Sink& sink) { Shares(subject, sink).compare(); }

}  // namespace refgate::lint
