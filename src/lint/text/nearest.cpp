#include "lint/text/nearest.h"

#include <cstddef>

namespace refgate::lint {

std::string unknown_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string message = "`" + std::string(word.substr(0, 80)) + "` is not known here; ";
  const std::string_view near = nearest(word, candidates);
  if (!near.empty()) return message + "did you mean `" + std::string(near) + "`?";
  message += "known: ";
  for (std::size_t index = 0; index < candidates.size(); ++index)
    message += (index == 0 ? "" : ", ") + std::string(candidates[index]);
  return message;
}

}  // namespace refgate::lint
