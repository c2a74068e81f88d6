// Stored claims, queues and lines of the record are written by whoever can push. Whatever is read
// must be read the same again, and nothing may crash.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/claim/claim.h"
#include "core/claim/health.h"
#include "core/claim/queue.h"
#include "core/decision/decision.h"
#include "core/decision/run_state.h"
#include "core/governing/pause.h"
#include "core/policy/budget.h"
#include "core/record/folding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace refgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto decoded = decode_claim(text);
  if (const auto* claim = std::get_if<Claim>(&decoded)) {
    const auto again = decode_claim(encode_claim(*claim));
    if (!std::holds_alternative<Claim>(again) ||
        std::get<Claim>(again).generation != claim->generation)
      std::abort();
    Request request;
    request.event = "pull_request";
    request.nonce = "n";
    const Decision decision =
        decide(*claim, request, Policy{}, claim->claimed_at + std::chrono::hours(1));
    if ((decision.verdict == Verdict::run) != decision.next.has_value()) std::abort();
  }
  if (const auto entry = decode_entry(text)) {
    const auto again = decode_entry(encode_entry(entry->entry));
    if (!again || again->entry.id != entry->entry.id || !again->digest_fits) std::abort();
  }
  const auto line = decode_queue(text);
  if (const auto* queue = std::get_if<Queue>(&line)) {
    const auto again = decode_queue(encode_queue(*queue));
    if (!std::holds_alternative<Queue>(again) || std::get<Queue>(again).tickets != queue->tickets)
      std::abort();
    const Instant at = Instant(std::chrono::seconds(1'800'000'000));
    const Queue longer = with_ticket(*queue, {"fuzz", "refs/x", "1", "", "", "", at}, {}, at);
    if (!position(longer, "fuzz") || position(without_ticket(longer, "fuzz", at), "fuzz"))
      std::abort();
    if (is_forgettable(longer, at)) std::abort();
  }
  const auto paused = decode_pauses(text);
  if (const auto* pauses = std::get_if<Pauses>(&paused)) {
    const auto again = decode_pauses(encode_pauses(*pauses));
    if (!std::holds_alternative<Pauses>(again) || std::get<Pauses>(again) != *pauses) std::abort();
    PauseQuestion question;
    question.workflow = "CI";
    pause_of(*pauses, question, Instant(std::chrono::seconds(1'800'000'000)));
  }
  const NotesTree folded =
      fold_notes({}, {{{"9fceb02d0ae598e95dc970b74767f19372d61af8", std::string(text)}}});
  if (fold_notes(folded, {folded}) != folded) std::abort();
  if (const auto health = decode_health(text)) {
    answer(*health, health->renewed + std::chrono::minutes(1));
    if (decode_health(encode_health(*health)) != health) std::abort();
  }
  const auto ledger = decode_ledger(text);
  if (const auto* read = std::get_if<Ledger>(&ledger)) {
    const auto again = decode_ledger(encode_ledger(*read));
    if (!std::holds_alternative<Ledger>(again) || std::get<Ledger>(again) != *read) std::abort();
    for (const Launch& launch : read->launches)
      spent_until(*read, Budget{BudgetKind::actor, 2, std::chrono::hours(1)}, launch.at);
  }
  Holder holder;
  holder.run_id = "1";
  read_run_state(text, holder);
  return 0;
}
