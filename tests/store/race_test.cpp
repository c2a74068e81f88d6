// Exactly one winner, whatever the number of racers: threads on every store, and processes where
// there is a repository.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barrier>
#include <thread>

#include "catch.h"
#include "os/process/child_process.h"
#include "places.h"
#include "store/git/temporary_directory.h"

using namespace refgate;

namespace {

constexpr int racers = 16;

struct Race {
  const char* what;
  std::optional<std::string> before;  ///< content of the ref at the start
  bool deletes;
};

const std::vector<Race> races = {
    {"create", std::nullopt, false}, {"update", "before", false}, {"delete", "before", true}};

std::map<SwapResult, int> count(const std::vector<SwapResult>& results) {
  std::map<SwapResult, int> counts;
  for (const auto result : results)
    ++counts[result];
  return counts;
}

}  // namespace

TEST_CASE("of threads that race for a ref exactly one wins, and the rest see that they lost",
          "[race][bulk]") {
  const auto index = GENERATE(range(0, static_cast<int>(backends().size())));
  const Backend& tested = backends().at(static_cast<std::size_t>(index));
  INFO("store: " << tested.name);
  const Place place = tested.make();
  for (int round = 0; round < 3; ++round) {
    for (const auto& race : races) {
      INFO(race.what << ", round " << round);
      const std::string ref =
          "refs/refgate/claims/" + std::string(race.what) + std::to_string(round);
      std::optional<Version> before;
      if (race.before) before = must_swap(*place.open(), create(ref, *race.before));

      std::vector<SwapResult> results(racers);
      std::vector<std::string> errors(racers);
      std::barrier start(racers);
      std::vector<std::thread> threads;
      for (int i = 0; i < racers; ++i) {
        threads.emplace_back([&, i] {
          const auto slot = static_cast<std::size_t>(i);
          try {
            const auto store = place.open();
            Change change{ref, before, snapshot("racer " + std::to_string(i))};
            if (race.deletes) change.replacement.reset();
            start.arrive_and_wait();
            results[slot] = swap(*store, {change}).at(0).result;
          } catch (const std::exception& error) {
            errors[slot] = error.what();
          }
        });
      }
      for (auto& thread : threads)
        thread.join();
      for (const auto& error : errors)
        CHECK(error == "");
      const auto counts = count(results);
      CHECK(counts.at(SwapResult::swapped) == 1);
      CHECK(counts.count(SwapResult::refused) == 0);
      const auto left = read(*place.open(), {ref});
      CHECK(left.size() == (race.deletes ? 0 : 1));
      for (std::size_t i = 0; i < results.size() && !race.deletes; ++i) {
        if (results[i] == SwapResult::swapped)
          CHECK(left.at(ref).files.at("claim.json") == "racer " + std::to_string(i));
      }
    }
  }
}

TEST_CASE("of processes that race for a ref exactly one wins", "[race][bulk]") {
  const std::string name =
      GENERATE(as<std::string>{}, "path", "http", "https", "git command over ssh");
  INFO("store: " << name);
  const Place place = backend(name).make();
  constexpr std::size_t processes = 24;
  for (int round = 0; round < 5; ++round) {
    INFO("round " << round);
    const std::string ref = "refs/refgate/claims/round" + std::to_string(round);
    std::string expected = "-";
    if (round % 2 == 1) expected = must_swap(*place.open(), create(ref, "before")).id;

    const TemporaryDirectory directory;
    const std::string ready = directory.path() / "ready";
    const std::string gate = directory.path() / "start";
    write_file(ready, "");
    write_file(gate, "");
    const int held = open(gate.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(flock(held, LOCK_EX) == 0);

    std::vector<std::string> said(processes);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < processes; ++i) {
      threads.emplace_back([&, i] {
        ChildCommand command;
        command.arguments = {
            REFGATE_STORE_RACER, ready, gate, ref, "process " + std::to_string(i), expected};
        command.arguments.insert(command.arguments.end(), place.racer.begin(), place.racer.end());
        said[i] =
            run_child(command, std::chrono::steady_clock::now() + std::chrono::minutes(2)).output;
      });
    }
    struct stat status {};
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (stat(ready.c_str(), &status) == 0 &&
           static_cast<std::size_t>(status.st_size) < processes &&
           std::chrono::steady_clock::now() < patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    close(held);  // they are off
    for (auto& thread : threads)
      thread.join();
    REQUIRE(static_cast<std::size_t>(status.st_size) == processes);

    std::size_t winners = 0;
    for (std::size_t i = 0; i < processes; ++i) {
      if (said[i] == "swapped") {
        ++winners;
        CHECK(read(*place.open(), {ref}).at(ref).files.at("claim.json") ==
              "process " + std::to_string(i));
      } else {
        CHECK(said[i] == "stale");
      }
    }
    CHECK(winners == 1);
  }
}
