#pragma once
// By what names agents tell what a session cost: the one place that knows them.
//
// Sources: Claude Code, "Headless mode" (the object of type "result": `total_cost_usd`, once
// `cost_usd`, and `usage`, whose input tokens hold neither what was read from the cache nor what
// was written to it); Codex, "Non-interactive mode" (`turn.completed` with `usage`, whose input
// tokens hold the cached ones and whose output tokens hold the reasoning) and its session files
// (`token_count`); Gemini CLI, "Headless mode" (`stats.models` by model; in stream-json `stats` of
// the result) and the Gemini API (`usageMetadata`).

#include <array>
#include <string_view>

namespace refgate {

enum class UsageKind { cost, tokens };

struct UsageName {
  UsageKind kind;
  unsigned group;  ///< the names of one group are added up; of the groups of a kind the first one
                   ///< that an object has counts
  std::string_view path;  ///< members from the object on, "*" being any one name
};

inline constexpr std::array usage_names{
    UsageName{UsageKind::cost, 0, "total_cost_usd"},
    UsageName{UsageKind::cost, 1, "cost_usd"},

    UsageName{UsageKind::tokens, 0, "usage.total_tokens"},
    UsageName{UsageKind::tokens, 1, "usage.input_tokens"},
    UsageName{UsageKind::tokens, 1, "usage.output_tokens"},
    UsageName{UsageKind::tokens, 1, "usage.cache_creation_input_tokens"},
    UsageName{UsageKind::tokens, 1, "usage.cache_read_input_tokens"},
    UsageName{UsageKind::tokens, 2, "payload.info.total_token_usage.total_tokens"},
    UsageName{UsageKind::tokens, 2, "msg.info.total_token_usage.total_tokens"},
    UsageName{UsageKind::tokens, 2, "info.total_token_usage.total_tokens"},
    UsageName{UsageKind::tokens, 3, "msg.total_tokens"},
    UsageName{UsageKind::tokens, 4, "stats.total_tokens"},
    UsageName{UsageKind::tokens, 5, "stats.models.*.tokens.total"},
    UsageName{UsageKind::tokens, 6, "usageMetadata.totalTokenCount"},
    UsageName{UsageKind::tokens, 7, "total_tokens"},
    UsageName{UsageKind::tokens, 8, "tokens"},
};

}  // namespace refgate
