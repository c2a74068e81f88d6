#include "view/table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t widest_cell = 60;
constexpr std::size_t narrowest_cell = 8;
constexpr std::size_t between = 2;

/// The character at `i`, and how many bytes it has; the text is valid UTF-8.
std::pair<char32_t, std::size_t> character_at(std::string_view text, std::size_t i) {
  const auto first = static_cast<unsigned char>(text[i]);
  const std::size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (bytes == 1 || i + bytes > text.size()) return {first, 1};
  char32_t value = first & (0x7fU >> bytes);
  for (std::size_t k = 1; k < bytes; ++k)
    value = (value << 6U) | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
  return {value, bytes};
}

// Unicode's East Asian Width (UAX #11), W and F, and the blocks of combining marks and selectors.
constexpr std::array<std::pair<char32_t, char32_t>, 12> wide{{{0x1100, 0x115f},
                                                              {0x231a, 0x231b},
                                                              {0x23e9, 0x23ec},
                                                              {0x2e80, 0xa4cf},
                                                              {0xac00, 0xd7a3},
                                                              {0xf900, 0xfaff},
                                                              {0xfe30, 0xfe6f},
                                                              {0xff00, 0xff60},
                                                              {0xffe0, 0xffe6},
                                                              {0x1f300, 0x1faff},
                                                              {0x20000, 0x2fffd},
                                                              {0x30000, 0x3fffd}}};
constexpr std::array<std::pair<char32_t, char32_t>, 5> none{
    {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}}};

std::size_t columns_of(char32_t character) {
  const auto within = [&](const auto& ranges) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
      return range.first <= character && character <= range.second;
    });
  };
  if (within(none)) return 0;
  return within(wide) ? 2 : 1;
}

/// The text, or as much of it as fits with "…" behind it.
std::string fitted(const std::string& text, std::size_t width) {
  if (shown_width(text) <= width) return text;
  std::size_t used = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto [character, bytes] = character_at(text, i);
    const std::size_t columns = columns_of(character);
    if (used + columns + 1 > width) break;
    used += columns;
    i += bytes;
  }
  return text.substr(0, i) + "…";
}

/// Colours for words that say how something stands.
const char* colour_of(std::string_view cell) {
  constexpr std::array<std::pair<std::string_view, const char*>, 18> words{
      {{"active", "\033[36m"},
       {"held", "\033[36m"},
       {"head", "\033[36m"},
       {"launch", "\033[36m"},
       {"waiting", "\033[33m"},
       {"skip", "\033[33m"},
       {"skipped", "\033[33m"},
       {"cancelled", "\033[33m"},
       {"released", "\033[33m"},
       {"release", "\033[33m"},
       {"success", "\033[32m"},
       {"kept", "\033[32m"},
       {"delivered", "\033[32m"},
       {"failure", "\033[31m"},
       {"lost", "\033[31m"},
       {"dead", "\033[31m"},
       {"retry_suppressed", "\033[31m"},
       {"timed_out", "\033[31m"}}};
  for (const auto& [word, colour] : words)
    if (word == cell) return colour;
  return nullptr;
}

/// Takes from the widest column until all fit, or none is left that may become narrower.
void shrink(std::vector<std::size_t>& widths, std::size_t screen) {
  std::size_t total = between * (widths.empty() ? 0 : widths.size() - 1);
  for (const std::size_t width : widths)
    total += width;
  while (total > screen) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (widest == widths.end() || *widest <= narrowest_cell) return;
    --*widest;
    --total;
  }
}

}  // namespace

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [character, bytes] = character_at(text, i);
    width += columns_of(character);
    i += bytes;
  }
  return width;
}

std::string table_of(const std::vector<std::vector<std::string>>& rows, const Screen& screen) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      std::string cell = escape_for(Place::line, row[i]);
      line.push_back(last ? std::move(cell) : fitted(cell, widest_cell + 1));
      if (i == widths.size()) widths.push_back(0);
      if (!last || screen.width > 0) widths[i] = std::max(widths[i], shown_width(line.back()));
    }
  }
  if (screen.width > 0) shrink(widths, screen.width);
  std::string text;
  for (std::size_t at = 0; at < cells.size(); ++at) {
    const auto& line = cells[at];
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool last = i + 1 == line.size();
      const std::string cell = screen.width > 0 ? fitted(line[i], widths[i]) : line[i];
      const char* colour = !screen.colour ? nullptr : at == 0 ? "\033[1m" : colour_of(cell);
      text += colour == nullptr ? cell : colour + cell + "\033[0m";
      if (!last)
        text += std::string(widths[i] - std::min(widths[i], shown_width(cell)) + between, ' ');
    }
    text += "\n";
  }
  return text;
}

}  // namespace refgate
