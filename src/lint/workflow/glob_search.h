#pragma once
// Names that filter lists let through or keep out, found by walking all their patterns at once (the
// product of their automata).

#include <cstdint>
#include <functional>
#include <vector>

#include "lint/workflow/glob.h"

namespace refgate::lint {

class GlobSearch {
 public:
  enum class Names : std::uint8_t { any, without_slash };
  /// Gets, for each list, whether the name passes.
  using Wanted = std::function<bool(const std::vector<bool>&)>;

  explicit GlobSearch(std::vector<const FilterList*> lists, Names names = Names::any);

  /// A shortest name that is wanted.
  CommonName find(const Wanted& wanted) const;
  /// yes: there is certainly no such name.
  Truth holds_for_no_name(const Wanted& wanted) const;

 private:
  /// The states of all patterns of all lists, one after the other, and what the slash rule needs to
  /// know of the last character.
  struct Position {
    std::vector<Glob::States> states;
    bool after_slash = true;
  };
  std::vector<char32_t> alphabet() const;
  std::vector<bool> passes(const Position& position) const;
  static std::vector<bool> key(const Position& position);

  std::vector<const FilterList*> lists_;
  Names names_;
};

}  // namespace refgate::lint
