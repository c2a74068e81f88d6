#include "core/record/spent.h"

#include "catch.h"
#include "core/claim/transition.h"
#include "core/text/json.h"

using namespace refgate;
using namespace std::chrono_literals;

TEST_CASE("an amount is read exactly, as whole millionths") {
  const struct {
    const char* text;
    std::uint64_t millionths;
  } rows[] = {{"0", 0},
              {"1", 1'000'000},
              {"1.23", 1'230'000},
              {"0.1", 100'000},
              {".5", 500'000},
              {" 0.10\n", 100'000},
              {"000001.5", 1'500'000},
              {"0.08131755000000001", 81'318},
              {"0.0000005", 1},
              {"0.00000049999999999999999999", 0},
              {"1e-05", 10},
              {"1.5E-3", 1'500},
              {"2e+1", 20'000'000},
              {"0e999999", 0},
              {"1e-999999", 0},
              {"4.999999999999999999999999999999", 5'000'000},
              {"1000000", most_cost.millionths},
              {"1e6", most_cost.millionths}};
  for (const auto& row : rows) {
    INFO(row.text);
    REQUIRE(parse_usd(row.text));
    CHECK(parse_usd(row.text)->millionths == row.millionths);
  }
}

TEST_CASE("what is no amount from 0 to a million is none") {
  for (const char* text : {"",
                           " ",
                           "abc",
                           "-1",
                           "-0.5",
                           "+1",
                           "1.",
                           ".",
                           "1,5",
                           "$1",
                           "1 2",
                           "1.2.3",
                           "0x10",
                           "1e",
                           "1e+",
                           "e5",
                           "1e9999999999",
                           "nan",
                           "inf",
                           "NaN",
                           "Infinity",
                           "1000000.000001",
                           "1000001",
                           "1e7",
                           "1e400",
                           "1_000",
                           "１"}) {
    INFO(text);
    CHECK(!parse_usd(text));
  }
  CHECK(!parse_usd(std::string(401, '1')));
  CHECK(!parse_usd(std::string(401, '0')));
}

TEST_CASE("tokens are whole numbers in digits") {
  CHECK(parse_tokens("45000") == 45'000u);
  CHECK(parse_tokens("0\n") == 0u);
  CHECK(parse_tokens("1000000000000") == most_tokens);
  for (const char* text :
       {"", "-1", "+1", "1.5", "1e3", "abc", "1000000000001", "99999999999999999999999", "4 5"}) {
    INFO(text);
    CHECK(!parse_tokens(text));
  }
}

TEST_CASE("an amount is shown exactly, with two decimals at least") {
  CHECK(format_usd({0}) == "0.00");
  CHECK(format_usd({1}) == "0.000001");
  CHECK(format_usd({1'230'000}) == "1.23");
  CHECK(format_usd({20'000'000}) == "20.00");
  CHECK(format_usd({1'200'500}) == "1.2005");
  CHECK(describe_spent({Usd{1'230'000}, 45'000}) == "$1.23, 45000 tokens");
  CHECK(describe_spent({std::nullopt, 7}) == "7 tokens");
  CHECK(describe_spent({}).empty());
}

TEST_CASE("every amount comes back from a record as it was written") {
  const auto again = [](std::uint64_t millionths) {
    nlohmann::json object;
    put_spent(object, {Usd{millionths}, std::nullopt});
    const Spent read = spent_in(nlohmann::json::parse(object.dump()));
    return read.cost && read.cost->millionths == millionths;
  };
  bool all = true;
  for (std::uint64_t millionths = 0; millionths < 3'000; ++millionths)
    all = all && again(millionths) && again(most_cost.millionths - millionths) &&
          again(millionths * 333'333'333);
  CHECK(all);
}

TEST_CASE("what a record says beyond the bounds is not said") {
  for (const char* text :
       {R"({})", R"({"cost_usd":-1,"tokens":-1})", R"({"cost_usd":"1","tokens":"1"})",
        R"({"cost_usd":1e300,"tokens":1e3})", R"({"cost_usd":1000001,"tokens":1000000000001})",
        R"({"cost_usd":null,"tokens":[1]})"}) {
    INFO(text);
    CHECK(!spent_in(nlohmann::json::parse(text)).is_said());
  }
  CHECK(spent_in(nlohmann::json::parse(R"({"cost_usd":2,"tokens":3})")) ==
        Spent{Usd{2'000'000}, 3});
}

TEST_CASE("sums stop at the most that can be told") {
  const Usd most{UINT64_MAX};
  CHECK(most + Usd{1} == most);
  CHECK(times({UINT64_MAX / 2}, 3) == most);
  CHECK(times({5}, 0) == Usd{});
  CHECK(added(UINT64_MAX, 1) == UINT64_MAX);
}

TEST_CASE("an end with its cost says it in the claim and in its line, and both come back") {
  Claim claim;
  claim.claim_id = "a";
  claim.claimed_at = claim.renewed_at = *parse_rfc3339("2026-11-22T12:00:00Z");
  const Spent spent{Usd{1'230'000}, 45'000};
  const Claim ended =
      with_cost(end_claim(claim, ClaimOutcome::success, "success", claim.claimed_at + 1min), spent);
  CHECK(ended.spent == spent);
  CHECK(ended.outbox.back().spent == spent);
  const auto again = decode_claim(encode_claim(ended));
  REQUIRE(std::holds_alternative<Claim>(again));
  CHECK(std::get<Claim>(again) == ended);
  const auto line = decode_entry(encode_entry(ended.outbox.back()));
  REQUIRE(line);
  CHECK(line->digest_fits);
  CHECK(line->entry == ended.outbox.back());
}
