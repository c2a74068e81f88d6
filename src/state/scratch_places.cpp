#include "state/scratch_places.h"

#include <algorithm>

#include "core/claim/newest.h"
#include "core/event/scope.h"
#include "core/governing/pool.h"
#include "core/policy/budget.h"
#include "core/record/result.h"

namespace refgate {
namespace {

constexpr std::string_view scratch_name = "@doctor";
/// As long as names of claims become, and of all that they are made of: a server may refuse a name
/// for its length, or for a character.
constexpr std::string_view claim_like_name =
    "@doctor.head-0000000000000000000000000000000000000000.topic%2Fof-a-length-that-is-met/"
    "share=doctor+agent.yml+agent,@in=octo%2Fapp,@sha256-0000000000000000000000000000000000000000";

}  // namespace

std::vector<std::string> scratch_places(const std::string& name_space) {
  std::vector<std::string> refs{claims_prefix(name_space), queues_prefix(name_space),
                                slots_prefix(name_space),  budgets_prefix(name_space),
                                newest_prefix(name_space), results_prefix(name_space)};
  for (std::string& ref : refs)
    ref += scratch_name;
  refs.push_back(claims_prefix(name_space) + std::string(claim_like_name));
  return refs;
}

bool is_scratch_place(std::string_view ref, const std::string& name_space) {
  // Asked of every ref that is read.
  if (!ref.ends_with(scratch_name) && !ref.ends_with(claim_like_name)) return false;
  const auto places = scratch_places(name_space);
  return std::find(places.begin(), places.end(), ref) != places.end();
}

}  // namespace refgate
