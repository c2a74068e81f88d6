// matrix: the unique members of a list, for fromJSON() in a later job's strategy.

#include <ostream>

#include "call/commands.h"
#include "call/content.h"
#include "cli/input/matrix_input.h"
#include "runner/runner.h"

namespace refgate {
namespace {

constexpr std::size_t most_drops_told = 20;
constexpr std::size_t longest_id_told = 120;

std::string text_of(const Invocation& call) {
  const bool by_argument = !call.arguments[0].empty();
  if (by_argument && call.flag("file"))
    throw UsageError("the list is given twice, as an argument and by --file");
  if (by_argument) return call.arguments[0];
  Content content = read_content(call.option("file", "-"), longest_matrix_text);
  if (content.end == ContentEnd::too_long) throw UsageError("the list is over 1 MiB long");
  return std::move(content.bytes);
}

void tell_drop(std::ostream& err, const MatrixDrop& drop) {
  std::string id = drop.id;
  if (id.size() > longest_id_told) id = id.substr(0, longest_id_told) + "…";
  err << "refgate: member " << drop.position << " is dropped: " << escape_for(Place::line, id)
      << " is member " << drop.first
      << (drop.differs ? " already, with other contents" : " already") << "\n";
}

}  // namespace

int command_matrix(const Invocation& call) {
  MatrixIdentity identity;
  identity.id_key = call.option("id", identity.id_key);
  identity.whole = call.flag("whole");
  if (identity.whole && call.flag("id"))
    throw UsageError("--whole needs no id: leave out --id, or --whole");
  if (identity.id_key.empty()) throw UsageError("--id is empty");

  const auto read = unique_members(text_of(call), identity);
  if (const auto* error = std::get_if<MatrixError>(&read)) {
    const bool is_a_name =
        !call.arguments[0].empty() && call.arguments[0].find_first_of("[{\"") == std::string::npos;
    throw UsageError("no matrix: " + error->message +
                     (is_a_name ? " (a file is given by --file)" : ""));
  }
  const auto& input = std::get<MatrixInput>(read);
  for (std::size_t i = 0; i < input.dropped.size() && i < most_drops_told; ++i)
    tell_drop(call.err, input.dropped[i]);
  if (input.dropped.size() > most_drops_told)
    call.err << "refgate: and " << input.dropped.size() - most_drops_told << " more are dropped\n";
  if (input.count == 0)
    call.err << "refgate: the list is empty, and GitHub fails a job with an empty matrix: guard it "
                "by the output count\n";
  if (input.count > most_matrix_jobs)
    call.err << "refgate: the list has " << input.count << " members, and GitHub starts at most "
             << most_matrix_jobs << " jobs of a matrix\n";

  call.out << input.json << "\n";
  const Outputs outputs{{"matrix", input.json},
                        {"count", std::to_string(input.count)},
                        {"dropped", std::to_string(input.dropped.size())}};
  write_outputs(call.environment, outputs);
  return exit_done;
}

}  // namespace refgate
