#include "os/patience.h"

#include <algorithm>
#include <random>

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest = 1s;
constexpr Duration longest = 15s;
constexpr Duration each_place = 500ms;

}  // namespace

Duration random_part(Duration longest_part) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  return Duration(std::uniform_int_distribution<Duration::rep>(
      0, std::max<Duration::rep>(longest_part.count(), 0))(random));
}

Duration Patience::next(std::size_t place) {
  Duration span = std::clamp(
      each_place * static_cast<Duration::rep>(std::min<std::size_t>(place, 30)), shortest, longest);
  for (int i = 0; i < tries_; ++i)
    span = std::min(span * 3 / 2, longest);
  tries_ = std::min(tries_ + 1, 10);
  return span * 4 / 5 + random_part(span / 5);
}

}  // namespace refgate
