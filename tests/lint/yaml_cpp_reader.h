#pragma once
// A second reader of the same nodes, over another scanner, whose places are worked out from the
// text instead of told. What both make of a text is compared.

#include <optional>

#include "lint/text/document_data.h"

namespace refgate::lint {

/// As read_nodes; the words of a problem are yaml-cpp's own.
std::optional<SyntaxProblem> read_by_yaml_cpp(DocumentData& data);

}  // namespace refgate::lint
