#pragma once
// What the words of a refusal say about trying again. Never what became of a ref: the words of
// servers differ, and only a look tells that.

#include <span>
#include <string>
#include <string_view>

namespace refgate {

/// Whether one of the signs stands in the words, which are lower-case as the signs are.
bool speaks_of(const std::string& words, std::span<const char* const> signs);

/// True for what asks to be slower: the same push is taken a while later.
bool asks_for_patience(std::string_view words);

/// True for what will be said again: what a hook or a rule says, a name that clashes with another
/// ref's, and everything that is not known to pass, as a lock does.
bool stands(std::string_view words);

}  // namespace refgate
