"""What is typed wrong is told by its name; help in every form; what a shell completes."""

import os
import shutil
import subprocess
import tempfile
import unittest

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


class Variables(unittest.TestCase):
    def gate(self, **environment):
        return refgate("status", "--remote", "/nowhere.git", "--deadline", "2s", **environment).stderr

    def test_a_misspelt_setting_is_warned_of(self):
        self.assertIn("REFGATE_MEMRY is read by nothing; did you mean REFGATE_MEMORY?",
                      self.gate(REFGATE_MEMRY="1d"))

    def test_an_option_that_has_no_variable_is_warned_of(self):
        self.assertIn("REFGATE_HTML is not read: --html", self.gate(REFGATE_HTML="page.html"))

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
