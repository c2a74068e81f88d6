#include "core/event/patch.h"

#include "catch.h"

using namespace refgate;

namespace {

const std::string first =
    "diff --git a/a.c b/a.c\n"
    "index 1111111..2222222 100644\n"
    "--- a/a.c\n"
    "+++ b/a.c\n"
    "@@ -10,4 +10,4 @@ int f() {\n"
    " above\n"
    "-old\n"
    "+new\n"
    " below\n"
    "\n";

const std::string second =
    "diff --git a/b.c b/b.c\n"
    "new file mode 100644\n"
    "index 0000000..3333333\n"
    "--- /dev/null\n"
    "+++ b/b.c\n"
    "@@ -0,0 +1 @@\n"
    "+one\n"
    "\\ No newline at end of file\n";

std::string with(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("what does not count in a change") {
  const auto digest = digest_of_patch(first + second);
  REQUIRE(digest);
  CHECK(digest->size() == 64);
  struct Row {
    const char* name;
    std::string diff;
  };
  const Row rows[] = {
      {"where it stands", with(first, "-10,4 +10,4", "-90,4 +95,4") + second},
      {"what stands around it", with(first, " above", " other") + second},
      {"the function that it is in", with(first, "int f()", "int g()") + second},
      {"the objects of text", with(first, "1111111..2222222", "4444444..5555555") + second},
      {"the order of files", second + first},
      {"two hunks for one",
       with(first, " below\n\n", " below\n\n@@ -50,1 +50,1 @@\n same\n") + second},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(digest_of_patch(row.diff) == digest);
  }
}

TEST_CASE("what counts in a change") {
  const auto digest = digest_of_patch(first + second);
  struct Row {
    const char* name;
    std::string diff;
  };
  const Row rows[] = {
      {"what comes", with(first, "+new", "+newer") + second},
      {"what goes", with(first, "-old", "-older") + second},
      {"blanks", with(first, "+new", "+ new") + second},
      {"the order of lines", with(first, "-old\n+new\n", "+new\n-old\n") + second},
      {"the file", with(with(with(first, "+++ b/a.c", "+++ b/z.c"), "--- a/a.c", "--- a/z.c"),
                        "a/a.c b/a.c", "a/z.c b/z.c") +
                       second},
      {"a file more", first + second + with(first, "a/a.c b/a.c", "a/z.c b/z.c")},
      {"a file less", first},
      {"a mode", with(first, "index 1111111..2222222 100644\n",
                      "old mode 100644\nnew mode 100755\nindex 1111111..2222222\n") +
                     second},
      {"a mode of a new file",
       first + with(second, "new file mode 100644", "new file mode 100755")},
      {"the newline at the end", first + with(second, "\\ No newline at end of file\n", "")},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto other = digest_of_patch(row.diff);
    CHECK(other.has_value());
    CHECK(other != digest);
  }
}

TEST_CASE("binary files, renames and modes are changes") {
  const std::string binary =
      "diff --git a/x.png b/x.png\n"
      "index 1111111..2222222 100644\n"
      "Binary files a/x.png and b/x.png differ\n";
  const std::string renamed =
      "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n";
  const std::string mode = "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n";
  CHECK(digest_of_patch(binary).has_value());
  CHECK(digest_of_patch(with(binary, "1111111..", "7777777..")) == digest_of_patch(binary));
  CHECK(digest_of_patch(with(binary, "..2222222", "..7777777")) != digest_of_patch(binary));
  CHECK(digest_of_patch(with(renamed, "100%", "97%")) == digest_of_patch(renamed));
  CHECK(digest_of_patch(with(renamed, "rename to y", "rename to z")) != digest_of_patch(renamed));
  CHECK(digest_of_patch(mode).has_value());
}

TEST_CASE("lines of a hunk are never taken for headers") {
  // A line "-- a/z.c" that goes looks like the header of a file.
  const std::string looks =
      "diff --git a/a.c b/a.c\n"
      "--- a/a.c\n"
      "+++ b/a.c\n"
      "@@ -1,2 +1,2 @@\n"
      "--- a/z.c\n"
      "-diff --git a/q b/q\n"
      "+++ b/z.c\n"
      "+@@ -1 +1 @@\n";
  CHECK(digest_of_patch(looks).has_value());
  const std::string above = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n--- a/z.c\n+++ b/z.c\n";
  CHECK(digest_of_patch(looks) != digest_of_patch(above));
}

TEST_CASE("what is no whole diff has no digest") {
  struct Row {
    const char* name;
    std::string diff;
  };
  const Row rows[] = {
      {"nothing", ""},
      {"a page", "<html></html>"},
      {"an answer", "{\"message\": \"Not Found\"}"},
      {"a hunk without a file", "@@ -1 +1 @@\n-a\n+b\n"},
      {"a hunk that breaks off", first.substr(0, first.find(" below"))},
      {"a hunk that is too long", with(first, "\n\n", "\n\n+more\n")},
      {"counts that are none", with(first, "-10,4 +10,4", "-10,x +10,4")},
      {"counts that are too many", with(first, "-10,4 +10,4", "-10,99999999999999999999 +10,4")},
      {"a binary file of no object", "diff --git a/x b/x\nBinary files a/x and b/x differ\n"},
      {"a binary patch",
       "diff --git a/x b/x\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 3\n"},
      {"a merge's diff", "diff --cc a.c\nindex 1,2..3\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK_FALSE(digest_of_patch(row.diff).has_value());
  }
}
