#pragma once
// How a call that has no answer is told in Actions: one error, and a line of the job summary.

#include <iosfwd>
#include <stdexcept>
#include <string>

#include "runner/environment.h"

namespace refgate {

struct Failure {
  std::string command;
  std::string message;           ///< what went wrong; one sentence
  std::string hint;              ///< what to change; or empty
  std::string yaml;              ///< to paste into the workflow; or empty
  bool claim_may_stand = false;  ///< what was asked for may be claimed, although nobody was told
};

/// What ended a call that gives a verdict, and left a claim that could not be given back.
class ClaimMayStand : public std::runtime_error {
 public:
  ClaimMayStand(const std::string& what, int exit) : std::runtime_error(what), exit_(exit) {}
  int exit() const { return exit_; }

 private:
  int exit_;
};

/// True for the commands whose answer is a verdict.
bool gives_verdict(std::string_view command);

/// Inside of Actions: one `::error` on `err` (the runner reads both streams, and standard output
/// may be a file's), which says what did not happen, and the same in the job summary. Outside:
/// nothing, since the text on standard error says it.
void tell_failure(const Environment& environment, std::ostream& err, const Failure& failure);

}  // namespace refgate
