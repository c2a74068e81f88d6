#include "results/result_input.h"

#include "core/secrets/secret_scan.h"
#include "core/text/digest.h"
#include "job/subject/subject.h"

namespace refgate {
namespace {

/// What the job says of itself where it holds no claim.
ResultOrigin origin_without_claim(const Invocation& call, const Settings& settings) {
  ResultOrigin origin;
  try {
    const Subject subject = subject_of(call, settings);
    origin.session_key = subject.request.session_key;
    origin.scope = subject.ref;
    origin.commit = subject.request.commit;
    origin.workflow = subject.request.workflow;
    origin.event = subject.request.event;
    origin.run_id = subject.request.holder.run_id;
    origin.run_url = subject.request.holder.run_url;
    origin.job = subject.request.holder.job;
  } catch (const UsageError&) {
    // Outside of a run there is nothing to say.
    origin.workflow = settings.workflow;
    origin.run_id = settings.run_id;
  }
  return origin;
}

ResultOrigin origin_of(const ClaimNote& note) {
  const Claim& claim = note.claim;
  return {claim.session_key,   claim.claim_id,       note.ref,
          claim.commit,        claim.workflow,       claim.event,
          claim.holder.run_id, claim.holder.run_url, claim.holder.job};
}

}  // namespace

ResultRecord labelled_record(const Invocation& call) {
  ResultRecord record;
  record.title = call.option("title");
  record.url = call.option("url");
  if (const auto given = call.options.find("meta"); given != call.options.end()) {
    for (const std::string& pair : given->second) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string::npos)
        throw UsageError("--meta is \"" + pair + "\", but must be key=value");
      const auto [at, fresh] =
          record.meta.try_emplace(pair.substr(0, equals), pair.substr(equals + 1));
      if (!fresh) throw UsageError("--meta says \"" + at->first + "\" twice");
    }
  }
  if (const auto error = check_labels(record)) throw UsageError(*error + "; nothing was kept");
  return record;
}

void complete(Result& result, Instant at, const Invocation& call, const Settings& settings,
              const std::optional<ClaimNote>& session) {
  auto& [record, content] = result;
  record.id = result_id(at, content, fresh_nonce());
  record.size = content.size();
  record.digest = sha256_hex(content);
  record.origin = session ? origin_of(*session) : origin_without_claim(call, settings);
}

std::string retrieval(const Settings& settings, const std::string& id) {
  static constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/._@~-";
  std::string command = how_to_get(id);
  if (settings.name_space != Settings{}.name_space)
    command += " --namespace " + settings.name_space;
  // What a shell would read in another way is left to whoever copies the command.
  if (!settings.remote.empty() && settings.remote.find_first_not_of(plain) == std::string::npos)
    command += " --remote " + settings.remote;
  return command;
}

std::optional<GivenAway> secret_in(const Invocation& call, const Result& result) {
  const auto& [record, content] = result;
  std::vector<std::string> harmless;
  if (const auto given = call.options.find("not-secret"); given != call.options.end())
    harmless = given->second;
  std::erase_if(harmless, is_token_variable);
  const auto secrets = secrets_in(call.environment.variables(), harmless);
  const auto gives_away = [&](std::string_view text) {
    return what_it_gives_away(text, secrets, harmless);
  };
  if (auto found = gives_away(content)) return found;
  for (const std::string* label : {&record.title, &record.url, &record.cause})
    if (auto found = gives_away(*label)) return found;
  for (const auto& [key, value] : record.meta)
    for (const std::string* text : {&key, &value})
      if (auto found = gives_away(*text)) return found;
  return std::nullopt;
}

}  // namespace refgate
