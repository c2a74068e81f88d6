#include "os/process/child_environment.h"

#include <charconv>
#include <map>
#include <optional>
#include <set>

extern char** environ;

namespace refgate {
namespace {

constexpr std::string_view key_prefix = "GIT_CONFIG_KEY_";
constexpr std::string_view value_prefix = "GIT_CONFIG_VALUE_";
constexpr std::string_view count_name = "GIT_CONFIG_COUNT";

/// More settings than anybody passes: a count is anybody's number.
constexpr unsigned most_settings = 1000;

std::optional<unsigned> number_of(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// n of GIT_CONFIG_KEY_n and GIT_CONFIG_VALUE_n.
std::optional<unsigned> setting_number(std::string_view name) {
  for (const std::string_view prefix : {key_prefix, value_prefix})
    if (name.starts_with(prefix)) return number_of(name.substr(prefix.size()));
  return std::nullopt;
}

std::string_view name_in(std::string_view entry) { return entry.substr(0, entry.find('=')); }

std::string_view value_in(std::string_view entry) {
  const std::size_t end = entry.find('=');
  return end == std::string_view::npos ? std::string_view() : entry.substr(end + 1);
}

}  // namespace

std::vector<std::string> without_withheld(const std::vector<std::string>& inherited,
                                          const IsWithheld& is_withheld) {
  std::vector<std::string> kept;
  std::map<unsigned, std::pair<std::string, std::string>> settings;
  std::set<unsigned> withheld;
  std::optional<unsigned> count;
  for (const std::string& entry : inherited) {
    const std::string_view name = name_in(entry);
    const auto number = setting_number(name);
    if (is_withheld(name, value_in(entry))) {
      if (number) withheld.insert(*number);
      continue;
    }
    if (name == count_name && number_of(value_in(entry)).value_or(most_settings) < most_settings) {
      count = number_of(value_in(entry));
    } else if (number) {
      auto& [key, value] = settings[*number];
      (name.starts_with(key_prefix) ? key : value) = value_in(entry);
    } else {
      kept.push_back(entry);
    }
  }
  const auto put = [&](std::string_view prefix, unsigned number, const std::string& text) {
    kept.push_back(std::string(prefix) + std::to_string(number) + "=" + text);
  };
  unsigned next = 0;
  for (const auto& [number, setting] : settings) {
    if (withheld.contains(number)) continue;
    // What is not counted is nothing to git, and stays out of the way.
    const bool counts = count && number < *count;
    put(key_prefix, counts ? next : number, setting.first);
    put(value_prefix, counts ? next : number, setting.second);
    if (counts) ++next;
  }
  if (count) kept.push_back(std::string(count_name) + "=" + std::to_string(next));
  return kept;
}

std::vector<std::string> own_environment(const IsWithheld& is_withheld) {
  std::vector<std::string> inherited;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    inherited.emplace_back(*entry);
  return without_withheld(inherited, is_withheld);
}

std::vector<char*> exec_pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace refgate
