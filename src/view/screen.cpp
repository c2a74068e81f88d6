#include "view/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "call/command_row.h"

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

Screen screen_of(const Environment& environment, std::string_view color) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  Screen screen;
  if (terminal) screen.width = width_of_terminal(environment);
  const std::string forced = environment.get("FORCE_COLOR");
  const bool able = terminal && environment.get("TERM") != "dumb";
  if (color == "always" || color == "never")
    screen.colour = color == "always";
  else if (environment.get("NO_COLOR").empty())
    screen.colour = (!forced.empty() && forced != "0") || able;
  screen.links = able && screen.colour;
  return screen;
}

Screen screen_of(const Invocation& call) {
  return screen_of(call.environment, call.option(color_option.name, "auto"));
}

std::string painted(const Screen& screen, const std::string& text, std::string_view word) {
  constexpr std::array<std::pair<std::string_view, const char*>, 30> words{
      {{"heading", "\033[1m"},    {"active", "\033[36m"},
       {"held", "\033[36m"},      {"head", "\033[36m"},
       {"launch", "\033[36m"},    {"waiting", "\033[33m"},
       {"skip", "\033[33m"},      {"skipped", "\033[33m"},
       {"cancelled", "\033[33m"}, {"released", "\033[33m"},
       {"release", "\033[33m"},   {"limited", "\033[33m"},
       {"abandoned", "\033[33m"}, {"warning", "\033[33m"},
       {"pause", "\033[33m"},     {"success", "\033[32m"},
       {"kept", "\033[32m"},      {"delivered", "\033[32m"},
       {"end", "\033[32m"},       {"ok", "\033[32m"},
       {"run", "\033[32m"},       {"failure", "\033[31m"},
       {"failed", "\033[31m"},    {"lost", "\033[31m"},
       {"dead", "\033[31m"},      {"duplicate", "\033[31m"},
       {"error", "\033[31m"},     {"retry_suppressed", "\033[31m"},
       {"timed_out", "\033[31m"}, {"unknown", "\033[31m"}}};
  if (!screen.colour) return text;
  for (const auto& [name, colour] : words)
    if (name == word) return colour + text + "\033[0m";
  return text;
}

}  // namespace refgate
