"""What is typed wrong is told by its name; help in every form; what a shell completes."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

BINARY = os.environ["REFGATE_BIN"]


def refgate(*words, **environment):
    return subprocess.run([BINARY, *words], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                          env={"PATH": os.environ["PATH"], "HOME": "/", **environment})


class WrongWords(unittest.TestCase):
    TABLE = [
        (["gate", "--memry", "2d"], "refgate: gate has no option --memry; did you mean --memory?"),
        (["gate", "--memry=2d"], "refgate: gate has no option --memry; did you mean --memory?"),
        (["gate", "2d", "--memry"], "refgate: gate has no option --memry; did you mean --memory?"),
        (["run", "--paralel", "2", "--", "true"],
         "refgate: run has no option --paralel; did you mean --parallel?"),
        (["deliver", "--fiel", "x", "--", "cat"],
         "refgate: deliver has no option --fiel; did you mean --file?"),
        (["gc", "--dry"], "refgate: gc has no option --dry; did you mean --dry-run?"),
        (["run", "echo", "-n", "hi"],
         "refgate: run has no option -n; the words of a command need -- before them: "
         "refgate run [option...] -- COMMAND"),
        (["release"], "refgate release: TARGET is missing"),
        (["register", "key", "push"], "refgate register: WORKFLOW_NAME is missing"),
        (["show", "a", "b"], 'refgate show: "b" is one word too many'),
        (["gate", "soon"], 'refgate gate: "soon" is one word too many; it takes options only'),
        (["gate", "--memory"], "refgate gate: --memory needs a value"),
        (["gate", "--memory", "--force"], "refgate gate: --memory needs a value"),
        (["chekc"], 'refgate: there is no command "chekc"; did you mean check?'),
        (["--verison"], "refgate: there is no option --verison; did you mean --version?"),
        (["resutl", "list"], 'refgate: there is no command "resutl"; did you mean result?'),
        (["report", "--htlm"], "refgate: report has no option --htlm; did you mean --html?"),
        (["doctor", "--vrebose"], "refgate: doctor has no option --vrebose; did you mean --verbose?"),
        (["pause", "--fro", "2h"], "refgate: pause has no option --fro; did you mean --for?"),
        # A line of the action's input flags is one word.
        (["gate", "--memory 2d"], "refgate: gate has no option --memory 2d; write it as one word: --memory=2d"),
        (["gate", "--memry 2d"], "refgate: gate has no option --memry 2d; did you mean --memory?"),
        (["gate", "--memory=2d --retry=manual"],
         "refgate: gate takes one option a word, and this holds two: --memory=2d --retry=manual; write one option a line: --memory=2d"),
        (["gate", "--lease=1h --force"], "refgate: gate takes one option a word, and this holds two: --lease=1h --force; write one option a line: --lease=1h"),
        (["gate", "--memory 2d --retry manual"],
         "refgate: gate has no option --memory 2d --retry manual; write one option a line: --memory=2d"),
        (["gate", "--force --observe"], "refgate: gate has no option --force --observe; write one option a line: --force"),
        (["log", "--commit", "HEAD"], 'refgate: --commit is "HEAD", but must be a commit\'s object id of 7 to 64 hexadecimal digits; '
                                      'give "$(git rev-parse HEAD)"; nothing was read'),
        *((["log", option, word], f'refgate: {option} is "{word}", but must be a commit\'s object id of 7 to 64 hexadecimal digits' + end)
          for option, end in (("--commit", "; nothing was read"), ("--sha", "")) for word in ("ab12a", "a" * 65)),
        (["gate", "--force=1x"], 'refgate gate: --force is "1x", but must be one of true, false'),
        (["gate", "--force=maybe"], 'refgate gate: --force is "maybe", but must be one of true, false'),
        (["status", "--json=maybe"], 'refgate status: --json is "maybe", but must be one of true, false'),
        (["run", "--keep-token=", "--", "true"], 'refgate run: --keep-token is "", but must be one of true, false'),
        (["gate", "--help=x"], 'refgate gate: --help is "x"; it takes no word but all: --help=all'),
        (["status", "--color", "alway"],
         'refgate status: --color is "alway", but must be one of auto, always, never; did you mean always?'),
        (["lint", "--color="], "refgate lint: --color is empty; give it a value, or leave it out; nothing was asked"),
        (["gate", "--colour=never"], "refgate: gate has no option --colour; did you mean --color?"),
        (["lint", "--fix="], "refgate lint: --fix is empty; give it a value, or leave it out; nothing was asked"),
        (["lint", "--format", "jsno"],
         'refgate: --format is "jsno", but must be one of text, json, sarif, github; nothing was checked; did you mean json?'),
        (["stats", "--by", "workflw"], 'refgate: --by is "workflw", but must be day, workflow, event or actor; did you mean workflow?'),
        (["result", "sav"], 'refgate: result "sav" is not known: save, list, get or prune are; did you mean save?'),
        (["envelope"], "refgate: --provider is missing: give servicebus or sqs-fifo"),
        (["completion", "x"], 'refgate: there is no completion for "x". The shells are bash, zsh and fish'),
        (["completion", "fisch"],
         'refgate: there is no completion for "fisch"; did you mean fish? '
         "The shells are bash, zsh and fish"),
    ]

    def test_the_first_wrong_word_is_named_with_the_nearest_right_one(self):
        for words, expected in self.TABLE:
            with self.subTest(words=words):
                done = refgate(*words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stderr.splitlines()[0], expected)
                self.assertEqual(done.stdout, "")

    EMPTY = [
        *((["pause", word, "--reason", "x"], "refgate pause: SUBJECT is empty") for word in ("", " ", "\n")),
        (["resume", ""], "refgate resume: SUBJECT is empty"),
        (["status", "--lost", "--due"], "refgate: --lost and --due ask two questions: give one of them; nothing was read"),
        *(([command, f"--{name}={blank}"], f"refgate: --{name} is empty")
          for command in ("gate", "explain") for blank in ("", " ")
          for name in ("slots", "breaker", "budget", "reserve", "settle", "share", "sha", "remote", "namespace", "group-by", "dimension",
                       "run-id", "run-attempt", "config", "event", "workflow", "job", "identity", "identity-by", "memory", "retry", "wait",
                       "bot", "matrix", "state-dir", "on-error", "lease", "cooldown", "max-attempts")),
        *(([*command, f"--{name}", ""], f"refgate: --{name} is empty")
          for command in (["status"], ["show", "1"], ["release", "1", "--reason", "x"], ["stats"], ["gc"], ["result", "list"], ["doctor"])
          for name in ("remote", "namespace", "config", "deadline")),
        (["log", ""], "refgate log: TARGET is empty"),
        (["cleanup", ""], "refgate cleanup: SESSION_KEY is empty"),
        (["check", "", "Agent", "c", "1"], "refgate check: EVENT_TYPE is empty"),
        (["check", "push", "", "c", "1"], "refgate check: WORKFLOW_NAME is empty"),
        (["check", "push", "Agent", "", "1"], "refgate check: COMMIT_SHA is empty"),
        (["check", "push", "Agent", "c", ""], "refgate check: RUN_ID is empty"),
        (["register", "k", "push", "w", "", "c"], "refgate register: RUN_ID is empty"),
        (["audit", "", "push", "w", "1", "c", "true", "success"], "refgate audit: SESSION_KEY is empty"),
        (["audit", "k", "push", "w", "1", "c", "true", ""], "refgate audit: JOB_STATUS is empty"),
        (["result", "save", ""], "refgate result: TARGET is empty"),
        (["matrix", ""], "refgate matrix: LIST is empty"),
        (["init", ""], "refgate init: FOLDER is empty"),
        (["lint", "ok", ""], "refgate lint: a path is empty"),
        *(([*command, option, ""], f"refgate {command[0]}: {option} is empty")
          for command, options in ((["log"], ("--since", "--until", "--workflow", "--reason", "--key", "--sha", "--lines")),
                                   (["verify"], ("--since", "--until")), (["stats"], ("--by", "--since", "--hot")),
                                   (["report"], ("--html", "--since")), (["pause"], ("--for",)),
                                   (["result", "list"], ("--session", "--since", "--until")),
                                   (["result", "prune"], ("--older-than",)), (["status"], ("--take",)),
                                   (["lint"], ("--select", "--ignore", "--format")), (["gc"], ("--keep",)),
                                   (["metrics"], ("--top",)))
          for option in options),
        (["log", "--since="], "refgate log: --since is empty"),
        (["result", "list", "--url", ""], "refgate: --url is empty"),
    ]

    def test_a_word_that_a_script_has_not_set_is_wrong_usage(self):
        for words, expected in self.EMPTY:
            with self.subTest(words=words):
                done = refgate(*words, REFGATE_REMOTE="/nowhere.git")
                self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                self.assertTrue(done.stderr.startswith(expected), done.stderr)

    VALUES = [
        (["--retry", "alow"], '--retry is "alow", but must be one of suppress, manual, allow; did you mean allow?'),
        (["--on-error", "fial"], '--on-error is "fial", but must be one of fail, run, skip; did you mean fail?'),
        (["--identity-by", "comit"], "did you mean commit?"), (["--pause", "aks"], "did you mean ask?"),
        (["--holder-run", "aks"], "did you mean ask?"),
        (["--memory", "soon"], 'refgate: --memory is "soon", but'), (["--sha", "x"], 'refgate: --sha is "x", but'),
        (["--group-by", "x y"], 'refgate: --group-by: the ordering'),
        (["--run-attempt", "0"], '--run-attempt is "0", but must be a whole number from 1'),
        (["--wait", "1s", "--no-wait"], "--wait stands by until it is this one's turn, and --no-wait for nothing; nothing was asked"),
        (["--slots", "3", "--no-wait", "--wait", "1m"], "--wait stands by"),
        (["--skew", "10h"], "the lease (6h) is shorter than the skew (10h)"),
        (["--lease", "1m", "--skew", "2m"], "the lease (1m) is shorter than the skew (2m)"),
        (["--lease", "30s"], "the lease (30s) is shorter than the skew (1m)"),
        (["--lease", "1m", "--skew", "60s", "--heartbeat"], "must be longer than skew and interval together"),
        (["--interval", "1h", "--lease", "5m", "--heartbeat"], "must be longer than skew and interval together"),
        (["--follow", "--wait", "0s"], "--follow waits for the work of another to end, and --wait is 0s; nothing was asked"),
        (["--follow", "--no-wait"], "--follow waits for the work of another to end, and --no-wait for nobody; nothing was asked"),
        (["--identity", "a", "--identity-by", "commit"],
         "--identity and --identity-by both say what makes two events the same work: give one of them; nothing was asked"),
        (["--identity", "a", "--identity-by", "patch"], "--identity and --identity-by both say"),
        (["--max-attempts", "0"], '--max-attempts is "0", but must be a whole number from 1'),
        (["--reserve", "1.50usd"], "--reserve says what one session may cost of a budget in usd, and there is no such budget"),
        (["--reserve", "1.50usd", "--budget", "5/1d"], "of a budget in usd, and there is no such budget"),
        (["--reserve", "1.50usd,1000tokens", "--budget", "repo:20usd/1d"], "of a budget in tokens, and there is no such budget"),
        (["--share", "x" * 100_000], "--share is longer than 1024 bytes"),
        (["--dimension", "a=" + "x" * 100_000], "--dimension is longer than 1024 bytes"),
        (["--bot", "x" * 1025], "--bot is longer than 1024 bytes"),
    ]

    def test_a_value_that_cannot_be_meant_is_wrong_usage_before_anything_is_asked(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", "--bare", folder + "/store.git"], check=True)
            for words, expected in self.VALUES:
                for command in ("gate", "explain") if "--heartbeat" not in words else ("gate",):
                    with self.subTest(command=command, words=[word[:40] for word in words]):
                        run = ["--run-id", "1"]
                        done = refgate(command, "--event", "push", "--workflow", "w", "--sha", "a" * 40, *run, "--remote",
                                       folder + "/store.git", "--state-dir", folder + "/state", *words)
                        self.assertEqual(done.returncode, 2, done.stderr[:3000])
                        self.assertIn(expected, done.stderr)
            refs = subprocess.run(["git", "-C", folder + "/store.git", "for-each-ref"], capture_output=True, check=True)
            self.assertEqual(refs.stdout, b"")

    def test_a_long_word_is_not_repeated_whole(self):
        long = "x" * 100_000
        for words in ([long], ["--" + long], ["help", long], ["gate", "--" + long], ["gate", long], ["gate", "--event", "push", "--sha", long],
                      ["gate", "--memory", long], ["gate", "--event", long], ["gate", "--config", long], ["log", "--since", long],
                      ["gate", "--namespace", long], ["status", "--remote", "/" + long], ["gate", "--budget", long],
                      ["gate", "--group-by", long], ["gate", "--dimension", long], ["finish", "--status", long], ["lint", long],
                      ["lint", "--config", long], ["lint", "--select", long], ["result", "get", long, "--remote", "/nowhere.git"],
                      ["result", long], ["completion", long], ["check", "push", "w", long, "1", "--remote", "/nowhere.git"],
                      ["gate", "--force=" + long], ["pause", "team:" + long], ["init", long]):
            for actions in ({}, {"GITHUB_ACTIONS": "true"}):
                with self.subTest(words=[word[:30] for word in words], actions=actions):
                    done = refgate(*words, **{"GITHUB_WORKFLOW": "w", **actions})
                    self.assertNotEqual(done.returncode, 0)
                    self.assertLess(len(done.stdout + done.stderr), 6000)

    def test_a_flag_may_be_said_to_be_off(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", "--bare", folder + "/store.git"], check=True)

            def gate(run, *words, **environment):
                return refgate("gate", "--event", "push", "--workflow", "w", "--sha", "a" * 40, "--run-id", run, "--remote",
                               folder + "/store.git", "--state-dir", folder + "/state" + run, *words, **environment).stdout

            self.assertIn("SKIP_EXECUTION=false", gate("1"))
            self.assertIn("SKIP_EXECUTION=true", gate("2", "--force=false", REFGATE_FORCE="true"))
            self.assertIn("SKIP_EXECUTION=true", gate("3", "--force", "--force=false"))
            self.assertIn("SKIP_EXECUTION=false", gate("4", "--force=true"))

    def test_where_to_read_on_is_said(self):
        self.assertEqual(refgate("gate", "--memry").stderr.splitlines()[-1],
                         "See: refgate gate --help")
        self.assertIn("See: refgate --help", refgate("chekc").stderr)

    def test_what_was_typed_cannot_steer_the_terminal(self):
        done = refgate("gate", "--\x1b]0;owned\x07")
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("\x1b", done.stderr)

    def test_what_was_typed_is_one_line_and_no_command_to_the_runner(self):
        text = "x\n::set-output name=skip_execution::false\r::error::y\nskip_execution=false"
        for words in ([text], ["--" + text], ["gate", text], ["gate", "--" + text], ["status", "-" + text],
                      ["check", "push", "w", "c", "1", text], ["gate", "--memory=" + text],
                      ["gate", "--event", "push", "--force=" + text], ["show", "a", text], ["completion", text],
                      ["heartbeat", "--interval", text], ["lint", "--format", text]):
            with self.subTest(words=words):
                done = refgate(*words, GITHUB_ACTIONS="true")
                self.assertEqual(done.returncode, 2, done)
                for line in (done.stdout + done.stderr).splitlines():
                    self.assertRegex(line, "^(refgate|See:|  |::error title=refgate%3A no answer::)", words)

    def test_a_token_on_the_command_line_is_not_repeated(self):
        done = refgate("gate", "--ghs_secretsecretsecret", GITHUB_TOKEN="ghs_secretsecretsecret")
        self.assertNotIn("ghs_secret", done.stderr)

    def test_words_of_a_command_are_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", "--bare", folder + "/store.git"], check=True)
            done = refgate("run", "--event", "push", "--workflow", "w", "--sha", "a" * 40, "--run-id", "1",
                           "--remote", folder + "/store.git", "--state-dir", folder + "/state", "--",
                           "sh", "-c", "echo --memry $0", "--paralel")
        self.assertIn("--memry --paralel", done.stdout)


class OutsideOfActions(unittest.TestCase):
    """All that a runner would say is named at once, with a line that works when it is pasted."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", self.folder]
        for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
            subprocess.run([*git, *words], check=True)

    def refgate(self, line):
        return subprocess.run(["sh", "-c", line], text=True, capture_output=True, cwd=self.folder, stdin=subprocess.DEVNULL,
                              env={"PATH": os.path.dirname(BINARY) + ":" + os.environ["PATH"], "HOME": self.folder, "RUNNER_TEMP": self.folder})

    ROWS = [
        ("gate", "--event, --sha and --workflow are missing"),
        ("run -- echo hi", "--event, --sha and --workflow are missing"),
        ("run -- sh -c 'echo hi there'", "--event, --sha and --workflow are missing"),
        ("gate --event push", "--sha and --workflow are missing"),
        ("gate --event pull_request --workflow w", "--sha is missing"),
        ("gate --event issues", "--identity and --workflow are missing"),
        ("gate --event workflow_dispatch", "--identity and --workflow are missing"),
        ("gate --event workflow_dispatch --run-id 5 --share s", None),
        ("gate --event bogus --share 'two words'", "--identity is missing"),
        ("gate --identity x", "--event and --workflow are missing"),
        ("gate --share s --force", "--event and --sha are missing"),
        ("explain", "--event, --sha and --workflow are missing"),
        ("explain --identity=true", "--event and --workflow are missing"),
        ("explain --identity true --force --offline", "--event and --workflow are missing"),
        ("gate --identity=false --force=false", "--event and --workflow are missing"),
    ]

    def test_a_text_that_says_true_is_no_flag(self):
        for words, expected in (("explain --identity=true", "refgate explain --identity=true --event"),
                                ("explain --offline --identity true --force", "refgate explain --force --identity=true --offline --event"),
                                ("gate --force=false --identity x", "refgate gate --force=false --identity=x --event")):
            with self.subTest(words):
                self.assertIn("The whole line: " + expected, self.refgate("refgate " + words).stderr)

    def test_all_is_named_at_once_and_the_line_works(self):
        for words, expected in self.ROWS:
            with self.subTest(words):
                done = self.refgate("refgate " + words)
                if expected is None:
                    self.assertEqual(done.returncode, 0, done)
                    continue
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(expected + "; nothing was asked. The whole line: ", done.stderr)
                line = done.stderr.splitlines()[0].split("The whole line: ")[1]
                pasted = self.refgate(line)
                self.assertEqual(pasted.returncode, 0, (line, pasted))

    def test_where_the_state_lies_is_one_of_them(self):
        with tempfile.TemporaryDirectory() as folder:
            self.folder, former = folder, self.folder
            told = self.refgate("refgate run -- true").stderr
            self.folder = former
        self.assertIn("--event, --sha, --workflow and --remote are missing", told)

    def test_in_actions_the_runner_is_asked(self):
        told = refgate("gate", "--remote", "/nowhere.git", GITHUB_ACTIONS="true").stderr
        self.assertNotIn("The whole line", told)


class Help(unittest.TestCase):
    def test_every_form_tells_the_same(self):
        expected = refgate("gate", "--help")
        self.assertEqual(expected.returncode, 0)
        for words in (["help", "gate"], ["gate", "help"], ["gate", "-h"]):
            self.assertEqual(refgate(*words).stdout, expected.stdout, words)
        self.assertEqual(refgate("help").stdout, refgate("--help").stdout)
        for words in (["version"], ["-V"]):
            self.assertEqual(refgate(*words).stdout, refgate("--version").stdout)

    def test_options_stand_under_what_they_are_about(self):
        text = refgate("gate", "--help").stdout
        headings = ["What the work is", "When it runs", "In order", "Where the state is"]
        for heading in headings:
            self.assertIn(heading + ":", text)
        memory, remote = text.index("--memory"), text.index("--remote")
        self.assertTrue(text.index("When it runs:") < memory)
        self.assertTrue(text.index("Where the state is:") < remote)

    COMMANDS = ["gate", "finish", "check", "register", "cleanup", "audit", "run", "heartbeat", "health", "envelope", "result", "deliver",
                "matrix", "status", "explain", "release", "pause", "resume", "doctor", "log", "show", "stats", "verify", "metrics", "report",
                "gc", "completion", "lint", "init"]

    def test_what_changes_nothing_is_not_offered(self):
        for command, without, options in (
                ("finish", ("--budget", "--wait", "--retry", "--memory", "--force", "--slots", "--group-by"), ("--status", "--cost")),
                ("explain", ("--on-lost", "--audit-skips", "--on-error"), ("--event", "--retry")),
                ("gate", ("--session-window",), ("--budget", "--wait")), ("heartbeat", ("--attached",), ("--interval",)),
                ("doctor", ("--memory",), ("--skew",))):
            with self.subTest(command=command):
                text = refgate(command, "--help").stdout
                for option in without:
                    self.assertNotIn(option, text)
                for option in options:
                    self.assertIn(option, text)
                whole = refgate(command, "--help=all").stdout
                self.assertEqual(whole, refgate(command, "--help-all").stdout)
                for option in without:
                    if option not in ("--attached", "--memory"):
                        self.assertIn(option, whole)
                self.assertNotIn("--attached", whole)
                self.assertIn("--namespace NAME", whole)
                self.assertNotIn("--namespace NAME", text)

    def test_every_page_has_words_examples_statuses_and_where_to_read_on(self):
        listed = refgate("--help").stdout
        for command in self.COMMANDS:
            with self.subTest(command=command):
                self.assertRegex(listed, rf"(?m)^  {command} +\S")
                text = refgate(command, "--help").stdout
                self.assertEqual(refgate("help", command).stdout, text)
                self.assertRegex(text, rf"Examples:\n  (.*\n  )?.*refgate {command}")
                self.assertIn("Exit status: ", text)
                if command != "completion":
                    self.assertIn("See also: ", text)
                self.assertNotIn("TEXT REQUIRED", text)
                words = re.search(r"^Words:\n((?:  .*\n)+)", text, re.M)
                for line in words[1].splitlines() if words else ():
                    self.assertRegex(line, r"^  [A-Z_]+ +\S+ *\S+")
                for also in re.findall(r"docs/\w+\.md", text):
                    self.assertTrue((ROOT / also).is_file(), also)
                for also in re.findall(r"refgate (\w+)", text[text.find("See also: "):]):
                    self.assertIn(also, self.COMMANDS)

    def test_an_action_of_result_has_its_own_page(self):
        page = refgate("result", "get", "--help").stdout
        self.assertIn("--output FILE", page)
        self.assertNotIn("--older-than", page)
        for other in ("ACTION", "result save", "result list"):
            self.assertNotIn(other, page)
        self.assertIn("refgate result get https://", page)
        self.assertEqual(refgate("help", "result", "get").stdout, page)
        whole = refgate("result", "--help").stdout
        self.assertIn("To save:", whole)
        self.assertIn("--older-than", whole)

    def test_help_among_the_words_of_a_command_is_the_commands(self):
        self.assertIn("Usage:", refgate("run", "--help", "--", "true").stdout)
        self.assertNotIn("Usage:", refgate("run", "--event", "push", "--remote", "/nowhere.git", "--", "true", "--help").stdout)


class Variables(unittest.TestCase):
    def gate(self, **environment):
        return refgate("status", "--remote", "/nowhere.git", "--deadline", "2s", **environment).stderr

    def test_a_misspelt_setting_is_warned_of(self):
        self.assertIn("REFGATE_MEMRY is read by nothing; did you mean REFGATE_MEMORY?",
                      self.gate(REFGATE_MEMRY="1d"))

    def test_an_option_that_has_no_variable_is_warned_of(self):
        self.assertIn("REFGATE_HTML is not read: --html", self.gate(REFGATE_HTML="page.html"))

    def said(self, *words, **environment):
        return refgate(*words, "--remote", "/nowhere.git", "--deadline", "2s", **environment).stderr

    def test_the_option_of_the_command_itself_is_named(self):
        self.assertIn("REFGATE_SINCE is not read: --since of refgate log stands", self.said("log", REFGATE_SINCE="7d"))
        self.assertIn("REFGATE_JSON is not read: --json of refgate status stands", self.said("status", REFGATE_JSON="true"))
        self.assertIn("REFGATE_WORKFLOW is not read: --workflow of refgate log stands", self.said("log", REFGATE_WORKFLOW="zz"))
        self.assertIn("REFGATE_EVENT is not read by refgate log", self.said("log", REFGATE_EVENT="zz"))
        self.assertNotIn("REFGATE_EVENT", self.said("log", REFGATE_EVENT="push", GITHUB_ACTIONS="true"))
        for name in ("FORMAT", "SELECT", "BASELINE"):
            self.assertIn(f"REFGATE_{name} is not read: --{name.lower()} of refgate lint stands",
                          refgate("lint", "--stdin-name", "w.yml", "-", **{"REFGATE_" + name: "x"}).stderr)

    def test_a_dry_run_that_a_command_does_not_know_is_told(self):
        warned = "REFGATE_DRY_RUN is not read by refgate"
        for words in (("pause", "all", "--reason", "x"), ("release", "1", "--reason", "x"), ("status", "--lost", "--take", "1"),
                      ("gate", "--event", "push", "--workflow", "w", "--sha", "a" * 40)):
            self.assertIn(f"{warned} {words[0]}, which knows no dry run, and writes", self.said(*words, REFGATE_DRY_RUN="true"))
        for words in (("gc",), ("result", "prune"), ("result", "list"), ("status",), ("log",)):
            self.assertNotIn(warned, self.said(*words, REFGATE_DRY_RUN="true"))

    def test_only_what_is_near_is_proposed(self):
        self.assertIn("REFGATE_TOKN is read by nothing; did you mean REFGATE_TOKEN?", self.gate(REFGATE_TOKN="x"))
        self.assertIn("REFGATE_DEBUG is read by nothing\n", self.gate(REFGATE_DEBUG="1"))

    def test_in_actions_it_is_an_annotation_too(self):
        self.assertIn("::warning title=refgate%3A a variable is not read::REFGATE_MEMRY is read by nothing",
                      self.gate(REFGATE_MEMRY="1d", GITHUB_ACTIONS="true"))

    def test_what_the_action_was_given_is_told_as_its_input(self):
        for words, environment, told in (
                ((), {"INPUT_WAIT": "1m", "REFGATE_WAIT": "1m", "INPUT_NO_WAIT": "true", "REFGATE_NO_WAIT": "true"},
                 "the input wait stands by until it is this one's turn, and the input no-wait for nothing"),
                (("--no-wait",), {"INPUT_WAIT": "1m", "REFGATE_WAIT": "1m"}, "the input wait stands by until it is this one's turn, and --no-wait"),
                ((), {"INPUT_IDENTITY": "x", "REFGATE_IDENTITY": "x", "INPUT_IDENTITY_BY": "commit", "REFGATE_IDENTITY_BY": "commit"},
                 "the input identity and the input identity-by both say"),
                ((), {"INPUT_RESERVE": "1usd", "REFGATE_RESERVE": "1usd"}, "the input reserve says what one session may cost"),
                ((), {"INPUT_MEMORY": "soon", "REFGATE_MEMORY": "soon"}, 'the input memory is "soon"'),
                ((), {"INPUT_MEMORY": "1d", "REFGATE_MEMORY": "soon"}, 'REFGATE_MEMORY is "soon"'),
                (("--namespace=A",), {"INPUT_NAMESPACE": "A"}, 'the input namespace is "A"'),
                (("--dimension=a",), {"INPUT_DIMENSION": "k=v\na"}, "the input dimensions is"),
                ((), {"REFGATE_MEMORY": "soon"}, 'REFGATE_MEMORY is "soon"')):
            with self.subTest(words=words, environment=environment):
                done = refgate("gate", "--event", "push", *words, GITHUB_ACTIONS="true", **environment)
                self.assertIn("refgate: " + told, done.stderr)
                self.assertEqual(done.returncode, 2)

    def test_what_is_read_is_not_warned_of(self):
        told = self.gate(REFGATE_MEMORY="1d", REFGATE_TOKEN="x", REFGATE_SESSION_MARK="y",
                         REFGATE_NAMESPACE="refgate")
        self.assertNotIn("warning", told)


class Completion(unittest.TestCase):
    def complete(self, line):
        """What bash itself offers for a line that ends where the cursor is."""
        words = line.split(" ")
        script = (f'source <("{BINARY}" completion bash); COMP_WORDS=({" ".join(repr(w) for w in words)}); '
                  f'COMP_CWORD={len(words) - 1}; _refgate; printf "%s\\n" "${{COMPREPLY[@]}}"')
        done = subprocess.run(["bash", "--norc", "-c", script], text=True, capture_output=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands_options_and_words_of_a_fixed_list(self):
        self.assertEqual(self.complete("refgate ga"), ["gate"])
        self.assertEqual(self.complete("refgate gate --retry ma"), ["manual"])
        self.assertIn("--memory", self.complete("refgate gate --me"))
        self.assertEqual(self.complete("refgate lint --min-severity w"), ["warning"])
        self.assertNotIn("--memory", self.complete("refgate doctor --"))

    def test_words_behind_a_command(self):
        for line, expected in (
                ("refgate he", {"help", "heartbeat", "health"}), ("refgate ver", {"version", "verify"}), ("refgate help ga", {"gate"}),
                ("refgate result ge", {"get"}), ("refgate completion ", {"bash", "zsh", "fish"}), ("refgate stats --by wo", {"workflow"}),
                ("refgate finish --status fa", {"failure"}), ("refgate log --kind la", {"launch"}), ("refgate status --color al", {"always"}),
                ("refgate log --reason retry_s", {"retry_suppressed"}), ("refgate lint --explain broad", {"broad-push"}),
                ("refgate gate --retry=ma", {"--retry=manual"}), ("refgate gate --retry = ma", {"manual"}), ("refgate gate --retry =", {
                    "suppress", "manual", "allow"}), ("refgate show ", set()), ("refgate help gate ", set())):
            with self.subTest(line=line):
                self.assertEqual(set(self.complete(line)), expected)

    def test_what_is_offered_is_taken(self):
        """No word of a list that the command would refuse."""
        for command, option in (("log", "--kind"), ("log", "--reason"), ("stats", "--by"), ("lint", "--select"), ("gate", "--retry")):
            words = self.complete(f"refgate {command} {option} ")
            self.assertTrue(words, option)
            for word in words:
                done = refgate(command, option, word, *(["--remote", "/nowhere.git"] if command != "lint" else ["/nowhere"]))
                self.assertNotRegex(done.stderr, f"{option} is|no rule has this id", word)

    def test_what_is_not_for_people_is_not_offered(self):
        self.assertNotIn("--attached", self.complete("refgate heartbeat --"))
        self.assertNotIn("--budget", self.complete("refgate finish --"))
        self.assertIn("--color", self.complete("refgate status --"))

    def test_every_command_is_offered(self):
        listed = set(self.complete("refgate "))
        for line in refgate("--help").stdout.splitlines():
            words = line.split()
            if line.startswith("  ") and len(words) > 1 and not words[0].startswith("-") \
                    and line[2] != " " and words[0].islower() and words[0].isalpha():
                self.assertIn(words[0], listed)

    def test_the_scripts_are_legal(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
            text = refgate("completion", shell).stdout
            self.assertIn("gate", text)
            if shutil.which(check[0]) is None:
                continue  # bash is always here; the others are looked at where they are installed
            done = subprocess.run(check, input=text, text=True, capture_output=True)
            self.assertEqual(done.stderr, "", shell)


if __name__ == "__main__":
    unittest.main()
