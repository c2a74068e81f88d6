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
    : lists_(std::move(lists)), names_(names) {
  for (std::size_t list = 0; list < lists_.size(); ++list)
    for (const auto& entry : lists_[list]->entries_) {
      for (const auto& step : entry.glob.steps_)
        places_.push_back({&step, list, entry.negative});
      places_.push_back({nullptr, list, entry.negative});
      ++patterns_;
    }
  taken_.resize(places_.size());
}

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

void GlobSearch::add(Position& position, std::size_t place) {
  if (taken_[place]) return;
  taken_[place] = true;
  position.push_back(static_cast<char32_t>(place));
}

/// Adds what can be reached without a character, and puts all in order.
void GlobSearch::finish(Position& position) {
  for (std::size_t at = 1; at < position.size(); ++at) {
    const std::size_t place = position[at];
    const Glob::Step* step = places_[place].step;
    if (step == nullptr) continue;
    if (step->may_skip) add(position, place + 1);
    if (step->opens_directories) add(position, place + 3);
  }
  std::sort(position.begin() + 1, position.end());
  for (std::size_t at = 1; at < position.size(); ++at)
    taken_[position[at]] = false;
}

GlobSearch::Position GlobSearch::start() {
  Position position{1};
  for (std::size_t place = 0; place < places_.size(); ++place)
    if (place == 0 || places_[place - 1].step == nullptr) add(position, place);
  finish(position);
  return position;
}

GlobSearch::Position GlobSearch::after(const Position& position, char32_t character) {
  Position next{character == U'/' ? U'\1' : U'\0'};
  for (std::size_t at = 1; at < position.size(); ++at) {
    const std::size_t place = position[at];
    const Glob::Step* step = places_[place].step;
    if (step == nullptr || !Glob::takes(*step, character)) continue;
    add(next, place + 1);
    if (step->may_repeat) add(next, place);
  }
  finish(next);
  return next;
}

std::vector<bool> GlobSearch::passes(const Position& position) const {
  // The last pattern of a list that matches decides.
  std::vector<bool> matched(lists_.size());
  for (std::size_t at = 1; at < position.size(); ++at) {
    const Place& place = places_[position[at]];
    if (place.step == nullptr) matched[place.list] = !place.negative;
  }
  for (std::size_t list = 0; list < lists_.size(); ++list)
    matched[list] = matched[list] != lists_[list]->ignore_;
  return matched;
}

CommonName GlobSearch::find(const Wanted& wanted) {
  const std::vector<char32_t> characters = alphabet();
  struct Visit {
    Position position;
    std::size_t from;
    char32_t character;
  };
  std::vector<Visit> visits{{start(), 0, 0}};
  std::unordered_set<Position> seen{visits.front().position};
  std::size_t work = 0;
  for (std::size_t at = 0; at < visits.size(); ++at) {
    for (const char32_t character : characters) {
      const bool is_slash = character == U'/';
      if (is_slash && visits[at].position.front() != 0) continue;
      work += places_.size() + 1;
      if (work > most_work || visits.size() > most_positions ||
          visits.size() * patterns_ > most_states)
        return {false, std::nullopt};
      Position next = after(visits[at].position, character);
      if (!is_slash && wanted(passes(next))) {
        std::vector<char32_t> name{character};
        for (std::size_t back = at; back != 0; back = visits[back].from)
          name.push_back(visits[back].character);
        std::string text;
        for (auto part = name.rbegin(); part != name.rend(); ++part)
          append_utf8(text, *part);
        return {true, std::move(text)};
      }
      if (seen.insert(next).second) visits.push_back({std::move(next), at, character});
    }
  }
  return {true, std::nullopt};
}

Truth GlobSearch::holds_for_no_name(const Wanted& wanted) {
  const CommonName found = find(wanted);
  return found.name ? Truth::no : found.decided ? Truth::yes : Truth::unknown;
}

}  // namespace refgate::lint
