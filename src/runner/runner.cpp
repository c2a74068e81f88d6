#include "runner/runner.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "os/file/checked_output.h"

#include "core/words/sentence.h"
#include "core/words/visible.h"

namespace refgate {
namespace {

/// errno's value of what failed; 0: nothing.
int append(const std::string& path, std::string_view text) {
  if (path.empty()) return 0;
  // O_NONBLOCK: the open of a pipe that nobody reads would wait for ever.
  const int file =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
  if (file < 0) return errno;
  ::fcntl(file, F_SETFL, O_APPEND);
  int failed = 0;
  while (!text.empty() && failed == 0) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0 || errno != EINTR)
      failed = written == 0 ? EIO : errno;
  }
  if (::close(file) != 0 && failed == 0) failed = errno;
  return failed;
}

void percent(std::string& out, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', digits[byte >> 4], digits[byte & 15]};
}

/// Valid UTF-8 without deceptive characters.
std::string plain_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    // Controls that ASCII has are the place's matter: a line end has an escape in some of them.
    if (character.bytes == 0)
      out += "\xef\xbf\xbd";
    else if (is_deceptive(character.code) || (character.bytes > 1 && is_control(character.code)))
      out += ' ';
    else
      out += text.substr(0, character.bytes);
    text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
  }
  return out;
}

/// Parts the text on both sides of it for a reader of Markdown that makes links of bare addresses,
/// and shows nothing.
constexpr std::string_view seam = "<!-- -->";

bool ends_in_www(std::string_view text) {
  return text.size() >= 3 &&
         std::all_of(text.end() - 3, text.end(), [](char c) { return c == 'w' || c == 'W'; });
}

/// `rest` is what follows. Source of what becomes a link by itself ("https://", "www.", addresses
/// with "@"): GitHub Flavored Markdown, "Autolinks (extension)".
void put_markdown(std::string& out, char c, std::string_view rest) {
  const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  const auto entity = [&] { out += "&#" + std::to_string(static_cast<int>(c)) + ";"; };
  switch (c) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '|':
    case '`':
    case '*':
    case '_':
    case '[':
    case ']':
    case '\\':
    case '~':
    case '#':
    case '!':
    case '$':
      entity();
      return;
    case '@':
      entity();
      out += seam;
      return;
    case ':':
      if (!rest.starts_with('/')) break;
      entity();
      out += seam;
      return;
    case '.':
      if (ends_in_www(out)) out += seam;
      break;
    default:
      break;
  }
  out += control ? ' ' : c;
}

/// Where a line would begin with "::" if this text began it; else npos. One ":" alone may be
/// followed by another text that begins with one.
std::size_t leading_colon(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Character character = first_character(text.substr(at));
    if (!is_blank(character.code)) break;
    at += std::max<std::size_t>(character.bytes, 1);
  }
  const std::string_view rest = text.substr(at);
  return rest.starts_with("::") || rest == ":" ? at : std::string_view::npos;
}

}  // namespace

std::string escape_for(Place place, std::string_view untrusted) {
  const std::string text = plain_text(untrusted);
  const std::size_t colon = leading_colon(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    switch (place) {
      case Place::line:
        // "##[command]" is one wherever it stands in a line of a step's log (actions/runner,
        // ActionCommand.TryParse).
        if (c == '[' && out.ends_with("##")) out += ' ';
        out += control ? ' ' : c;
        if (i == colon) out += ' ';  // "::command::" is one at the beginning of a line
        break;
      case Place::message:
        if (c == '[' && out.ends_with("##")) out += ' ';
        if (c == '%' || c == '\r' || c == '\n')
          percent(out, c);
        else
          out += control ? ' ' : c;
        break;
      case Place::property:
        if (c == '%' || c == '\r' || c == '\n' || c == ':' || c == ',')
          percent(out, c);
        else
          out += control ? ' ' : c;
        break;
      case Place::markdown:
        if (i == colon) {
          out += "&#58;";
          break;
        }
        put_markdown(out, c, std::string_view(text).substr(i + 1));
        break;
    }
  }
  return out;
}

void close_guards(const Environment& environment) {
  append(environment.get("GITHUB_OUTPUT"), "skip_execution=true\n");
}

void write_outputs(const Environment& environment, const Outputs& outputs) {
  std::string text;
  std::string last;
  for (const auto& [name, value] : outputs) {
    const std::string line = name + "=" + escape_for(Place::line, value) + "\n";
    (name == "skip_execution" ? last : text) += line;
  }
  if (const int failed = append(environment.get("GITHUB_OUTPUT"), text + last); failed != 0)
    throw OutputError("GITHUB_OUTPUT", failed,
                      last.empty() ? "" : "the guards of the later steps stay closed");
}

void append_summary(const Environment& environment, std::string_view markdown) {
  append(environment.get("GITHUB_STEP_SUMMARY"), markdown);
}

std::string annotation(const Environment& environment, std::string_view level,
                       std::string_view title, std::string_view message) {
  if (!environment.in_actions()) return {};
  return "::" + std::string(level) + " title=" + escape_for(Place::property, title) +
         "::" + escape_for(Place::message, capitalised(message)) + "\n";
}

}  // namespace refgate
