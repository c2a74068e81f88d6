#include "view/table.h"

#include <algorithm>
#include <utility>

#include "core/words/visible.h"
#include "core/words/wrap.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t widest_cell = 60;
constexpr std::size_t narrowest_cell = 8;
constexpr std::size_t narrowest_last = 16;
constexpr std::size_t between = 2;
/// Terminals take no longer ones (VTE).
constexpr std::size_t longest_link = 2000;

using Lines = std::vector<std::vector<Cell>>;

/// So many bytes of the text take at most `width` columns.
std::size_t bytes_within(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const Character character = first_character(text.substr(i));
    const std::size_t columns = character.bytes == 0 ? 1 : shown_width(character.code);
    if (used + columns > width) break;
    used += columns;
    i += std::max<std::size_t>(character.bytes, 1);
  }
  return i;
}

/// The text, or as much of it as fits with "…" behind it.
std::string fitted(const std::string& text, std::size_t width) {
  if (shown_width(text) <= width) return text;
  return text.substr(0, bytes_within(text, width - 1)) + "…";
}

/// Parts that fit, broken behind a blank or a mark where there is one in the second half.
std::vector<std::string> broken(std::string_view text, std::size_t width) {
  std::vector<std::string> parts;
  while (shown_width(text) > width) {
    std::size_t end = std::max<std::size_t>(bytes_within(text, width), 1);
    const std::size_t mark = text.substr(0, end).find_last_of(" -/_.");
    if (mark != std::string_view::npos && mark >= end / 2) end = mark + 1;
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  parts.emplace_back(text);
  return parts;
}

bool is_url(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) &&
         text.find_first_of(" \"") == std::string_view::npos;
}

/// "…/runs/17300000001": the end of an URL says more than its beginning.
std::string end_of_url(const std::string& url) {
  constexpr std::size_t shown = 24;
  if (url.size() <= shown) return url;
  const std::size_t slash = url.find('/', url.size() - shown);
  return slash == std::string::npos ? "…" + url.substr(url.size() - shown)
                                    : "…" + url.substr(slash);
}

std::vector<std::size_t> widths_of(const Lines& lines, bool with_last) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      if (with_last || i + 1 < line.size())
        widths[i] = std::max(widths[i], shown_width(line[i].text));
    }
  return widths;
}

std::size_t total(const std::vector<std::size_t>& widths) {
  std::size_t sum = between * (widths.empty() ? 0 : widths.size() - 1);
  for (const std::size_t width : widths)
    sum += width;
  return sum;
}

/// Takes from the last column, then from the widest, until all fit or none may become narrower.
void shrink(std::vector<std::size_t>& widths, std::size_t screen) {
  std::size_t sum = total(widths);
  while (sum > screen) {
    auto taken = widths.end() - 1;
    if (*taken <= narrowest_last) taken = std::max_element(widths.begin(), widths.end());
    if (*taken <= narrowest_cell) return;
    --*taken;
    --sum;
  }
}

/// The cells as they are shown on a screen, and the URLs that stand below their rows.
std::vector<std::string> fit_urls(Lines& lines, const Screen& screen) {
  std::vector<std::string> below(lines.size());
  for (auto& line : lines)
    for (Cell& cell : line)
      if (screen.links && is_url(cell.text))
        cell.text = cell.brief.empty() ? end_of_url(cell.text) : cell.brief;
  if (screen.links || total(widths_of(lines, true)) <= screen.width) return below;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    auto& line = lines[at];
    if (line.empty() || !is_url(line.back().text)) continue;
    below[at] = std::exchange(line.back().text, line.back().brief);
  }
  return below;
}

/// With its link and its colour, in a column of that width.
std::string shown(const Cell& cell, const std::string& part, bool heading, const Screen& screen) {
  std::string text = painted(screen, part, heading ? "heading" : std::string_view(cell.text));
  const bool links = screen.links && !heading && !part.empty() && is_url(cell.url) &&
                     cell.url.size() <= longest_link;
  if (links) text = "\033]8;;" + cell.url + "\033\\" + text + "\033]8;;\033\\";
  return text;
}

std::string on_screen(Lines lines, const Screen& screen) {
  const std::vector<std::string> below = fit_urls(lines, screen);
  std::vector<std::size_t> widths = widths_of(lines, true);
  if (!widths.empty()) shrink(widths, screen.width);
  std::string text;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto& line = lines[at];
    std::vector<std::vector<std::string>> parts;
    std::size_t height = 1;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool last = i + 1 == widths.size();
      parts.push_back(last ? std::vector{fitted(line[i].text, widths[i])}
                           : broken(line[i].text, widths[i]));
      height = std::max(height, parts.back().size());
    }
    for (std::size_t row = 0; row < height; ++row) {
      std::string written;
      std::size_t blanks = 0;
      for (std::size_t i = 0; i < line.size(); ++i) {
        const std::string part = row < parts[i].size() ? parts[i][row] : std::string();
        if (!part.empty()) {
          written.append(std::exchange(blanks, 0), ' ');
          written += shown(line[i], part, at == 0, screen);
        }
        blanks += widths[i] - std::min(widths[i], shown_width(part)) + between;
      }
      text += written + "\n";
    }
    if (!below[at].empty()) text += "  " + below[at] + "\n";
  }
  return text;
}

std::string without_screen(const Lines& lines, const Screen& screen) {
  const std::vector<std::size_t> widths = widths_of(lines, false);
  std::string text;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto& line = lines[at];
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += shown(line[i], line[i].text, at == 0, screen);
      if (i + 1 < line.size())
        text +=
            std::string(widths[i] - std::min(widths[i], shown_width(line[i].text)) + between, ' ');
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string table_of(const std::vector<std::vector<Cell>>& rows, const Screen& screen) {
  Lines lines;
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string text = escape_for(Place::line, row[i].text);
      if (i + 1 < row.size()) text = fitted(text, widest_cell + 1);
      line.push_back({std::move(text), escape_for(Place::line, row[i].url),
                      escape_for(Place::line, row[i].brief)});
    }
  }
  return screen.width > 0 ? on_screen(std::move(lines), screen) : without_screen(lines, screen);
}

std::string table_of(const std::vector<std::vector<std::string>>& rows, const Screen& screen) {
  Lines cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const std::string& text : row)
      line.push_back({text, is_url(text) ? text : std::string(), {}});
  }
  return table_of(cells, screen);
}

std::string labelled(std::string_view name, const std::string& text, const Screen& screen,
                     std::string_view word) {
  constexpr std::size_t column = 10;
  const std::size_t room = screen.width > 2 * column ? screen.width - column : screen.width;
  const std::string lines = wrapped(painted(screen, escape_for(Place::line, text), word), room, 0);
  std::string told = std::string(name) + std::string(column - name.size(), ' ');
  for (const char c : lines)
    told += c == '\n' ? "\n" + std::string(column, ' ') : std::string(1, c);
  return told + "\n";
}

std::string claim_id_cell(const std::string& claim_id, const Screen& screen) {
  return screen.width > 0 ? claim_id.substr(0, 8) : claim_id;
}

}  // namespace refgate
