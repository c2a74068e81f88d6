#include "job/verdict/told_wait.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

TEST_CASE("who waits says so at first, when it waits for something else, and every five minutes") {
  struct Row {
    std::chrono::seconds after;
    const char* what;
    bool due;
  };
  ToldWait told;
  CHECK_FALSE(told.anything());
  for (const Row& row :
       {Row{0s, "place 3", true}, Row{1s, "place 3", false}, Row{2s, "place 2", true},
        Row{3s, "place 3", true}, Row{302s, "place 3", false}, Row{303s, "place 3", true},
        Row{304s, "place 3", false}, Row{603s, "place 3", true}}) {
    CAPTURE(row.after.count(), row.what);
    CHECK(told.is_due(row.what, ToldWait::Clock::time_point(row.after)) == row.due);
  }
  CHECK(told.anything());
}
