// log: the lines of the record, those that are asked for.

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>

#include "call/commands.h"
#include "core/decision/decision.h"
#include "core/text/json.h"
#include "core/words/nearest.h"
#include "runner/runner.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/reading_options.h"
#include "view/screen.h"
#include "view/table.h"
#include "view/target.h"

namespace refgate {
namespace {

/// What a line must have; an empty text is not asked for.
struct Filter {
  std::optional<Target> target;
  std::optional<Target> run;
  std::string commit;
  std::string workflow;
  std::string reason;
  std::string kind;
  bool executed = false;
  bool prevented = false;

  /// All but what the targets name.
  bool takes(const AuditEntry& entry) const {
    return entry.commit_sha.starts_with(commit) &&
           (workflow.empty() || entry.workflow == workflow) &&
           (reason.empty() || entry.reason_code == reason) &&
           (kind.empty() || name_of(entry.kind) == kind) && (!executed || entry.executed) &&
           (!prevented || !entry.executed);
  }
};

/// One of a fixed list of words, or the nearest of them is named. Throws UsageError.
std::string word_option(const Invocation& call, const std::string& name,
                        const std::vector<std::string_view>& known) {
  const std::string word = call.option(name);
  if (word.empty() || std::find(known.begin(), known.end(), word) != known.end()) return word;
  const std::string_view near = nearest(word, known);
  std::string words;
  for (const std::string_view each : known)
    words += (words.empty() ? "" : ", ") + std::string(each);
  throw UsageError("--" + name + " is \"" + said_word(word) + "\"" +
                   (near.empty() ? ", but must be one of " + words
                                 : "; did you mean " + std::string(near) + "?") +
                   "; nothing was read");
}

Target run_option(const Invocation& call) {
  Target target = target_of(call.option("run"));
  if (target.kind == Target::Kind::word) target.kind = Target::Kind::run;
  if (target.kind != Target::Kind::run)
    throw UsageError("--run is \"" + said_word(call.option("run")) +
                     "\", but must be a run or its URL; nothing was read");
  return target;
}

/// Checked as --sha is everywhere: of what is no commit there is no line, and nothing says so.
std::string commit_option(const Invocation& call) {
  const std::string name = call.flag("commit") ? "commit" : "sha";
  if (!call.flag(name)) return {};
  Settings checked;
  if (const auto wrong = apply_setting(checked, "sha", call.option(name)))
    throw UsageError("--" + name + wrong->substr(3) + "; nothing was read");
  return checked.sha;
}

Filter filter_of(const Invocation& call) {
  // An unset variable of a script must not turn a question about one thing into one about all.
  for (const char* name : {"key", "run", "commit", "sha", "workflow", "reason", "kind"})
    if (call.flag(name) && call.option(name).empty())
      throw UsageError("--" + std::string(name) +
                       " is empty; leave it out to ask for all; nothing was read");
  Filter filter;
  const bool positional = !call.arguments.empty() && !call.arguments.front().empty();
  if (positional && call.flag("key"))
    throw UsageError("a target and --key exclude each other: they say the same; nothing was read");
  if (positional)
    filter.target = target_of(call.arguments.front());
  else if (call.flag("key"))
    filter.target = target_of(call.option("key"));
  if (call.flag("run")) filter.run = run_option(call);
  filter.commit = commit_option(call);
  filter.workflow = call.option("workflow");
  filter.reason = word_option(call, "reason", reason_code_names());
  filter.kind = word_option(call, "kind", entry_kind_names());
  filter.executed = call.flag("executed");
  filter.prevented = call.flag("prevented");
  if (filter.executed && filter.prevented)
    throw UsageError("--executed and --prevented exclude each other");
  return filter;
}

std::string json_line(const ReadEntry& read) {
  nlohmann::json value = nlohmann::json::parse(encode_entry(read.entry));
  if (!read.digest_fits) {
    // A digest of our own making must not hide that the stored one does not fit.
    value.erase("digest");
    value["digest_fits"] = false;
  }
  return shown_json(value, -1);
}

/// The lines that were asked for, by time. Nothing when a target is the beginning of several, which
/// are then in `candidates`.
std::vector<const ReadEntry*> chosen(const Filter& filter, const Claims& claims,
                                     const Record& record, std::vector<std::string>& candidates) {
  std::optional<Named> named;
  if (filter.target) named = find_named(*filter.target, claims, record.entries);
  if (named) candidates = named->candidates;
  std::optional<Named> of_run;
  if (filter.run) of_run = find_named(*filter.run, claims, record.entries);
  std::vector<const ReadEntry*> lines;
  for (const ReadEntry& read : record.entries)
    if (filter.takes(read.entry) && (!named || named->entries.contains(&read.entry)) &&
        (!of_run || of_run->entries.contains(&read.entry)))
      lines.push_back(&read);
  return lines;
}

/// "11-22 02:20:40Z" where columns are few.
std::string time_on(const Screen& screen, Instant at) {
  if (screen.width == 0) return format_rfc3339(at);
  std::string text = format_second(at);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text.substr(text.find('-') + 1);
}

/// The URLs of runs: a line holds none, and the claim of the same run does.
std::map<std::string, std::string> pages_of_runs(const Claims& claims) {
  std::map<std::string, std::string> pages;
  for (const StoredClaim& stored : claims.claims)
    if (const Holder& holder = stored.claim.holder; !holder.run_id.empty())
      pages[holder.run_id] = holder.run_url;
  return pages;
}

/// The nearest of what the lines of the record are called by; empty where none is near.
std::string nearest_word_of(const Record& record, const std::string& asked) {
  std::vector<std::string_view> known;
  for (const ReadEntry& read : record.entries) {
    const AuditEntry& entry = read.entry;
    known.insert(known.end(), {entry.session_key, entry.run_id, entry.claim_id, entry.scope});
  }
  return std::string(nearest(asked, known));
}

/// An empty record and a misspelt word look alike.
void name_unknown_target(const Invocation& call, const std::string& what,
                         const std::optional<Target>& target, const Claims& claims,
                         const Record& record) {
  if (!target || !find_named(*target, claims, record.entries).entries.empty()) return;
  const std::string near = nearest_word_of(record, target->value);
  call.err << "refgate: no line of this period is of " << what << " \""
           << escape_for(Place::line, said_word(target->value)) << "\""
           << (near.empty() ? "" : "; did you mean \"" + escape_for(Place::line, near) + "\"?")
           << "\n";
}

/// A misspelt name looks like a workflow that never ran.
void name_nearest_workflow(const Invocation& call, const std::string& asked, const Record& record) {
  std::vector<std::string_view> known;
  for (const ReadEntry& read : record.entries) {
    if (read.entry.workflow == asked) return;
    known.push_back(read.entry.workflow);
  }
  const std::string_view near = nearest(asked, known);
  call.err << "refgate: no line of this period is of a workflow \""
           << escape_for(Place::line, said_word(asked)) << "\""
           << (near.empty() ? "" : "; did you mean \"" + escape_for(Place::line, near) + "\"?")
           << "\n";
}

/// Of a commit that nobody asked about, and of one from another repository, there is no line.
void name_unknown_commit(const Invocation& call, const Filter& filter, const Record& record) {
  if (filter.commit.empty() ||
      std::any_of(record.entries.begin(), record.entries.end(), [&](const ReadEntry& read) {
        return read.entry.commit_sha.starts_with(filter.commit);
      }))
    return;
  call.err << "refgate: no line of this period is of a commit "
           << escape_for(Place::line, said_word(filter.commit)) << "\n";
}

}  // namespace

int command_log(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Period period = period_of(call);
  const Filter filter = filter_of(call);
  const unsigned most = number_option(call, "lines", 0, 1);
  const auto store = store_of(call, settings);
  store->foresee(claims_and_record(settings.name_space, period));
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims, period);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  name_left_out(call, claims, period.since);
  std::vector<std::string> candidates;
  std::vector<const ReadEntry*> lines = chosen(filter, claims, record, candidates);
  if (!candidates.empty()) {
    call.err << tell_candidates(filter.target->value, candidates);
    return exit_usage;
  }
  name_unknown_target(call, "the target", filter.target, claims, record);
  name_unknown_target(call, "the run", filter.run, claims, record);
  name_unknown_commit(call, filter, record);
  if (!filter.workflow.empty()) name_nearest_workflow(call, filter.workflow, record);
  const std::size_t left_out = most > 0 && lines.size() > most ? lines.size() - most : 0;
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(left_out));
  if (call.flag("json")) {
    for (const ReadEntry* read : lines)
      call.out << json_line(*read) << "\n";
    return exit_done;
  }
  std::vector<std::vector<Cell>> rows{
      {{"TIME"}, {"WHAT"}, {"SESSION"}, {"RUN"}, {"STATUS"}, {"REASON"}}};
  const Screen screen = screen_of(call);
  std::map<std::string, std::string> pages = pages_of_runs(claims);
  for (const ReadEntry* read : lines) {
    const AuditEntry& entry = read->entry;
    rows.push_back({{time_on(screen, entry.timestamp)},
                    {std::string(name_of(entry.kind))},
                    {entry.session_key},
                    {entry.run_id, pages[entry.run_id]},
                    {entry.job_status},
                    {entry.reason_code + (read->digest_fits ? "" : " (its digest does not fit)")}});
  }
  call.out << (rows.size() == 1 ? "The record has no such line.\n" : table_of(rows, screen));
  if (screen.width > 0 && rows.size() > 1)
    call.out << (left_out > 0 ? "The newest " + std::to_string(most) + " of " +
                                    std::to_string(left_out + most) + " lines. "
                              : "")
             << "The story of one: refgate show RUN\n";
  return exit_done;
}

}  // namespace refgate
