#pragma once
// `.github/refgate.yml`, as far as the linter reads it:
//
//   rules:
//     duplicate-trigger: off                  # off | note | warning | error
//     agent-without-timeout:
//       level: error
//       paths-ignore: ['.github/workflows/experiments-*.yml']
//       options: {…}                          # as the rule's page says
//   facts:
//     agents: {actions: [owner/name], commands: [my-agent], checks: [{uses: owner/name,
//     asks-for-write: true}]} gates: [{uses: owner/name, outputs: [{name: should_skip, skip:
//     'true', run: 'false'}]}] retry-actions: [owner/name]
//   forks-only: true                          # contributions only come from forks, so that a push
//   and a pull request never meet
//
// An unknown key is an error that names the nearest known one.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/github/facts.h"

namespace refgate::lint {

/// The options of one rule: each a list, a scalar being a list of one.
using RuleOptions = std::map<std::string, std::vector<std::string>, std::less<>>;

struct RuleConfig {
  bool off = false;
  bool on = false;  ///< a level was given, which also turns on a rule that is off by default
  std::optional<Severity> level;  ///< nullopt: the rule's own
  std::vector<std::string> paths_ignore;
  RuleOptions options;
};

struct LintConfig {
  std::map<std::string, RuleConfig, std::less<>> rules;
  Facts facts = built_in_facts();
  bool forks_only = false;

  const RuleConfig& rule(
      std::string_view id) const;  ///< the default one when nothing is configured
};

struct ConfigProblem {
  std::string message;
  Place place;
};

/// Reads the text of the configuration file. An empty text is the default configuration.
std::variant<LintConfig, ConfigProblem> read_lint_config(std::string text);

}  // namespace refgate::lint
