#include "core/text/origin.h"

#include <utility>
#include <vector>

#include "catch.h"

using namespace refgate;

TEST_CASE("an origin is scheme, host and port") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"https://github.com/octo/app", "https://github.com"},
      {"https://github.com", "https://github.com"},
      {"https://github.com:443/", "https://github.com"},
      {"HTTPS://GitHub.COM/x", "https://github.com"},
      {"https://github.com:8443/x", "https://github.com:8443"},
      {"http://127.0.0.1:80/x.git", "http://127.0.0.1"},
      {"http://127.0.0.1:3000/x.git", "http://127.0.0.1:3000"},
      {"http://[::1]:3000/x.git", "http://[::1]:3000"},
      {"https://ghe.example-corp.com/a/b?c=d#e", "https://ghe.example-corp.com"},
      {"https://github.com/a@b:c", "https://github.com"},
  };
  for (const auto& [url, text] : table) {
    CAPTURE(url);
    const auto origin = origin_of(url);
    REQUIRE(origin);
    CHECK(origin->text() == text);
  }
}

TEST_CASE("a URL that two readers could take for two hosts has no origin") {
  for (const char* url : {
           "",
           "github.com/octo/app",
           "//github.com/octo/app",
           "git@github.com:octo/app.git",
           "ssh://git@github.com/octo/app",
           "file:///tmp/x",
           "https:github.com/x",
           "https:/github.com/x",
           "https:///x",
           "https://",
           "https://:443/x",
           "https://github.com:/x",
           "https://github.com:0/x",
           "https://github.com:65536/x",
           "https://github.com:99999999999/x",
           "https://github.com:443:80/x",
           "https://github.com:+443/x",
           "https://github.com:4 43/x",
           "https://github.com@evil.example/x",
           "https://u:p@github.com/x",
           "https://github.com\\@evil.example/x",
           "https://github.com\\.evil.example/x",
           "https://evil.example\\/github.com",
           "https://github.com?@evil.example/x",
           "https://github.com#@evil.example/x",
           "https://github.com?x",
           "https://github.com#x",
           "https://github.com%2eevil.example/x",
           "https://github.com%00.evil.example/x",
           "https://github.com./x",
           "https://.github.com/x",
           "https://github..com/x",
           "https://git hub.com/x",
           "https://github.com/x y",
           "https://github.com\t/x",
           "https://github.com\n/x",
           "https://github.com/x\x7f",
           "https://gith\xd1\x83"
           "b.com/x",
           "https://github.com\xe3\x80\x82"
           "evil.example/x",
           "https://[::1/x",
           "https://::1]/x",
           "https://[github.com]/x",
           "https://[::1]evil.example/x",
           "https://[fe80::1%25eth0]/x",
           "https://github.com,evil.example/x",
           "https://github.com;evil.example/x",
           "https://git*hub.com/x",
           "javascript://github.com/x",
           "httpss://github.com/x",
       }) {
    CAPTURE(url);
    CHECK_FALSE(origin_of(url));
  }
}

TEST_CASE("origins that differ in one part are others") {
  const auto github = origin_of("https://github.com/octo/app");
  for (const char* url :
       {"http://github.com/octo/app", "https://github.com:444/octo/app",
        "https://api.github.com/octo/app", "https://github.com.evil.example/octo/app",
        "https://github.co/octo/app", "https://xgithub.com/octo/app"}) {
    CAPTURE(url);
    CHECK(origin_of(url) != github);
  }
}

TEST_CASE("loopback is what cannot leave this machine") {
  for (const char* url : {"http://localhost/x", "http://127.0.0.1/x", "http://127.9.8.7:1/x",
                          "http://[::1]/x", "http://LOCALHOST/x"}) {
    CAPTURE(url);
    CHECK(origin_of(url).value().is_loopback());
  }
  for (const char* url :
       {"http://127.example.org/x", "http://127.0.0.1.example.org/x", "http://localhost.example/x",
        "http://10.0.0.1/x", "http://[::2]/x", "http://127.0.0/x", "http://1270.0.0.1/x",
        "http://xlocalhost/x", "http://a.localhost:1/x"}) {
    CAPTURE(url);
    CHECK_FALSE(origin_of(url).value().is_loopback());
  }
}
