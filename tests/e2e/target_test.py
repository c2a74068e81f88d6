"""show, log and release take what a person has at hand: a run's URL, #7, a branch, a commit, the beginning of an id."""

import unittest

import payloads
from gate_case import GateCase

HEAD = payloads.commit("a stuck head")
PAGE = "https://github.com/octo/app"


class AtHand(GateCase):
    remote_kind = "path"

    def setUp(self):
        super().setUp()
        self.holder, self.gated = self.gate(event="pull_request",
                                            payload=payloads.pull_request(HEAD, branch="fix/it"))
        self.skipped = self.job("pull_request", payloads.pull_request(HEAD, branch="fix/it"))
        self.assert_skips(self.skipped.call("gate"), "active_session")
        # Another session, which no word below may reach.
        self.other, _ = self.gate(payload=payloads.push(payloads.commit("another head")))
        (self.ref,) = [ref for ref, claim in self.remote.claims().items()
                       if claim["claim_id"] == self.gated.claim_id]

    def words(self):
        return (self.holder.run, f"{PAGE}/actions/runs/{self.holder.run}",
                f"{PAGE}/actions/runs/{self.holder.run}/attempts/1",
                f"{PAGE}/actions/runs/{self.holder.run}/job/99?pr=7", "#7", "7", f"{PAGE}/pull/7",
                "fix/it", "refs/heads/fix/it", f"{PAGE}/tree/fix/it", HEAD, HEAD[:7],
                f"{PAGE}/commit/{HEAD}", self.ref, self.gated.claim_id, self.gated.claim_id[:7],
                f"agent-review-pull_request-{HEAD[:8]}")

    def test_show_tells_the_story_of_each(self):
        for word in self.words():
            with self.subTest(word):
                told = self.done(self.person().call("show", word)).out
                self.assertIn(f"run {self.holder.run} (pull_request by ann", told)
                self.assertIn(self.gated.claim_id, told)
                self.assertNotIn(f"run {self.other.run}", told)

    def test_a_run_that_was_skipped_shows_whose_work_it_was_skipped_for(self):
        told = self.done(self.person().call("show", f"{PAGE}/actions/runs/{self.skipped.run}")).out
        self.assertIn(f"run {self.holder.run} (pull_request", told)
        self.assertIn(f"run {self.skipped.run} (pull_request", told)

    def test_log_has_the_lines_of_each(self):
        for word in self.words():
            with self.subTest(word):
                lines = self.log(word)
                self.assertIn(self.holder.run, [line["run_id"] for line in lines])
                self.assertNotIn(self.other.run, [line["run_id"] for line in lines])
                self.assertEqual(lines, self.log("--key", word))
        for word in (self.skipped.run, f"{PAGE}/actions/runs/{self.skipped.run}"):
            self.assertEqual([line["kind"] for line in self.log("--run", word)], ["skip"])

    def test_release_frees_by_each(self):
        for number in range(len(self.words())):
            # Those of the session that holds now.
            word = self.words()[number]
            with self.subTest(word):
                self.done(self.person().call("release", word, "--reason", "stuck"))
                self.holder, self.gated = self.gate(
                    event="pull_request", payload=payloads.pull_request(HEAD, branch="fix/it"))
                self.assert_runs(self.gated, "takeover")

    def test_of_a_run_that_was_skipped_release_names_the_one_that_holds(self):
        answer = self.person().call("release", self.skipped.run, "--reason", "stuck")
        self.assertEqual(answer.status, 1, answer)
        self.assertIn(f"refgate release {self.holder.run} --reason", answer.err)
        self.assertEqual(self.only_live(), 2)

    def only_live(self):
        return len([claim for claim in self.remote.claims().values() if claim["state"] == "active"])

    def test_what_names_several_changes_nothing_and_lists_them(self):
        second, _ = self.gate(event="pull_request", workflow="Docs", file="docs.yml",
                              payload=payloads.pull_request(HEAD, branch="fix/it"))
        for word in ("#7", "fix/it", HEAD[:8]):
            with self.subTest(word):
                answer = self.person().call("release", word, "--reason", "stuck")
                self.assertEqual(answer.status, 2, answer)
                for job in (self.holder, second):
                    self.assertIn(f"run {job.run}", answer.err)
                self.assertIn("nothing was released", answer.err)
        self.assertEqual(self.only_live(), 3)

    def test_the_beginning_of_several_commits_is_told_with_them(self):
        head = HEAD[:10] + "f" * 30
        self.gate(payload=payloads.push(head))
        for words in (("show",), ("log",), ("release", "--reason", "stuck")):
            with self.subTest(words):
                answer = self.person().call(words[0], HEAD[:9], *words[1:])
                self.assertEqual(answer.status, 2, answer)
                for whole in (HEAD, head):
                    self.assertIn(whole, answer.err)
                self.assertEqual(answer.out, "")
        self.assertEqual(self.only_live(), 3)

    def test_what_names_several_is_not_explained(self):
        self.gate(payload=payloads.push(HEAD[:10] + "f" * 30))
        answer = self.person().call("explain", HEAD[:9])
        self.assertEqual((answer.status, answer.out), (2, ""), answer)
        self.assertIn("is the beginning of 2; nothing was done. Name one of them:", answer.err)

    def test_head_is_no_word_of_the_state_and_its_digits_are_told(self):
        for word in ("HEAD", "HEAD~1"):
            for words in (("show", word), ("release", word, "--reason", "x"), ("explain", word)):
                with self.subTest(words):
                    answer = self.person().call(*words)
                    self.assertEqual(answer.status, 1, answer)
                    self.assertIn('a commit is said by its digits: "$(git rev-parse HEAD)"', answer.err)
        self.assertNotIn("rev-parse", self.person().call("show", "head").err)
        self.assertEqual(self.only_live(), 2)

    def test_of_a_run_that_was_skipped_release_says_what_became_of_the_other(self):
        def release():
            answer = self.person().call("release", self.skipped.run, "--reason", "stuck")
            self.assertEqual(answer.status, 1, answer)
            self.assertIn("nothing was released", answer.err)
            return answer.err

        self.done(self.person().call("release", self.holder.run, "--reason", "stuck"))
        self.assertIn("it is free already", release())
        next_one, answer = self.gate(event="pull_request", payload=payloads.pull_request(HEAD, branch="fix/it"))
        self.assert_runs(answer, "takeover")
        self.assertIn(f"it was skipped for run {self.holder.run}; nothing was released. To free its work: refgate release {next_one.run} --reason '…'", release())
        for ref in self.remote.claims():
            self.remote.git("update-ref", "-d", ref)
        self.assertIn(f"it was skipped for run {self.holder.run}, and nothing holds that work any more", release())

    def test_a_run_of_any_name_is_one_word_to_a_shell(self):
        head = payloads.commit("of a strange run")
        strange, _ = self.gate(run="1;id", payload=payloads.push(head))
        skipped, answer = self.gate(payload=payloads.push(head))
        self.assert_skips(answer, "active_session")
        freed = "refgate release '1;id' --reason '…'"
        self.assertIn(freed, self.person().call("release", skipped.run, "--reason", "x").err)
        self.assertIn(freed, self.done(self.person().call("explain", skipped.run)).out)
        self.assertIn(freed, self.job(payload=payloads.push(head)).call("gate", "--follow", "--wait", "1s").outputs["reason"])
        queued = self.job(payload=payloads.push(payloads.commit("in line")))
        first, _ = self.gate("--slots", "pool:1", run="2;id", payload=payloads.push(payloads.commit("first")))
        self.assertIn("refgate release '2;id' --reason '…'", queued.call("gate", "--slots", "pool:1", "--wait", "1s").outputs["reason"])
        # As it stands it frees that one.
        self.done(self.person().call("release", "1;id", "--reason", "x"))
        self.done(first.call("finish"))
        self.done(strange.call("finish"))

    def test_an_empty_word_is_wrong_usage(self):
        for words in (("show", ""), ("show", " "), ("log", ""), ("log", "--key", ""),
                      ("log", "--workflow", ""), ("log", "--run", ""),
                      ("release", "", "--reason", "stuck")):
            with self.subTest(words):
                self.assertEqual(self.person().call(*words).status, 2)
        self.assertEqual(self.only_live(), 2)

    def test_what_no_line_is_of_is_said_with_the_nearest(self):
        key = self.log()[0]["session_key"]
        for words, told in (((("zzz",)), 'no line of this period is of the target "zzz"'),
                            (("--key", "nope"), 'of the target "nope"'), (("--run", "99999"), 'of the run "99999"'),
                            ((key[:-1] + "~",), f'did you mean "{key}"?')):
            for form in ((), ("--json",)):
                answer = self.done(self.person().call("log", *words, *form))
                self.assertIn(told, answer.err)
        self.assertNotIn("no line", self.person().call("log", key).err)
        answer = self.done(self.person().call("result", "list", "--session", "nope"))
        self.assertIn('of --session "nope"', answer.err)

    def test_a_period_that_is_still_to_come_is_wrong_usage(self):
        for words in (("log",), ("stats",), ("verify",), ("report", "--html", "-"), ("result", "list")):
            answer = self.person().call(*words, "--since", "2099-01-01")
            self.assertEqual(answer.status, 2, answer)
            self.assertIn('--since is "2099-01-01", which is still to come', answer.err)

    def test_what_is_long_is_not_repeated(self):
        answer = self.person().call("show", "x" * 2000)
        self.assertEqual(answer.status, 1)
        self.assertLess(len(answer.err), 500)
        self.assertEqual(self.person().call("show", "x" * 100_000).status, 2)


class PushFirst(GateCase):
    """The push holds, and the pull request of its head is skipped: its number is known all the same."""

    remote_kind = "path"

    def setUp(self):
        super().setUp()
        self.holder, self.gated = self.gate(payload=payloads.push(HEAD, "refs/heads/fix/it"))
        self.skipped = self.job("pull_request", payloads.pull_request(HEAD, branch="fix/it"))
        self.assert_skips(self.skipped.call("gate"), "pr_lock")
        self.other, _ = self.gate(payload=payloads.push(payloads.commit("another head")))

    WORDS = ("#7", "7", f"{PAGE}/pull/7", "octo/app#7", "GH-7", "refs/pull/7/merge")

    def test_show_and_log_tell_both_runs(self):
        for word in (*self.WORDS, HEAD.upper(), HEAD[:9].upper()):
            with self.subTest(word):
                told = self.done(self.person().call("show", word)).out
                for job in (self.holder, self.skipped):
                    self.assertIn(f"run {job.run} (", told)
                self.assertNotIn(f"run {self.other.run}", told)
                runs = [line["run_id"] for line in self.log(word)]
                self.assertEqual(runs, [self.holder.run, self.skipped.run])

    def test_the_number_of_another_repository_is_unknown(self):
        for word in ("octo/other#7", "https://github.com/octo/other/pull/7"):
            self.assertEqual(self.person().call("show", word).status, 1, word)

    def test_release_frees_the_session_that_does_its_work(self):
        for word in self.WORDS:
            with self.subTest(word):
                answer = self.done(self.person().call("release", word, "--reason", "stuck"))
                self.assertIn("Released", answer.out)
                self.holder, gated = self.gate(payload=payloads.push(HEAD, "refs/heads/fix/it"))
                self.assert_runs(gated, "takeover")
                self.assert_skips(self.job("pull_request", payloads.pull_request(HEAD, branch="fix/it")).call("gate"),
                                  "pr_lock")

    def test_results_are_found_by_the_same_words(self):
        answer = self.done(self.holder.call_fed(b"the review", "result", "save"))
        name = answer.lines["RESULT_ID"]
        page = f"{PAGE}/actions/runs/{self.holder.run}"
        for word in (*self.WORDS, self.holder.run, page, f"{page}/job/3", HEAD, HEAD.upper(), HEAD[:8],
                     self.gated.claim_id):
            with self.subTest(word):
                listed = self.done(self.person().call("result", "list", "--json", "--session", word)).rows()
                self.assertEqual([result["id"] for result in listed], [name])
                self.assertEqual(self.done(self.person().call("result", "get", word)).out, "the review")
        for word in ("#8", self.other.run, "octo/other#7"):
            with self.subTest(word):
                self.assertEqual(self.person().call("result", "get", word).status, 1)
                listed = self.done(self.person().call("result", "list", "--json", "--session", word))
                self.assertEqual(listed.rows(), [])


class GoneHolders(GateCase):
    """Who names a run whose session is another one's by now learns whose."""

    remote_kind = "path"

    def release(self, word):
        answer = self.person().call("release", word, "--reason", "stuck")
        self.assertEqual(answer.status, 1, answer)
        self.assertIn("nothing was released", answer.err)
        return answer.err

    def test_taken_over(self):
        first, _ = self.take_lost_claim()
        second, answer = self.gate("--skew", "0s")
        self.assert_runs(answer, "takeover")
        told = self.release(first.run)
        self.assertIn(f"was taken over by run {second.run}", told)
        self.assertIn(f"refgate release {second.run} --reason", told)
        self.assertEqual(self.only_claim()["state"], "active")

    def test_ended_and_launched_again(self):
        first, _ = self.gate("--retry", "allow")
        self.done(first.call("finish", "--status", "failure"))
        second, answer = self.gate("--retry", "allow")
        self.assertTrue(answer.runs, answer)
        self.assertIn(f"ended with failure, and its work was launched again by run {second.run}", self.release(first.run))

    def test_forgotten(self):
        first, _ = self.gate()
        self.done(first.call("finish", "--status", "success"))
        for ref in self.remote.claims():
            self.remote.git("update-ref", "-d", ref)
        self.assertIn("ended with success, and nothing holds its work any more", self.release(first.run))


class NumberedPages(GateCase):
    """Gitea and Forgejo: the address of a run ends with its number."""

    remote_kind = "path"

    def test_the_page_of_a_skipped_run_is_known(self):
        for forge in ("GITEA_ACTIONS", "FORGEJO_ACTIONS"):
            head = payloads.commit(forge)
            page = "https://forge.example/octo/app/actions/runs/"
            def job(number):
                return self.job(payload=payloads.push(head), environment={
                    forge: "true", "GITHUB_SERVER_URL": "https://forge.example", "GITHUB_RUN_NUMBER": number})
            holder = job("41")
            self.assertTrue(holder.call("gate").runs)
            skipped = job("42")
            self.assertFalse(skipped.call("gate").runs)
            for number in ("41", "42"):
                told = self.done(self.person().call("show", page + number)).out
                self.assertIn(f"run {holder.run} (", told)
                self.assertIn(f"run {skipped.run} (", told)
            self.assertEqual([line["run_id"] for line in self.log("--run", page + "42")], [skipped.run])
            self.done(self.person().call("release", page + "41", "--reason", "done"))
            for ref in self.remote.claims():
                self.remote.git("update-ref", "-d", ref)
            for ref in self.remote.refs("refs/notes"):
                self.remote.git("update-ref", "-d", ref)


class Filters(GateCase):
    remote_kind = "path"

    def setUp(self):
        super().setUp()
        for number in range(4):
            self.gate(payload=payloads.push(payloads.commit(f"head {number}")))

    def test_the_newest_lines(self):
        everything = self.log()
        for words in (("-n", "2"), ("-n2",), ("--lines", "2"), ("--lines=2",)):
            with self.subTest(words):
                self.assertEqual(self.log(*words), everything[-2:])
        self.assertEqual(self.log("-n", "99"), everything)
        for words in (("-n", "0"), ("-n", "x"), ("-n",), ("--lines", "-1")):
            self.assertEqual(self.person().call("log", *words).status, 2, words)

    def test_a_misspelt_word_is_told_with_the_nearest(self):
        for words, near in ((("--reason", "alredy_done"), "already_done"),
                            (("--kind", "lanch"), "launch")):
            answer = self.person().call("log", *words)
            self.assertEqual(answer.status, 2)
            self.assertIn(f"did you mean {near}?; nothing was read", answer.err)
        self.assertEqual(self.person().call("log", "--reason", "foo").status, 2)
        answer = self.done(self.person().call("log", "--workflow", "Agent Revew"))
        self.assertIn('did you mean "Agent Review"?', answer.err)

    def test_a_period_that_is_empty_is_wrong_usage(self):
        answer = self.person().call("log", "--since", "1d", "--until", "2d")
        self.assertEqual(answer.status, 2)
        self.assertIn("--until is before --since", answer.err)
        self.assertIn("nothing was read", answer.err)

    def test_what_names_nothing_says_that_nothing_was_looked_for(self):
        for word in ("https://github.com/octo/app/wiki/Home", "x" * 3000):
            answer = self.person().call("show", word)
            self.assertEqual(answer.status, 2, word)
            self.assertIn("nothing was looked for", answer.err)

    def test_weeks_are_spans(self):
        self.assertEqual(len(self.log("--since", "1w")), 4)


if __name__ == "__main__":
    unittest.main()
