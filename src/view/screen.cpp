#include "view/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <string>

namespace refgate {
namespace {

constexpr std::size_t narrowest = 40;

std::size_t width_of_terminal(const Environment& environment) {
  const std::string said = environment.get("COLUMNS");
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), columns);
  if (error == std::errc() && end == said.data() + said.size() && columns > 0)
    return columns < narrowest ? narrowest : columns;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col < narrowest ? narrowest : size.ws_col;
  return 80;
}

}  // namespace

Screen screen_of(const Environment& environment) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  Screen screen;
  if (terminal) screen.width = width_of_terminal(environment);
  if (!environment.get("NO_COLOR").empty()) return screen;
  const std::string forced = environment.get("FORCE_COLOR");
  screen.colour =
      (!forced.empty() && forced != "0") || (terminal && environment.get("TERM") != "dumb");
  return screen;
}

}  // namespace refgate
