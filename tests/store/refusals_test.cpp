// Servers whose rules and hooks refuse: what still gets there, and at what price.

#include "catch.h"
#include "http_place.h"

using namespace refgate;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";
const std::string notes = "refs/notes/refgate/20261122/";

/// A claim that decides, and lines of the record after it.
std::vector<Change> end_of(const Version& from, int lines) {
  std::vector<Change> changes = {update(claim, from, "ended")};
  changes.front().decisive = true;
  for (int i = 0; i < lines; ++i)
    changes.push_back(create(notes + std::to_string(i), "line " + std::to_string(i)));
  return changes;
}

struct Opened {
  std::string name;
  std::shared_ptr<Store> store;
};

std::vector<Opened> stores(const FaultyPlace& place) {
  return {{"http", place.open()},
          {"git command", std::shared_ptr<Store>(open_command_store(place.repository()))}};
}

constexpr auto no_notes_by_name =
    "case $1 in refs/notes/*) echo 'no notes here' >&2; exit 1;; esac\n";

}  // namespace

TEST_CASE("a push that is refused whole is made in smaller ones, what decides first",
          "[refusals]") {
  const int most = GENERATE(1, 2, 3);
  const FaultyPlace place;
  place.hook("pre-receive",
             "n=0; while read line; do n=$((n+1)); done\n"
             "[ $n -le " +
                 std::to_string(most) + " ] || { echo 'too many refs' >&2; exit 1; }\n");
  for (const auto& [name, store] : stores(place)) {
    INFO(name << ", " << most);
    const Version one = must_swap(*store, create(claim, "one"));
    const auto before = store->traffic().pushes;
    const auto outcomes = swap(*store, end_of(one, 5));
    for (const auto& outcome : outcomes)
      CHECK(outcome.result == SwapResult::swapped);
    CHECK(store->traffic().pushes - before <= 10);
    // It is remembered: the next one is not tried whole.
    const auto after = store->traffic().pushes;
    const auto next =
        swap(*store, {update(claim, *outcomes[0].version, "again"), create(notes + "next", "x")});
    CHECK(next[0].result == SwapResult::swapped);
    CHECK(next[1].result == SwapResult::swapped);
    CHECK(store->traffic().pushes - after <= 3);
    std::vector<Change> cleared = {remove(claim, *next[0].version),
                                   remove(notes + "next", *next[1].version)};
    for (int i = 0; i < 5; ++i)
      cleared.push_back(
          remove(notes + std::to_string(i), *outcomes[static_cast<std::size_t>(i) + 1].version));
    for (const auto& outcome : swap(*store, cleared))
      CHECK(outcome.result == SwapResult::swapped);
  }
}

TEST_CASE("a record that may not be written keeps no claim from ending", "[refusals]") {
  const bool whole = GENERATE(false, true);
  const FaultyPlace place;
  if (whole) {
    place.hook("pre-receive", "while read old new ref; do set -- $ref; " +
                                  std::string(no_notes_by_name) + "done\n");
  } else {
    place.hook("update", no_notes_by_name);
  }
  for (const auto& [name, store] : stores(place)) {
    INFO(name << (whole ? ", whole" : ", by name"));
    const Version one = must_swap(*store, create(claim, "one"));
    const auto before = store->traffic().pushes;
    const auto outcomes = swap(*store, end_of(one, 20));
    CHECK(outcomes[0].result == SwapResult::swapped);
    for (std::size_t i = 1; i < outcomes.size(); ++i) {
      CHECK(outcomes[i].result == SwapResult::refused);
      CHECK(outcomes[i].for_good);
      CHECK_FALSE(outcomes[i].message.empty());
    }
    CHECK(mentions(outcomes[1].message, "hook declined"));
    CHECK(store->traffic().pushes - before <= 5);
    must_swap(*store, remove(claim, *outcomes[0].version));
  }
}

TEST_CASE("a rule that stands is tried once more at most, and said to stand", "[refusals]") {
  const FaultyPlace place;
  const std::string kind = GENERATE(as<std::string>{}, "make", "change", "delete");
  const std::string zero(40, '0');
  Version one;
  if (kind != "make") one = must_swap(*place.direct(), create(claim, "one"));
  place.hook("update", kind == "make"     ? "[ $2 != " + zero + " ]\n"
                       : kind == "delete" ? "[ $3 != " + zero + " ]\n"
                                          : "[ $2 = " + zero + " ] || [ $3 = " + zero + " ]\n");
  for (const auto& [name, store] : stores(place)) {
    INFO(name << ", " << kind);
    const auto outcome = swap(*store, {kind == "make"     ? create(claim, "x")
                                       : kind == "change" ? update(claim, one, "x")
                                                          : remove(claim, one)})
                             .at(0);
    CHECK(outcome.result == SwapResult::refused);
    CHECK(outcome.for_good);
    CHECK(mentions(outcome.message, "hook declined"));
    CHECK(store->traffic().pushes <= 2);
  }
}

TEST_CASE("a lock that somebody holds passes", "[refusals]") {
  const FaultyPlace place;
  const std::string lock = place.repository() + "/" + claim + ".lock";
  must_swap(*place.direct(), create(claim + "x", "so that the folder is there"));
  write_file(lock, "");
  // The second try finds it gone.
  place.hook("pre-receive", "if [ -e " + place.repository() + "/tried ]; then rm -f " + lock +
                                "; fi; touch " + place.repository() + "/tried; exit 0\n");
  const auto store = place.open();
  must_swap(*store, create(claim, "one"));
  CHECK(store->traffic().pushes == 2);
}

TEST_CASE("what goes along with one claim that was lost is true all the same", "[refusals]") {
  const FaultyPlace place;
  const Version one = must_swap(*place.direct(), create(claim, "one"));
  must_swap(*place.direct(), update(claim, one, "taken"));
  int lines = 0;
  for (const auto& [name, store] : stores(place)) {
    INFO(name);
    const auto outcomes =
        swap(*store, {end_of(one, 0).front(), create(notes + std::to_string(lines), "line")});
    CHECK(outcomes[0].result == SwapResult::stale);
    CHECK(outcomes[1].result == SwapResult::swapped);
    CHECK(store->traffic().pushes == 1);
    CHECK(place.direct()->list("refs/notes/refgate/").size() == static_cast<std::size_t>(++lines));
  }
}

TEST_CASE("of two that decide together none is taken when one was lost, nor what goes along",
          "[refusals]") {
  const FaultyPlace place;
  const Version one = must_swap(*place.direct(), create(claim, "one"));
  must_swap(*place.direct(), update(claim, one, "taken"));
  for (const auto& [name, store] : stores(place)) {
    INFO(name);
    std::vector<Change> changes = end_of(one, 2);
    changes.push_back(create(claim + "-other", "other"));
    changes.back().decisive = true;
    const auto outcomes = swap(*store, changes);
    CHECK(outcomes[0].result == SwapResult::stale);
    CHECK(outcomes[1].message == "not sent");
    CHECK(outcomes[3].message == "not sent");
    CHECK(place.direct()->list("refs/notes/refgate/").empty());
    CHECK(place.direct()->list("refs/refgate/claims/abc/").size() == 1);
  }
}
