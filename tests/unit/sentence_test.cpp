#include "core/words/sentence.h"

#include "catch.h"

using namespace refgate;

TEST_CASE("sentence: words of the language get a capital, and what has a spelling keeps it") {
  struct Row {
    const char* text;
    const char* made;
  };
  const Row rows[] = {{"the token is wrong", "The token is wrong"},
                      {"give it", "Give it"},
                      {"a", "A"},
                      {"don't", "Don't"},
                      {"https://forge.example answered", "https://forge.example answered"},
                      {"--memory is wrong", "--memory is wrong"},
                      {"refgate finish gives it back", "refgate finish gives it back"},
                      {"git did not end", "git did not end"},
                      {"w.yml: no", "w.yml: no"},
                      {"éa", "éa"},
                      {"", ""},
                      {"The", "The"}};
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(capitalised(row.text) == row.made);
  }
  CHECK(uncapitalised("The budget") == "the budget");
  CHECK(uncapitalised("Paused by ann") == "paused by ann");
  CHECK(uncapitalised("Ann paused it") == "Ann paused it");
  CHECK(uncapitalised("") == "");
}
