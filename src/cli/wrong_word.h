#pragma once
// The words of a row of commands, and what is wrong with those that were typed.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call/command_row.h"

namespace refgate {

/// A word of `CommandRow::positional`, taken apart.
struct Positional {
  std::string name;
  bool required = true;
  bool any_number = false;
};

Positional positional_of(std::string_view text);

enum class Takes { nothing, a_value, perhaps_a_value };

/// Every option of a command by its name, and what may follow it.
std::map<std::string, Takes, std::less<>> options_of(const CommandRow& row);

/// The words that ask for help, and those of them that ask for all of it.
bool asks_for_help(std::string_view word);
bool asks_for_all_help(std::string_view word);

/// "session_key" → "SESSION_KEY"
std::string upper(std::string_view text);

/// "; did you mean --memory?", or nothing.
std::string meant(std::string_view nearest_word, std::string_view prefix = "");

struct LooseWords {
  std::vector<std::string> words;   ///< that are no option and no option's value
  std::vector<std::string> faults;  ///< of each option that there is not, what is to be told
};

/// Takes them out of the words after the first, for a command that goes on without them. Not an
/// option that may be a misspelt one of whose session is meant, or where it is.
LooseWords take_loose_words(const CommandRow& row, std::vector<std::string>& words);

/// The first wrong word in the order typed, told by its name; the parser's own words blame whatever
/// is left over at the end.
std::optional<std::string> wrong_word(const CommandRow& row, std::span<const std::string> words);

}  // namespace refgate
