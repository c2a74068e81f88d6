#pragma once
// The runner's protocol: outputs, annotations, the job summary. Whatever goes to the runner passes
// one escaping function for its place. Sources: GitHub's "Workflow commands for GitHub Actions";
// actions/toolkit for the percent escapes.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runner/environment.h"

namespace refgate {

enum class Place {
  line,  ///< one line of text: a value in GITHUB_OUTPUT, a NAME=value line, a message on a terminal
  message,   ///< the message of a workflow command
  property,  ///< a property of a workflow command
  markdown,  ///< a line or a cell of a table in the job summary; nothing in it becomes a link
};

/// Makes untrusted text safe for the place: control characters become blanks (or their escapes),
/// characters that reorder text become blanks, what is no UTF-8 becomes U+FFFD, and what has a
/// meaning in that place is escaped.
std::string escape_for(Place place, std::string_view text);

using Outputs = std::vector<std::pair<std::string, std::string>>;

/// Closes every guard: `skip_execution=true` is in GITHUB_OUTPUT before anything else is tried. The
/// runner takes the last value of a name.
void close_guards(const Environment& environment);

/// Appends all outputs to GITHUB_OUTPUT in one write, `skip_execution` last, so that a torn write
/// leaves the guards closed. Throws OutputError when the file could not be written.
void write_outputs(const Environment& environment, const Outputs& outputs);

/// Appends markdown to GITHUB_STEP_SUMMARY; the text must be escaped already. A summary that cannot
/// be written is no reason to fail.
void append_summary(const Environment& environment, std::string_view markdown);

/// "::notice title=…::…" and the like; empty outside of Actions.
std::string annotation(const Environment& environment, std::string_view level,
                       std::string_view title, std::string_view message);

}  // namespace refgate
