// The health record lies in a folder that everything in the job can write to, and halts sessions.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/claim/health.h"

namespace {

// Not assert: that would vanish in a release build.
void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace refgate;
  using namespace std::chrono_literals;
  const auto health = decode_health(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!health) return 0;
  demand(decode_health(encode_health(*health)) == health);
  const BootTime end = halts_at(*health);
  demand(end >= health->renewed && end <= health->renewed + health->lease);
  const bool over = health->death || health->ended;
  demand(answer(*health, health->renewed).halt == (over || end == health->renewed));
  demand(answer(*health, end).halt && answer(*health, end + 1h).halt);
  // A machine that was started anew.
  if (health->renewed > 0ms) demand(answer(*health, health->renewed - 1ms).halt);
  const Health dead = died(*health, {health->started_at, DeathCause::gone, "x"});
  demand(answer(dead, health->renewed).halt);
  demand(!health->death || dead.death == health->death);
  const Health fresh = renewed(*health, health->renewed + 1ms, health->last_beat);
  demand(fresh.failures == 0 && fresh.failure.empty() && fresh.beats == health->beats + 1);
  return 0;
}
