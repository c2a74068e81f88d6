// log: the lines of the record, those that are asked for.

#include <array>
#include <ostream>

#include "call/commands.h"
#include "core/text/json.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/reading_options.h"
#include "view/table.h"

namespace refgate {
namespace {

constexpr std::array kinds{EntryKind::launch,    EntryKind::skip,    EntryKind::end,
                           EntryKind::lost,      EntryKind::release, EntryKind::audit,
                           EntryKind::given_back};

/// What a line must have; an empty text is not asked for.
struct Filter {
  std::string target;
  std::string commit;
  std::string workflow;
  std::string reason;
  std::string kind;
  bool executed = false;
  bool prevented = false;

  bool takes(const AuditEntry& entry) const {
    return (target.empty() || names(entry, target)) &&
           (commit.empty() || entry.commit_sha == commit || is_start(entry.commit_sha)) &&
           (workflow.empty() || entry.workflow == workflow) &&
           (reason.empty() || entry.reason_code == reason) &&
           (kind.empty() || name_of(entry.kind) == kind) && (!executed || entry.executed) &&
           (!prevented || !entry.executed);
  }

 private:
  bool is_start(const std::string& whole) const {
    return commit.size() >= 7 && whole.starts_with(commit);
  }
};

Filter filter_of(const Invocation& call) {
  Filter filter{call.option("key"),      call.option("commit", call.option("sha")),
                call.option("workflow"), call.option("reason"),
                call.option("kind"),     call.flag("executed"),
                call.flag("prevented")};
  if (filter.executed && filter.prevented)
    throw UsageError("--executed and --prevented exclude each other");
  bool known = filter.kind.empty();
  std::string words;
  for (const EntryKind kind : kinds) {
    known = known || name_of(kind) == filter.kind;
    words += (words.empty() ? "" : ", ") + std::string(name_of(kind));
  }
  if (!known) throw UsageError("--kind is \"" + filter.kind + "\", but must be one of " + words);
  return filter;
}

std::string json_line(const ReadEntry& read) {
  nlohmann::json value = nlohmann::json::parse(encode_entry(read.entry));
  if (!read.digest_fits) {
    // A digest of our own making must not hide that the stored one does not fit.
    value.erase("digest");
    value["digest_fits"] = false;
  }
  return value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

int command_log(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Period period = period_of(call);
  const Filter filter = filter_of(call);
  const auto store = store_of(call, settings);
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims, period);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  std::vector<std::vector<std::string>> rows{
      {"TIME", "WHAT", "SESSION", "RUN", "STATUS", "REASON"}};
  for (const ReadEntry& read : record.entries) {
    const AuditEntry& entry = read.entry;
    if (!filter.takes(entry)) continue;
    if (call.flag("json"))
      call.out << json_line(read) << "\n";
    else
      rows.push_back({format_rfc3339(entry.timestamp), std::string(name_of(entry.kind)),
                      entry.session_key, entry.run_id, entry.job_status,
                      entry.reason_code + (read.digest_fits ? "" : " (its digest does not fit)")});
  }
  if (!call.flag("json"))
    call.out << (rows.size() == 1 ? "The record has no such line.\n" : table_of(rows));
  return exit_done;
}

}  // namespace refgate
