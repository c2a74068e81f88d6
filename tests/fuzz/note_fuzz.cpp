// The job's own files and questions are written by whatever runs in the job. Whatever is read must
// be read the same again, and what a note says may name nothing but a claim of the step's
// namespace.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "job/note/claim_note.h"
#include "job/note/heartbeat_socket.h"
#include "job/note/observation.h"
#include "job/note/told_skip.h"
#include "job/subject/own_claims.h"

namespace {

using namespace refgate;

// Not assert: that would vanish in a release build.
void demand(bool holds) {
  if (!holds) std::abort();
}

void check_note(ClaimNote note) {
  const auto again = decode_note(encode_note(note));
  demand(again && again->ref == note.ref && again->remote == note.remote &&
         again->version == note.version && again->expected == note.expected &&
         again->phase == note.phase && again->claim.claim_id == note.claim.claim_id);
  if (!misnamed(note.ref, "refgate"))
    demand(note.ref.starts_with("refs/refgate/claims/") &&
           note.ref.find("..") == std::string::npos && note.ref.find("//") == std::string::npos &&
           note.ref.find_first_of(std::string_view("\0\n ~^:?*[\\\x7f", 11)) == std::string::npos);
  Self self;
  self.in_actions = true;
  self.run_id = "7";
  self.run_attempt = "1";
  self.job = "agent";
  Settings settings;
  settings.name_space = "refgate";
  const bool fits = !disproven(note, settings, self);
  demand(!fits || note.claim.holder.run_id == "7");
  // What is left as the remote's value is proven by the very object.
  demand(!fits || !note.version || proven(note, self).version == note.version);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto note = decode_note(text)) check_note(*std::move(note));
  if (const auto skip = decode_told_skip(text)) {
    const auto again = decode_told_skip(encode_told_skip(*skip, skip->runner_job));
    demand(again && again->ref == skip->ref && again->own_failure == skip->own_failure &&
           again->caller.run_id == skip->caller.run_id);
  }
  if (const auto seen = decode_observation(text)) {
    const auto again = decode_observation(encode_observation(*seen, seen->runner_job));
    demand(again && again->ref == seen->ref && again->nonce == seen->nonce &&
           again->would_skip == seen->would_skip && again->since == seen->since);
  }
  if (const auto question = decode_question(text)) {
    const auto again = decode_question(encode_question(*question));
    demand(again && again->status == question->status && again->within == question->within &&
           again->until == question->until && again->spent == question->spent);
  }
  return 0;
}
