#include "view/table.h"

#include <algorithm>

#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t widest_cell = 60;

/// One cell, as many characters as are shown of it.
struct Cell {
  std::string text;
  std::size_t width = 0;
};

Cell cell_of(const std::string& untrusted, bool bounded) {
  const std::string text = escape_for(Place::line, untrusted);
  Cell cell;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
    if (starts_character && bounded && cell.width == widest_cell) {
      cell.text += "…";
      ++cell.width;
      break;
    }
    cell.width += starts_character ? 1 : 0;
    cell.text += text[i];
  }
  return cell;
}

}  // namespace

std::string table_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<Cell>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(cell_of(row[i], i + 1 < row.size()));
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], line.back().width);
    }
  }
  std::string text;
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i].text;
      if (i + 1 < line.size()) text += std::string(widths[i] - line[i].width + 2, ' ');
    }
    text += "\n";
  }
  return text;
}

}  // namespace refgate
