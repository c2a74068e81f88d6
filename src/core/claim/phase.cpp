#include "core/claim/phase.h"

#include <array>

#include "core/text/enum_name.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<Phase>, 5> names{{{Phase::asked, "asked"},
                                                {Phase::won, "won"},
                                                {Phase::told, "told"},
                                                {Phase::ended, "ended"},
                                                {Phase::given_back, "given_back"}}};

}  // namespace

std::optional<Phase> after(Phase phase, PhaseStep step) {
  if (is_over(phase)) return std::nullopt;
  switch (step) {
    case PhaseStep::answered:
      return phase == Phase::asked ? Phase::won : phase;
    case PhaseStep::told:
      return Phase::told;
    case PhaseStep::ended:
      return Phase::ended;
    case PhaseStep::given_back:
      return Phase::given_back;
  }
  return std::nullopt;
}

bool is_over(Phase phase) { return phase == Phase::ended || phase == Phase::given_back; }

bool is_untold(Phase phase) { return phase == Phase::asked || phase == Phase::won; }

std::string_view name_of(Phase phase) { return name_in(names, phase); }

std::optional<Phase> phase_named(std::string_view name) { return find_in(names, name); }

}  // namespace refgate
