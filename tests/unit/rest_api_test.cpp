#include "runner/rest_api.h"

#include "catch.h"

using namespace refgate;

TEST_CASE("a token is shown to the API of the server that it is for") {
  struct Row {
    const char* name;
    const char* server;
    const char* api;
    const char* remote;
    const char* own;
    const char* github;
    const char* shown;
  };
  for (const Row& row : {
           Row{"the run's own repository", "https://github.com", "https://api.github.com",
               "https://github.com/octo/app", "own", "github", "own"},
           Row{"no server is said", "", "https://api.github.com", "https://github.com/octo/app",
               "own", "", "own"},
           Row{"state on another host", "https://github.com", "https://api.github.com",
               "https://git.example/octo/state", "own", "github", "github"},
           Row{"state on another host, one token", "https://github.com", "https://api.github.com",
               "https://git.example/octo/state", "own", "", ""},
           Row{"state on another port", "https://ghe.example", "https://ghe.example/api/v3",
               "https://ghe.example:8443/octo/state", "own", "", ""},
           Row{"state without TLS", "https://ghe.example", "https://ghe.example/api/v3",
               "http://ghe.example/octo/state", "own", "", ""},
           Row{"a host that only begins alike", "https://github.com", "https://api.github.com",
               "https://github.com.evil.example/octo/app", "own", "", ""},
           Row{"a host behind a user", "https://github.com", "https://api.github.com",
               "https://github.com@evil.example/octo/app", "own", "", ""},
           Row{"state elsewhere, the API on this machine", "https://github.com",
               "http://127.0.0.1:3000", "https://git.example/octo/state", "own", "", ""},
           Row{"state and API on this machine", "https://github.com", "http://127.0.0.1:3000",
               "http://127.0.0.1:4000/x.git", "own", "", "own"},
           Row{"a path", "https://github.com", "https://api.github.com", "/srv/x.git", "own", "",
               ""},
           Row{"an API that is no URL", "https://github.com", "api.github.com",
               "https://github.com/octo/app", "own", "github", ""},
       }) {
    CAPTURE(row.name);
    const Environment environment({{"GITHUB_SERVER_URL", row.server},
                                   {"REFGATE_TOKEN", row.own},
                                   {"GITHUB_TOKEN", row.github}});
    CHECK(token_for_api(environment, row.api, row.remote) == row.shown);
  }
}
