#pragma once
// Edits of a document that keep everything around them: what rules build fixes from.

#include <string_view>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/text/document.h"

namespace refgate::lint {

/// How the document's lines end: "\n" or "\r\n".
std::string_view line_break(const Document& document);

/// Removes a whole entry or item: its lines in block style, with the comma in flow style. Empty
/// when that cannot be done without leaving something invalid (the only item, an anchor that is
/// used elsewhere, a line shared with something else).
std::vector<TextEdit> remove_entry(const Document& document, YamlNode mapping, const Entry& entry);
std::vector<TextEdit> remove_item(const Document& document, YamlNode sequence, YamlNode item);

/// Adds `key: value` (both as they are to be written) before the first entry of a mapping, or after
/// the entry `after`; in the mapping's own style, indentation and line ends. Empty when the mapping
/// cannot take it.
std::vector<TextEdit> add_entry(const Document& document, YamlNode mapping, std::string_view key,
                                std::string_view value, const Entry& after = {});

/// Replaces a node as it is written.
TextEdit replace_node(YamlNode node, std::string_view replacement);

}  // namespace refgate::lint
