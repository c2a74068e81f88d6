#include "state/fold_record.h"

#include <functional>

#include "catch.h"
#include "core/record/folding.h"
#include "store/open.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");
const std::string notes = "refs/notes/refgate/";

AuditEntry entry(const std::string& claim, Instant at = noon) {
  AuditEntry made;
  made.kind = EntryKind::skip;
  made.claim_id = claim;
  made.generation = 1;
  made.timestamp = at;
  made.commit_sha = "9fceb02d0ae598e95dc970b74767f19372d61af8";
  made.id = entry_id(claim, 1, made.kind);
  return made;
}

Change note(const AuditEntry& line) {
  return {entry_ref(line, "refgate"), std::nullopt,
          Snapshot{{{annotated_object(line.commit_sha), encode_entry(line) + "\n"}},
                   "note",
                   line.timestamp}};
}

void write(Store& store, const Change& change) {
  REQUIRE(store.swap(std::span(&change, 1)).front().result == SwapResult::swapped);
}

void write_notes(Store& store, Instant day, int count) {
  for (int i = 0; i < count; ++i)
    write(store, note(entry("claim" + std::to_string(i), day)));
}

std::set<std::string> names(Store& store) {
  std::set<std::string> all;
  for (const auto& [ref, version] : store.list(notes))
    all.insert(ref.substr(notes.size()));
  return all;
}

/// Lines in all notes, doubled ones too.
std::size_t lines(Store& store) {
  std::size_t count = 0;
  for (const auto& [ref, stored] : store.read_all(notes))
    count += count_lines(stored.files);
  return count;
}

/// Somebody else acts on the store just before, or just after, the swaps that come.
class Between final : public Store {
 public:
  explicit Between(Store& inner) : inner_(inner) {}
  std::function<void(Store&)> before;
  std::function<void(Store&)> after;

  std::map<std::string, Version> list(std::string_view prefix) override {
    return inner_.list(prefix);
  }
  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    return inner_.read(refs);
  }
  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    return inner_.read_all(prefix);
  }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    if (before) std::exchange(before, nullptr)(inner_);
    auto outcomes = inner_.swap(changes);
    if (after) std::exchange(after, nullptr)(inner_);
    return outcomes;
  }
  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    return inner_.last_seen(prefix);
  }
  std::string describe() const override { return inner_.describe(); }
  Traffic traffic() const override { return inner_.traffic(); }

 private:
  Store& inner_;
};

/// Takes what is written, and shows no reader of it.
class Hidden final : public Store {
 public:
  explicit Hidden(Store& inner) : inner_(inner) {}

  std::map<std::string, Version> list(std::string_view) override { return {}; }
  std::map<std::string, Stored> read(std::span<const std::string>) override { return {}; }
  std::map<std::string, Stored> read_all(std::string_view) override { return {}; }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    ++swaps;
    return inner_.swap(changes);
  }
  std::optional<std::map<std::string, Version>> last_seen(std::string_view) const override {
    return std::nullopt;
  }
  std::string describe() const override { return inner_.describe(); }
  Traffic traffic() const override { return inner_.traffic(); }

  int swaps = 0;

 private:
  Store& inner_;
};

FoldReport fold(Store& store, std::vector<AuditEntry> outbox = {}) {
  FoldReport report;
  fold_record(store, "refgate", {noon, true, std::move(outbox), false}, report);
  return report;
}

}  // namespace

TEST_CASE("lines of an outbox go straight into the day, once") {
  const auto store = open_memory_store();
  write_notes(*store, noon, 2);
  const std::vector outbox{entry("claim0"), entry("late"), entry("late")};
  const FoldReport report = fold(*store, outbox);
  CHECK(report.lines == 1);
  CHECK(report.notes == 2);
  CHECK(report.published == std::set<std::string>{entry("claim0").id, entry("late").id});
  CHECK(names(*store) == std::set<std::string>{"20261122/all"});
  CHECK(lines(*store) == 3);
  const FoldReport again = fold(*store, outbox);
  CHECK(again.lines == 0);
  CHECK(again.published == report.published);
  CHECK(lines(*store) == 3);
}

TEST_CASE("another folder that was faster, before or after the swap, loses and doubles nothing") {
  for (const bool first : {true, false}) {
    for (const int more : {0, 1, 700}) {
      INFO((first ? "before" : "after") << ", with " << more << " notes more");
      const auto store = open_memory_store();
      write_notes(*store, noon, 5);
      Between between(*store);
      (first ? between.before : between.after) = [&](Store& inner) {
        for (int i = 0; i < more; ++i)
          write(inner, note(entry("more" + std::to_string(i))));
        fold(inner);
      };
      fold(between);
      fold(*store);
      // The others have moved the day up, and one of us has begun it anew: told apart when the day
      // is over.
      FoldReport report;
      fold_record(*store, "refgate", {noon + std::chrono::days(2), true, {}, false}, report);
      CHECK(lines(*store) == static_cast<std::size_t>(5 + more));
      CHECK(names(*store).size() == 1);
    }
  }
}

TEST_CASE("a day of thousands of lines stays a few refs, and becomes one", "[bulk]") {
  const auto store = open_memory_store();
  int written = 0;
  std::size_t most_refs = 0;
  for (const int more : {450, 450, 450, 3'000, 200, 450}) {
    for (int i = 0; i < more; ++i)
      write(*store, note(entry("claim" + std::to_string(written++))));
    CHECK(fold(*store).notes == static_cast<std::size_t>(more));
    most_refs = std::max(most_refs, names(*store).size());
  }
  CHECK(most_refs <= 3);
  CHECK(lines(*store) == 5'000);
  FoldReport report;
  fold_record(*store, "refgate", {noon + std::chrono::days(2), true, {}, false}, report);
  CHECK(names(*store).size() == 1);
  CHECK(lines(*store) == 5'000);
}

TEST_CASE("a year of the record is kept, a ref a day, and what is older is dropped") {
  const auto store = open_memory_store();
  for (int day = 0; day < 400; ++day)
    write_notes(*store, noon - std::chrono::days(day), 2);
  FoldReport report;
  fold_record(*store, "refgate", {noon, true, {}, false, std::chrono::days(365)}, report);
  CHECK(names(*store).size() == 366);
  CHECK(lines(*store) == 732);
  CHECK(report.dropped_lines == 68);
  CHECK(report.dropped_days == 34);
}

TEST_CASE("a note that comes between reading and deleting stays") {
  const auto store = open_memory_store();
  write_notes(*store, noon, 3);
  Between between(*store);
  between.before = [&](Store& inner) { write(inner, note(entry("new"))); };
  CHECK(fold(between).notes == 3);
  CHECK(names(*store).contains("20261122/" + entry("new").id));
  CHECK(lines(*store) == 4);
}

TEST_CASE("a dry run counts and changes nothing") {
  const auto store = open_memory_store();
  write_notes(*store, noon, 3);
  const auto before = store->list("refs/");
  FoldReport report;
  fold_record(*store, "refgate", {noon, true, {entry("late")}, true}, report);
  CHECK(report.notes == 3);
  CHECK(report.lines == 1);
  CHECK(store->list("refs/") == before);
}

TEST_CASE("heartbeats fold what is worth it, of days that are over") {
  const Instant earlier = noon - std::chrono::days(3);
  const auto store = open_memory_store();
  write_notes(*store, earlier, 299);
  write_notes(*store, noon, 400);
  CHECK(fold_earlier_days(*store, "refgate", noon, 10s) == 0);
  write(*store, note(entry("one more", earlier)));
  CHECK(fold_earlier_days(*store, "refgate", noon, 10s) == 300);
  CHECK(names(*store).size() == 401);
  CHECK(names(*store).contains("20261119/all"));
  CHECK(lines(*store) == 700);
  CHECK(fold_earlier_days(*store, "refgate", noon, 10s) == 0);
}

TEST_CASE("a day is not over while a clock that is behind may still write into it") {
  const auto store = open_memory_store();
  const Instant midnight = *parse_day("20261122");
  write_notes(*store, midnight - 1min, 301);
  CHECK(fold_earlier_days(*store, "refgate", midnight + 30min, 10s) == 0);
  CHECK(fold_earlier_days(*store, "refgate", midnight + 61min, 10s) == 301);
}

TEST_CASE("what is no note of ours is left alone, and named") {
  const auto store = open_memory_store();
  write_notes(*store, noon, 1);
  write(*store, {notes + "20261122/empty", std::nullopt, Snapshot{{}, "x", noon}});
  write(*store, {notes + "remarks", std::nullopt, Snapshot{{{"a", "b"}}, "x", noon}});
  const FoldReport report = fold(*store);
  CHECK(report.left_alone.size() == 2);
  CHECK(names(*store) == std::set<std::string>{"20261122/all", "20261122/empty", "remarks"});
  write(*store, note(entry("late")));
  const Change broken{notes + "20261122/all", store->list(notes).at(notes + "20261122/all"),
                      Snapshot{{}, "x", noon}};
  write(*store, broken);
  CHECK(fold(*store).notes == 0);
  CHECK(names(*store).contains("20261122/" + entry("late").id));
}

TEST_CASE(
    "what readers are not shown is given up after one push and patient looks, and said to be so") {
  const auto store = open_memory_store();
  Hidden hidden(*store);
  const FoldReport report = fold(hidden, {entry("late")});
  CHECK(hidden.swaps == 1);
  CHECK(report.published.empty());
  REQUIRE(report.undone.size() == 1);
  CHECK(report.undone.front().why.find("readers are not shown it") != std::string::npos);
}
