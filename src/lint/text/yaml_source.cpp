#include "lint/text/yaml_source.h"

#include <algorithm>
#include <iterator>

#include "lint/text/yaml_text.h"

namespace refgate::lint {
namespace {

// The last characters of the last private plane, U+10FF00 and up: one for each control character.
constexpr std::string_view stand_in_lead = "\xF4\x8F";
constexpr std::uint32_t stand_ins = 0x10FF00;

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
}

constexpr bool is_ascii_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

/// Quick for what nearly all texts are: without any. Of blocks of a known size the compiler makes
/// one step for many bytes.
bool has_ascii_control(std::string_view text) {
  constexpr std::size_t block = 64;
  for (; text.size() >= block; text.remove_prefix(block)) {
    unsigned char any = 0;
    for (std::size_t at = 0; at < block; ++at) {
      const auto byte = static_cast<unsigned char>(text.data()[at]);
      const bool is_low = byte < 0x20;
      const bool is_kept = (byte == '\t') | (byte == '\n') | (byte == '\r');
      any |= static_cast<unsigned char>((is_low & !is_kept) | (byte == 0x7F));
    }
    if (any != 0) return true;
  }
  return std::any_of(text.begin(), text.end(), is_ascii_control);
}

bool is_continuation(char character) {
  return (static_cast<unsigned char>(character) & 0xC0u) == 0x80u;
}

/// A character that libyaml does not read, and its length in bytes.
struct Control {
  std::uint32_t low = 0;  ///< the last eight bits of it, which tell all of them apart
  std::size_t length = 0;
};

/// U+0000–001F but tab and line ends, U+007F–009F but U+0085, U+FFFE and U+FFFF. Length 0: none.
Control control_at(std::string_view text, std::size_t at) {
  if (is_ascii_control(text[at])) return {byte_at(text, at), 1};
  if (byte_at(text, at) == 0xC2 && byte_at(text, at + 1) < 0xA0 && byte_at(text, at + 1) != 0x85)
    return {byte_at(text, at + 1), 2};
  if (text.substr(at, 2) == "\xEF\xBF" && byte_at(text, at + 2) >= 0xBE)
    return {0xC0u + (byte_at(text, at + 2) & 0x3Fu), 3};
  return {};
}

void append_stand_in(std::string& copy, std::uint32_t low) {
  const std::uint32_t point = stand_ins + low;
  copy += stand_in_lead;
  copy += static_cast<char>(0x80u | ((point >> 6u) & 0x3Fu));
  copy += static_cast<char>(0x80u | (point & 0x3Fu));
}

void append_control(std::string& value, std::uint32_t low) {
  if (low < 0x80) {
    value += static_cast<char>(low);
  } else if (low < 0xA0) {
    value += '\xC2';
    value += static_cast<char>(low);
  } else {
    value += "\xEF\xBF";
    value += static_cast<char>(0x80u | (low & 0x3Fu));
  }
}

}  // namespace

YamlSource::YamlSource(std::string_view text, std::uint32_t begin, bool ascii)
    : text_(text), begin_(begin) {
  const std::string_view content = text_.substr(begin_);
  if (!ascii) count_wide();
  const bool any = has_ascii_control(content) ||
                   (!ascii && (content.find('\xC2') != std::string_view::npos ||
                               content.find("\xEF\xBF") != std::string_view::npos));
  if (any) replace_controls();
}

void YamlSource::count_wide() {
  std::uint32_t more = 0;
  for (std::size_t at = ascii_end(text_, begin_); at < text_.size();
       at = ascii_end(text_, at + 1)) {
    const auto character = static_cast<std::uint32_t>(at - begin_ - more);
    while (at + 1 < text_.size() && is_continuation(text_[at + 1])) {
      ++at;
      ++more;
    }
    wide_.emplace_back(character, more);
  }
}

void YamlSource::replace_controls() {
  std::size_t kept = begin_;
  for (std::size_t at = begin_; at < text_.size() && !refused_; ++at) {
    const Control control = control_at(text_, at);
    if (control.length == 0) continue;
    if (control.low == 0 || control.low == 4) refused_ = static_cast<std::uint32_t>(at);
    copy_ += text_.substr(kept, at - kept);
    append_stand_in(copy_, control.low);
    kept = at + control.length;
    at = kept - 1;
  }
  if (kept == begin_) return;
  if (text_.find(stand_in_lead) != std::string_view::npos)
    refused_ = static_cast<std::uint32_t>(text_.find(stand_in_lead));
  copy_ += text_.substr(kept);
  replaced_ = true;
}

std::string_view YamlSource::scanned() const { return replaced_ ? copy_ : text_.substr(begin_); }

std::uint32_t YamlSource::offset(std::size_t character) const {
  const auto next =
      std::lower_bound(wide_.begin(), wide_.end(), character,
                       [](const auto& wide, std::size_t wanted) { return wide.first < wanted; });
  const std::size_t more = next == wide_.begin() ? 0 : std::prev(next)->second;
  return static_cast<std::uint32_t>(std::min(begin_ + character + more, text_.size()));
}

void YamlSource::restore(std::string& value) const {
  if (!replaced_) return;
  std::size_t found = value.find(stand_in_lead);
  if (found == std::string::npos) return;
  std::string restored;
  std::size_t kept = 0;
  for (; found != std::string::npos; found = value.find(stand_in_lead, kept)) {
    restored.append(value, kept, found - kept);
    const std::uint32_t low =
        ((byte_at(value, found + 2) & 0x3Fu) << 6u | (byte_at(value, found + 3) & 0x3Fu)) & 0xFFu;
    append_control(restored, low);
    kept = found + 4;
  }
  restored.append(value, kept);
  value = std::move(restored);
}

}  // namespace refgate::lint
