#include "runner/given_away.h"

#include <algorithm>
#include <array>

#include "core/secrets/token_shape.h"

namespace refgate {
namespace {

constexpr std::array<std::string_view, 6> token_variables{
    "REFGATE_TOKEN", "GITHUB_TOKEN",          "INPUT_TOKEN",
    "GH_TOKEN",      "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"};

}  // namespace

std::vector<KnownSecret> tokens_in_use(const Environment& environment) {
  std::vector<KnownSecret> tokens;
  for (const std::string_view name : token_variables)
    // What is shorter stands in any text.
    if (std::string value = environment.get(name); value.size() >= shortest_secret)
      tokens.push_back({std::string(name), std::move(value)});
  return tokens;
}

bool is_token_variable(std::string_view name) {
  return std::find(token_variables.begin(), token_variables.end(), name) != token_variables.end();
}

std::optional<GivenAway> what_it_gives_away(std::string_view text,
                                            const std::vector<KnownSecret>& secrets,
                                            std::span<const std::string> harmless) {
  if (const auto name = find_secret(text, secrets))
    return GivenAway{
        *name, (is_token_variable(*name) ? "the token in use (" : "the secret of a variable (") +
                   *name + ")"};
  const auto found = find_token_shape(text);
  if (!found || std::find(harmless.begin(), harmless.end(), found->shape) != harmless.end())
    return std::nullopt;
  const std::string shape(found->shape);
  return GivenAway{shape, "what looks like a token (" + shape + "…)"};
}

std::string without_tokens(std::string text, const Environment& environment) {
  const auto put = [&](std::size_t at, std::size_t size) { text.replace(at, size, "***"); };
  for (const KnownSecret& token : tokens_in_use(environment))
    for (std::size_t at = text.find(token.value); at != std::string::npos;
         at = text.find(token.value, at + 3))
      put(at, token.value.size());
  while (const auto found = find_token_shape(text))
    put(found->at, found->size);
  return text;
}

}  // namespace refgate
