// A matrix list comes from people and agents. What is reduced once has nothing twice, and is one
// line that no runner could take for a command.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cli/input/matrix_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace refgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool whole : {false, true}) {
    const auto read = unique_members(text, {"id", whole});
    const auto* input = std::get_if<MatrixInput>(&read);
    if (input == nullptr) continue;
    if (!std::all_of(input->json.begin(), input->json.end(),
                     [](char c) { return c >= ' ' && c < 0x7f; }))
      std::abort();
    const auto again = unique_members(input->json, {"id", whole});
    const auto* same = std::get_if<MatrixInput>(&again);
    // Escapes may make the text too long.
    if (same == nullptr && input->json.size() <= longest_matrix_text) std::abort();
    if (same != nullptr &&
        (!same->dropped.empty() || same->count != input->count || same->json != input->json))
      std::abort();
  }
  return 0;
}
