#pragma once
// How far a job has come with a claim, as its own note remembers it: asked → won → told → ended, or
// given back from any of the first three. Each question about a note is one of its phase.

#include <optional>
#include <string_view>

namespace refgate {

enum class Phase {
  asked,       ///< a swap was begun and no answer was noted: it may still arrive at the remote
  won,         ///< the remote has the claim, and nobody was told to run
  told,        ///< somebody was told to run, whether or not the claim is known to be made
  ended,       ///< with what came of the session
  given_back,  ///< nothing was launched: the scope is as it was
};

enum class PhaseStep { answered, told, ended, given_back };

/// nullopt: from there it is no step, and the phase stays. What was told is not untold by a later
/// answer, and what is over stays so.
std::optional<Phase> after(Phase phase, PhaseStep step);

/// Nothing is left to be done.
bool is_over(Phase phase);

/// Nobody was told to run, so that an end gives the scope back as it was.
bool is_untold(Phase phase);

/// "asked", "won", "told", "ended", "given_back"
std::string_view name_of(Phase phase);
std::optional<Phase> phase_named(std::string_view name);

}  // namespace refgate
