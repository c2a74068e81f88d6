#include "core/event/event.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "event_sample.h"

using namespace event_sample;

TEST_CASE("each event is told by what makes two of them the same work") {
  struct Row {
    const char* event;
    std::string payload;
    const char* kind;
    std::string value;
  };
  const std::string a = sha_a;
  const std::vector<Row> rows = {
      {"push", "{'ref':'refs/heads/topic','before':'$B','after':'$A'}", "head", a + ".topic"},
      {"push", "{'ref':'refs/heads/a/b','before':'$B','after':'$A'}", "head", a + ".a/b"},
      {"push", "{'ref':'refs/tags/v1','before':'$0','after':'$A','repository':{'updated_at':'T1'}}",
       "tag", a + "/v1/T1"},
      {"push", "{'ref':'refs/tags/v1','before':'$0','after':'$A'}", "tag", a + "/v1"},
      {"push",
       "{'ref':'refs/tags/v1','before':'$0','after':'$B','head_commit':{'id':'$A'},'repository':"
       "{'pushed_at':1767225600}}",
       "tag", a + "/v1/1767225600"},
      {"push", "{'ref':'refs/heads/x/y','before':'$A','after':'$0','deleted':true}", "deletion",
       "refs%2Fheads%2Fx%2Fy/" + a},
      {"push",
       "{'ref':'refs/heads/x/y','before':'$A','after':'$0','deleted':true,'repository':"
       "{'pushed_at':7}}",
       "deletion", "refs%2Fheads%2Fx%2Fy/" + a + "/7"},
      {"pull_request", pull_request("'action':'opened',"), "head", a + ".topic"},
      {"pull_request", pull_request("'action':'synchronize',"), "head", a + ".topic"},
      {"pull_request", pull_request("'action':'reopened',"), "head", a + ".topic"},
      {"pull_request", pull_request("'action':'ready_for_review',"), "head", a + ".topic"},
      {"pull_request", pull_request(""), "head", a + ".topic"},
      {"pull_request", pull_request("'action':'edited','changes':{'base':{'ref':{'from':'x'}}},"),
       "head", a + ".topic"},
      {"pull_request", pull_request("'repository':{'default_branch':'topic'},"), "pull-head",
       a + ".topic"},
      {"pull_request", pull_request("", "{'id':2,'full_name':'eve/repo'}"), "fork-head",
       a + ".eve/repo:topic"},
      {"pull_request", pull_request("", "null"), "fork-head", a + ".pull/7:topic"},
      {"pull_request_target", pull_request("'action':'opened',"), "head", a + ".topic"},
      {"pull_request", pull_request("'action':'closed',"), "pull-request",
       "7/" + a + "/closed/2026-01-01T00:00:00Z"},
      {"pull_request", pull_request("'action':'labeled','label':{'name':'a/b%'},"), "pull-request",
       "7/" + a + "/labeled/a%2Fb%25/2026-01-01T00:00:00Z"},
      {"pull_request", pull_request("'action':'assigned','assignee':{'login':'mona'},"),
       "pull-request", "7/" + a + "/assigned/mona/2026-01-01T00:00:00Z"},
      {"pull_request",
       pull_request("'action':'review_requested','requested_reviewer':{'login':'9'},"),
       "pull-request", "7/" + a + "/review_requested/9/2026-01-01T00:00:00Z"},
      {"pull_request", pull_request("'action':'review_requested','requested_team':{'id':9},"),
       "pull-request", "7/" + a + "/review_requested/team 9/2026-01-01T00:00:00Z"},
      {"pull_request", pull_request("'action':'edited',"), "pull-request",
       "7/" + a + "/edited/2026-01-01T00:00:00Z"},
      {"pull_request_review", pull_request("'action':'submitted','review':{'id':5},"), "review",
       "5"},
      {"pull_request_review", pull_request("'action':'dismissed','review':{'id':5},"), "review",
       "5/dismissed/2026-01-01T00:00:00Z"},
      {"pull_request_review_comment", pull_request("'action':'created','comment':{'id':5},"),
       "review-comment", "5"},
      {"workflow_run",
       "{'action':'completed','workflow':{'id':5,'name':'CI'},'workflow_run':{'event':'push',"
       "'head_sha':'$A','head_branch':'main','conclusion':'success','head_repository':{'id':1}},"
       "'repository':{'id':1}}",
       "report", a + "/CI/5/success/on main"},
      {"workflow_run",
       "{'action':'requested','workflow':{'id':5,'name':'CI'},'workflow_run':{'event':'pull_request"
       "','head_sha':'$A','head_branch':'main','conclusion':null,'head_repository':{'id':2,"
       "'full_name':'eve/repo'}},'repository':{'id':1}}",
       "report", a + "/CI/5/requested/on main/of eve%2Frepo"},
      {"workflow_run",
       "{'action':'completed','workflow':{'id':5,'name':'CI'},'workflow_run':{'id':77,'event':"
       "'schedule','head_sha':'$A','head_branch':'main','conclusion':'failure','run_attempt':2,"
       "'head_repository':{'id':1}},'repository':{'id':1}}",
       "report-of-run", "77/CI/5/failure"},
      {"check_run",
       "{'action':'completed','check_run':{'id':3,'name':'lint','conclusion':'success','app':{'slug"
       "':'x'},'head_sha':'$A','check_suite':{'head_branch':'main'}}}",
       "check", a + "/lint/by x/success/on main"},
      {"check_run",
       "{'action':'created','check_run':{'id':3,'name':'lint','head_sha':'$A','check_suite':{"
       "'head_branch':'main'}}}",
       "check", a + "/lint/created/on main"},
      {"check_run",
       "{'action':'requested_action','requested_action':{'identifier':'fix'},'check_run':{'id':3,'"
       "head_sha':'$A'}}",
       "run", "42"},
      {"check_run", "{'action':'rerequested','check_run':{'id':3,'head_sha':'$A'}}", "run", "42"},
      {"check_suite",
       "{'action':'completed','check_suite':{'head_sha':'$A','head_branch':'main','conclusion':"
       "'failure','app':{'slug':'x'}}}",
       "check-suite", a + "/by x/failure/on main"},
      {"check_suite",
       "{'action':'rerequested','check_suite':{'head_sha':'$A','head_branch':'main'}}", "run",
       "42"},
      {"merge_group",
       "{'action':'checks_requested','merge_group':{'head_sha':'$A','base_ref':'refs/heads/main',"
       "'head_ref':'refs/heads/gh-readonly-queue/main/pr-7-x'}}",
       "head", a + ".gh-readonly-queue/main/pr-7-x"},
      {"merge_group",
       "{'action':'destroyed','merge_group':{'head_sha':'$A','head_ref':'refs/heads/x'}}",
       "merge-group", a + "/refs%2Fheads%2Fx/destroyed"},
      {"status", "{'sha':'$A','context':'ci/x','state':'failure','branches':[{'name':'main'}]}",
       "status", a + "/ci%2Fx/failure"},
      {"deployment", "{'deployment':{'id':8,'sha':'$A','ref':'main'}}", "deployment", "8"},
      {"deployment_status",
       "{'deployment_status':{'state':'success'},'deployment':{'id':8,'sha':'$A'}}",
       "deployment-status", "8/success"},
      {"issue_comment", "{'action':'created','issue':{'number':4},'comment':{'id':5}}", "comment",
       "5"},
      {"issue_comment", "{'action':'deleted','issue':{'number':4},'comment':{'id':5}}", "comment",
       "5/deleted"},
      {"issue_comment",
       "{'action':'edited','issue':{'number':4},'comment':{'id':5,'updated_at':'T1'}}", "comment",
       "5/edited/T1"},
      {"issues", "{'action':'opened','issue':{'number':4}}", "issue", "4"},
      {"issues", "{'action':'labeled','issue':{'number':4},'label':{'name':'bug'}}", "issue",
       "4/labeled/bug"},
      {"issues",
       "{'action':'labeled','issue':{'number':4,'updated_at':'T1'},'label':{'name':'bug'}}",
       "issue", "4/labeled/bug/T1"},
      {"issues", "{'action':'reopened','issue':{'number':4,'updated_at':'T1'}}", "issue",
       "4/reopened/T1"},
      {"issues", "{'action':'milestoned','issue':{'number':4},'milestone':{'number':2}}", "issue",
       "4/milestoned/2"},
      {"discussion", "{'action':'answered','discussion':{'number':4},'answer':{'id':6}}",
       "discussion", "4/answered/6"},
      {"discussion_comment", "{'action':'created','discussion':{'number':4},'comment':{'id':5}}",
       "discussion-comment", "5"},
      {"create", "{'ref':'v1','ref_type':'tag','repository':{'pushed_at':'T1'}}", "creation",
       "tag/v1/" + sha_merge + "/T1"},
      {"delete", "{'ref':'topic','ref_type':'branch','repository':{'pushed_at':'T1'}}", "deletion",
       "branch/topic/T1"},
      {"delete", "{'ref':'topic','ref_type':'branch'}", "deletion", "branch/topic"},
      {"release", "{'action':'published','release':{'id':9,'tag_name':'v1'}}", "release", "9"},
      {"release", "{'action':'released','release':{'id':9,'tag_name':'v1'}}", "release", "9"},
      {"release", "{'action':'published','release':{'id':9,'tag_name':'v1','prerelease':true}}",
       "release", "9/prerelease"},
      {"release", "{'action':'deleted','release':{'id':9,'tag_name':'v1'}}", "release",
       "9/deleted"},
      {"registry_package",
       "{'action':'published','registry_package':{'id':9,'package_version':{'id':3}}}", "package",
       "9/3"},
      {"page_build", "{'id':9,'build':{'commit':'$A'}}", "page-build", "9"},
      {"fork", "{'forkee':{'id':9}}", "fork", "9"},
      {"gollum", "{'pages':[{'page_name':'Home','sha':'$A'},{'page_name':'Log','sha':'$B'}]}",
       "wiki", "Home/" + a + "/Log/" + sha_b},
      {"public", "{'repository':{'id':9,'updated_at':'T1'}}", "public", "9/T1"},
      {"watch", "{'action':'started','sender':{'id':9},'repository':{'updated_at':'T1'}}", "star",
       "9/T1"},
      {"label", "{'action':'created','label':{'id':9}}", "label", "9"},
      {"milestone", "{'action':'opened','milestone':{'id':9}}", "milestone", "9/opened"},
      {"branch_protection_rule", "{'action':'deleted','rule':{'id':9}}", "branch-rule",
       "9/deleted"},
      {"project", "{'action':'closed','project':{'id':9}}", "project", "9/closed"},
      {"project_card", "{'action':'moved','project_card':{'id':9,'column_id':2,'updated_at':'T1'}}",
       "project-card", "9/moved/2/T1"},
      {"project_column", "{'action':'created','project_column':{'id':9}}", "project-column", "9"},
      {"schedule", "{'schedule':'0 * * * *'}", "run", "42"},
      {"workflow_dispatch", "{'inputs':null,'ref':'refs/heads/main'}", "run", "42"},
      {"repository_dispatch", "{'action':'any','client_payload':{}}", "run", "42"},
      {"image_version", "{}", "run", "42"},
      {"workflow_call", "{}", "run", "42"},
  };
  std::set<std::string> seen;
  for (const auto& row : rows) {
    INFO(row.event << " " << row.payload);
    const Event event = parsed(row.event, row.payload);
    CHECK(event.identity.kind == row.kind);
    CHECK(event.identity.value == row.value);
    CHECK(event.exempt == (event.identity.kind == "run"));
    CHECK(event.exempt == !event.exempt_because.empty());
    seen.insert(row.event);
  }
  for (const auto& row : event_table()) {
    INFO(row.name);
    CHECK(seen.count(std::string(row.name)) == 1);
  }
}

TEST_CASE("different work has different identities, and the same delivery seen twice has one") {
  const auto identity = [](const char* event, const std::string& payload) {
    return parsed(event, payload).identity;
  };
  CHECK_FALSE(identity("pull_request", pull_request("'action':'labeled','label':{'name':'a'},")) ==
              identity("pull_request", pull_request("'action':'labeled','label':{'name':'b'},")));
  CHECK_FALSE(identity("pull_request", pull_request("'action':'labeled','label':{'name':'a'},")) ==
              identity("pull_request", pull_request("'action':'unlabeled','label':{'name':'a'},")));
  CHECK_FALSE(
      identity("issues",
               "{'action':'edited','issue':{'number':4},'changes':{'title':{'from':'x'}}}") ==
      identity("issues",
               "{'action':'edited','issue':{'number':4},'changes':{'title':{'from':'y'}}}"));
  CHECK_FALSE(
      identity("issue_comment", "{'action':'created','issue':{'number':4},'comment':{'id':5}}") ==
      identity("discussion_comment",
               "{'action':'created','discussion':{'number':4},'comment':{'id':5}}"));
  CHECK_FALSE(identity("delete", "{'ref':'t','ref_type':'branch','repository':{'pushed_at':1}}") ==
              identity("delete", "{'ref':'t','ref_type':'branch','repository':{'pushed_at':2}}"));
  CHECK_FALSE(identity("issues",
                       "{'action':'field_added','issue':{'number':4},'issue_field':{'id':1},'issue_"
                       "field_value':{'value':1}}") ==
              identity("issues",
                       "{'action':'field_added','issue':{'number':4},'issue_field':{'id':1},'issue_"
                       "field_value':{'value':2}}"));
  CHECK(identity("pull_request", pull_request("'action':'labeled','label':{'name':'a'},")) ==
        identity("pull_request_target", pull_request("'action':'labeled','label':{'name':'a'},")));

  auto first = runner("workflow_run"), second = first;
  second.run_id = "43";
  second.workflow = "Other";
  second.workflow_ref = "octo/repo/.github/workflows/other.yml@refs/heads/main";
  const auto payload = json(
      "{'workflow_run':{'id':7,'head_sha':'$A','head_branch':'main','head_repository':{'id':1}},'"
      "repository':{'id':1}}");
  CHECK(std::get<Event>(parse_event(payload, first)).identity ==
        std::get<Event>(parse_event(payload, second)).identity);
}

TEST_CASE("an object id is the same in upper and lower case") {
  CHECK(
      parsed("push", "{'ref':'refs/heads/x','after':'" + std::string(40, 'A') + "'}").head_commit ==
      sha_a);
}

TEST_CASE(
    "a push and a pull request of one head commit are the same work whatever GITHUB_SHA says") {
  auto push = runner("push"), pull = runner("pull_request");
  push.sha = sha_a;
  pull.sha = sha_merge;
  const auto pushed =
      std::get<Event>(parse_event(json("{'ref':'refs/heads/topic','after':'$A'}"), push));
  const auto opened = std::get<Event>(parse_event(json(pull_request("'action':'opened',")), pull));
  CHECK(pushed.identity == opened.identity);
  CHECK(opened.head_commit == sha_a);
  CHECK(opened.trust == Trust::repository);
}

TEST_CASE("an event belongs to the entity that people would name") {
  const std::vector<std::tuple<const char*, std::string, Entity>> rows = {
      {"push", "{'ref':'refs/heads/a/b','after':'$A'}", {EntityKind::branch, "a/b"}},
      {"push", "{'ref':'refs/tags/v1','after':'$A'}", {EntityKind::tag, "v1"}},
      {"pull_request", pull_request(""), {EntityKind::pull_request, "7"}},
      {"pull_request_review", pull_request("'review':{'id':5},"), {EntityKind::pull_request, "7"}},
      {"issue_comment",
       "{'issue':{'number':4,'pull_request':{'url':'u'}},'comment':{'id':5}}",
       {EntityKind::pull_request, "4"}},
      {"issue_comment", "{'issue':{'number':4},'comment':{'id':5}}", {EntityKind::issue, "4"}},
      {"discussion_comment",
       "{'discussion':{'number':4},'comment':{'id':5}}",
       {EntityKind::discussion, "4"}},
      {"merge_group",
       "{'merge_group':{'head_sha':'$A','base_ref':'refs/heads/main'}}",
       {EntityKind::branch, "main"}},
      {"release",
       "{'action':'published','release':{'id':9,'tag_name':'v1'}}",
       {EntityKind::tag, "v1"}},
      {"release",
       "{'action':'created','release':{'id':9,'tag_name':''}}",
       {EntityKind::release, "9"}},
      {"delete", "{'ref':'v1','ref_type':'tag'}", {EntityKind::tag, "v1"}},
      {"watch", "{'sender':{'id':9}}", {EntityKind::repository, ""}},
      {"schedule", "{}", {EntityKind::branch, "main"}},
      {"status",
       "{'sha':'$A','context':'x','state':'y','branches':[{'name':'a'},{'name':'b'}]}",
       {EntityKind::none, ""}},
      {"workflow_run",
       "{'workflow_run':{'id':7,'head_sha':'$A','head_branch':'main','head_repository':{'id':2,'"
       "owner':{'"
       "login':'eve'}}},'repository':{'id':1}}",
       {EntityKind::branch, "eve:main"}},
  };
  for (const auto& [event, payload, entity] : rows) {
    INFO(event << " " << payload);
    CHECK(parsed(event, payload).entity == entity);
  }
}

TEST_CASE("a run that strangers can start, themselves or by an app, is told apart") {
  const auto trust = [](const std::string& cause) {
    return parsed("workflow_run", "{'workflow_run':{'id':7,'head_sha':'$A'," + cause +
                                      "'head_repository':{'id':1}},'repository':{'id':1}}")
        .trust;
  };
  for (const char* cause :
       {"check_run", "check_suite", "status", "deployment_status", "issues", "workflow_run"}) {
    CAPTURE(cause);
    CHECK(trust("'event':'" + std::string(cause) + "',") == Trust::outside);
  }
  CHECK(trust("") == Trust::outside);
  for (const char* cause : {"push", "schedule", "release", "workflow_dispatch", "merge_group"}) {
    CAPTURE(cause);
    CHECK(trust("'event':'" + std::string(cause) + "',") == Trust::repository);
  }
}

TEST_CASE(
    "what comes from a fork, or cannot be shown not to, is told apart from the repository's own") {
  const std::vector<std::tuple<const char*, std::string, Trust>> rows = {
      {"pull_request", pull_request(""), Trust::repository},
      {"pull_request", pull_request("", "{'id':2,'full_name':'eve/repo'}"), Trust::outside},
      {"pull_request", pull_request("", "{'id':2,'full_name':'octo/repo'}"), Trust::outside},
      {"pull_request", pull_request("", "{'full_name':'octo/repo'}"), Trust::repository},
      {"pull_request", pull_request("", "{'full_name':'eve/repo'}"), Trust::outside},
      {"pull_request", pull_request("", "{}"), Trust::outside},
      {"pull_request", pull_request("", "null"), Trust::outside},
      {"pull_request_target", pull_request("", "null"), Trust::outside},
      {"pull_request_review", pull_request("'review':{'id':5},", "null"), Trust::outside},
      {"workflow_run",
       "{'workflow_run':{'id':7,'head_sha':'$A','head_repository':{'id':2}},'repository':{'id':1}}",
       Trust::outside},
      {"workflow_run",
       "{'workflow_run':{'id':7,'head_sha':'$A','head_repository':null},'repository':{'id':1}}",
       Trust::outside},
      {"check_suite", "{'check_suite':{'head_sha':'$A','head_branch':null}}", Trust::outside},
      {"check_suite",
       "{'check_suite':{'head_sha':'$A','head_branch':'main','head_repository':{'id':2}},'"
       "repository':{'id':1}}",
       Trust::outside},
      {"check_run",
       "{'check_run':{'name':'x','head_sha':'$A','check_suite':{'head_branch':'main'}}}",
       Trust::repository},
      {"status", "{'sha':'$A','context':'x','state':'success','branches':[]}", Trust::outside},
      // Other forges say nothing of an association.
      {"issue_comment", "{'issue':{'number':4,'pull_request':{}},'comment':{'id':5}}",
       Trust::outside},
      {"issue_comment",
       "{'issue':{'number':4},'comment':{'id':5,'user':{'login':'Ann'}},'sender':{'login':'eve'},"
       "'repository':{'owner':{'login':'ann'}}}",
       Trust::repository},
      {"issue_comment",
       "{'issue':{'number':4},'comment':{'id':5,'user':{'login':'eve'}},'sender':{'login':'ann'},"
       "'repository':{'owner':{'login':'ann'}}}",
       Trust::outside},
      {"pull_request_review",
       pull_request("'action':'submitted','review':{'id':5},'sender':{'login':'ann'},"),
       Trust::outside},
      {"gollum", "{'pages':[{'page_name':'Home','sha':'$A'}],'sender':{'login':'eve'}}",
       Trust::outside},
      {"gollum",
       "{'pages':[{'page_name':'Home','sha':'$A'}],'sender':{'login':'ann'},'repository':{'owner':{"
       "'login':'Ann'}}}",
       Trust::repository},
      {"workflow_run",
       "{'workflow_run':{'id':7,'head_sha':'$A','event':'gollum','head_repository':{'id':1}},"
       "'repository':{'id':1}}",
       Trust::outside},
      {"issue_comment",
       "{'issue':{'number':4},'comment':{'id':5,'author_association':'COLLABORATOR'}}",
       Trust::repository},
      {"issue_comment", "{'issue':{'number':4},'comment':{'id':5,'author_association':'NONE'}}",
       Trust::outside},
      {"issue_comment",
       "{'issue':{'number':4,'author_association':'OWNER'},'comment':{'id':5,'author_association':"
       "'CONTRIBUTOR'}}",
       Trust::outside},
      {"issues", "{'action':'opened','issue':{'number':4,'author_association':'NONE'}}",
       Trust::outside},
      {"issues", "{'action':'opened','issue':{'number':4,'author_association':'MEMBER'}}",
       Trust::repository},
      {"discussion", "{'discussion':{'number':4,'author_association':'FIRST_TIMER'}}",
       Trust::outside},
      {"discussion_comment",
       "{'discussion':{'number':4},'comment':{'id':5,'author_association':'NONE'}}",
       Trust::outside},
      {"pull_request_review",
       pull_request("'action':'submitted','review':{'id':5,'author_association':'NONE'},"),
       Trust::outside},
      {"pull_request_review_comment",
       pull_request("'action':'created','comment':{'id':5,'author_association':'OWNER'},"),
       Trust::repository},
      {"push", "{'ref':'refs/heads/x','after':'$A'}", Trust::repository},
      {"watch", "{'action':'started','sender':{'id':9}}", Trust::outside},
      {"fork", "{'forkee':{'id':9}}", Trust::outside},
  };
  for (const auto& [event, payload, trust] : rows) {
    INFO(event << " " << payload);
    CHECK((parsed(event, payload).trust == trust));
  }
}

TEST_CASE("without a payload a commit event is told by the commit that the caller names") {
  EventOverrides said;
  said.head_commit = "test123";
  for (const char* name : {"push", "pull_request", "pull_request_target", "workflow_run",
                           "check_run", "check_suite", "merge_group", "status"}) {
    INFO(name);
    const auto event = std::get<Event>(parse_event("", runner(name), said));
    const bool branch_known = std::string_view(name) == "push";
    CHECK(event.identity ==
          (branch_known ? Identity{"head", "test123.main"} : Identity{"commit", "test123"}));
    CHECK(event.head_commit == "test123");
  }
  CHECK(std::get<Event>(parse_event("", runner("push"))).identity ==
        Identity{"head", sha_merge + ".main"});
  auto nowhere = runner("push");
  nowhere.ref.clear();
  CHECK(std::get<Event>(parse_event("", nowhere, said)).identity == Identity{"commit", "test123"});
  CHECK_THAT(refused("", runner("pull_request")), Catch::Contains("GITHUB_SHA is not it"));
  CHECK_THAT(refused("", runner("issue_comment"), said), Catch::Contains("--identity"));

  auto pull = runner("pull_request");
  pull.ref = "refs/pull/12/merge";
  CHECK(std::get<Event>(parse_event("", pull, said)).entity ==
        Entity{EntityKind::pull_request, "12"});
}

TEST_CASE("what the caller says wins") {
  EventOverrides said;
  said.head_commit = "head";
  CHECK(parsed("push", "{'ref':'refs/heads/x','after':'$A'}", said).identity ==
        Identity{"head", "head.x"});
  CHECK(parsed("issue_comment", "{'issue':{'number':4},'comment':{'id':5}}", said).identity ==
        Identity{"comment", "5"});
  CHECK(parsed("issue_comment", "{'issue':{'number':4},'comment':{'id':5}}", said).head_commit ==
        "head");

  said.identity = "nightly/2026-01-01";
  const Event tick = parsed("schedule", "{}", said);
  CHECK(tick.identity == Identity{"custom", "nightly/2026-01-01"});
  CHECK_FALSE(tick.exempt);
  CHECK(tick.exempt_because.empty());
  CHECK(parsed("pull_request_review_thread", pull_request("", "null"), said).trust ==
        Trust::outside);
  CHECK(parsed("made_up", "{}", said).kind == "made_up");
  CHECK(parsed("pull_request", "{}", said).identity.kind == "custom");
  // GitHub always mentions the head's repository; a payload without it was written by hand, for
  // this repository.
  CHECK(parsed("pull_request", "{}", said).trust == Trust::repository);
  CHECK(parsed("pull_request", "{'pull_request':{'number':3,'head':{'sha':'$A'}}}").trust ==
        Trust::repository);
  CHECK(parsed("workflow_run", "{'workflow_run':{'id':7,'head_sha':'$A'}}").trust ==
        Trust::repository);
  CHECK(parsed("status", "{'sha':'$A','context':'x','state':'y'}").trust == Trust::repository);
  CHECK(std::get<Event>(parse_event("", runner("issues"), said)).identity.kind == "custom");
}

TEST_CASE("the table is sorted, complete and says why an event is exempt") {
  const auto rows = event_table();
  CHECK(rows.size() == 36);
  CHECK(std::is_sorted(rows.begin(), rows.end(),
                       [](const EventRow& a, const EventRow& b) { return a.name < b.name; }));
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK_FALSE(row.entity.empty());
    CHECK((row.identity == "run") == !row.exempt_because.empty());
  }
}

TEST_CASE("bots are known by their login or by the sender's type") {
  for (const char* login : {"dependabot[bot]", "Renovate[BOT]", "Copilot", "github-actions"})
    CHECK(is_bot_login(login));
  for (const char* login : {"", "[bot]", "mona", "robot", "bot", "dependabot2"})
    CHECK_FALSE(is_bot_login(login));
  auto environment = runner("push");
  environment.actor = environment.triggering_actor = "house-agent";
  const auto sender = [](const char* login) {
    return json("{'ref':'refs/heads/x','after':'$A','sender':{'login':'" + std::string(login) +
                "','type':'Bot'}}");
  };
  CHECK(std::get<Event>(parse_event(sender("house-agent"), environment)).triggering_actor_is_bot);
  CHECK_FALSE(
      std::get<Event>(parse_event(sender("other-agent"), environment)).triggering_actor_is_bot);
}
