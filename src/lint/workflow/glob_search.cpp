#include "lint/workflow/glob_search.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "lint/expression/expression_unicode.h"

namespace refgate::lint {
namespace {

/// Steps of patterns looked at before the search gives up; real filters need some thousands.
constexpr std::size_t most_work = 20'000'000;
constexpr std::size_t most_positions = 20'000;
constexpr std::size_t most_states = 1'000'000;  ///< one for each pattern at each position

/// A character of [low, high] that reads well in a message.
char32_t representative(char32_t low, char32_t high) {
  for (const auto& [first, last] :
       {std::pair{U'a', U'z'}, std::pair{U'A', U'Z'}, std::pair{U'0', U'9'}, std::pair{U'-', U'_'}})
    if (low <= last && high >= first) return std::max(low, first);
  return low;
}

}  // namespace

GlobSearch::GlobSearch(std::vector<const FilterList*> lists, Names names)
    : lists_(std::move(lists)), names_(names) {}

/// One character for each class that no pattern tells apart.
std::vector<char32_t> GlobSearch::alphabet() const {
  std::set<char32_t> starts{U'!', U'/', U'/' + 1};
  for (const FilterList* list : lists_)
    for (const auto& entry : list->entries_)
      for (const auto& step : entry.glob.steps_)
        for (const auto& [low, high] : step.ranges) {
          if (low > U'!') starts.insert(low);
          if (high >= U'!' && high < 0x10FFFF) starts.insert(high + 1);
        }
  std::vector<char32_t> characters;
  for (auto start = starts.begin(); start != starts.end(); ++start) {
    const auto next = std::next(start);
    const char32_t high = next == starts.end() ? 0x10FFFF : *next - 1;
    if (*start == U'/' && names_ == Names::without_slash) continue;
    // Names are UTF-8, so bytes that are none (read as 0xDC80 and up) stand in none of them.
    const bool is_surrogate = *start >= 0xD800 && *start < 0xE000;
    if (is_surrogate && high < 0xE000) continue;
    characters.push_back(representative(is_surrogate ? 0xE000 : *start, high));
  }
  return characters;
}

std::vector<bool> GlobSearch::passes(const Position& position) const {
  std::vector<bool> result;
  std::size_t at = 0;
  for (const FilterList* list : lists_) {
    bool matched = false;
    for (const auto& entry : list->entries_)
      if (Glob::accepts(position.states[at++])) matched = !entry.negative;
    result.push_back(matched != list->ignore_);
  }
  return result;
}

std::vector<bool> GlobSearch::key(const Position& position) {
  std::vector<bool> bits{position.after_slash};
  for (const Glob::States& states : position.states)
    bits.insert(bits.end(), states.begin(), states.end());
  return bits;
}

CommonName GlobSearch::find(const Wanted& wanted) const {
  std::vector<const Glob*> globs;
  std::size_t steps = 1;
  Position first;
  for (const FilterList* list : lists_)
    for (const auto& entry : list->entries_) {
      globs.push_back(&entry.glob);
      first.states.push_back(entry.glob.start());
      steps += first.states.back().size();
    }
  const std::vector<char32_t> characters = alphabet();

  struct Visit {
    Position position;
    std::size_t from;
    char32_t character;
  };
  std::vector<Visit> visits{{std::move(first), 0, 0}};
  std::unordered_set<std::vector<bool>> seen{key(visits.front().position)};
  std::size_t work = 0;
  for (std::size_t at = 0; at < visits.size(); ++at) {
    for (const char32_t character : characters) {
      const bool is_slash = character == U'/';
      if (is_slash && visits[at].position.after_slash) continue;
      work += steps;
      if (work > most_work || visits.size() > most_positions ||
          visits.size() * globs.size() > most_states)
        return {false, std::nullopt};
      Position next;
      next.after_slash = is_slash;
      for (std::size_t i = 0; i < globs.size(); ++i)
        next.states.push_back(globs[i]->advance(visits[at].position.states[i], character));
      if (!is_slash && wanted(passes(next))) {
        std::vector<char32_t> name{character};
        for (std::size_t back = at; back != 0; back = visits[back].from)
          name.push_back(visits[back].character);
        std::string text;
        for (auto part = name.rbegin(); part != name.rend(); ++part)
          append_utf8(text, *part);
        return {true, std::move(text)};
      }
      if (seen.insert(key(next)).second) visits.push_back({std::move(next), at, character});
    }
  }
  return {true, std::nullopt};
}

Truth GlobSearch::holds_for_no_name(const Wanted& wanted) const {
  const CommonName found = find(wanted);
  return found.name ? Truth::no : found.decided ? Truth::yes : Truth::unknown;
}

}  // namespace refgate::lint
