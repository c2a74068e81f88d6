#include "lint/workflow/glob.h"

#include <string>
#include <vector>

#include "catch.h"

using namespace refgate::lint;

TEST_CASE("patterns match what the cheat sheet says") {
  struct Row {
    std::string pattern;
    std::vector<std::string> matching, other;
  };
  const auto row = GENERATE(values<Row>({
      {"feature/*", {"feature/my-branch", "feature/"}, {"feature/a/b", "feature", "xfeature/a"}},
      {"feature/**",
       {"feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"},
       {"feature"}},
      {"main", {"main"}, {"Main", "main2", "x/main"}},
      {"*", {"main", "releases"}, {"all/the"}},
      {"**", {"all/the/branches", "every/tag", "x"}, {}},
      {"*feature", {"mona-feature", "feature", "ver-10-feature"}, {"a/feature", "features"}},
      {"v2*", {"v2", "v2.0", "v2.9"}, {"v1", "v2/x"}},
      {"v[12].[0-9]+.[0-9]+", {"v1.10.1", "v2.0.0"}, {"v3.0.0", "v1.10", "v1.x.1", "v12.0.0"}},
      {"*.jsx?", {"page.js", "page.jsx"}, {"page.jsxx", "a/page.js"}},
      {"**.js", {"index.js", "js/index.js", "src/js/app.js"}, {"index.ts"}},
      {"docs/*", {"docs/README.md"}, {"docs/a/b.md"}},
      {"docs/**/*.md",
       {"docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"},
       {"docsREADME.md", "docs/a.txt", "a/docs/b.md"}},
      {"**/docs/**",
       {"docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"},
       {"mydocs/a", "docs"}},
      {"**/README.md", {"README.md", "js/README.md"}, {"xREADME.md", "js/README.mdx"}},
      {"**/*src/**", {"a/src/app.js", "my-src/code/js/app.js"}, {"src2/a"}},
      {"**/*-post.md", {"my-post.md", "path/their-post.md"}, {"post.md"}},
      {"**/migrate-*.sql",
       {"migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"},
       {"db/migrate-a/b.sql"}},
      {"Octoc?t", {"Octot", "Octoct"}, {"Octocat"}},
      {"a+b", {"ab", "aaab"}, {"b", "a+b"}},
      {"a\\+b", {"a+b"}, {"ab", "aab"}},
      {"\\*", {"*"}, {"a", "\\*"}},
      {"[CB]at", {"Cat", "Bat"}, {"cat", "Rat", "[CB]at"}},
      {"[!a]", {"!", "a"}, {"b"}},
      {"[a-]", {"a", "-"}, {"b"}},
      {"a**b", {"ab", "a/x/b"}, {"ba"}},
      {"a/**/b", {"a/b", "a/x/b", "a/x/y/b"}, {"ab", "a/xb", "axb"}},
      {"é?", {"é", ""}, {"e", "éé"}},
  }));
  INFO(row.pattern);
  const Glob glob(row.pattern);
  CHECK_FALSE(glob.error().has_value());
  for (const auto& name : row.matching)
    CHECK((glob.matches(name) ? name : "no match for " + name) == name);
  for (const auto& name : row.other)
    CHECK((glob.matches(name) ? "matched " + name : name) == name);
}

TEST_CASE("a pattern that cannot be read matches nothing and says why") {
  const auto pattern =
      GENERATE(values<std::string>({"[", "a[b", "[]", "[]a", "[z-a]", "?", "+x", "a\\"}));
  INFO(pattern);
  const Glob glob(pattern);
  CHECK(glob.error().has_value());
  CHECK_FALSE(glob.matches(pattern));
  CHECK_FALSE(glob.matches(""));
  CHECK(FilterList({"ok", pattern}, false).errors().size() == 1);
  CHECK(FilterList({"ok", pattern}, false).passes("ok"));
}

TEST_CASE("a pattern without special characters is a literal") {
  CHECK(Glob("release/1.0").literal() == "release/1.0");
  CHECK(Glob("a\\*b").literal() == "a*b");
  CHECK_FALSE(Glob("a*").literal().has_value());
  CHECK_FALSE(Glob("v[0]").literal().has_value());
}

TEST_CASE("the last pattern that matches decides") {
  const FilterList readme({"*.md", "!README.md", "README*"}, false);
  CHECK(readme.passes("hello.md"));
  CHECK(readme.passes("README.md"));
  CHECK(readme.passes("README.doc"));
  CHECK_FALSE(FilterList({"*.md", "!README.md"}, false).passes("README.md"));
  CHECK(FilterList({"!README.md", "*.md"}, false).passes("README.md"));
  CHECK_FALSE(FilterList({"!main"}, false).passes("other"));
  CHECK_FALSE(FilterList({"releases/**-alpha", "main"}, true).passes("releases/x-alpha"));
  CHECK(FilterList({"releases/**-alpha", "main"}, true).passes("dev"));
  CHECK_FALSE(FilterList({}, false).passes("x"));
  CHECK(FilterList::everything().passes("x"));
}

TEST_CASE("how far a push filter reaches") {
  struct Row {
    std::string title;
    EventFilter filter;
    BranchReach reach;
  };
  const auto branches = [](std::vector<std::string> patterns) {
    EventFilter filter;
    filter.branches = std::move(patterns);
    return filter;
  };
  const auto ignoring = [](std::vector<std::string> patterns) {
    EventFilter filter;
    filter.branches_ignore = std::move(patterns);
    return filter;
  };
  EventFilter tags;
  tags.tags = {"v*"};
  EventFilter tags_and_branches = branches({"main"});
  tags_and_branches.tags = {"v*"};
  EventFilter paths;
  paths.paths = {"src/**"};
  const std::vector<Row> rows{
      {"no filter", {}, BranchReach::everything},
      {"paths only", paths, BranchReach::everything},
      {"**", branches({"**"}), BranchReach::everything},
      {"* and */**", branches({"*", "*/**"}), BranchReach::everything},
      {"literal and **", branches({"main", "**"}), BranchReach::everything},
      {"a taken back and given again", branches({"**", "!main", "main"}), BranchReach::everything},
      {"ignoring nothing", ignoring({}), BranchReach::everything},
      {"*", branches({"*"}), BranchReach::unslashed},
      {"* and feature/**", branches({"*", "feature/**"}), BranchReach::unslashed},
      {"** but one", branches({"**", "!gh-pages"}), BranchReach::all_but},
      {"* but one", branches({"*", "!gh-pages"}), BranchReach::all_but},
      {"ignoring one", ignoring({"gh-pages"}), BranchReach::all_but},
      {"ignoring a family", ignoring({"dependabot/**"}), BranchReach::all_but},
      {"literals", branches({"main", "release/1.0"}), BranchReach::literals},
      {"a literal of two taken back", branches({"main", "dev", "!dev"}), BranchReach::literals},
      {"branches beside tags", tags_and_branches, BranchReach::literals},
      {"release lines", branches({"main", "release/**"}), BranchReach::patterns},
      {"a bracket", branches({"v[0-9]+"}), BranchReach::patterns},
      {"tags only", tags, BranchReach::none},
      {"negative only", branches({"!main"}), BranchReach::none},
      {"all taken back", branches({"feature/**", "!**"}), BranchReach::none},
      {"ignoring everything", ignoring({"**"}), BranchReach::none},
  };
  for (const Row& row : rows) {
    INFO(row.title);
    CHECK(static_cast<int>(branch_reach(row.filter)) == static_cast<int>(row.reach));
  }
}

TEST_CASE("two filters share a name or they do not") {
  struct Row {
    std::vector<std::string> left, right;
    bool share;
  };
  const auto row = GENERATE(values<Row>({
      {{"main"}, {"main", "dev"}, true},
      {{"main"}, {"dev"}, false},
      {{"feature/**"}, {"**/x"}, true},
      {{"feature/*"}, {"feature/*/*"}, false},
      {{"**", "!main"}, {"main"}, false},
      {{"v[0-9]+"}, {"v[a-z]*"}, false},
      {{"v[0-9]+*"}, {"v1?.x"}, true},
      {{"src/**"}, {"docs/**"}, false},
      {{"**.md"}, {"docs/**", "!**.md"}, false},
      {{"a+"}, {"aab?"}, true},
      {{"*a*b*c*"}, {"*c*b*a*"}, true},
  }));
  const FilterList left(row.left, false);
  const FilterList right(row.right, false);
  CHECK((can_share(left, right) == Truth::yes) == row.share);
  CHECK((can_share(right, left) == Truth::yes) == row.share);
  const CommonName common = common_name({&left, &right});
  REQUIRE(common.decided);
  REQUIRE(common.name.has_value() == row.share);
  if (common.name) {
    INFO(*common.name);
    CHECK(left.passes(*common.name));
    CHECK(right.passes(*common.name));
  }
}

TEST_CASE("a pattern that is not UTF-8 lets no name through") {
  const FilterList broken({"\xED\x9E*\xED"}, false);
  CHECK_FALSE(common_name({&broken}).name.has_value());
  const FilterList both({"\xED\x9E*\xED", "ok"}, false);
  CHECK(common_name({&both}).name == "ok");
}

TEST_CASE("one filter covers another") {
  CHECK(covers(FilterList({"**"}, false), FilterList({"main"}, false)) == Truth::yes);
  CHECK(covers(FilterList({"release/*"}, false), FilterList({"release/**"}, false)) == Truth::no);
  CHECK(covers(FilterList({"main"}, true), FilterList({"dev", "release/**"}, false)) == Truth::yes);
  CHECK(covers(FilterList({"main"}, false), FilterList({"main", "!main"}, false)) == Truth::yes);
}

TEST_CASE("the search agrees with matching name by name", "[bulk]") {
  // Every list of two patterns over a small alphabet, against every name of up to four characters.
  const std::vector<std::string> patterns{"*",    "**",     "a",   "a*",  "*a",   "**/a",
                                          "a/**", "a/**/b", "a?b", "a+",  "[ab]", "[ab]+/b",
                                          "!a",   "!**/a",  "!*",  "b/a", "*/*"};
  std::vector<std::string> names;
  std::vector<std::string> longest{""};
  for (int length = 0; length < 4; ++length) {
    std::vector<std::string> next;
    for (const auto& name : longest)
      for (const char* part : {"a", "b", "x", "/"})
        next.push_back(name + part);
    longest = next;
    for (const auto& name : next)
      if (name.front() != '/' && name.back() != '/' && name.find("//") == std::string::npos)
        names.push_back(name);
  }
  std::size_t decided_by_names = 0;
  for (const auto& first : patterns)
    for (const auto& second : patterns)
      for (const auto& other : patterns) {
        const FilterList left({first, second}, false);
        const FilterList right({other}, true);
        bool shared = false;
        for (const auto& name : names)
          shared = shared || (left.passes(name) && right.passes(name));
        const CommonName common = common_name({&left, &right});
        if (shared) {
          ++decided_by_names;
          CHECK(common.name.has_value());
        }
        if (common.name) {
          CHECK(left.passes(*common.name));
          CHECK(right.passes(*common.name));
        }
      }
  CHECK(decided_by_names > 1000);
}

TEST_CASE("intricate patterns end in not decided and not in a hang", "[bulk]") {
  std::vector<std::string> patterns;
  for (char c = 'a'; c <= 'z'; ++c)
    patterns.push_back(std::string("**") + c +
                       "[a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z]");
  patterns.push_back("!**");
  const FilterList list(patterns, false);
  const CommonName common = common_name({&list});
  CHECK_FALSE(common.name.has_value());
  CHECK_FALSE(common.decided);
}
