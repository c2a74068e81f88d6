#include "job/end/session_cost.h"

#include <algorithm>
#include <ostream>
#include <variant>

#include "core/claim/claim.h"
#include "core/record/usage.h"
#include "core/words/shorten.h"
#include "os/file/regular_file.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t longest_shown = 80;

/// The file's end, where it is longer than is looked at: what a session cost is told last. Its
/// first line is most likely not whole then, and is left out.
std::variant<FileText, Unread> end_of_file(const std::string& path) {
  auto read = read_regular_file(path, longest_usage, Links::refused, FilePart::end);
  if (auto* text = std::get_if<FileText>(&read); text != nullptr && text->cut)
    text->bytes.erase(0, std::min(text->bytes.find('\n'), text->bytes.size()));
  return read;
}

class Telling {
 public:
  explicit Telling(const Invocation& call) : call_(call) {}

  void warn(const std::string& text) const {
    call_.err << "refgate: " << escape_for(Place::line, text) << "\n"
              << annotation(call_.environment, "warning", "refgate: the cost is not recorded",
                            text);
  }

  void left_out(const char* name, const std::string& said, const std::string& must_be) const {
    warn(said_as(call_, name) + " is \"" + shortened(said, longest_shown) + "\", but must be " +
         must_be + "; it is left out");
  }

 private:
  const Invocation& call_;
};

}  // namespace

Spent spent_of(const Invocation& call, const Settings& settings) {
  const Telling tell(call);
  Spent spent;
  if (!settings.cost.empty() && !(spent.cost = parse_usd(settings.cost)))
    tell.left_out("cost", settings.cost, "an amount in US dollars from 0 to 1000000, such as 1.23");
  if (!settings.tokens.empty() && !(spent.tokens = parse_tokens(settings.tokens)))
    tell.left_out("tokens", settings.tokens, "a whole number up to " + std::to_string(most_tokens));
  if (settings.usage.empty() || (spent.cost && spent.tokens)) return spent;
  const auto file = end_of_file(settings.usage);
  const Usage usage = std::holds_alternative<Unread>(file)
                          ? Usage{{}, "it cannot be read: " + std::get<Unread>(file).why}
                          : read_usage(std::get<FileText>(file).bytes);
  if (!usage.problem.empty())
    tell.warn((usage.spent.is_said() ? "a part of the usage file " : "the usage file ") +
              shortened(settings.usage, bounds::word) + " does not count, since " + usage.problem +
              "; the session is ended all the same");
  if (!spent.cost) spent.cost = usage.spent.cost;
  if (!spent.tokens) spent.tokens = usage.spent.tokens;
  return spent;
}

}  // namespace refgate
