// Stored results are written by whoever can push, and what is scanned for secrets is any text.
// Whatever is read must be read the same again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/record/result.h"
#include "core/secrets/secret_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace refgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto decoded = decode_result(text);
  if (const auto* record = std::get_if<ResultRecord>(&decoded)) {
    const auto again = decode_result(encode_result(*record));
    if (!std::holds_alternative<ResultRecord>(again) || std::get<ResultRecord>(again) != *record)
      std::abort();
    if (!time_of_result(record->id)) std::abort();
  }
  if (const auto at = time_of_result(text);
      at && result_id(*at, {}, {}).substr(0, 20) != text.substr(0, 20))
    std::abort();

  const std::string secret = "q7/Zt+4kWm";
  if (find_secret(std::string(text) + secret, {{"A_TOKEN", secret}}) != "A_TOKEN") std::abort();
  return 0;
}
