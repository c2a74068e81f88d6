#include "store/remote/server_words.h"

#include "catch.h"

using namespace refgate;

TEST_CASE("which refusals stand, by what servers say of them", "[refusals]") {
  for (const char* words :
       {"failure", "fatal error in commit_refs", "failed", "internal server error",
        "failed to update ref", "unable to migrate objects to permanent storage",
        "cannot lock ref 'refs/refgate/claims/x': is at 1 but expected 2", "incorrect old value",
        "unexpected disconnect", "timeout", ""}) {
    INFO(words);
    CHECK_FALSE(stands(words));
  }
  for (const char* words :
       {"pre-receive hook declined", "protected branch hook declined", "deny updating a hidden ref",
        "refs/refgate/claims is not allowed here",
        "push declined due to repository rule violations",
        "cannot create 'refs/refgate/claims/a/b': 'refs/refgate/claims/a' exists",
        "no such luck"}) {
    INFO(words);
    CHECK(stands(words));
  }
}
