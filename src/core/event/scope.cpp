#include "core/event/scope.h"

#include <algorithm>
#include <cctype>

#include "core/text/digest.h"
#include "core/text/json.h"

namespace refgate {
namespace {

constexpr std::size_t longest_component = 120;
constexpr std::size_t kept_of_long_component = 80;
// A file name may have 255 bytes, and git adds ".lock" while it writes.
constexpr std::size_t longest_leaf = 150;
constexpr std::size_t longest_base = 40;
constexpr std::string_view named_share = "share=";
constexpr std::string_view cut_leaf = ",@sha256-";
constexpr std::string_view pull_door = ",@for=";
constexpr std::string_view job_door = ",@job=";

bool stands_for_itself(std::string_view text, std::size_t i) {
  const char c = text[i];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
      c == '_')
    return true;
  if (c != '.') return false;
  if (i == 0 || i + 1 == text.size() || text[i - 1] == '.') return false;
  return text.substr(i) != ".lock";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::map<std::string, std::string> dimensions_of_matrix(std::string_view source) {
  using nlohmann::json;
  constexpr std::size_t longest = 64u << 10;
  constexpr int deepest = 16;
  if (source.size() > longest) return {};
  bool too_deep = false;
  const json matrix = json::parse(
      source,
      [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > deepest;
        return !too_deep;
      },
      false);
  std::map<std::string, std::string> dimensions;
  if (too_deep || !matrix.is_object()) return dimensions;
  for (const auto& [name, value] : matrix.items())
    dimensions[name] = value.is_string()
                           ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
  return dimensions;
}

std::string encode_ref_component(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  if (text.empty()) return "%";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (stands_for_itself(text, i)) {
      encoded += text[i];
    } else {
      const auto byte = static_cast<unsigned char>(text[i]);
      encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  if (encoded.size() <= longest_component) return encoded;
  return encoded.substr(0, kept_of_long_component) + "@" + sha256_hex(text).substr(0, 32);
}

std::string decode_ref_component(std::string_view encoded) {
  std::string decoded;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '@') return {};
    if (encoded[i] != '%') {
      decoded += encoded[i];
      continue;
    }
    if (i + 2 >= encoded.size()) return {};
    const int high = hex_digit(encoded[i + 1]);
    const int low = hex_digit(encoded[i + 2]);
    if (high < 0 || low < 0) return {};
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string claims_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/claims/";
}

std::string queues_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/queues/";
}

std::string queue_ref(std::string_view group, std::string_view name_space) {
  return queues_prefix(name_space) + encode_ref_component(group);
}

std::string notes_prefix(std::string_view name_space) {
  return "refs/notes/" + std::string(name_space) + "/";
}

std::string claim_ref(const Scope& scope, std::string_view name_space) {
  const std::string identity =
      encode_ref_component(scope.identity.kind + "-" + scope.identity.value);
  std::string leaf = (scope.share_is_name ? std::string(named_share) : std::string()) +
                     encode_ref_component(scope.share);
  if (!scope.job.empty()) leaf += "+" + encode_ref_component(scope.job);
  for (const auto& [name, value] : scope.dimensions)
    leaf += "," + encode_ref_component(name) + "=" + encode_ref_component(value);
  if (!scope.repository.empty()) leaf += ",@in=" + encode_ref_component(scope.repository);
  if (scope.trust == Trust::outside) leaf += ",@outside";
  // ",@" stands before nothing but the words here, so a digested leaf cannot meet a spelt one.
  if (leaf.size() > longest_leaf)
    leaf = leaf.substr(0, kept_of_long_component) + std::string(cut_leaf) +
           sha256_hex(leaf).substr(0, 40);
  return claims_prefix(name_space) + identity + "/" + leaf;
}

RefShare share_of(std::string_view ref) {
  RefShare share;
  std::string_view leaf = ref.substr(ref.rfind('/') + 1);
  share.is_name = leaf.starts_with(named_share);
  if (share.is_name) leaf.remove_prefix(named_share.size());
  const std::size_t end = leaf.find_first_of("+,");
  // A leaf that was cut may have been cut within this very part.
  if (end == std::string_view::npos || !leaf.substr(end).starts_with(cut_leaf))
    share.text = decode_ref_component(leaf.substr(0, end));
  return share;
}

std::string door_for(const std::string& ref, const std::vector<Cover>& covers) {
  std::string name;
  for (const Cover& each : covers) {
    const std::string base = encode_ref_component(each.base);
    name += (name.empty() ? "" : "+") + encode_ref_component(each.number) + "-" + base;
  }
  if (name.size() > longest_base + 20)
    name = encode_ref_component(covers.front().number).substr(0, 20) + "-@" +
           sha256_hex(name).substr(0, longest_base - 1);
  return ref + std::string(pull_door) + name;
}

std::string door_of_job(const std::string& ref, std::string_view instance) {
  return ref + std::string(job_door) + std::string(instance.substr(0, 16));
}

bool is_door_of(const std::string& ref, std::string_view listed) {
  if (!listed.starts_with(ref)) return false;
  listed.remove_prefix(ref.size());
  return listed.empty() || listed.starts_with(pull_door) || listed.starts_with(job_door);
}

std::string_view first_door_of(std::string_view ref) {
  // Names never hold '@' but for these words.
  return ref.substr(0, std::min(ref.find(pull_door), ref.find(job_door)));
}

bool is_job_door(std::string_view ref) { return ref.find(job_door) != std::string_view::npos; }

bool is_namespace(std::string_view text) {
  if (text.empty() || text.size() > 60 || text.front() == '/' || text.back() == '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/' && text[i - 1] == '/') return false;
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '/')) return false;
  }
  // Branches, tags, notes and the like belong to git and to people.
  const std::string_view first = text.substr(0, text.find('/'));
  for (std::string_view taken : {"heads", "tags", "remotes", "notes", "pull", "stash", "replace",
                                 "bisect", "rewritten", "worktree"})
    if (first == taken) return false;
  return true;
}

std::string session_key(std::string_view workflow, std::string_view event,
                        std::string_view commit) {
  std::string key;
  for (char c : workflow) {
    const auto byte = static_cast<unsigned char>(c);
    key += std::isspace(byte) != 0 || c == '/'
               ? '-'
               : static_cast<char>(byte < 0x80 ? std::tolower(byte) : c);
  }
  key += "-" + std::string(event) + "-";
  key += commit.empty() ? "unknown" : commit.substr(0, 8);
  return key;
}

}  // namespace refgate
