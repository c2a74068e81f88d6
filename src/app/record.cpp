#include "app/record.h"

#include <algorithm>
#include <set>

#include "core/scope.h"

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

}  // namespace

Claims read_claims(Store& store, const std::string& name_space) {
  Claims all;
  for (auto& [ref, stored] : store.read_all(claims_prefix(name_space))) {
    const auto file = stored.files.find(std::string(claim_file));
    if (file == stored.files.end()) {
      all.unreadable.push_back({ref, "it holds something that is no claim"});
      continue;
    }
    auto claim = decode_claim(file->second);
    if (const auto* error = std::get_if<ClaimError>(&claim)) all.unreadable.push_back({ref, error->message});
    else all.claims.push_back({ref, stored.version, std::get<Claim>(std::move(claim))});
  }
  return all;
}

Record read_record(Store& store, const std::string& name_space, const Claims& claims) {
  Record record;
  std::set<std::string, std::less<>> ids;
  const auto add = [&](ReadEntry entry) {
    if (ids.insert(entry.entry.id).second) record.entries.push_back(std::move(entry));
  };
  for (const auto& item : store.read_all(notes_prefix(name_space))) {
    const std::string& ref = item.first;
    const Stored& stored = item.second;
    if (stored.files.empty()) record.unreadable.push_back({ref, "its tree is none that refgate writes"});
    for (const auto& file : stored.files)
      for_each_line(file.second, [&](std::string_view line) {
        if (auto entry = decode_entry(line)) add(std::move(*entry));
        else record.unreadable.push_back({ref, "the note on " + file.first + " has a line that is not refgate's"});
      });
  }
  for (const StoredClaim& claim : claims.claims)
    for (const AuditEntry& line : claim.claim.outbox) add({line, true});
  std::stable_sort(record.entries.begin(), record.entries.end(),
                   [](const ReadEntry& a, const ReadEntry& b) { return a.entry.timestamp < b.entry.timestamp; });
  return record;
}

}  // namespace refgate
