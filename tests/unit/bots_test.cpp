#include "call/settings.h"
#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

std::string refused(const std::string& text) {
  Settings settings;
  return apply_config(settings, text, "x.yml").value_or("");
}

}  // namespace

TEST_CASE("a bot's row is found by --bot, by its login, and by its login without the suffix") {
  Settings settings;
  REQUIRE_FALSE(apply_config(
      settings,
      "bots:\n"
      "  dependabot: {group-by: repository, max-duration: 1h, max-events: 5, idle-timeout: 90s}\n"
      "  \"renovate[bot]\":\n    group-by: entity/1h\n"
      "  default:\n    group-by: entity\n",
      "x.yml"));
  CHECK(bot_row(settings, "dependabot[bot]").strategy == "repository");
  CHECK(bot_row(settings, "dependabot").limits == SessionLimits{1h, 5, 90s});
  CHECK(bot_row(settings, "renovate[bot]").strategy == "entity/1h");
  CHECK(bot_row(settings, "renovate[bot]").limits == SessionLimits{2h, 1000, 30min});
  CHECK(bot_row(settings, "renovate").strategy == "entity");
  CHECK(bot_row(settings, "ann").strategy == "entity");
  settings.bot = "dependabot";
  CHECK(bot_row(settings, "ann").strategy == "repository");
  CHECK(bot_row(Settings{}, "ann") == Bot{});
}

TEST_CASE("a group-by beside the bots is that of the rest") {
  Settings settings;
  REQUIRE_FALSE(
      apply_config(settings, "group-by: user\nbots:\n  x: {group-by: entity}\n", "x.yml"));
  CHECK(settings.group_by.empty());
  CHECK(bot_row(settings, "ann").strategy == "user");
  CHECK(bot_row(settings, "x").strategy == "entity");
}

TEST_CASE("a table of bots that is wrong says where and what is known") {
  CHECK(refused("bots: 7\n").find("a mapping of names to rows") != std::string::npos);
  CHECK(refused("bots:\n  x: 7\n").find("x.yml:2: \"x\"") != std::string::npos);
  CHECK(refused("bots:\n  x:\n    group: entity\n").find("x.yml:3: there is no \"group\"") !=
        std::string::npos);
  CHECK(refused("bots:\n  x: {group-by: entitty}\n").find("did you mean \"entity\"") !=
        std::string::npos);
  CHECK(refused("bots:\n  x: {max-events: 0}\n").find("from 1 to") != std::string::npos);
  CHECK(refused("bots:\n  x: {max-duration: never}\n").find("a span of time") != std::string::npos);
  CHECK(refused("bots:\n  x: {idle-timeout: [1]}\n").find("a single value") != std::string::npos);
  CHECK(refused("bots:\n  x: {}\n  x: {}\n").find("a second time") != std::string::npos);
  CHECK(refused("bots:\n  x: {max-events: 1, max-events: 2}\n").find("a second time") !=
        std::string::npos);
  CHECK(refused("bots: {}\nbots: {}\n").find("a second time") != std::string::npos);
  CHECK_FALSE(refused("bot: {}\n").empty());
  CHECK(refused("bots:\n").empty());
}
