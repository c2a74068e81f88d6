// The file that tells a session's cost is written by the agent. Nothing of it may crash the end of
// a session, and whatever is read of it is within the bounds and comes back from a record.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/record/usage.h"
#include "core/text/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace refgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Usage usage = read_usage(text);
  if (usage.spent.cost && *usage.spent.cost > most_cost) std::abort();
  if (usage.spent.tokens && *usage.spent.tokens > most_tokens) std::abort();
  if (!usage.spent.is_said() && usage.problem.empty()) std::abort();
  nlohmann::json object = nlohmann::json::object();
  put_spent(object, usage.spent);
  if (spent_in(nlohmann::json::parse(object.dump())) != usage.spent) std::abort();
  if (const auto amount = parse_usd(text))
    if (parse_usd(format_usd(*amount)) != amount) std::abort();
  if (const auto tokens = parse_tokens(text))
    if (parse_tokens(std::to_string(*tokens)) != tokens) std::abort();
  return 0;
}
