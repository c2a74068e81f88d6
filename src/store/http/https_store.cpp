// A remote over smart HTTP.
//
// Each ref update carries the value that the server advertised on this connection, and the server
// compares it under the ref's lock: that is the compare-and-swap. What the caller expects is
// compared with the advertisement first, so that a stale swap sends nothing.
//
// A reply is believed only when it says "ok" for our ref. Anything else (an error, a status,
// silence) is settled by reading the ref and comparing it with the id of our own commit: status
// texts differ between hosts, and a connection that breaks may have broken after the work was done.

#include <mbedtls/base64.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "os/backoff.h"
#include "store/git/git_runtime.h"
#include "store/git/plan.h"
#include "store/git/scratch.h"
#include "store/http/http_address.h"
#include "store/http/http_errors.h"
#include "store/http/http_remote.h"
#include "store/open.h"
#include "store/wire/fetched_pack.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int tries_without_deadline = 4;
constexpr int refusal_tries = 6;  // a server that refuses a ref which holds what was expected:
                                  // "cannot lock ref" and its like pass
constexpr int moved_tries = 4;    // refs that vanish between the two requests of a read
constexpr std::size_t most_cached_bytes = 64U << 20U;

constexpr const char* nothing_changed = "nothing was changed";
constexpr const char* nothing_sent = "nothing was sent";
constexpr const char* not_known = "whether the refs were changed is not known";

/// Files by commit id. What an id names never changes.
class CommitCache {
 public:
  const Files* find(const std::string& id) const {
    const auto it = files_.find(id);
    return it == files_.end() ? nullptr : &it->second;
  }

  void add(const std::string& id, const Files& files) {
    std::size_t size = id.size();
    for (const auto& [path, content] : files)
      size += path.size() + content.size();
    if (bytes_ + size > most_cached_bytes) {
      files_.clear();
      bytes_ = 0;
    }
    if (size <= most_cached_bytes && files_.emplace(id, files).second) bytes_ += size;
  }

 private:
  std::map<std::string, Files> files_;
  std::size_t bytes_ = 0;
};

class HttpsStore final : public Store {
 public:
  explicit HttpsStore(const HttpsOptions& options)
      : fence_(options.name_space),
        name_(describe_remote(options.url)),
        with_token_(!options.authorization.empty()),
        push_(GIT_DIRECTION_PUSH, options.url, options.authorization, traffic_),
        fetch_(GIT_DIRECTION_FETCH, options.url, options.authorization, traffic_) {}

  std::map<std::string, Version> list(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    return retrying(Intent::reading, nothing_changed, [&] { return show(fetch_).under(prefix); });
  }

  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    for (const auto& ref : refs)
      require_ref_name(ref);
    begin();
    return retrying(Intent::reading, nothing_changed, [&] {
      // A swap that found its ref taken has just looked.
      const Advertisement& shown =
          std::exchange(just_looked_, false) ? fetch_.shown() : show(fetch_);
      std::map<std::string, Version> wanted;
      for (const auto& ref : refs) {
        if (const git_oid id = shown.value(ref); !git_oid_is_zero(&id))
          wanted[ref] = Version{hex_of(id)};
      }
      return contents(wanted);
    });
  }

  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    return retrying(Intent::reading, nothing_changed,
                    [&] { return contents(show(fetch_).under(prefix)); });
  }

  std::vector<SwapOutcome> swap(std::span<const Change> changes) override;

  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    require_prefix(prefix);
    if (latest_ == nullptr || latest_->assumed()) return std::nullopt;
    return latest_->shown().under(prefix);
  }

  std::string describe() const override { return name_; }
  Traffic traffic() const override { return traffic_; }

 private:
  struct Attempt;

  void begin() const {
    if (Clock::now() >= deadline()) {
      throw StoreError(StoreFailure::unreachable,
                       "the deadline had passed before " + name_ + " was asked; " + nothing_sent);
    }
  }

  const Advertisement& show(HttpRemote& remote) {
    just_looked_ = false;
    const Advertisement& shown = remote.connect(scratch_, deadline());
    latest_ = &remote;
    return shown;
  }

  std::map<std::string, Stored> contents(const std::map<std::string, Version>& refs) {
    std::map<std::string, git_oid> missing;
    for (const auto& [ref, version] : refs) {
      if (cache_.find(version.id) == nullptr)
        missing.emplace(version.id, parse_oid(version.id).value());
    }
    std::map<std::string, Stored> found;
    std::map<std::string, Files> fetched;
    if (!missing.empty()) {
      std::vector<git_oid> ids;
      for (const auto& [hex, id] : missing)
        ids.push_back(id);
      FetchedPack pack;
      fetch_.fetch(ids, deadline(), [&](std::string_view bytes) { pack.append(bytes); });
      pack.finish();
      for (const auto& [hex, id] : missing)
        fetched[hex] = pack.files_of(id);
    }
    for (const auto& [ref, version] : refs) {
      const auto it = fetched.find(version.id);
      found[ref] = {version, it != fetched.end() ? it->second : *cache_.find(version.id)};
    }
    for (const auto& [hex, files] : fetched)
      cache_.add(hex, files);
    return found;
  }

  template <class Operation>
  auto retrying(Intent intent, const char* not_done, const Operation& operation)
      -> decltype(operation()) {
    Backoff backoff(200ms, 5s);
    for (int tries = 1;; ++tries) {
      try {
        return operation();
      } catch (const ExchangeFailed& failed) {
        const bool bounded = deadline() != Clock::time_point::max();
        const bool again = failed.said_by_git ? tries < moved_tries
                                              : is_worth_retrying(failed) &&
                                                    (bounded || tries < tries_without_deadline);
        if (!again || !backoff.pause(deadline()))
          throw describe_failure(failed, intent, name_, not_done, tries, with_token_);
      }
    }
  }

  std::optional<SwapOutcome> create_at_once(const PlannedChange& change, bool& may_be_done);
  const Advertisement& see_before_sending(std::span<const PlannedChange> changes,
                                          const char* not_done);
  void send(std::vector<Attempt>& attempts, std::optional<ExchangeFailed>& lost);
  void settle_by_reading_back(std::vector<Attempt>& attempts);

  Fence fence_;
  std::string name_;
  bool with_token_;
  Traffic traffic_;
  Scratch scratch_;
  HttpRemote push_;
  HttpRemote fetch_;
  const HttpRemote* latest_ = nullptr;
  CommitCache cache_;
  bool just_looked_ = false;  // fetch_ shows what was there when the last swap ended
};

struct HttpsStore::Attempt {
  const PlannedChange* change = nullptr;
  std::optional<SwapOutcome> outcome;
  int refusals = 0;
  std::string refusal;  // of the last try; empty when its fate is not known
};

// A ref that is not expected to exist needs no look beforehand: the server refuses to create what
// is there. That makes a first claim one POST. Whatever comes back but a plain yes is settled by
// looking, here or in the ordinary way: nullopt says that nothing was found out, or nothing was
// sent.
std::optional<SwapOutcome> HttpsStore::create_at_once(const PlannedChange& change,
                                                      bool& may_be_done) {
  scratch_.add(*change.objects);
  const PushUpdate update{change.ref, change.expected, change.target};
  try {
    push_.assume_nothing_is_there(scratch_, deadline());
    if (push_.push(scratch_, std::span(&update, 1), deadline()).accepted.contains(change.ref))
      return swapped_outcome(change);
    const git_oid value = show(fetch_).value(change.ref);
    just_looked_ = true;
    if (git_oid_equal(&value, &change.target)) return swapped_outcome(change);
    if (!git_oid_is_zero(&value)) return stale_outcome(value);
  } catch (const ExchangeFailed& failed) {
    // The ordinary way looks, tries again and knows the words; but a token that was not accepted is
    // not tried twice.
    may_be_done =
        failed.request_sent && failed.http_status == 0 && !failed.redirect && !failed.certificate;
    if (failed.http_status == 401)
      throw describe_failure(failed, Intent::writing, name_, nothing_changed, 1, with_token_);
  }
  just_looked_ = false;
  return std::nullopt;
}

// The advertisement of an earlier call is good enough when it agrees with what is expected, since
// the server compares again. When it disagrees it may only be old.
const Advertisement& HttpsStore::see_before_sending(std::span<const PlannedChange> changes,
                                                    const char* not_done) {
  if (push_.connected()) {
    // What goes along with a decisive change may be judged by what was shown earlier: at worst it
    // is left out as stale.
    const bool some_decide =
        std::ranges::any_of(changes, [](const PlannedChange& change) { return change.decisive; });
    const auto agrees = [&](const PlannedChange& change) {
      if (some_decide && !change.decisive) return true;
      const git_oid value = push_.shown().value(change.ref);
      return git_oid_equal(&value, &change.expected) != 0 &&
             git_oid_equal(&value, &change.target) == 0;
    };
    if (std::ranges::all_of(changes, agrees)) return push_.shown();
  }
  return retrying(Intent::writing, not_done, [&]() -> const Advertisement& { return show(push_); });
}

void HttpsStore::send(std::vector<Attempt>& attempts, std::optional<ExchangeFailed>& lost) {
  std::vector<PushUpdate> updates;
  for (const auto& attempt : attempts) {
    if (!attempt.outcome)
      updates.push_back({attempt.change->ref, attempt.change->expected, attempt.change->target});
  }
  lost.reset();
  PushReport report;
  std::string refusal;
  try {
    report = push_.push(scratch_, updates, deadline());
    latest_ = &push_;
  } catch (const ExchangeFailed& failed) {
    const bool server_decided =
        (failed.http_status != 0 || failed.redirect) && !is_worth_retrying(failed);
    if (server_decided)
      throw describe_failure(failed, Intent::writing, name_, nothing_changed, 1, with_token_);
    lost = failed;
    if (!is_worth_retrying(failed))
      refusal = failed.text;  // such as a pack that could not be unpacked
  }
  for (auto& attempt : attempts) {
    if (attempt.outcome) continue;
    const std::string& ref = attempt.change->ref;
    if (report.accepted.contains(ref)) {
      attempt.outcome = swapped_outcome(*attempt.change);
      continue;
    }
    attempt.refusal = refusal;
    if (const auto it = report.refused.find(ref); it != report.refused.end()) {
      attempt.refusal = it->second.empty() ? "refused without a reason" : it->second;
      if (!report.remarks.empty()) attempt.refusal += " (" + clean_text(report.remarks) + ")";
    }
    if (!attempt.refusal.empty()) ++attempt.refusals;
  }
}

void HttpsStore::settle_by_reading_back(std::vector<Attempt>& attempts) {
  const Advertisement& shown =
      retrying(Intent::writing, not_known, [&]() -> const Advertisement& { return show(push_); });
  for (auto& attempt : attempts) {
    if (attempt.outcome) continue;
    const PlannedChange& change = *attempt.change;
    const git_oid value = shown.value(change.ref);
    const bool as_wanted = git_oid_equal(&value, &change.target) != 0;
    // Anyone may have deleted a ref that was refused to us; only an unanswered deletion is taken
    // for our own.
    if (as_wanted && (!change.deletes() || attempt.refusal.empty())) {
      attempt.outcome = swapped_outcome(change);
    } else if (!git_oid_equal(&value, &change.expected)) {
      attempt.outcome = stale_outcome(value);
    } else if (attempt.refusals >= refusal_tries) {
      attempt.outcome = refused_outcome(attempt.refusal);
    }
  }
}

std::vector<SwapOutcome> HttpsStore::swap(std::span<const Change> changes) {
  const auto planned = plan_changes(fence_, changes);
  if (planned.empty()) return {};
  begin();
  bool may_be_done = false;
  if (planned.size() == 1 && git_oid_is_zero(&planned[0].expected) && !planned[0].deletes() &&
      !push_.connected()) {
    if (auto outcome = create_at_once(planned[0], may_be_done)) {
      if (outcome->result == SwapResult::swapped)
        cache_.add(hex_of(planned[0].target), changes[0].replacement->files);
      return {std::move(*outcome)};
    }
  }
  const Advertisement& shown = see_before_sending(planned, may_be_done ? not_known : nothing_sent);
  auto judged =
      judge_before_sending(planned, [&](const std::string& ref) { return shown.value(ref); });
  if (std::ranges::all_of(judged, [](const auto& outcome) { return outcome.has_value(); }))
    return collect(std::move(judged));

  std::vector<Attempt> attempts(planned.size());
  for (std::size_t i = 0; i < planned.size(); ++i) {
    attempts[i].change = &planned[i];
    attempts[i].outcome = std::move(judged[i]);
    if (planned[i].objects) scratch_.add(*planned[i].objects);
  }

  Backoff backoff(100ms, 2s);
  const auto open = [](const Attempt& attempt) { return !attempt.outcome.has_value(); };
  std::optional<ExchangeFailed> lost;
  for (int tries = 1;; ++tries) {
    send(attempts, lost);
    if (std::ranges::any_of(attempts, open)) settle_by_reading_back(attempts);
    if (std::ranges::none_of(attempts, open)) break;
    const bool bounded = deadline() != Clock::time_point::max() || tries < tries_without_deadline;
    if (bounded && backoff.pause(deadline())) continue;
    for (auto& attempt : attempts) {
      if (open(attempt) && !attempt.refusal.empty())
        attempt.outcome = refused_outcome(attempt.refusal);
    }
    if (std::ranges::none_of(attempts, open)) break;
    throw describe_failure(lost.value_or(ExchangeFailed{.text = "no status came back"}),
                           Intent::writing, name_,
                           "the refs still held their former values when they were read back, but "
                           "a late effect cannot be ruled out",
                           tries, with_token_);
  }
  std::vector<SwapOutcome> outcomes;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (attempts[i].outcome->result == SwapResult::swapped && changes[i].replacement) {
      cache_.add(hex_of(planned[i].target), changes[i].replacement->files);
    }
    outcomes.push_back(std::move(*attempts[i].outcome));
  }
  return outcomes;
}

}  // namespace

std::unique_ptr<Store> open_https_store(const HttpsOptions& options) {
  require_safe_address(options.url, !options.authorization.empty());
  if (std::ranges::any_of(options.authorization, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      })) {
    throw StoreError(StoreFailure::denied, "the token holds control characters; nothing was sent",
                     "check for a line break at its end");
  }
  start_git_runtime();
  if (options.url.starts_with("https://")) trust_certificates();
  return std::make_unique<HttpsStore>(options);
}

std::string authorization_for_token(const std::string& token) {
  const std::string plain = "x-access-token:" + token;
  std::string encoded(plain.size() * 2 + 8, '\0');
  std::size_t size = 0;
  if (mbedtls_base64_encode(reinterpret_cast<unsigned char*>(encoded.data()), encoded.size(), &size,
                            reinterpret_cast<const unsigned char*>(plain.data()),
                            plain.size()) != 0) {
    throw std::length_error("a token of " + std::to_string(token.size()) + " bytes");
  }
  encoded.resize(size);
  return "Basic " + encoded;
}

}  // namespace refgate
