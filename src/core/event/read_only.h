#pragma once
// Where GitHub gives a run a token that may only read, whatever the workflow's permissions say.
// Sources: GitHub's "Events that trigger workflows" (pull requests from forks) and "Troubleshooting
// Dependabot on GitHub Actions".

#include <string_view>

#include "core/event/event.h"

namespace refgate {

/// True for a pull request of a fork's head, its reviews and their comments, and for what
/// Dependabot brings about: there a token that may only read is nobody's mistake. Any text is a
/// payload.
bool may_only_read(std::string_view payload, const RunnerEnvironment& environment);

}  // namespace refgate
