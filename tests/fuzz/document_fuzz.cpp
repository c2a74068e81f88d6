// Workflow files are anybody's. A document that is read has places that lie in the text, children
// that lie within their parents and in order, and a size that no alias can blow up.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "lint/text/document.h"

namespace {

using namespace refgate::lint;

void visit(YamlNode node, int depth, std::size_t& budget) {
  if (budget == 0 || depth > 250) std::abort();
  --budget;
  const Place place = node.place();
  if (place.end < place.begin || place.line == 0 || place.column == 0) std::abort();
  for (const auto item : node.items())
    visit(item, depth + 1, budget);
  for (const auto entry : node.entries()) {
    visit(entry.key, depth + 1, budget);
    visit(entry.value, depth + 1, budget);
  }
}

void check_nesting(YamlNode node) {
  if (node.is_alias()) return;
  auto at = node.place().begin;
  const auto end = node.place().end;
  const auto check = [&](YamlNode child) {
    const Place place = child.place();
    if (place.begin < at || place.end > end) std::abort();
    at = place.end;
    check_nesting(child);
  };
  for (const auto item : node.items())
    check(item);
  for (const auto entry : node.entries()) {
    check(entry.key);
    check(entry.value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = read_document(std::string(reinterpret_cast<const char*>(data), size));
  if (const auto* document = std::get_if<Document>(&read)) {
    std::size_t budget = 1'100'000;
    visit(document->root(), 0, budget);
    check_nesting(document->root());
  }
  return 0;
}
