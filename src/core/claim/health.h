#pragma once
// Whether a session may go on, as its job knows it without asking anybody. Pure.
//
// Two clocks: points in wall time are for people; what is decided goes by a clock of the machine
// that counts sleep and that nobody can set (CLOCK_BOOTTIME on Linux), because a holder that slept
// past its lease must not go on by a clock that slept with it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/text/time.h"

namespace refgate {

/// Time since the machine started, sleep included.
using BootTime = Duration;

enum class DeathCause {
  taken_over,  ///< another run holds the scope now
  released,    ///< a person freed the scope
  gone,        ///< the claim is not there any more
  superseded,  ///< a newer head of its branch came
  expired,     ///< no renewal was acknowledged in time, so that others may have taken over
};

struct Death {
  Instant at{};
  DeathCause cause = DeathCause::expired;
  std::string text;  ///< for people: who holds it now, or why nothing was acknowledged

  bool operator==(const Death&) const = default;
};

/// One session's health record, as it lies in the job's state folder.
struct Health {
  std::string claim_id;
  std::uint64_t generation = 1;
  std::string ref;
  std::string session_key;
  std::string
      runner_job;  ///< RUNNER_TRACKING_ID, which tells the jobs of one machine apart; or empty
  Duration lease{};
  Duration skew{};
  Duration interval{};  ///< between heartbeats; zero while there are none
  Instant started_at{};
  Instant last_beat{};         ///< the last acknowledged renewal
  BootTime renewed{};          ///< the same, taken before its push was sent
  std::uint64_t beats = 0;     ///< acknowledged
  std::uint64_t failures = 0;  ///< not acknowledged, since the last that was
  std::string failure;         ///< the last of these, for people
  long heartbeat_process = 0;  ///< 0: none
  bool ended = false;          ///< by the job itself
  std::optional<Death> death;
  std::string not_cancelled;  ///< why its run, which was to be cancelled, was not; for people
  unsigned operations = 0;    ///< under way at the same time, as the job reports them
  unsigned cascade = 0;       ///< operations that asked after the death: counted, not logged
  bool observing = false;     ///< nothing is held back, so that it goes on whatever is lost
  bool unclaimed = false;     ///< it was told to run without a claim: it has nothing to lose

  bool operator==(const Health&) const = default;
};

/// Until when the holder may go on: its last acknowledged renewal + lease − skew (+ half the lease
/// when skew is longer than that).
BootTime halts_at(const Health& health);

struct HealthAnswer {
  bool halt = false;
  bool would_halt = false;  ///< it only watches: it goes on where another would not
  std::string cause;        ///< "alive", "ended", or a DeathCause's name
  std::string text;         ///< one sentence for people
};

/// What a guarded operation is told at `boot_now`.
HealthAnswer answer(const Health& health, BootTime boot_now);

/// The record after an acknowledged renewal that was sent at `sent` and `wall`.
Health renewed(Health health, BootTime sent, Instant wall);

/// The record after the first notice of a death; a later one changes nothing.
Health died(Health health, Death death);

std::string encode_health(const Health& health);

/// nullopt for a text that is no health record of this version. Never throws.
std::optional<Health> decode_health(std::string_view text);

std::string_view name_of(DeathCause cause);

}  // namespace refgate
