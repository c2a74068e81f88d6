#pragma once
// How a call that has no answer is told in Actions: one error, and a line of the job summary.

#include <iosfwd>
#include <string>

#include "runner/environment.h"

namespace refgate {

struct Failure {
  std::string command;
  std::string message;  ///< what went wrong; one sentence
  std::string hint;     ///< what to change; or empty
  std::string yaml;     ///< to paste into the workflow; or empty
};

/// True for the commands whose answer is a verdict.
bool gives_verdict(std::string_view command);

/// Inside of Actions: one `::error` on `err` (the runner reads both streams, and standard output
/// may be a file's), which says what did not happen, and the same in the job summary. Outside:
/// nothing, since the text on standard error says it.
void tell_failure(const Environment& environment, std::ostream& err, const Failure& failure);

}  // namespace refgate
