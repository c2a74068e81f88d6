#include "core/decision/run_state.h"

#include "catch.h"

using namespace refgate;

TEST_CASE("only a clear answer about the holder's own run says that it has ended") {
  struct Row {
    const char* name;
    const char* body;
    RunEnded expected;
  };
  const std::vector<Row> rows{
      {"completed", R"({"id": 42, "status": "completed", "run_attempt": 2})", RunEnded::yes},
      {"in progress", R"({"id": 42, "status": "in_progress", "run_attempt": 2})", RunEnded::no},
      {"queued", R"({"id": 42, "status": "queued", "run_attempt": 2})", RunEnded::no},
      {"a later attempt is under way", R"({"id": 42, "status": "in_progress", "run_attempt": 3})",
       RunEnded::yes},
      {"an answer older than the claim", R"({"id": 42, "status": "completed", "run_attempt": 1})",
       RunEnded::unknown},
      {"another run", R"({"id": 43, "status": "completed", "run_attempt": 2})", RunEnded::unknown},
      {"no id", R"({"status": "completed", "run_attempt": 2})", RunEnded::unknown},
      {"no attempt", R"({"id": 42, "status": "completed"})", RunEnded::unknown},
      {"no status", R"({"id": 42, "run_attempt": 2})", RunEnded::unknown},
      {"a status that is no text", R"({"id": 42, "status": true, "run_attempt": 2})",
       RunEnded::unknown},
      {"an error", R"({"message": "Not Found", "status": "404"})", RunEnded::unknown},
      {"a list", R"([{"id": 42, "status": "completed", "run_attempt": 2}])", RunEnded::unknown},
      {"cut off", R"({"id": 42, "status": "completed", "run_att)", RunEnded::unknown},
      {"nothing", "", RunEnded::unknown},
      {"a page", "<html>completed</html>", RunEnded::unknown},
  };
  Holder holder;
  holder.run_id = "42";
  holder.run_attempt = 2;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(static_cast<int>(read_run_state(row.body, holder)) == static_cast<int>(row.expected));
  }
}

TEST_CASE("Gitea and Forgejo tell of a run no attempt") {
  struct Row {
    const char* name;
    const char* body;
    RunEnded expected;
  };
  const std::vector<Row> rows{
      {"Gitea 1.26",
       R"({"id": 42, "status": "completed", "conclusion": "failure", "run_attempt": 0})",
       RunEnded::yes},
      {"Gitea, under way", R"({"id": 42, "status": "in_progress", "run_attempt": 0})",
       RunEnded::unknown},
      {"Gitea, blocked", R"({"id": 42, "status": "waiting", "run_attempt": 0})", RunEnded::unknown},
      {"Gitea 1.27", R"({"id": 42, "status": "in_progress", "run_attempt": 2})", RunEnded::no},
      {"Gitea 1.27, a later one", R"({"id": 42, "status": "in_progress", "run_attempt": 3})",
       RunEnded::yes},
      {"Forgejo", R"({"id": 42, "index_in_repo": 7, "status": "success"})", RunEnded::yes},
      {"Forgejo, failed", R"({"id": 42, "status": "failure"})", RunEnded::yes},
      {"Forgejo, cancelled", R"({"id": 42, "status": "cancelled"})", RunEnded::yes},
      {"Forgejo, under way", R"({"id": 42, "status": "running"})", RunEnded::unknown},
      {"Forgejo, of another run", R"({"id": 43, "status": "success"})", RunEnded::unknown},
      {"an attempt that is none", R"({"id": 42, "status": "success", "run_attempt": "2"})",
       RunEnded::unknown},
      {"no status", R"({"id": 42, "run_attempt": 0})", RunEnded::unknown},
  };
  Holder holder;
  holder.run_id = "42";
  holder.run_attempt = 2;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(static_cast<int>(read_run_state(row.body, holder, Attempts::may_be_untold)) ==
          static_cast<int>(row.expected));
  }
}

TEST_CASE("a run is only looked up where its page lies") {
  const char* server = "https://github.com";
  CHECK(repository_of_run("https://github.com/octo/app/actions/runs/42", server, "42") ==
        "octo/app");
  CHECK(repository_of_run("https://github.com/octo/app/actions/runs/42/attempts/2", server, "42") ==
        "octo/app");
  CHECK(repository_of_run("https://github.com/octo/app/actions/runs/42?by_index=1", server, "42") ==
        "octo/app");
  CHECK_FALSE(repository_of_run("https://github.com/octo/app/actions/runs/421", server, "42"));
  CHECK_FALSE(
      repository_of_run("https://github.com.evil.example/octo/app/actions/runs/42", server, "42"));
  CHECK_FALSE(repository_of_run("https://other.example/octo/app/actions/runs/42", server, "42"));
  CHECK_FALSE(repository_of_run("https://github.com/../user/actions/runs/42", server, "42"));
  CHECK_FALSE(repository_of_run("https://github.com/octo/a%20b/actions/runs/42", server, "42"));
  CHECK_FALSE(repository_of_run("https://github.com/octo", server, "42"));
  CHECK_FALSE(repository_of_run("", server, "42"));
  CHECK_FALSE(repository_of_run("https://github.com/octo/app/actions/runs/42", "", "42"));
}
