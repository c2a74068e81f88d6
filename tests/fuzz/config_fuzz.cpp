// A configuration file may be anything: one clear error, or settings.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "call/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  refgate::Settings settings;
  const auto error = refgate::apply_config(
      settings, std::string(reinterpret_cast<const char*>(data), size), "fuzz.yml");
  if (error && error->empty()) std::abort();
  return 0;
}
