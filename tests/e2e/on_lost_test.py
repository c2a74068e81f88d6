"""--on-lost cancel: the heartbeat process of a session that was superseded or halted cancels its own run, once."""

import os
import re
import signal
import threading
import unittest

import heartbeat_end_test
from api_case import Api, ApiCase
from catcher import catcher
from gate_case import TOKEN, await_that, heartbeat_process, launch
from pause_test import PauseCase
from session_test import RunCase
from supersede_test import SUPERSEDE, SupersedeCase

BEATS = ("--heartbeat", "--interval", "1s", "--lease", "20s", "--skew", "1s")
CANCEL = ("--on-lost", "cancel")
OTHER_TOKEN = "ghs_anotherTokenThatIsNamedForTheApi00"


class Cancelling(Api):
    """Keeps what it was told to do apart from what it was asked."""

    def do_POST(self):  # noqa: N802 - the name that http.server wants
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.told.append((self.path, self.headers.get("Authorization")))
        try:
            self.server.act(self)
        except (BrokenPipeError, ConnectionResetError):
            pass


class OnLostCase(PauseCase, SupersedeCase, ApiCase):
    plant = SupersedeCase.plant

    def setUp(self):
        super().setUp()
        self.api.RequestHandlerClass = Cancelling
        self.api.told = []
        self.api.act = lambda handler: handler.say(202, {})
        self.answers(404, {"message": "Not Found"})

    def begin(self, *words, name="a", run=101, **options):
        """A session with a heartbeat process that beats; the job knows the process."""
        job = self.push(name, run=run, **options)
        answer = self.done(job.call("gate", "--supersede", *BEATS, *words))
        self.assert_runs(answer, "first")
        job.claim_id = answer.claim_id
        job.process = heartbeat_process(job)
        self.addCleanup(heartbeat_end_test.Ends.end, job.process)
        return job

    def supersede(self):
        self.assert_runs(self.push("b", "a", run=102).call(*SUPERSEDE), "first")

    def halt(self, job):
        """Until its heartbeat process has stopped for a pause, which is then lifted for the next one."""
        self.pause("--halt")
        self.await_gone(job)
        self.resume()

    def await_gone(self, job, seconds=30):
        """After it nobody is left who could call."""
        await_that(lambda: not heartbeat_end_test.alive(job.process), seconds, "the end of the heartbeat process")

    def say_all(self, job):
        """What the later steps of the job say."""
        answers = [job.call(*words) for words in (("health",), ("heartbeat",), ("finish", "--status", "failure"))]
        return "\n".join(answer.out + answer.err for answer in answers)

    def assert_cancelled_once(self, job, token=TOKEN):
        self.await_gone(job)
        self.assertEqual(self.api.told, [(f"/repos/octo/app/actions/runs/{job.run}/cancel", f"Bearer {token}")])

    def assert_never_called(self, job):
        self.await_gone(job)
        self.assertEqual(self.api.told, [])


class Cancels(OnLostCase):
    def test_a_superseded_session_cancels_its_own_run_once(self):
        job = self.begin(*CANCEL)
        self.supersede()
        self.assert_cancelled_once(job)
        # What comes behind it in the job repeats nothing, and what runs on is left alone.
        self.say_all(job)
        self.assertEqual(len(self.api.told), 1)
        self.assertEqual([claim["holder"]["run_id"] for claim in self.live().values()], ["102"])

    def test_a_session_that_a_pause_halted_does_too(self):
        job = self.begin(*CANCEL)
        self.pause("--halt", "--reason", "wild")
        self.assert_cancelled_once(job)

    def test_the_variable_and_the_configuration_say_it_too(self):
        config = self.folder / "refgate.yml"
        config.write_text("on-lost: cancel\n", encoding="utf-8")
        jobs = [self.begin("--config", config),
                self.begin(name="c", run=103, ref="refs/heads/c", environment={"REFGATE_ON_LOST": "cancel"})]
        self.pause("--halt")
        for job in jobs:
            self.await_gone(job)
        self.assertEqual(sorted(path for path, _ in self.api.told),
                         [f"/repos/octo/app/actions/runs/{job.run}/cancel" for job in jobs])

    def test_a_pull_requests_session_does_too(self):
        job = self.pull("a", run=101)
        self.assert_runs(job.call("gate", "--supersede", *BEATS, *CANCEL), "first")
        job.process = heartbeat_process(job)
        self.addCleanup(heartbeat_end_test.Ends.end, job.process)
        self.supersede()
        self.assert_cancelled_once(job)


class Bounded(OnLostCase):
    def test_whatever_the_answer_it_is_asked_once_and_a_refusal_is_told(self):
        for number, (status, refused) in enumerate(((403, True), (404, True), (500, True), (409, None), (429, None))):
            with self.subTest(status):
                self.api.told.clear()
                self.api.act = lambda handler, status=status: handler.say(status, {"message": "Resource not accessible by integration"})
                job = self.begin(*CANCEL, name=f"n{number}", run=201 + number, ref=f"refs/heads/n{number}")
                self.halt(job)
                self.assert_cancelled_once(job)
                said = self.say_all(job)
                if refused:
                    self.assertRegex(said, re.compile(rf"^::(warning|error)[^\n]*::[^\n]*({status}|actions: write)", re.M))
                self.assertEqual(len(self.api.told), 1)
                self.assertNotIn(TOKEN, said)

    def test_who_was_obeyed_is_told_of_no_refusal(self):
        job = self.begin(*CANCEL)
        self.supersede()
        self.assert_cancelled_once(job)
        self.assertNotIn("actions: write", self.say_all(job))

    def test_an_api_that_hangs_holds_the_process_no_longer_than_its_bound(self):
        over = threading.Event()
        self.addCleanup(over.set)
        self.api.act = lambda handler: over.wait(120)
        job = self.begin(*CANCEL)
        self.supersede()
        self.await_gone(job, 60)
        self.assertEqual(len(self.api.told), 1)

    def test_an_api_that_is_gone_ends_the_process_all_the_same(self):
        job = self.begin(*CANCEL, environment={"GITHUB_API_URL": "http://127.0.0.1:9"})
        self.supersede()
        self.await_gone(job)
        self.assertRegex(self.say_all(job), re.compile(r"^::(warning|error)[^\n]*::[^\n]*cancel", re.M))

    def test_a_redirect_is_not_followed(self):
        for status in (302, 307):
            with self.subTest(status), catcher() as evil:
                self.api.told.clear()

                def act(handler, status=status, place=evil.url):
                    handler.send_response(status)
                    handler.send_header("Location", f"{place}/repos/octo/app/actions/runs/1/cancel")
                    handler.send_header("Content-Length", "0")
                    handler.end_headers()

                self.api.act = act
                job = self.begin(*CANCEL, name=f"r{status}", run=status, ref=f"refs/heads/r{status}")
                self.halt(job)
                self.assert_cancelled_once(job)
                self.assertEqual(evil.seen, [])


class Silent(OnLostCase):
    """A lost lease or a release concerns one job, and the run may have others."""

    def test_by_default_nobody_is_called(self):
        for number, words in enumerate(((), ("--on-lost", "note"))):
            with self.subTest(words):
                job = self.begin(*words, name=f"n{number}", run=201 + number, ref=f"refs/heads/n{number}")
                newer = self.push(f"m{number}", f"n{number}", run=301 + number, ref=f"refs/heads/n{number}")
                self.assert_runs(newer.call(*SUPERSEDE), "first")
                self.assert_never_called(job)
                self.assertEqual(job.call("health").status, 1)

    def test_a_release_cancels_nothing_whatever_reason_it_gives(self):
        for number, reason in enumerate(("stuck", "paused: by hand", "superseded by hand")):
            with self.subTest(reason):
                job = self.begin(*CANCEL, name=f"n{number}", run=201 + number, ref=f"refs/heads/n{number}")
                self.done(self.person().call("release", job.claim_id, "--reason", reason))
                self.assert_never_called(job)

    def test_a_pause_of_one_share_cancels_nothing(self):
        job = self.begin(*CANCEL, "--share", "review")
        self.pause("share:review", "--halt")
        self.assert_never_called(job)

    def test_a_later_attempt_is_not_cancelled(self):
        job = self.begin(*CANCEL)
        self.answers(200, {"id": 101, "status": "in_progress", "run_attempt": 2})
        self.supersede()
        self.assert_never_called(job)

    def test_a_session_that_somebody_took_by_force_cancels_nothing(self):
        job = self.begin(*CANCEL)
        self.assert_runs(self.push("a", run=105).call("gate", "--force"), "forced")
        self.assert_never_called(job)

    def test_a_lost_lease_cancels_nothing(self):
        job = self.push("a", run=101)
        self.assert_runs(job.call("gate", "--supersede", "--heartbeat", "--interval", "1s", "--lease", "3s", "--skew", "1s", *CANCEL), "first")
        job.process = heartbeat_process(job)
        self.addCleanup(heartbeat_end_test.Ends.end, job.process)
        # Its lease is as short as was said from its first beat on.
        await_that(lambda: self.only_claim()["limits"]["lease"] == "3s", what="the first beat")
        os.kill(job.process, signal.SIGSTOP)
        self.await_lost()
        self.assert_runs(self.push("a", run=102).call("gate"), "takeover")
        os.kill(job.process, signal.SIGCONT)
        self.assert_never_called(job)

    def test_an_end_cancels_nothing(self):
        job = self.begin(*CANCEL)
        self.done(job.call("finish", "--status", "failure"))
        self.supersede()
        self.assert_never_called(job)

    def test_a_pause_without_halt_cancels_nothing(self):
        job = self.begin(*CANCEL)
        self.pause()
        renewed = self.only_claim()["renewed_at"]
        await_that(lambda: self.only_claim()["renewed_at"] > renewed, what="a renewal")
        self.done(job.call("finish"))
        self.assert_never_called(job)

    def test_who_only_watches_cancels_nothing(self):
        job = self.begin(*CANCEL, "--observe")
        self.supersede()
        # It knows, and goes on.
        await_that(lambda: job.call("health", "--json").rows()[0]["would_halt"], what="the loss")
        job.call("finish", "--observe", "--status", "success")
        self.assert_never_called(job)

    def test_nobody_but_the_heartbeat_process_calls(self):
        job = self.begin(*CANCEL)
        os.kill(job.process, signal.SIGKILL)
        self.await_gone(job)
        self.supersede()
        self.say_all(job)
        self.assertEqual(self.api.told, [])

    def test_wrong_words_ask_nothing(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        for word in ("kill", "yes", "cancel,note", "cancel now"):
            with self.subTest(word):
                answer = self.push("a").call("gate", "--on-lost", word)
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
                self.assertIn("on-lost", answer.err)
                self.assertNotIn("has no option", answer.err)
        self.assertEqual((launch.requests(server), self.api.told, self.api.asked), ([], [], []))


class Runs(OnLostCase, RunCase):
    def test_run_stops_its_command_and_cancels_no_more_than_its_own_run(self):
        job = self.push("a", run=101)
        call, _ = self.started(job, "--supersede", "--interval", "300ms", "--lease", "10s", "--skew", "1s", "--kill-after", "2s", *CANCEL)
        self.supersede()
        self.assertNotEqual(call.wait(30).status, 0)
        self.assertEqual(set(self.api.told) - {("/repos/octo/app/actions/runs/101/cancel", f"Bearer {TOKEN}")}, set())
        self.assertLessEqual(len(self.api.told), 1)

    def test_a_run_that_ends_by_itself_cancels_nothing(self):
        self.assertEqual(self.push("a", run=101).call("run", *CANCEL, "--", "true").status, 0)
        self.assertEqual(self.push("b", run=102).call("run", *CANCEL, "--", "false").status, 1)
        self.done(self.push("c", run=103).call("explain", "--json", *CANCEL))
        self.assertEqual(self.api.told, [])


class OwnOrigin(OnLostCase):
    """The state lies on no server that the API could belong to."""

    remote_kind = "path"

    def test_the_token_of_another_store_does_not_go_to_the_api(self):
        job = self.begin(*CANCEL, environment={"REFGATE_TOKEN": TOKEN})
        self.supersede()
        self.await_gone(job)
        self.assertEqual([token for _, token in self.api.told if token], [])

    def test_the_token_that_is_named_for_the_api_does(self):
        job = self.begin(*CANCEL, environment={"REFGATE_TOKEN": TOKEN, "GITHUB_TOKEN": OTHER_TOKEN})
        self.supersede()
        self.assert_cancelled_once(job, OTHER_TOKEN)


if __name__ == "__main__":
    unittest.main()
