// Prints the SARIF report of a project with findings of every shape: with and without related
// places and fixes, of a broken file, of a name that has to be encoded.

#include <iostream>

#include "lint/run/lint.h"
#include "memory_files.h"

int main() {
  using namespace refgate::lint;
  MemoryFiles files;
  files.texts[".github/workflows/build & tést.yml"] =
      "on: [push, push]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    runs-on: \"é\"\n    "
      "steps:\n      - run: claude -p hi\n";
  files.texts[".github/workflows/broken.yml"] = "on: push\n\tjobs: {}\n";
  files.texts[".github/workflows/bytes.yml"] = "on: \xff\n";
  LintRequest request;
  request.format = Format::sarif;
  const LintOutcome outcome = run_lint(request, {files.seam(), {}, {}});
  std::cout << outcome.output;
  std::cerr << outcome.errors;
  return outcome.status;
}
