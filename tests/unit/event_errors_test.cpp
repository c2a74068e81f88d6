// Payloads and environments that are not whole: one error that names what is missing.

#include "core/event/event.h"

#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "event_sample.h"

using namespace event_sample;

TEST_CASE("a payload that lacks what identifies the work names the field") {
  const std::vector<std::tuple<const char*, std::string, const char*>> rows = {
      {"push", "{'ref':'refs/heads/x','after':'main'}", "after is not a commit"},
      {"push", "{'ref':'refs/heads/x','after':null}", "after is null"},
      {"push", "{'ref':'refs/heads/x','after':'$0'}", "after is not a commit"},
      {"push", "{'ref':'refs/heads/x','after':'$A','deleted':'yes'}", "deleted is a string"},
      {"push", "{'ref':'refs/heads/x','deleted':true}", "before is missing"},
      {"pull_request", "{}", "pull_request is missing"},
      {"pull_request", "{'pull_request':[]}", "pull_request is a list where an object belongs"},
      {"pull_request", "{'pull_request':{'number':7,'head':'x'}}",
       "pull_request.head is a string where an object belongs"},
      {"pull_request", "{'pull_request':{'number':'7','head':{'sha':'$A'}}}",
       "pull_request.number is a string where a number belongs"},
      {"pull_request", "{'pull_request':{'number':-7,'head':{'sha':'$A'}}}",
       "pull_request.number is not a whole number above zero"},
      {"pull_request", "{'pull_request':{'number':1.5,'head':{'sha':'$A'}}}",
       "pull_request.number is not a whole number above zero"},
      {"pull_request", "{'action':'labeled','pull_request':{'number':7,'head':{'sha':'$A'}}}",
       "label is missing"},
      {"pull_request", "{'action':{},'pull_request':{'number':7,'head':{'sha':'$A'}}}",
       "action is an object where a string belongs"},
      {"issue_comment", "{'issue':{'number':4},'comment':{}}", "comment.id is missing"},
      {"issues", "{'issue':{'number':1e999}}", "not valid JSON"},
      {"gollum", "{'pages':{}}", "pages is an object where a list belongs"},
      {"gollum", "{'pages':[]}", "pages.0 is missing"},
      {"gollum", "{'pages':[{'page_name':'x'}]}", "pages.0.sha is missing"},
      {"create", "{'ref':'" + std::string(1025, 'x') + "','ref_type':'branch'}",
       "ref has 1025 bytes"},
      {"create", "{'ref':'a\\u0000b','ref_type':'branch'}", "ref holds a NUL"},
      {"watch", "{'sender':{'login':'x'}}", "sender.id is missing"},
  };
  for (const auto& [event, payload, message] : rows) {
    INFO(event << " " << payload.substr(0, 200));
    CHECK_THAT(refused(json(payload), runner(event)), Catch::Contains(message));
  }
  auto without_sha = runner("push");
  without_sha.sha = "";
  CHECK_THAT(refused("{}", without_sha), Catch::Contains("after is missing"));
}

TEST_CASE("what the environment calls a commit is an object id, whatever the event") {
  const std::vector<const char*> events{"push", "workflow_dispatch", "schedule", "issues",
                                        "repository_dispatch"};
  for (const char* event : events)
    for (const std::string sha : {"HEAD", "zzz", "abc", "aaaaaaaaaaaa"}) {
      INFO(event << " " << sha);
      auto environment = runner(event);
      environment.sha = sha;
      CHECK_THAT(refused(json("{'issue':{'number':4}}"), environment),
                 Catch::Contains("GITHUB_SHA is \"" + sha + "\""));
    }
}

TEST_CASE("a broken, huge or deep payload is one clear error") {
  const auto push = runner("push");
  CHECK_THAT(refused("{\"after\": \"aaa", push), Catch::Contains("cut off"));
  CHECK_THAT(refused("{\"a\":[1,2", push), Catch::Contains("cut off"));
  CHECK_THAT(refused(" ", push), Catch::Contains("cut off"));
  CHECK_THAT(refused("{\"a\":1,}", push), Catch::Contains("not valid JSON (byte 8)"));
  CHECK_THAT(refused("{} {}", push), Catch::Contains("not valid JSON"));
  CHECK_THAT(refused("{\"a\":\"\xff\"}", push), Catch::Contains("not valid JSON"));
  CHECK_THAT(refused(std::string("{}\0junk", 7), push), Catch::Contains("NUL byte (byte 3)"));
  CHECK_THAT(refused("[]", push), Catch::Contains("a list where an object belongs"));
  CHECK_THAT(refused("null", push), Catch::Contains("null where an object belongs"));
  CHECK_THAT(refused(std::string(max_payload_bytes + 1, ' '), push),
             Catch::Contains("at most 33554432"));
  std::string lists;
  lists.resize(20'000'000, '[');
  CHECK_THAT(refused(lists, push), Catch::Contains("levels deep"));
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i)
    objects += "{\"a\":";
  CHECK_THAT(refused(objects, push), Catch::Contains("levels deep"));
  std::string many = "{\"a\":[0";
  for (std::size_t i = 0; i < max_payload_values; ++i)
    many += ",0";
  CHECK_THAT(refused(many + "]}", push), Catch::Contains("values"));

  const auto nested = [](int depth) {
    return json("{'ref':'refs/heads/x','after':'$A','x':") +
           std::string(static_cast<std::size_t>(depth - 1), '[') +
           std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
  };
  CHECK(std::holds_alternative<Event>(parse_event(nested(max_payload_depth), push)));
  CHECK_THAT(refused(nested(max_payload_depth + 1), push), Catch::Contains("levels deep"));
}

TEST_CASE("an event that cannot trigger a workflow is an error that names it and the way out") {
  const auto message = refused("{}", runner("commit_comment"));
  CHECK_THAT(message, Catch::Contains("commit_comment"));
  CHECK_THAT(message, Catch::Contains("--identity"));
  CHECK_THAT(refused("{}", runner("")), Catch::Contains("GITHUB_EVENT_NAME"));
}

TEST_CASE("an exempt event needs its run") {
  auto environment = runner("workflow_dispatch");
  environment.run_id = "";
  CHECK_THAT(refused("{}", environment), Catch::Contains("GITHUB_RUN_ID"));
}

TEST_CASE("the environment says which run, workflow and file it is") {
  const auto push = json(
      "{'ref':'refs/heads/"
      "x','after':'$A','sender':{'login':'eve','type':'User'},'repository':{'full_name':'pay/"
      "load'}}");
  const auto with = [&](auto change) {
    auto environment = runner("push");
    change(environment);
    return std::get<Event>(parse_event(push, environment));
  };
  const Event plain = with([](auto&) {});
  CHECK(plain.run_url == "https://github.com/octo/repo/actions/runs/42");
  CHECK(plain.workflow_file == ".github/workflows/agent.yml");
  CHECK(plain.triggering_actor == "mona");
  CHECK(with([](auto& e) { e.run_attempt = "3"; }).run_url ==
        "https://github.com/octo/repo/actions/runs/42/attempts/3");
  CHECK(with([](auto& e) { e.run_attempt = ""; }).run_attempt == 1);
  CHECK(with([](auto& e) { e.run_id = "test"; }).run_url.empty());
  CHECK(with([](auto& e) { e.server_url = "javascript:x"; }).run_url.empty());
  CHECK(with([](auto& e) { e.repository = ""; }).repository == "pay/load");
  CHECK(with([](auto& e) { e.actor = ""; }).actor == "eve");
  const std::vector<std::tuple<const char*, const char*>> files = {
      {"octo/repo/.github/workflows/a@b.yml@refs/heads/x@y.yml@z", ".github/workflows/a@b.yml"},
      {"Octo/Repo/.github/workflows/a.yaml@refs/pull/1/merge", ".github/workflows/a.yaml"},
      {"org/rules/.github/workflows/a.yml@main", "org/rules/.github/workflows/a.yml"},
      {"octo/repo/.github/workflows/a.yml", ".github/workflows/a.yml"},
      {"octo/repo", ""},
      {"", ""},
  };
  for (const auto& row : files) {
    INFO(std::get<0>(row));
    CHECK(with([&](auto& e) { e.workflow_ref = std::get<0>(row); }).workflow_file ==
          std::get<1>(row));
  }
}

TEST_CASE("a bad environment is an error that names the variable") {
  const auto push = json("{'ref':'refs/heads/x','after':'$A'}");
  const auto with = [&](auto change) {
    auto environment = runner("push");
    change(environment);
    return refused(push, environment);
  };
  for (const char* attempt : {"0", "-1", "x", "1x", " 1", "99999999999"}) {
    INFO(attempt);
    CHECK_THAT(with([&](auto& e) { e.run_attempt = attempt; }),
               Catch::Contains("GITHUB_RUN_ATTEMPT"));
  }
  for (const char* repository : {"x", "/x", "x/", "a/b/c", "a /b", "a/b?c"}) {
    INFO(repository);
    CHECK_THAT(with([&](auto& e) { e.repository = repository; }),
               Catch::Contains("GITHUB_REPOSITORY"));
  }
  CHECK_THAT(with([](auto& e) { e.actor = "\xff"; }),
             Catch::Contains("GITHUB_ACTOR is not valid UTF-8"));
  CHECK_THAT(with([](auto& e) { e.ref = std::string(1025, 'x'); }),
             Catch::Contains("GITHUB_REF has 1025 bytes"));
  CHECK_THAT(with([](auto& e) { e.workflow = std::string("a\0b", 3); }),
             Catch::Contains("GITHUB_WORKFLOW holds a NUL"));
  EventOverrides said;
  said.identity = "\xc3";
  CHECK_THAT(refused(push, runner("push"), said),
             Catch::Contains("identity given by the caller is not valid UTF-8"));
}

TEST_CASE("a commit that is not the event's own never becomes its identity or head") {
  for (const char* name : {"issue_comment", "issues", "label", "watch", "delete"}) {
    INFO(name);
    const Event event = parsed(name,
                               "{'action':'x','issue':{'number':4},'comment':{'id':5},'label':{'id'"
                               ":5},'sender':{'id':5},'ref':'r','ref_type':'branch'}");
    CHECK(event.head_commit.empty());
    CHECK(event.identity.value.find(sha_merge) == std::string::npos);
  }
}
