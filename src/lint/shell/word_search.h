#pragma once
// Many words looked for in one reading of a text.

#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// The first words of commands ("gh agent-task create": `gh`).
class WordSearch {
 public:
  void add(std::string_view command);
  /// Whether a script has one of them as a word, quoted or not. Nearly all scripts have none, and
  /// need not be taken apart.
  bool finds_any(std::string_view script) const;

 private:
  bool begins_at(std::string_view script, std::size_t at) const;

  static constexpr std::size_t pairs = 65536;
  std::array<bool, 256> first_{};   ///< bytes that a word begins with
  std::bitset<pairs> beginnings_;   ///< of the words, two bytes each
  std::vector<std::string> words_;  ///< in order
};

}  // namespace refgate::lint
