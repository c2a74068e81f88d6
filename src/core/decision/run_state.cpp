#include "core/decision/run_state.h"

#include <algorithm>
#include <array>

#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

RunEnded read_run_state(std::string_view body, const Holder& holder, Attempts attempts) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) return RunEnded::unknown;
  const auto id = answer.find("id");
  const auto status = answer.find("status");
  const auto attempt = answer.find("run_attempt");
  if (id == answer.end() || !id->is_number_unsigned() || id->dump() != holder.run_id)
    return RunEnded::unknown;
  if (status == answer.end() || !status->is_string()) return RunEnded::unknown;
  if (attempts == Attempts::may_be_untold && (attempt == answer.end() || *attempt == 0)) {
    // Which attempt is under way is not known then; of a run that has ended, all have.
    static constexpr std::array over{"completed", "success", "failure", "cancelled", "skipped"};
    return std::find(over.begin(), over.end(), status->get<std::string>()) != over.end()
               ? RunEnded::yes
               : RunEnded::unknown;
  }
  if (attempt == answer.end() || !attempt->is_number_unsigned()) return RunEnded::unknown;
  const auto newest = attempt->get<std::uint64_t>();
  if (newest < holder.run_attempt) return RunEnded::unknown;
  // GitHub starts an attempt only when the one before it is over.
  if (newest > holder.run_attempt) return RunEnded::yes;
  return *status == "completed" ? RunEnded::yes : RunEnded::no;
}

bool is_run_number(std::string_view run_id) {
  return !run_id.empty() && run_id.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::string> repository_of_run(std::string_view run_url, std::string_view server_url,
                                             std::string_view run_id) {
  if (server_url.empty() || !run_url.starts_with(server_url)) return std::nullopt;
  std::string_view rest = run_url.substr(server_url.size());
  if (!rest.starts_with('/')) return std::nullopt;
  rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  const std::size_t end = rest.find('/', slash + 1);
  if (slash == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  if (!is_name(rest.substr(0, slash)) || !is_name(rest.substr(slash + 1, end - slash - 1)))
    return std::nullopt;
  const std::string tail = "/actions/runs/" + std::string(run_id);
  const std::string_view after = rest.substr(end);
  if (after != tail && !after.starts_with(tail + "/") && !after.starts_with(tail + "?"))
    return std::nullopt;
  return std::string(rest.substr(0, end));
}

}  // namespace refgate
