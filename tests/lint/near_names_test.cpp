// Names that are meant to be equal, and the rule that looks for them.

#include "lint/text/near_names.h"

#include "catch.h"
#include "rule_cases.h"

namespace refgate::lint {

TEST_CASE("near names are one name written on two days") {
  for (const auto& [left, right] :
       std::vector<std::pair<std::string, std::string>>{{"review", "reviews"},
                                                        {"review", "Review"},
                                                        {"agent-review", "agent_review"},
                                                        {"agent-review", "agentreview"},
                                                        {"agent review", "agent-reviews"},
                                                        {"review", "reveiw"},
                                                        {"review", "revew"},
                                                        {"review", "rewiew"},
                                                        {"entry", "entries"},
                                                        {"nightly-triage", "nightly-triag"}}) {
    INFO(left << " " << right);
    CHECK(are_near_names(left, right));
    CHECK(are_near_names(right, left));
  }
  for (const auto& [left, right] :
       std::vector<std::pair<std::string, std::string>>{{"review", "review"},
                                                        {"review-1", "review-2"},
                                                        {"review-a", "review-b"},
                                                        {"review-fast", "review-slow"},
                                                        {"import", "export"},
                                                        {"internal", "external"},
                                                        {"lint", "link"},
                                                        {"planA", "planB"},
                                                        {"v1", "v2"},
                                                        {"review", "review-docs"},
                                                        {"python3", "python2"},
                                                        {"pass", "pas"},
                                                        {"agents-reviews", "agent-review"},
                                                        {"review", ""}}) {
    INFO(left << " " << right);
    CHECK_FALSE(are_near_names(left, right));
    CHECK_FALSE(are_near_names(right, left));
  }
  CHECK_FALSE(are_near_names(std::string(300, 'a'), std::string(301, 'a')));
}

TEST_CASE("share-near: where shares are named, and which of two is the slip") {
  const auto workflow = [](const std::string& share) {
    return "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: "
           "refgate/refgate@v1\n        with: {share: '" +
           share + "', run: ./a.sh}\n";
  };
  const auto of = [&](const std::vector<std::string>& shares) {
    MemoryFiles files;
    for (const std::string& share : shares)
      files.texts[".github/workflows/w" + std::to_string(files.texts.size()) + ".yml"] =
          workflow(share);
    return found("share-near", files);
  };
  CHECK(of({"review", "reviews"}) == 1);
  CHECK(of({"review", "review"}) == 0);
  CHECK(of({"review", "reviews", "review"}) == 1);
  CHECK(of({"review", "reviews", "review", "reviews"}) == 0);
  CHECK(of({"review-${{ github.ref }}", "reviews-${{github.ref}}"}) == 1);
  CHECK(of({"review-${{ github.ref }}", "reviews-${{ github.sha }}"}) == 0);
  CHECK(of({"review-${{ github.ref }}", "review-${{ github.ref }}"}) == 0);
  // The rarer one is reported, wherever it stands.
  MemoryFiles files{{{".github/workflows/a.yml", workflow("reviews")},
                     {".github/workflows/b.yml", workflow("review")},
                     {".github/workflows/c.yml", workflow("review")}}};
  const std::vector<Finding> findings =
      lint(files.project(
               {".github/workflows/a.yml", ".github/workflows/b.yml", ".github/workflows/c.yml"}),
           {});
  const auto near = std::find_if(findings.begin(), findings.end(),
                                 [](const Finding& each) { return each.rule == "share-near"; });
  REQUIRE(near != findings.end());
  CHECK(near->location.file == ".github/workflows/a.yml");
}

TEST_CASE("share-near: one rule speaks of launches whose gates name near shares") {
  const auto workflow = [](const std::string& share) {
    return R"(on: pull_request
concurrency: a
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs: {skip: '${{ steps.gate.outputs.skip_execution }}'}
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with: {share: )" +
           share + R"(}
  a:
    needs: gate
    if: needs.gate.outputs.skip == 'false'
    runs-on: ubuntu-latest
    steps:
      - run: claude -p "Review this pull request for security problems."
)";
  };
  const auto with = [&](const std::string& other) {
    return MemoryFiles{{{".github/workflows/a.yml", workflow("review")},
                        {".github/workflows/b.yml", workflow(other)}}};
  };
  CHECK(found("agents-share-event", with("review")) == 0);
  CHECK(found("agents-share-event", with("other")) == 1);
  CHECK(found("agents-share-event", with("reviews")) == 0);
  CHECK(found("share-near", with("reviews")) == 1);
  // Where that one says nothing, this one speaks: of two names in two places each, and of
  // expressions that differ.
  const auto of = [&](const std::vector<std::string>& shares) {
    MemoryFiles files;
    for (const std::string& share : shares)
      files.texts[".github/workflows/" + std::to_string(files.texts.size()) + ".yml"] =
          workflow("'" + share + "'");
    return std::pair(found("share-near", files), found("agents-share-event", files));
  };
  CHECK(of({"review", "review", "reviews", "reviews"}) ==
        std::pair<std::size_t, std::size_t>(0, 4));
  CHECK(of({"review", "review", "reviews"}) == std::pair<std::size_t, std::size_t>(1, 0));
  CHECK(of({"review-${{ vars.PART }}", "review-${{ vars.PARTS }}"}) ==
        std::pair<std::size_t, std::size_t>(0, 1));
  CHECK(of({"review-${{ vars.PART }}", "reviews-${{ vars.PART }}"}) ==
        std::pair<std::size_t, std::size_t>(1, 0));
  // The variable of the job that the gate stands in.
  const auto by_variable = [&](const std::string& share, const std::string& where) {
    std::string text = put_in(workflow("x"), "{share: x}", "{memory: 1d}");
    return put_in(text, where + ":\n", where + ":\n    env: {REFGATE_SHARE: " + share + "}\n");
  };
  const auto both = [&](const std::string& share, const std::string& where) {
    return MemoryFiles{{{".github/workflows/a.yml", by_variable("review", where)},
                        {".github/workflows/b.yml", by_variable(share, where)}}};
  };
  CHECK(found("agents-share-event", both("review", "  gate")) == 0);
  CHECK(found("agents-share-event", both("other", "  gate")) == 1);
  CHECK(found("agents-share-event", both("review", "  a")) == 1);
}

}  // namespace refgate::lint
