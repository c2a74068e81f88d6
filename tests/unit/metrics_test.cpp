#include "core/figures/metrics.h"

#include <sstream>

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

std::size_t samples_of(const std::string& page, const std::string& name) {
  std::istringstream lines(page);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);)
    count += line.starts_with(name + "{") || line.starts_with(name + " ") ? 1 : 0;
  return count;
}

bool holds(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a label's value is escaped and bounded") {
  CHECK(label_value("Agent Review") == "Agent Review");
  CHECK(label_value("a ##[error]b") == "a ## [error]b");
  CHECK(label_value("a\\b\"c\nd") == "a\\\\b\\\"c\\nd");
  CHECK(label_value(std::string(500, 'x')) == std::string(100, 'x'));
  std::string wide;
  for (int i = 0; i < 200; ++i)
    wide += "ß";
  CHECK(label_value(wide).size() == 200);
}

TEST_CASE("the workflows that were asked for most keep their name, and the rest is other") {
  Statistics s;
  for (int i = 0; i < 50; ++i)
    s.by_workflow["workflow-" + std::to_string(i)].sessions = static_cast<std::uint64_t>(i + 1);
  const std::string page = metrics_text({s, {}, 0, 0, 3});
  CHECK(samples_of(page, "refgate_sessions_total") == 4);
  CHECK(holds(page, "refgate_sessions_total{workflow=\"workflow-49\"} 50"));
  CHECK(holds(page, "refgate_sessions_total{workflow=\"other\"} " + std::to_string(47 * 48 / 2)));
}

TEST_CASE(
    "names that differ only beyond what a label holds are one sample, and one that is called other "
    "joins the rest") {
  Statistics s;
  s.by_workflow[std::string(150, 'x') + "1"].sessions = 2;
  s.by_workflow[std::string(150, 'x') + "2"].sessions = 3;
  s.by_workflow["other"].sessions = 4;
  s.by_workflow["rare"].sessions = 1;
  const std::string page = metrics_text({s, {}, 0, 0, 2});
  CHECK(samples_of(page, "refgate_sessions_total") == 2);
  CHECK(holds(page, "refgate_sessions_total{workflow=\"other\"} 5"));
}

TEST_CASE("buckets are cumulative, and sum and count agree with them") {
  Statistics s;
  s.total.durations.sorted = {10s, 30s, 45s, 2h, 24h};
  for (const Duration span : s.total.durations.sorted)
    s.total.durations.sum += span;
  const std::string page = metrics_text({s, {}, 0, 0, 20});
  CHECK(holds(page, "refgate_session_duration_seconds_bucket{le=\"30\"} 2"));
  CHECK(holds(page, "refgate_session_duration_seconds_bucket{le=\"60\"} 3"));
  CHECK(holds(page, "refgate_session_duration_seconds_bucket{le=\"21600\"} 4"));
  CHECK(holds(page, "refgate_session_duration_seconds_bucket{le=\"+Inf\"} 5"));
  CHECK(holds(page, "refgate_session_duration_seconds_count 5"));
  CHECK(holds(page, "refgate_session_duration_seconds_sum 93685.000"));
}

TEST_CASE("what must stay 0 is there when it is 0") {
  const Statistics s;
  const std::string page = metrics_text({s, {}, 0, 0, 20});
  CHECK(holds(page, "refgate_duplicates_allowed_total 0"));
  CHECK(holds(page, "refgate_lost_sessions 0"));
  CHECK(holds(page, "refgate_session_closed_total{outcome=\"success\"} 0"));
}

TEST_CASE("results are counted by reason and depth, deep ones together") {
  const Statistics s;
  const std::string page = metrics_text({s,
                                         {{{"channels_failed", 3}, 2},
                                          {{"requested", 0}, 5},
                                          {{"time_limit", 10}, 1},
                                          {{"time_limit", 77}, 1}},
                                         0,
                                         0,
                                         20});
  CHECK(holds(page, "refgate_results_persisted_total{reason=\"channels_failed\",depth=\"3\"} 2"));
  CHECK(holds(page, "refgate_results_persisted_total{reason=\"requested\",depth=\"0\"} 5"));
  CHECK(holds(page,
              "refgate_results_persisted_total{reason=\"time_limit\",depth=\"10 and more\"} 2"));
}

TEST_CASE("a reason code that is none of refgate's makes no label of its own") {
  Statistics s;
  s.total.by_reason = {{"active_session", 2}, {"x1", 3}, {"x2", 4}};
  s.total.held_back_by_reason = {{"retry_suppressed", 5}, {"y", 6}};
  const std::string page = metrics_text({s, {}, 0, 0, 20});
  CHECK(holds(page, "refgate_duplicates_detected_total{reason=\"other\"} 7"));
  CHECK(holds(page, "refgate_duplicates_detected_total{reason=\"active_session\"} 2"));
  CHECK(holds(page, "refgate_skips_without_promise_total{reason=\"retry_suppressed\"} 5"));
  CHECK(holds(page, "refgate_skips_without_promise_total{reason=\"other\"} 6"));
}
