#pragma once
// Names that filter lists let through or keep out, found by walking all their patterns at once (the
// product of their automata).

#include <cstdint>
#include <functional>
#include <string>
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
  CommonName find(const Wanted& wanted);
  /// yes: there is certainly no such name.
  Truth holds_for_no_name(const Wanted& wanted);

 private:
  /// A step of a pattern, or its end (no step), in the one row that all patterns stand in, one
  /// after the other.
  struct Place {
    const Glob::Step* step = nullptr;
    std::size_t list = 0;
    bool negative = false;
  };
  /// The numbers of the places that can come next, in order: few of many, since most patterns are
  /// left behind by the first characters of a name. Before them 1 after a slash, which the slash
  /// rule asks for, and 0 otherwise.
  using Position = std::u32string;

  std::vector<char32_t> alphabet() const;
  Position start();
  Position after(const Position& position, char32_t character);
  void add(Position& position, std::size_t place);
  void finish(Position& position);
  std::vector<bool> passes(const Position& position) const;

  std::vector<const FilterList*> lists_;
  Names names_;
  std::vector<Place> places_;
  std::size_t patterns_ = 0;
  std::vector<bool> taken_;  ///< places of the position that is being made
};

}  // namespace refgate::lint
