#include "core/event/scope.h"

#include <set>

#include "catch.h"

using namespace refgate;

TEST_CASE("a component of a ref is legal and different for different texts") {
  const std::vector<std::string> texts{"",
                                       ".",
                                       "..",
                                       ".x",
                                       "x.",
                                       "a..b",
                                       "x.lock",
                                       ".lock",
                                       "x.locked",
                                       "a/b",
                                       "a\\b",
                                       "a b",
                                       "a%20b",
                                       "a=b",
                                       "a,b",
                                       "@",
                                       "@{u}",
                                       "a@b",
                                       "~^:?*[",
                                       "\x01\x7f",
                                       "-",
                                       "--x",
                                       "ÄÖ",
                                       "ä",
                                       "review.yml",
                                       "Review",
                                       "review",
                                       std::string(200, 'a'),
                                       std::string(201, 'a'),
                                       std::string(200, 'a') + "b",
                                       std::string("a\0b", 3),
                                       "%",
                                       "%%"};
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    const std::string encoded = encode_ref_component(text);
    CAPTURE(text, encoded);
    CHECK_FALSE(encoded.empty());
    CHECK(encoded.front() != '.');
    CHECK_FALSE(encoded.ends_with("."));
    CHECK_FALSE(encoded.ends_with(".lock"));
    CHECK(encoded.find("..") == std::string::npos);
    CHECK(encoded.find_first_of("/ ~^:?*[\\=,{") == std::string::npos);
    CHECK(encoded.size() <= 120);
    for (char c : encoded)
      CHECK((static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f));
    CHECK(seen.insert(encoded).second);
  }
  CHECK(encode_ref_component("review.yml") == "review.yml");
}

TEST_CASE("every part of a scope is part of its ref") {
  const Scope plain{.identity = {"head", "9fceb02d0ae598e95dc970b74767f19372d61af8.main"},
                    .share = "review.yml"};
  CHECK(claim_ref(plain, "refgate") ==
        "refs/refgate/claims/head-9fceb02d0ae598e95dc970b74767f19372d61af8.main/review.yml");
  std::vector<Scope> scopes(16, plain);
  scopes[12].job = "agent";
  scopes[13].share = "review.yml+agent";
  scopes[14].repository = "octo/app";
  scopes[15].dimensions = {{"@in", "octo/app"}};
  scopes[1].trust = Trust::outside;
  scopes[2].share_is_name = true;
  scopes[3].dimensions = {{"model", "opus"}};
  scopes[4].dimensions = {{"model", "opus"}, {"region", "eu"}};
  scopes[5].dimensions = {{"model", "opus,region=eu"}};
  scopes[6].share = "review.yml,model=opus";
  scopes[7].share = "review.yml,@fork";
  scopes[8].identity.kind = "run";
  scopes[9].share = "share=review.yml";
  scopes[10].dimensions = {{"@fork", ""}};
  for (int i = 0; i < 40; ++i)
    scopes[11].dimensions["dimension" + std::to_string(i)] = "value";
  scopes.push_back(scopes[11]);
  scopes.back().dimensions["dimension39"] = "other value";
  scopes.push_back(scopes[11]);
  scopes.back().trust = Trust::outside;
  std::set<std::string> refs;
  for (const Scope& scope : scopes) {
    const std::string ref = claim_ref(scope, "refgate");
    CAPTURE(ref);
    CHECK(refs.insert(ref).second);
    const std::string leaf = ref.substr(ref.rfind('/') + 1);
    CHECK(leaf.size() <= 150);
    std::vector<std::string> doors = {
        ref, door_for(ref, {{"7", "main"}}), door_for(ref, {{"7", "main"}, {"8", "release"}}),
        door_for(ref, {{std::string(30, '7'), std::string(200, 'b')}}),
        door_for(ref, {{"7", "@job=1"}})};
    for (std::size_t i = doors.size(); i > 0; --i)
      doors.push_back(door_of_job(doors[i - 1], "0123456789abcdef0123"));
    CHECK(std::set<std::string>(doors.begin(), doors.end()).size() == doors.size());
    for (const std::string& door : doors) {
      CAPTURE(door);
      // A file's name has at most 255 bytes, and git adds ".lock".
      CHECK(door.substr(door.rfind('/') + 1).size() <= 250);
      CHECK(door.starts_with(ref));
      CHECK(is_door_of(ref, door));
      for (const Scope& other : scopes)
        if (const std::string second = claim_ref(other, "refgate"); second != ref)
          CHECK_FALSE(is_door_of(second, door));
    }
  }
  CHECK(door_for("refs/x/agent.yml", {{"7", "feature/a"}}) ==
        "refs/x/agent.yml,@for=7-feature%2Fa");
  CHECK_FALSE(is_door_of("refs/x/agent.yml", "refs/x/agent.yml+job"));
  CHECK_FALSE(is_door_of("refs/x/agent.yml", "refs/x/agent.yml,model=a"));
  CHECK(is_job_door(door_of_job("refs/x/agent.yml", "1")));
  CHECK_FALSE(is_job_door(door_for("refs/x/agent.yml", {{"7", ",@job=1"}})));
}

TEST_CASE("the values of a matrix leg are dimensions") {
  using Dimensions = std::map<std::string, std::string>;
  const std::vector<std::pair<std::string, Dimensions>> rows = {
      {R"({"model":"opus","n":2,"deep":{"b":1,"a":[true]},"none":null})",
       {{"model", "opus"}, {"n", "2"}, {"deep", R"({"a":[true],"b":1})"}, {"none", "null"}}},
      {"{\n  \"model\": \"opus\"\n}", {{"model", "opus"}}},
      {"{}", {}},
      {"null", {}},
      {"", {}},
      {"[1]", {}},
      {"{\"model\":", {}},
      {std::string(70'000, ' ') + "{}", {}},
  };
  for (const auto& [text, dimensions] : rows) {
    CAPTURE(text.substr(0, 80));
    CHECK(dimensions_of_matrix(text) == dimensions);
  }
  CHECK(
      dimensions_of_matrix("{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}").empty());
}

TEST_CASE("a namespace is lower case and none of git's own") {
  for (const char* good : {"refgate", "refgate-test", "a/b", "x1"})
    CHECK(is_namespace(good));
  for (const char* bad : {"", "/", "a/", "/a", "a//b", "A", "a b", "..", "a.lock", "heads",
                          "tags/x", "notes", "pull/1", "ä"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_namespace(bad));
  }
  CHECK_FALSE(is_namespace(std::string(61, 'a')));
}

TEST_CASE("the session key is the original's") {
  CHECK(session_key("Ultimate AI/Bot Mechanic", "workflow_run", "abc12345def") ==
        "ultimate-ai-bot-mechanic-workflow_run-abc12345");
  CHECK(session_key("test-workflow", "push", "test123") == "test-workflow-push-test123");
  CHECK(session_key("x", "push", "") == "x-push-unknown");
}
