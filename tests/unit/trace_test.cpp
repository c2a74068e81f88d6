#include "os/trace.h"
#include "core/secrets/url_secrets.h"

#include <vector>

#include "catch.h"
#include "runner/environment.h"
#include "runner/run_page.h"

using namespace refgate;

namespace {

Environment environment(std::map<std::string, std::string, std::less<>> variables) {
  return Environment(std::move(variables));
}

}  // namespace

TEST_CASE("trace: a line is put together only when somebody listens") {
  int made = 0;
  const auto line = [&] {
    ++made;
    return std::string("line");
  };
  trace(line);
  CHECK(made == 0);
  std::vector<std::string> heard;
  trace_to([&](std::string_view text) { heard.emplace_back(text); });
  trace(line);
  trace_to({});
  trace(line);
  CHECK(made == 1);
  CHECK(heard == std::vector<std::string>{"line"});
}

TEST_CASE("trace: an address is shown without what may be secret") {
  struct Row {
    const char* text;
    const char* shown;
  };
  const Row rows[] = {
      {"https://github.com/o/a", "https://github.com/o/a"},
      {"https://u:p4ss@h/o/a?key=p4ss#p4ss", "https://h/o/a"},
      {"ssh://git:p4ss@h/o/a", "ssh://h/o/a"},
      {"https://u:p4/ss@h/o", "https://h/o"},
      {"https://u:p?4ss@h/o", "https://…"},
      {"https://h/o?key=p4ss@x", "https://…"},
      {"a https://h/?p4ss b http://u:p4ss@h c", "a https://h/ b http://h c"},
      {"two@words and no address?", "two@words and no address?"},
      {"://", "://"},
      {"https:///u:p4ss@h/x", "https://h/x"},
      {"https://///u:p4ss@h/x", "https://h/x"},
      {"http:/u:p4ss@h/x", "http:/h/x"},
      {"fatal: 'https:/p4ss@h/x': no", "fatal: 'https:/h/x': no"},
      {"u:p4ss@h:x.git", "h:x.git"},
      {"u:p4:ss@h:x.git?p4ss", "h:x.git"},
      {"git@h:x.git", "git@h:x.git"},
      {"host:team@x.git", "host:team@x.git"},
      {"https://h:80/a@b", "https://h:80/a@b"},
      {"https:u:p4ss@h/x", "h/x"},
      {"HTTPS:p4ss@h/x", "h/x"},
      {"host:u:p4ss@x.git", "x.git"},
      {"https://h/x.git;token=p4ss", "https://h/x.git"},
      {"no answer from https://h/x.git; nothing", "no answer from https://h/x.git; nothing"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(without_url_secrets(row.text) == row.shown);
  }
}

TEST_CASE("a run's page goes by its number on Gitea and Forgejo alone") {
  const auto page = [](const char* variable, const std::string& run = "900",
                       const std::string& number = "7") {
    return numbered_run_page(environment({{variable, "true"},
                                          {"GITHUB_SERVER_URL", "https://forge.example/git/"},
                                          {"GITHUB_RUN_ID", "900"},
                                          {"GITHUB_RUN_NUMBER", number}}),
                             "o/a", run);
  };
  CHECK(page("GITEA_ACTIONS") == "https://forge.example/git/o/a/actions/runs/7?by_index=1");
  CHECK(page("FORGEJO_ACTIONS") == "https://forge.example/git/o/a/actions/runs/7");
  CHECK(page("GITHUB_ACTIONS") == std::nullopt);
  // No link is better than that of another run.
  CHECK(page("GITEA_ACTIONS", "901") == "");
  CHECK(page("GITEA_ACTIONS", "900", "") == "");
  CHECK(page("GITEA_ACTIONS", "900", "7/../8") == "");

  const Environment gitea = environment({{"GITEA_ACTIONS", "true"}});
  CHECK(name_in_run_page(gitea, "https://forge.example/o/a/actions/runs/7", "900") == "7");
  CHECK(name_in_run_page(gitea, "https://forge.example/o/a/actions/runs/7?by_index=1", "900") ==
        "7");
  CHECK(name_in_run_page(gitea, "https://forge.example/o/a", "900") == "900");
  CHECK(name_in_run_page(environment({}), "https://github.com/o/a/actions/runs/7", "900") == "900");
}
