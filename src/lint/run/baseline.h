#pragma once
// Findings that a project knows of and lives with for now: a file lists them, they stay silent, and
// what is no longer found is told, so that the list only shrinks.
//
//   {"version": 1, "findings": [{"file": ".github/workflows/ci.yml", "rule": "broad-push",
//                                "line": "push:", "count": 1}]}
//
// A finding is known by its file, its rule and the text of its line, so that lines that move do not
// bring it back. `count`: how many such there are.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/report/report.h"

namespace refgate::lint {

class Baseline {
 public:
  Baseline() = default;
  /// Of these findings.
  explicit Baseline(const std::vector<Finding>& findings);

  /// The text of the file; sorted, a finding a line, so that it can be reviewed.
  std::string text() const;
  std::size_t size() const;

  /// Takes the known ones out of `findings` and returns their number. `gone` gets what the list
  /// names and is not there, of the files that `was_checked` says yes to.
  template <class Checked>
  std::size_t sift(std::vector<Finding>& findings, Checked&& was_checked,
                   std::vector<GoneFinding>& gone) const;

 private:
  friend std::variant<Baseline, std::string> read_baseline(std::string_view text);
  using Key = std::tuple<std::string, std::string, std::string>;  ///< file, rule, line
  static Key key_of(const Finding& finding);

  std::map<Key, std::size_t> counts_;
};

/// One sentence when the text is no such list.
std::variant<Baseline, std::string> read_baseline(std::string_view text);

template <class Checked>
std::size_t Baseline::sift(std::vector<Finding>& findings, Checked&& was_checked,
                           std::vector<GoneFinding>& gone) const {
  std::map<Key, std::size_t> left = counts_;
  const std::size_t before = findings.size();
  std::erase_if(findings, [&](const Finding& finding) {
    const auto known = left.find(key_of(finding));
    if (known == left.end() || known->second == 0) return false;
    --known->second;
    return true;
  });
  for (const auto& [key, count] : left) {
    const auto& [file, rule, line] = key;
    if (count != 0 && was_checked(file)) gone.push_back({file, rule, line, count});
  }
  return before - findings.size();
}

}  // namespace refgate::lint
