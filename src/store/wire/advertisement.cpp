#include "store/wire/advertisement.h"

#include <algorithm>
#include <charconv>

#include "store/git/objects.h"

namespace refgate {

bool Advertisement::parse(std::string_view answer) {
  constexpr std::size_t prefix = 4;
  // "# service=…", flush, the refs, flush.
  for (int flushes = 0; flushes < 2;) {
    std::size_t size = 0;
    if (answer.size() < prefix) return false;
    const auto [end, error] = std::from_chars(answer.data(), answer.data() + prefix, size, 16);
    if (error != std::errc{} || end != answer.data() + prefix || size > answer.size() ||
        (size != 0 && size < prefix))
      return false;
    if (size == 0) {
      ++flushes;
      answer.remove_prefix(prefix);
      continue;
    }
    std::string_view line = answer.substr(prefix, size - prefix);
    answer.remove_prefix(size);
    if (flushes == 0) continue;
    line = line.substr(0, line.find_first_of(std::string_view(
                              "\0\n", 2)));  // capabilities follow the first ref, behind a NUL
    const auto id = parse_oid(line.substr(0, GIT_OID_HEXSZ));
    if (!id || line.size() <= GIT_OID_HEXSZ + 1 || line[GIT_OID_HEXSZ] != ' ') {
      if (line.starts_with("shallow ")) continue;
      return false;
    }
    const std::string_view ref = line.substr(GIT_OID_HEXSZ + 1);
    if (!ref.ends_with("^{}"))
      add(ref,
          *id);  // "capabilities^{}" of an empty repository, and what an annotated tag points to
  }
  sort();
  return true;
}

void Advertisement::add(std::string_view name, const git_oid& id) {
  entries_.push_back(
      {static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(name.size()), id});
  names_ += name;
}

void Advertisement::sort() {
  const auto by_name = [this](const Entry& a, const Entry& b) { return name(a) < name(b); };
  if (!std::ranges::is_sorted(entries_, by_name)) std::ranges::stable_sort(entries_, by_name);
}

std::vector<Advertisement::Entry>::const_iterator Advertisement::find_from(
    std::string_view wanted) const {
  return std::ranges::lower_bound(entries_, wanted, {},
                                  [this](const Entry& entry) { return name(entry); });
}

git_oid Advertisement::value(std::string_view wanted) const {
  const auto it = find_from(wanted);
  return it != entries_.end() && name(*it) == wanted ? it->id : git_oid{};
}

void Advertisement::set(std::string_view wanted, const git_oid& id) {
  const auto at = entries_.begin() + (find_from(wanted) - entries_.cbegin());
  const bool there = at != entries_.end() && name(*at) == wanted;
  if (git_oid_is_zero(&id)) {
    if (there) entries_.erase(at);
  } else if (there) {
    at->id = id;
  } else {
    entries_.insert(at, {static_cast<std::uint32_t>(names_.size()),
                         static_cast<std::uint32_t>(wanted.size()), id});
    names_ += wanted;
  }
}

std::map<std::string, Version> Advertisement::under(std::string_view prefix) const {
  std::map<std::string, Version> found;
  for (auto it = find_from(prefix); it != entries_.end() && name(*it).starts_with(prefix); ++it) {
    found.emplace_hint(found.end(), std::string(name(*it)), Version{hex_of(it->id)});
  }
  return found;
}

}  // namespace refgate
