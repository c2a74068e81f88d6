#include "call/json_output.h"

#include <ostream>

#include "core/text/json.h"

namespace refgate {

using nlohmann::json;

void print_json(std::ostream& out, json object) {
  object["version"] = json_version;
  out << shown_json(object, 1) << "\n";
}

void print_json_list(std::ostream& out, const char* name, json list) {
  print_json(out, {{name, std::move(list)}});
}

}  // namespace refgate
