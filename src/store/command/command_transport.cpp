// A remote through the user's own `git`: for ssh, and for credentials that live in git's helpers.
//
// Each exchange works in a scratch repository of its own. `git push --force-with-lease=REF:VALUE`
// compares with what the server advertises in that process, and the server compares once more. As
// with https, only an "ok" line for a ref is believed; the rest is settled by `git ls-remote`
// (settle.h).

#include <git2.h>

#include <algorithm>
#include <system_error>

#include "store/command/git_command.h"
#include "store/command/git_failure.h"
#include "store/git/git_handle.h"
#include "store/git/git_runtime.h"
#include "store/git/plan.h"
#include "store/git/temporary_directory.h"
#include "store/open.h"
#include "store/remote/remote_store.h"
#include "store/remote/transport.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr auto without_deadline = 120s;  // for one process, when the caller gave no deadline
constexpr std::size_t most_ref_patterns =
    50;  // more names than this are picked out of the whole list

/// A bare repository that lives as long as one exchange.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
    int error = git_repository_init_ext(out(repository_), path().c_str(), &options);
    if (error == 0) error = git_repository_odb(out(odb_), repository_.get());
    if (error < 0) {
      throw StoreError(
          StoreFailure::unreachable,
          "a scratch repository could not be made: " + last_git_error() + "; nothing was sent",
          "let TMPDIR name a writable directory with free space");
    }
  }
  std::string path() const { return (directory_.path() / "scratch.git").string(); }
  git_repository* repository() const { return repository_.get(); }
  void add(const EncodedSnapshot& snapshot) { write_objects(odb_.get(), snapshot); }

 private:
  TemporaryDirectory directory_;
  RepositoryHandle repository_;
  OdbHandle odb_;
};

class CommandTransport final : public Transport {
 public:
  explicit CommandTransport(std::string url) : url_(std::move(url)), name_(describe_remote(url_)) {}

  /// git shows one side: what readers are shown.
  Advertisement look(std::span<const std::string> names, Side, SteadyTime deadline) override {
    const ScratchDirectory scratch;
    return list_remote(scratch, names, deadline);
  }

  std::map<std::string, Stored> fetch(const std::map<std::string, Version>& refs,
                                      SteadyTime deadline) override {
    const ScratchDirectory scratch;
    std::string specs;
    for (const auto& [ref, version] : refs)
      specs += "+" + ref + ":" + ref + "\n";
    try {
      fetch(scratch, specs, deadline);
    } catch (Failed& failed) {
      // A ref that was deleted between the two processes makes the whole fetch fail.
      failed.moved = true;
      throw;
    }
    std::map<std::string, Stored> found;
    for (const auto& [ref, listed] : refs) {
      git_oid id{};  // what was fetched may be newer than what was listed
      if (git_reference_name_to_id(&id, scratch.repository(), ref.c_str()) < 0) continue;
      found[ref] = {Version{hex_of(id)}, decode_commit(scratch.repository(), id)};
    }
    return found;
  }

  /// One process in place of two.
  std::optional<std::map<std::string, Stored>> fetch_all(const std::string& prefix,
                                                         SteadyTime deadline) override {
    const ScratchDirectory scratch;
    const std::string glob = prefix + "*";
    std::map<std::string, Stored> found;
    try {
      fetch(scratch, "+" + glob + ":" + glob + "\n", deadline);
    } catch (const Failed&) {
      // A shallow fetch of nothing fails too, with status 1 and no words.
      const std::vector<std::string> names = {prefix};
      if (!list_remote(scratch, names, deadline).under(prefix).empty()) throw;
      return found;
    }
    IteratorHandle iterator;
    if (git_reference_iterator_glob_new(out(iterator), scratch.repository(), glob.c_str()) == 0) {
      for (const char* name = nullptr; git_reference_next_name(&name, iterator.get()) == 0;) {
        git_oid id{};
        if (git_reference_name_to_id(&id, scratch.repository(), name) == 0)
          found[name] = {Version{hex_of(id)}, decode_commit(scratch.repository(), id)};
      }
    }
    return found;
  }

  PushReport push(std::span<const PlannedChange* const> changes, bool together,
                  SteadyTime deadline) override;

  bool pushes_together() const override { return atomic_; }
  std::string describe() const override { return name_; }
  Traffic traffic() const override { return traffic_; }

 private:
  Failed describe(const CommandFailed& failed, bool writing) const {
    Failed described;
    described.failure = failed.failure;
    described.text = "git could not use " + name_ + ": " + failed.text;
    described.hint = failed.hint;
    described.again = failed.failure == StoreFailure::unreachable;
    described.untouched = !writing;
    return described;
  }

  ChildResult run(const ScratchDirectory& scratch, std::vector<std::string> arguments,
                  std::string input, SteadyTime deadline) {
    ++traffic_.exchanges;
    try {
      return git_.run(scratch.path(), std::move(arguments), std::move(input),
                      std::min(deadline, SteadyTime::clock::now() + without_deadline));
    } catch (const std::system_error& failed) {
      throw StoreError(StoreFailure::unreachable, std::string("git could not be started: ") +
                                                      failed.what() + "; nothing was sent");
    }
  }

  Advertisement list_remote(const ScratchDirectory& scratch, std::span<const std::string> names,
                            SteadyTime deadline) {
    std::vector<std::string> arguments = {"ls-remote", "--", url_};
    if (names.size() <= most_ref_patterns) {
      for (const auto& name : names)
        arguments.push_back(name.ends_with('/') ? name + "*" : name);
    }
    const ChildResult result = run(scratch, arguments, {}, deadline);
    if (result.status != 0 || result.timed_out || result.cut)
      throw describe(judge_failure(result), false);
    Advertisement shown;
    for (std::size_t start = 0; start < result.output.size();) {
      const auto end = std::min(result.output.find('\n', start), result.output.size());
      const std::string_view line = std::string_view(result.output).substr(start, end - start);
      start = end + 1;
      const auto tab = line.find('\t');
      if (tab == std::string_view::npos) continue;
      const auto id = parse_oid(line.substr(0, tab));
      const std::string_view name = line.substr(tab + 1);
      if (id && name.starts_with("refs/") && !name.ends_with("^{}")) shown.add(name, *id);
    }
    shown.sort();
    return shown;
  }

  void fetch(const ScratchDirectory& scratch, const std::string& specs, SteadyTime deadline) {
    const ChildResult result =
        run(scratch,
            {"fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
             "--recurse-submodules=no", "--stdin", "--", url_},
            specs, deadline);
    if (result.status != 0 || result.timed_out || result.cut)
      throw describe(judge_failure(result), false);
  }

  std::string url_;
  std::string name_;
  GitCommand git_;
  Traffic traffic_;
  bool atomic_ = true;  ///< until the server is seen to know no such push
};

PushReport CommandTransport::push(std::span<const PlannedChange* const> changes, bool together,
                                  SteadyTime deadline) {
  ScratchDirectory scratch;
  std::vector<std::string> arguments = {"push", "--porcelain", "--no-verify",
                                        "--recurse-submodules=no", "--no-follow-tags"};
  if (together) arguments.emplace_back("--atomic");
  std::vector<std::string> specs;
  for (const PlannedChange* change : changes) {
    if (change->objects) scratch.add(*change->objects);
    const bool must_be_new = git_oid_is_zero(&change->expected) != 0;
    arguments.push_back("--force-with-lease=" + change->ref + ":" +
                        (must_be_new ? "" : hex_of(change->expected)));
    specs.push_back((change->deletes() ? "" : hex_of(change->target)) + ":" + change->ref);
  }
  arguments.insert(arguments.end(), {"--", url_});
  arguments.insert(arguments.end(), specs.begin(), specs.end());
  ++traffic_.pushes;
  const ChildResult result = run(scratch, arguments, {}, deadline);

  // "<flag>\t<from>:<to>\t<summary>", git-push(1), "OUTPUT".
  PushReport report;
  for (std::size_t start = 0; start < result.output.size();) {
    const auto end = std::min(result.output.find('\n', start), result.output.size());
    const std::string line = result.output.substr(start, end - start);
    start = end + 1;
    const auto second = line.find('\t', 2);
    if (line.size() < 3 || line[1] != '\t' || second == std::string::npos) continue;
    const std::string pair = line.substr(2, second - 2);
    const auto colon = pair.rfind(':');
    if (colon == std::string::npos) continue;
    const std::string ref = pair.substr(colon + 1);
    if (line[0] == '!') {
      report.refused[ref] = clean_text(line.substr(second + 1));
    } else {
      report.accepted.insert(ref);
    }
  }
  const bool told = std::ranges::all_of(changes, [&](const PlannedChange* change) {
    return report.accepted.contains(change->ref) || report.refused.contains(change->ref);
  });
  if (told) return report;
  if (together && result.errors.find("does not support --atomic") != std::string::npos) {
    atomic_ = false;
    Failed failed;
    failed.text = name_ + " knows no push of all or nothing";
    failed.again = failed.at_once = failed.untouched = true;
    throw failed;
  }
  if (report.accepted.empty() && report.refused.empty()) {
    Failed failed = describe(judge_failure(result), true);
    // Whoever may look and not push has a token that only reads.
    if (failed.failure == StoreFailure::denied) failed.when_readable = StoreFailure::read_only;
    throw failed;
  }
  return report;
}

}  // namespace

std::unique_ptr<Store> open_command_store(const std::string& url, const std::string& name_space) {
  // A program of git's, whose words may hold anything.
  if (const std::size_t program = url.find("::"); program != std::string::npos)
    throw StoreError(StoreFailure::denied,
                     "an address with \"" + describe_remote(url.substr(0, program)) +
                         "::\" is not used; nothing was sent",
                     "check --remote");
  if (url.empty() || url.starts_with('-') ||
      url.find_first_of(std::string_view("\0\n\r", 3)) != std::string::npos) {
    throw StoreError(StoreFailure::denied,
                     "\"" + describe_remote(url) + "\" is not used as an address; nothing was sent",
                     "check --remote");
  }
  start_git_runtime();
  return make_remote_store(std::make_unique<CommandTransport>(url), name_space);
}

}  // namespace refgate
