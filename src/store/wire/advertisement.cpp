#include "store/wire/advertisement.h"

#include <algorithm>

#include "store/git/objects.h"
#include "store/wire/pkt_line.h"

namespace refgate {

namespace {

constexpr std::string_view hash_capability = "object-format=";

[[noreturn]] void not_git() { throw WireError("the list of refs is not what git would say"); }

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool Advertisement::can(std::string_view capability) const {
  const std::string_view all = capabilities_;
  for (std::size_t start = 0; start < all.size();) {
    const auto end = std::min(all.find(' ', start), all.size());
    const std::string_view one = all.substr(start, end - start);
    if (one == capability || (one.starts_with(capability) && one[capability.size()] == '='))
      return true;
    start = end + 1;
  }
  return false;
}

void Advertisement::parse(std::string_view answer) {
  // "# service=…", flush, the refs, flush.
  bool refs = false;
  for (bool more = true; more;) {
    std::string_view line;
    switch (take_packet(answer, line)) {
      case PacketKind::flush:
        more = !refs;
        refs = true;
        continue;
      case PacketKind::data:
        break;
      default:
        not_git();
    }
    if (!refs || line.starts_with("version ")) continue;
    if (const auto nul = line.find('\0'); nul != std::string_view::npos) {
      capabilities_ = without_line_end(line.substr(nul + 1));  // behind the first ref
      line = line.substr(0, nul);
      const auto hash = capabilities_.find(hash_capability);
      if (hash != std::string::npos &&
          !capabilities_.substr(hash).starts_with("object-format=sha1"))
        throw ForeignNames();
    }
    line = without_line_end(line);
    // A repository that was cloned with a depth says where its history ends.
    if (line.starts_with("shallow ")) continue;
    const auto id = parse_oid(line.substr(0, GIT_OID_HEXSZ));
    if (!id || line.size() <= GIT_OID_HEXSZ + 1 || line[GIT_OID_HEXSZ] != ' ') not_git();
    const std::string_view ref = line.substr(GIT_OID_HEXSZ + 1);
    // "capabilities^{}" of an empty repository, and what an annotated tag points to
    if (!ref.ends_with("^{}")) add(ref, *id);
  }
  sort();
}

void Advertisement::parse_ls_refs(std::string_view answer) {
  for (;;) {
    std::string_view line;
    const PacketKind kind = take_packet(answer, line);
    if (kind == PacketKind::flush) break;
    if (kind != PacketKind::data) not_git();
    line = without_line_end(line);
    const auto id = parse_oid(line.substr(0, GIT_OID_HEXSZ));
    if (!id || line.size() <= GIT_OID_HEXSZ + 1 || line[GIT_OID_HEXSZ] != ' ') not_git();
    line.remove_prefix(GIT_OID_HEXSZ + 1);
    add(line.substr(0, line.find(' ')), *id);  // attributes follow a blank
  }
  sort();
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

std::string ls_refs_request(std::span<const std::string> prefixes) {
  // HEAD tells by the length of its value how objects are called, should a server not compare the
  // name of the hash with its own, as git does.
  std::string request = packet("command=ls-refs\n") + packet("agent=refgate\n") +
                        packet("object-format=sha1\n") + delimiter_packet;
  for (const auto& prefix : prefixes)
    request += packet("ref-prefix " + prefix + "\n");
  return request + packet("ref-prefix HEAD\n") + flush_packet;
}

}  // namespace refgate
