// Our encoding against git's own.

#include "store/git/objects.h"

#include "catch.h"
#include "places.h"
#include "store/git/git_handle.h"
#include "store/git/git_runtime.h"

using namespace refgate;

TEST_CASE("the id of a snapshot is the one that git computes", "[objects]") {
  start_git_runtime();
  const std::string repository = make_repository();
  const auto git = [&](std::vector<std::string> arguments, const std::string& input = {}) {
    std::vector<std::string> words = {"git", "-C", repository};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::string text = run(words, input);
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
    return text;
  };
  struct Row {
    const char* what;
    Files files;
    std::string message;
    std::int64_t milliseconds;
  };
  const std::vector<Row> rows = {
      {"one file", {{"claim.json", "{}"}}, "claim\n", 1'795'315'240'999},
      {"nothing", {}, "", 0},
      {"names that sort around a directory",
       {{"ab/c", "1"}, {"ab.c", "2"}, {"ab0", "3"}, {"ab-", "4"}, {"aa", "5"}},
       "m",
       999},
      {"several lines without an end", {{"x", "\n"}}, "first\n\nsecond", 86'400'000},
      {"before 1970", {{"x", ""}}, "m\n", -5'000},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    Snapshot snapshot{row.files, row.message, Instant(std::chrono::milliseconds(row.milliseconds))};
    std::string list;
    for (const auto& [path, content] : row.files)
      list += "100644 " + git({"hash-object", "-w", "--stdin"}, content) + " 0\t" + path + "\n";
    git({"read-tree", "--empty"});
    git({"update-index", "--add", "--index-info"}, list);
    const std::string tree = git({"write-tree"});
    const std::string seconds = std::to_string(std::max<std::int64_t>(row.milliseconds / 1000, 0));
    const std::string who = "refgate <refgate@localhost> " + seconds + " +0000";
    const std::string commit =
        git({"hash-object", "-t", "commit", "-w", "--stdin"},
            "tree " + tree + "\nauthor " + who + "\ncommitter " + who + "\n\n" + row.message);
    const EncodedSnapshot encoded = encode_snapshot(snapshot);
    CHECK(hex_of(encoded.commit) == commit);

    RepositoryHandle opened;
    REQUIRE(git_repository_open_bare(out(opened), repository.c_str()) == 0);
    CHECK(decode_commit(opened.get(), encoded.commit) == row.files);
  }
  CHECK(git({"fsck", "--strict", "--no-dangling", "--no-reflogs"}) == "");
}

TEST_CASE("an object that is missing is an error, not an empty record", "[objects]") {
  start_git_runtime();
  RepositoryHandle opened;
  REQUIRE(git_repository_open_bare(out(opened), make_repository().c_str()) == 0);
  try {
    decode_commit(opened.get(), parse_oid(nobodys_version().id).value());
    FAIL("no error");
  } catch (const StoreError& error) {
    CHECK(error.failure() == StoreFailure::unreadable);
    CHECK(std::string(error.what()).find(nobodys_version().id) != std::string::npos);
  }
}

TEST_CASE("an object id is 40 hexadecimal digits", "[objects]") {
  CHECK(parse_oid(std::string(40, 'a')));
  CHECK(parse_oid(std::string(40, 'F')));
  for (const auto& text : {std::string(), std::string(39, 'a'), std::string(41, 'a'),
                           std::string(64, 'a'), std::string(40, 'g'), std::string(40, '\0')}) {
    CHECK_FALSE(parse_oid(text));
  }
}

TEST_CASE("text of strangers becomes one clean line", "[objects]") {
  CHECK(clean_text("a\nb\r\n\tc\x1b[31m\x7f") == "a b c [31m");
  CHECK(clean_text("see https://user:secret@host/path and http://t@h") ==
        "see https://host/path and http://h");
  CHECK(clean_text("mail me@host") == "mail me@host");
  CHECK(clean_text("https://host/a@b") == "https://host/a@b");
  CHECK(clean_text("https://host/a?key=x#y b") == "https://host/a?… b");
  CHECK(clean_text("'https:///u:secret@host/x'") == "'https://host/x'");
  CHECK(clean_text("u:secret@host:x.git") == "host:x.git");
  CHECK(clean_text(std::string(1000, 'x')).size() < 410);
  std::string umlauts;
  while (umlauts.size() < 1000)
    umlauts += "ü";
  const std::string cut = clean_text("x" + umlauts);
  CHECK(cut.substr(cut.size() - 5) == "ü…");
}
