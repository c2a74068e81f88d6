// What asking for the session's health costs inside a process: microseconds for a whole answer from
// the file, printed as one number.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "call/settings.h"
#include "job/note/health_file.h"

int main(int argc, char** argv) {
  using namespace refgate;
  if (argc != 3) return 2;
  Settings settings;
  settings.state_dir = argv[1];
  const int rounds = std::atoi(argv[2]);
  const JobState state(settings, Environment{});
  const auto all = health_of_job(state, "");
  if (all.size() != 1 || rounds < 1) return 1;
  const HealthFile file(state, all.front().claim_id);
  int alive = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    const auto health = file.read();
    alive += health && !answer(*health, boot_now()).halt ? 1 : 0;
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  if (alive != rounds) return 1;
  std::printf("%.2f\n", took.count() / rounds);
  return 0;
}
