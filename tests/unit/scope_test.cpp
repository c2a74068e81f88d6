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
  const Scope plain{{"commit", "9fceb02d0ae598e95dc970b74767f19372d61af8"},
                    "review.yml",
                    false,
                    {},
                    Trust::repository};
  CHECK(claim_ref(plain, "refgate") ==
        "refs/refgate/claims/commit-9fceb02d0ae598e95dc970b74767f19372d61af8/review.yml");
  std::vector<Scope> scopes(12, plain);
  scopes[1].trust = Trust::fork;
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
  scopes.back().trust = Trust::fork;
  std::set<std::string> refs;
  for (const Scope& scope : scopes) {
    const std::string ref = claim_ref(scope, "refgate");
    CAPTURE(ref);
    CHECK(refs.insert(ref).second);
    CHECK(ref.substr(ref.rfind('/') + 1).size() <= 200);
  }
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
