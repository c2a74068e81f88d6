// result save, list, get and prune.

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <ostream>
#include <utility>

#include "call/commands.h"
#include "call/content.h"
#include "call/json_output.h"
#include "core/text/count.h"
#include "core/text/digest.h"
#include "core/text/json.h"
#include "core/words/brief.h"
#include "core/words/nearest.h"
#include "job/subject/job_session.h"
#include "os/file/checked_output.h"
#include "results/result_input.h"
#include "results/result_store.h"
#include "runner/runner.h"
#include "view/claim_view.h"
#include "view/reading_options.h"
#include "view/table.h"
#include "view/target.h"

namespace refgate {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr Duration kept_for = 30 * 24h;
constexpr std::size_t most_pruned = 10'000;

std::size_t most_bytes(const Invocation& call) {
  const std::size_t bytes = number_option(call, "max-bytes", longest_result, 1);
  if (bytes > most_result_bytes)
    throw UsageError("--max-bytes is over " + std::to_string(most_result_bytes));
  return bytes;
}

int save(const Invocation& call, const Settings& settings) {
  Result result{labelled_record(call), {}};
  const std::size_t most = most_bytes(call);
  const std::string path = call.arguments[1].empty() ? "-" : call.arguments[1];
  Content content = read_content(path, most);
  if (content.end == ContentEnd::too_long)
    throw UsageError("the result is over " + std::to_string(most) +
                     " bytes; nothing was kept. GitHub asks for objects of at most 1 MiB: keep a "
                     "summary here and the rest as an artifact, or give "
                     "--max-bytes");
  result.content = std::move(content.bytes);
  const JobState state(settings, call.environment);
  if (const auto found = secret_in(call, result))
    throw UsageError("the result holds " + found->what +
                     "; nothing was kept. Take it out, or say --not-secret " + found->name +
                     " when it is none");
  const auto store = store_of(call, settings);
  const auto session = claim_of_session(call, settings, state, *store);
  complete(result, now(), call, settings, session);
  const KeptResult kept = keep_result(*store, settings.name_space, result, state, session);
  if (!kept.unlinked.empty())
    call.err << "refgate: the result is kept, but the claim does not name it: "
             << escape_for(Place::line, kept.unlinked) << "\n";
  const std::string retrieve = retrieval(settings, result.record.id);
  call.out << "RESULT_ID=" << result.record.id << "\nRETRIEVE=" << escape_for(Place::line, retrieve)
           << "\n";
  write_outputs(call.environment, {{"result_id", result.record.id}, {"retrieve", retrieve}});
  return exit_done;
}

json json_of(const StoredResult& result) {
  json value = json::parse(encode_result(result.record));
  value["saved_at"] = format_rfc3339(*time_of_result(result.record.id));
  value["ref"] = result.ref;
  value["object"] = result.version.id;
  return value;
}

std::string dump(const json& value) { return shown_json(value, 1) + "\n"; }

bool is_about(const ResultRecord& record, const std::string& url) {
  return record.url == url || record.origin.run_url == url;
}

/// The kept results that a target names, by time. A session is told by its result, and by the
/// record where that alone does not say: a pull request whose work a push did.
struct Chosen {
  std::vector<const StoredResult*> results;
  std::vector<std::string> candidates;  ///< see Named
};

Chosen named_results(Store& store, const Settings& settings, const Target& target,
                     const Results& read) {
  if (read.results.empty()) return {};
  std::vector<const ResultOrigin*> origins;
  for (const StoredResult& result : read.results)
    origins.push_back(&result.record.origin);
  Claims claims;
  Named named = find_named(target, claims, {}, origins);
  if (named.empty() || named.by_number) {
    claims = read_claims(store, settings.name_space);
    const Record record = read_record(store, settings.name_space, claims);
    named = find_named(target, claims, record.entries, origins);
  }
  Chosen chosen;
  chosen.candidates = std::move(named.candidates);
  for (const StoredResult& result : read.results)
    if (named.results.contains(&result.record.origin)) chosen.results.push_back(&result);
  return chosen;
}

/// Those that are about that URL, or of the session that has that page.
Chosen results_about(Store& store, const Settings& settings, const std::string& url,
                     const Results& read) {
  Chosen chosen;
  for (const StoredResult& result : read.results)
    if (is_about(result.record, url)) chosen.results.push_back(&result);
  const auto target = target_if_any(url);
  if (!chosen.results.empty() || !target) return chosen;
  return named_results(store, settings, *target, read);
}

/// A list that is empty says nothing about whether the word was right.
void name_unknown(const Invocation& call, const Results& read) {
  std::vector<std::string_view> known;
  const std::string option = call.flag("session") ? "session" : "url";
  for (const StoredResult& result : read.results) {
    const ResultOrigin& origin = result.record.origin;
    if (option == "url")
      known.insert(known.end(), {result.record.url, origin.run_url});
    else
      known.insert(known.end(), {origin.session_key, origin.claim_id, origin.run_id, origin.scope});
  }
  const std::string_view near = nearest(call.option(option), known);
  call.err << "refgate: no result that is asked about is of --" << option << " \""
           << escape_for(Place::line, brief(call.option(option))) << "\""
           << (near.empty() ? "" : "; did you mean \"" + escape_for(Place::line, near) + "\"?")
           << "\n";
}

bool is_among(const std::optional<Chosen>& chosen, const StoredResult& result) {
  return !chosen || std::find(chosen->results.begin(), chosen->results.end(), &result) !=
                        chosen->results.end();
}

int list(const Invocation& call, const Settings& settings) {
  if (call.flag("url") && call.option("url").empty())
    throw UsageError("--url is empty; give it a value, or leave it out; nothing was read");
  std::optional<Target> session;
  if (call.flag("session")) session = target_of(call.option("session"));
  const Period period = period_of(call);
  const auto store = store_of(call, settings);
  const Results read = read_results(*store, settings.name_space, period.since, period.until, false);
  name_unreadable(call, read.unreadable);
  std::optional<Chosen> of_url;
  std::optional<Chosen> of_session;
  if (call.flag("url")) of_url = results_about(*store, settings, call.option("url"), read);
  if (session) of_session = named_results(*store, settings, *session, read);
  for (const auto& [chosen, option] :
       {std::pair(&of_url, "url"), std::pair(&of_session, "session")})
    if (*chosen && !(*chosen)->candidates.empty()) {
      call.err << tell_candidates(call.option(option), (*chosen)->candidates);
      return exit_usage;
    }
  json values = json::array();
  std::vector<std::vector<std::string>> rows{{"TIME", "STATUS", "BYTES", "ID", "TITLE", "URL"}};
  for (const StoredResult& result : read.results) {
    const ResultRecord& record = result.record;
    if (!is_among(of_url, result) || !is_among(of_session, result)) continue;
    values.push_back(json_of(result));
    rows.push_back({format_rfc3339(*time_of_result(record.id)), std::string(name_of(record.status)),
                    std::to_string(record.size), record.id,
                    record.title.empty() ? record.origin.session_key : record.title,
                    record.url.empty() ? record.origin.run_url : record.url});
  }
  if (rows.size() == 1 && (call.flag("url") || call.flag("session"))) name_unknown(call, read);
  if (call.flag("json"))
    print_json_list(call.out, "results", std::move(values));
  else if (rows.size() == 1)
    call.out << "No results.\n";
  else
    call.out << table_of(rows, screen_of(call));
  return exit_done;
}

/// The one of that id, or the latest that is about that URL or of that session.
std::optional<StoredResult> find(const Invocation& call, const Settings& settings, Store& store,
                                 std::vector<std::string>& candidates) {
  const std::string& target = call.arguments[1];
  if (time_of_result(target)) return read_result(store, settings.name_space, target);
  const Results read =
      read_results(store, settings.name_space, Instant::min(), Instant::max(), false);
  name_unreadable(call, read.unreadable);
  Chosen chosen = results_about(store, settings, target, read);
  candidates = std::move(chosen.candidates);
  if (chosen.results.empty()) return std::nullopt;
  if (chosen.results.size() > 1)
    call.err << "refgate: " << chosen.results.size() << " results are of \""
             << escape_for(Place::line, brief(target))
             << "\"; this is the latest (see: refgate result list)\n";
  return read_result(store, settings.name_space, chosen.results.back()->record.id);
}

int get(const Invocation& call, const Settings& settings) {
  const std::string& target = call.arguments[1];
  if (target.empty())
    throw UsageError("result get wants the id of a result, a URL, or whose session's it is");
  const auto store = store_of(call, settings);
  std::vector<std::string> candidates;
  const auto found = find(call, settings, *store, candidates);
  if (!candidates.empty()) {
    call.err << tell_candidates(target, candidates);
    return exit_usage;
  }
  if (!found) {
    call.err << "refgate: there is no result \"" << escape_for(Place::line, brief(target))
             << "\"; see: refgate result list\n";
    return exit_no;
  }
  const bool whole = sha256_hex(found->content) == found->record.digest;
  if (!whole)
    call.err
        << "refgate: the content does not fit the digest in its record: somebody has changed it\n";
  const std::string text = call.flag("meta-only") ? dump(json_of(*found)) : found->content;
  if (const std::string path = call.option("output"); !path.empty()) {
    write_output_file("--output " + path, path, text);
  } else {
    call.out << text;
  }
  return whole ? exit_done : exit_no;
}

int prune(const Invocation& call, const Settings& settings) {
  Duration age = kept_for;
  if (const std::string value = call.option("older-than"); !value.empty()) {
    const auto parsed = parse_duration(value);
    if (!parsed)
      throw UsageError("--older-than is \"" + value + "\", but must be a span of time such as 30d");
    age = *parsed;
  }
  const bool dry = is_dry_run(call);
  const auto store = store_of(call, settings);
  const PrunedResults pruned =
      prune_results(*store, settings.name_space, now() - age, most_pruned, dry);
  name_unreadable(call, pruned.unreadable);
  call.out << (dry ? "Would forget " : "Forgot ") << counted(pruned.gone, "result")
           << " older than " << format_duration(age);
  if (!pruned.unreadable.empty())
    call.out << "; " << pruned.unreadable.size() << " were left alone";
  call.out << ". Pushes: " << store->traffic().pushes << "\n";
  return exit_done;
}

struct Action {
  std::string_view name;
  bool takes_target;
  std::vector<std::string_view> options;  ///< of those that other actions do not have all
  int (*run)(const Invocation&, const Settings&);
};

const std::array<Action, 4>& actions() {
  static const std::array<Action, 4> table{
      {{"save", true, {"meta", "title", "url", "not-secret", "max-bytes"}, save},
       {"list", false, {"since", "until", "url", "session", "json"}, list},
       {"get", true, {"output", "meta-only"}, get},
       {"prune", false, {"older-than", "dry-run"}, prune}}};
  return table;
}

}  // namespace

int command_result(const Invocation& call) {
  const std::string& word = call.arguments[0];
  for (const Action& action : actions()) {
    if (action.name != word) continue;
    if (!action.takes_target && !call.arguments[1].empty())
      throw UsageError("result " + word + " takes no \"" + call.arguments[1] + "\"");
    for (const Action& other : actions())
      for (const std::string_view option : other.options)
        if (call.flag(std::string(option)) &&
            std::find(action.options.begin(), action.options.end(), option) == action.options.end())
          throw UsageError("result " + word + " takes no --" + std::string(option) + "; result " +
                           std::string(other.name) + " does");
    return action.run(call, settings_of(call));
  }
  const std::string_view near = nearest(word, {"save", "list", "get", "prune"});
  throw UsageError("result \"" + word + "\" is not known: save, list, get or prune are" +
                   (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
}

}  // namespace refgate
