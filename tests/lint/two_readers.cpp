// Two readers over the same texts: what libyaml makes of a workflow is what yaml-cpp makes of it,
// to the last place. Given files and folders (of which every *.yml, *.yaml and each block of a *.md
// counts), it compares each text, each with other line ends and letters, and some hundred damaged
// forms of it. A whole file that libyaml alone refuses is a failure; of damaged ones, and of what
// yaml-cpp alone refuses (which has a fault with carriage returns before long keys), the number is
// printed.
//
// usage: two_readers [--damage N] PATH…

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "yaml_cpp_reader.h"

namespace {

namespace fs = std::filesystem;
using namespace refgate::lint;

struct Text {
  std::string name;
  std::string text;
};

struct Tally {
  std::size_t texts = 0, nodes = 0, refused = 0, one_only = 0, failures = 0;
};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The fenced blocks of YAML on a page.
void add_blocks(const std::string& name, const std::string& page, std::vector<Text>& texts) {
  constexpr std::string_view fence = "```";
  std::string block;
  bool inside = false;
  std::size_t number = 0;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string_view line = std::string_view(page).substr(at, end - at);
    at = end + 1;
    if (line.find(fence) != std::string_view::npos) {
      if (inside) texts.push_back({name + "#" + std::to_string(++number), block});
      inside = !inside && line.find("```y") != std::string_view::npos;
      block.clear();
    } else if (inside) {
      block.append(line).append("\n");
    }
  }
}

void add(const fs::path& path, std::vector<Text>& texts) {
  const std::string kind = path.extension().string();
  if (kind == ".md") {
    add_blocks(path.string(), read_file(path), texts);
  } else {
    texts.push_back({path.string(), read_file(path)});
  }
}

std::vector<Text> collect(const std::vector<std::string>& paths) {
  std::vector<Text> texts;
  for (const std::string& path : paths) {
    if (fs::is_regular_file(path)) add(path, texts);
    if (!fs::is_directory(path)) continue;
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      const std::string kind = entry.path().extension().string();
      if (entry.is_regular_file() && (kind == ".yml" || kind == ".yaml" || kind == ".md"))
        found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    for (const fs::path& file : found)
      add(file, texts);
  }
  return texts;
}

std::string without_blanks(std::string_view value) {
  std::string result;
  std::copy_if(value.begin(), value.end(), std::back_inserter(result),
               [](char letter) { return letter != ' ' && letter != '\n'; });
  return result;
}

/// What the first node that differs is called, or nothing.
std::string difference(const DocumentData& one, const DocumentData& two) {
  // yaml-cpp does not tell a tag, or the header of a block scalar, with nothing behind it from
  // nothing at all.
  const auto is_bare = [](const NodeRecord& a, const NodeRecord& b) {
    return b.begin == b.end && a.value.empty() && a.kind == YamlKind::scalar &&
           (a.string_tag || a.style == Style::literal || a.style == Style::folded);
  };
  // Such a node ends whatever it is the last of, too.
  const auto ends_bare = [&](std::size_t index) {
    for (std::size_t later = index + 1; later < one.nodes.size(); ++later)
      if (is_bare(one.nodes[later], two.nodes[later]))
        return one.nodes[later].end == one.nodes[index].end;
    return false;
  };
  if (one.nodes.size() != two.nodes.size())
    return std::to_string(one.nodes.size()) + " nodes and " + std::to_string(two.nodes.size());
  for (std::size_t index = 0; index < one.nodes.size(); ++index) {
    const NodeRecord& a = one.nodes[index];
    const NodeRecord& b = two.nodes[index];
    if (is_bare(a, b)) return "";
    const auto say = [&](std::string_view what, auto left, auto right) {
      return std::string(what) + " of node " + std::to_string(index) + " at byte " +
             std::to_string(a.begin) + ": " + std::to_string(left) + " and " +
             std::to_string(right);
    };
    if (a.begin != b.begin) return say("begin", a.begin, b.begin);
    if (a.end != b.end) return ends_bare(index) ? "" : say("end", a.end, b.end);
    if (a.outer != b.outer) return say("outer begin", a.outer, b.outer);
    if (a.kind != b.kind) return say("kind", int(a.kind), int(b.kind));
    if (a.style != b.style) return say("style", int(a.style), int(b.style));
    if (a.child != b.child) return say("child", a.child, b.child);
    if (a.next != b.next) return say("next", a.next, b.next);
    if (a.children != b.children) return say("children", a.children, b.children);
    if (a.target != b.target) return say("target", a.target, b.target);
    if (a.name != b.name) return say("name", a.name, b.name);
    if (a.string_tag != b.string_tag) return say("tag", a.string_tag, b.string_tag);
    if (a.value == b.value) continue;
    // Where a folded line is followed by a more indented or blank one, the two count breaks
    // differently.
    if (a.style == Style::folded && without_blanks(a.value) == without_blanks(b.value)) continue;
    return say("length of the value", a.value.size(), b.value.size());
  }
  if (one.problems.size() != two.problems.size()) return "problems";
  return "";
}

/// Where yaml-cpp reads otherwise than GitHub: a carriage return of its own, and wide line breaks.
bool differs_rightly(const std::string& text) {
  for (std::size_t at = text.find('\r'); at != std::string::npos; at = text.find('\r', at + 1)) {
    if (at + 1 == text.size() || text[at + 1] != '\n') return true;
  }
  return text.find("\xC2\x85") != std::string::npos ||
         text.find("\xE2\x80\xA8") != std::string::npos ||
         text.find("\xE2\x80\xA9") != std::string::npos;
}

void compare(const Text& given, bool whole, bool verbose, Tally& tally) {
  DocumentData one(given.text);
  DocumentData two(given.text);
  const auto ours = read_nodes(one);
  const auto theirs = read_by_yaml_cpp(two);
  ++tally.texts;
  tally.nodes += one.nodes.size();
  if (ours && theirs) {
    ++tally.refused;
    return;
  }
  std::string said;
  if (ours || theirs) {
    ++tally.one_only;
    if (!whole || theirs) return;
    said =
        "only yaml-cpp reads it: " + ours->message + " at line " + std::to_string(ours->place.line);
  } else {
    said = difference(one, two);
  }
  if (said.empty() || differs_rightly(given.text)) return;
  ++tally.failures;
  std::cout << given.name << ": " << said << "\n";
  if (verbose) std::cout << "-----\n" << given.text << "\n-----\n";
}

std::string with_line_ends(const std::string& text) {
  std::string result;
  for (const char letter : text)
    result += letter == '\n' ? std::string("\r\n") : std::string(1, letter);
  return result;
}

/// Some letters made wide ones, so that characters and bytes part; but not in names of anchors, of
/// which libyaml wants letters of ASCII.
std::string with_wide_letters(const std::string& text) {
  std::string result = "\xEF\xBB\xBF";
  bool name = false;
  for (const char letter : text) {
    name = letter == '&' || letter == '*' || (name && letter != '\n');
    if (letter == 'o' && !name) {
      result += "\xC3\xB6";
    } else if (letter == 'x' && !name) {
      result += "\xF0\x9F\x9A\x80";
    } else {
      result += letter;
    }
  }
  return result;
}

/// A text with one thing wrong, or merely otherwise.
std::string damaged(std::string text, std::mt19937& chance) {
  if (text.empty()) return text;
  static const std::vector<std::string> pieces = {
      " ",     "\t",    "\n", "'",      "\"", "[", "]",     "{",   "}",    ",",    ": ",   "- ",
      "# c",   "&a ",   "*a", "!!str ", "|",  ">", "|2-\n", "? ",  "~",    "null", "<<: ", "\r",
      "---\n", "...\n", "  ", "\n\n",   "%",  "@", "`",     "x: ", "- - ", "''",   "\"\"", "\\"};
  const auto below = [&](std::size_t bound) {
    return std::size_t{chance()} % std::max<std::size_t>(bound, 1);
  };
  const std::size_t at = below(text.size());
  const std::size_t line = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
  const std::size_t end = std::min(text.find('\n', at), text.size());
  switch (below(6)) {
    case 0:
      return text.erase(at, 1 + below(3));
    case 1:
      return text.insert(line, std::string(1 + below(3), ' '));
    case 2:
      return text.erase(line, end - line);
    case 3:
      return text.substr(0, at);
    case 4:
      return text.insert(end, pieces[below(pieces.size())]);
    default:
      return text.insert(at, pieces[below(pieces.size())]);
  }
}

/// A few lines of a text: damage to short ones is more often something new.
std::string excerpt(const std::string& text, std::mt19937& chance) {
  if (text.size() < 600) return text;
  const std::size_t at = text.find('\n', std::size_t{chance()} % text.size());
  if (at == std::string::npos) return text.substr(0, 400);
  return text.substr(at + 1, 400);
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::string> paths(words + 1, words + count);
  std::size_t damage = 100;
  const bool verbose = std::getenv("TWO_READERS_VERBOSE") != nullptr;
  if (paths.size() > 1 && paths[0] == "--damage") {
    damage = std::stoul(paths[1]);
    paths.erase(paths.begin(), paths.begin() + 2);
  }
  const std::vector<Text> texts = collect(paths);
  Tally whole;
  Tally broken;
  std::mt19937 chance(7);
  for (const Text& given : texts) {
    // What a fuzzer made bears no name of a kind.
    if (!fs::path(given.name).has_extension()) {
      compare(given, false, verbose, broken);
      continue;
    }
    compare(given, true, verbose, whole);
    compare({given.name + " with CRLF", with_line_ends(given.text)}, true, verbose, whole);
    compare({given.name + " with wide letters", with_wide_letters(given.text)}, true, verbose,
            whole);
    for (std::size_t round = 0; round < damage; ++round) {
      std::string text = damaged(excerpt(given.text, chance), chance);
      if (chance() % 2 == 0) text = damaged(std::move(text), chance);
      compare({given.name + " damaged", std::move(text)}, false, verbose, broken);
    }
  }
  std::cout << whole.texts << " texts with " << whole.nodes << " nodes, " << whole.refused
            << " refused by both; " << broken.texts << " damaged ones with " << broken.nodes
            << " nodes, " << broken.refused << " refused by both, " << broken.one_only
            << " by one\n";
  if (texts.empty()) std::cout << "there was nothing to compare\n";
  return whole.failures + broken.failures == 0 && !texts.empty() ? 0 : 1;
}
