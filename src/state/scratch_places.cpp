#include "state/scratch_places.h"

#include <algorithm>

#include "core/claim/newest.h"
#include "core/decision/budget.h"
#include "core/event/scope.h"
#include "core/governing/pool.h"
#include "core/record/result.h"

namespace refgate {
namespace {

constexpr std::string_view scratch_name = "@doctor";

}  // namespace

std::vector<std::string> scratch_places(const std::string& name_space) {
  std::vector<std::string> refs{claims_prefix(name_space), queues_prefix(name_space),
                                slots_prefix(name_space),  budgets_prefix(name_space),
                                newest_prefix(name_space), results_prefix(name_space)};
  for (std::string& ref : refs)
    ref += scratch_name;
  return refs;
}

bool is_scratch_place(std::string_view ref, const std::string& name_space) {
  // Asked of every ref that is read.
  if (!ref.ends_with(scratch_name)) return false;
  const auto places = scratch_places(name_space);
  return std::find(places.begin(), places.end(), ref) != places.end();
}

}  // namespace refgate
