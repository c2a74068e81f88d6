// The tables of launched_command().

#include <algorithm>
#include <array>
#include <cstddef>

#include "lint/shell/shell_call.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

bool is_assignment(const std::string& word) {
  const std::size_t equals = word.find('=');
  return equals != std::string::npos && equals > 0 &&
         word.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == equals;
}

std::string_view last_part(std::string_view word) { return word.substr(word.rfind('/') + 1); }

/// A program that runs the command after its own words.
struct Launcher {
  std::string_view name;
  std::string_view verb;        ///< a second word that must follow, or empty
  int arguments;                ///< words before the command that are no options
  std::string_view with_value;  ///< options that take the next word, separated by blanks
};

constexpr std::array<Launcher, 74> launchers = {{
    {"sudo", "", 0, "-u -g -C -h -p -U"},
    {"env", "", 0, "-u -C -S"},
    {"command", "", 0, ""},
    {"exec", "", 0, ""},
    {"nohup", "", 0, ""},
    {"time", "", 0, "-f -o"},
    {"nice", "", 0, "-n"},
    {"stdbuf", "", 0, "-i -o -e"},
    {"unbuffer", "", 0, ""},
    {"setsid", "", 0, ""},
    {"xvfb-run", "", 0, "-s -n"},
    {"timeout", "", 1, "-k -s --kill-after --signal"},
    {"gtimeout", "", 1, "-k -s --kill-after --signal"},
    {"xargs", "", 0, "-I -n -P -L -d -a"},
    {"npx", "", 0, "-p --package"},
    {"bunx", "", 0, ""},
    {"bun", "x", 0, ""},
    {"pnpx", "", 0, ""},
    {"pnpm", "dlx", 0, ""},
    {"pnpm", "exec", 0, ""},
    {"yarn", "dlx", 0, "-p"},
    {"npm", "exec", 0, ""},
    {"uvx", "", 0, "--from --with --python -p"},
    {"uv", "run", 0, "--with --python -p --project --directory --extra --group"},
    {"pipx", "run", 0, "--spec"},
    {"poetry", "run", 0, ""},
    {"bundle", "exec", 0, ""},
    {"python", "", 0, "-X -W"},
    {"python3", "", 0, "-X -W"},
    {"node", "", 0, "-r --require"},
    {"bash", "", 0, "-o"},
    {"sh", "", 0, "-o"},
    {"doppler", "run", 0, "-p -c"},
    {"deno", "run", 0, "-c --config"},
    {"doas", "", 0, "-u -C"},
    {"runuser", "", 0, "-u -g -G"},
    {"setpriv", "", 0, "--reuid --regid --groups --securebits --selinux-label"},
    {"gosu", "", 1, ""},
    {"su-exec", "", 1, ""},
    {"chroot", "", 1, ""},
    {"unshare", "", 0, "-S -G -R -w"},
    {"nsenter", "", 0, "-t --target -S -G"},
    {"systemd-run", "", 0, "-p -u -E -d -M -H --unit --property --slice --setenv --uid --gid"},
    {"flock", "", 1, "-w -E --timeout --wait"},
    {"ionice", "", 0, "-c -n -p -P -u --class --classdata"},
    {"chrt", "", 1, "-T -P -D"},
    {"taskset", "", 1, ""},
    {"strace", "", 0, "-o -e -E -s -u -P"},
    {"caffeinate", "", 0, "-t -w"},
    {"arch", "", 0, ""},
    {"tini", "", 0, "-p -e"},
    {"dumb-init", "", 0, "--rewrite"},
    {"firejail", "", 0, ""},
    {"chronic", "", 0, ""},
    {"coproc", "", 0, ""},
    {"spawn", "", 0, ""},  // of expect
    {"parallel", "", 0,
     "-j -P -a -n -N -L -I -S --jobs --delay --timeout --retries --joblog --colsep"},
    {"zsh", "", 0, "-o"},
    {"dash", "", 0, "-o"},
    {"direnv", "exec", 1, ""},
    {"asdf", "exec", 0, ""},
    {"volta", "run", 0, "--node --npm --yarn --pnpm"},
    {"fnm", "exec", 0, "--using"},
    {"npm", "x", 0, "-p --package"},
    {"yarn", "exec", 0, ""},
    {"yarn", "run", 0, ""},
    {"bun", "run", 0, ""},
    {"pdm", "run", 0, ""},
    {"pipenv", "run", 0, ""},
    {"rye", "run", 0, ""},
    {"hatch", "run", 0, ""},
    {"pixi", "run", 0, "-e --environment --manifest-path"},
    {"conda", "run", 0, "-n -p --name --prefix --cwd"},
    {"micromamba", "run", 0, "-n -p -r --name --prefix --cwd"},
}};

/// `python -c` and `node -e` run a program in their own language, not a command.
bool runs_program(std::string_view name, std::string_view option) {
  return option == program_option(name) ||
         (name == "node" && (option == "--eval" || option == "-p"));
}

bool takes_value(const Launcher& launcher, std::string_view option) {
  for (std::size_t at = 0; at < launcher.with_value.size();) {
    const std::size_t end = std::min(launcher.with_value.find(' ', at), launcher.with_value.size());
    if (launcher.with_value.substr(at, end - at) == option) return true;
    at = end + 1;
  }
  return false;
}

/// Where the command begins that the launcher runs.
std::size_t skip_options(const Launcher& launcher, const std::vector<std::string>& words,
                         std::size_t at) {
  int arguments = launcher.arguments;
  for (; at < words.size(); ++at) {
    if (words[at] == "--") return at + 1;
    if (words[at].starts_with('-')) {
      if (takes_value(launcher, words[at])) ++at;
    } else if (!is_assignment(words[at])) {
      if (arguments == 0) break;
      --arguments;
    }
  }
  return std::min(at, words.size());
}

}  // namespace

std::vector<std::string> launched_command(std::vector<std::string> words) {
  std::size_t first = 0;
  for (bool found = true; found;) {
    found = false;
    while (first < words.size() && is_assignment(words[first]))
      ++first;
    if (first == words.size()) break;
    const std::string_view name = last_part(words[first]);
    for (const Launcher& launcher : launchers) {
      if (name != launcher.name || (!launcher.verb.empty() && (words.size() < first + 2 ||
                                                               words[first + 1] != launcher.verb)))
        continue;
      // `command -v x` asks where x is.
      if (launcher.name == "command" && words.size() > first + 1 &&
          (words[first + 1] == "-v" || words[first + 1] == "-V"))
        continue;
      if (words.size() > first + 1 && runs_program(name, words[first + 1])) continue;
      first = skip_options(launcher, words, first + (launcher.verb.empty() ? 1 : 2));
      found = true;
      break;
    }
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
  return words;
}

}  // namespace refgate::lint
