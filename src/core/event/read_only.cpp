#include "core/event/read_only.h"

#include <algorithm>
#include <array>

#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr std::string_view dependabot = "dependabot[bot]";
constexpr std::array of_a_pull_request{"pull_request", "pull_request_review",
                                       "pull_request_review_comment"};
constexpr std::array of_dependabot{"push", "create", "deployment", "deployment_status"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<const char*, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The text at a path of members; empty when there is none.
std::string text_at(const json& object, std::initializer_list<const char*> path) {
  const json* at = &object;
  for (const char* key : path) {
    if (!at->is_object()) return {};
    const auto found = at->find(key);
    if (found == at->end()) return {};
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

bool may_only_read(std::string_view payload, const RunnerEnvironment& environment) {
  const std::string_view event = environment.event_name;
  const bool by_dependabot = environment.actor == dependabot;
  if (is_one_of(event, of_dependabot)) return by_dependabot;
  const json parsed =
      payload.size() > max_payload_bytes ? json() : json::parse(payload, nullptr, false);
  if (is_one_of(event, of_a_pull_request)) {
    if (by_dependabot) return true;
    if (text_at(parsed, {"pull_request", "head", "sha"}).empty()) return false;
    // The repository of a head is null when the fork was deleted.
    const std::string head = text_at(parsed, {"pull_request", "head", "repo", "full_name"});
    std::string base = text_at(parsed, {"pull_request", "base", "repo", "full_name"});
    if (base.empty()) base = environment.repository;
    return head != base;
  }
  return event == "pull_request_target" && by_dependabot &&
         text_at(parsed, {"pull_request", "base", "ref"}).starts_with("dependabot/");
}

}  // namespace refgate
