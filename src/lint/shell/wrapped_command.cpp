// The tables of wrapped_command().

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

using Words = std::vector<std::string>;

constexpr int deepest_wrapping = 8;

/// Where a wrapper's own words end and the command begins.
enum class Begins : std::uint8_t {
  after_arguments,  ///< behind so many words; `options` are those that take the next word
  after_image,      ///< the same for containers; `options` are those that take no word
  after_dashes,     ///< behind `--`
  after_option,     ///< behind one of `options`
  after_pairs,      ///< behind all options, of which `options` take a word and `pairs` two
};

/// A program that runs a command somewhere else, or under watch.
struct Wrapper {
  std::string_view names;
  std::string_view verbs;  ///< a second word that must follow, or empty
  Begins begins;
  int arguments;
  std::string_view options;
};

constexpr std::string_view container_flags =
    " -d --detach -i --interactive -t --tty --rm --init --privileged --read-only -P --publish-all "
    "--no-healthcheck --oom-kill-disable --sig-proxy --no-deps --service-ports --use-aliases "
    "--build --quiet-pull --quiet -q -T --no-TTY --no-tty --remove-orphans --nv --cleanenv -e= ";
constexpr std::string_view session_options =
    " --remote --namespace --share --dimension --identity --memory --lease --interval --retry "
    "--max-attempts --cooldown --budget --group-by --bot --wait --deadline --skew --skip-exit "
    "--each --parallel --on-error --on-read-only --config --result --state-dir ";
constexpr std::string_view remote_options =
    " -i -p -o -l -F -J -L -R -D -b -c -E -e -I -m -O -Q -S -W -w -B ";

/// Options of bwrap with two words behind them.
constexpr std::string_view pairs =
    " --bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --bind-fd --ro-bind-fd "
    "--symlink --setenv --file --bind-data --ro-bind-data --chmod ";

/// The words of a package runner behind which no program of the package stands.
constexpr std::string_view runner_verbs =
    " add audit build ci create dlx exec i import init install link list ls outdated pack publish "
    "remove run setup start store test up update upgrade why workspace workspaces x -v --version ";

constexpr auto wrappers = std::to_array<Wrapper>({
    {" refgate ", " run ", Begins::after_arguments, 0, session_options},
    {" docker podman nerdctl docker-compose apptainer singularity ", " run exec ",
     Begins::after_image, 1, container_flags},
    {" ssh mosh ", "", Begins::after_arguments, 1, remote_options},
    {" devcontainer @devcontainers/cli ", " exec ", Begins::after_arguments, 0,
     " --workspace-folder --container-id --id-label --config --override-config --remote-env "
     "--user-data-folder --docker-path --mount-workspace-git-root "},
    {" limactl ", " shell ", Begins::after_arguments, 1, " --workdir --shell "},
    {" lima wsl wsl.exe ", "", Begins::after_arguments, 0, " -d -u --distribution --user --cd "},
    {" sops ", " exec-env exec-file ", Begins::after_arguments, 1, ""},
    {" tmux ", " new new-session new-window neww split-window send-keys send respawn-pane ",
     Begins::after_arguments, 0, " -s -n -c -t -x -y -F -e "},
    {" screen ", "", Begins::after_arguments, 0, " -S -dmS -DmS -c -s -h -t "},
    {" uv ", " tool ", Begins::after_option, 0, " run "},
    {" kubectl oc k3s ", " exec run ", Begins::after_dashes, 0, ""},
    {" mise rtx ", " exec x ", Begins::after_dashes, 0, ""},
    {" op dotenvx infisical teller devbox ", " run ", Begins::after_dashes, 0, ""},
    {" aws-vault chamber multipass incus lxc ", " exec ", Begins::after_dashes, 0, ""},
    {" distrobox toolbox guix ", "", Begins::after_dashes, 0, ""},
    {" retry ", "", Begins::after_dashes, 0, ""},
    {" bwrap ", "", Begins::after_pairs, 0,
     " --dev --proc --tmpfs --mqueue --dir --chdir --unsetenv --uid --gid --hostname --lock-file "
     "--sync-fd --remount-ro --args --perms --size --cap-add --cap-drop --seccomp --userns --argv0 "
     "--userns2 --pidns --block-fd --info-fd --exec-label --file-label --overlay-src "},
    {" nix ", " develop shell ", Begins::after_option, 0, " -c --command "},
    {" nix-shell ", "", Begins::after_option, 0, " --run --command "},
    {" find ", "", Begins::after_option, 0, " -exec -execdir -ok -okdir "},
    {" script su runuser vagrant flock ", "", Begins::after_option, 0, " -c --command "},
    {" expect ", "", Begins::after_option, 0, " -c "},
    {" pwsh powershell ", "", Begins::after_option, 0, " -c -Command -command "},
    // `-FilePath` stands before the command as a flag does.
    {" Start-Process start-process saps ", "", Begins::after_arguments, 0,
     " -WorkingDirectory -RedirectStandardOutput -RedirectStandardError -RedirectStandardInput "
     "-ArgumentList -Args -Verb -WindowStyle -Credential "},
    {" cmd cmd.exe ", "", Begins::after_option, 0, " /c /C "},
});

bool lists(std::string_view list, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  for (std::size_t at = list.find(word); at != std::string_view::npos;
       at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

std::string_view name_of(std::string_view word) {
  if (!word.starts_with('@')) word = word.substr(word.rfind('/') + 1);
  // The shipped programs carry their system in the name.
  return word.starts_with("refgate-") ? word.substr(0, 7) : word.substr(0, word.find('@', 1));
}

/// `docker compose -f file run` is `docker-compose run`.
void unite_compose(Words& words) {
  const bool united =
      words.size() > 1 && words[1] == "compose" && (words[0] == "docker" || words[0] == "podman");
  if (!united && name_of(words[0]) != "docker-compose") return;
  std::size_t at = united ? 2 : 1;
  while (at < words.size() && words[at].starts_with('-'))
    at += words[at].find('=') == std::string::npos ? 2 : 1;
  words.erase(words.begin() + 1,
              words.begin() + static_cast<std::ptrdiff_t>(std::min(at, words.size())));
  words[0] = "docker-compose";
}

/// `-c`, `-lc`, `-euxc`: what a shell takes its script behind.
bool is_script_option(std::string_view word) {
  return word.size() > 1 && word.size() < 8 && word.starts_with('-') && word[1] != '-' &&
         word.ends_with('c');
}

/// `-it`, `-dit`: of letters that take no word.
bool is_flag(std::string_view option, std::string_view flags) {
  if (lists(flags, option) || option.find('=') != std::string_view::npos) return true;
  return option.size() > 2 && option[1] != '-' &&
         option.find_first_not_of("ditTqP", 1) == std::string_view::npos;
}

/// What a container runs: the words behind its image, or its entry point with them.
Words in_container(const Wrapper& wrapper, const Words& words, std::size_t at) {
  int arguments = wrapper.arguments;
  Words command;
  for (; at < words.size(); ++at) {
    if (!words[at].starts_with('-')) {
      if (arguments-- == 0) break;
      // Options behind the image are those of the entry point.
      if (arguments == 0 && at + 1 < words.size() && words[at + 1].starts_with('-')) {
        ++at;
        break;
      }
      continue;
    }
    if (words[at].starts_with("--entrypoint=")) command = {words[at].substr(13)};
    if (words[at] == "--entrypoint" && at + 1 < words.size()) command = {words[at + 1]};
    if (!is_flag(words[at], wrapper.options)) ++at;
  }
  // An image whose entry point takes a script is a shell to it.
  if (command.empty() && at + 1 < words.size() && is_script_option(words[at]))
    command = {words[at + 1]};
  else
    command.insert(command.end(),
                   words.begin() + static_cast<std::ptrdiff_t>(std::min(at, words.size())),
                   words.end());
  return command;
}

std::optional<std::size_t> beginning(const Wrapper& wrapper, const Words& words, std::size_t at) {
  int arguments = wrapper.arguments;
  for (; at < words.size(); ++at) {
    const std::string& word = words[at];
    switch (wrapper.begins) {
      case Begins::after_dashes:
        if (word == "--") return at + 1;
        break;
      case Begins::after_option:
        if (lists(wrapper.options, word) ||
            (lists(wrapper.options, "-c") && is_script_option(word)))
          return at + 1;
        break;
      case Begins::after_pairs:
        if (word == "--") return at + 1;
        if (!word.starts_with('-')) return at;
        at += lists(pairs, word) ? 2 : lists(wrapper.options, word) ? 1 : 0;
        break;
      default:
        if (word == "--") return at + 1;
        if (word.starts_with('-')) {
          if (lists(wrapper.options, word)) ++at;
        } else if (arguments-- == 0) {
          return at;
        }
    }
  }
  return std::nullopt;
}

/// Takes one wrapper off; false when there is none.
bool unwrap(Words& words) {
  unite_compose(words);
  const std::string_view name = name_of(words[0]);
  for (const Wrapper& wrapper : wrappers) {
    if (!lists(wrapper.names, name)) continue;
    const bool has_verb = !wrapper.verbs.empty();
    if (has_verb && (words.size() < 2 || !lists(wrapper.verbs, words[1]))) continue;
    const std::size_t own = has_verb ? 2 : 1;
    if (wrapper.begins == Begins::after_image) {
      words = in_container(wrapper, words, own);
      return !words.empty();
    }
    const std::optional<std::size_t> begin = beginning(wrapper, words, own);
    if (!begin) continue;
    words.erase(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(std::min(*begin, words.size())));
    return !words.empty();
  }
  return false;
}

/// `nix run nixpkgs#name -- …` runs the program `name`.
bool is_flake_run(const Words& words) {
  return words.size() > 2 && name_of(words[0]) == "nix" && words[1] == "run";
}

/// `nixpkgs#name`, `.#packages.name`; without a name that of the repository, `github:owner/name`.
std::string_view program_of_flake(std::string_view flake) {
  const std::size_t mark = flake.find('#');
  if (mark != std::string_view::npos) {
    const std::string_view program = flake.substr(mark + 1);
    return program.substr(program.rfind('.') + 1);
  }
  flake = flake.substr(0, flake.find('?'));
  const std::size_t scheme = flake.find(':');
  if (scheme == std::string_view::npos) return {};
  const std::size_t owner = flake.find('/', scheme);
  if (owner == std::string_view::npos) return {};
  const std::string_view name = flake.substr(owner + 1);
  return name.substr(0, name.find('/'));
}

Words of_flake(const Words& words) {
  for (std::size_t at = 2; at < words.size(); ++at) {
    if (words[at].starts_with('-')) continue;
    Words command{std::string(program_of_flake(words[at]))};
    if (at + 1 < words.size() && words[at + 1] == "--") ++at;
    command.insert(command.end(), words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
    return command;
  }
  return {};
}

/// `pnpm name …` and `yarn name …` run a program of the project where `name` is no verb of theirs.
bool is_own_program(const Words& words) {
  const std::string_view name = name_of(words[0]);
  return words.size() > 1 && (name == "pnpm" || name == "yarn") && !lists(runner_verbs, words[1]);
}

}  // namespace

std::vector<std::string> wrapped_command(std::vector<std::string> words) {
  for (int depth = 0; depth < deepest_wrapping && !words.empty(); ++depth) {
    if (unwrap(words)) continue;
    if (is_flake_run(words)) {
      words = of_flake(words);
      continue;
    }
    const std::size_t before = words.size();
    words = launched_command(std::move(words));
    if (words.size() != before || words.empty()) continue;
    if (!is_own_program(words)) break;
    words.erase(words.begin());
    while (words.size() > 1 && words.front().starts_with('-'))
      words.erase(words.begin(),
                  words.begin() + (lists(" -C -F --dir --filter --cwd ", words[0]) ? 2 : 1));
    if (words.size() > 1 && lists(" dlx exec run ", words[0])) words.erase(words.begin());
  }
  return words;
}

}  // namespace refgate::lint
