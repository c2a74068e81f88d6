#include "job/verdict/glance.h"

#include <algorithm>

#include "core/record/result.h"
#include "core/text/shell_word.h"
#include "core/words/age.h"
#include "core/words/sentence.h"
#include "runner/runner.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// What GitHub shows of an annotation before it folds it.
constexpr std::size_t longest_sentence = 200;

/// For those who have neither the program nor a token at hand.
constexpr std::string_view stuck_page =
    "https://github.com/refgate/refgate/blob/main/docs/stuck.md#by-a-button";

std::string markdown(std::string_view text) { return escape_for(Place::markdown, text); }

/// A code span shows entities as they are written, so only harmless words stand in one.
std::string code(std::string_view text) {
  const bool harmless = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == ' ' || c == '_' || c == '-' || c == '/' || c == '.' ||
           c == ':';
  });
  return harmless && !text.empty() ? "`" + std::string(text) + "`" : markdown(text);
}

/// Escaped Markdown in bold: a blank before the marks that close it would leave them standing.
std::string bold(std::string markdown) {
  markdown.erase(markdown.find_last_not_of(' ') + 1);
  return "**" + markdown + "**";
}

std::string run_of(const Claim& claim) {
  return claim.holder.run_id.empty() ? "another caller" : "run " + claim.holder.run_id;
}

/// ", one by --share": why what another event or job does counts for this one.
std::string joined(const Told& told) {
  std::string text;
  for (const std::string& word : told.joined_by)
    text += (text.empty() ? ", one by " : " and ") + word.substr(0, word.find(' '));
  return text;
}

std::string by_whom(const Claim& claim) {
  std::string text = claim.event;
  if (!claim.holder.actor.empty()) text += " by " + claim.holder.actor;
  if (claim.holder.run_attempt > 1) text += ", attempt " + std::to_string(claim.holder.run_attempt);
  return text;
}

bool is_no_answer(ReasonCode code) {
  return code == ReasonCode::unreachable || code == ReasonCode::denied ||
         code == ReasonCode::unreadable || code == ReasonCode::read_only;
}

/// The sentence in parts, so that the run's name can become a link.
struct Parts {
  std::string before;
  std::string run;  ///< or empty
  std::string after;
  std::string detail;  ///< in brackets behind it; or empty
  std::string url;     ///< of the run
};

/// Up to the first full stop or semicolon that ends a clause, without the addresses that are
/// appended to what they are the pages of.
std::string first_clause(const std::string& reason) {
  std::string clause = reason.substr(0, std::min(reason.find(". "), reason.find("; ")));
  for (const std::string_view scheme : {", https://", ", http://"})
    for (std::size_t at = clause.find(scheme); at != std::string::npos; at = clause.find(scheme))
      clause.erase(at, std::min(clause.find_first_of(" ,", at + 2), clause.size()) - at);
  return clause;
}

bool is_in_line(const Told& told) {
  return told.head && (told.code == ReasonCode::queued || told.code == ReasonCode::wait_expired);
}

Parts parts_in_line(const Told& told, Instant now) {
  const Ticket& head = *told.head;
  return {"Not run, and nobody does this work: place " + std::to_string(told.position) + " " +
              told.line + ", at its head ",
          head.run_id.empty() ? "a caller without a run id" : "run " + head.run_id,
          {},
          head.event + (now - head.arrived_at < 1s
                            ? std::string(", has just joined the line")
                            : ", in line since " + in_seconds(now - head.arrived_at)),
          head.run_url};
}

Parts parts_of(const Told& told, Instant now) {
  if (is_in_line(told)) return parts_in_line(told, now);
  if (told.code == ReasonCode::superseded && !told.holder_run_id.empty())
    return {"Not run: a newer head of this branch came, by ",
            "run " + told.holder_run_id,
            {},
            {},
            told.holder_run_url};
  if (told.code == ReasonCode::budget || told.code == ReasonCode::breaker) {
    // It is not about the claim that the scope remembers.
    const std::string clause = uncapitalised(first_clause(told.reason));
    return {std::string("Not run, and nobody ") + (told.holder ? "has done" : "does") +
                " this work: " + clause,
            {},
            {},
            {},
            {}};
  }
  if (!told.holder || told.code == ReasonCode::paused || told.code == ReasonCode::claim_lost) {
    // A pause is told before any claim is looked at, and by itself ends nobody's session; an older
    // head is wanted by nobody any more.
    const bool silent = is_promise(told.code) || told.code == ReasonCode::paused ||
                        told.code == ReasonCode::claim_lost || told.code == ReasonCode::superseded;
    return {(silent ? "Not run: " : "Not run, and nobody does this work: ") +
                uncapitalised(first_clause(told.reason)),
            {},
            {},
            {},
            {}};
  }
  const Claim& claim = *told.holder;
  const std::string ended = claim.ended_at ? ", ended with " + std::string(name_of(claim.outcome)) +
                                                 " " + age(*claim.ended_at, now)
                                           : "";
  const bool live = claim.state != ClaimState::ended;
  if (told.code == ReasonCode::queued && live)
    return {"Not run, and nobody does this work yet: ",
            run_of(claim),
            " waits for its turn",
            by_whom(claim),
            {}};
  if (told.code == ReasonCode::wait_expired && live)
    return {"Not run, and the work has not ended in time: ",
            run_of(claim),
            " still has it",
            by_whom(claim),
            {}};
  if (is_promise(told.code) && live)
    return {"Not run: ",
            run_of(claim),
            now - claim.claimed_at < 1s
                ? " has just begun this work"
                : " is doing this work since " + in_seconds(now - claim.claimed_at),
            by_whom(claim) + joined(told),
            {}};
  if (is_promise(told.code))
    return {"Not run again: ",
            run_of(claim),
            " did this work",
            by_whom(claim) + ended + joined(told),
            {}};
  if (told.code == ReasonCode::retry_suppressed)
    return {"Not run again, and nobody has done this work: ",
            run_of(claim),
            claim.outcome == ClaimOutcome::failure ? " failed" : " did not finish it",
            by_whom(claim) + ended + joined(told),
            {}};
  // What these say of time and number, with the run once.
  const std::string it = claim.outcome == ClaimOutcome::success
                             ? "Not run: this work "
                             : "Not run, and nobody has done this work: it ";
  const std::string until = told.until ? " until " + format_second(*told.until) : "";
  if (told.code == ReasonCode::cooldown)
    return {it + "cools down" + until + ", after ", run_of(claim), {}, by_whom(claim) + ended, {}};
  if (told.code == ReasonCode::max_attempts)
    return {it + "was launched " + std::to_string(claim.attempts) +
                (claim.attempts == 1 ? " time" : " times") + ", all that is allowed" + until +
                ", last by ",
            run_of(claim),
            {},
            by_whom(claim) + ended,
            {}};
  return {
      "Not run, and nobody has done this work: " + first_clause(told.reason) + ". The last was ",
      run_of(claim),
      "",
      by_whom(claim) + ended,
      {}};
}

std::string plain(const Parts& parts) {
  return parts.before + parts.run + parts.after +
         (parts.detail.empty() ? "" : " (" + parts.detail + ")");
}

/// In bold, the run's name a link.
std::string sentence_of(const Parts& parts, const Told& told) {
  return bold(markdown(parts.before) +
              (parts.run.empty() ? ""
                                 : markdown_link(parts.run, parts.url.empty() ? told.holder_run_url
                                                                              : parts.url)) +
              markdown(parts.after));
}

/// At most so many bytes. It ends at a word, so that no address is cut; of one word that is longer,
/// between two characters.
std::string shortened(std::string text) {
  if (text.size() <= longest_sentence) return text;
  std::size_t end = longest_sentence - std::string_view("…").size();
  if (const std::size_t blank = text.rfind(' ', end); blank != std::string::npos && blank > 0) {
    end = blank;
    while (end > 0 && std::string_view(" ,;:(").find(text[end - 1]) != std::string_view::npos)
      --end;
  }
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
    --end;
  return text.substr(0, end) + "…";
}

/// The whole sentence, for a log that knows no links.
std::string line_of(const Parts& parts, const Told& told) {
  const std::string& url = parts.url.empty() ? told.holder_run_url : parts.url;
  return plain(parts) + (parts.run.empty() || url.empty() ? "" : ", " + url);
}

/// By its run where that is one of GitHub's.
std::string how_to_free(const std::string& run_id, const std::string& session_key) {
  const bool is_run =
      !run_id.empty() && run_id.find_first_not_of("0123456789") == std::string::npos;
  const std::string free_it =
      code("refgate release " + shell_word(is_run ? run_id : session_key) + " --reason why");
  return free_it.starts_with('`') ? free_it : "`refgate release` of it, with a reason";
}

/// The one thing to do when the skip is wrong; or empty.
std::string cure_of(const Told& told) {
  if (told.code == ReasonCode::paused)
    return "The command that lifts it stands below; then " +
           (told.run_url.empty() ? "ask again" : markdown_link("re-run this run", told.run_url));
  if (is_in_line(told))
    return "Stuck? " + how_to_free(told.head->run_id, told.head->event) +
           " frees the head, or [a button](" + std::string(stuck_page) + ")";
  if (told.code == ReasonCode::breaker || told.code == ReasonCode::budget)
    return std::string(told.code == ReasonCode::breaker
                           ? "The command that forgets the failures stands below; then, or "
                           : "The command that tells what spent it stands below; ") +
           (told.until ? "after " + format_second(*told.until) : "when it has passed") + ", " +
           (told.run_url.empty() ? "ask again" : markdown_link("re-run this run", told.run_url));
  if (!told.holder) return {};
  const Claim& claim = *told.holder;
  const std::string command = how_to_free(claim.holder.run_id, claim.session_key);
  if (claim.state != ClaimState::ended)
    return "Stuck? " + command + " frees it, or [a button](" + std::string(stuck_page) + ")";
  return "Wrong? Free it by " + command + " or [a button](" + std::string(stuck_page) + "), then " +
         (told.run_url.empty() ? "ask again" : markdown_link("re-run this run", told.run_url));
}

std::string row(std::string_view name, const std::string& value) {
  return value.empty() ? std::string() : "| " + std::string(name) + " | " + value + " |\n";
}

std::string details(const Told& told) {
  // Within a line of HTML no Markdown is read.
  return "<details><summary>Why: <code>" + std::string(name_of(told.code)) +
         "</code></summary>\n\n| refgate | " +
         (told.verdict == Verdict::skip ? "⏭️ skipped"
          : told.would_skip             ? "👀 runs, observed"
                                        : "▶️ runs") +
         " |\n| --- | --- |\n" + row("Session", markdown(told.session_key)) +
         row("Reason", markdown(told.reason)) +
         row("Holder", markdown_link(told.holder_run_id, told.holder_run_url)) +
         row("Generation", told.generation == 0 ? "" : std::to_string(told.generation)) +
         row("Group", markdown(told.group)) +
         row("Place", told.position == 0 ? "" : std::to_string(told.position)) + "\n</details>\n\n";
}

}  // namespace

std::string markdown_link(std::string_view text, std::string_view url) {
  const bool web = url.starts_with("https://") || url.starts_with("http://");
  const bool harmless = url.find_first_of(" \t\r\n()<>[]`\"'\\|") == std::string_view::npos;
  if (text.empty()) text = url;
  if (!web || !harmless) return markdown(text);
  return "[" + markdown(text) + "](" + std::string(url) + ")";
}

Glance glance_of(const Told& told, Instant now) {
  Glance glance;
  if (told.code == ReasonCode::same_run) {
    glance.level = "warning";
    glance.sentence = glance.line =
        "Runs beside a job that cannot be told from it, so that neither stands for the other. "
        "The input dimensions, or another job name, tells them apart";
    glance.summary = "\n⚠️ **" + glance.sentence + "**.\n\n" + details(told);
    return glance;
  }
  if (told.would_skip) {
    Parts parts = parts_of(told, now);
    parts.before = "Observed, it runs; enforcing would say: " + parts.before;
    glance.level = "notice";
    glance.sentence = shortened(plain(parts));
    glance.line = line_of(parts, told);
    glance.summary = "\n👀 " + sentence_of(parts, told) +
                     (parts.detail.empty() ? "" : " (" + markdown(parts.detail) + ")") + ".\n\n" +
                     details(told);
    return glance;
  }
  if (told.verdict == Verdict::run) {
    if (told.observing && is_no_answer(told.code)) {
      glance.level = "warning";
      glance.sentence = shortened(told.reason);
    }
    glance.line = "Runs: " + first_clause(told.reason);
    glance.summary =
        "\n▶️ **Runs**: " + markdown(first_clause(told.reason)) + "\n\n" + details(told);
    return glance;
  }
  const Parts parts = parts_of(told, now);
  const bool promised = is_promise(told.code) && !told.own_failure;
  glance.level = told.red ? "error" : promised ? "notice" : "warning";
  glance.sentence = shortened(plain(parts));
  glance.line = line_of(parts, told);
  glance.summary = std::string("\n") + (promised ? "⏭️" : "⚠️") + " " +
                   sentence_of(parts, told) +
                   (parts.detail.empty() ? "" : " (" + markdown(parts.detail) + ")") + ".";
  if (told.red) glance.summary += " This step follows that work, and is red until it is done.";
  if (told.own_failure) glance.summary += " It is this run's own, so that this job ends red.";
  if (!told.result_id.empty())
    glance.summary += " Result: " + code(how_to_get(told.result_id)) + ".";
  if (const std::string cure = cure_of(told); !cure.empty()) glance.summary += " " + cure + ".";
  glance.summary += "\n\n" + details(told);
  return glance;
}

std::string glance_at_end(const std::string& session_key, std::string_view outcome, Duration took) {
  const char* mark = outcome == "success" ? "✅" : outcome == "failure" ? "❌" : "⏹️";
  return std::string("\n") + mark + " **The session ended with " + markdown(outcome) + "** " +
         (took < 1s ? "within a second" : "after " + in_seconds(took)) + " (" +
         markdown(session_key) + ").\n\n";
}

}  // namespace refgate
