#include "call/settings.h"

#include "catch.h"
#include "core/policy/budget_setting.h"
#include "core/words/nearest.h"

using namespace refgate;
using namespace std::chrono_literals;

TEST_CASE("every setting that the table names can be set") {
  for (const SettingRow& row : setting_table()) {
    if (row.name == "config") continue;
    Settings settings;
    const std::string value = row.form == SettingForm::duration ? "2m"
                              : row.form == SettingForm::choice
                                  ? std::string(row.metavar.substr(0, row.metavar.find('|')))
                              : row.form == SettingForm::flag   ? "true"
                              : row.form == SettingForm::pairs  ? "k=v"
                              : row.form == SettingForm::number ? "3"
                              : row.form == SettingForm::list   ? "actor:3/1h"
                              : row.name == "group-by"          ? "entity"
                              : row.name == "slots"             ? "model:3"
                              : row.name == "breaker"           ? "5/1h"
                              : row.name == "sha"               ? "0a1b2c3"
                              : row.name == "run-attempt"       ? "2"
                              : row.name == "reserve"           ? "1.50usd"
                                                                : "text";
    CAPTURE(row.name, value);
    CHECK_FALSE(apply_setting(settings, row.name, value));
  }
}

TEST_CASE("a bad value says what is allowed") {
  Settings settings;
  CHECK(apply_setting(settings, "retry", "never")->find("suppress, manual, allow") !=
        std::string::npos);
  CHECK(apply_setting(settings, "memory", "7")->find("90s, 5m, 1h or 7d") != std::string::npos);
  CHECK(apply_setting(settings, "lease", "10ms")->find("at least 1s") != std::string::npos);
  CHECK(apply_setting(settings, "namespace", "heads"));
  CHECK(apply_setting(settings, "dimension", "model")->find("key=value") != std::string::npos);
  CHECK(apply_setting(settings, "nonsense", "x"));
  CHECK_FALSE(apply_setting(settings, "memory", ""));
}

TEST_CASE("yes and no are read in any case of letters, and alike for every flag") {
  for (const SettingRow& row : setting_table()) {
    if (row.form != SettingForm::flag) continue;
    for (const char* yes_or_no :
         {"true", "TRUE", "True", "1", "yes", "No", "0", "false", "FALSE"}) {
      CAPTURE(row.name, yes_or_no);
      Settings settings;
      CHECK_FALSE(apply_setting(settings, row.name, yes_or_no));
    }
    for (const char* neither : {"perhaps", "2", "t", "true "}) {
      CAPTURE(row.name, neither);
      Settings settings;
      CHECK_THAT(*apply_setting(settings, row.name, neither),
                 Catch::Contains("but must be one of true, false"));
    }
  }
  Settings settings;
  CHECK_FALSE(apply_setting(settings, "force", "YES"));
  CHECK(settings.policy.force);
  CHECK_FALSE(apply_setting(settings, "force", "0"));
  CHECK_FALSE(settings.policy.force);
}

TEST_CASE("an entry of the configuration that is empty is wrong, whatever its form") {
  for (const SettingRow& row : setting_table()) {
    if (!row.in_config) continue;
    for (const char* nothing : {"", " ''", " \"  \"", " ~", " null"}) {
      Settings settings;
      const std::string text = std::string(row.name) + ":" + nothing + "\n";
      CAPTURE(text);
      const auto error = apply_config(settings, text, "c.yml");
      REQUIRE(error);
      CHECK_THAT(*error, Catch::StartsWith("c.yml:1: \"" + std::string(row.name) + "\" is empty"));
    }
  }
  for (const char* name : {"group-by", "max-duration", "max-events", "idle-timeout"}) {
    Settings settings;
    CHECK_THAT(*apply_config(settings, "bots:\n  x:\n    " + std::string(name) + ":\n", "c.yml"),
               Catch::Contains("is empty"));
  }
  Settings settings;
  using namespace std::string_literals;
  for (const std::string& text : {"\xff\xfe"s, "\xfe\xff"s, "\xff\xfe#\0"s, "# \0"s})
    CHECK_THAT(apply_config(settings, text, "c.yml").value_or(""),
               Catch::Contains("c.yml is no UTF-8 text"));
  CHECK_FALSE(apply_config(settings, "\xef\xbb\xbf# nothing\n", "c.yml"));
  CHECK_FALSE(apply_config(settings, "budget: []\ndimension: {}\nbots:\n", "c.yml"));
}

TEST_CASE("a name has at most 1024 bytes") {
  for (const char* name : {"share", "bot", "job-index", "claim-id"}) {
    CAPTURE(name);
    Settings settings;
    CHECK_FALSE(apply_setting(settings, name, std::string(1024, 'x')));
    CHECK(apply_setting(settings, name, std::string(1025, 'x')));
  }
  Settings settings;
  CHECK_FALSE(apply_setting(settings, "dimension", "k=" + std::string(1022, 'x')));
  CHECK(apply_setting(settings, "dimension", "j=" + std::string(1023, 'x')));
}

TEST_CASE("what is called a commit is 7 to 64 hexadecimal digits") {
  Settings settings;
  for (const char* bad :
       {"HEAD", "main", "xyz", "abc12", "123456", "a1b2c3g", "0000000", "a b c d e f"}) {
    CAPTURE(bad);
    const auto error = apply_setting(settings, "sha", bad);
    REQUIRE(error);
    CHECK_THAT(*error, Catch::Contains("7 to 64 hexadecimal digits"));
  }
  CHECK_THAT(*apply_setting(settings, "sha", "HEAD"), Catch::Contains("\"$(git rev-parse HEAD)\""));
  for (const char* said : {"$(x)", "a;id", "HEAD|id", "!x", "*", "--upload-pack=x", "HEAD~1&"})
    CHECK_THAT(*apply_setting(settings, "sha", said), !Catch::Contains("rev-parse"));
  CHECK(apply_setting(settings, "sha", std::string(65, 'a')));
  CHECK_FALSE(apply_setting(settings, "sha", std::string(40, 'A')));
  CHECK(settings.sha == std::string(40, 'a'));
}

TEST_CASE("budgets name what they count, how many, and within which span") {
  Settings settings;
  CHECK_FALSE(apply_setting(settings, "budget", "5/1d, workflow:20/7d\nactor: 3 / 1h"));
  CHECK(settings.policy.budgets == std::vector<Budget>{{BudgetKind::scope, 5, 24h},
                                                       {BudgetKind::workflow, 20, 7 * 24h},
                                                       {BudgetKind::actor, 3, 1h}});
  for (const char* bad :
       {"5", "5/", "/1d", "x/1d", "team:5/1d", "-1/1d", "5/0s", "5/1d/2d", "99999999999/1d"}) {
    CAPTURE(bad);
    CHECK(apply_setting(settings, "budget", bad));
  }
  CHECK(apply_setting(settings, "max-attempts", "-1"));
  CHECK(apply_setting(settings, "max-attempts", "two"));
  CHECK_THAT(*apply_setting(settings, "max-attempts", "0"), Catch::Contains("from 1 to"));
  CHECK(apply_setting(settings, "interval", "2000d"));
}

TEST_CASE("budgets of money and tokens need a reserve in their unit") {
  Settings settings;
  CHECK_FALSE(apply_setting(settings, "budget",
                            "repo:20usd/1d, store: 2000000tokens / 366d\nscope:0.5usd/1h"));
  CHECK(settings.policy.budgets ==
        std::vector<Budget>{{BudgetKind::repo, 20'000'000, 24h, BudgetUnit::usd},
                            {BudgetKind::store, 2'000'000, 366 * 24h, BudgetUnit::tokens},
                            {BudgetKind::scope, 500'000, 1h, BudgetUnit::usd}});
  CHECK_THAT(*missing_reserve(settings.policy), Catch::Contains("usd"));
  CHECK_FALSE(apply_setting(settings, "reserve", "1.50usd"));
  CHECK_THAT(*missing_reserve(settings.policy), Catch::Contains("tokens"));
  CHECK_FALSE(apply_setting(settings, "reserve", "100000tokens"));
  CHECK(settings.policy.reserve == Spent{Usd{1'500'000}, 100'000});
  CHECK_FALSE(missing_reserve(settings.policy));
  CHECK_FALSE(missing_reserve(Policy{}));
  for (const char* bad : {"usd/1d", "-1usd/1d", "1eur/1d", "20$/1d", "1.5tokens/1d", "tokens/1d",
                          "1.5/1d", "5/367d", "20usd/2000d", "1000001usd/1d", "repo/1d"}) {
    CAPTURE(bad);
    CHECK(apply_setting(settings, "budget", bad));
  }
  for (const char* bad :
       {"1.50", "5", "usd", "0usd", "0tokens", "-1usd", "1usd/1d", "x", "1usd,2usd"}) {
    CAPTURE(bad);
    CHECK(apply_setting(settings, "reserve", bad));
  }
}

TEST_CASE("lease and interval of heartbeats fit each other when only one of them is given") {
  const auto of = [](std::initializer_list<std::pair<const char*, const char*>> given) {
    Settings settings;
    for (const auto& [name, value] : given)
      CHECK_FALSE(apply_setting(settings, name, value));
    return std::pair(beat_lease(settings.policy), beat_interval(settings.policy));
  };
  using Pair = std::pair<Duration, Duration>;
  CHECK(of({}) == Pair{15min, 5min});
  CHECK(of({{"interval", "1m"}}) == Pair{3min, 1min});
  CHECK(of({{"interval", "1s"}}) == Pair{62s, 1s});
  CHECK(of({{"interval", "1s"}, {"skew", "0s"}}) == Pair{3s, 1s});
  CHECK(of({{"lease", "4s"}, {"skew", "1s"}}) == Pair{4s, 1s});
  CHECK(of({{"lease", "1h"}}) == Pair{1h, 5min});
  CHECK(of({{"lease", "30s"}, {"interval", "20s"}}) == Pair{30s, 20s});
}

TEST_CASE("dimensions are separated by commas and line ends") {
  Settings settings;
  CHECK_FALSE(apply_setting(settings, "dimension", "model=opus, region=eu\nleg=1\n"));
  CHECK(settings.dimensions ==
        std::map<std::string, std::string>{{"model", "opus"}, {"region", "eu"}, {"leg", "1"}});
  CHECK(apply_setting(settings, "dimension", "model=other")->find("twice") != std::string::npos);
}

TEST_CASE("a configuration file sets what it names") {
  Settings settings;
  REQUIRE_FALSE(apply_config(
      settings,
      "memory: 2d\nretry: manual\ndimension:\n  model: opus\n  region: 1\nshare: agents\n",
      "x.yml"));
  CHECK(settings.policy.memory == 48h);
  CHECK(settings.policy.retry == Retry::manual);
  CHECK(settings.share == "agents");
  CHECK(settings.dimensions ==
        std::map<std::string, std::string>{{"model", "opus"}, {"region", "1"}});
  CHECK_FALSE(apply_config(settings, "", "x.yml"));
  CHECK_FALSE(apply_config(settings, "# nothing\n", "x.yml"));
}

TEST_CASE("a configuration that is wrong is named with its line") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"memori: 2d", "x.yml:1: there is no setting \"memori\"; did you mean \"memory\"?"},
      {"share: a\nretries: allow",
       "x.yml:2: there is no setting \"retries\"; did you mean \"retry\"?"},
      {"completely_else: 1", "x.yml:1: there is no setting \"completely_else\""},
      {"sha: abc", "belongs to one run"},
      {"memory: 1d\nmemory: 2d", "x.yml:2: \"memory\" stands here a second time"},
      {"memory: [1d]", "a single value"},
      {"- memory", "a mapping of settings"},
      {"memory: sometimes", "x.yml:1: memory is \"sometimes\""},
      {"a: [", "x.yml"},
      {"\tx: 1", "x.yml"},
  };
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    Settings settings;
    const auto error = apply_config(settings, text, "x.yml");
    REQUIRE(error);
    CHECK_THAT(*error, Catch::Contains(expected));
  }
}

TEST_CASE("the nearest word is near") {
  const std::vector<std::string_view> known{"memory", "retry", "lease"};
  CHECK(nearest("memry", known) == "memory");
  CHECK(nearest("leese", known) == "lease");
  CHECK(nearest("zzzzzz", known).empty());
  CHECK(nearest("htlm", {"help", "html"}) == "html");
  CHECK(nearest("retries", known) == "retry");
  CHECK(nearest("vrebose", {"remote"}).empty());
  CHECK(nearest("fro", {"halt", "for"}) == "for");
}
