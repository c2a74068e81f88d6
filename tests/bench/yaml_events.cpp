// Reads the YAML files whose names stand on the standard input, one a line: libyaml's events alone,
// which are counted and forgotten.

#include <yaml.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

std::size_t events_of(const std::string& text) {
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) return 0;
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                               text.size());
  std::size_t count = 0;
  for (bool done = false; !done; ++count) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) break;
    done = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return count;
}

}  // namespace

int main() {
  std::size_t events = 0;
  std::string name;
  while (std::getline(std::cin, name)) {
    std::ifstream file(name, std::ios::binary);
    events += events_of(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  std::cout << events << " events\n";
}
