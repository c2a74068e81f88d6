#include "lint/gates/share_names.h"

#include <algorithm>

#include "lint/gates/gate_before.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"
#include "lint/text/near_names.h"

namespace refgate::lint {
namespace {

/// So many names are compared with each other.
constexpr std::size_t most_names = 200;

ShareName name_from(const std::string& text) {
  ShareName share{text, "", "", {}};
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

}  // namespace

ShareNames::ShareNames(const Subject& subject) {
  for (const Workflow& workflow : subject.project.workflows())
    add(subject, workflow);
}

void ShareNames::add(const Subject& subject, const Workflow& workflow) {
  for (const GatedJob& gated : gated_jobs_of(subject, workflow)) {
    for (const Gate& gate : gated.gates) {
      if (gate.kind != GateKind::refgate || gate.step == nullptr || gate.step != gate.origin)
        continue;
      const auto share = told(place_of(gate, *gated.job, workflow), "share");
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

void ShareNames::add(const std::string& text, const SharePlace& place) {
  if (text.empty()) return;
  const auto [known, is_new] = by_text_.try_emplace(text, names_.size());
  if (is_new && names_.size() == most_names) {
    by_text_.erase(known);
    return;
  }
  if (is_new) names_.push_back(name_from(text));
  std::vector<SharePlace>& places = names_[known->second].places;
  // The workflow's or the job's variable is one place for many gates.
  if (std::none_of(places.begin(), places.end(), [&](const SharePlace& each) {
        return each.node.place().begin == place.node.place().begin &&
               each.workflow == place.workflow;
      }))
    places.push_back(place);
}

/// Two names that stand in several places each are two names.
bool ShareNames::is_slip(const ShareName& left, const ShareName& right) {
  return (left.places.size() == 1 || right.places.size() == 1) &&
         left.expressions == right.expressions && are_near_names(left.name, right.name);
}

bool ShareNames::is_slip(std::string_view left, std::string_view right) const {
  const auto one = by_text_.find(left);
  const auto other = by_text_.find(right);
  return one != by_text_.end() && other != by_text_.end() &&
         is_slip(names_[one->second], names_[other->second]);
}

std::vector<std::pair<const ShareName*, const ShareName*>> ShareNames::slips() const {
  std::vector<std::pair<const ShareName*, const ShareName*>> found;
  for (std::size_t at = 0; at < names_.size(); ++at) {
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto near = std::find_if(
        names_.begin(), end, [&](const ShareName& before) { return is_slip(before, names_[at]); });
    if (near != end) found.emplace_back(&*near, &names_[at]);
  }
  return found;
}

const ShareNames& share_names_of(const Subject& subject) {
  return subject.memo.get<ShareNames>(&subject.project, [&] { return ShareNames(subject); });
}

}  // namespace refgate::lint
