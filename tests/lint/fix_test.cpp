#include "lint/finding/fix.h"

#include "catch.h"
#include "lint/finding/edit.h"
#include "lint/text/document.h"

namespace refgate::lint {
namespace {

Document read(const std::string& text) {
  auto result = read_document(text);
  REQUIRE(std::holds_alternative<Document>(result));
  return std::get<Document>(std::move(result));
}

/// One finding for each `bad`, with a fix that puts `replacement` in its place.
Relint finds_bad(std::string replacement, FixKind kind = FixKind::safe, bool generated = false) {
  return [=](const std::string& text) {
    std::vector<Finding> findings;
    for (std::size_t at = text.find("bad"); at != std::string::npos;
         at = text.find("bad", at + 1)) {
      Finding& finding = findings.emplace_back();
      finding.rule = "r";
      finding.message = "at " + std::to_string(at);
      finding.generated = generated;
      finding.fixes.push_back(
          {kind,
           "f",
           {{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + 3), replacement}}});
    }
    return findings;
  };
}

}  // namespace

TEST_CASE("fixes are applied one after the other until nothing is left") {
  const FixOutcome outcome =
      apply_fixes("a: bad\r\nb: [bad, 'bad'] # bad\r\n", FixKind::safe, finds_bad("ok"));
  CHECK(outcome.text == "a: ok\r\nb: [ok, 'ok'] # ok\r\n");
  CHECK(outcome.applied == 4);
  CHECK(outcome.dropped == 0);
}

TEST_CASE("a fix is dropped when the text is then no YAML, or the finding is still there") {
  CHECK(apply_fixes("a: bad\n", FixKind::safe, finds_bad("'")).text == "a: bad\n");
  CHECK(apply_fixes("a: bad\n", FixKind::safe, finds_bad("bad")).dropped == 1);
  const FixOutcome outcome = apply_fixes("a: bad\nb: bad\n", FixKind::safe, finds_bad("x: y"));
  CHECK(outcome.text == "a: bad\nb: bad\n");
  CHECK(outcome.dropped == 2);
}

TEST_CASE("unsafe fixes and generated files need asking, or are never fixed") {
  CHECK(apply_fixes("a: bad\n", FixKind::safe, finds_bad("ok", FixKind::unsafe)).text ==
        "a: bad\n");
  CHECK(apply_fixes("a: bad\n", FixKind::unsafe, finds_bad("ok", FixKind::unsafe)).text ==
        "a: ok\n");
  CHECK(apply_fixes("a: bad\n", FixKind::unsafe, finds_bad("ok")).text == "a: ok\n");
  CHECK(apply_fixes("a: bad\n", FixKind::none, finds_bad("ok")).text == "a: bad\n");
  CHECK(apply_fixes("a: bad\n", FixKind::unsafe, finds_bad("ok", FixKind::safe, true)).text ==
        "a: bad\n");
}

TEST_CASE("fixes that never end are stopped and say so") {
  const Relint forever = [](const std::string& text) {
    std::vector<Finding> findings(1000 - text.size());
    for (Finding& finding : findings) {
      finding.rule = "r";
      finding.fixes.push_back({FixKind::safe, "f", {{0, 0, " "}}});
    }
    return findings;
  };
  const FixOutcome outcome = apply_fixes("a: b", FixKind::safe, forever, 5);
  CHECK(outcome.applied == 5);
  CHECK(outcome.unfinished);
}

TEST_CASE("edits that overlap or lie outside of the text are refused") {
  CHECK(apply_edits("abcdef", {{3, 4, "X"}, {0, 1, ""}}) == "bcXef");
  CHECK(apply_edits("abc", {{1, 1, "x"}, {1, 1, "y"}}) == "axybc");
  CHECK_FALSE(apply_edits("abcdef", {{0, 3, ""}, {2, 4, ""}}));
  CHECK_FALSE(apply_edits("abc", {{2, 4, ""}}));
  CHECK_FALSE(apply_edits("abc", {{2, 1, ""}}));
}

TEST_CASE("removing an entry or item takes its lines or its comma, or refuses") {
  struct Row {
    const char* before;
    std::size_t index;
    const char* after;  ///< nullptr: refused
  };
  const Row rows[] = {
      {"a:\n  - b # x\n  # y\n  - c\n  - d\n", 1, "a:\n  - b # x\n  # y\n  - d\n"},
      {"a:\n  - b\n  - c # x", 1, "a:\n  - b\n"},
      {"a:\r\n- b\r\n- c: |\r\n    d\r\n- e\r\n", 1, "a:\r\n- b\r\n- e\r\n"},
      {"a: [b, c, d]\n", 0, "a: [c, d]\n"},
      {"a: [b, c , d]\n", 1, "a: [b , d]\n"},
      {"a: [\n  b,\n  c,\n]\n", 1, "a: [\n  b,\n]\n"},
      {"a: [b]\n", 0, nullptr},
      {"a:\n  - b\n", 0, nullptr},
      {"a: [b, # x\n  c]\n", 1, nullptr},
      {"a: [b, &x c]\nd: *x\n", 1, nullptr},
      {"a:\n- - b\n- c\n", 0, "a:\n- c\n"},
      {"a: {b: 1, c: 2}\n", 1, "a: {b: 1}\n"},
      {"a: {b: 1, c: 2}\n", 0, "a: {c: 2}\n"},
      {"a:\n  b: 1\n  c:\n    d: 2\n  e: 3\n", 1, "a:\n  b: 1\n  e: 3\n"},
      {"a: &x\n  b: 1\n  c: 2\n", 0, "a: &x\n  c: 2\n"},
      {"a:\n  c:\n    &x b: 1\n", 0, nullptr},
  };
  for (const Row& row : rows) {
    INFO(row.before);
    const Document document = read(row.before);
    const YamlNode node = document.root()["a"];
    std::vector<YamlNode> items;
    std::vector<Entry> entries;
    for (const YamlNode item : node.items())
      items.push_back(item);
    for (const Entry& entry : node.entries())
      entries.push_back(entry);
    const auto edits = node.is_sequence() ? remove_item(document, node, items.at(row.index))
                                          : remove_entry(document, node, entries.at(row.index));
    REQUIRE(edits.empty() == (row.after == nullptr));
    if (row.after != nullptr) CHECK(apply_edits(row.before, edits) == row.after);
  }
}

TEST_CASE("the first entry after a dash is removed without its dash") {
  const Document document = read("- a: 1\n  b: 2\n");
  const YamlNode mapping = *document.root().items().begin();
  CHECK(apply_edits(document.text(), remove_entry(document, mapping, *mapping.entries().begin())) ==
        "- b: 2\n");
}

TEST_CASE("an added entry has the style, indentation and line ends of its mapping") {
  struct Row {
    const char* before;
    const char* after_key;
    const char* after;
  };
  const Row rows[] = {
      {"a:\n    b: 1\n    c: 2\n", "", "a:\n    k: v\n    b: 1\n    c: 2\n"},
      {"a:\n  b: 1 # x\n  c: 2\n", "b", "a:\n  b: 1 # x\n  k: v\n  c: 2\n"},
      {"a:\r\n  b: 1\r\n", "b", "a:\r\n  b: 1\r\n  k: v\r\n"},
      {"a:\n  b: |\n    x\n\n  c: 1", "b", "a:\n  b: |\n    x\n  k: v\n\n  c: 1"},
      {"a:\n  b: 1", "b", "a:\n  b: 1\n  k: v"},
      {"a: {b: 1}\n", "", "a: {k: v, b: 1}\n"},
      {"a: {b: 1}\n", "b", "a: {b: 1, k: v}\n"},
  };
  for (const Row& row : rows) {
    INFO(row.before);
    const Document document = read(row.before);
    const YamlNode mapping = document.root()["a"];
    const Entry after = *row.after_key == '\0' ? Entry() : mapping.entry(row.after_key);
    CHECK(apply_edits(row.before, add_entry(document, mapping, "k", "v", after)) == row.after);
  }
  const Document document = read("a: &x {b: 1}\nc: *x\nd:\ne: {}\n");
  for (const char* key : {"c", "d", "e"})
    CHECK(add_entry(document, document.root()[key], "k", "v").empty());
}

TEST_CASE("a unified diff has three lines of context and joins hunks that touch") {
  CHECK(unified_diff("f", "a\n", "a\n") == "");
  CHECK(unified_diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n") ==
        "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
  CHECK(unified_diff("f", "", "a\n") == "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n");
  CHECK(unified_diff("f", "a\nb", "a\nb\n") ==
        "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
  std::string before;
  for (int line = 0; line < 40; ++line)
    before += std::to_string(line) + "\n";
  const auto changed = [&](const std::string& at) {
    std::string text = before;
    return text.insert(text.find("\n" + at + "\n") + 1, "new\n");
  };
  const std::string first = changed("10");
  std::string both = first;
  both.insert(both.find("\n16\n") + 1, "new\n");
  std::string apart = first;
  apart.insert(apart.find("\n18\n") + 1, "new\n");
  const auto hunks = [&](const std::string& after) {
    const std::string diff = unified_diff("f", before, after);
    std::size_t count = 0;
    for (std::size_t at = diff.find("\n@@ "); at != std::string::npos;
         at = diff.find("\n@@ ", at + 1))
      ++count;
    return count;
  };
  CHECK(hunks(first) == 1);
  CHECK(hunks(both) == 1);
  CHECK(hunks(apart) == 2);
}

}  // namespace refgate::lint
