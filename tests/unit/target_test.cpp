#include "view/target.h"

#include "call/remote.h"
#include "catch.h"
#include "core/event/scope.h"

using namespace refgate;
using Kind = Target::Kind;

namespace {

const std::string commit(40, 'a');
const std::string other = std::string(7, 'a') + std::string(33, 'b');

StoredClaim claim(const std::string& identity, const std::string& run, std::string of = commit) {
  StoredClaim stored;
  stored.ref = "refs/refgate/claims/" + encode_ref_component(identity) + "/agent.yml";
  stored.claim.claim_id = run + std::string(32 - run.size(), 'c');
  stored.claim.session_key = "agent-push-" + of.substr(0, 8);
  stored.claim.holder.run_id = run;
  stored.claim.holder.run_url = "https://github.com/octo/app/actions/runs/" + run;
  stored.claim.commit = std::move(of);
  return stored;
}

std::string runs_of(const Named& named) {
  std::string text;
  for (const StoredClaim* stored : named.claims)
    text += (text.empty() ? "" : " ") + stored->claim.holder.run_id;
  return text;
}

}  // namespace

TEST_CASE("target: what an address bar shows is taken apart") {
  struct Row {
    const char* text;
    Kind kind;
    const char* value;
    const char* repository;
  };
  const Row rows[] = {
      {"https://github.com/o/a/actions/runs/17", Kind::run, "17", "o/a"},
      {"https://github.com/o/a/actions/runs/17/attempts/2", Kind::run, "17", "o/a"},
      {"https://github.com/o/a/actions/runs/17/job/9?pr=7#step:2:1", Kind::run, "17", "o/a"},
      {"http://forge.example/git/o/a/actions/runs/17", Kind::run, "17", "o/a"},
      {"https://github.com/o/a/pull/7/files", Kind::number, "7", "o/a"},
      {"https://forge.example/o/a/pulls/7", Kind::number, "7", "o/a"},
      {"https://github.com/o/a/issues/7#issuecomment-1", Kind::number, "7", "o/a"},
      {"https://github.com/o/a/discussions/7", Kind::number, "7", "o/a"},
      {"https://github.com/o/a/commit/0a1b2c3", Kind::commit, "0a1b2c3", "o/a"},
      {"https://github.com/o/a/pull/7/commits/0a1b2c3", Kind::number, "7", "o/a"},
      {"https://github.com/o/a/tree/fix/a%23b", Kind::branch, "fix/a#b", "o/a"},
      {"https://forge.example/o/a/src/branch/fix/a", Kind::branch, "fix/a", "o/a"},
      {"https://github.com/actions/runs/actions/runs/17", Kind::run, "17", "actions/runs"},
      {"refs/heads/fix/a", Kind::branch, "fix/a", ""},
      {"#7", Kind::number, "7", ""},
      {"7", Kind::word, "7", ""},
      {"#x", Kind::word, "#x", ""},
      {"o/a#7", Kind::number, "7", "o/a"},
      {"GH-7", Kind::number, "7", ""},
      {"refs/pull/7/merge", Kind::number, "7", ""},
      {"refs/pull/7/head", Kind::number, "7", ""},
      {"refs/pull/7/other", Kind::word, "refs/pull/7/other", ""},
      {"o/a@0A1B2C3", Kind::commit, "0a1b2c3", "o/a"},
      {"https://github.com/o/a/commit/0A1B2C3", Kind::commit, "0a1b2c3", "o/a"},
      {"o/a#b", Kind::word, "o/a#b", ""},
      {"x/o/a#7", Kind::word, "x/o/a#7", ""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Target target = target_of(row.text);
    CHECK(target.kind == row.kind);
    CHECK(target.value == row.value);
    CHECK(target.repository == row.repository);
  }
  for (const char* text : {"", "  ", "https://github.com/o/a", "https://github.com/o/a/actions",
                           "https://", "https://github.com/o/a/pull/x"})
    CHECK_THROWS_AS(target_of(text), UsageError);
  CHECK_THROWS_AS(target_of(std::string(100'000, 'a')), UsageError);
}

TEST_CASE("target: each word that a person has finds its session and no other") {
  Claims claims;
  claims.claims = {claim("head-" + commit + ".fix/a", "11"), claim("issue-7", "12"),
                   claim("issue-70", "13"), claim("head-" + other + ".fix", "14", other),
                   claim("head-" + other + ".mallory/app:topic", "15", other)};
  claims.claims[3].claim.covers = {{"8", "main"}};
  claims.claims[4].ref += ",@for=9-main+10-rel-8";
  const std::string long_branch(300, 'x');
  claims.claims.push_back(claim("head-" + commit + "." + long_branch, "16"));
  struct Row {
    std::string said;
    std::string runs;
  };
  const Row rows[] = {{"11", "11"},
                      {"https://github.com/octo/app/actions/runs/14/job/3", "14"},
                      {"https://github.com/octo/other/actions/runs/14", ""},
                      {"#7", "12"},
                      {"7", "12"},
                      {"https://github.com/octo/app/issues/7", "12"},
                      {"https://github.com/octo/other/issues/7", ""},
                      {"#8", "14"},
                      {"#9", "15"},
                      {"#10", "15"},
                      {"#1", ""},
                      {"fix/a", "11"},
                      {"fix", "14"},
                      {"refs/heads/fix", "14"},
                      {"topic", "15"},
                      {"https://github.com/octo/app/tree/fix/a", "11"},
                      {long_branch, "16"},
                      {commit, "11 12 13 16"},
                      {other, "14 15"},
                      {"https://github.com/octo/app/commit/" + other, "14 15"},
                      {other.substr(0, 9), "14 15"},
                      {"11ccccc", "11"},
                      {"11cccc", ""},
                      {"agent-push-aaaaaaab", "14 15"},
                      {claims.claims[0].ref, "11"},
                      {claims.claims[0].claim.claim_id, "11"},
                      {"octo/app#7", "12"},
                      {"Octo/App#7", "12"},
                      {"octo/other#7", ""},
                      {"GH-70", "13"},
                      {"refs/pull/8/merge", "14"},
                      {std::string(40, 'A'), "11 12 13 16"},
                      {"octo/app@" + std::string(7, 'A') + "BB", "14 15"},
                      {std::string(7, 'A') + "BB", "14 15"},
                      {"https://github.com/octo/app/commit/" + std::string(40, 'A'), "11 12 13 16"},
                      {"nothing", ""}};
  for (const Row& row : rows) {
    INFO(row.said);
    const Named named = find_named(target_of(row.said), claims);
    CHECK(named.candidates.empty());
    CHECK(runs_of(named) == row.runs);
  }
}

TEST_CASE("target: a branch that is called like a number of a repository is found too") {
  Claims claims;
  claims.claims = {claim("head-" + commit + ".fix/issue#7", "11")};
  CHECK(runs_of(find_named(target_of("fix/issue#7"), claims)) == "11");
  CHECK(runs_of(find_named(target_of("fix/issue#8"), claims)) == "");
}

TEST_CASE("target: a line says which pull requests it is for, and where its work was done") {
  Claims claims;
  claims.claims = {claim("commit-" + commit, "11")};
  const auto line = [&](EntryKind kind, const char* run, std::vector<Cover> covers) {
    ReadEntry read;
    read.entry.kind = kind;
    read.entry.run_id = run;
    read.entry.scope = claims.claims[0].ref;
    read.entry.covers = std::move(covers);
    return read;
  };
  std::vector<ReadEntry> lines{line(EntryKind::launch, "11", {}),
                               line(EntryKind::skip, "12", {{"7", "main"}}),
                               line(EntryKind::skip, "13", {{"8", "main"}})};
  const auto runs = [&](const char* said) {
    std::string text;
    const Named named = find_named(target_of(said), claims, lines);
    for (const ReadEntry& read : lines)
      if (named.entries.contains(&read.entry)) text += read.entry.run_id + " ";
    return text;
  };
  CHECK(runs("#7") == "11 12 ");
  CHECK(runs("8") == "11 13 ");
  CHECK(runs("#9") == "");
  CHECK(runs("https://github.com/octo/app/pull/7") == "11 12 ");
  CHECK(runs("octo/other#7") == "");
  const Named named = find_named(target_of("#7"), claims, lines);
  CHECK(named.by_number);
  CHECK(named.claims.empty());
  CHECK(with_holders(named, claims).size() == 1);

  // How a session ended says its claim alone; what a skip would have used is no session.
  lines[0].entry.claim_id = "one";
  lines[2].entry.claim_id = "two";
  for (const auto& [kind, run, id] :
       {std::tuple{EntryKind::end, "21", "one"}, std::tuple{EntryKind::release, "22", "one"},
        std::tuple{EntryKind::lost, "23", "one"}, std::tuple{EntryKind::given_back, "24", "one"},
        std::tuple{EntryKind::end, "25", "two"}, std::tuple{EntryKind::end, "26", ""}}) {
    lines.push_back(line(kind, run, {}));
    lines.back().entry.scope.clear();
    lines.back().entry.claim_id = id;
  }
  CHECK(runs("#7") == "11 12 21 22 23 24 ");
  CHECK(runs("8") == "11 13 21 22 23 24 ");
  CHECK(runs("#9") == "");
}

TEST_CASE("target: results are found by what they came from") {
  const ResultOrigin one{"agent-push-aaaaaaaa",
                         std::string(32, 'd'),
                         "refs/refgate/claims/issue-7/a",
                         commit,
                         "Agent",
                         "push",
                         "501",
                         "https://forge.example/octo/app/actions/runs/9",
                         "agent"};
  const ResultOrigin two{"agent-push-bbbbbbbb",
                         std::string(32, 'e'),
                         "refs/refgate/claims/issue-70/a",
                         other,
                         "Agent",
                         "push",
                         "502",
                         "https://forge.example/octo/app/actions/runs/10",
                         "agent"};
  const std::vector<const ResultOrigin*> results{&one, &two};
  const auto runs = [&](const std::string& said) {
    std::string text;
    for (const ResultOrigin* each : find_named(target_of(said), {}, {}, results).results)
      text += each->run_id;
    return text;
  };
  for (const std::string& word :
       {std::string("501"), std::string("#7"), commit, std::string(40, 'A'), std::string(9, 'a'),
        std::string(32, 'd'), one.scope, one.session_key, std::string("octo/app#7"),
        std::string("https://forge.example/octo/app/actions/runs/9")}) {
    INFO(word);
    CHECK(runs(word) == "501");
  }
  CHECK(runs("#71") == "");
  CHECK(find_named(target_of("aaaaaaa"), {}, {}, results).candidates ==
        std::vector<std::string>{commit, other});
}

TEST_CASE("target: the beginning of several is told with all of them, and names none") {
  Claims claims;
  claims.claims = {claim("issue-1", "11"), claim("issue-2", "12", other)};
  const Named named = find_named(target_of("aaaaaaa"), claims);
  CHECK(named.claims.empty());
  CHECK(named.candidates == std::vector<std::string>{commit, other});
  const std::string told = tell_candidates("aaaaaaa", named.candidates);
  CHECK(told.find(commit) != std::string::npos);
  CHECK(told.find(other) != std::string::npos);
}

TEST_CASE("target: a word of any length takes one line") {
  const std::string told = tell_unknown(std::string(1500, 'a') + "\033[2J\n");
  CHECK(told.size() < 400);
  CHECK(told.find('\033') == std::string::npos);
  CHECK(told.find('\n') == std::string::npos);
}

TEST_CASE("target: the page of a run that goes by its number names the run that links to it") {
  Claims claims;
  claims.claims = {claim("commit-" + commit, "900"), claim("commit-" + other, "7", other)};
  claims.claims[0].claim.holder.run_url = "https://forge.example/octo/app/actions/runs/7";
  claims.claims[1].claim.holder.run_url = "https://forge.example/octo/app/actions/runs/3";
  const auto runs = [&](const char* url) { return runs_of(find_named(target_of(url), claims)); };
  CHECK(runs("https://forge.example/octo/app/actions/runs/7") == "900");
  CHECK(runs("https://forge.example/octo/app/actions/runs/3/jobs/0") == "7");
  CHECK(runs("https://forge.example/octo/other/actions/runs/7") == "");
}

TEST_CASE("target: where pages go by number, a line says the one of its run") {
  ReadEntry read;
  read.entry.kind = EntryKind::skip;
  read.entry.run_id = "901";
  read.entry.run_page = "8";
  const Claims none;
  const std::vector<ReadEntry> lines{read};
  const auto found = [&](const char* url) {
    return find_named(target_of(url), none, lines).entries.size();
  };
  CHECK(found("https://forge.example/octo/app/actions/runs/8") == 1);
  CHECK(found("https://forge.example/octo/app/actions/runs/8/jobs/0") == 1);
  CHECK(found("https://forge.example/octo/app/actions/runs/9") == 0);
}
