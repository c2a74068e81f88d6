#include "lint/shell/shell_commands.h"

#include "lint/shell/git_words.h"
#include "lint/shell/word_search.h"

#include "catch.h"

namespace refgate::lint {
namespace {

std::string shown(std::string_view script) {
  std::string text;
  for (const std::vector<std::string>& command : shell_commands(script)) {
    for (const std::string& word : command)
      text += word + (&word == &command.back() ? ";" : ",");
  }
  return text;
}

struct Row {
  const char* script;
  const char* commands;
};

template <std::size_t size>
void check(const Row (&rows)[size]) {
  for (const Row& row : rows) {
    INFO(row.script);
    CHECK(shown(row.script) == row.commands);
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t index = 0; index < times; ++index)
    all += text;
  return all;
}

}  // namespace

TEST_CASE("the commands of a script are told from its text") {
  check({
      {"a b\nc", "a,b;c;"},
      {"a && b || c; d | e & f", "a;b;c;d;e;f;"},
      {"a |& b", "a;b;"},
      {"a 'b; c' \"d && e\" f\\;g", "a,b; c,d && e,f;g;"},
      {"a # b; c\nd", "a;d;"},
      {"a#b", "a#b;"},
      {"a \\\n  b", "a,b;"},
      {"a \\\r\n  b\r\n", "a,b;"},
      {"x=\"$(a b)\" c", "a,b;x=$(),c;"},
      {"echo `a b`", "a,b;echo,$();"},
      {"a $'b\\'; c' d", "a,b'; c,d;"},
      {"if a; then b; else c; fi", "a;b;c;fi;"},
      {"while ! a; do b; done", "a;b;done;"},
      {"( a; b ) { c; }", "a;b;c;};"},
      {"$( (a); b ) c", "a;b;$(),c;"},
      {"a 2>&1 >b", "a,2>&1,>b;"},
      {"a <&3 b", "a,<&3,b;"},
      {"a b < c && d <c", "a,b,<c;d,<c;"},
      {"a ${{ b && c }} d", "a,${{ b && c }},d;"},
      {"a ${b:-c d|e} f", "a,${b:-c d|e},f;"},
      {"a \"${b:-$(c d)}\"", "c,d;a,${b:-$(c d)};"},
      {"a 'never closed", "a,never closed;"},
      {"$($($($(a))))", "a;$();$();$();$();"},
      {"a <(b c) >(d)", "b,c;d;a,<(),<();"},
      {"", ""},
  });
}

TEST_CASE("patterns of a case are no commands, and what stands behind them is") {
  check({
      {"case $x in\n  a) b ;;\n  c | d) e; f ;;\n  *) g\nesac\nh", "case,$x,in;b;e;f;g;esac;h;"},
      {"case $x in (a) b;; (c|d) e;; esac", "case,$x,in;b;e;esac;"},
      {"case \"$x\" in a) b ;& c) d ;;& e) f; esac; g", "case,$x,in;b;d;f;esac;g;"},
      {"case $x in\n a)\n  case $y in b) c ;; esac\n  ;;\n d) e ;;\nesac",
       "case,$x,in;case,$y,in;c;esac;e;esac;"},
      {"x=$(case $y in a) b;; esac) c", "case,$y,in;b;esac;x=$(),c;"},
      {"case $x in\n # a) b\n 'c d' | \"e)\" | @(f|g)) h ;;\nesac", "case,$x,in;h;esac;"},
      {"case ${{ x }} in ${{ y }}) a;; esac", "case,${{ x }},in;a;esac;"},
      {"case $x in a) esac b", "case,$x,in;esac,b;"},
      {"case $x in a", "case,$x,in;"},
      {"echo case x in a) b", "echo,case,x,in,a;b;"},
  });
}

TEST_CASE(
    "here-documents are text, but what a shell reads from them is a script and what they "
    "substitute is run") {
  check({
      {"cat <<EOF\na b\nEOF\nc", "cat;c;"},
      {"cat <<-'EOF' | d\n\ta\n\tEOF\nc", "cat;d;c;"},
      {"cat <<A <<B\na\nA\nb\nB\nc", "cat;c;"},
      {"cat <<< a; b", "cat,a;b;"},
      {"cat <<EOF\nx $(a b) \\$(c) `d`\nEOF\ne", "cat;a,b;d;e;"},
      {"cat <<'EOF'\n$(a b)\nEOF\ne", "cat;e;"},
      {"x=$(cat <<EOF\na\nEOF\n) b", "cat;x=$(),b;"},
      {"bash <<EOF\na b\nc\nEOF\nd", "bash;a,b;c;d;"},
      {"sudo timeout 5m bash -euo pipefail <<'EOF'\na\nEOF",
       "sudo,timeout,5m,bash,-euo,pipefail;sudo,timeout,5m,a;"},
      {"bash x.sh <<EOF\na\nEOF", "bash,x.sh;"},
      {"python3 - <<'EOF'\na\nEOF\nb", "python3,-;python3,-c,a\n;b;"},
      {"timeout 5m node <<EOF\na $(b)\nEOF", "timeout,5m,node;timeout,5m,node,-e,a $(b)\n;b;"},
      {"python3 x.py <<EOF\na\nEOF", "python3,x.py;"},
      {"echo python3 <<EOF\na\nEOF", "echo,python3;"},
      {"$(which a) b", "which,a;a,b;"},
      {"x=\"$(command -v a)\"", "command,-v,a;x=a;"},
      {"$(which a | head -1) b", "which,a;head,-1;$(),b;"},
      {"echo bash <<EOF\na\nEOF", "echo,bash;"},
      {"cat <<EOF\nnever closed", "cat;"},
  });
}

TEST_CASE(
    "functions begin no command by their name, and their bodies only count when something calls "
    "them") {
  check({
      {"f() {\n  a\n}\nf", "a;};f;"},
      {"f () { a; }; trap f EXIT", "a;};trap,f,EXIT;"},
      {"function f {\n  a\n}\nf x", "a;};f,x;"},
      {"function f()\n{\n  a\n}\nf", "a;};f;"},
      {"f() {\n  a\n}\nb", "};b;"},
      {"f() {\n  g() { a; }\n  { b; }\n}\nc", "};c;"},
      {"f-x() { a; }; f", "};f;"},
      {"f() ( a )\nf", "a;f;"},
  });
}

TEST_CASE("scripts in arguments of a shell are read, behind what limits that shell") {
  check({
      {"bash -c 'a; b'", "bash,-c,a; b;a;b;"},
      {"timeout 5m bash -lc 'a && b'", "timeout,5m,bash,-lc,a && b;timeout,5m,a;timeout,5m,b;"},
      {"bash -o pipefail -c \"bash -c 'a'\"", "bash,-o,pipefail,-c,bash -c 'a';bash,-c,a;a;"},
      {"eval \"a b\" c", "eval,a b,c;a,b,c;"},
      {"which bash -c a", "which,bash,-c,a;"},
      {"bash x.sh -c a", "bash,x.sh,-c,a;"},
  });
}

TEST_CASE("a command that is run elsewhere, or under watch, is what a line runs in the end") {
  const std::pair<const char*, const char*> rows[] = {
      {"docker run --rm -it -e A -v \"$PWD:/w\" image a b", "a,b"},
      {"docker run image -lc 'a; b'", "a; b"},
      {"docker run image bash -euxc 'a; b'", "a; b"},
      {"docker run --entrypoint a image -p b", "a,-p,b"},
      {"docker run --name a image", ""},
      {"docker run image -p b", "-p,b"},
      {"docker compose -f x.yml run --rm service a b", "a,b"},
      {"docker-compose exec -T service a", "a"},
      {"sudo podman exec -u root box timeout 5m a", "a"},
      {"ssh -i key user@host 'cd x && a'", "cd x && a"},
      {"ssh host a b", "a,b"},
      {"kubectl exec pod -c box -- a b", "a,b"},
      {"mise x node@20 -- npx -y a", "a"},
      {"op run --env-file=.env -- nix develop -c a b", "a,b"},
      {"nix-shell -p x --run 'a b'", "a b"},
      {"find . -name a -exec b {} +", "b,{},+"},
      {"find . -name a", "find,.,-name,a"},
      {"flock -n /tmp/lock a b", "a,b"},
      {"flock /tmp/lock -c 'a b'", "a b"},
      {"script -qec 'a b' /dev/null", "a b,/dev/null"},
      {"tmux new-session -d -s name 'a b'", "a b"},
      {"refgate run --share x -- a b", "a,b"},
      {"refgate-linux-x64 run a", "a"},
      {"systemd-run --user -p A=1 a b", "a,b"},
      {"python3 -c 'a b'", "python3,-c,a b"},
      {"python3 -m a", "a"},
      {"kubectl get pods", "kubectl,get,pods"},
      {"$(which a) b", "a,b"},
      {"\"$(command -v a)\" b", "a,b"},
      {"`which a 2>/dev/null` b", "a,b"},
      {"nix run nixpkgs#a -- b", "a,b"},
      {"nix run --impure 'github:o/r#a' -- b", "a,b"},
      {"nix build nixpkgs#a", "nix,build,nixpkgs#a"},
      {"pnpm a b", "a,b"},
      {"pnpm --filter x a b", "a,b"},
      {"pnpm -r exec a", "a"},
      {"pnpm add a", "pnpm,add,a"},
      {"pnpm dlx a b", "a,b"},
      {"yarn a b", "a,b"},
      {"bwrap --ro-bind / / --dev /dev --unshare-all a b", "a,b"},
      {"bwrap --bind x y -- a b", "a,b"},
      {"expect -c 'spawn a b; expect eof'", "spawn a b; expect eof"},
      {"ruby -e 'system(\"a\")'", "ruby,-e,system(\"a\")"},
      {"docker build -t a .", "docker,build,-t,a,."},
  };
  for (const auto& [line, expected] : rows) {
    INFO(line);
    const auto commands = shell_commands(line);
    REQUIRE(!commands.empty());
    std::string words;
    for (const std::string& word : wrapped_command(commands.back()))
      words += (words.empty() ? "" : ",") + word;
    CHECK(words == expected);
  }
}

TEST_CASE("arithmetic, tests and arrays begin no commands") {
  check({
      {"echo $((1 + 2)); a", "echo,$(());a;"},
      {"((i++)) && a", "a;"},
      {"for ((i = 0; i < 3; i++)); do a; done", "for,(());a;done;"},
      {"$((a) | b)", "a;b;$();"},
      {"[[ $a == b && c =~ ^(d|e)$ ]] && f", "[[,$a,==,b,&&,c,=~,^(d|e)$,]];f;"},
      {"if [[ a ||\n b ]]; then c; fi", "[[,a,||,b,]];c;fi;"},
      {"[[ a\nb", "[[,a;b;"},
      {"x=(a b\n c $(d)) e", "d;x=(),e;"},
      {"rm !(a|b) c", "rm,!(a|b),c;"},
  });
}

TEST_CASE("scripts that are made to cost much are read in time that grows with their size",
          "[bulk]") {
  const std::size_t many = 200'000;
  for (const char* part : {"$(", "${", "$((", "`", "x=(", "((", "case x in ", "f(){", "<<A\n", "@(",
                           "[[ ", "A=1 ", "eval ", "bash -c "}) {
    INFO(part);
    CHECK(shell_commands(repeated(part, many) + "a").size() < 2 * many);
  }
  CHECK(shell_commands(repeated("A=1 ", many) + "bash -c '" + repeated("a;", many) + "'").size() ==
        many + 1);
}

TEST_CASE("words are looked for as words, all at once") {
  WordSearch search;
  for (const char* command : {"claude", "gh agent-task create", "q chat", "@openai/codex"})
    search.add(command);
  const auto finds = [&](std::string_view script) { return search.finds_any(script); };
  for (const char* script :
       {"claude", "claude -p x", "/usr/bin/claude", "'claude'", "x=${AGENT:-claude}",
        "claude@latest", "gh", "a; gh x", "q", "echo | q", "npx @openai/codex@1"}) {
    CAPTURE(script);
    CHECK(finds(script));
  }
  for (const char* script :
       {"", "claud", "my-claude", "claude-code", "claude_x", "claude.md", "xclaude", "ghost", "seq",
        "query", "openai/codex", "x@openai/codex"}) {
    CAPTURE(script);
    CHECK_FALSE(finds(script));
  }
}

TEST_CASE("words of git: its command, its folder, its operands") {
  struct Row {
    const char* line;
    const char* command;
    const char* folder;
    const char* operands;
  };
  for (const Row& row :
       {Row{"git checkout main", "checkout", "a", "main"},
        Row{"/usr/bin/git fetch --depth 1 origin x", "fetch", "a", "origin x"},
        Row{"git -C b -c k=v push -q", "push", "a/b", ""},
        Row{"git -C b -C c status", "status", "a/b/c", ""},
        Row{"git -C .. status", "status", "", ""}, Row{"git -C /tmp/x pull", "pull", "/tmp/x", ""},
        Row{"git --git-dir b/.git --work-tree b log", "log", "a/b", ""},
        Row{"git --work-tree=b log", "log", "a/b", ""},
        Row{"git clone -b x -c k=v --depth=1 u d", "clone", "a", "u d"},
        Row{"git switch -c x", "switch", "a", "x"}, Row{"git -C", "", "a", ""},
        Row{"make git", "", "a", ""}}) {
    INFO(row.line);
    const std::vector<std::string> words = shell_commands(row.line).front();
    const std::size_t at = git_command_at(words);
    CHECK((at == 0 ? "" : words[at]) == row.command);
    CHECK(git_folder(words, "a") == row.folder);
    std::string operands;
    for (const std::string& each : git_operands(words))
      operands += (operands.empty() ? "" : " ") + each;
    CHECK(operands == row.operands);
  }
  CHECK(cloned_name("https://example.com/owner/name.git") == "name");
  CHECK(cloned_name("https://example.com/owner/name/") == "name");
  CHECK(cloned_name("name") == "name");
}

TEST_CASE("where a path leads") {
  CHECK(entered("", "a/b/") == "a/b");
  CHECK(entered("a", "./b//c") == "a/b/c");
  CHECK(entered("a/b", "..") == "a");
  CHECK(entered("a", "..") == "");
  CHECK(entered("a", "../b") == "b");
  CHECK(entered("a", ".") == "a");
  CHECK(entered("a", "$GITHUB_WORKSPACE/b") == "b");
  CHECK(entered("a", "${{ github.workspace }}") == "");
  CHECK(entered("a", "/tmp/x/") == "/tmp/x");
  CHECK(entered("/tmp", "x") == "/tmp/x");
  CHECK(entered("/tmp", "..") == "/");
  CHECK(entered("/", "x") == "/x");
  CHECK(entered("$DIR", "..") == "$DIR/..");
  CHECK(entered("a", "~/x") == "~/x");
  CHECK(is_below("a/b", "a"));
  CHECK(is_below("a", ""));
  CHECK(!is_below("ab", "a"));
  CHECK(!is_below("/tmp", ""));
  CHECK(is_below("/tmp/x", "/tmp"));
}

}  // namespace refgate::lint
