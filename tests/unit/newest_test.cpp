#include "core/claim/newest.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");
const std::string none(40, '0');

/// What arrives in a line, one after the other, and how it stands to what came before.
struct Step {
  const char* commit;
  const char* before;  ///< "-": the event does not say
  const char* kind;
  const char* run;
  Order order;
};

Arrival arrival_of(const Step& step) {
  return {"topic", step.commit, std::string(step.before) == "-" ? "" : step.before, step.kind,
          step.run};
}

std::optional<Newest> after(std::optional<Newest> newest, const Step& step) {
  const Arrival arrival = arrival_of(step);
  INFO(step.commit << " after " << step.before << " by " << step.kind << " of run " << step.run);
  CHECK(order_of(newest, arrival) == step.order);
  if (order_of(newest, arrival) == Order::older) return newest;
  Holder holder;
  holder.run_id = step.run;
  return arrived(newest, arrival, {holder, {std::string("r/") + step.commit, step.run}}, {}, noon);
}

constexpr Order same = Order::same;
constexpr Order newer = Order::newer;
constexpr Order older = Order::older;

}  // namespace

TEST_CASE("which of two heads is the newer") {
  struct Row {
    const char* name;
    std::vector<Step> steps;
  };
  for (const Row& row : std::vector<Row>{
           {"the pull request's event of a push comes after the next push",
            {{"A", "Z", "push", "10", newer},
             {"B", "A", "push", "11", newer},
             {"A", "Z", "pull_request", "12", older}}},
           {"the same, of a line that begins with the next push",
            {{"B", "A", "push", "11", newer}, {"A", "-", "pull_request", "12", older}}},
           {"two workflows of one share: late runs of the older push, and re-runs of them",
            {{"B", "A", "push", "3", newer},
             {"C", "B", "push", "5", newer},
             {"B", "A", "push", "4", older},
             {"C", "B", "push", "6", same},
             {"B", "A", "push", "4", older},
             {"B", "A", "push", "7", newer},
             {"C", "B", "push", "6", older},
             {"B", "A", "push", "8", same}}},
           {"two sources of one listener",
            {{"B", "-", "push", "51", newer},
             {"C", "-", "push", "53", newer},
             {"B", "-", "push", "52", older}}},
           {"two pull requests of one head, of which the later does not say what it replaced",
            {{"B", "-", "pull_request", "11", newer},
             {"C", "B", "pull_request", "21", newer},
             {"B", "-", "pull_request", "12", older},
             {"B", "A", "push", "13", older}}},
           {"made again, while the newest is known by another kind of event",
            {{"B", "A", "push", "10", newer},
             {"C", "B", "pull_request", "15", newer},
             {"B", "A", "push", "14", older},
             {"B", "A", "push", "16", newer}}},
           {"a forced push back to an earlier commit, and re-runs",
            {{"A", "Z", "push", "10", newer},
             {"B", "A", "push", "11", newer},
             {"A", "B", "push", "13", newer},
             {"B", "A", "push", "11", older},
             {"A", "Z", "push", "10", same}}},
           {"there and back, and there again",
            {{"B", "A", "push", "11", newer},
             {"A", "B", "push", "12", newer},
             {"B", "A", "push", "13", newer},
             {"A", "B", "push", "12", older},
             {"B", "A", "push", "11", same}}},
           {"a branch that was deleted and made again at its first commit",
            {{"A", none.c_str(), "push", "1", newer},
             {"B", "A", "push", "2", newer},
             {"A", none.c_str(), "push", "3", newer}}},
           {"both events of one push are one arrival",
            {{"A", "Z", "push", "10", newer}, {"A", "Z", "pull_request", "11", same}}},
           {"the late twin of a move that was left behind",
            {{"A", "Z", "push", "10", newer},
             {"C", "A", "push", "12", newer},
             {"A", "Z", "pull_request", "19", older}}},
           {"runners that start out of order",
            {{"E", "D", "push", "105", newer},
             {"A", "Z", "push", "101", older},
             {"D", "C", "push", "104", older},
             {"B", "A", "push", "102", older},
             {"C", "B", "push", "103", older}}},
           {"a push after several that nobody told of",
            {{"A", "Z", "push", "10", newer}, {"D", "C", "push", "14", newer}}},
           {"reports know no before, and go by the run that they are about",
            {{"A", "-", "push", "10", newer},
             {"B", "-", "push", "14", newer},
             {"A", "-", "push", "10", older}}},
           {"a late event that does not say what it replaced",
            {{"A", "Z", "push", "10", newer},
             {"B", "A", "push", "11", newer},
             {"A", "-", "pull_request", "12", older},
             {"A", "B", "push", "13", newer},
             {"B", "-", "push", "12", older},
             {"B", "-", "push", "14", newer}}},
           {"a report on the other run of an older head",
            {{"A", "-", "push", "10", newer},
             {"B", "-", "push", "12", newer},
             {"A", "-", "pull_request", "13", older}}},
           {"without a run id the later one wins",
            {{"A", "-", "push", "", newer}, {"B", "-", "push", "", newer}}},
           {"the pull request's run may be numbered after that of the next push",
            {{"A", "Z", "push", "10", newer},
             {"A", "Z", "pull_request", "14", same},
             {"B", "-", "push", "12", newer}}},
       }) {
    INFO(row.name);
    std::optional<Newest> newest;
    for (const Step& step : row.steps)
      newest = after(std::move(newest), step);
  }
}

TEST_CASE("claims of an older head stay known for as long as they may live") {
  Holder holder;
  holder.run_id = "1";
  const auto first =
      arrived({}, {"topic", "A", "Z", "push", "1"}, {holder, {"r/a", "1"}}, {}, noon);
  CHECK(first.claims == std::vector<NewestClaim>{{"r/a", "1"}});
  const auto twin = arrived(first, {"topic", "A", "", "pull_request", "2"},
                            {holder, {"r/a,@for=7", "2"}}, {}, noon);
  CHECK(twin.claims.size() == 2);
  CHECK(twin.run_id == "1");
  CHECK(twin.branch == "topic");
  const auto next =
      arrived(twin, {"topic", "B", "A", "push", "3"}, {holder, {"r/b", "3"}}, twin.claims, noon);
  CHECK(next.claims == std::vector<NewestClaim>{{"r/b", "3"}});
  CHECK(next.older == twin.claims);
  CHECK(next.left.front().commit == "A");
  CHECK(next.left.front().seen.size() == 2);
}

TEST_CASE("a head may start when its branch is calm, or has not been for too long") {
  struct Row {
    const char* name;
    std::vector<int> arrivals;  ///< in seconds; each brings another head
    int calm;                   ///< in seconds
  };
  for (const Row& row : std::vector<Row>{
           {"one head", {0}, 10},
           {"each begins anew", {0, 5, 9}, 19},
           {"never longer than ten spans", {0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99}, 100},
           {"who comes after them starts at once",
            {0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99, 101},
            101},
           {"one that was given up begins no burst", {0, 25}, 35},
       }) {
    INFO(row.name);
    std::optional<Newest> newest;
    Holder holder;
    int number = 0;
    for (const int second : row.arrivals) {
      const std::string before = std::to_string(number++);
      holder.run_id = std::to_string(number);
      newest =
          arrived(newest, {"topic", std::to_string(number), before, "push", holder.run_id},
                  {holder, {"r/x", holder.run_id}, 10s}, {}, noon + std::chrono::seconds(second));
    }
    CHECK(calm_at(*newest, 10s) == noon + std::chrono::seconds(row.calm));
    // A further event of the head waits no longer than the first.
    const auto twin = arrived(newest, {"topic", std::to_string(number), "", "pull_request", "99"},
                              {holder, {"r/y", "99"}, 10s}, {}, noon + 200s);
    CHECK(calm_at(twin, 10s) == calm_at(*newest, 10s));
    const Newest started = started_newest(*newest, noon + 300s);
    CHECK(calm_at(started, 10s) <= noon + 300s);
    const auto next = arrived(started, {"topic", "next", std::to_string(number), "push", "100"},
                              {holder, {"r/z", "100"}, 10s}, {}, noon + 301s);
    CHECK(calm_at(next, 10s) == noon + 311s);
    const auto again = decode_newest(encode_newest(started));
    REQUIRE(std::holds_alternative<Newest>(again));
    CHECK(std::get<Newest>(again) == started);
  }
}

TEST_CASE("who comes when its burst has lasted for too long starts whoever comes after it") {
  std::optional<Newest> newest;
  Holder holder;
  std::vector<int> let_in;
  for (int second = 0; second < 400; ++second) {
    holder.run_id = std::to_string(second + 1);
    const NewestClaim claim{"r/" + holder.run_id, holder.run_id};
    newest =
        arrived(newest, {"topic", holder.run_id, std::to_string(second), "push", holder.run_id},
                {holder, claim, 10s}, {}, noon + std::chrono::seconds(second));
    if (is_let_in(*newest, claim)) let_in.push_back(second);
    CHECK(newest->started.has_value() == is_let_in(*newest, claim));
  }
  // With each of them a burst ends, and with the next head one begins.
  CHECK(let_in == std::vector<int>{100, 201, 302});
  CHECK(newest->let_in.size() == 3);
  CHECK(is_let_in(*newest, {"r/101", "101"}));
  CHECK_FALSE(is_let_in(*newest, {"r/101", "102"}));
  const auto again = decode_newest(encode_newest(*newest));
  REQUIRE(std::holds_alternative<Newest>(again));
  CHECK(std::get<Newest>(again) == *newest);
}

TEST_CASE("the record is bounded, and says the same when it is read again") {
  std::optional<Newest> newest;
  Holder holder;
  for (int at = 0; at < 60; ++at) {
    holder.run_id = std::to_string(100 + at);
    std::vector<NewestClaim> older;
    if (newest) older = newest->older;
    if (newest) older.insert(older.end(), newest->claims.begin(), newest->claims.end());
    newest = arrived(newest,
                     {"topic", std::to_string(at + 1), std::to_string(at), "push", holder.run_id},
                     {holder, {"r/" + std::to_string(at), holder.run_id}}, older, noon);
  }
  CHECK(newest->left.size() == most_left_behind);
  CHECK(newest->older.size() == most_newest_claims);
  CHECK(newest->older.back().ref == "r/58");
  const auto again = decode_newest(encode_newest(*newest));
  REQUIRE(std::holds_alternative<Newest>(again));
  CHECK(std::get<Newest>(again) == *newest);
  CHECK_FALSE(is_forgettable(*newest, noon + 24h));
  CHECK(is_forgettable(*newest, noon + 24h * 31));
}

TEST_CASE("what is no record of a newest head is an error") {
  for (const char* text :
       {"", "[]", "{}", R"({"version": 2})", R"({"version": 2, "newest": 7})",
        R"({"version": 2, "newest": {"before": "a", "commit": "b", "seen": {"push": -1}}})"}) {
    INFO(text);
    CHECK(std::holds_alternative<ClaimError>(decode_newest(text)));
  }
  const auto later = decode_newest(R"({"version": 3})");
  REQUIRE(std::holds_alternative<ClaimError>(later));
  CHECK(std::get<ClaimError>(later).kind == ClaimErrorKind::newer_version);
}
