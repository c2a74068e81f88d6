#include "job/subject/patch_question.h"

#include <chrono>
#include <cstdio>

#include "core/event/patch.h"
#include "runner/rest_api.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_bytes = 8'000'000;

/// As one part of a URL's path.
std::string escaped(const std::string& text) {
  static constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  std::string result;
  for (const char letter : text) {
    if (plain.find(letter) != std::string_view::npos) {
      result += letter;
      continue;
    }
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X",
                  static_cast<unsigned>(static_cast<unsigned char>(letter)));
    result += code;
  }
  return result;
}

}  // namespace

AskedPatch ask_patch(const Invocation& call, const Settings& settings, const Event& event) {
  if (call.flag("offline")) return {std::nullopt, "it is not asked for with --offline"};
  if (!event.change) return {std::nullopt, "the payload does not say from where to where"};
  const BroughtChange& change = *event.change;
  if (event.repository.empty()) return {std::nullopt, "it is not known of which repository"};
  std::string remote;
  try {
    remote = resolve_remote(settings, call.environment).address;
  } catch (const UsageError&) {
    // Who only explains an event may have no store at all.
  }
  const ApiAnswer answer = ask_api(call.environment, remote,
                                   {.path = "/repos/" + event.repository + "/compare/" +
                                            escaped(change.base) + "..." + escaped(change.head),
                                    .accept = "application/vnd.github.diff",
                                    .longest = 5s,
                                    .most_bytes = most_bytes,
                                    .without_token = true},
                                   std::chrono::steady_clock::now() + 5s);
  if (!answer.wrong.empty()) return {std::nullopt, answer.wrong};
  if (answer.body.empty()) return {std::nullopt, "nothing is changed"};
  const auto digest = digest_of_patch(answer.body);
  if (!digest) return {std::nullopt, "the API's answer is no whole diff"};
  return {digest, ""};
}

}  // namespace refgate
