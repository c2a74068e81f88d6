#include "core/record/usage.h"

#include "catch.h"

using namespace refgate;

namespace {

struct Row {
  const char* what;
  std::string text;
  const char* told;  ///< as describe_spent says it
};

}  // namespace

TEST_CASE("the agents' own results are read") {
  const Row rows[] = {
      {"Claude Code, json",
       R"({"type":"result","subtype":"success","is_error":false,"num_turns":6,"result":"done",
           "total_cost_usd":0.08131755000000001,
           "usage":{"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,
                    "output_tokens":40,"server_tool_use":{"web_search_requests":9},"service_tier":"standard"},
           "modelUsage":{"claude-x":{"inputTokens":3,"costUSD":9.9}}})",
       "$0.081318, 2143 tokens"},
      {"Claude Code, stream-json: the last one counts, and what a message used does not",
       "{\"type\":\"system\",\"subtype\":\"init\"}\n"
       "{\"type\":\"assistant\",\"message\":{\"usage\":{\"input_tokens\":999,\"output_tokens\":9}}}"
       "\n"
       "{\"type\":\"result\",\"total_cost_usd\":0.5,\"usage\":{\"input_tokens\":1,\"output_"
       "tokens\":2}}\n"
       "{\"type\":\"result\",\"total_cost_usd\":1.25,\"usage\":{\"input_tokens\":10,\"output_"
       "tokens\":20}}\n",
       "$1.25, 30 tokens"},
      {"the action's list of messages",
       R"([{"type":"system"},{"type":"assistant","message":{"usage":{"input_tokens":7}}},
           {"type":"result","total_cost_usd":2,"usage":{"input_tokens":4,"output_tokens":5}}])",
       "$2.00, 9 tokens"},
      {"an older name", R"({"cost_usd":0.01})", "$0.01"},
      {"Codex, --json: what came from the cache is among the input",
       "{\"type\":\"thread.started\",\"thread_id\":\"x\"}\nWARN not JSON\n"
       "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":24763,\"cached_input_tokens\":"
       "24448,"
       "\"output_tokens\":122,\"reasoning_output_tokens\":64}}\r\n",
       "24885 tokens"},
      {"Codex, its session file",
       "{\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_"
       "usage\":"
       "{\"input_tokens\":5,\"output_tokens\":6,\"total_tokens\":11},\"last_token_usage\":{\"total_"
       "tokens\":4}}}}\n"
       "{\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":null}}",
       "11 tokens"},
      {"Gemini, json: all models together",
       R"({"response":"x","stats":{"models":{"pro":{"api":{"totalRequests":2},"tokens":{"prompt":90,"total":100}},
           "flash":{"tokens":{"total":23}}},"tools":{"totalCalls":7}}})",
       "123 tokens"},
      {"Gemini, stream-json",
       "{\"type\":\"init\"}\n{\"type\":\"result\",\"stats\":{\"total_tokens\":50,\"input_tokens\":"
       "40}}",
       "50 tokens"},
      {"the Gemini API", R"({"usageMetadata":{"promptTokenCount":4,"totalTokenCount":9}})",
       "9 tokens"},
      {"OpenAI's sum is the sum",
       R"({"usage":{"total_tokens":12,"input_tokens":5,"output_tokens":7}})", "12 tokens"},
      {"our own names", R"({"cost_usd":1,"tokens":2})", "$1.00, 2 tokens"},
      {"of one name the last value", R"({"tokens":2,"tokens":3})", "3 tokens"},
      {"a whole number of dollars, and a tiny one",
       R"([{"total_cost_usd":3},{"total_cost_usd":1e-05}])", "$0.00001"},
      {"a line that was cut off is no object",
       "{\"total_cost_usd\":1}\n{\"total_cost_usd\":2,\"usage\":{", "$1.00"},
      {"no line end, blanks and empty lines", "\n\n  {\"tokens\":4}  \n\n", "4 tokens"},
      {"null is not said", R"({"total_cost_usd":null,"tokens":4})", "4 tokens"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Usage usage = read_usage(row.text);
    CHECK(describe_spent(usage.spent) == row.told);
    CHECK(usage.problem.empty());
  }
}

TEST_CASE("what says nothing known, or nothing that can be, is told and not shown") {
  const std::string secret = "hunter2";
  const std::string rows[] = {
      "",
      secret,
      "[]",
      "{}",
      "null",
      "3",
      R"({"cost":"hunter2","total_cost_usd":"1.23"})",
      R"({"message":{"total_cost_usd":1}})",
      R"([[{"total_cost_usd":1}]])",
      R"({"list":[{"total_cost_usd":1}],"usage":[{"input_tokens":1}],"total_cost_usd":[1]})",
      R"({"total_cost_usd":-1})",
      R"({"total_cost_usd":1000001,"tokens":1.5})",
      R"({"usage":{"input_tokens":-5}})",
      R"({"total_cost_usd":1} hunter2)",
      R"({"total_cost_usd":1)",
      "\x80\x81{\"total_cost_usd\":1}",
  };
  for (const std::string& text : rows) {
    INFO(text);
    const Usage usage = read_usage(text);
    CHECK(!usage.spent.is_said());
    CHECK(!usage.problem.empty());
    CHECK(usage.problem.find(secret) == std::string::npos);
  }
}

TEST_CASE("of two that are said one may be wrong") {
  const Usage usage =
      read_usage(R"({"total_cost_usd":-2,"usage":{"input_tokens":1,"output_tokens":2}})");
  CHECK(describe_spent(usage.spent) == "3 tokens");
  CHECK(!usage.problem.empty());
}

TEST_CASE("neither depth nor length is held, and nothing beyond the bound is looked at") {
  const std::string deep(1u << 20, '[');
  CHECK(!read_usage(deep).spent.is_said());
  const std::string balanced = deep + std::string(deep.size(), ']');
  CHECK(!read_usage(balanced).spent.is_said());
  std::string nested = R"({"tokens":5,"x":)";
  for (int i = 0; i < 20'000; ++i)
    nested += R"({"total_cost_usd":1,"usage":)";
  nested += "1" + std::string(20'001, '}');
  CHECK(describe_spent(read_usage(nested).spent) == "5 tokens");
  std::string beyond = "{\"tokens\":1}\n" + std::string(longest_usage, ' ') + "\n{\"tokens\":2}";
  CHECK(describe_spent(read_usage(beyond).spent) == "1 tokens");
}
