"""What is told when it has to be understood: RUNNER_DEBUG=1, --verbose, -v and REFGATE_VERBOSE."""

import base64
import re
import unittest

from gate_case import TOKEN, GateCase, launch


def debug_lines(answer, mark):
    return [line[len(mark):] for line in answer.err.splitlines() if line.startswith(mark)]


class Verbose(GateCase):
    def told(self, answer):
        return debug_lines(answer, "::debug::")

    def assert_holds_no_token(self, answer):
        for secret in (TOKEN, base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode(), "Authorization"):
            self.assertNotIn(secret, answer.err + answer.out)

    def test_nothing_is_told_unless_somebody_asks(self):
        for environment in ({}, {"RUNNER_DEBUG": "0"}, {"REFGATE_VERBOSE": "false"}):
            answer = self.done(self.job().call("gate", **environment))
            self.assertNotIn("debug", answer.err + answer.out)

    def test_each_way_to_ask_tells_the_same_kinds_of_lines(self):
        told = []
        for words, environment in ((["--verbose"], {}), (["-v"], {}), ([], {"RUNNER_DEBUG": "1"}),
                                   ([], {"REFGATE_VERBOSE": "true"})):
            answer = self.done(self.job().call("gate", "--share", f"s{len(told)}", *words, **environment))
            kinds = [line.split()[0] for line in self.told(answer) if not line.startswith("setting verbose")]
            told.append(kinds)
        self.assertEqual(told, [told[0]] * 4)

    def test_a_gate_tells_settings_identity_requests_state_rule_and_what_it_wrote(self):
        job, first = self.gate()
        server = self.server(self.remote_kind)
        launch.reset(server)
        answer = self.job().call("gate", "--memory", "2d", REFGATE_RETRY="manual", RUNNER_DEBUG="1")
        self.assert_skips(answer, "active_session")
        told = "\n".join(self.told(answer))
        for pattern in (r"^refgate \d+\.\d+\.\d+, command gate$", r"^setting memory = 2d \(--memory\)$",
                        r"^setting retry = manual \(REFGATE_RETRY\)$",
                        r"^event push, .* run \S+, attempt 1, head commit [0-9a-f]{40}",
                        r"^identity \S+ \".*\", by the event's payload; its ref is refs/refgate/claims/",
                        r"claim active, generation 1, run " + first.lines["HOLDER_RUN_ID"] + ",",
                        r"^decided: skip, by the rule active_session: ",
                        r"^wrote, creates refs/notes/refgate/\S+ \(1 file\): swapped$"):
            self.assertRegex(told, re.compile(pattern, re.MULTILINE))
        asked = [line.split()[:2] for line in launch.requests(server)]
        shown = re.findall(r"^request (GET|POST) (\S+), try 1: HTTP 200, [1-9]\d* bytes sent, [1-9]\d* received, \d+ ms$",
                           told, re.MULTILINE)
        self.assertEqual([[method, path.split("?")[0]] for method, path in asked], [list(each) for each in shown])
        self.assert_holds_no_token(answer)
        self.assert_holds_no_token(self.done(job.call("finish", "--status", "success", "-v")))

    def test_another_try_is_counted(self):
        answer = self.job().call("gate", "--remote", "http://127.0.0.1:9/x.git", "--deadline", "2s", "-v")
        self.assertEqual(answer.status, 3, answer)
        told = "\n".join(self.told(answer))
        self.assertRegex(told, r"request \w+ /x\.git\S*, try 2: no answer \(")
        self.assert_holds_no_token(answer)

    def test_a_persons_commands_tell_it_in_plain_words(self):
        self.gate()
        answer = self.done(self.person().call("status", "-v"))
        told = "\n".join(debug_lines(answer, "debug: "))
        self.assertIn("command status", told)
        self.assertRegex(told, r"read refs/refgate/claims/: 1 there")
        self.assertNotIn("debug", answer.out)
        self.assert_holds_no_token(answer)

    def test_what_a_payload_holds_begins_no_line_of_its_own(self):
        answer = self.job().call("gate", "--share", "a\n::error::b", "-v")
        self.assertFalse([line for line in answer.err.splitlines() if line.startswith("::error")], answer.err)

    def test_a_value_that_looks_like_the_option_is_a_value(self):
        _, won = self.gate()
        released = self.done(self.person().call("release", won.claim_id, "--reason", "-v"))
        self.assertNotIn("debug", released.err)

    def test_configuration_is_named_as_a_source_and_lint_names_its_files(self):
        job = self.job()
        (job.folder / "c.yml").write_text("memory: 3d\n", encoding="utf-8")
        answer = self.done(job.call("gate", "--config", "c.yml", "-v"))
        self.assertIn("setting memory = 3d (c.yml)", self.told(answer))
        (job.folder / "w.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n", encoding="utf-8")
        self.assertRegex("\n".join(self.told(job.call("lint", "-v", "w.yml"))), r"w\.yml: read, \d+ bytes")


class Sentence(GateCase):
    def test_the_last_line_of_a_gates_log_is_for_people(self):
        for event, said in (("first", r"^refgate: Runs: Nobody has done this work, and nobody is doing it$"),
                            ("second", r"^refgate: Not run: run \S+ .*\(push by \S+\), https://\S+/actions/runs/\d+$")):
            with self.subTest(event):
                self.assertRegex(self.done(self.job().call("gate")).err.splitlines()[-1], said)

    def test_a_forge_links_a_run_by_its_number_and_the_link_finds_it(self):
        for forge, number in (("GITEA_ACTIONS", "7"), ("FORGEJO_ACTIONS", "8")):
            with self.subTest(forge):
                job = self.job()
                won = self.done(job.call("gate", "--share", forge, **{forge: "true", "GITHUB_RUN_NUMBER": number}))
                url = won.lines["HOLDER_RUN_URL"]
                # Gitea's pages go by the id since 1.26, but for those who say that they mean the number.
                self.assertRegex(url, rf"^https?://.*/actions/runs/{number}" + (r"\?by_index=1$" if forge == "GITEA_ACTIONS" else "$"))
                for page in (url, url.partition("?")[0]):
                    self.assertIn(won.claim_id, self.done(self.person().call("show", page)).out)


if __name__ == "__main__":
    unittest.main()
