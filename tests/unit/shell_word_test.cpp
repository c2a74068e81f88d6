#include "core/text/shell_word.h"

#include <utility>
#include <vector>

#include "catch.h"

using namespace refgate;

TEST_CASE("what people paste is one word to their shell") {
  for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
           {"refs/refgate/claims/a,b+c%20", "refs/refgate/claims/a,b+c%20"},
           {"workflow:review.yml", "workflow:review.yml"},
           {"", "''"},
           {"a;id", "'a;id'"},
           {"HEAD|id", "'HEAD|id'"},
           {"!x", "'!x'"},
           {"*", "'*'"},
           {"~", "'~'"},
           {"a'$(id)'b", "'a'\\''$(id)'\\''b'"}}) {
    CAPTURE(text);
    CHECK(shell_word(text) == word);
  }
}
