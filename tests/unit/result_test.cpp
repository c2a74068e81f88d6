#include "core/record/result.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "core/text/digest.h"

using namespace refgate;
using nlohmann::json;

namespace {

const Instant t0 = *parse_rfc3339("2026-11-22T02:20:40.123Z");

ResultRecord sample() {
  ResultRecord record;
  record.id = result_id(t0, "content", "nonce");
  record.status = ResultStatus::undelivered;
  record.reason = ResultReason::channels_failed;
  record.cause = "comment: exit status 1 \"no\"\n";
  record.depth = 2;
  record.partial = true;
  record.title = "Ünïcode | review";
  record.url = "https://example.test/pull/7";
  record.meta = {{"model", "opus"}, {"a.b-c_d", ""}};
  record.size = 7;
  record.digest = sha256_hex("content");
  record.origin = {"key",  "nonce", "refs/refgate/claims/x/y",   "9fceb02d", "Review",
                   "push", "4711",  "https://example.test/4711", "agent"};
  return record;
}

std::string changed(const std::string& key, const json& value) {
  json record = json::parse(encode_result(sample()));
  record[json::json_pointer(key)] = value;
  return record.dump();
}

}  // namespace

TEST_CASE("a result's record survives its text form") {
  CHECK(std::get<ResultRecord>(decode_result(encode_result(sample()))) == sample());
  ResultRecord bare;
  bare.id = sample().id;
  CHECK(std::get<ResultRecord>(decode_result(encode_result(bare))) == bare);
}

TEST_CASE("a result of the first version is read") {
  CHECK(std::get<ResultRecord>(decode_result(changed("/version", 1))) == sample());
}

TEST_CASE("a broken result is named and never taken for another") {
  const std::string good = encode_result(sample());
  json without = json::parse(good);
  without["origin"].erase("run_id");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"empty", ""},
      {"a list", "[]"},
      {"cut off", good.substr(0, good.size() / 2)},
      {"no version", "{}"},
      {"a version that is text", changed("/version", "1")},
      {"an id of another shape", changed("/id", "../../claims/x")},
      {"a day that is none", changed("/id", "20260230-022040-123-0123456789abcdef")},
      {"an unknown status", changed("/status", "lost")},
      {"an unknown reason", changed("/reason", "because")},
      {"a negative depth", changed("/depth", -1)},
      {"a depth out of range", changed("/depth", 1ULL << 40)},
      {"partial as text", changed("/partial", "yes")},
      {"metadata that is a list", changed("/meta", json::array())},
      {"metadata that is a number", changed("/meta/model", 1)},
      {"a size that is text", changed("/size", "7")},
      {"an origin that is text", changed("/origin", "me")},
      {"an origin without a run", without.dump()},
      {"deep nesting", std::string(100000, '[')},
      {"over the size", std::string((1u << 18) + 1, ' ')},
  };
  for (const auto& [name, text] : rows) {
    DYNAMIC_SECTION(name) {
      const auto decoded = decode_result(text);
      REQUIRE(std::holds_alternative<ResultError>(decoded));
      CHECK(std::get<ResultError>(decoded).kind == ResultErrorKind::broken);
    }
  }
}

TEST_CASE("a result of a newer version says who is too old before anything else is read") {
  const auto decoded = decode_result(R"({"version": 3, "id": 1})");
  REQUIRE(std::holds_alternative<ResultError>(decoded));
  CHECK(std::get<ResultError>(decoded).kind == ResultErrorKind::newer_version);
  CHECK_THAT(std::get<ResultError>(decoded).message, Catch::Contains("newer refgate"));
}

TEST_CASE("ids sort by time, tell results of one moment apart, and give back their time") {
  using namespace std::chrono_literals;
  const std::string id = result_id(t0, "a", "n");
  CHECK(id.starts_with("20261122-022040-123-"));
  CHECK(time_of_result(id) == t0);
  CHECK(result_id(t0, "a", "n") == id);
  CHECK(result_id(t0, "b", "n") != id);
  CHECK(result_id(t0, "a", "m") != id);
  CHECK(id < result_id(t0 + 1ms, "a", "n"));
  CHECK(result_id(t0 + 1ms, "a", "n") < result_id(t0 + 24h, "a", "n"));
  CHECK(result_ref(id, "refgate") == "refs/refgate/results/" + id);
  for (const char* text :
       {"", "20261122", "20261122-022040-123-0123456789ABCDEF",
        "20261122-022040-123-0123456789abcde", "20261122_022040-123-0123456789abcdef",
        "20261322-022040-123-0123456789abcdef", "2026112x-022040-123-0123456789abcdef",
        "20261122-022040-123-0123456789abcdef "})
    CHECK_FALSE(time_of_result(text));
}

TEST_CASE("the longest record that is written is one that is read") {
  for (const std::string letter : {"x", "\"", "\x01", "\xff", "ü"}) {
    CAPTURE(letter);
    const auto text = [&](std::size_t bytes) {
      std::string made;
      while (made.size() + letter.size() <= bytes)
        made += letter;
      return made;
    };
    ResultRecord record = sample();
    record.title = text(200);
    record.url = text(2048);
    record.meta.clear();
    for (int i = 0; i < 32; ++i)
      record.meta[std::string(60, 'k') + std::to_string(1000 + i)] = text(1024);
    REQUIRE_FALSE(check_labels(record));
    const std::string longest = text(1u << 20);
    record.cause = longest;
    record.origin = {longest, longest, longest, longest, longest,
                     longest, longest, longest, longest};
    const std::string stored = encode_result(record);
    const auto read = decode_result(stored);
    REQUIRE(std::holds_alternative<ResultRecord>(read));
    CHECK(encode_result(std::get<ResultRecord>(read)) == stored);
    CHECK(std::get<ResultRecord>(read).meta.size() == 32);
  }
}

TEST_CASE("labels are bounded") {
  struct Row {
    const char* name;
    void (*change)(ResultRecord&);
    const char* says;
  };
  const std::vector<Row> rows{
      {"a long title", [](ResultRecord& r) { r.title.assign(201, 'a'); }, "title"},
      {"a long URL", [](ResultRecord& r) { r.url.assign(2049, 'a'); }, "URL"},
      {"a name with a blank", [](ResultRecord& r) { r.meta["a b"] = ""; }, "named by"},
      {"no name", [](ResultRecord& r) { r.meta[""] = ""; }, "named by"},
      {"a long name", [](ResultRecord& r) { r.meta[std::string(65, 'a')] = ""; }, "named by"},
      {"a long value", [](ResultRecord& r) { r.meta["a"].assign(1025, 'a'); }, "\"a\""},
      {"many",
       [](ResultRecord& r) {
         for (int i = 0; i < 32; ++i)
           r.meta["k" + std::to_string(i)] = "";
       },
       "more than 32"},
  };
  CHECK_FALSE(check_labels(sample()));
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      ResultRecord record = sample();
      row.change(record);
      const auto error = check_labels(record);
      REQUIRE(error);
      CHECK_THAT(*error, Catch::Contains(row.says));
    }
  }
}
