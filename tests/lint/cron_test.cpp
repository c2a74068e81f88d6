#include "lint/workflow/cron.h"

#include "catch.h"

namespace refgate::lint {

TEST_CASE("two schedules that share a minute") {
  struct Row {
    const char* left;
    const char* right;
    const char* minute;
  };
  const Row rows[] = {
      {"0 */6 * * *", "0 0 * * *", "2024-01-01 00:00"},
      {"30 5 * * 1-5", "30 5 * * SUN,TUE", "2024-01-02 05:30"},
      {"0 12 1 * *", "0 12 * * 1", "2024-01-01 12:00"},
      {"0 9 15 * 1", "0 9 16 * *", "2024-09-16 09:00"},
      {"15,45 0-3/2 * JAN *", "45 2 31 1 *", "2024-01-31 02:45"},
      {"0 0 * * 7", "0 0 * * 0", "2024-01-07 00:00"},
      {"0 0 29 2 *", "0 0 * 2 *", "2024-02-29 00:00"},
  };
  for (const Row& row : rows) {
    INFO(row.left << " and " << row.right);
    CHECK(common_minute(row.left, row.right).value_or("none") == row.minute);
    CHECK(common_minute(row.right, row.left).value_or("none") == row.minute);
  }
}

TEST_CASE("two schedules that never meet, or that are not understood") {
  const std::pair<const char*, const char*> rows[] = {
      {"0 */6 * * *", "30 0 * * *"}, {"0 0 * * 1", "0 0 * * 2"},   {"0 0 30 2 *", "0 0 * * *"},
      {"0 1 * * *", "0 2 * * *"},    {"* * * *", "* * * * *"},     {"@daily", "0 0 * * *"},
      {"61 * * * *", "* * * * *"},   {"*/0 * * * *", "* * * * *"}, {"", ""},
  };
  for (const auto& [left, right] : rows) {
    INFO(left << " and " << right);
    CHECK(!common_minute(left, right));
  }
}

}  // namespace refgate::lint
