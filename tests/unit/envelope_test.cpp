#include "core/event/envelope.h"

#include <nlohmann/json.hpp>
#include <set>

#include "catch.h"

using namespace refgate;
using nlohmann::json;

namespace {

Message message() {
  return {"pr-octo/app-7",
          "octo/app:commit-abc/agent.yml",
          "agent-push-abc",
          "push",
          "octo/app",
          "https://sqs.example/1/q.fifo",
          "{}"};
}

json made(QueueProvider provider, const Message& from) {
  const auto result = envelope(provider, from);
  REQUIRE(std::holds_alternative<Envelope>(result));
  return json::parse(std::get<Envelope>(result).json);
}

std::string refused(const Message& from) {
  const auto result = envelope(QueueProvider::sqs_fifo, from);
  REQUIRE(std::holds_alternative<std::string>(result));
  return std::get<std::string>(result);
}

}  // namespace

TEST_CASE("a provider's id is the text itself where it may be, and never that of another text") {
  CHECK(provider_id("pr-octo/app-7") == "pr-octo/app-7");
  CHECK(provider_id(std::string(128, 'x')) == std::string(128, 'x'));
  const std::string digested = provider_id(std::string(129, 'x'));
  const std::vector<std::string> texts{"",
                                       " ",
                                       "a b",
                                       "a_b",
                                       "ä",
                                       "名前",
                                       "a\nb",
                                       std::string(129, 'x'),
                                       std::string(130, 'x'),
                                       digested,
                                       provider_id(""),
                                       std::string(128, 'x') + " ",
                                       "A",
                                       "a",
                                       std::string("a\0b", 3)};
  std::set<std::string> ids;
  for (const std::string& text : texts) {
    const std::string id = provider_id(text);
    CAPTURE(text, id);
    CHECK_FALSE(id.empty());
    CHECK(id.size() <= 128);
    for (const char c : id)
      CHECK((c > ' ' && c < 0x7f));
    CHECK(ids.insert(id).second);
  }
}

TEST_CASE("the words are the provider's") {
  const json sqs = made(QueueProvider::sqs_fifo, message());
  CHECK(sqs["MessageGroupId"] == "pr-octo/app-7");
  CHECK(sqs["MessageDeduplicationId"] == "octo/app:commit-abc/agent.yml");
  CHECK(sqs["MessageBody"] == "{}");
  CHECK(sqs["QueueUrl"] == "https://sqs.example/1/q.fifo");
  const json bus = made(QueueProvider::servicebus, message());
  CHECK(bus["SessionId"] == "pr-octo/app-7");
  CHECK(bus["MessageId"] == "octo/app:commit-abc/agent.yml");
  CHECK(bus["ContentType"] == "application/json");
  CHECK(bus["Body"] == "{}");
  CHECK(parse_provider("servicebus") == QueueProvider::servicebus);
  CHECK_FALSE(parse_provider("kafka"));
}

TEST_CASE(
    "what is processed by itself has a group of its own in SQS, and no session in Service Bus") {
  Message alone = message();
  alone.group.clear();
  CHECK(made(QueueProvider::sqs_fifo, alone)["MessageGroupId"] == alone.event_id);
  CHECK_FALSE(made(QueueProvider::servicebus, alone).contains("SessionId"));
}

TEST_CASE("a body that SQS would not take is refused with the reason") {
  Message bad = message();
  bad.body.clear();
  CHECK(refused(bad).find("empty") != std::string::npos);
  bad.body = std::string((1u << 20) + 1, 'x');
  CHECK(refused(bad).find("1048576") != std::string::npos);
  for (const std::string& text : {std::string("a\x01"), std::string("a\0b", 3), std::string("\xff"),
                                  std::string("\xed\xa0\x80"), std::string("\xef\xbf\xbf"),
                                  std::string("\xc3"), std::string("\xe0\x80\x80")}) {
    bad.body = text;
    CAPTURE(text);
    CHECK(refused(bad).find("control characters") != std::string::npos);
  }
  bad.body = "täglich 名前 😀\t\r\n";
  CHECK(made(QueueProvider::sqs_fifo, bad)["MessageBody"] == bad.body);
}
