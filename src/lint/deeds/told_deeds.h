#pragma once
// What an agent is told to do, by the words of its prompt and of the lists of its tools.

#include <string>
#include <string_view>
#include <vector>

#include "lint/deeds/deeds.h"
#include "lint/github/facts.h"

namespace refgate::lint {

/// What an agent is told: the inputs of its action, or the words of its command.
std::string told_to(const Step& launch, const Facts& facts);

/// What such a text says that is done, but for pushes.
std::vector<Deed> deeds_in(std::string_view text);

/// Whether such a text says that the agent pushes. What it forbids does not count.
bool is_told_to_push(const std::string& told);

}  // namespace refgate::lint
