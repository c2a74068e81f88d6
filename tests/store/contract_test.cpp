// What every store promises (store.h), on each of them.

#include "catch.h"
#include "places.h"

using namespace refgate;

namespace {

const Backend& each_backend() {
  const auto index = GENERATE(range(0, static_cast<int>(backends().size())));
  return backends().at(static_cast<std::size_t>(index));
}

#define ON_EACH_STORE()                   \
  const Backend& tested = each_backend(); \
  INFO("store: " << tested.name);         \
  const Place place = tested.make();      \
  const auto store = place.open()

const std::string claim = "refs/refgate/claims/abc/one";

}  // namespace

TEST_CASE("a ref is created, updated and deleted, and each step can be read by others",
          "[contract]") {
  ON_EACH_STORE();
  const auto other = place.open();
  CHECK(read(*store, {claim}).empty());

  const Version first = must_swap(*store, create(claim, "one"));
  CHECK(read(*other, {claim, "refs/refgate/claims/none"}).size() == 1);
  CHECK(read(*other, {claim}).at(claim).version == first);
  CHECK(read(*other, {claim}).at(claim).files == Files{{"claim.json", "one"}});

  const Version second = must_swap(*other, update(claim, first, "two"));
  CHECK(second != first);
  CHECK(read(*store, {claim}).at(claim).files == Files{{"claim.json", "two"}});

  must_swap(*store, remove(claim, second));
  CHECK(read(*other, {claim}).empty());
  CHECK(read(*store, {claim}).empty());
}

TEST_CASE("a change that expects another value than the ref's is stale and changes nothing",
          "[contract]") {
  ON_EACH_STORE();
  const Version value = must_swap(*place.open(), create(claim, "mine"));
  struct Row {
    const char* what;
    Change change;
    std::optional<Version> seen;
  };
  const std::string absent = "refs/refgate/claims/absent";
  const std::vector<Row> rows = {
      {"create what exists", create(claim, "theirs"), value},
      {"update from a wrong value", update(claim, nobodys_version(), "theirs"), value},
      {"delete with a wrong value", remove(claim, nobodys_version()), value},
      {"update what does not exist", update(absent, value, "theirs"), std::nullopt},
      {"delete what does not exist", remove(absent, value), std::nullopt},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto outcome = swap(*store, {row.change}).at(0);
    CHECK(outcome.result == SwapResult::stale);
    CHECK(outcome.version == row.seen);
  }
  CHECK(read(*store, {claim, absent}).size() == 1);
  CHECK(read(*store, {claim}).at(claim).version == value);
}

TEST_CASE("storing what is there already is a success, whatever was expected", "[contract]") {
  ON_EACH_STORE();
  const Version value = must_swap(*store, create(claim, "same"));
  CHECK(must_swap(*store, create(claim, "same")) == value);
  CHECK(must_swap(*place.open(), create(claim, "same")) == value);
  CHECK(must_swap(*place.open(), update(claim, nobodys_version(), "same")) == value);
}

TEST_CASE("a stale change is left out and the others of its push are made", "[contract]") {
  ON_EACH_STORE();
  const Version value = must_swap(*place.open(), create(claim, "held"));
  const std::string doomed = "refs/refgate/claims/doomed";
  const Version old = must_swap(*place.open(), create(doomed, "old"));
  const std::string fresh = "refs/notes/refgate/20261122/x";
  const auto outcomes =
      swap(*store, {create(claim, "late"), create(fresh, "line"), remove(doomed, old)});
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].result == SwapResult::stale);
  CHECK(outcomes[0].version == value);
  CHECK(outcomes[1].result == SwapResult::swapped);
  CHECK(outcomes[2].result == SwapResult::swapped);
  const auto left = read(*place.open(), {claim, fresh, doomed});
  CHECK(left.size() == 2);
  CHECK(left.at(claim).version == value);
  CHECK(left.at(fresh).version == outcomes[1].version);
}

TEST_CASE("when a decisive change is stale nothing is sent", "[contract]") {
  ON_EACH_STORE();
  const Version value = must_swap(*place.open(), create(claim, "held"));
  const std::string fresh = "refs/notes/refgate/20261122/x";
  Change decisive = create(claim, "late");
  decisive.decisive = true;
  const auto outcomes =
      swap(*store, {create(fresh, "line"), decisive, remove("refs/refgate/claims/none", value)});
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].result == SwapResult::refused);
  CHECK(outcomes[0].message == "not sent");
  CHECK(outcomes[1].result == SwapResult::stale);
  CHECK(outcomes[1].version == value);
  CHECK(outcomes[2].result != SwapResult::swapped);
  CHECK(read(*place.open(), {fresh}).empty());
  CHECK(read(*place.open(), {claim}).at(claim).version == value);
}

TEST_CASE("a change that the server refuses does not stop the others, and says why", "[contract]") {
  ON_EACH_STORE();
  must_swap(*place.open(), create(claim, "a file where the next one wants a directory"));
  const std::string fresh = "refs/refgate/claims/fresh";
  const auto outcomes = swap(*store, {create(claim + "/below", "x"), create(fresh, "y")});
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].result == SwapResult::refused);
  CHECK_FALSE(outcomes[0].message.empty());
  CHECK(outcomes[1].result == SwapResult::swapped);
  CHECK(read(*place.open(), {claim + "/below", fresh}).size() == 1);
}

TEST_CASE("one snapshot has one version in every store", "[contract]") {
  ON_EACH_STORE();
  Snapshot record = snapshot("{\"version\":1}\n", "claim abc\n");
  record.files["ab/cdef"] = "deep\n";
  record.files["ab.txt"] = "sorts before ab/ in git\n";
  const auto version = [&](Store& in) {
    return swap(in, {{claim, std::nullopt, record}}).at(0).version;
  };
  const auto memory = open_memory_store();
  REQUIRE(version(*memory).has_value());
  CHECK(version(*store) == version(*memory));
}

TEST_CASE("a listing holds exactly the refs under the prefix", "[contract]") {
  ON_EACH_STORE();
  const std::vector<std::string> inside = {"refs/refgate/claims/a", "refs/refgate/claims/b/c",
                                           "refs/refgate/claims/b/d"};
  const std::vector<std::string> outside = {"refs/refgate/claims.old/a", "refs/refgate/queues/a",
                                            "refs/notes/refgate/a"};
  std::map<std::string, Version> expected;
  std::vector<Change> changes;
  for (const auto& ref : inside)
    changes.push_back(create(ref, ref));
  for (const auto& ref : outside)
    changes.push_back(create(ref, ref));
  const auto outcomes = swap(*store, changes);
  for (std::size_t i = 0; i < inside.size(); ++i)
    expected[inside[i]] = outcomes.at(i).version.value();

  const auto other = place.open();
  CHECK(other->list("refs/refgate/claims/") == expected);
  const auto seen = other->last_seen("refs/refgate/claims/");
  REQUIRE(seen.has_value());
  CHECK(*seen == expected);
  const auto contents = other->read_all("refs/refgate/claims/");
  REQUIRE(contents.size() == inside.size());
  for (const auto& ref : inside) {
    CHECK(contents.at(ref).version == expected.at(ref));
    CHECK(contents.at(ref).files == Files{{"claim.json", ref}});
  }
  CHECK(other->list("refs/refgate/none/").empty());
  CHECK(other->read_all("refs/refgate/none/").empty());
}

TEST_CASE("what was foreseen is answered once as it stood, and then as it stands", "[contract]") {
  ON_EACH_STORE();
  const auto other = place.open();
  const std::string pauses = "refs/refgate/pauses", queue = "refs/refgate/queues/one",
                    note = "refs/notes/refgate/20260101/one",
                    late = "refs/notes/refgate/20260101/late";
  const Version first = must_swap(*other, create(claim, "one"));
  must_swap(*other, create(pauses, "none"));
  must_swap(*other, create(queue, "empty"));
  must_swap(*other, create(note, "line"));
  const Foreseen next{{"refs/refgate/claims/", "refs/refgate/none/", pauses},
                      {"refs/notes/refgate/"}};
  const auto claims = [&] { return store->read_all("refs/refgate/claims/"); };
  const auto text = [](const std::map<std::string, Stored>& read, const std::string& ref) {
    return read.at(ref).files.at("claim.json");
  };

  store->foresee(next);
  CHECK(claims().size() == 1);
  CHECK(store->read_all("refs/refgate/none/").empty());
  CHECK(text(read(*store, {pauses}), pauses) == "none");
  CHECK(store->list("refs/notes/refgate/").size() == 1);
  const std::vector<std::string> lines{note};
  CHECK(text(store->read_listed(lines), note) == "line");

  // A name alone was foreseen of these: their contents are asked for.
  store->foresee(next);
  CHECK(claims().size() == 1);
  CHECK(text(store->read_all("refs/notes/refgate/"), note) == "line");

  // Once only: what others change meanwhile is seen by the next reading.
  const Version second = must_swap(*other, update(claim, first, "two"));
  must_swap(*other, create(late, "line"));
  CHECK(text(claims(), claim) == "two");
  CHECK(store->list("refs/notes/refgate/").size() == 2);

  // What was not foreseen is asked for as ever, and ends it, as a swap does.
  for (const bool swaps : {false, true}) {
    store->foresee(next);
    CHECK(store->list("refs/notes/refgate/").size() == 2);
    if (swaps)
      must_swap(*store, create("refs/refgate/claims/abc/mine", "mine"));
    else
      CHECK(text(read(*store, {queue}), queue) == "empty");
    CHECK(claims().size() == (swaps ? 2 : 1));
    CHECK(text(read(*store, {pauses, queue}), pauses) == "none");
  }
  CHECK(read(*store, {claim}).at(claim).version == second);
}

TEST_CASE("a thousand refs are made in one push, listed and read", "[contract][bulk]") {
  ON_EACH_STORE();
  std::vector<Change> changes;
  std::vector<std::string> refs;
  for (int i = 0; i < 1000; ++i) {
    refs.push_back("refs/refgate/claims/n" + std::to_string(i));
    changes.push_back(create(refs.back(), "content " + std::to_string(i)));
  }
  const auto outcomes = swap(*store, changes);
  REQUIRE(outcomes.size() == 1000);
  for (const auto& outcome : outcomes)
    REQUIRE(outcome.result == SwapResult::swapped);
  CHECK(store->traffic().pushes == 1);
  const auto other = place.open();
  CHECK(other->list("refs/refgate/claims/").size() == 1000);
  const auto all = other->read_all("refs/refgate/claims/");
  REQUIRE(all.size() == 1000);
  const auto named = read(*place.open(), refs);
  REQUIRE(named.size() == 1000);
  for (int i = 0; i < 1000; ++i) {
    const auto& ref = refs[static_cast<std::size_t>(i)];
    REQUIRE(all.at(ref).files.at("claim.json") == "content " + std::to_string(i));
    REQUIRE(named.at(ref).files == all.at(ref).files);
  }
}

TEST_CASE("any bytes come back as they were", "[contract]") {
  ON_EACH_STORE();
  std::string every_byte;
  for (int i = 0; i < 256; ++i)
    every_byte += static_cast<char>(i);
  std::string large;
  for (unsigned state = 1; large.size() < 1'000'000; state = state * 1664525U + 1013904223U)
    large += static_cast<char>(state >> 24U);
  Snapshot record = snapshot("");
  record.files = {{"empty", ""},
                  {"bytes", every_byte},
                  {"line ends", "a\r\nb\n\n"},
                  {"large", large},
                  {"ümlaut", "x"}};
  CHECK(swap(*store, {{claim, std::nullopt, record}}).at(0).result == SwapResult::swapped);
  CHECK(read(*place.open(), {claim}).at(claim).files == record.files);
}

TEST_CASE("a tree with a fan-out of directories comes back as it was", "[contract]") {
  ON_EACH_STORE();
  Snapshot record = snapshot("");
  const std::string digits = "0123456789abcdef";
  for (const char a : digits) {
    for (const char b : digits) {
      for (const char* rest : {"00", "ff"})
        record.files[std::string{a, b} + "/" + rest + std::string(36, b)] = std::string{a, b};
    }
  }
  CHECK(swap(*store, {{claim, std::nullopt, record}}).at(0).result == SwapResult::swapped);
  CHECK(read(*place.open(), {claim}).at(claim).files == record.files);
}

TEST_CASE("a commit without files is a record too", "[contract]") {
  ON_EACH_STORE();
  Snapshot empty;
  empty.time = Instant{};
  CHECK(swap(*store, {{claim, std::nullopt, empty}}).at(0).result == SwapResult::swapped);
  const auto found = read(*place.open(), {claim});
  REQUIRE(found.size() == 1);
  CHECK(found.at(claim).files.empty());
}

TEST_CASE("refs that hold something else have a version and no files", "[contract]") {
  const Backend& tested = each_backend();
  if (tested.name == "memory") return;  // holds nothing but snapshots
  INFO("store: " << tested.name);
  const Place place = tested.make();
  const auto git = [&](std::vector<std::string> arguments, const std::string& input = {}) {
    std::vector<std::string> words = {"git",         "-C", place.repository,        "-c",
                                      "user.name=n", "-c", "user.email=e@localhost"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::string text = run(words, input);
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
    return text;
  };
  const auto blob = git({"hash-object", "-w", "--stdin"}, "content");
  const auto flat = git({"mktree"}, "100644 blob " + blob + "\tfile\n");
  const auto one = git({"mktree"}, "040000 tree " + flat + "\tone\n");
  const auto two = git({"mktree"}, "040000 tree " + one + "\ttwo\n");
  const auto link = git({"mktree"}, "120000 blob " + blob + "\tlink\n");
  const auto plain = git({"commit-tree", "-m", "plain", flat});
  const auto child = git({"commit-tree", "-m", "has a parent", "-p", plain, flat});
  const std::map<std::string, std::pair<std::string, Files>> refs = {
      {"refs/refgate/x/blob", {blob, {}}},
      {"refs/refgate/x/tree", {flat, {}}},
      {"refs/refgate/x/tag",
       {git({"mktag"},
            "object " + plain + "\ntype commit\ntag t\ntagger n <e@localhost> 0 +0000\n\nm\n"),
        {}}},
      {"refs/refgate/x/deep", {git({"commit-tree", "-m", "deep", two}), {}}},
      {"refs/refgate/x/link", {git({"commit-tree", "-m", "link", link}), {}}},
      {"refs/refgate/x/nested",
       {git({"commit-tree", "-m", "nested", one}), {{"one/file", "content"}}}},
      {"refs/refgate/x/child", {child, {{"file", "content"}}}},
  };
  for (const auto& [ref, held] : refs)
    git({"update-ref", ref, held.first});

  const auto store = place.open();
  const auto all = store->read_all("refs/refgate/x/");
  CHECK(all.size() == refs.size());
  for (const auto& [ref, held] : refs) {
    INFO(ref);
    CHECK(all.at(ref).version.id == held.first);
    CHECK(all.at(ref).files == held.second);
    const auto single = read(*place.open(), {ref});
    REQUIRE(single.size() == 1);
    CHECK(single.at(ref).version.id == held.first);
    CHECK(single.at(ref).files == held.second);
    CHECK(must_swap(*store, update(ref, all.at(ref).version, "ours now " + ref)) !=
          all.at(ref).version);
  }
}

TEST_CASE("after its deadline a store does nothing and says so", "[contract]") {
  ON_EACH_STORE();
  store->set_deadline(std::chrono::steady_clock::now());
  const auto fails = [](const std::function<void()>& call) {
    try {
      call();
    } catch (const StoreError& error) {
      CHECK(error.failure() == StoreFailure::unreachable);
      CHECK(std::string(error.what()).find("deadline") != std::string::npos);
      return true;
    }
    return false;
  };
  CHECK(fails([&] { swap(*store, {create(claim, "late")}); }));
  CHECK(fails([&] { read(*store, {claim}); }));
  CHECK(fails([&] { store->list("refs/refgate/"); }));
  CHECK(fails([&] { store->read_all("refs/refgate/"); }));
  CHECK(store->traffic().exchanges == 0);
  store->set_deadline(std::chrono::steady_clock::time_point::max());
  CHECK(read(*store, {claim}).empty());
}

TEST_CASE("what cannot be asked of any store is refused before anything is sent", "[contract]") {
  ON_EACH_STORE();
  const Version value = nobodys_version();
  const std::vector<std::pair<const char*, std::vector<Change>>> wrong = {
      {"twice", {create(claim, "x"), remove(claim, value)}},
      {"deletion that expects nothing", {Change{claim, std::nullopt, std::nullopt}}},
      {"deep path", {Change{claim, std::nullopt, Snapshot{{{"a/b/c", "x"}}, "", Instant{}}}}},
      {"empty path", {Change{claim, std::nullopt, Snapshot{{{"", "x"}}, "", Instant{}}}}},
      {"dot", {Change{claim, std::nullopt, Snapshot{{{"../x", "x"}}, "", Instant{}}}}},
      {"git folder",
       {Change{claim, std::nullopt, Snapshot{{{".GIT/config", "x"}}, "", Instant{}}}}},
      {"file and folder",
       {Change{claim, std::nullopt, Snapshot{{{"a", "x"}, {"a/b", "x"}}, "", Instant{}}}}},
      {"NUL in the message",
       {Change{claim, std::nullopt, Snapshot{{}, std::string("a\0b", 3), Instant{}}}}},
  };
  for (const auto& [what, changes] : wrong) {
    INFO(what);
    CHECK_THROWS_AS(swap(*store, changes), std::invalid_argument);
  }
  CHECK_THROWS_AS(store->list("refs/refgate"), std::invalid_argument);
  CHECK_THROWS_AS(store->read_all("heads/"), std::invalid_argument);
  CHECK(swap(*store, {}).empty());
  CHECK(read(*store, {}).empty());
  CHECK(store->traffic().pushes == 0);
}

TEST_CASE("a store changes nothing outside of its namespace, whatever it is told", "[contract]") {
  ON_EACH_STORE();
  const Version here = must_swap(*place.open(), create(claim, "stays"));
  const auto pushes = store->traffic().pushes;
  const Version value = nobodys_version();
  const auto own = [](const std::string& ref) { return "\"" + ref + "\""; };
  const std::vector<std::string> elsewhere = {
      "refs/heads/main",
      "refs/tags/v1",
      "refs/pull/1/head",
      "refs/notes/commits",
      "refs/notes/refgatex/20261122/x",
      "refs/refgatex/claims/a",
      "refs/refgate",
      "refs/notes/refgate",
      "HEAD",
      "main",
      "--upload-pack=x",
      "",
      "refs/refgate/",
      "refs/refgate/a b",
      "refs/../config",
      "refs/refgate/claims/../../heads/main",
      "refs/refgate/a:refs/heads/main",
      "refs/refgate/a\nb",
      "refs/refgate/a.lock",
      "refs/refgate/a~1",
      std::string("refs/refgate/a\0b", 16),
  };
  const std::string fresh = "refs/refgate/claims/fresh";
  const auto refused = [&](const std::vector<Change>& changes) {
    try {
      swap(*store, changes);
    } catch (const StoreError& error) {
      INFO(error.what());
      CHECK(error.failure() == StoreFailure::denied);
      CHECK(std::string(error.what()).find("nothing was sent") != std::string::npos);
      CHECK_FALSE(error.hint().empty());
      return;
    }
    FAIL("it was sent");
  };
  for (const auto& ref : elsewhere) {
    INFO(own(ref));
    refused({create(ref, "x")});
    refused({create(fresh, "x"), update(ref, value, "x")});
    refused({remove(ref, value), create(fresh, "x")});
  }
  for (const std::string id : {"", "abc", "refs/heads/main", "HEAD^"})
    refused({update(claim, Version{id}, "x")});
  refused({update(claim, Version{std::string(40, '0')}, "x")});
  CHECK(store->traffic().pushes == pushes);
  const auto left = read(*place.open(), {claim, fresh});
  CHECK(left.size() == 1);
  CHECK(left.at(claim).version == here);
  CHECK_THROWS_AS(read(*store, {"main"}), StoreError);
}

TEST_CASE("a namespace of git's own opens no store", "[contract]") {
  for (const std::string name : {"heads", "tags", "notes", "heads/x", "pull", "", "a b", "a/../b",
                                 "/a", "a/", "a//b", "x.lock", "remotes"}) {
    INFO("\"" << name << "\"");
    CHECK_THROWS_AS(open_memory_store(name), StoreError);
    CHECK_THROWS_AS(open_path_store(root(), name), StoreError);
    CHECK_THROWS_AS(open_https_store({"http://127.0.0.1:1/r.git", "", name}), StoreError);
    CHECK_THROWS_AS(open_command_store("ssh://127.0.0.1:1/r.git", name), StoreError);
  }
  for (const std::string name : {"refgate", "refgate2", "team/refgate", "headsx"}) {
    const auto store = open_memory_store(name);
    CHECK_NOTHROW(must_swap(*store, create("refs/" + name + "/claims/a", "x")));
    CHECK_NOTHROW(must_swap(*store, create("refs/notes/" + name + "/a", "x")));
    CHECK_THROWS_AS(swap(*store, {create("refs/refgate-else/a", "x")}), StoreError);
  }
}

TEST_CASE("the name of a store has no credentials", "[contract]") {
  ON_EACH_STORE();
  CHECK_FALSE(store->describe().empty());
  CHECK(store->describe().find(test_token) == std::string::npos);
}
