#include "view/table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/words/visible.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t widest_cell = 60;
constexpr std::size_t narrowest_cell = 8;
constexpr std::size_t between = 2;

/// The text, or as much of it as fits with "…" behind it.
std::string fitted(const std::string& text, std::size_t width) {
  if (shown_width(text) <= width) return text;
  std::size_t used = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const Character character = first_character(std::string_view(text).substr(i));
    const std::size_t columns = shown_width(character.code);
    if (used + columns + 1 > width) break;
    used += columns;
    i += std::max<std::size_t>(character.bytes, 1);
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
