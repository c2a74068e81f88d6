#pragma once
// Names that somebody chose and that are meant to be equal.

#include <string_view>

namespace refgate::lint {

/// Whether two names differ only as one hand writes one name on two days: in case, separators or a
/// plural, or by one slip within a word. Numbers, single letters and other words are meant. Equal
/// names are not near.
bool are_near_names(std::string_view left, std::string_view right);

}  // namespace refgate::lint
