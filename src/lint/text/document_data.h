#pragma once
// The inside of a Document: nodes in one vector, in the order of the text. Only document.cpp and
// yaml_reader.cpp include this.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/text/document.h"

namespace refgate::lint {

struct NodeRecord {
  std::string_view value;   ///< into the text where it stands there as it is, else into `values`
  std::uint32_t begin = 0;  ///< of the node itself
  std::uint32_t end = 0;
  std::uint32_t outer = 0;     ///< of its anchor and tag
  std::uint32_t child = 0;     ///< the first one; 0 is none, since the root is nobody's child
  std::uint32_t next = 0;      ///< the next sibling; in a mapping keys and values take turns
  std::uint32_t children = 0;  ///< their number
  std::uint32_t target = 0;    ///< of an alias: the node it stands for
  std::uint32_t name = 0;  ///< of an anchor or alias: where its name begins in the text; 0 is none,
                           ///< since `&` or `*` stands before it
  YamlKind kind = YamlKind::null;
  Style style = Style::empty;
  bool alias = false;
  bool string_tag = false;  ///< plain, with a tag: a string whatever it looks like
};

struct DocumentData {
  explicit DocumentData(std::string given);
  DocumentData(const DocumentData&) = delete;
  DocumentData& operator=(const DocumentData&) = delete;

  Place place(std::uint32_t begin, std::uint32_t end) const;
  const NodeRecord& resolved(std::uint32_t index) const;
  bool is_ascii() const { return ascii_; }

  std::string text;
  std::uint32_t content = 0;       ///< where the text begins: after a byte order mark
  std::deque<std::string> values;  ///< of scalars whose value is not written as it is
  std::vector<NodeRecord> nodes;
  std::vector<std::uint32_t> lines;  ///< where each begins
  std::vector<IgnoreComment> ignores;
  std::vector<SyntaxProblem> problems;

 private:
  std::uint32_t column(std::uint32_t line_begin, std::uint32_t at) const;
  bool ascii_ = true;
  std::vector<std::uint32_t> characters_;  ///< code points before each block of the text, so that a
                                           ///< column costs the same in a line of any length
};

/// Fills `nodes` and `problems`. One problem when it cannot be read.
std::optional<SyntaxProblem> read_nodes(DocumentData& data);

/// Fills `ignores` from the comments between the nodes.
void read_ignores(DocumentData& data);

}  // namespace refgate::lint
