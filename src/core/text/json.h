#pragma once
// JSON, for those who read or write it: include this, never the library's header. What every user
// of the library would compile again is compiled once, in json.cpp. A header that only names JSON
// takes <nlohmann/json_fwd.hpp>.

#include <nlohmann/json.hpp>
#include <string>

extern template class nlohmann::basic_json<>;
extern template class nlohmann::detail::serializer<nlohmann::json>;
extern template class nlohmann::detail::parser<
    nlohmann::json, nlohmann::detail::iterator_input_adapter<std::string::const_iterator>>;
extern template class nlohmann::detail::parser<
    nlohmann::json, nlohmann::detail::iterator_input_adapter<const char*>>;

namespace refgate {

/// JSON as it is shown: nothing but ASCII, so that no terminal is steered by it, and no "##[",
/// which a runner takes for a command wherever it stands in a line. An indent of -1 makes one line.
std::string shown_json(const nlohmann::json& value, int indent);
std::string shown_json(const nlohmann::ordered_json& value, int indent);

}  // namespace refgate
