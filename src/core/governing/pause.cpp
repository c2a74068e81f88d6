#include "core/governing/pause.h"

#include <algorithm>
#include <array>

#include "core/event/scope.h"
#include "core/text/json.h"
#include "core/text/lower.h"
#include "core/text/record_json.h"
#include "core/text/shell_word.h"
#include "core/words/nearest.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

using nlohmann::json;
using record::list, record::member, record::text;

// The first version of this record is the second of the format: older programs know none of it.
constexpr unsigned pause_version = 2;
constexpr record::Form form{.what = "pause", .version = pause_version};
constexpr std::size_t longest_reason = 512;

constexpr std::array<EnumName<PauseKind>, 5> kinds{{{PauseKind::all, "all"},
                                                    {PauseKind::repo, "repo"},
                                                    {PauseKind::workflow, "workflow"},
                                                    {PauseKind::share, "share"},
                                                    {PauseKind::actor, "actor"}}};

/// "owner/name" of the page of a run on any host; empty when it is none.
std::string repository_of(std::string_view run_url) {
  const std::size_t scheme = run_url.find("://");
  const std::size_t run = run_url.find("/actions/runs/");
  if (scheme == std::string_view::npos || run == std::string_view::npos) return {};
  const std::size_t host_end = run_url.find('/', scheme + 3);
  if (host_end >= run) return {};
  return std::string(run_url.substr(host_end + 1, run - host_end - 1));
}

Pause read_pause(const json& object) {
  Pause pause;
  const auto subject = parse_pause_subject(text(object, "subject"));
  if (const auto* error = std::get_if<std::string>(&subject)) throw record::Broken(*error);
  pause.subject = std::get<PauseSubject>(subject);
  pause.since = record::instant(object, "since");
  pause.until = record::optional_instant(object, "until");
  const json& halt = member(object, "halt");
  if (!halt.is_boolean()) throw record::Broken("\"halt\" is neither true nor false");
  pause.halt = halt.get<bool>();
  pause.who = text(object, "who");
  pause.reason = text(object, "reason");
  return pause;
}

}  // namespace

std::string pause_ref(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/pause";
}

std::variant<PauseSubject, std::string> parse_pause_subject(std::string_view text) {
  if (text == name_in(kinds, PauseKind::all)) return PauseSubject{};
  if (text.size() > bounds::word) return "the subject is over 256 bytes long";
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const auto kind = find_in(kinds, word);
  if (!kind || kind == PauseKind::all || colon == std::string_view::npos ||
      colon + 1 == text.size()) {
    const std::string_view near = nearest(word, {"repo", "workflow", "share", "actor"});
    return "the subject is \"" + std::string(text) +
           "\", but must be repo:OWNER/NAME, workflow:NAME, share:NAME or actor:LOGIN, or be left "
           "out" +
           (near.empty() || kind ? "" : "; did you mean " + std::string(near) + ":?");
  }
  return PauseSubject{*kind, std::string(text.substr(colon + 1))};
}

// Names of owners, repositories and people hold neither blanks nor slashes (GitHub, "Repository
// naming", "Username considerations"); an app's login ends in "[bot]".
std::string why_it_stops_nobody(const PauseSubject& subject) {
  const std::string& value = subject.value;
  const auto is_blank = [](unsigned char c) { return c <= 0x20 || c == 0x7f; };
  const bool has_blank = std::ranges::any_of(value, is_blank);
  const auto slashes = std::ranges::count(value, '/');
  if (subject.kind == PauseKind::repo &&
      (has_blank || slashes != 1 || value.starts_with('/') || value.ends_with('/')))
    return "the subject is \"repo:" + value + "\", but a repository is repo:OWNER/NAME";
  if (subject.kind == PauseKind::actor && (has_blank || slashes != 0))
    return "the subject is \"actor:" + value + "\", but a login holds neither blanks nor slashes";
  return {};
}

std::string name_of(const PauseSubject& subject) {
  std::string name(name_in(kinds, subject.kind));
  if (subject.kind != PauseKind::all) name += ":" + subject.value;
  return name;
}

bool stops(const PauseSubject& subject, const PauseQuestion& question) {
  const std::string& value = subject.value;
  switch (subject.kind) {
    case PauseKind::all:
      return true;
    case PauseKind::repo:
      return same_but_for_case(value, question.repository);
    case PauseKind::workflow:
      return value == question.workflow || value == question.workflow_file ||
             question.workflow_file.ends_with("/" + value);
    case PauseKind::share:
      return value == question.share;
    case PauseKind::actor:
      return std::any_of(question.actors.begin(), question.actors.end(),
                         [&](const std::string& actor) { return same_but_for_case(value, actor); });
  }
  return true;
}

PauseQuestion question_of(const Claim& claim, std::string_view ref) {
  PauseQuestion question;
  question.repository = repository_of(claim.holder.run_url);
  question.workflow = claim.workflow;
  question.actors = {claim.holder.actor};
  const RefShare share = share_of(ref);
  question.workflow_file = share.is_name ? claim.workflow_file : share.text;
  if (share.is_name) question.share = share.text;
  return question;
}

bool is_over(const Pause& pause, Instant now) { return pause.until && now >= *pause.until; }

const Pause* pause_of(const Pauses& pauses, const PauseQuestion& question, Instant now) {
  const Pause* longest = nullptr;
  for (const Pause& pause : pauses.list) {
    if (is_over(pause, now) || !stops(pause.subject, question)) continue;
    if (!pause.until) return &pause;
    if (longest == nullptr || *pause.until > *longest->until) longest = &pause;
  }
  return longest;
}

std::optional<Pauses> with_pause(Pauses pauses, Pause pause, Instant now) {
  pauses = without_pause(std::move(pauses), pause.subject, now);
  if (pauses.list.size() >= most_pauses) return std::nullopt;
  pause.who = shortened(pause.who, bounds::word);
  pause.reason = shortened(pause.reason, longest_reason);
  pauses.list.push_back(std::move(pause));
  return pauses;
}

Pauses without_pause(Pauses pauses, const std::optional<PauseSubject>& subject, Instant now) {
  std::erase_if(pauses.list, [&](const Pause& pause) {
    return !subject || is_over(pause, now) || pause.subject == *subject;
  });
  return pauses;
}

std::string describe(const Pause& pause) {
  std::string told = "Paused";
  if (pause.subject.kind != PauseKind::all) told += " (" + name_of(pause.subject) + ")";
  if (!pause.who.empty()) told += " by " + pause.who;
  told += " since " + format_second(pause.since);
  told += pause.until ? ", until " + until_text(*pause.until) : ", until somebody resumes it";
  if (!pause.reason.empty()) told += ": " + pause.reason;
  return told;
}

std::string how_to_resume(const PauseSubject& subject) {
  if (subject.kind == PauseKind::all) return "refgate resume all";
  return "refgate resume " + shell_word(name_of(subject));
}

AuditEntry pause_line(const Pause& pause, EntryKind kind, std::string_view nonce, Instant now) {
  AuditEntry line;
  line.session_key = name_of(pause.subject);
  line.timestamp = now;
  line.kind = kind;
  line.id = entry_id(nonce, 0, kind, name_of(pause.subject));
  // No session's line: who counts what was prevented passes over it.
  line.executed = true;
  line.job_status = kind == EntryKind::resume ? "resumed" : pause.halt ? "halted" : "paused";
  line.actor = shortened(pause.who, bounds::word);
  line.reason = shortened(pause.reason, bounds::reason);
  line.until = pause.until;
  return line;
}

std::string encode_pauses(const Pauses& pauses) {
  json record = {{"version", pause_version}, {"pauses", json::array()}};
  for (const Pause& pause : pauses.list) {
    json object = {{"subject", name_of(pause.subject)},
                   {"since", format_rfc3339(pause.since)},
                   {"halt", pause.halt},
                   {"who", pause.who},
                   {"reason", pause.reason}};
    if (pause.until) object["until"] = format_rfc3339(*pause.until);
    record["pauses"].push_back(std::move(object));
  }
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Pauses, ClaimError> decode_pauses(std::string_view source) {
  const auto error_of = [](const record::Problem& problem) {
    return ClaimError{
        problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
        problem.message};
  };
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  try {
    Pauses pauses;
    for (const json& object : list(std::get<json>(opened), "pauses", most_pauses))
      pauses.list.push_back(read_pause(object));
    return pauses;
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

}  // namespace refgate
