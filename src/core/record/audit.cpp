#include "core/record/audit.h"

#include <algorithm>
#include <array>

#include "core/event/scope.h"
#include "core/text/digest.h"
#include "core/text/enum_name.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr int entry_version = 2;
constexpr Duration longest_span = std::chrono::days(3653);  // as in parse_duration

constexpr std::array<EnumName<EntryKind>, 10> kinds{{{EntryKind::launch, "launch"},
                                                     {EntryKind::skip, "skip"},
                                                     {EntryKind::end, "end"},
                                                     {EntryKind::lost, "lost"},
                                                     {EntryKind::release, "release"},
                                                     {EntryKind::given_back, "given_back"},
                                                     {EntryKind::pause, "pause"},
                                                     {EntryKind::resume, "resume"},
                                                     {EntryKind::remade, "remade"},
                                                     {EntryKind::audit, "audit"}}};

// The dump is canonical: nlohmann's objects are sorted by key, and bad UTF-8 is replaced, so that
// what is dumped comes out the same when it is read and dumped again.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string digest_of(const json& without_digest) {
  return sha256_hex(dump(without_digest)).substr(0, 32);
}

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Whoever can push can write any number; sums of those that nobody means must not overflow.
std::optional<Duration> span(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() > static_cast<std::uint64_t>(longest_span.count()))
    return std::nullopt;
  return Duration(found->get<std::int64_t>());
}

/// Nothing for what is none of ours.
std::vector<Cover> covers_of(const json& line) {
  std::vector<Cover> covers;
  const auto found = line.find("covers");
  if (found == line.end() || !found->is_array()) return covers;
  for (const json& pull : *found)
    if (pull.is_object()) covers.push_back({text(pull, "number"), text(pull, "base")});
  std::sort(covers.begin(), covers.end());
  return covers;
}

}  // namespace

std::string_view name_of(EntryKind kind) { return name_in(kinds, kind); }

std::vector<std::string_view> entry_kind_names() {
  std::vector<std::string_view> names;
  for (const EnumName<EntryKind>& kind : kinds)
    names.push_back(kind.name);
  return names;
}

std::string entry_id(std::string_view claim_id, std::uint64_t generation, EntryKind kind,
                     std::string_view extra) {
  std::string source(claim_id);
  source += '\n' + std::to_string(generation) + '\n';
  source += name_of(kind);
  if (!extra.empty()) source += '\n' + std::string(extra);
  return sha256_hex(source).substr(0, 32);
}

std::string encode_entry(const AuditEntry& entry) {
  const bool prevented = !entry.executed;
  json line = {
      {"version", entry_version},
      {"id", entry.id},
      {"kind", name_of(entry.kind)},
      {"session_key", entry.session_key},
      {"timestamp", format_rfc3339(entry.timestamp)},
      {"event_type", entry.event_type},
      {"workflow", entry.workflow},
      {"run_id", entry.run_id},
      {"run_attempt", entry.run_attempt},
      {"commit_sha", entry.commit_sha},
      {"executed", entry.executed},
      {"job_status", entry.job_status},
      {"duplicate_prevented", prevented},
      {"retry_suppression",
       {{"enabled", true},
        {"status", prevented ? "suppressed" : "single_execution"},
        {"early_gating", true},
        {"cost_optimization", prevented}}},
      {"session_management",
       {{"early_exit", prevented},
        {"single_launch_enforced", true},
        {"premium_session_saved", prevented}}},
  };
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) line[key] = value;
  };
  put("run_page", entry.run_page);
  put("reason_code", entry.reason_code);
  put("reason", entry.reason);
  put("claim_id", entry.claim_id);
  put("job", entry.job);
  put("actor", entry.actor);
  put("scope", entry.scope);
  put("holder_run_id", entry.holder_run_id);
  put("holder_claim_id", entry.holder_claim_id);
  put("superseded_by", entry.superseded_by);
  put("group", entry.group);
  put("launch", entry.launch);
  if (entry.generation != 0) line["generation"] = entry.generation;
  if (entry.duration) line["duration_ms"] = entry.duration->count();
  put_spent(line, entry.spent);
  if (entry.memory) line["memory_ms"] = entry.memory->count();
  if (entry.until) line["until"] = format_rfc3339(*entry.until);
  for (const Cover& pull : entry.covers)
    line["covers"].push_back({{"number", pull.number}, {"base", pull.base}});
  if (entry.observed) line["observed"] = true;
  if (entry.asked_pause) line["asked_pause"] = true;
  line["digest"] = digest_of(line);
  return dump(line);
}

namespace {

enum class Digest { checked, ignored };

std::optional<ReadEntry> decode(std::string_view source, Digest check) {
  json line = json::parse(source, nullptr, false);
  if (!line.is_object()) return std::nullopt;
  const auto version = line.find("version");
  if (version == line.end() || !version->is_number_integer() || *version < 1 ||
      *version > entry_version)
    return std::nullopt;
  const auto at = parse_rfc3339(text(line, "timestamp"));
  if (!at || text(line, "id").empty()) return std::nullopt;

  ReadEntry read;
  AuditEntry& entry = read.entry;
  const auto kind = find_in(kinds, text(line, "kind"));
  if (!kind) return std::nullopt;
  entry.kind = *kind;
  entry.id = text(line, "id");
  entry.session_key = text(line, "session_key");
  entry.timestamp = *at;
  entry.event_type = text(line, "event_type");
  entry.workflow = text(line, "workflow");
  entry.run_id = text(line, "run_id");
  entry.run_page = text(line, "run_page");
  entry.commit_sha = text(line, "commit_sha");
  entry.job_status = text(line, "job_status");
  entry.reason_code = text(line, "reason_code");
  entry.reason = text(line, "reason");
  entry.claim_id = text(line, "claim_id");
  entry.job = text(line, "job");
  entry.actor = text(line, "actor");
  entry.scope = text(line, "scope");
  entry.holder_run_id = text(line, "holder_run_id");
  entry.holder_claim_id = text(line, "holder_claim_id");
  entry.superseded_by = text(line, "superseded_by");
  entry.covers = covers_of(line);
  entry.group = text(line, "group");
  entry.launch = text(line, "launch");
  if (const auto it = line.find("executed"); it != line.end() && it->is_boolean())
    entry.executed = it->get<bool>();
  entry.until = parse_rfc3339(text(line, "until"));
  if (const auto it = line.find("observed"); it != line.end() && it->is_boolean())
    entry.observed = it->get<bool>();
  if (const auto it = line.find("asked_pause"); it != line.end() && it->is_boolean())
    entry.asked_pause = it->get<bool>();
  if (const auto it = line.find("generation"); it != line.end() && it->is_number_unsigned())
    entry.generation = it->get<std::uint64_t>();
  if (const auto it = line.find("run_attempt"); it != line.end() && it->is_number_unsigned())
    entry.run_attempt = it->get<unsigned>();
  entry.duration = span(line, "duration_ms");
  entry.spent = spent_in(line);
  entry.memory = span(line, "memory_ms");
  if (check == Digest::ignored) return read;
  const std::string digest = text(line, "digest");
  line.erase("digest");
  read.digest_fits = digest == digest_of(line);
  return read;
}

}  // namespace

std::optional<ReadEntry> decode_entry(std::string_view line) {
  return decode(line, Digest::checked);
}

std::optional<AuditEntry> entry_of(std::string_view line) {
  auto read = decode(line, Digest::ignored);
  if (!read) return std::nullopt;
  return std::move(read->entry);
}

std::optional<std::string> entry_id_of(std::string_view line) {
  auto entry = entry_of(line);
  if (!entry) return std::nullopt;
  return std::move(entry->id);
}

std::string annotated_object(std::string_view commit_sha) {
  if (!is_object_id(commit_sha) || commit_sha.size() != 40)
    return sha256_hex("refgate: no commit\n" + std::string(commit_sha)).substr(0, 40);
  std::string id(commit_sha);
  for (char& c : id)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return id;
}

std::string entry_ref(const AuditEntry& entry, std::string_view name_space) {
  return notes_prefix(name_space) + format_day(entry.timestamp) + "/" + entry.id;
}

}  // namespace refgate
