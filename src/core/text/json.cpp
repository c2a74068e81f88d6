#include "core/text/json.h"

template class nlohmann::basic_json<>;
template class nlohmann::detail::serializer<nlohmann::json>;
template class nlohmann::detail::parser<
    nlohmann::json, nlohmann::detail::iterator_input_adapter<std::string::const_iterator>>;
template class nlohmann::detail::parser<nlohmann::json,
                                        nlohmann::detail::iterator_input_adapter<const char*>>;

namespace refgate {
namespace {

/// Outside of its strings JSON has no "#".
std::string without_commands(std::string text) {
  for (std::size_t at = text.find("##["); at != std::string::npos; at = text.find("##[", at))
    text.replace(at + 2, 1, "\\u005b");
  return text;
}

}  // namespace

std::string shown_json(const nlohmann::json& value, int indent) {
  return without_commands(value.dump(indent, ' ', true, nlohmann::json::error_handler_t::replace));
}

std::string shown_json(const nlohmann::ordered_json& value, int indent) {
  return without_commands(
      value.dump(indent, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace refgate
