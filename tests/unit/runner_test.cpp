#include "runner/runner.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catch.h"
#include "os/file/checked_output.h"
#include "runner/given_away.h"

using namespace refgate;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

struct OutputFile {
  OutputFile() {
    char name[] = "/tmp/refgate-runner-test-XXXXXX";
    const int file = ::mkstemp(name);
    REQUIRE(file >= 0);
    path = name;
  }
  ~OutputFile() { std::filesystem::remove(path); }
  std::string text() const {
    std::ifstream file(path);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }
  std::string path;
};

}  // namespace

TEST_CASE("text is escaped for its place") {
  CHECK(escape_for(Place::line, "a\nSKIP_EXECUTION=false\r\x1b[31m") ==
        "a SKIP_EXECUTION=false  [31m");
  CHECK(escape_for(Place::message, "50%\n::error::x\r") == "50%25%0A::error::x%0D");
  CHECK(escape_for(Place::property, "a,b:c%\n") == "a%2Cb%3Ac%25%0A");
  CHECK(escape_for(Place::markdown, "<script>|`x`*_[y](z)\n") ==
        "&lt;script&gt;&#124;&#96;x&#96;&#42;&#95;&#91;y&#93;(z) ");
}

TEST_CASE("no line begins with a command of the runner") {
  for (const auto& [text, shown] : std::vector<std::pair<std::string, std::string>>{
           {"::add-mask::x", ": :add-mask::x"},
           {"  ::error::x", "  : :error::x"},
           {"\n::error::x", " : :error::x"},
           {"\xe3\x80\x80::error::x", "\xe3\x80\x80: :error::x"},
           {"::", ": :"},
           {":", ": "},
           {"a::b::c", "a::b::c"},
           {"x ##[error]", "x ## [error]"},
           {"##[error]", "## [error]"}}) {
    CAPTURE(text);
    CHECK(escape_for(Place::line, text) == shown);
  }
  CHECK(escape_for(Place::markdown, "::error::x") == "&#58;:error::x");
}

TEST_CASE("what a job summary would make a link of by itself is torn apart") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"https://a.example", "https&#58;<!-- -->//a.example"},
      {"xmpp:a@b.example", "xmpp:a&#64;<!-- -->b.example"},
      {"www.a.example", "www<!-- -->.a.example"},
      {"x WWW.a.example", "x WWW<!-- -->.a.example"},
      {"www", "www"},
      {"ww.a", "ww.a"},
      {"12:04:07", "12:04:07"},
      {"$x$", "&#36;x&#36;"},
  };
  for (const auto& [text, escaped] : cases) {
    CAPTURE(text);
    CHECK(escape_for(Place::markdown, text) == escaped);
  }
}

TEST_CASE("the token in use is replaced in a text, and what is too short to be one is not") {
  const auto shown = [](const std::string& token) {
    const Environment environment({{"GH_TOKEN", token}});
    CHECK(tokens_in_use(environment).size() == (token.size() < shortest_secret ? 0 : 1));
    return without_tokens("feature/" + token + "-" + token + "/main", environment);
  };
  CHECK(shown("seven77") == "feature/seven77-seven77/main");
  CHECK(shown("main") == "feature/main-main/main");
  CHECK(shown("eight888") == "feature/***-***/main");
  CHECK(shown("") == "feature/-/main");
}

TEST_CASE("text that would deceive a reader or a terminal is defused") {
  for (Place place : {Place::line, Place::message, Place::property, Place::markdown}) {
    CHECK(escape_for(place, "a\u202eb") == "a b");
    CHECK(escape_for(place, "a\u2066b\u2069") == "a b ");
    CHECK(escape_for(place, "a\u009bb") == "a b");
    CHECK(escape_for(place, "a\u2028b") == "a b");
    CHECK(escape_for(place,
                     "a\x9b"
                     "b") == "a\ufffdb");
    CHECK(escape_for(place, "\xff\xe2\x80") == "\ufffd\ufffd\ufffd");
    CHECK(escape_for(place, "Ünïcode 日本 🙂") == "Ünïcode 日本 🙂");
  }
}

TEST_CASE("outputs end with the one that opens the guards") {
  const OutputFile file;
  const Environment environment(Variables{{"GITHUB_OUTPUT", file.path}});
  close_guards(environment);
  CHECK(file.text() == "skip_execution=true\n");
  write_outputs(environment, {{"skip_execution", "false"}, {"reason", "a\nskip_execution=false"}});
  CHECK(file.text() ==
        "skip_execution=true\nreason=a skip_execution=false\nskip_execution=false\n");
}

TEST_CASE("outputs that cannot be written are no success") {
  const OutputFile file;
  const Environment below_a_file(Variables{{"GITHUB_OUTPUT", file.path + "/output"}});
  CHECK_THROWS_AS(write_outputs(below_a_file, {{"skip_execution", "false"}}), OutputError);
  CHECK_NOTHROW(write_outputs(Environment(), {{"skip_execution", "false"}}));
}

TEST_CASE("annotations are for Actions only") {
  CHECK(annotation(Environment(), "notice", "t", "m").empty());
  CHECK(annotation(Environment(Variables{{"GITHUB_ACTIONS", "true"}}), "notice", "t:", "m\n") ==
        "::notice title=t%3A::m%0A\n");
  CHECK(annotation(Environment(Variables{{"GITHUB_ACTIONS", "true"}}), "error", "t",
                   "the work is lost; refgate says so") ==
        "::error title=t::The work is lost; refgate says so\n");
  CHECK(annotation(Environment(Variables{{"GITHUB_ACTIONS", "true"}}), "error", "t",
                   "refgate finish could not do its work") ==
        "::error title=t::refgate finish could not do its work\n");
}
