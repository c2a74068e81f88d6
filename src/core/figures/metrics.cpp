#include "core/figures/metrics.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/decision/decision.h"
#include "core/words/visible.h"

namespace refgate {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t longest_label = 100;
constexpr unsigned deep = 10;
constexpr std::array<std::int64_t, 9> duration_bounds{30,   60,   300,   600,  1800,
                                                      3600, 7200, 14400, 21600};
constexpr std::array closing_words{"success", "failure",  "limited", "cancelled",
                                   "lost",    "released", "other"};

/// The first characters of a text.
std::string shortened(std::string_view text) {
  std::size_t characters = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool starts_character = (static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80U;
    if (starts_character && ++characters > longest_label) break;
  }
  return std::string(text.substr(0, end));
}

/// The lines of a text, each as it would be seen. A runner takes "##[command]" for one, wherever it
/// stands in a line.
std::string visible_text(std::string_view given) {
  std::string whole(given);
  for (std::size_t at = whole.find("##["); at != std::string::npos; at = whole.find("##[", at))
    whole.insert(at + 2, 1, ' ');
  std::string_view text = whole;
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    out += visible_line(text.substr(0, end), ' ');
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string seconds(std::int64_t milliseconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(milliseconds / 1000),
                static_cast<long long>(milliseconds % 1000));
  return text;
}

class Page {
 public:
  void family(const std::string& name, const char* type, const char* help) {
    name_ = name;
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void sample(const Labels& labels, const std::string& value, const std::string& suffix = {}) {
    text_ += name_ + suffix;
    for (std::size_t i = 0; i < labels.size(); ++i)
      text_ +=
          (i == 0 ? "{" : ",") + labels[i].first + "=\"" + label_value(labels[i].second) + "\"";
    text_ += (labels.empty() ? " " : "} ") + value + "\n";
  }
  void sample(const Labels& labels, std::uint64_t value, const std::string& suffix = {}) {
    sample(labels, std::to_string(value), suffix);
  }
  /// A family of one sample.
  void single(const std::string& name, const char* type, const char* help, std::uint64_t value) {
    family(name, type, help);
    sample({}, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

struct Group {
  std::string name;
  Counts counts;
};

void add(Counts& to, const Counts& from) {
  to.sessions += from.sessions;
  to.prevented += from.prevented;
  to.held_back += from.held_back;
  to.observed += from.observed;
  to.retries_suppressed += from.retries_suppressed;
  to.early_exits += from.early_exits;
  to.costs.add(from.costs);
  for (const auto& [word, count] : from.closed)
    to.closed[word] += count;
  for (const auto& [code, count] : from.by_reason)
    to.by_reason[code] += count;
  for (const auto& [code, count] : from.held_back_by_reason)
    to.held_back_by_reason[code] += count;
}

/// The names that were asked for most, each with its counts, and "other" for the rest. Names that
/// are alike as far as labels go are one.
std::vector<Group> bounded(const std::map<std::string, Counts>& groups, std::size_t most) {
  std::map<std::string, Counts> by_label;
  for (const auto& [name, counts] : groups)
    add(by_label[shortened(visible_text(name))], counts);
  std::vector<Group> all;
  for (auto& [name, counts] : by_label)
    all.push_back({name, std::move(counts)});
  std::stable_sort(all.begin(), all.end(), [](const Group& a, const Group& b) {
    return a.counts.asked() > b.counts.asked();
  });
  if (all.size() <= most) return all;
  Counts rest;
  for (std::size_t i = most; i < all.size(); ++i)
    add(rest, all[i].counts);
  all.resize(most);
  const auto other = std::find_if(all.begin(), all.end(),
                                  [](const Group& group) { return group.name == "other"; });
  if (other == all.end())
    all.push_back({"other", std::move(rest)});
  else
    add(other->counts, rest);
  return all;
}

void put_sessions(Page& page, const MetricsInput& input) {
  const Statistics& s = input.statistics;
  const auto workflows = bounded(s.by_workflow, input.most_names);
  page.family("refgate_sessions_total", "counter", "Sessions that were launched.");
  for (const Group& group : workflows)
    page.sample({{"workflow", group.name}}, group.counts.sessions);
  page.family("refgate_sessions_saved_total", "counter",
              "Duplicates that were told to skip: the work was being done, or had been done.");
  for (const Group& group : workflows)
    page.sample({{"workflow", group.name}}, group.counts.prevented);
  const auto events = bounded(s.by_event, input.most_names);
  page.family("refgate_event_sessions_total", "counter",
              "Sessions that were launched, by the event that asked.");
  for (const Group& group : events)
    page.sample({{"event", group.name}}, group.counts.sessions);
  page.family("refgate_event_sessions_saved_total", "counter",
              "Duplicates that were told to skip, by the event that asked.");
  for (const Group& group : events)
    page.sample({{"event", group.name}}, group.counts.prevented);
}

/// Reason codes are a fixed set; another program's lines may say anything.
void put_reasons(Page& page, const std::map<std::string, std::uint64_t>& reasons) {
  static const std::vector<std::string_view> codes = reason_code_names();
  const auto is_known = [](const std::string& code) {
    return code == "by_hand" || std::find(codes.begin(), codes.end(), code) != codes.end();
  };
  std::map<std::string, std::uint64_t> by_label;
  for (const auto& [code, count] : reasons)
    by_label[is_known(code) ? code : "other"] += count;
  for (const auto& [code, count] : by_label)
    page.sample({{"reason", code}}, count);
}

void put_duplicates(Page& page, const MetricsInput& input) {
  const Statistics& s = input.statistics;
  page.family(
      "refgate_duplicates_detected_total", "counter",
      "Duplicates that were noticed: callers that were told to skip since the work is being "
      "done or has been done, by reason code, and those that ran all the same (reason "
      "allowed).");
  put_reasons(page, s.total.by_reason);
  page.sample({{"reason", "allowed"}}, s.duplicates_allowed);
  page.single("refgate_duplicates_allowed_total", "counter",
              "Duplicates that did execute, as refgate verify finds them. Must stay 0.",
              s.duplicates_allowed);
  page.family("refgate_skips_total", "counter",
              "Callers that were told to skip, by reason code, whether or not the work is done.");
  put_reasons(page, s.total.by_reason);
  put_reasons(page, s.total.held_back_by_reason);
  page.family("refgate_skips_without_promise_total", "counter",
              "Callers that were told to skip although nobody has done the work, by reason code.");
  put_reasons(page, s.total.held_back_by_reason);
  page.family("refgate_observed_total", "counter",
              "Callers that ran since they were only watched (--observe), by the reason code for "
              "which enforcing would have told them to skip.");
  put_reasons(page, s.total.observed_by_reason);
  page.single("refgate_retries_suppressed_total", "counter",
              "Retries and re-runs that were told to skip.", s.total.retries_suppressed);
  page.single("refgate_early_exits_total", "counter",
              "Callers that the gate told to skip before anything expensive.", s.total.early_exits);
  page.single("refgate_forced_sessions_total", "counter", "Sessions that were launched by force.",
              s.total.forced);
  page.single("refgate_takeovers_total", "counter",
              "Sessions that took up cancelled, released or lost work.", s.total.takeovers);
}

void put_closures(Page& page, const Counts& total) {
  page.family("refgate_session_closed_total", "counter",
              "Sessions that are over, by how they ended.");
  for (const char* word : closing_words) {
    const auto found = total.closed.find(word);
    page.sample({{"outcome", word}}, found == total.closed.end() ? 0 : found->second);
  }
  page.family("refgate_session_duration_seconds", "histogram",
              "How long sessions took that their holder ended.");
  const auto& sorted = total.durations.sorted;
  for (const std::int64_t bound : duration_bounds) {
    const auto up_to = std::upper_bound(sorted.begin(), sorted.end(), std::chrono::seconds(bound));
    page.sample({{"le", std::to_string(bound)}}, static_cast<std::uint64_t>(up_to - sorted.begin()),
                "_bucket");
  }
  page.sample({{"le", "+Inf"}}, sorted.size(), "_bucket");
  page.sample({}, seconds(total.durations.sum.count()), "_sum");
  page.sample({}, sorted.size(), "_count");
}

void put_costs(Page& page, const MetricsInput& input) {
  const CostCounts& total = input.statistics.total.costs;
  page.family(
      "refgate_session_cost_usd_total", "counter",
      "What sessions cost in US dollars, by what their jobs said (finish --cost, --usage).");
  page.sample({}, format_usd(total.cost));
  page.single("refgate_session_tokens_total", "counter",
              "How many tokens sessions took, by what their jobs said.", total.tokens);
  page.single("refgate_sessions_without_cost_total", "counter",
              "Sessions that are over and of which nobody said what they cost.",
              total.without_cost);
  page.family("refgate_workflow_cost_usd_total", "counter",
              "What sessions cost in US dollars, by workflow.");
  for (const Group& group : bounded(input.statistics.by_workflow, input.most_names))
    page.sample({{"workflow", group.name}}, format_usd(group.counts.costs.cost));
}

void put_results(Page& page, const MetricsInput& input) {
  page.family("refgate_results_persisted_total", "counter",
              "Results that are kept now, by why and by how many channels were tried. Falls when "
              "results are pruned, which rate() takes for a restart.");
  std::map<std::pair<std::string, std::string>, std::uint64_t> by_labels;
  for (const auto& [key, count] : input.results)
    by_labels[{key.first, key.second >= deep ? std::to_string(deep) + " and more"
                                             : std::to_string(key.second)}] += count;
  for (const auto& [labels, count] : by_labels)
    page.sample({{"reason", labels.first}, {"depth", labels.second}}, count);
  if (input.results.empty())
    page.sample({{"reason", "requested"}, {"depth", "0"}}, std::uint64_t{0});
  page.single("refgate_pushes_total", "counter",
              "Pushes that lines of the record account for, one a line. Renewals, lost races and "
              "gc leave no line and are not in it.",
              input.statistics.lines);
}

/// Anybody may name pools: of so many, the rest is "other".
void put_pools(Page& page, const std::map<std::string, PoolCounts>& pools, std::size_t most) {
  std::map<std::string, PoolCounts> shown;
  for (const auto& [name, counts] : pools) {
    PoolCounts& sample = shown[shown.size() < most ? name : "other"];
    sample.in_use += counts.in_use;
    sample.waiting += counts.waiting;
  }
  page.family("refgate_slots_in_use", "gauge", "Sessions that have a slot of the pool.");
  for (const auto& [name, counts] : shown)
    page.sample({{"pool", name}}, counts.in_use);
  page.family("refgate_slots_waiting", "gauge", "Sessions that wait for a slot of the pool.");
  for (const auto& [name, counts] : shown)
    page.sample({{"pool", name}}, counts.waiting);
}

void put_live(Page& page, const MetricsInput& input) {
  const LiveCounts& live = input.statistics.live;
  page.family("refgate_live_sessions", "gauge", "Claims that hold now, by state.");
  page.sample({{"state", "active"}}, live.active);
  page.sample({{"state", "held"}}, live.held);
  page.single("refgate_lost_sessions", "gauge",
              "Claims whose lease has passed and that nobody took over.", live.lost);
  page.single("refgate_promises_broken", "gauge",
              "Work that nobody does and nobody has done, although somebody was told to skip for "
              "its sake; refgate status --lost lists it.",
              input.promises_broken);
  page.single(
      "refgate_limited_due", "gauge",
      "Limited work whose time has come and that nobody took up; refgate status --due lists "
      "it.",
      input.limited_due);
  page.single("refgate_paused", "gauge",
              "1 while a person has stopped something (refgate pause); refgate status shows what.",
              input.paused ? 1 : 0);
  if (!input.budget_left.empty())
    page.family("refgate_budget_left", "gauge",
                "What is left of a budget now, by its kind and in its unit: the least of all that "
                "are counted apart. Those of strangers are not in it.");
  for (const auto& [labels, left] : input.budget_left)
    page.sample({{"kind", labels.first}, {"unit", labels.second}},
                labels.second == "usd" ? format_usd({left}) : std::to_string(left));
  page.single("refgate_queue_depth", "gauge", "Sessions that wait for their turn.", live.waiting);
  page.single("refgate_queues", "gauge", "Groups in which somebody waits.", live.queued.size());
  put_pools(page, live.pools, input.most_names);
  page.single("refgate_record_lines", "gauge", "Lines of the record that were read.",
              input.statistics.lines);
  page.single("refgate_record_altered_lines", "gauge", "Lines whose digest does not fit.",
              input.statistics.altered);
  page.single("refgate_record_left_out_lines", "gauge",
              "Lines that are in no record, since the server took no notes.",
              input.statistics.left_out);
  page.single("refgate_record_unreadable", "gauge",
              "Refs and lines below the namespace that are not refgate's.", input.unreadable);
  page.single("refgate_record_unfolded_notes", "gauge", "Notes that gc has not folded yet.",
              input.unfolded_notes);
  if (!input.statistics.last_activity) return;
  page.family("refgate_last_activity_timestamp_seconds", "gauge",
              "When the last line of the record was written.");
  page.sample({}, seconds(input.statistics.last_activity->time_since_epoch().count()));
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : shortened(visible_text(text))) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '"')
      out += "\\\"";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string metrics_text(const MetricsInput& input) {
  Page page;
  put_sessions(page, input);
  put_duplicates(page, input);
  put_closures(page, input.statistics.total);
  put_costs(page, input);
  put_results(page, input);
  put_live(page, input);
  return page.take();
}

}  // namespace refgate
