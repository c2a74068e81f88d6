#include "lint/workflow/glob.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "lint/expression/expression_unicode.h"
#include "lint/workflow/glob_search.h"

namespace refgate::lint {
namespace {

constexpr char32_t last_character = 0x10FFFF;

}  // namespace

Glob::Glob(std::string_view pattern) {
  try {
    read(pattern);
  } catch (std::string& message) {
    error_ = std::move(message);
    literal_.reset();
    // One step that takes nothing: there is no way to the end.
    steps_.assign(1, {});
  }
}

void Glob::read(std::string_view pattern) {
  literal_ = "";
  bool may_quantify = false;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '*') {
      const bool at_component = at == 0 || pattern[at - 1] == '/';
      const std::size_t end = std::min(pattern.find_first_not_of('*', at), pattern.size());
      const bool crosses = end - at > 1;
      const bool is_directories =
          crosses && at_component && end < pattern.size() && pattern[end] == '/';
      if (is_directories) {
        Step way_past;  // takes nothing; from it the two steps that follow can be passed over, but
                        // not once they have begun
        way_past.may_skip = way_past.opens_directories = true;
        steps_.push_back(std::move(way_past));
      }
      Step step;
      if (crosses) {
        step.ranges = {{0, last_character}};
      } else {
        step.ranges = {{0, '/' - 1}, {'/' + 1, last_character}};
      }
      step.may_skip = step.may_repeat = true;
      steps_.push_back(std::move(step));
      literal_.reset();
      may_quantify = !is_directories;
      at = end;
    } else if (c == '?' || c == '+') {
      if (!may_quantify) throw "there is no character before '" + std::string(1, c) + "'";
      (c == '?' ? steps_.back().may_skip : steps_.back().may_repeat) = true;
      literal_.reset();
      ++at;
    } else if (c == '[') {
      steps_.push_back(read_bracket(pattern, at));
      literal_.reset();
      may_quantify = true;
    } else {
      if (c == '\\' && ++at == pattern.size()) throw std::string("there is nothing after '\\'");
      const DecodedCharacter decoded = decode_utf8(pattern, at);
      steps_.push_back({{{decoded.character, decoded.character}}});
      if (literal_) *literal_ += pattern.substr(at, decoded.size);
      may_quantify = true;
      at += decoded.size;
    }
  }
}

/// `at` stands on the bracket and is left behind it.
Glob::Step Glob::read_bracket(std::string_view pattern, std::size_t& at) const {
  Step step;
  const auto next = [&] {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const DecodedCharacter decoded = decode_utf8(pattern, at);
    at += decoded.size;
    return decoded.character;
  };
  for (++at; at < pattern.size() && pattern[at] != ']';) {
    const char32_t low = next();
    char32_t high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = next();
    }
    if (high < low) throw std::string("a range in '[]' runs backwards");
    step.ranges.emplace_back(low, high);
  }
  if (at >= pattern.size()) throw std::string("a '[' is not closed");
  if (step.ranges.empty()) throw std::string("there is nothing in '[]'");
  ++at;
  return step;
}

Glob::States Glob::start() const {
  States states(steps_.size() + 1, false);
  states[0] = true;
  skip_ahead(states);
  return states;
}

void Glob::skip_ahead(States& states) const {
  for (std::size_t at = 0; at < steps_.size(); ++at) {
    if (!states[at]) continue;
    if (steps_[at].may_skip) states[at + 1] = true;
    if (steps_[at].opens_directories) states[at + 3] = true;
  }
}

Glob::States Glob::advance(const States& states, char32_t character) const {
  States next(states.size(), false);
  for (std::size_t at = 0; at < steps_.size(); ++at) {
    if (!states[at]) continue;
    if (!takes(steps_[at], character)) continue;
    next[at + 1] = true;
    if (steps_[at].may_repeat) next[at] = true;
  }
  skip_ahead(next);
  return next;
}

bool Glob::matches(std::string_view name) const {
  if (error_) return false;
  if (literal_) return name == *literal_;
  States states = start();
  for (std::size_t at = 0; at < name.size();) {
    const DecodedCharacter decoded = decode_utf8(name, at);
    states = advance(states, decoded.character);
    at += decoded.size;
  }
  return accepts(states);
}

FilterList::FilterList(const std::vector<std::string>& patterns, bool ignore) : ignore_(ignore) {
  for (const std::string& pattern : patterns) {
    const bool negative = pattern.starts_with('!');
    entries_.push_back({Glob(std::string_view(pattern).substr(negative ? 1 : 0)), negative});
  }
}

FilterList FilterList::everything() { return FilterList({}, true); }

bool FilterList::passes(std::string_view name) const {
  // The last pattern that matches decides.
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const Entry& entry) { return entry.glob.matches(name); });
  const bool matched = last != entries_.rend() && !last->negative;
  return matched != ignore_;
}

bool FilterList::passes_everything() const {
  if (entries_.empty()) return ignore_;
  return GlobSearch({this}).holds_for_no_name(
             [](const std::vector<bool>& passes) { return !passes[0]; }) == Truth::yes;
}

std::optional<std::vector<std::string>> FilterList::only_literals() const {
  if (ignore_) return std::nullopt;
  // The last pattern that matches a name decides about it, so they are looked at from the end.
  std::unordered_map<std::string_view, bool> passing;
  std::vector<const Glob*> taking_back;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->glob.error()) continue;
    const std::optional<std::string>& name = entry->glob.literal();
    if (!name && !entry->negative) return std::nullopt;
    if (!name) {
      taking_back.push_back(&entry->glob);
    } else if (!passing.contains(*name)) {
      passing.emplace(
          *name,
          !entry->negative && std::none_of(taking_back.begin(), taking_back.end(),
                                           [&](const Glob* glob) { return glob->matches(*name); }));
    }
  }
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    if (entry.negative || entry.glob.error()) continue;
    const auto found = passing.find(*entry.glob.literal());
    if (!std::exchange(found->second, false)) continue;
    names.push_back(*entry.glob.literal());
  }
  return names;
}

std::vector<std::pair<std::size_t, std::string>> FilterList::errors() const {
  std::vector<std::pair<std::size_t, std::string>> errors;
  for (std::size_t at = 0; at < entries_.size(); ++at)
    if (entries_[at].glob.error()) errors.emplace_back(at, *entries_[at].glob.error());
  return errors;
}

CommonName common_name(const std::vector<const FilterList*>& lists) {
  return GlobSearch(lists).find([](const std::vector<bool>& passes) {
    return std::find(passes.begin(), passes.end(), false) == passes.end();
  });
}

Truth can_share(const FilterList& left, const FilterList& right) {
  if (left.passes_everything() && right.passes_everything()) return Truth::yes;
  const CommonName common = common_name({&left, &right});
  return common.name ? Truth::yes : common.decided ? Truth::no : Truth::unknown;
}

Truth covers(const FilterList& outer, const FilterList& inner) {
  return GlobSearch({&outer, &inner}).holds_for_no_name([](const std::vector<bool>& passes) {
    return passes[1] && !passes[0];
  });
}

std::optional<FilterList> EventFilter::branch_list() const {
  if (branches) return FilterList(*branches, false);
  if (branches_ignore) return FilterList(*branches_ignore, true);
  if (tags || tags_ignore) return std::nullopt;
  return FilterList::everything();
}

std::optional<FilterList> EventFilter::tag_list() const {
  if (tags) return FilterList(*tags, false);
  if (tags_ignore) return FilterList(*tags_ignore, true);
  if (branches || branches_ignore) return std::nullopt;
  return FilterList::everything();
}

FilterList EventFilter::path_list() const {
  if (paths) return FilterList(*paths, false);
  if (paths_ignore) return FilterList(*paths_ignore, true);
  return FilterList::everything();
}

BranchReach branch_reach(const EventFilter& push) {
  const std::optional<FilterList> list = push.branch_list();
  if (!list) return BranchReach::none;
  if (const auto names = list->only_literals())
    return names->empty() ? BranchReach::none : BranchReach::literals;
  if (list->passes_everything()) return BranchReach::everything;
  const CommonName any = common_name({&*list});
  if (any.decided && !any.name) return BranchReach::none;
  if (push.branches_ignore && !push.branches) return BranchReach::all_but;

  const auto covers_unslashed = [](const FilterList& filter) {
    return GlobSearch({&filter}, GlobSearch::Names::without_slash)
               .holds_for_no_name([](const std::vector<bool>& passes) { return !passes[0]; }) ==
           Truth::yes;
  };
  if (covers_unslashed(*list)) return BranchReach::unslashed;
  std::vector<std::string> positive;
  for (const std::string& pattern : push.branches.value_or(std::vector<std::string>{}))
    if (!pattern.starts_with('!')) positive.push_back(pattern);
  return covers_unslashed(FilterList(positive, false)) ? BranchReach::all_but
                                                       : BranchReach::patterns;
}

}  // namespace refgate::lint
