#include "reports/report_summary.h"

#include <algorithm>
#include <vector>

#include "core/text/count.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t most_workflows = 8;
constexpr std::uint64_t bar_width = 20;

std::string bar(std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t filled = whole == 0 ? 0 : (part * bar_width + whole / 2) / whole;
  std::string text;
  for (std::uint64_t i = 0; i < bar_width; ++i)
    text += i < filled ? "█" : "░";
  return text;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

std::string summary_of(const Statistics& s, std::string_view period) {
  const Counts& total = s.total;
  std::string text = "### refgate: " + number(total.prevented) + " of " + number(total.asked()) +
                     " sessions saved in " + escape_for(Place::markdown, period) + "\n\n" +
                     bar(total.prevented, total.asked()) + "\n\n";
  text += s.duplicates_allowed == 0
              ? s.left_out == 0 ? "No duplicate ran. " : "No duplicate is known. "
              : "**" + number(s.duplicates_allowed) +
                    " duplicates ran: `refgate verify` lists them.** ";
  if (s.left_out > 0)
    text += "**" + counted(s.left_out, "line") + (s.left_out == 1 ? " is" : " are") +
            " in no record, and counted nowhere.** ";
  if (total.held_back > 0)
    text += "**" + number(total.held_back) + " were held back, and nobody has done their work.** ";
  if (total.observed > 0)
    text += number(total.observed) +
            " more ran and were only observed: enforcing would have saved " +
            number(total.observed_duplicates) + " of them. ";
  text += number(total.retries_suppressed) + " retries were suppressed";
  if (total.durations.count() > 0)
    text +=
        ", half of the sessions ended within " + format_duration(total.durations.percentile(50));
  if (total.costs.with_cost > 0) {
    text += ". The sessions cost $" + format_usd(total.costs.cost);
    if (total.costs.without_cost > 0)
      text += " (" + number(total.costs.without_cost) + " ended without saying)";
    if (const SavedCost saved = saved_cost(s); saved.is_known())
      text += ", and those saved would have cost about $" + format_usd(saved.cost);
  }
  text += ". Now: " + number(s.live.active + s.live.held) + " live, " + number(s.live.waiting) +
          " waiting, " + number(s.live.lost) + " lost.\n\n";

  std::vector<std::pair<std::string, const Counts*>> workflows;
  for (const auto& [name, counts] : s.by_workflow)
    if (counts.asked() > 0) workflows.emplace_back(name, &counts);
  std::stable_sort(workflows.begin(), workflows.end(), [](const auto& a, const auto& b) {
    return a.second->asked() > b.second->asked();
  });
  if (workflows.empty()) return text;
  const bool any_cost = total.costs.with_cost > 0;
  text += "| Workflow | Ran | Saved | Held back | Retries suppressed | Half within |" +
          std::string(any_cost ? " Cost |" : "") + "\n| --- | ---: | ---: | ---: | ---: | ---: |" +
          (any_cost ? " ---: |" : "") + "\n";
  for (std::size_t i = 0; i < workflows.size() && i < most_workflows; ++i) {
    const auto& [name, counts] = workflows[i];
    text +=
        "| " + escape_for(Place::markdown, name) + " | " + number(counts->sessions) + " | " +
        number(counts->prevented) + " | " + number(counts->held_back) + " | " +
        number(counts->retries_suppressed) + " | " +
        (counts->durations.count() > 0 ? format_duration(counts->durations.percentile(50)) : "-") +
        " |";
    if (any_cost)
      text += (counts->costs.with_cost > 0 ? " $" + format_usd(counts->costs.cost) : " -") + " |";
    text += "\n";
  }
  if (workflows.size() > most_workflows)
    text +=
        "\n" + number(workflows.size() - most_workflows) + " more workflows asked less often.\n";
  return text + "\n";
}

}  // namespace refgate
