#pragma once
// What services make their tokens look like, so that one is known without knowing its value.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace refgate {

struct FoundToken {
  std::string_view shape;  ///< what it begins with, "ghp_": what a message may say
  std::size_t at = 0;
  std::size_t size = 0;
};

/// The first text of a well-known shape: tokens of GitHub, GitLab, Slack, npm, PyPI, Docker and
/// Hugging Face, keys of AWS, Google, Stripe, Anthropic and OpenAI, JSON web tokens, private keys.
/// An object id of a commit is of none of them.
std::optional<FoundToken> find_token_shape(std::string_view text);

}  // namespace refgate
