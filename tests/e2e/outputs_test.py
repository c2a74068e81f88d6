"""What a call leaves for the runner and for programs: outputs, summary, annotations, statuses."""

import json
import re
import unittest

import payloads
from gate_case import HEAD, GateCase

NAMES = ["SESSION_KEY", "SKIP_EXECUTION", "REASON", "RETRY_SUPPRESSION", "EARLY_GATING",
         "REASON_CODE", "CLAIM_ID", "GENERATION", "RUN_ATTEMPT", "HOLDER_RUN_ID",
         "HOLDER_RUN_URL", "HOLDER_OUTCOME", "OWN_FAILURE", "GROUP", "POSITION", "RESULT_ID",
         "WOULD_SKIP", "UNTIL"]
HOSTILE = ["a\nskip_execution=false\nb", "a\r\nskip_execution=false", "%0Askip_execution=false",
           "::error title=x::y", "\n::set-output name=skip_execution::false\n",
           "x::stop-commands::y", "a|b|c\n| --- |", "<script>alert(1)</script>",
           "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "`code` **bold**",
           "a,title=b:c", "skip_execution<<EOF", "\x1b[31mred\x1b[0m\x07", "\u202egnp.exe",
           "🙂" * 50, "%25%0D%0A::", "$(id) `id` ${{ github.token }}", "x" * 1000]


class Outputs(GateCase):
    def test_the_lines_of_the_gate_and_the_same_in_lower_case(self):
        holder, won = self.gate(attempt=3)
        self.assertEqual(list(won.lines), NAMES)
        self.assertEqual(set(won.outputs), {name.lower() for name in NAMES})
        for name in NAMES:
            self.assertEqual(won.outputs[name.lower()], won.lines[name])
        self.assertEqual(won.lines, {**won.lines, "SESSION_KEY": f"agent-review-push-{HEAD[:8]}",
                                     "SKIP_EXECUTION": "false", "RETRY_SUPPRESSION": "ACTIVE",
                                     "EARLY_GATING": "PROCEEDING", "REASON_CODE": "first",
                                     "GENERATION": "1", "RUN_ATTEMPT": "3",
                                     "HOLDER_RUN_ID": holder.run, "GROUP": ""})
        self.assertRegex(won.claim_id, "^[0-9a-f]{32}$")
        skipped = self.job().call("gate")
        self.assertEqual([name for name in skipped.lines if name in NAMES], NAMES)
        self.assertEqual(skipped.outputs["claim_id"], "", "who may not end it has no key to it")
        self.assertEqual(skipped.outputs["run_attempt"], "1")

    def test_the_guards_are_closed_first(self):
        _, won = self.gate()
        self.assertEqual(won.output_text.splitlines()[0], "skip_execution=true")
        self.assertEqual(won.outputs["skip_execution"], "false")

    def test_the_guards_are_closed_even_after_wrong_usage(self):
        config = self.folder / "bad.yml"
        config.write_text("no-such-key: 1\n", encoding="utf-8")
        rows = [("--no-such-option",), ("--memory", "soon"), ("--memory", "-1d"), ("--lease", "0s"),
                ("--retry", "never"), ("--on-error", "panic"), ("--namespace", "../x"),
                ("--dimension", "novalue"), ("--deadline", "1"), ("surplus",), ("--config", config),
                ("--config", self.folder / "none.yml"), ("--remote", "http://u:p@127.0.0.1/x"),
                ("--claim-id",), ("--deadline", "99999999999999999999d"), ("--run-attempt", "x")]
        for words in rows:
            with self.subTest(words=words):
                answer = self.job().call("gate", *words)
                self.assertEqual((answer.status, answer.outputs.get("skip_execution")),
                                 (2, "true"), answer)
                self.assertTrue(answer.err.strip(), answer)
        self.assertEqual(self.remote.all_refs(), {})

    def test_the_guards_are_closed_after_a_payload_that_is_none(self):
        texts = ["", "{", "[]", "null", '"x"', "{}", '{"after": 7}', '{"after": "xyz"}',
                 '{"after": null}', "\xff\xfe", "[" * 100000, '{"a":' * 5000]
        for text in texts:
            with self.subTest(text=text[:20]):
                job = self.job("pull_request" if text == "{}" else "push", payloads.push(HEAD))
                (job.folder / "event.json").write_text(text, encoding="latin-1")
                answer = job.call("gate")
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"),
                                 answer)
        self.assertEqual(self.remote.all_refs(), {})

    def test_a_payload_file_that_is_not_there(self):
        answer = self.job(environment={"GITHUB_EVENT_PATH": __file__ + "/payload"}).call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)

    def test_a_check_in_actions_closes_the_guards_too(self):
        for words in (("check",), ("check", "push"), ("check", "push", "w", "c", "--memory", "x")):
            answer = self.job().call(*words)
            self.assertEqual((answer.status, answer.outputs.get("skip_execution")), (2, "true"),
                             answer)

    def test_an_output_file_that_cannot_be_written_is_no_run(self):
        answer = self.job().call("gate", GITHUB_OUTPUT=__file__ + "/output")
        self.assertNotEqual(answer.status, 0, answer)

    def test_the_summary_is_a_sentence_and_a_table_that_is_folded(self):
        _, won = self.gate()
        self.assertRegex(won.summary, r"\| refgate \|")
        self.assertIn(won.lines["SESSION_KEY"], won.summary)
        skipped = self.job().call("gate")
        self.assertIn("active", skipped.summary)
        self.assertIn(skipped.lines["HOLDER_RUN_URL"], skipped.summary)
        for summary in (won.summary, skipped.summary):
            rows = [row for row in summary.splitlines() if row.startswith("|")]
            self.assertTrue(all(row.count("|") == 3 for row in rows), summary)
            self.assertLess(summary.index("<details>"), summary.index(rows[0]))

    def test_a_skip_is_a_notice_a_run_is_none(self):
        _, won = self.gate()
        self.assertNotIn("::notice", won.out)
        skipped = self.job().call("gate")
        (notice,) = [line for line in skipped.out.splitlines() if line.startswith("::")]
        self.assertRegex(notice, "^::notice title=[^:,]+::.")
        self.assertNotIn("::", self.person().call("check", "push", "w", "c").out)

    def test_outside_of_actions_there_are_no_annotations(self):
        words = ("gate", "--event", "push", "--workflow", "w", "--sha", HEAD, "--run-id")
        self.assertTrue(self.done(self.person().call(*words, "1")).runs)
        answer = self.done(self.person().call(*words, "2"))
        self.assertFalse(answer.runs)
        self.assertNotIn("::notice", answer.out)


class Hostile(GateCase):
    """Names that try to be more than names."""

    remote_kind = "path"

    def job_named(self, text):
        payload = payloads.push(HEAD, ref=f"refs/heads/{text}")
        payload["sender"]["login"] = text
        return self.job("push", payload, workflow=text, actor=text, job=text,
                        environment={"GITHUB_REF": f"refs/heads/{text}"})

    def assert_tame(self, answer):
        """Every line is one that was meant, whatever the names are."""
        for line in answer.output_text.splitlines():
            self.assertRegex(line, "^[a-z_]+=")
        verdicts = [line for line in answer.output_text.splitlines()
                    if line.startswith("skip_execution")]
        self.assertEqual(len(verdicts), 2, answer.output_text)
        printed = [line for line in answer.out.splitlines() if line.startswith("SKIP_EXECUTION=")]
        self.assertEqual(len(printed), 1)
        for line in answer.out.splitlines():
            self.assertRegex(line, "^([A-Z_]+=|::notice title=)")
        commands = [line for line in answer.out.splitlines() if "::" in line[:2]]
        self.assertEqual(len(commands), 0 if answer.runs else 1)
        for line in commands:
            self.assertRegex(line, "^::notice title=[^:,]*::")
        for character in answer.out + answer.err + answer.output_text:
            self.assertTrue(character in "\n\t" or ord(character) >= 32, repr(answer.out))
        # What keeps addresses from becoming links shows nothing.
        told = answer.summary.replace("<!-- -->", "")
        ours = re.sub(r"</?(details|summary|code)>", "", told)
        self.assertEqual(told.count("<"), 6)
        self.assertNotRegex(ours, r"<[a-z/!]")
        rows = [row for row in answer.summary.splitlines() if row.startswith("|")]
        self.assertTrue(all(re.sub(r"\\\\|\\\|", "", row).count("|") == 3 for row in rows),
                        answer.summary)
        self.assertNotIn("](javascript", answer.summary)

    def test_outputs_annotations_and_summary_stay_what_they_are(self):
        for number, text in enumerate(HOSTILE):
            with self.subTest(text=text[:40]):
                share = ("--share", f"s{number}")
                won = self.job_named(text).call("gate", *share)
                self.assert_runs(won, "first")
                self.assert_tame(won)
                skipped = self.job_named(text).call("gate", *share)
                self.assert_skips(skipped, "active_session")
                self.assert_tame(skipped)

    def test_shares_and_dimensions_and_identities_of_any_text(self):
        for text in HOSTILE:
            with self.subTest(text=text[:40]):
                words = ("--share", text, "--dimension", "k=" + re.sub(r"[,\n]", "", text),
                         "--identity", text)
                won = self.job().call("gate", *words)
                self.assert_runs(won, "first")
                self.assert_tame(won)
                self.assert_skips(self.job().call("gate", *words), "active_session")
        self.remote.git("fsck", "--strict")

    def test_terminals_of_people_get_no_control_characters(self):
        for text in HOSTILE:
            job = self.job_named(text)
            self.assertEqual(job.call("gate", "--share", text).status, 0)
            job.call("finish", "--status", "failure")
        for words in (("status", "--all"), ("log",), ("show", HEAD)):
            answer = self.done(self.person().call(*words))
            self.assertNotRegex(answer.out, "[\x00-\x08\x0b-\x1f\x7f]")

    def test_nothing_reorders_what_a_person_reads_and_no_name_widens_the_table(self):
        for number, text in enumerate(("\u202egnp.exe", "\u2066x\u2069", "\u009b31mred", "\u2028x",
                                       "x" * 1000)):
            job = self.job(workflow=text, actor=text, job=text)
            self.assertEqual(job.call("gate", "--share", f"s{number}").status, 0)
            self.assertEqual(self.job(workflow=text, actor=text, job=text)
                             .call("gate", "--share", f"s{number}").status, 0)
        for words in (("status",), ("log",), ("show", HEAD)):
            out = self.done(self.person().call(*words)).out
            self.assertNotRegex(out, "[\u0080-\u009f\u2028-\u202e\u2066-\u2069]")
        for words in (("status",), ("log",)):
            out = self.done(self.person().call(*words)).out
            self.assertLess(max(map(len, out.splitlines())), 400)

    def test_the_json_of_hostile_names_is_json(self):
        for text in HOSTILE:
            self.job_named(text).call("gate", "--share", text)
        self.assertEqual(len(self.person().call("status", "--json").rows()), len(HOSTILE))
        self.assertEqual(len(self.log()), len(HOSTILE))
        self.assertTrue(self.person().call("show", HEAD, "--json").json())
        workflows = {line["workflow"] for line in self.log()}
        self.assertIn("<script>alert(1)</script>", workflows)


class Statuses(GateCase):
    def test_nothing_to_do_and_help(self):
        person = self.person()
        for words in (("--help",), ("--version",), ("gate", "--help"), ("gc", "--help")):
            self.assertEqual(person.call(*words).status, 0, words)
        for words in ((), ("nonsense",), ("--nonsense",), ("gate", "nonsense")):
            answer = person.call(*words)
            self.assertEqual(answer.status, 2 if words else answer.status, words)
            self.assertNotEqual(answer.status, 4)
        for command in ("gate", "finish", "check", "register", "cleanup", "audit", "status", "log",
                        "show", "release", "gc", "doctor"):
            text = person.call(command, "--help").out
            self.assertIn(f"refgate {command}", text)
            self.assertRegex(text, r"(?i)example", command)

    def test_a_gate_without_an_event_says_what_is_missing(self):
        job = self.job()
        del job.environment["GITHUB_EVENT_NAME"]
        answer = job.call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertIn("--event", answer.err)

    def test_an_exempt_event_without_a_run_has_no_scope(self):
        job = self.job("schedule", payloads.schedule())
        del job.environment["GITHUB_RUN_ID"]
        answer = job.call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertIn("--run-id", answer.err)

    def test_json_of_everything_that_reads(self):
        job, _ = self.gate()
        self.job().call("gate")
        for words in (("status",), ("status", "--all"), ("status", "--lost"), ("show", HEAD),
                      ("doctor",)):
            answer = self.person().call(*words, "--json")
            self.assertEqual(answer.status, 0, answer)
            json.loads(answer.out)
        self.assertEqual(len(self.log()), 2)
        self.done(job.call("finish"))

    def test_reading_what_is_not_there(self):
        self.assertEqual(self.person().call("status", "--json").rows(), [])
        self.assertEqual(self.log(), [])
        answer = self.person().call("show", "nothing-of-that-name")
        self.assertIn(answer.status, (1, 2), answer)
        self.assertTrue(answer.err or answer.out)
        answer = self.person().call("release", "nothing", "--reason", "x")
        self.assertIn(answer.status, (1, 2), answer)


class Configuration(GateCase):
    def config(self, text):
        path = self.folder / "refgate.yml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_an_unknown_key_names_the_nearest(self):
        for wrong, right in (("memmory: 1d", "memory"), ("on_error: run", "on-error"),
                             ("retries: allow", "retry"), ("leese: 5m", "lease")):
            with self.subTest(key=wrong):
                answer = self.job().call("gate", "--config", self.config(wrong + "\n"))
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(wrong.split(":")[0], answer.err)
                self.assertIn(right, answer.err)

    def test_yaml_that_is_none_or_not_a_mapping(self):
        for text in ("a: [", "- memory", "memory: [1d]", "memory: {a: b}", "\t:", "x" * 100000,
                     "a: &a [*a]", "? ? ?", "memory: soon", "retry: never", "force: maybe"):
            with self.subTest(text=text[:20]):
                answer = self.job().call("gate", "--config", self.config(text))
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"),
                                 answer)
                self.assertIn("refgate.yml", answer.err)

    def test_options_win_over_the_environment_and_that_over_the_file(self):
        path = self.config("share: file\nmemory: 2d\n")
        rows = [((), {}, "file"), ((), {"REFGATE_SHARE": "environment"}, "environment"),
                (("--share", "option"), {"REFGATE_SHARE": "environment"}, "option")]
        for words, environment, share in rows:
            self.assert_runs(self.job().call("gate", "--config", path, *words, **environment),
                             "first")
            self.assert_skips(self.job().call("gate", "--share", share), "active_session")
        self.assertEqual({claim["limits"]["memory"] for claim in self.remote.claims().values()},
                         {"172800s"})

    def test_the_file_may_be_named_by_the_environment(self):
        path = self.config("share: file\n")
        self.assert_runs(self.job().call("gate", REFGATE_CONFIG=str(path)), "first")
        self.assert_skips(self.job().call("gate", "--share", "file"), "active_session")

    def test_nothing_is_read_from_the_workspace(self):
        for name in (".github/refgate.yml", "refgate.yml", ".refgate.yml"):
            job = self.job()
            (job.folder / name).parent.mkdir(exist_ok=True)
            (job.folder / name).write_text("retry: allow\nforce: true\nnonsense: 1\n",
                                           encoding="utf-8")
            answer = job.call("gate", GITHUB_WORKSPACE=str(job.folder))
            self.assertEqual(answer.status, 0, answer)
        self.assertEqual(self.only_claim()["generation"], 1)

    def test_durations(self):
        for text in ("90s", "5m", "1h", "7d"):
            self.assertEqual(self.job().call("gate", "--memory", text).status, 0)
        for text in ("", "5", "m", "5 m", "-5m", "5x", "1h30", "0x5m", "1e3s", "99999999999d",
                     "5m5", "٥m"):
            with self.subTest(text=text):
                answer = self.job().call("gate", "--memory", text)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn("memory", answer.err)


if __name__ == "__main__":
    unittest.main()
