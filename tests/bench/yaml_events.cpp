// The floor under the linter: the bytes of the files named on the standard input, read by
// yaml-cpp's events alone, which are counted and forgotten.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

namespace {

class Counter : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {
    ++events;
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    ++events;
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    ++events;
  }
  void OnMapEnd() override {}

  std::size_t events = 0;
};

}  // namespace

int main() {
  Counter counter;
  std::size_t files = 0;
  std::size_t bytes = 0;
  for (std::string path; std::getline(std::cin, path);) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    ++files;
    bytes += text.str().size();
    try {
      YAML::Parser parser(text);
      while (parser.HandleNextDocument(counter)) {
      }
    } catch (const YAML::Exception&) {
      // Some files are broken on purpose. What was read of them counts.
    }
  }
  std::cout << files << " files, " << bytes << " bytes, " << counter.events << " events\n";
  return files == 0 ? 1 : 0;
}
