#include "core/claim/phase.h"
#include "catch.h"

#include <map>
#include <string>
#include <vector>

using namespace refgate;

TEST_CASE("phase: every step from every phase") {
  using enum Phase;
  struct Row {
    Phase phase;
    std::optional<Phase> answered, told, ended, given_back;
  };
  const auto none = std::nullopt;
  const std::vector<Row> table{
      {asked, won, Phase::told, Phase::ended, Phase::given_back},
      {won, won, Phase::told, Phase::ended, Phase::given_back},
      {Phase::told, Phase::told, Phase::told, Phase::ended, Phase::given_back},
      {Phase::ended, none, none, none, none},
      {Phase::given_back, none, none, none, none},
  };
  for (const Row& row : table) {
    INFO(name_of(row.phase));
    CHECK(after(row.phase, PhaseStep::answered) == row.answered);
    CHECK(after(row.phase, PhaseStep::told) == row.told);
    CHECK(after(row.phase, PhaseStep::ended) == row.ended);
    CHECK(after(row.phase, PhaseStep::given_back) == row.given_back);
  }
}

TEST_CASE("phase: what is over, and what gives the scope back") {
  const std::vector<Phase> all{Phase::asked, Phase::won, Phase::told, Phase::ended,
                               Phase::given_back};
  std::string over;
  std::string untold;
  for (const Phase phase : all) {
    CHECK(phase_named(name_of(phase)) == phase);
    if (is_over(phase)) over += std::string(name_of(phase)) + " ";
    if (is_untold(phase)) untold += std::string(name_of(phase)) + " ";
  }
  CHECK(over == "ended given_back ");
  CHECK(untold == "asked won ");
  CHECK_FALSE(phase_named(""));
  CHECK_FALSE(phase_named("lost"));
}
