#include "os/process/child_environment.h"

#include "catch.h"

using namespace refgate;

namespace {

using Texts = std::vector<std::string>;

Texts without_secret(const Texts& inherited) {
  return without_withheld(inherited, [](std::string_view name, std::string_view value) {
    return name == "TOKEN" || value.find("secret") != std::string_view::npos ||
           name.find("secret") != std::string_view::npos;
  });
}

}  // namespace

TEST_CASE("a child inherits what is not withheld", "[os]") {
  CHECK(without_secret({"A=1", "TOKEN=x", "B=the secret", "C="}) == Texts{"A=1", "C="});
  CHECK(without_secret({}).empty());
  CHECK(without_secret({"A"}) == Texts{"A"});
}

TEST_CASE("git's settings by environment are withheld in pairs and numbered anew", "[os]") {
  struct Row {
    Texts inherited;
    Texts kept;
  };
  const Row rows[] = {
      // the value, the key, and one in the middle
      {{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraheader", "GIT_CONFIG_VALUE_0=secret"},
       {"GIT_CONFIG_COUNT=0"}},
      {{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.secret.insteadOf", "GIT_CONFIG_VALUE_0=x"},
       {"GIT_CONFIG_COUNT=0"}},
      {{"GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=1",
        "GIT_CONFIG_KEY_1=c.d", "GIT_CONFIG_VALUE_1=secret", "GIT_CONFIG_KEY_2=e.f",
        "GIT_CONFIG_VALUE_2="},
       {"GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=1", "GIT_CONFIG_KEY_1=e.f",
        "GIT_CONFIG_VALUE_1=", "GIT_CONFIG_COUNT=2"}},
      // in whatever order they stand
      {{"GIT_CONFIG_VALUE_1=2", "GIT_CONFIG_VALUE_0=secret", "A=1", "GIT_CONFIG_KEY_1=c.d",
        "GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_COUNT=2"},
       {"A=1", "GIT_CONFIG_KEY_0=c.d", "GIT_CONFIG_VALUE_0=2", "GIT_CONFIG_COUNT=1"}},
      // nothing withheld
      {{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=1"},
       {"GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=1", "GIT_CONFIG_COUNT=1"}},
      // what git does not count stays as it is; a count that is no number is git's to refuse
      {{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=secret",
        "GIT_CONFIG_KEY_7=c.d", "GIT_CONFIG_VALUE_7=3"},
       {"GIT_CONFIG_KEY_7=c.d", "GIT_CONFIG_VALUE_7=3", "GIT_CONFIG_COUNT=0"}},
      {{"GIT_CONFIG_COUNT=x", "GIT_CONFIG_PARAMETERS='a.b=secret'"}, {"GIT_CONFIG_COUNT=x"}},
      {{"GIT_CONFIG_KEY_x=1"}, {"GIT_CONFIG_KEY_x=1"}},
  };
  for (const Row& row : rows) {
    INFO(row.inherited.front());
    CHECK(without_secret(row.inherited) == row.kept);
  }
}
