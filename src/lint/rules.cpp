// The table of rules, sorted by id. A row: the name of its check without `check_` (which is also the name of its file in rules/), id, scope,
// severity, confidence, on by default, fix, options separated by blanks, summary. What `lint` itself reports has no check.

#include <array>

#include "lint/rule.h"

#define REFGATE_RULES(RULE)                                                                                                                         \
  RULE(agent_without_actor_check, "agent-without-actor-check", workflow, warning, high, true, none, "",                                             \
       "A comment starts an agent, and nothing asks who wrote it")                                                                                  \
  RULE(agent_without_concurrency, "agent-without-concurrency", workflow, warning, high, true, unsafe, "",                                           \
       "Two agents can work on the same thing at the same time")                                                                                    \
  RULE(agent_without_timeout, "agent-without-timeout", workflow, warning, high, true, unsafe, "minutes",                                            \
       "A job that launches an agent has no limit of its own and may run for six hours")                                                            \
  RULE(concurrency_deadlock, "concurrency-deadlock", workflow, error, high, true, none, "",                                                         \
       "A run waits for a concurrency group that it holds itself, and is cancelled")                                                                \
  RULE(concurrency_defeated, "concurrency-defeated", workflow, warning, high, true, none, "",                                                       \
       "A concurrency group is another one for every run and has no effect")                                                                        \
  RULE(concurrency_self_cancel, "concurrency-self-cancel", workflow, warning, high, true, none, "",                                                 \
       "An event that the workflow then ignores cancels the run that works")                                                                        \
  RULE(duplicate_entry, "duplicate-entry", file, warning, high, true, safe, "",                                                                     \
       "A key, event, filter, need, schedule or matrix value is listed twice")                                                                      \
  RULE(rerun_loop, "rerun-loop", workflow, warning, high, true, unsafe, "", "A failed run is run again without a bound")                            \
  RULE(retry_not_suppressed, "retry-not-suppressed", workflow, warning, high, true, none, "", "An agent is launched again by itself when it fails") \
  RULE(self_trigger, "self-trigger", workflow, warning, high, true, none, "", "What an agent does starts its own workflow again")                   \
  RULE(no_check, "syntax", file, error, high, true, none, "", "The file is no YAML that GitHub reads")                                              \
  RULE(no_check, "unused-ignore", file, warning, high, true, safe, "", "An ignore comment ignores nothing, or names no rule")

namespace refgate::lint {

#define REFGATE_DECLARE(name, ...) void check_##name(const Subject& subject, Sink& sink);
REFGATE_RULES(REFGATE_DECLARE)

/// For rows whose findings are made elsewhere: `syntax` when a file is read, `unused-ignore` when ignores are applied.
void check_no_check(const Subject&, Sink&) {}

std::span<const Rule> rules() {
#define REFGATE_ROW(name, id, scope, severity, confidence, on_by_default, fix, options, summary) \
  Rule{id, RuleScope::scope, Severity::severity, Confidence::confidence, on_by_default, FixKind::fix, options, summary, check_##name},
  static constexpr auto rows = std::to_array<Rule>({REFGATE_RULES(REFGATE_ROW)});
  return rows;
}

}  // namespace refgate::lint
