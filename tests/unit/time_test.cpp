#include "core/text/time.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

TEST_CASE("spans of time are read with their units only") {
  const std::vector<std::pair<std::string, Duration>> good{
      {"0", 0ms},   {"250ms", 250ms}, {"90s", 90s}, {"5m", 5min}, {"1h", 1h},
      {"7d", 168h}, {"1h30m", 90min}, {"0s", 0s},   {"2w", 336h}, {"1y", 8760h}};
  for (const auto& [text, span] : good) {
    CAPTURE(text);
    CHECK(parse_duration(text) == span);
  }
  for (const char* bad : {"", "5", "-5m", "5 m", "m", "5x", "1.5h", "5m!", "+5m",
                          "99999999999999999999d", "4000d", "5M"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("spans are told in their two largest units") {
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(252s) == "4m 12s");
  CHECK(format_duration(6h) == "6h");
  CHECK(format_duration(25h + 3s) == "1d 1h");
  CHECK(format_duration(1h + 5s) == "1h");
}

TEST_CASE("points in time are read and written in UTC") {
  for (const char* text :
       {"2026-11-22T02:20:40.123Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"})
    CHECK(format_rfc3339(*parse_rfc3339(text)) == text);
  CHECK(parse_rfc3339("2026-11-22T02:20:40Z") == parse_rfc3339("2026-11-22T02:20:40.000Z"));
  for (const char* bad : {"", "2026-11-22", "2026-11-22T02:20:40", "2026-11-22T02:20:40+01:00",
                          "2026-13-22T02:20:40Z", "2026-02-29T02:20:40Z", "2026-11-22T24:00:00Z",
                          "2026-11-22T02:20:40.Z", "2026-11-22T02:20:40Zx"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
  CHECK(format_day(*parse_rfc3339("2026-11-22T23:59:59.999Z")) == "20261122");
  CHECK(parse_day("20261122") == parse_day("2026-11-22"));
  CHECK_FALSE(parse_day("2026112"));
}
