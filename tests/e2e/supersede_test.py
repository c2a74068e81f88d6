"""Of the heads of one branch the newest wins: --supersede."""

import json
import unittest

import payloads
from gate_case import GateCase, await_that, in_parallel, launch
from requests_test import kinds
from session_test import RunCase

SUPERSEDE = ("gate", "--supersede")
# A session that finds out within a second that it was ended.
BEATS = ("--interval", "300ms", "--lease", "10s", "--skew", "1s", "--kill-after", "2s")


def commit(name):
    return payloads.commit(name)


class SupersedeCase(GateCase):
    def push(self, name, before=None, run=None, ref="refs/heads/topic", **options):
        payload = payloads.push(commit(name), ref, before=commit(before) if before else "0" * 40)
        return self.job(payload=payload, run=run, **options)

    def pull(self, name, action="opened", before=None, run=None, **more):
        payload = payloads.pull_request(commit(name), action, **more)
        if before:
            payload["before"] = commit(before)
        return self.job("pull_request", payload, run=run)

    def newest(self):
        """The record of each line, by what is behind its prefix."""
        prefix = "refs/refgate/newest/"
        return {ref.removeprefix(prefix): json.loads(self.remote.git("show", f"{ref}:newest.json"))
                for ref in self.remote.refs(prefix.rstrip("/"))}

    def plant(self, ref, record):
        text = record if isinstance(record, str) else json.dumps(record)
        blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\tnewest.json\n").strip()
        made = self.remote.git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree,
                               "-m", "planted").strip()
        self.remote.git("update-ref", ref, made)
        return made

    def live(self):
        return {claim["commit"]: claim for claim in self.remote.claims().values()
                if claim["state"] != "ended"}


class Order(SupersedeCase):
    def test_the_newer_head_ends_the_session_on_the_older(self):
        first = self.push("a", run=101)
        self.assert_runs(first.call(*SUPERSEDE), "first")
        second = self.push("b", "a", run=102)
        self.assert_runs(second.call(*SUPERSEDE), "first")
        self.assertEqual(list(self.live()), [commit("b")])
        (ended,) = [claim for claim in self.remote.claims().values() if claim["commit"] == commit("a")]
        self.assertEqual((ended["outcome"], ended["superseded_by"]), ("cancelled", "102"))
        (line,) = [line for line in self.kinds("release")]
        self.assertEqual((line["job_status"], line["superseded_by"], line["run_id"]),
                         ("superseded", "102", "101"))
        again = self.push("a", run=101, attempt=2).call(*SUPERSEDE, "--retry", "allow")
        self.assert_skips(again, "superseded")
        self.assertEqual(again.lines["HOLDER_RUN_ID"], "102")
        self.assertIn("::warning", again.out)
        self.assertEqual(list(self.live()), [commit("b")])
        done = self.done(second.call("finish"))
        self.assertEqual(done.status, 0)
        # Nobody wants it any more: it is not lost.
        self.assertEqual(self.person().call("status", "--lost").status, 0)

    def test_what_came_before_is_told_by_what_each_says_it_replaced(self):
        self.assert_runs(self.push("b", "a", run=11).call(*SUPERSEDE), "first")
        late = self.pull("a", run=12).call(*SUPERSEDE)
        self.assert_skips(late, "superseded")
        self.assertIn("run 11", late.lines["REASON"])
        self.assert_runs(self.push("a", "b", run=13).call(*SUPERSEDE), "first")
        self.assert_skips(self.push("b", "a", run=11, attempt=2).call(*SUPERSEDE), "superseded")
        self.assertEqual(list(self.live()), [commit("a")])

    def test_push_and_pull_request_of_one_head_still_are_one(self):
        self.assert_runs(self.push("a", run=101).call(*SUPERSEDE), "first")
        self.assert_skips(self.pull("a", "synchronize", "z", run=102).call(*SUPERSEDE), "pr_lock")
        self.assert_runs(self.push("b", "a", run=103).call(*SUPERSEDE), "first")
        self.assertEqual(list(self.live()), [commit("b")])

    def test_who_is_skipped_says_nothing_of_its_arrival(self):
        # Neither look first, and so find out by their push that somebody has it.
        self.assert_runs(self.pull("b", "synchronize", "z", run=12).call(*SUPERSEDE), "first")
        before = self.newest()
        self.assert_skips(self.push("b", "z", run=11).call(*SUPERSEDE), "pr_lock")
        self.assertEqual(self.newest(), before)
        self.assert_runs(self.push("a", "b", run=13).call(*SUPERSEDE), "first")
        self.assertEqual(list(self.live()), [commit("a")])

    def test_who_is_told_that_it_is_done_ends_nobody(self):
        job = self.push("a", run=11)
        self.assert_runs(job.call(*SUPERSEDE), "first")
        self.done(job.call("finish"))
        self.assert_runs(self.push("b", "a", run=12).call(*SUPERSEDE), "first")
        before = self.newest()
        self.assert_skips(self.push("a", "b", run=13).call(*SUPERSEDE), "already_done")
        self.assertEqual((self.newest(), list(self.live())), (before, [commit("b")]))

    def test_a_late_event_that_does_not_say_what_it_replaced_ends_nobody(self):
        self.assert_runs(self.push("a", "z", run=10).call(*SUPERSEDE), "first")
        self.assert_runs(self.push("b", "a", run=11).call(*SUPERSEDE), "first")
        self.assert_skips(self.pull("a", "opened", run=12).call(*SUPERSEDE), "superseded")
        self.assertEqual(list(self.live()), [commit("b")])

    def test_who_was_ended_by_a_newer_head_still_says_what_it_cost(self):
        budget = ("--budget", "repo:9usd/1h", "--reserve", "1usd")
        first = self.push("a", run=11)
        self.assert_runs(first.call(*SUPERSEDE, *budget), "first")
        self.assert_runs(self.push("b", "a", run=12).call(*SUPERSEDE, *budget), "first")
        first.call("finish", "--cost", "0.10")
        (ref,) = self.remote.refs("refs/refgate/budgets")
        ledger = json.loads(self.remote.git("show", f"{ref}:budget.json"))
        self.assertEqual(sorted(entry.get("cost_usd", 1) for entry in ledger["launches"]), [0.1, 1])

    def test_who_is_refused_its_budget_at_the_last_moment_ends_nobody(self):
        words = (*SUPERSEDE, "--budget", "workflow:2/1h")
        for turn in range(3):
            of_turn = {"workflow": f"W{turn}", "file": f"w{turn}.yml"}
            self.assert_runs(self.push("a", run=1000 + turn, ref=f"refs/heads/t{turn}", **of_turn).call(*words), "first")
            newer = self.push("b", "a", run=1100 + turn, ref=f"refs/heads/t{turn}", **of_turn)
            others = [self.push(f"o{turn}{number}", run=1200 + 10 * turn + number, ref=f"refs/heads/o{number}", **of_turn) for number in range(3)]
            told = in_parallel([lambda job=job: job.call(*words, "--deadline", "60s") for job in (newer, *others)])
            self.assertEqual(sorted(answer.runs for answer in told), [False, False, False, True])
            (older,) = [claim for claim in self.remote.claims().values() if claim["holder"]["run_id"] == str(1000 + turn)]
            # One or the other: never is the older ended for the sake of one that was skipped.
            self.assertEqual(older["state"], "ended" if told[0].runs else "active", told[0].code)

    def test_without_waiting_it_takes_the_turn_of_the_session_that_it_ends(self):
        group = ("--group-by", "entity", "--no-wait")
        self.assert_runs(self.push("a", run=11).call(*SUPERSEDE, *group), "first")
        self.assert_runs(self.push("b", "a", run=12).call(*SUPERSEDE, *group), "first")
        self.assertEqual(list(self.live()), [commit("b")])
        other = self.push("x", run=13, ref="refs/heads/other")
        behind = other.call(*SUPERSEDE, "--group-by", "repository", "--no-wait")
        self.assert_runs(behind, "first")
        last = self.push("y", run=14, ref="refs/heads/third").call(*SUPERSEDE, "--group-by", "repository", "--no-wait")
        self.assert_skips(last, "queued")

    def test_status_shows_the_newest_heads_and_gc_forgets_those_of_quiet_branches(self):
        self.assert_runs(self.push("a", run=101).call(*SUPERSEDE), "first")
        shown = self.done(self.person().call("status", "--queues")).out
        self.assertRegex(shown, r"BRANCH +NEWEST +RUN")
        self.assertRegex(shown, rf"topic +{commit('a')[:8]} +101 ")
        self.done(self.person().call("gc"))
        ((line, record),) = self.newest().items()
        self.plant("refs/refgate/newest/" + line, {**record, "at": "2020-01-01T00:00:00.000Z"})
        self.done(self.person().call("gc"))
        self.assertEqual(self.newest(), {})

    def test_two_pull_requests_of_one_head_are_both_ended(self):
        self.assert_runs(self.pull("a", run=101).call(*SUPERSEDE), "first")
        self.assert_runs(self.pull("a", run=102, number=8).call(*SUPERSEDE), "first")
        self.assertEqual(len([c for c in self.remote.claims().values() if c["state"] == "active"]), 2)
        self.assert_runs(self.pull("b", "synchronize", "a", run=103).call(*SUPERSEDE), "first")
        self.assertEqual(list(self.live()), [commit("b")])

    def test_other_lines_live_on(self):
        others = {
            "another workflow": self.push("a", run=101, workflow="Other", file="other.yml"),
            "another branch": self.push("c", run=102, ref="refs/heads/other"),
            "a fork's branch of that name": self.pull("d", run=103, source=payloads.FORK),
            "a comment": self.job("issue_comment", payloads.comment(5), run=104),
            "a label": self.pull("a", "labeled", run=105, label="review"),
        }
        for name, job in others.items():
            self.assertTrue(job.call(*SUPERSEDE).runs, name)
        self.assert_runs(self.push("a", run=106).call(*SUPERSEDE), "first")
        before = len([c for c in self.remote.claims().values() if c["state"] == "active"])
        self.assert_runs(self.push("b", "a", run=107).call(*SUPERSEDE), "first")
        after = [c for c in self.remote.claims().values() if c["state"] == "active"]
        self.assertEqual(len(after), before)
        self.assertEqual([c["holder"]["run_id"] for c in self.remote.claims().values()
                          if c.get("superseded_by")], ["106"])

    def test_who_does_not_ask_says_nothing_of_its_arrival_and_pays_nothing(self):
        self.assert_runs(self.push("a").call("gate"), "first")
        self.assert_runs(self.push("b", "a").call("gate"), "first")
        self.assertEqual(self.newest(), {})
        self.assertEqual(len(self.live()), 2)

    def test_of_six_at_once_the_newest_lives(self):
        names = "abcdef"
        jobs = [self.push(name, names[at - 1] if at else None, run=201 + at)
                for at, name in enumerate(names)]
        told = in_parallel([lambda job=job: job.call(*SUPERSEDE, "--deadline", "90s") for job in jobs])
        self.assertEqual({answer.status for answer in told}, {0})
        self.assertEqual(list(self.live()), [commit("f")])
        self.assertEqual({answer.code for answer in told if not answer.runs} - {"superseded"}, set())

    def test_force_passes_and_ends_nobody(self):
        self.assert_runs(self.push("b", "a", run=11).call(*SUPERSEDE), "first")
        self.assert_runs(self.push("a", run=10).call(*SUPERSEDE, "--force"), "forced")
        self.assertEqual(sorted(self.live()), [commit("a"), commit("b")])

    def test_who_waits_in_a_group_for_an_older_head_waits_no_more(self):
        group = ("--group-by", "entity", "--wait", "60s")
        self.assert_runs(self.push("a", run=101).call(*SUPERSEDE, *group), "first")
        self.assert_runs(self.push("b", "a", run=102).call(*SUPERSEDE, *group), "first")
        self.assertEqual(list(self.live()), [commit("b")])
        waiting = self.push("c", "b", run=103).start(*SUPERSEDE, "--group-by", "repository")
        self.assert_runs(waiting.wait(), "first")
        # Who waits behind another branch is told when its own head is an older one.
        other = self.push("x", run=104, ref="refs/heads/other")
        behind = other.start(*SUPERSEDE, "--group-by", "repository", "--wait", "60s")
        await_that(lambda: [c for c in self.live().values() if c["state"] == "waiting"])
        newer = self.push("y", "x", run=105, ref="refs/heads/other")
        front = newer.start(*SUPERSEDE, "--group-by", "repository", "--wait", "60s")
        self.assert_skips(behind.wait(), "superseded")
        front.kill()

    def test_who_only_watches_ends_nobody(self):
        self.assert_runs(self.push("a", run=11).call(*SUPERSEDE), "first")
        self.assert_runs(self.push("b", "a", run=12).call(*SUPERSEDE, "--observe"), "first")
        self.assertEqual(sorted(self.live()), [commit("a"), commit("b")])
        watched = self.push("a", run=11, attempt=2).call(*SUPERSEDE, "--observe", "--retry", "allow")
        self.assertTrue(watched.runs, watched)
        # It is known still, and ended by the next who does not only watch.
        self.assert_runs(self.push("c", "b", run=13).call(*SUPERSEDE), "first")
        self.assertEqual(list(self.live()), [commit("c")])

    def test_reports_go_by_the_run_that_they_are_about(self):
        def report(name, source):
            return self.job("workflow_run", payloads.workflow_run(commit(name), source))
        self.assert_runs(report("b", 52).call(*SUPERSEDE), "first")
        self.assert_skips(report("a", 51).call(*SUPERSEDE), "superseded")
        self.assert_runs(report("c", 53).call(*SUPERSEDE), "first")
        self.assertEqual(list(self.live()), [commit("c")])

    def test_an_older_head_whose_work_is_done_is_told_that(self):
        job = self.push("a", run=101)
        self.assert_runs(job.call(*SUPERSEDE), "first")
        self.done(job.call("finish"))
        self.assert_runs(self.push("b", "a", run=102).call(*SUPERSEDE), "first")
        self.assert_skips(self.push("a", run=103).call(*SUPERSEDE), "already_done")

    def test_readers_and_explain_say_the_same(self):
        self.assert_runs(self.push("b", "a", run=11).call(*SUPERSEDE), "first")
        older = self.push("a", run=10)
        told = self.done(older.call("explain", "--json", "--supersede", "--remote", self.remote.url))
        self.assertEqual(told.json()["decision"]["reason_code"], "superseded")
        reader = self.push("a", run=10, remote=self.remote_of("read-only"))
        self.assert_skips(reader.call(*SUPERSEDE), "superseded")

    def test_a_record_that_cannot_be_read_is_named_and_left_alone(self):
        self.assert_runs(self.push("a", run=11).call(*SUPERSEDE), "first")
        (ref,) = self.remote.refs("refs/refgate/newest")
        made = self.plant(ref, "{}")
        answer = self.push("b", "a", run=12).call(*SUPERSEDE)
        self.assertFalse(answer.runs, answer)
        self.assertIn(ref, answer.err + answer.out)
        self.assertEqual(self.remote.refs("refs/refgate/newest"), {ref: made})

    def test_a_forged_record_ends_no_session_of_another_line(self):
        other = self.push("x", run=9, workflow="Other", file="other.yml")
        self.assert_runs(other.call("gate"), "first")
        self.assert_runs(self.push("a", run=11).call(*SUPERSEDE), "first")
        (ref,) = self.remote.refs("refs/refgate/newest")
        record = json.loads(self.remote.git("show", f"{ref}:newest.json"))
        (theirs,) = [(name, claim) for name, claim in self.remote.claims().items() if claim["workflow"] == "Other"]
        record["older"].append({"ref": theirs[0], "claim_id": theirs[1]["claim_id"]})
        self.plant(ref, record)
        self.assert_runs(self.push("b", "a", run=12).call(*SUPERSEDE), "first")
        self.assertEqual(sorted(self.live()), [commit("b"), commit("x")])


class Costs(SupersedeCase):
    def asked(self, job, *words):
        server = self.server(self.remote_kind)
        launch.reset(server)
        self.assert_runs(job.call("gate", *words), "first")
        return kinds(launch.requests(server))

    def test_a_line_takes_a_look_and_a_push(self):
        self.push("warm").call("gate")
        self.assertEqual(self.asked(self.push("plain", run=10)), "P")
        self.assertEqual(self.asked(self.push("a", run=11), "--supersede"), "RPP")
        # What is there takes a look and a fetch: the line, then the older one's claim, which a push
        # of its own ends.
        self.assertEqual(self.asked(self.push("b", "a", run=12), "--supersede"), "RRRRPPP")


class Halting(SupersedeCase, RunCase):
    def test_a_running_session_is_stopped_and_does_not_end_well(self):
        first = self.push("a", run=101)
        running = first.start("run", "--supersede", *BEATS, "--", "sleep", "60")
        await_that(lambda: commit("a") in self.live())
        second = self.push("b", "a", run=102)
        self.assert_runs(second.call(*SUPERSEDE), "first")
        ended = running.wait(30)
        self.assertNotEqual(ended.status, 0, ended)
        self.assertIn("newer head", ended.err)
        self.assertIn("this job's result does not count", ended.summary)
        self.assertEqual(list(self.live()), [commit("b")])

    def test_health_says_so(self):
        first = self.push("a", run=101)
        self.assert_runs(first.call(*SUPERSEDE), "first")
        self.assert_runs(self.push("b", "a", run=102).call(*SUPERSEDE), "first")
        self.assertNotEqual(first.call("heartbeat").status, 0)
        answer = first.call("health", "--json")
        (health,) = answer.rows()
        self.assertEqual((answer.status, health["cause"]), (1, "superseded"), answer)
        # What it says at its end changes nothing of the newer one's.
        first.call("finish", "--status", "success")
        self.assertEqual(list(self.live()), [commit("b")])


if __name__ == "__main__":
    unittest.main()
