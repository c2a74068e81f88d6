"""Many processes, one scope: one is told to run, all others to skip, and the record agrees.

REFGATE_E2E_FULL=1 makes every race what is promised: 64 processes, five rounds, and fifty of those
in which events of several kinds meet.
"""

import collections
import unittest

import payloads
import runner
from gate_case import HEAD, GateCase, in_parallel

PROCESSES, ROUNDS = 64, 5
SSH = (64, 5) if runner.FULL else (32, 2)
MIXED_ROUNDS = 50 if runner.FULL else 3


class Races:
    """The rounds of one kind of remote; a mixin, so that it does not run by itself."""

    processes, rounds = PROCESSES, ROUNDS

    def race(self, jobs, *words):
        """All gates at once; the answers, the winner first."""
        calls = [job.start("gate", "--deadline", "120s", *words) for job in jobs]
        answers = in_parallel([call.wait for call in calls])
        for answer in answers:
            self.assertEqual(answer.status, 0, answer)
        winners = [pair for pair in zip(jobs, answers) if pair[1].runs]
        self.assertEqual(len(winners), 1, [str(answer) for _, answer in winners])
        return winners[0], [answer for answer in answers if not answer.runs]

    def settle(self, winner, before):
        """After a finish and a gc nothing is lost or doubled."""
        self.done(winner.call("finish", "--deadline", "120s"))
        ids = sorted(line["id"] for line in before)
        self.assertEqual(len(set(ids)), len(ids), "a line stands twice in the log")
        self.done(self.person().call("gc", "--deadline", "120s"))
        after = self.log()
        self.assertEqual(len(after), len(before) + 1)
        self.assertEqual(sorted(line["id"] for line in after if line["kind"] != "end"), ids)
        stored = self.remote.notes()
        self.assertEqual(sorted(line["id"] for line in stored), sorted(line["id"] for line in after))
        self.done(self.person().call("verify", "--deadline", "120s"))
        return after

    def one_round(self, jobs):
        (winner, won), lost = self.race(jobs)
        self.assertEqual((won.code, won.generation), ("first", 1), won)
        self.assertEqual({answer.code for answer in lost}, {"active_session"})
        self.assertEqual({answer.lines["HOLDER_RUN_ID"] for answer in lost}, {winner.run})
        claim = self.only_claim()
        self.assertEqual((claim["claim_id"], claim["generation"]), (won.claim_id, 1))
        before = self.log()
        launches = [line for line in before if line["kind"] == "launch"]
        self.assertEqual([line["run_id"] for line in launches], [winner.run])
        skips = [line["run_id"] for line in before if line["kind"] == "skip"]
        self.assertEqual(len(set(skips)), len(skips))
        self.assertNotIn(winner.run, skips)
        after = self.settle(winner, before)
        self.assertEqual([line["kind"] for line in after].count("launch"), 1)
        self.assertEqual([line["kind"] for line in after].count("end"), 1)

    def test_one_of_many_runs_is_told_to_run(self):
        for number in range(self.rounds):
            with self.subTest(round=number):
                self.setUp()
                self.one_round([self.job() for _ in range(self.processes)])

    def legs(self, number_of):
        """Jobs of one run, each on a runner of its own."""
        return [self.job(run=4711, environment={"REFGATE_JOB_INDEX": str(number),
                                                "RUNNER_TRACKING_ID": f"github_{number}"})
                for number in range(number_of)]

    def all_run(self, jobs, words_of):
        calls = [job.start("gate", "--deadline", "120s", *words_of(number))
                 for number, job in enumerate(jobs)]
        answers = in_parallel([call.wait for call in calls])
        for answer in answers:
            self.assertEqual((answer.status, answer.runs), (0, True), answer)
        self.assertEqual(len({answer.claim_id for answer in answers}), len(jobs))
        return answers

    def test_jobs_of_one_run_that_cannot_be_told_apart_all_run(self):
        legs = self.legs(self.processes // 2)
        answers = self.all_run(legs, lambda _: ())
        codes = [answer.code for answer in answers]
        self.assertEqual((codes.count("first"), codes.count("same_run")), (1, len(legs) - 1))
        claims = self.remote.claims()
        self.assertEqual({claim["claim_id"] for claim in claims.values()},
                         {answer.claim_id for answer in answers})
        self.assertEqual({claim["ambiguous"] for claim in claims.values()}, {True})
        self.assert_runs(self.job().call("gate"), "same_run")
        for answer in in_parallel([leg.start("finish", "--deadline", "120s").wait
                                   for leg in legs]):
            self.done(answer)
        ends = [line["claim_id"] for line in self.log() if line["kind"] == "end"]
        self.assertEqual(sorted(ends), sorted(answer.claim_id for answer in answers))
        self.assert_runs(self.job().call("gate"), "same_run")
        self.done(self.person().call("verify", "--deadline", "120s"))

    def test_jobs_of_one_run_with_one_share_are_rivals(self):
        legs = self.legs(self.processes // 2)
        (winner, won), lost = self.race(legs, "--share", "agents")
        self.assertEqual(self.only_claim()["claim_id"], won.claim_id)
        self.assertEqual({answer.code for answer in lost}, {"active_session"})
        loser = next(leg for leg in legs if leg is not winner)
        self.done(loser.call("finish"))
        self.assertEqual(self.only_claim()["state"], "active")
        self.settle(winner, self.log())

    def test_legs_with_dimensions_are_no_rivals(self):
        answers = self.all_run(self.legs(16), lambda number: ("--dimension", f"leg={number}"))
        self.assertEqual({answer.code for answer in answers}, {"first"})
        claims = self.remote.claims().values()
        self.assertEqual(len(claims), 16)
        self.assertFalse(any(claim.get("ambiguous") for claim in claims))


class OverHttp(Races, GateCase):
    remote_kind = "http"

    def test_a_push_and_a_pull_request_at_once_are_one_launch(self):
        pull = payloads.pull_request(HEAD, "synchronize")
        (winner, _), lost = self.race([self.job("pull_request", pull) if number % 2
                                       else self.job(sha=HEAD) for number in range(32)])
        event = winner.environment["GITHUB_EVENT_NAME"]
        for answer in lost:
            same = f"-{event}-" in answer.lines["SESSION_KEY"]
            self.assertEqual(answer.code, "active_session" if same else "pr_lock", answer)

    def mixed(self, first):
        """(which, job) of 64 runs: two branches pushed, two pull requests of one and one of the other."""
        def pull(event, number, base, branch="topic"):
            payload = payloads.pull_request(HEAD, "synchronize", number=number, branch=branch)
            payload["number"] = number
            payload["pull_request"]["base"]["ref"] = base
            return self.job(event, payload)

        kinds = [("push", lambda: self.job()),
                 ("7", lambda: pull("pull_request", 7, "main")),
                 ("8", lambda: pull("pull_request", 8, "release")),
                 ("7", lambda: pull("pull_request_target", 7, "main")),
                 ("main", lambda: self.job(payload=payloads.push(HEAD, "refs/heads/main"))),
                 ("push", lambda: self.job()),
                 ("9", lambda: pull("pull_request", 9, "release", "main")),
                 ("8", lambda: pull("pull_request", 8, "release"))]
        return [(name, make()) for name, make in (kinds[first:] + kinds[:first]) * 8]

    def one_mixed_round(self, first):
        """Who was told to run, in words; each skip rests on a holder that lives and covers it."""
        jobs = self.mixed(first)
        answers = in_parallel([job.start("gate", "--deadline", "120s").wait for _, job in jobs])
        winners = {job.run: name for (name, job), answer in zip(jobs, answers) if answer.runs}
        for (name, _), answer in zip(jobs, answers):
            self.assertEqual(answer.status, 0, answer)
            if answer.runs:
                self.assertEqual(answer.code, "first", answer)
                continue
            self.assertIn(answer.code, ("active_session", "pr_lock"), answer)
            holder = winners[answer.lines["HOLDER_RUN_ID"]]
            covering = {"push": {"push", "7", "8"}, "7": {"push", "7"}, "8": {"push", "8"},
                        "main": {"main"}, "9": {"9"}}[name]
            self.assertIn(holder, covering, answer)
        won = sorted(winners.values())
        # A push stands for both pull requests; where one of these came first, the other has a door.
        self.assertIn(won, (["9", "main", "push"], ["7", "8", "9", "main"]))
        return won

    def test_events_of_several_kinds_at_once_are_one_launch_for_each_piece_of_work(self):
        seen = collections.Counter()
        for number in range(MIXED_ROUNDS):
            with self.subTest(round=number):
                self.setUp()
                won = self.one_mixed_round(number % 8)
                seen["a push" if "push" in won else "both pull requests"] += 1
                claims = self.remote.claims()
                self.assertEqual(len(claims), len(won))
                self.assertEqual({claim["generation"] for claim in claims.values()}, {1})
        print(f"{MIXED_ROUNDS} rounds of 64: {dict(seen)}")

    def test_one_of_sixteen_rivals_takes_a_lost_claim_over(self):
        self.take_lost_claim()
        (winner, won), lost = self.race([self.job() for _ in range(16)])
        self.assertEqual((won.code, won.generation), ("takeover", 2), won)
        self.assertEqual({answer.code for answer in lost}, {"active_session"})
        self.assertEqual({answer.lines["GENERATION"] for answer in lost}, {"2"})
        after = self.settle(winner, self.log())
        self.assertEqual([line["kind"] for line in after].count("launch"), 2)
        self.assertEqual([line["kind"] for line in after].count("lost"), 1)

    def test_one_of_sixteen_rivals_takes_cancelled_work_up(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "cancelled"))
        (_, won), _ = self.race([self.job() for _ in range(16)])
        self.assertEqual((won.code, won.generation), ("takeover", 2), won)

    def test_one_of_sixteen_retries_is_allowed(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "failure"))
        (_, won), _ = self.race([self.job() for _ in range(16)], "--retry", "allow")
        self.assertEqual((won.code, won.generation), ("retry_allowed", 2), won)

    def test_many_scopes_at_once_are_all_won(self):
        jobs = [self.job("push", payloads.push(payloads.commit(f"c{number}")))
                for number in range(32)]
        answers = in_parallel([call.wait for call in [job.start("gate", "--deadline", "120s")
                                                      for job in jobs]])
        for answer in answers:
            self.assert_runs(answer, "first")
        ends = in_parallel([call.wait for call in [job.start("finish", "--deadline", "120s")
                                                   for job in jobs]])
        for answer in ends:
            self.done(answer)
        self.assertEqual({claim["state"] for claim in self.remote.claims().values()}, {"ended"})
        kinds = [line["kind"] for line in self.log()]
        self.assertEqual((kinds.count("launch"), kinds.count("end")), (32, 32))


class OverHttps(Races, GateCase):
    remote_kind = "https"


class OverSsh(Races, GateCase):
    remote_kind = "ssh"
    processes, rounds = SSH


class OnAPath(Races, GateCase):
    remote_kind = "path"


class Positional(GateCase):
    def test_one_of_many_checks_is_told_to_run_and_only_its_register_succeeds(self):
        """The original's two steps let 32 of 32 racers through."""
        people = [self.person() for _ in range(32)]
        checks = [person.start("check", "push", "review", HEAD, f"run-{number}", "--deadline",
                               "120s") for number, person in enumerate(people)]
        statuses = [answer.status for answer in in_parallel([call.wait for call in checks])]
        self.assertEqual(sorted(statuses), [0] + [1] * 31)
        registers = [person.start("register", "review-push-key", "push", "review",
                                  f"run-{number}", HEAD, "--deadline", "120s")
                     for number, person in enumerate(people)]
        registered = [answer.status for answer in in_parallel([call.wait for call in registers])]
        self.assertEqual(registered, statuses)
        self.assertEqual(len(self.kinds("launch")), 1)

    def test_one_of_many_registers_without_a_check_succeeds(self):
        calls = [self.person().start("register", "k", "push", "review", f"run-{number}", HEAD,
                                     "--deadline", "120s") for number in range(16)]
        statuses = [answer.status for answer in in_parallel([call.wait for call in calls])]
        self.assertEqual(sorted(statuses), [0] + [1] * 15)


if __name__ == "__main__":
    unittest.main()
