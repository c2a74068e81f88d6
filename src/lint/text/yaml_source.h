#pragma once
// A text as libyaml takes it, and the way back from its marks. libyaml counts characters, a
// Document counts bytes; and it refuses control characters, which GitHub's reader lets pass in
// scripts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace refgate::lint {

class YamlSource {
 public:
  /// `text` is UTF-8 and outlives this. `begin`: where the YAML in it begins; `ascii`: it holds no
  /// byte over 127.
  YamlSource(std::string_view text, std::uint32_t begin, bool ascii);

  /// What libyaml is to read: the text from `begin` on, with a stand-in for each control character.
  std::string_view scanned() const;
  /// Where there is a character that cannot be read for one of ours: NUL and U+0004, which some
  /// readers take for the end of the text, and any control character next to a stand-in.
  std::optional<std::uint32_t> refused() const { return refused_; }

  /// The byte of the text at which the character of this number, counted in what is scanned,
  /// begins.
  std::uint32_t offset(std::size_t character) const;
  /// A value that libyaml made, with the characters that stand-ins stand for.
  void restore(std::string& value) const;

 private:
  void replace_controls();
  void count_wide();

  std::string_view text_;
  std::uint32_t begin_;
  /// The numbers of the characters that take several bytes, and how many bytes there are by then
  /// over one a character.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> wide_;
  bool replaced_ = false;
  std::string copy_;  ///< of the text, with stand-ins, if there are any
  std::optional<std::uint32_t> refused_;
};

}  // namespace refgate::lint
