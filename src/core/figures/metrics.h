#pragma once
// What the record and the live state come to, as Prometheus reads it. Pure.
// Source of the format: Prometheus' "Exposition formats", text format 0.0.4; of the names:
// Prometheus' "Metric and label naming".

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/figures/statistics.h"

namespace refgate {

/// What is counted besides the lines of the record.
struct MetricsInput {
  const Statistics& statistics;
  std::map<std::pair<std::string, unsigned>, std::uint64_t>
      results;  ///< results that are kept now, by reason and by how many channels were tried
  std::uint64_t unfolded_notes = 0;  ///< refs that gc has not folded yet
  std::uint64_t unreadable = 0;      ///< refs and lines that are not refgate's
  std::size_t most_names =
      20;  ///< workflows, and events, that get a label of their own; the rest is "other"
  std::uint64_t limited_due = 0;  ///< limited work whose time has come and that nobody took up
  bool paused = false;            ///< a pause stands
  std::map<std::pair<std::string, std::string>, std::uint64_t>
      budget_left;                    ///< the least that any ledger has left, by kind and unit
  std::uint64_t promises_broken = 0;  ///< work that is lost, for whose sake somebody was skipped
};

/// The whole page. Counters come from the record, which is only ever added to; gauges from what
/// stands now. No label has more values than `most_names` and one.
std::string metrics_text(const MetricsInput& input);

/// A label's value, from UTF-8: at most 100 characters, with backslash, quote and line feed
/// escaped.
std::string label_value(std::string_view text);

}  // namespace refgate
