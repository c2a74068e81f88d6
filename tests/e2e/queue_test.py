"""Gates of one group: in the order of their arrival, one at a time, over HTTP."""

import itertools
import json
import random
import signal
import threading
import time
import unittest

import payloads
import runner
from gate_case import GateCase, await_that, in_parallel, launch

GROUP = "repo-octo/app"
QUEUE = "refs/refgate/queues/repo-octo%2Fapp"
# A session without news is dead after three seconds.
BRIEF = ("--group-by", "repository", "--lease", "2s", "--skew", "1s")
# A waiter is dead after sixteen; a session that has begun is not.
SPANS = ("--group-by", "repository", "--interval", "5s", "--skew", "1s")
PATIENT = ("--group-by", "repository", "--interval", "20s", "--skew", "1s")
WAITERS = 32


class QueueCase(GateCase):
    def queue(self):
        if QUEUE not in self.remote.refs("refs/refgate/queues"):
            return {"tickets": [], "closed": []}
        return json.loads(self.remote.git("show", f"{QUEUE}:queue.json"))

    def runs_in_line(self):
        return [ticket["run_id"] for ticket in self.queue()["tickets"]]

    def push_job(self, number, **options):
        return self.job(payload=payloads.push(payloads.commit(f"commit {number}")), **options)

    def arrive(self, number, *words, spans=SPANS, **options):
        """A gate of a commit of its own, after it has its place in line."""
        job = self.push_job(number, **options)
        call = job.start("gate", *spans, *words)
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        await_that(lambda: job.run in self.runs_in_line(), what="the ticket")
        return job, call

    def active(self):
        """The runs whose session runs now."""
        return {claim["holder"]["run_id"] for claim in self.remote.claims().values() if claim["state"] == "active"}

    def plant(self, ref, text, name="queue.json"):
        blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\t{name}\n").strip()
        commit = self.remote.git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree, "-m", "planted").strip()
        self.remote.git("update-ref", ref, commit)
        return commit

    def claim_of(self, job):
        (claim,) = [claim for claim in self.remote.claims().values()
                    if claim["holder"]["run_id"] == job.run]
        return claim

    def head(self, number=0, *words, **options):
        """A session that runs at the head of the line."""
        job = self.push_job(number)
        answer = job.call("gate", *options.pop("spans", SPANS), *words)
        self.assert_runs(answer, "first")
        self.assertEqual(answer.lines["GROUP"], GROUP)
        return job, answer


class InOrder(QueueCase):
    def test_many_gates_of_one_group_run_in_the_order_of_their_arrival_one_at_a_time(self):
        launch.reset(self.server(self.remote_kind))
        first, _ = self.head(spans=PATIENT)
        began = time.monotonic()
        line = [self.arrive(number, "--wait", "10m", spans=PATIENT) for number in range(1, WAITERS)]
        self.assertEqual(self.runs_in_line(), [first.run] + [job.run for job, _ in line])
        order = []

        def live(each):
            job, call = each
            answer = call.wait(590)
            self.assert_runs(answer, "first")
            order.append(job.run)
            self.assertEqual(self.active(), {job.run}, "two sessions of one group at once")
            self.done(job.call("finish"))
            return answer

        self.done(first.call("finish"))
        answers = in_parallel(lambda each=each: live(each) for each in line)
        self.assertEqual(order, [job.run for job, _ in line])
        self.assertEqual(self.runs_in_line(), [])
        self.assertEqual({claim["state"] for claim in self.remote.claims().values()}, {"ended"})
        minutes = (time.monotonic() - began) / 60
        asked = launch.requests(self.server(self.remote_kind))
        pushes = [line for line in asked if line.startswith("POST") and "receive-pack" in line]
        waited = sum(answer.seconds for answer in answers) / 60
        print(f"\n{WAITERS} gates in one group: {minutes * 60:.0f} s, {len(asked)} requests, {len(pushes)} of them pushes; "
              f"{len(asked) / waited:.1f} requests and {len(pushes) / waited:.1f} pushes per waiter and minute")
        self.assertLess(len(pushes), 10 * WAITERS)

    def test_the_rest_run_in_order_when_one_is_killed_one_is_cancelled_and_the_head_is_dead(self):
        self.head(spans=BRIEF)
        line = [self.arrive(number, "--wait", "10m") for number in range(1, 7)]
        killed, cancelled = line[1], line[3]
        killed[1].kill()
        cancelled[1].process.send_signal(signal.SIGTERM)
        answer = cancelled[1].wait()
        self.assertEqual(answer.status, -signal.SIGTERM, answer)
        self.assertFalse(answer.runs)
        self.assertEqual(answer.code, "wait_expired")
        self.assertNotIn(cancelled[0].run, self.runs_in_line())
        self.assertEqual(self.claim_of(cancelled[0])["outcome"], "abandoned")
        # The head says nothing more: its lease passes.
        order = []
        rest = [line[0], line[2], line[4], line[5]]

        def live(each):
            job, call = each
            self.assert_runs(call.wait(590), "first")
            order.append(job.run)
            self.done(job.call("finish"))

        in_parallel(lambda each=each: live(each) for each in rest)
        self.assertEqual(order, [job.run for job, _ in rest])
        self.assertEqual(self.runs_in_line(), [])

    def test_gates_that_arrive_at_once_run_one_at_a_time_whoever_is_killed(self):
        diary, lock = [], threading.Lock()
        victims = set(random.Random(7).sample(range(12), 3))
        waiting = set(range(12)) - victims

        server = self.server(self.remote_kind)

        def live(number):
            job = self.push_job(number)
            call = job.start("gate", *SPANS, "--wait", "10m")
            self.addCleanup(lambda: call.process.poll() is None and call.kill())
            if number in victims:
                await_that(lambda: job.run in self.runs_in_line(), seconds=300, what="the ticket")
                call.kill()
                claim = self.claim_of(job)
                if claim["state"] == "active":
                    self.done(self.person().call("release", claim["claim_id"], "--reason", "it was the head"))
                return
            self.assert_runs(call.wait(590), "first")
            with lock:
                diary.append(("begin", job.run))
                waiting.remove(number)
            # Until those behind have looked more than once.
            looks = len(launch.requests(server)) + 3 * len(waiting)
            await_that(lambda: not waiting or len(launch.requests(server)) >= looks, seconds=120, what="the others' looks")
            with lock:
                diary.append(("end", job.run))
            self.done(job.call("finish"))

        in_parallel(lambda number=number: live(number) for number in range(12))
        self.assertEqual(len(diary), 18)
        for begin, end in zip(diary[::2], diary[1::2]):
            self.assertEqual((begin[0], end[0], begin[1]), ("begin", "end", end[1]), diary)
        self.assertEqual(set(self.runs_in_line()) & {run for _, run in diary}, set())

    def test_a_group_of_another_strategy_waits_for_nobody(self):
        self.head()
        job = self.push_job(1)
        self.assert_runs(job.call("gate", "--group-by", "none"), "first")
        job = self.push_job(2)
        answer = job.call("gate", "--group-by", "user")
        self.assert_runs(answer, "first")
        self.assertEqual(answer.lines["GROUP"], "user-octo/app-ann")

    def test_a_gate_alone_in_its_group_costs_two_pushes(self):
        launch.reset(self.server(self.remote_kind))
        job, _ = self.head()
        asked = launch.requests(self.server(self.remote_kind))
        pushes = [line for line in asked if line.startswith("POST") and "receive-pack" in line]
        self.assertLessEqual((len(pushes), len(asked)), (2, 5), asked)
        self.done(job.call("finish"))
        self.assertEqual(self.runs_in_line(), [])


class Leaving(QueueCase):
    def assert_names_head(self, answer, head):
        """Who is at the head, where that is to be seen, and what a person may do about it."""
        page = f"https://github.com/octo/app/actions/runs/{head.run}"
        self.assertEqual((answer.lines["HOLDER_RUN_ID"], answer.lines["HOLDER_RUN_URL"]), (head.run, page), answer)
        for part in (f"at its head run {head.run} (", page, f"refgate release {head.run} --reason"):
            self.assertIn(part, answer.lines["REASON"])

    def test_a_wait_that_is_over_names_the_head(self):
        head, _ = self.head(spans=PATIENT)
        answer = self.push_job(1).call("gate", "--group-by", "repository", "--wait", "1s")
        self.assert_skips(answer, "wait_expired")
        self.assert_names_head(answer, head)
        (line,) = [line for line in self.kinds("skip") if line["reason_code"] == "wait_expired"]
        self.assertEqual(line["holder_run_id"], head.run)
        told = self.done(self.person().call("show", line["run_id"])).out
        self.assertIn(f"refgate release {head.run} --reason", told)

    def test_no_wait_tells_the_place_and_leaves_nothing(self):
        head, _ = self.head(spans=PATIENT)
        self.arrive(1, "--wait", "10m", spans=PATIENT)
        before = self.remote.refs("refs/refgate")
        job = self.push_job(2)
        answer = job.call("gate", "--group-by", "repository", "--no-wait")
        self.assert_skips(answer, "queued")
        self.assertEqual((answer.lines["POSITION"], answer.lines["GROUP"]), ("3", GROUP))
        self.assertEqual((answer.outputs["position"], answer.outputs["group"]), ("3", GROUP))
        self.assertEqual(answer.claim_id, "")
        self.assert_names_head(answer, head)
        self.assertEqual(self.remote.refs("refs/refgate"), before)
        self.assertEqual(job.state_files(), [])

    def test_no_wait_runs_when_nobody_is_in_line(self):
        job = self.push_job(1)
        self.assert_runs(job.call("gate", "--group-by", "repository", "--no-wait"), "first")
        self.done(job.call("finish"))
        self.assertEqual(self.runs_in_line(), [])

    def test_a_duplicate_is_a_duplicate_and_has_no_place(self):
        _, first = self.head(spans=PATIENT)
        answer = self.push_job(0).call("gate", "--group-by", "repository", "--no-wait")
        self.assert_skips(answer, "active_session")
        answer = self.push_job(0).call("gate", "--group-by", "repository")
        self.assert_skips(answer, "active_session")
        self.assertEqual(len(self.runs_in_line()), 1)

    def test_a_wait_that_ran_out_suppresses_nothing(self):
        head, _ = self.head(spans=PATIENT)
        job = self.push_job(1)
        answer = job.call("gate", *PATIENT, "--wait", "1s")
        self.assert_skips(answer, "wait_expired")
        self.assertEqual(answer.lines["POSITION"], "2")
        self.assertEqual(self.runs_in_line(), [head.run])
        claim = self.claim_of(job)
        self.assertEqual((claim["state"], claim["outcome"]), ("ended", "abandoned"))
        self.assertEqual(self.kinds("launch"), [line for line in self.kinds("launch") if line["run_id"] == head.run])
        self.assertEqual(job.state_files(), [])
        self.done(job.call("finish", "--status", "failure"))
        self.done(head.call("finish"))
        again = self.push_job(1)
        self.assert_runs(again.call("gate", *PATIENT), "first")

    def test_a_waiting_gate_that_was_killed_is_ended_by_its_jobs_finish(self):
        head, _ = self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
        call.kill()
        self.done(job.call("finish", "--status", "failure"))
        self.assertEqual(self.runs_in_line(), [head.run])
        self.assertEqual(self.claim_of(job)["outcome"], "abandoned")
        self.done(head.call("finish"))
        self.assert_runs(self.push_job(1).call("gate", *PATIENT), "first")

    def test_a_finish_gives_the_place_back_in_the_push_that_ends_the_claim(self):
        job, _ = self.head(spans=PATIENT)
        launch.reset(self.server(self.remote_kind))
        self.done(job.call("finish"))
        asked = launch.requests(self.server(self.remote_kind))
        pushes = [line for line in asked if line.startswith("POST") and "receive-pack" in line]
        self.assertEqual(len(pushes), 1, asked)
        self.assertEqual(self.runs_in_line(), [])

    def test_a_released_head_lets_the_next_one_in(self):
        _, answer = self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
        self.done(self.person().call("release", answer.claim_id, "--reason", "stuck"))
        self.assert_runs(call.wait(), "first")
        self.assertEqual(self.runs_in_line(), [job.run])

    def assert_ended(self, job, call, *why):
        """The gate ends although it is not its turn yet, and leaves nothing."""
        answer = call.wait()
        self.assert_skips(answer, "wait_expired")
        for part in why:
            self.assertIn(part, answer.lines["REASON"])
        self.assertEqual((answer.claim_id, answer.lines["POSITION"]), ("", ""))
        self.assertNotIn(job.run, self.runs_in_line())
        self.assertEqual(job.state_files(), [])
        self.assertEqual([line for line in self.kinds("launch") if line["run_id"] == job.run], [])

    def test_a_waiting_gate_whose_session_was_released_ends(self):
        self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
        claim = self.claim_of(job)
        self.done(self.person().call("release", claim["claim_id"], "--reason", "not wanted"))
        self.assert_ended(job, call, "released", "not wanted")
        self.assertEqual((self.claim_of(job)["claim_id"], self.claim_of(job)["outcome"]), (claim["claim_id"], "released"))

    def test_a_waiting_gate_ends_with_its_jobs_finish(self):
        for status in ("cancelled", "success"):
            with self.subTest(status):
                self.setUp()
                self.head(spans=PATIENT)
                job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
                self.done(job.call("finish", "--status", status))
                self.assert_ended(job, call, "ended while it waited")
                self.assertEqual({claim["state"] for claim in self.remote.claims().values()}, {"active", "ended"})

    def test_a_waiting_gate_that_its_job_ended_does_not_ask_again_when_others_have_the_work(self):
        self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
        call.process.send_signal(signal.SIGSTOP)
        self.done(job.call("finish"))
        self.assert_runs(self.push_job(1).call("gate"), "first")
        call.process.send_signal(signal.SIGCONT)
        self.assert_ended(job, call, "ended while it waited")

    def test_a_waiting_gate_ends_when_the_former_end_of_its_work_stands_there_again(self):
        self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
        (ref,) = [ref for ref, claim in self.remote.claims().items() if claim["holder"]["run_id"] == job.run]
        former = {**self.claim_of(job), "claim_id": "f" * 32, "state": "ended", "outcome": "success", "ended_at": "2026-01-01T00:00:00.000Z"}
        commit = self.plant(ref, json.dumps(former), "claim.json")
        self.assert_ended(job, call, "ended while it waited")
        self.assertEqual(self.remote.refs(ref)[ref], commit)

    def test_a_waiting_gate_whose_claim_is_taken_decides_again(self):
        self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT)
        taker = self.push_job(1)
        self.assert_runs(taker.call("gate", "--force"), "forced")
        answer = call.wait()
        self.assert_skips(answer, "active_session")
        self.assertEqual(answer.lines["HOLDER_RUN_ID"], taker.run)
        self.assertNotIn(job.run, self.runs_in_line())

    def test_a_wait_is_cancelled_by_each_signal_that_ends_a_process(self):
        head, _ = self.head(spans=PATIENT)
        for number, each in enumerate((signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM), 1):
            with self.subTest(each.name):
                job, call = self.arrive(number, "--wait", "10m", spans=PATIENT)
                call.process.send_signal(each)
                answer = call.wait()
                self.assertEqual((answer.status, answer.code), (-each, "wait_expired"), answer)
                self.assertIn(f"{each.name} came while it waited, and nothing was launched", answer.err)
                self.assertEqual(self.runs_in_line(), [head.run])
                self.assertEqual(self.claim_of(job)["outcome"], "abandoned")

    def test_a_record_of_a_newer_version_is_left_alone(self):
        head, _ = self.head(spans=PATIENT)
        commit = self.plant(QUEUE, '{"version": 99}')
        answer = self.push_job(1).call("gate", *PATIENT)
        self.assertEqual(answer.status, 3, answer)
        self.assertFalse(answer.runs)
        self.assertIn("newer refgate", answer.err)
        self.done(head.call("finish"))
        self.assertEqual(self.remote.refs(QUEUE)[QUEUE], commit)


    def test_a_ticket_that_names_no_legal_ref_breaks_the_line_and_nothing_else(self):
        head, _ = self.head(spans=PATIENT)
        queue = self.queue()
        queue["tickets"][0]["claim_ref"] = "refs/heads/../../x y~^:"
        commit = self.plant(QUEUE, json.dumps(queue))
        for words in ((), ("--no-wait",)):
            answer = self.push_job(1).call("gate", *PATIENT, *words)
            self.assertEqual(answer.status, 3, answer)
            self.assertFalse(answer.runs)
            self.assertIn(QUEUE, answer.err)
            self.assertIn("claim_ref", answer.err)
        status = self.person().call("status")
        self.assertEqual((status.status, QUEUE in status.err), (3, True), status)
        self.done(head.call("finish"))
        self.assertEqual(self.remote.refs(QUEUE)[QUEUE], commit)


class Unreadable(QueueCase):
    """A claim that nobody can read, before others in a line: named at once, and left alone."""

    BROKEN = (('{"version":3}', "claim.json"), ("{", "claim.json"), ("x", "other.txt"))

    def assert_named(self, answer, ref):
        self.assertEqual((answer.status, answer.runs, answer.code), (3, False, "unreadable"), answer)
        for text in (ref, f"git push <remote> --delete {ref}"):
            self.assertIn(text, answer.err)
        self.assertLess(answer.seconds, 5)

    def claim_ref(self, claim_id):
        (ref,) = [ref for ref, claim in self.remote.claims().items() if claim["claim_id"] == claim_id]
        return ref

    def test_the_claim_at_the_head_is_named_to_everybody_behind_it(self):
        for broken, words in itertools.product(self.BROKEN, (("--wait", "20s"), ("--no-wait",), ("--slots", "5", "--wait", "20s"))):
            with self.subTest(broken, words=words):
                self.setUp()
                head, answer = self.head(spans=PATIENT)
                ref = self.claim_ref(answer.claim_id)
                commit = self.plant(ref, *broken)
                self.assert_named(self.push_job(1).call("gate", *PATIENT, *words), ref)
                self.assertEqual((self.remote.refs(ref)[ref], self.runs_in_line()), (commit, [head.run]))
                self.remote.git("update-ref", "-d", ref)
                self.assert_runs(self.push_job(2).call("gate", *PATIENT, *words), "first")

    def test_what_is_no_commit_is_named_too(self):
        head, answer = self.head(spans=PATIENT)
        ref = self.claim_ref(answer.claim_id)
        blob = self.remote.git("hash-object", "-w", "--stdin", input="x").strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\tclaim.json\n").strip()
        for other in (blob, tree):
            with self.subTest(other):
                self.remote.git("update-ref", ref, other)
                answer = self.push_job(1).call("gate", *PATIENT, "--wait", "5s")
                self.assertEqual((answer.status, answer.code), (3, "unreadable"), answer)
                self.assertIn(ref, answer.err)

    def test_one_that_breaks_while_others_wait_is_named_to_them(self):
        head, answer = self.head(spans=PATIENT)
        ref = self.claim_ref(answer.claim_id)
        job, call = self.arrive(1, "--wait", "30s", spans=PATIENT)
        self.plant(ref, '{"version":3}', "claim.json")
        self.assert_named(call.wait(), ref)
        (own,) = [claim for claim in self.remote.claims().values() if "holder" in claim]
        self.assertEqual((own["holder"]["run_id"], own["outcome"]), (job.run, "abandoned"))
        self.assertEqual(self.runs_in_line(), [head.run])


class Forced(QueueCase):
    """Force means: whatever the state is."""

    def assert_beside(self, answer, head):
        self.assert_runs(answer, "forced")
        self.assertEqual((answer.lines["GROUP"], answer.lines["POSITION"]), (GROUP, ""))
        self.assertEqual(self.runs_in_line(), [head.run])

    def test_a_forced_gate_replaces_a_live_session_by_one_that_runs(self):
        head, _ = self.head(spans=PATIENT)
        holder = self.push_job(1)
        self.assert_runs(holder.call("gate"), "first")
        forced = self.push_job(1)
        self.assert_beside(forced.call("gate", *PATIENT, "--force", "--wait", "1s"), head)
        self.assertEqual(self.claim_of(forced)["state"], "active")
        self.assert_beside(self.push_job(1).call("gate", *PATIENT, "--force", "--no-wait"), head)

    def test_a_forced_gate_does_work_again_without_waiting(self):
        done = self.push_job(1)
        self.assert_runs(done.call("gate"), "first")
        self.done(done.call("finish"))
        head, _ = self.head(spans=PATIENT)
        forced = self.push_job(1)
        self.assert_beside(forced.call("gate", *PATIENT, "--force", "--wait", "1s"), head)
        self.done(forced.call("finish", "--status", "success"))
        self.assert_skips(self.push_job(1).call("gate"), "already_done")

    def test_forced_gates_do_not_wait_for_each_other(self):
        head, _ = self.head(spans=PATIENT)
        for answer in in_parallel(lambda: self.push_job(1).call("gate", *PATIENT, "--force") for _ in range(4)):
            self.assert_runs(answer, "forced")
        self.assertEqual(self.runs_in_line(), [head.run])
        self.assertEqual(sorted(claim["state"] for claim in self.remote.claims().values()), ["active", "active"])


class Seeing(QueueCase):
    def test_status_shows_queues_places_and_sessions(self):
        head, _ = self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "10m", spans=PATIENT, workflow="Other", file="other.yml")
        person = self.person()
        rows = {row["holder"]["run_id"]: row for row in self.done(person.call("status", "--json")).rows()}
        self.assertEqual((rows[head.run]["position"], rows[head.run]["state"]), (1, "active"))
        self.assertEqual((rows[job.run]["position"], rows[job.run]["state"]), (2, "waiting"))
        (group,) = self.done(person.call("status", "--queues", "--json")).rows()
        self.assertEqual(group["group"], GROUP)
        self.assertEqual([(t["run_id"], t["position"], t["state"]) for t in group["tickets"]],
                         [(head.run, 1, "head"), (job.run, 2, "waiting")])
        self.assertEqual((group["session"]["events"], group["session"]["affinity"], group["session"]["affine"]), (2, "Agent Review", 1))
        for words in (("status",), ("status", "--queues")):
            text = self.done(person.call(*words)).out
            self.assertIn(GROUP, text)
            self.assertIn(job.run, text)
        self.done(head.call("finish"))
        self.assert_runs(call.wait(), "first")
        self.done(job.call("finish"))
        self.assertIn("Nobody is in line", self.done(person.call("status", "--queues")).out)

    def test_sessions_end_by_their_limits_and_are_listed(self):
        config = self.folder / "limits.yml"
        config.write_text("bots:\n  ann: {group-by: repository, idle-timeout: 1s, max-events: 2}\n")

        def session(number):
            job = self.push_job(number)
            self.assert_runs(job.call("gate", "--config", config), "first")
            self.done(job.call("finish"))

        def listed():
            (group,) = self.done(self.person().call("status", "--queues", "--json")).rows()
            return group

        session(1)
        await_that(lambda: "session" not in listed(), what="the idle session's end")
        self.assertEqual([closed["why"] for closed in listed()["closed"]], ["idle"])
        config.write_text("bots:\n  ann: {group-by: repository, idle-timeout: 1h, max-events: 2}\n")
        session(2)
        session(3)
        session(4)
        group = listed()
        self.assertEqual([(closed["why"], closed["session"]["events"]) for closed in group["closed"]], [("idle", 1), ("max-events", 2)])
        self.assertEqual((group["session"]["number"], group["session"]["events"]), (3, 1))
        self.assertIn("closed (max-events)", self.done(self.person().call("status", "--queues")).out)

    def test_gc_forgets_queues_that_have_been_empty_for_long_and_leaves_the_rest(self):
        head, _ = self.head(spans=PATIENT)
        old = {**self.queue(), "tickets": []}
        old["session"] = {**old["session"], "started_at": "2026-01-01T00:00:00.000Z", "last_activity": "2026-01-01T00:00:00.000Z"}
        self.plant("refs/refgate/queues/old", json.dumps(old))
        self.plant("refs/refgate/queues/broken", "{}")
        before = self.remote.refs("refs/refgate/queues")
        self.assertIn("forget 0 expired claims", self.done(self.person().call("gc", "--dry-run")).out)
        self.assertEqual(self.remote.refs("refs/refgate/queues"), before)
        answer = self.done(self.person().call("gc"))
        self.assertIn("1 empty queue", answer.out)
        self.assertIn("refs/refgate/queues/broken", answer.err)
        self.assertEqual(set(before) - set(self.remote.refs("refs/refgate/queues")), {"refs/refgate/queues/old"})
        status = self.person().call("status")
        self.assertEqual((status.status, "refs/refgate/queues/broken" in status.err), (3, True), status)

    def test_the_shipped_table_of_bots_is_read(self):
        bots = runner.pathlib.Path(__file__).resolve().parents[2] / "examples" / "bots.yml"
        groups = {}
        for bot in ("task-tactician", "merge-warden", "spec-sentinel", "security-scanner", "dependency-updater", "somebody"):
            job = self.job("pull_request", payloads.pull_request(payloads.commit("x")), actor=f"{bot}[bot]")
            answer = self.done(job.call("explain", "--offline", "--json", "--config", bots, "--bot", bot))
            groups[bot] = answer.json()["ordering"]["group"]
            answer = self.done(job.call("explain", "--offline", "--json", "--config", bots))
            self.assertEqual(answer.json()["ordering"]["group"], groups[bot], "by login")
        self.assertRegex(groups.pop("security-scanner"), r"^pr-octo/app-7-p\d+$")
        self.assertEqual(groups, {"task-tactician": "pr-octo/app-7", "merge-warden": GROUP, "spec-sentinel": "pr-octo/app-7",
                                  "dependency-updater": "user-octo/app-dependency-updater[bot]", "somebody": ""})

    def test_a_template_with_an_unknown_placeholder_is_refused_before_anything_is_asked(self):
        launch.reset(self.server(self.remote_kind))
        answer = self.push_job(1).call("gate", "--group-by", "pr-{numer}")
        self.assertEqual(answer.status, 2)
        self.assertIn("known are {repo}", answer.err)
        self.assertEqual(launch.requests(self.server(self.remote_kind)), [])


class Running(QueueCase):
    """`run` and the heartbeats of `gate` wait as the gate does."""

    def test_commands_of_one_group_do_not_overlap(self):
        diary = self.folder / "diary"
        command = ("--", "sh", "-c", f'echo "begin $0" >> {diary}; sleep 0.2; echo "end $0" >> {diary}')
        jobs = [self.push_job(number) for number in range(4)]
        answers = in_parallel(lambda job=job: job.call("run", "--group-by", "repository", *command, job.run) for job in jobs)
        self.assertEqual([answer.status for answer in answers], [0] * 4, answers)
        lines = [line.split() for line in diary.read_text().splitlines()]
        self.assertEqual(len(lines), 8)
        for begin, end in zip(lines[::2], lines[1::2]):
            self.assertEqual((begin[0], end[0], begin[1]), ("begin", "end", end[1]), lines)
        self.assertEqual(self.runs_in_line(), [])

    def test_a_command_whose_wait_is_cancelled_never_begins_and_leaves_nothing(self):
        head, _ = self.head(spans=PATIENT)
        job = self.push_job(1)
        call = job.start("run", "--group-by", "repository", "--wait", "5m", "--", "touch", self.folder / "begun")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        await_that(lambda: job.run in self.runs_in_line(), what="the ticket")
        call.process.send_signal(signal.SIGINT)
        answer = call.wait()
        self.assertNotEqual(answer.status, 0, answer)
        self.assertFalse((self.folder / "begun").exists())
        self.assertEqual(self.runs_in_line(), [head.run])
        self.assertEqual(self.claim_of(job)["outcome"], "abandoned")

    def test_heartbeats_begin_when_the_turn_has_come(self):
        head, _ = self.head(spans=PATIENT)
        job, call = self.arrive(1, "--wait", "5m", "--heartbeat", spans=("--group-by", "repository", "--interval", "1s", "--skew", "1s"))
        self.assertEqual(self.claim_of(job)["state"], "waiting")
        self.done(head.call("finish"))
        self.assert_runs(call.wait(), "first")
        renewed = self.claim_of(job)["renewed_at"]
        await_that(lambda: self.claim_of(job)["renewed_at"] > renewed, what="a heartbeat")
        self.assertEqual(job.call("health").status, 0)
        self.done(job.call("finish"))
        self.assertEqual(self.runs_in_line(), [])


if __name__ == "__main__":
    unittest.main()
