#pragma once
// GitHub's filter patterns for branches, tags and paths, after the "Filter pattern cheat sheet" of
// "Workflow syntax for GitHub Actions":
// `*` any characters but `/`; `**` any characters; `?` zero or one, `+` one or more of the
// preceding character; `[]` one of the characters; `\` the next character itself; `!` at the start
// takes back what earlier patterns gave. `**/` also matches nothing, as the cheat sheet's
// `docs/**/*.md` shows.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/expression/expression_value.h"

namespace refgate::lint {

/// One pattern without its leading `!`.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  bool matches(std::string_view name) const;
  /// The only name that it matches, when it has no special character.
  const std::optional<std::string>& literal() const { return literal_; }
  /// What is wrong with it: an open or empty bracket, a range that runs backwards, `?` or `+` with
  /// nothing before it, a `\` at the end. Such a pattern matches nothing.
  const std::optional<std::string>& error() const { return error_; }

 private:
  friend class GlobSearch;
  /// One place of the pattern: the characters that it takes, and how often.
  struct Step {
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool may_skip = false;    ///< nothing will do
    bool may_repeat = false;  ///< more than one will do
    bool opens_directories =
        false;  ///< stands before the two steps of a `**/`, which may be passed over together
  };
  /// Which steps can come next; the last one is the end of the pattern.
  using States = std::vector<bool>;
  States start() const;
  States advance(const States& states, char32_t character) const;
  static bool accepts(const States& states) { return states.back(); }
  static bool takes(const Step& step, char32_t character) {
    return std::any_of(step.ranges.begin(), step.ranges.end(), [&](const auto& range) {
      return character >= range.first && character <= range.second;
    });
  }
  void skip_ahead(States& states) const;
  void read(std::string_view pattern);
  Step read_bracket(std::string_view pattern, std::size_t& at) const;

  std::vector<Step> steps_;
  std::optional<std::string> literal_;
  std::optional<std::string> error_;
};

/// A list under `branches`, `tags` or `paths` (`ignore` false: a name passes when the last pattern
/// that matches it has no `!`) or under `…-ignore`
/// (`ignore` true: just the other way round).
class FilterList {
 public:
  FilterList(const std::vector<std::string>& patterns, bool ignore);
  /// What no filter at all does.
  static FilterList everything();

  bool passes(std::string_view name) const;
  /// Every name passes.
  bool passes_everything() const;
  /// The names, when only a list of literal names can pass; nullopt otherwise.
  std::optional<std::vector<std::string>> only_literals() const;
  /// Errors of its patterns, each with the pattern's place in the list.
  std::vector<std::pair<std::size_t, std::string>> errors() const;

 private:
  friend class GlobSearch;
  struct Entry {
    Glob glob;
    bool negative = false;
  };
  std::vector<Entry> entries_;
  bool ignore_ = false;
};

/// A name that passes all of `lists`, the shortest one; nullopt in `name` when there is none
/// (`decided`) or when the search was given up because the patterns are too intricate (not
/// `decided`). Names are not empty, do not start or end with `/` and have no `//`.
struct CommonName {
  bool decided = true;
  std::optional<std::string> name;
};
CommonName common_name(const std::vector<const FilterList*>& lists);

/// Whether one name can pass both.
Truth can_share(const FilterList& left, const FilterList& right);
/// Whether every name that passes `inner` passes `outer` too.
Truth covers(const FilterList& outer, const FilterList& inner);

/// The filters of one event. nullopt: the key is absent. GitHub allows one of each pair only.
struct EventFilter {
  std::optional<std::vector<std::string>> branches;
  std::optional<std::vector<std::string>> branches_ignore;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::vector<std::string>> tags_ignore;
  std::optional<std::vector<std::string>> paths;
  std::optional<std::vector<std::string>> paths_ignore;

  /// Which branch names pass; nullopt when none can (a push with tag filters only).
  std::optional<FilterList> branch_list() const;
  /// Which tag names pass; nullopt when none can (a push with branch filters only).
  std::optional<FilterList> tag_list() const;
  /// Which changed paths count.
  FilterList path_list() const;
};

/// How widely a push filter lets branches through.
enum class BranchReach : std::uint8_t {
  none,      ///< tags only, or filters that no name passes
  literals,  ///< a list of names
  patterns,  ///< wildcards that leave out some names
  all_but,  ///< everything (or every name without a `/`) but what `branches-ignore` or `!` patterns
            ///< name
  unslashed,   ///< every name without a `/` (`*`)
  everything,  ///< no filter, or one that passes every name
};
BranchReach branch_reach(const EventFilter& push);

}  // namespace refgate::lint
