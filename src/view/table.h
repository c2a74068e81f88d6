#pragma once
// Tables of untrusted text on a terminal.

#include <string>
#include <string_view>
#include <vector>

#include "core/words/shown_width.h"
#include "view/screen.h"

namespace refgate {

struct Cell {
  std::string text;
  std::string url = {};    ///< where a terminal's link leads; empty: nowhere
  std::string brief = {};  ///< what stands there in place of an URL, where it is a link
};

/// Columns as wide as their widest cell, up to a bound: one hostile name must not push the rest off
/// the screen. The last column of a row is free. Where there is no screen, nothing else is cut.
///
/// On a screen with a width each row fits: the last column is cut, then what is too wide in another
/// goes on below. An URL is never cut: where the terminal has links it is one, with a short text;
/// else it stands below its row when it does not fit. The first row is the heading.
std::string table_of(const std::vector<std::vector<Cell>>& rows, const Screen& screen = {});
std::string table_of(const std::vector<std::vector<std::string>>& rows, const Screen& screen = {});

/// "State     active": a name in a column of its own, and what it says in the next, however many
/// lines that takes. `word` says its colour. With a line end.
std::string labelled(std::string_view name, const std::string& text, const Screen& screen,
                     std::string_view word = "");

/// A claim's id in a column: on a screen as much of it as commands take for the whole.
std::string claim_id_cell(const std::string& claim_id, const Screen& screen);

}  // namespace refgate
