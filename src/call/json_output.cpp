#include "call/json_output.h"

#include <ostream>

#include "core/text/json.h"

namespace refgate {

using nlohmann::json;

void print_json(std::ostream& out, json object) {
  object["version"] = json_version;
  out << object.dump(1, ' ', true, json::error_handler_t::replace) << "\n";
}

void print_json_list(std::ostream& out, const char* name, json list) {
  print_json(out, {{name, std::move(list)}});
}

}  // namespace refgate
