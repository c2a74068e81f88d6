#pragma once
// What the heartbeat process waits for besides the time of its next beat.

#include <string>

#include "core/claim/health.h"

namespace refgate {

/// Why it woke: something happened that ends the heartbeats, or is worth a look.
enum class Woken { time, job_gone, told_to_stop, state_changed, asked };

class Waking {
 public:
  /// `process` is the job's, or 0; `folder` its state folder; `questions` the socket at which it is
  /// asked. From now on signals that end a process are read here instead.
  Waking(long process, const std::string& folder, int questions);

  /// Waits until `at`, on the clock that counts sleep, at the longest.
  Woken until(BootTime at);

 private:
  class Descriptor {
   public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    int get() const { return number_; }

   private:
    int number_;
  };

  int questions_;
  Descriptor process_;
  bool job_is_gone_ = false;
  Descriptor folder_;
  Descriptor signals_;
};

}  // namespace refgate
