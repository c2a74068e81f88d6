#include "state/record.h"

#include <algorithm>
#include <map>

#include "core/event/scope.h"
#include "state/scratch_places.h"

namespace refgate {
namespace {

template <typename Visit>
void for_each_line(const std::string& text, Visit visit) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) visit(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
}

bool touches(const Period& period, const std::string& day) {
  const Instant start = *parse_day(day);
  return start <= period.until && period.since < start + std::chrono::days(1);
}

std::map<std::string, Stored> notes_of(Store& store, const std::string& name_space,
                                       const Period& period) {
  if (period.is_all()) return store.read_all(notes_prefix(name_space));
  std::vector<std::string> wanted;
  for (const auto& [ref, version] : store.list(notes_prefix(name_space)))
    if (const auto day = day_of_note(ref, name_space); day && touches(period, *day))
      wanted.push_back(ref);
  if (wanted.empty()) return {};
  return store.read_listed(wanted);
}

/// Lines by id. The same line may stand in a note, in a folded day and in an outbox; one that
/// somebody altered gives way to one that nobody did.
class Lines {
 public:
  Lines(Record& record, const Period& period) : record_(record), period_(period) {}

  void add(ReadEntry&& read) {
    if (!period_.holds(read.entry.timestamp)) return;
    const auto [place, is_new] = at_.try_emplace(read.entry.id, record_.entries.size());
    if (is_new)
      record_.entries.push_back(std::move(read));
    else if (ReadEntry& known = record_.entries[place->second];
             read.digest_fits && !known.digest_fits)
      known = std::move(read);
  }

 private:
  Record& record_;
  const Period& period_;
  std::map<std::string, std::size_t, std::less<>> at_;
};

}  // namespace

std::vector<const Claim*> Claims::all() const {
  std::vector<const Claim*> all;
  for (const StoredClaim& stored : claims)
    all.push_back(&stored.claim);
  return all;
}

Foreseen claims_and_record(const std::string& name_space, const Period& period) {
  Foreseen next{{claims_prefix(name_space)}, {}};
  (period.is_all() ? next.whole : next.listed).push_back(notes_prefix(name_space));
  return next;
}

Claims read_claims(Store& store, const std::string& name_space) {
  return claims_in(store.read_all(claims_prefix(name_space)), name_space);
}

Claims claims_in(const std::map<std::string, Stored>& read, const std::string& name_space) {
  Claims all;
  for (const auto& [ref, stored] : read) {
    if (!ref.starts_with(claims_prefix(name_space)) || is_scratch_place(ref, name_space)) continue;
    const auto file = stored.files.find(std::string(claim_file));
    if (file == stored.files.end()) {
      all.unreadable.push_back({ref, "it holds something that is no claim"});
      continue;
    }
    auto claim = decode_claim(file->second);
    if (const auto* error = std::get_if<ClaimError>(&claim))
      all.unreadable.push_back({ref, error->message});
    else
      all.claims.push_back({ref, stored.version, std::get<Claim>(std::move(claim))});
  }
  return all;
}

std::optional<std::string> day_of_note(std::string_view ref, const std::string& name_space) {
  const std::string prefix = notes_prefix(name_space);
  if (!ref.starts_with(prefix)) return std::nullopt;
  ref.remove_prefix(prefix.size());
  const std::size_t slash = ref.find('/');
  if (slash != 8 || !parse_day(ref.substr(0, slash))) return std::nullopt;
  return std::string(ref.substr(0, slash));
}

namespace {

constexpr std::string_view scratch_line = "/@doctor";

}  // namespace

std::vector<std::string> scratch_prefixes(const std::string& name_space) {
  return {"refs/" + name_space + "/doctor/", notes_prefix(name_space) + "doctor/"};
}

std::vector<std::string> scratch_refs(const std::string& name_space) {
  std::vector<std::string> refs = scratch_prefixes(name_space);
  for (std::string& ref : refs)
    ref += "scratch";
  return refs;
}

std::string scratch_note(Instant day, const std::string& name_space) {
  return notes_prefix(name_space) + format_day(day) + std::string(scratch_line);
}

bool is_scratch(std::string_view ref, const std::string& name_space) {
  if (is_scratch_place(ref, name_space)) return true;
  if (ref.ends_with(scratch_line) && day_of_note(ref, name_space) &&
      ref.size() == notes_prefix(name_space).size() + 8 + scratch_line.size())
    return true;
  const auto is_hexadecimal = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  for (const std::string& prefix : scratch_prefixes(name_space)) {
    if (!ref.starts_with(prefix)) continue;
    const std::string_view name = ref.substr(prefix.size());
    if (name == "scratch" || name.starts_with("scratch-")) return true;
    // Earlier versions gave each its own name.
    return name.size() == 32 && std::all_of(name.begin(), name.end(), is_hexadecimal);
  }
  return false;
}

bool is_folded_note(std::string_view ref) {
  const std::string_view name = ref.substr(ref.rfind('/') + 1);
  if (name == "all") return true;
  return name.size() == 5 && name.starts_with("all-") && name[4] >= '1' && name[4] <= '9';
}

namespace {

void add_notes(const std::map<std::string, Stored>& notes, const std::string& name_space,
               const Period& period, Record& record, Lines& lines) {
  for (const auto& item : notes) {
    const std::string& ref = item.first;
    const Stored& stored = item.second;
    if (is_scratch(ref, name_space)) continue;
    if (stored.files.empty())
      record.unreadable.push_back({ref, "its tree is none that refgate writes"});
    for (const auto& file : stored.files)
      for_each_line(file.second, [&](std::string_view text) {
        auto read = decode_entry(text);
        if (!read) {
          record.unreadable.push_back(
              {ref, "the note on " + file.first + " has a line that is not refgate's"});
          return;
        }
        if (!read->digest_fits && period.holds(read->entry.timestamp))
          record.altered.push_back(
              {{ref, "the digest of line " + read->entry.id + " (" +
                         std::string(name_of(read->entry.kind)) + ", " + read->entry.session_key +
                         ", " + format_rfc3339(read->entry.timestamp) + ") does not fit"},
               read->entry.timestamp});
        lines.add(std::move(*read));
      });
  }
}

void sort_by_time(Record& record) {
  std::stable_sort(
      record.entries.begin(), record.entries.end(),
      [](const ReadEntry& a, const ReadEntry& b) { return a.entry.timestamp < b.entry.timestamp; });
}

}  // namespace

Record read_record(Store& store, const std::string& name_space, const Claims& claims,
                   const Period& period) {
  Record record;
  Lines lines(record, period);
  add_notes(notes_of(store, name_space, period), name_space, period, record, lines);
  for (const StoredClaim& claim : claims.claims)
    for (const AuditEntry& line : claim.claim.outbox)
      lines.add({line, true});
  sort_by_time(record);
  return record;
}

Record read_days(Store& store, const std::string& name_space, const Period& period) {
  Record record;
  Lines lines(record, period);
  for (Instant day = std::chrono::floor<std::chrono::days>(period.since); day <= period.until;
       day += std::chrono::days(1))
    add_notes(store.read_all(notes_prefix(name_space) + format_day(day) + "/"), name_space, period,
              record, lines);
  sort_by_time(record);
  return record;
}

}  // namespace refgate
