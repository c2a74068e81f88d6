#include "store/advertisement.h"

#include <algorithm>

#include "store/objects.h"

namespace refgate {

void Advertisement::add(std::string_view name, const git_oid& id) {
  entries_.push_back({static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(name.size()), id});
  names_ += name;
}

void Advertisement::sort() {
  const auto by_name = [this](const Entry& a, const Entry& b) { return name(a) < name(b); };
  if (!std::ranges::is_sorted(entries_, by_name)) std::ranges::stable_sort(entries_, by_name);
}

std::vector<Advertisement::Entry>::const_iterator Advertisement::find_from(std::string_view wanted) const {
  return std::ranges::lower_bound(entries_, wanted, {}, [this](const Entry& entry) { return name(entry); });
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
    entries_.insert(at, {static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(wanted.size()), id});
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
