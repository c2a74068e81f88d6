#include <nlohmann/json.hpp>

#include "catch.h"
#include "core/record/audit.h"
#include "core/record/folding.h"
#include "core/text/digest.h"

using namespace refgate;
using nlohmann::json;

namespace {

AuditEntry sample(const std::string& run_id = "4711") {
  AuditEntry entry;
  entry.session_key = "review-push-9fceb02d";
  entry.timestamp = *parse_rfc3339("2026-11-22T02:20:40.123Z");
  entry.event_type = "push";
  entry.workflow = "Review";
  entry.run_id = run_id;
  entry.commit_sha = "9fceb02d0ae598e95dc970b74767f19372d61af8";
  entry.executed = true;
  entry.job_status = "started";
  entry.kind = EntryKind::launch;
  entry.claim_id = "nonce" + run_id;
  entry.generation = 3;
  entry.id = entry_id(entry.claim_id, 3, entry.kind);
  entry.duration = std::chrono::minutes(4);
  entry.holder_claim_id = "holder";
  entry.covers = {{"7", "main"}, {"8", "next"}};
  return entry;
}

const std::string object = "9fceb02d0ae598e95dc970b74767f19372d61af8";

}  // namespace

TEST_CASE("a line of the record survives its text form and has the fields of the original") {
  const std::string line = encode_entry(sample());
  CHECK(line.find('\n') == std::string::npos);
  const auto read = decode_entry(line);
  REQUIRE(read);
  CHECK(read->entry == sample());
  CHECK(read->digest_fits);
  const json value = json::parse(line);
  for (const char* field : {"session_key", "timestamp", "event_type", "workflow", "run_id",
                            "commit_sha", "executed", "job_status", "duplicate_prevented"})
    CHECK(value.contains(field));
  CHECK(value["duplicate_prevented"] == false);
  CHECK(value["retry_suppression"] == json({{"enabled", true},
                                            {"status", "single_execution"},
                                            {"early_gating", true},
                                            {"cost_optimization", false}}));
  CHECK(value["session_management"] == json({{"early_exit", false},
                                             {"single_launch_enforced", true},
                                             {"premium_session_saved", false}}));
  AuditEntry skip = sample();
  skip.executed = false;
  const json skipped = json::parse(encode_entry(skip));
  CHECK(skipped["duplicate_prevented"] == true);
  CHECK(skipped["retry_suppression"]["status"] == "suppressed");
  CHECK(skipped["session_management"]["premium_session_saved"] == true);
}

TEST_CASE("a changed line is seen by its digest") {
  json value = json::parse(encode_entry(sample()));
  value["executed"] = false;
  const auto read = decode_entry(value.dump());
  REQUIRE(read);
  CHECK_FALSE(read->digest_fits);
}

TEST_CASE("a span that nobody means is none") {
  for (const json& span : {json(-1), json(9e18), json(std::uint64_t{1} << 63U), json("4m"),
                           json(std::int64_t{1} << 60)}) {
    json value = json::parse(encode_entry(sample()));
    value["duration_ms"] = value["memory_ms"] = span;
    const auto read = decode_entry(value.dump());
    REQUIRE(read);
    CHECK_FALSE(read->entry.duration);
    CHECK_FALSE(read->entry.memory);
  }
}

TEST_CASE("bytes that are no UTF-8 still make a line that can be read, and whose digest fits") {
  AuditEntry entry = sample();
  entry.workflow = "bad \xff\xfe bytes";
  const auto read = decode_entry(encode_entry(entry));
  REQUIRE(read);
  CHECK(read->digest_fits);
}

TEST_CASE("a line of the first version is read, and its digest is its own; a newer one is left") {
  json old = json::parse(encode_entry(sample()));
  CHECK(old.at("version") == 2);
  old["version"] = 1;
  old.erase("digest");
  old["digest"] = sha256_hex(old.dump()).substr(0, 32);
  const auto read = decode_entry(old.dump());
  REQUIRE(read);
  CHECK(read->digest_fits);
  CHECK(read->entry == sample());
  for (const json& version : {json(0), json(-1), json(3), json("2"), json(1.5)}) {
    old["version"] = version;
    CHECK_FALSE((decode_entry(old.dump()) || entry_id_of(old.dump())));
  }
}

TEST_CASE("what is not a line of ours is none") {
  for (const char* text :
       {"", "a note that a person wrote", "{}", "[]", "{\"version\":3,\"id\":\"x\"}",
        "{\"version\":1,\"id\":\"x\",\"timestamp\":\"never\"}"})
    CHECK_FALSE((decode_entry(text) || entry_id_of(text)));
  CHECK(entry_id_of(encode_entry(sample())) == sample().id);
}

TEST_CASE("the id of a line depends on claim, generation, kind and nothing else") {
  CHECK(entry_id("a", 1, EntryKind::launch) == entry_id("a", 1, EntryKind::launch));
  CHECK(entry_id("a", 1, EntryKind::launch) != entry_id("a", 2, EntryKind::launch));
  CHECK(entry_id("a", 1, EntryKind::launch) != entry_id("b", 1, EntryKind::launch));
  CHECK(entry_id("a", 1, EntryKind::launch) != entry_id("a", 1, EntryKind::end));
  CHECK(entry_id("a", 1, EntryKind::release, "x") != entry_id("a", 1, EntryKind::release, "y"));
}

TEST_CASE("a line is a note on its commit, or on a synthetic object where there is none") {
  CHECK(annotated_object("9FCEB02D0AE598E95DC970B74767F19372D61AF8") == object);
  CHECK(annotated_object("test123").size() == 40);
  CHECK(annotated_object("test123") != annotated_object("test124"));
  CHECK(entry_ref(sample(), "refgate") == "refs/notes/refgate/20261122/" + sample().id);
}

TEST_CASE("folding is a union of lines") {
  const NotesTree one{{object, encode_entry(sample("1")) + "\n"}};
  const NotesTree two{{object, encode_entry(sample("2")) + "\n"}};
  const NotesTree folded = fold_notes({}, {one, two});
  REQUIRE(folded.size() == 1);
  CHECK(folded.begin()->first == object.substr(0, 2) + "/" + object.substr(2));
  CHECK(folded.begin()->second ==
        encode_entry(sample("1")) + "\n" + encode_entry(sample("2")) + "\n");
  CHECK(holds_all(folded, {one, two}));
  CHECK_FALSE(holds_all(fold_notes({}, {one}), {two}));
  CHECK(fold_notes(folded, {one, two}) == folded);
  CHECK(fold_notes(folded, {fold_notes({}, {two})}) == folded);
  CHECK(fold_notes(folded, {}) == folded);
}

TEST_CASE("a line that was written twice with another time is one line") {
  AuditEntry later = sample("1");
  later.timestamp += std::chrono::seconds(1);
  const NotesTree folded = fold_notes({{object, encode_entry(sample("1")) + "\n"}},
                                      {{{object, encode_entry(later) + "\n"}}});
  CHECK(folded.begin()->second == encode_entry(sample("1")) + "\n");
}

TEST_CASE("what people wrote into a note stays") {
  const NotesTree theirs{{object, "reviewed by hand\n\nsecond paragraph"},
                         {"README", "not a note"}};
  const NotesTree folded = fold_notes(theirs, {{{object, encode_entry(sample()) + "\n"}}});
  CHECK(folded.at(object.substr(0, 2) + "/" + object.substr(2)) ==
        "reviewed by hand\n\nsecond paragraph\n" + encode_entry(sample()) + "\n");
  CHECK(folded.at("README") == "not a note");
}

TEST_CASE("another fan-out, as git chooses it, is the same note") {
  const NotesTree flat{{object, "one\n"}};
  const NotesTree fanned{{object.substr(0, 2) + "/" + object.substr(2), "two\n"}};
  const NotesTree folded = fold_notes(fanned, {flat});
  REQUIRE(folded.size() == 1);
  CHECK(folded.begin()->second == "two\none\n");
}
