#pragma once
// What is said of a guard, and how one is written into a file.

#include <string>
#include <vector>

#include "lint/gates/gates.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// "steps.gate.outputs.skip_execution"
std::string dotted(const ContextPath& path);

/// The guard to write: `x == 'run'` where nothing else may open it, `x != 'skip'` for other gates.
/// Empty when no output carries the verdict.
std::string guard_for(const GateView& view, GateKind kind);

/// What tells a job that needs the gate for which attempt the verdict was given; nullptr when the
/// gate's job does not hand it on.
const GateSignal* attempt_of(const GateView& view);
/// Edits that let the gate's job hand it on as `run_attempt`; empty when that cannot be done.
std::vector<TextEdit> hand_attempt_on(const Document& document, const GatedJob& gated);
/// The comparison that closes a job whose gate was not asked again for this attempt.
std::string attempt_guard(const GatedJob& gated);
/// Whether a job behind the gate has to make it: a re-run is to be asked about like any other run.
bool asks_for_each_attempt(const Gate& gate);

/// What is wrong with a condition and what it does; `what` is "the step" or "job `x`".
std::string explain_guard(const GuardJudgement& judgement, const std::vector<GateOutput>& verdicts,
                          std::string_view condition, const std::string& what);

/// The bytes of the file that a range of a scalar's text stands at; the whole node where that
/// cannot be told.
Place place_in(const Document& document, YamlNode node, std::optional<ByteRange> range);

/// Edits that make a condition require `guard` too, or that add it. Empty when the condition is
/// written in a way that is left alone.
std::vector<TextEdit> add_guard(const Document& document, YamlNode mapping, const Entry& condition,
                                const Entry& after, const std::string& guard);

/// Edits that put a range of a condition right, when only the way it is written is wrong (`!x`, `x
/// == false`). Empty otherwise.
std::vector<TextEdit> mend_guard(YamlNode condition, const GuardJudgement& judgement,
                                 const std::vector<GateOutput>& verdicts);

}  // namespace refgate::lint
