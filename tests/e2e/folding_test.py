"""The record at scale: many writers, some killed, folders at once; one more line costs what it costs on an empty day."""

import concurrent.futures
import itertools
import json
import random
import threading
import time
import unittest

import payloads
from gate_case import GateCase, await_that, in_parallel, launch
from runner import FULL

WRITERS = 200
TOGETHER = WRITERS if FULL else 50
DEADLINE = ("--deadline", "120s")


def numbered(what, count=WRITERS):
    return [payloads.commit(f"{what}{number}") for number in range(count)]


class Counting(GateCase):
    """Pushes and requests by what the server saw."""

    def pushes(self):
        return [line for line in launch.requests(self.server("http"))
                if line.startswith("POST") and "git-receive-pack" in line]

    def gc(self, *words):
        return self.done(self.person().call("gc", *DEADLINE, *words)).out

    def notes_of(self, ids):
        stored = [line["id"] for line in self.remote.notes()]
        return {wanted: stored.count(wanted) for wanted in ids}


class Writers(Counting):
    def writer(self, payload, commit_words, killed):
        """Gate and finish of one run; what was acknowledged, by claim id and kind."""
        job = self.job("push", payload)
        acknowledged = []
        gate = job.start("gate", *DEADLINE, *commit_words).wait(240)
        if gate.status == 0 and gate.runs:
            acknowledged.append((gate.claim_id, "launch"))
        finish = job.start("finish", *DEADLINE)
        answer = finish.wait_or_kill(killed) if killed else finish.wait(240)
        if answer.status == 0:
            acknowledged.append((gate.claim_id, "end"))
        return acknowledged

    def fold_until(self, over, kill_after=None):
        """gc again and again until the writers are done; those that ended by themselves."""
        folds = []
        while not over.is_set():
            gc = self.person().start("gc", *DEADLINE)
            if kill_after:
                gc.wait_or_kill(kill_after())
            else:
                folds.append(gc.wait(240))
        return folds

    def run_writers(self, jobs):
        """All jobs, so many at a time; all the while two folders, and a third that is killed."""
        chance = random.Random(4)
        jobs = [(payload, words, chance.uniform(0.001, 0.05) if number % 7 == 3 else 0)
                for number, (payload, words) in enumerate(jobs)]
        launch.reset(self.server("http"))
        over, answers = threading.Event(), []
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            folders = [pool.submit(self.fold_until, over) for _ in range(2)]
            folders.append(pool.submit(self.fold_until, over, lambda: chance.uniform(0.02, 0.6)))
            try:
                for start in range(0, len(jobs), TOGETHER):
                    answers += in_parallel([lambda job=job: self.writer(*job)
                                            for job in jobs[start:start + TOGETHER]])
            finally:
                over.set()
        folds = [fold for folder in folders for fold in folder.result()]
        for fold in folds:
            self.assertEqual(fold.status, 0, fold)
        return list(itertools.chain.from_iterable(answers)), folds

    def check(self, acknowledged, folds):
        by_folders = sum(int(fold.out.rsplit("Pushes: ", 1)[1]) for fold in folds)
        by_writers = len(self.pushes()) - by_folders
        print(f"{WRITERS} writers, {len(acknowledged)} acknowledged lines: {by_writers} pushes by "
              f"writers and killed folders, {by_folders} by {len(folds)} folders beside them", flush=True)
        self.assertGreater(by_folders, 0, "nothing was folded beside the writers")
        self.assertLessEqual(by_writers, 3 * WRITERS)
        self.gc()
        self.assertEqual(len(self.remote.refs("refs/notes")), 1)
        stored = [(line["claim_id"], line["kind"]) for line in self.remote.notes()]
        self.assertEqual(len(set(stored)), len(stored), "a line stands twice")
        self.assertEqual(set(acknowledged) - set(stored), set())
        for claim in self.remote.claims().values():
            self.assertEqual(claim["outbox"], [])
        refs = self.remote.all_refs()
        self.gc()
        self.assertEqual(self.remote.all_refs(), refs, "a second gc has nothing to do")
        self.assertEqual(self.person().call("verify", *DEADLINE).status, 0)

    def test_each_on_its_own_commit(self):
        self.check(*self.run_writers([(payloads.push(head), ()) for head in numbered("own")]))

    def test_all_on_one_commit(self):
        """One note of the folded day gets all lines; the scopes differ by a dimension."""
        payload = payloads.push(payloads.commit("shared"))
        self.check(*self.run_writers([(payload, ("--dimension", f"leg={number}"))
                                      for number in range(WRITERS)]))


class Planted(Counting):
    """Days that are written into the repository as gate and gc would leave them."""

    def plant(self, day, lines, folded=None):
        """`lines` notes of that day, one ref each, or in one folded ref of that name."""
        stamp = f"refgate <refgate@localhost> {int(time.time())} +0000"
        stream, packed = [], []
        for number in range(lines):
            line = {"version": 1, "id": f"{day}{number:024d}", "kind": "skip",
                    "timestamp": f"{day[:4]}-{day[4:6]}-{day[6:]}T{number % 24:02d}:00:00.000Z",
                    "session_key": "k", "event_type": "push", "workflow": "w", "run_id": str(number),
                    "commit_sha": "", "executed": False, "job_status": "skipped",
                    "reason_code": "active_session", "digest": "none"}
            text = json.dumps(line) + "\n"
            path = payloads.commit(f"{number:06d}")
            if folded:
                packed.append(f"M 100644 inline {path[:2]}/{path[2:]}\n"
                              f"data {len(text)}\n{text}\n")
            else:
                stream.append(f"commit refs/notes/refgate/{day}/{line['id']}\ncommitter {stamp}\n"
                              f"data 0\nM 100644 inline {path}\ndata {len(text)}\n{text}\n")
        if packed:
            stream = [f"commit refs/notes/refgate/{day}/{folded}\ncommitter {stamp}\ndata 0\n",
                      *packed]
        self.remote.git("fast-import", "--quiet", "--force", input="".join(stream))

    def names(self):
        return sorted(ref.removeprefix("refs/notes/refgate/")
                      for ref in self.remote.refs("refs/notes"))

    def today(self):
        return time.strftime("%Y%m%d", time.gmtime())

    def posts_of_gc(self):
        launch.reset(self.server("http"))
        self.gc()
        return [line for line in launch.requests(self.server("http")) if line.startswith("POST")]

    def test_a_day_that_is_over_ends_in_one_ref_whatever_was_folded_of_it(self):
        bare = self.posts_of_gc()
        self.plant("20260103", 30, "all")
        self.plant("20260103", 60, "all-1")
        self.plant("20260103", 90)
        self.plant("20260104", 5)
        self.assertIn("folded 96 notes of 2 days", self.gc())
        self.assertEqual(self.names(), ["20260103/all-1", "20260104/all"])
        self.assertEqual(len(self.log()), 95)
        self.assertEqual(len(self.remote.notes()), 95)
        self.assertEqual(self.posts_of_gc(), bare, "earlier days are listed, and not read again")

    def test_what_outgrows_its_level_moves_up_while_the_day_lasts(self):
        today = self.today()
        self.plant(today, 490, "all")
        self.plant(today, 510)
        self.gc()
        self.assertEqual(self.names(), [f"{today}/all", f"{today}/all-1"])
        self.gate()
        self.plant(today, 495)
        self.gc()
        self.assertEqual(self.names(), [f"{today}/all"] if today != self.today() else
                         [f"{today}/all", f"{today}/all-1"])
        self.assertEqual(len(self.log()), 511)

    def test_a_small_fold_leaves_the_large_part_of_the_day_unread(self):
        today = self.today()
        self.plant(today, 4000, "all-1")
        self.plant(today, 3)
        before = self.remote.refs("refs/notes")[f"refs/notes/refgate/{today}/all-1"]
        self.assertIn("folded 3 notes of 1 day, ", self.gc())
        self.assertEqual(self.remote.refs("refs/notes")[f"refs/notes/refgate/{today}/all-1"],
                         before)

    def test_what_an_outbox_still_names_is_not_folded_twice(self):
        """As a gc leaves it that was killed before it emptied the outbox."""
        job, _ = self.gate()
        before = self.remote.claims()
        refs = self.remote.refs("refs/refgate")
        self.gc()
        self.remote.git("update-ref", "--stdin", input="".join(
            f"update {ref} {value}\n" for ref, value in refs.items()))
        self.assertEqual(self.remote.claims(), before)
        folded = self.remote.refs("refs/notes")
        self.assertIn("Published 0 lines", self.gc())
        self.assertEqual(self.remote.refs("refs/notes"), folded)
        self.assertEqual([claim["outbox"] for claim in self.remote.claims().values()], [[]])
        self.done(job.call("finish"))
        self.gc()
        self.assertEqual(sorted(line["kind"] for line in self.remote.notes()), ["end", "launch"])

    def test_a_session_goes_on_whose_outbox_was_emptied(self):
        job, gate = self.gate()
        for _ in range(2):
            self.assertIn("folded", self.gc())
            self.assertEqual(self.only_claim()["outbox"], [])
            self.done(job.call("heartbeat"))
            self.done(job.call("health"))
        self.gc()
        self.done(job.call("finish"))
        self.assertEqual(self.only_claim()["claim_id"], gate.claim_id)
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.gc()
        self.assertEqual(sorted(line["kind"] for line in self.remote.notes()), ["end", "launch"])

    def test_an_expired_claim_is_forgotten_when_its_lines_are_in_the_record(self):
        job, _ = self.gate("--memory", "0", "--pr-lock-window", "0")
        self.done(job.call("finish"))
        self.gate("--memory", "0", "--pr-lock-window", "0", "--lease", "1s", "--skew", "0s",
                  "--share", "other")
        self.await_lost()
        self.assertIn("forget 2 expired claims", self.gc("--dry-run"))
        self.assertIn("forgot 2 expired claims", self.gc())
        self.assertEqual(self.remote.claims(), {})
        self.assertEqual(sorted(line["kind"] for line in self.remote.notes()),
                         ["end", "launch", "launch", "lost"])

    def test_the_heartbeats_of_a_job_fold_a_day_that_is_over(self):
        """Where nobody runs gc, and over a protocol that shows only what was asked for."""
        self.plant("20260301", 310)
        job, _ = self.gate("--heartbeat", "--interval", "300ms", "--lease", "10s", "--skew", "1s")
        await_that(lambda: len([name for name in self.names() if "20260301" in name]) == 1, what="one ref of that day")
        self.done(job.call("finish"))

    def test_log_since_a_day_reads_only_that_day(self):
        days = [f"2026{month:02d}{day:02d}" for month in range(1, 10) for day in range(1, 29)]
        for day in days:
            self.plant(day, 20, "all")
        self.gate()
        launch.reset(self.server("http"))
        self.assertEqual(len(self.log("--since", "1d")), 1)
        self.assertEqual(len(self.log("--since", "2026-03-05", "--until", "2026-03-06")), 40)
        posts = [line for line in launch.requests(self.server("http")) if line.startswith("POST")]
        # Each of two calls lists claims and record at once, and reads the claims and its own days, of which the first has none yet.
        self.assertEqual(len(posts), 5, posts)


if __name__ == "__main__":
    unittest.main()
