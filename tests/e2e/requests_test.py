"""What a call costs over HTTP with a token: its requests, and bytes that are those of our own refs."""

import hashlib
import json
import unittest

import payloads
from gate_case import HEAD, GateCase, in_parallel, launch

def kinds(asked):
    """One letter a request: P a push, R a look or a fetch by prefix, G a list of all refs."""
    letters = ""
    for line in asked:
        method, path = line.split()[:2]
        letters += "G" if method == "GET" else "P" if "receive-pack" in path else "R"
    return letters


class RequestCase(GateCase):
    commits = 1

    def asked(self, *calls):
        """The kinds of the requests of these calls, one after the other, all of which end well."""
        server = self.server(self.remote_kind)
        launch.reset(server)
        for call in calls:
            self.done(call())
        return kinds(launch.requests(server))

    def assert_asks(self, expected, job, *words):
        self.assertEqual(self.asked(lambda: job.call(*words)), expected, " ".join(words))

    def pull_request(self):
        return self.job("pull_request", payloads.pull_request(HEAD))

    def rerun(self, job):
        return self.job(run=job.run, attempt=2)

    def ended(self, status="cancelled", beats=0):
        job, answer = self.gate()
        self.assertTrue(answer.runs, answer)
        for _ in range(beats):
            self.done(job.call("heartbeat"))
        self.done(job.call("finish", "--status", status))
        return job


class Requests(RequestCase):
    def test_a_gate_that_wins(self):
        self.assert_asks("P", self.job(), "gate")

    def test_a_gate_that_has_cause_to_look_first_and_wins(self):
        self.assert_asks("RP", self.pull_request(), "gate")

    def test_a_duplicate_and_its_line_apart(self):
        self.gate()
        self.assert_asks("PRR", self.job(), "gate", "--audit-skips", "summary")
        self.assert_asks("PRRP", self.job(), "gate")

    def test_a_duplicate_that_has_cause_to_look_first(self):
        job, _ = self.gate()
        self.assert_asks("RR", self.pull_request(), "gate", "--audit-skips", "summary")
        self.done(job.call("finish", "--status", "success"))
        self.assert_asks("RR", self.rerun(job), "gate", "--audit-skips", "summary")
        self.assert_asks("RRP", self.pull_request(), "gate")

    def test_heartbeats_and_an_end(self):
        for beats in (0, 1, 3):
            with self.subTest(beats=beats):
                job, _ = self.gate("--share", f"s{beats}")
                for _ in range(beats):
                    self.assert_asks("P", job, "heartbeat")
                self.assert_asks("P", job, "finish", "--status", "success")
        self.assertEqual(sorted(line["kind"] for line in self.remote.notes()),
                         ["end"] * 3 + ["launch"] * 3)

    def test_a_takeover(self):
        for beats in (0, 1, 2):
            with self.subTest(beats=beats):
                self.ended(beats=beats)
                job = self.job()
                self.assert_asks("PRRP", job, "gate")
                # What others have published goes along no more.
                self.assert_asks("P", job, "heartbeat")
                # Who ends without work looks for those who were skipped for its sake.
                self.assert_asks("PRR", job, "finish", "--status", "cancelled")

    def test_a_takeover_by_a_rerun_that_looks_first(self):
        job = self.ended()
        self.assert_asks("RRP", self.rerun(job), "gate", "--retry", "allow")

    def test_a_takeover_of_a_holder_who_was_lost(self):
        self.take_lost_claim()
        job = self.job()
        self.assert_asks("PRRP", job, "gate")
        # Its launch went along with the takeover, and that it was lost does with the next push.
        self.assertEqual([line["kind"] for line in self.remote.notes()], ["launch"])
        self.assert_asks("P", job, "finish")
        self.assertEqual(sorted(line["kind"] for line in self.remote.notes()),
                         ["end", "launch", "launch", "lost"])

    def test_a_finish_that_has_nothing_to_end(self):
        self.gate()
        told = self.job()
        self.done(told.call("gate"))
        # That its gate said skip is a hint: its own scope must show somebody else's claim, and none of this job.
        self.assert_asks("RR", told, "finish")
        # A job that holds nothing looks whether its run holds something elsewhere.
        self.assert_asks("RR", self.job(), "finish")

    def test_a_chain_of_launches_costs_the_same_again_and_again(self):
        """What is proven is proven in pushes of its own, once in several launches."""
        self.ended("failure")
        costs = [self.asked(lambda: self.job().call("gate", "--retry", "allow"))
                 for _ in range(20) if self.finish_all()]
        self.assertLessEqual(sum(map(len, costs)), 20 * 4 + 3 * 4, costs)
        self.assertEqual(costs.count("PRRP"), len([cost for cost in costs if len(cost) == 4]))
        lines = [line["id"] for line in self.log()]
        self.assertEqual(len(lines), len(set(lines)))
        self.assertEqual(len(self.kinds("launch")), 21)

    def finish_all(self):
        (claim,) = self.remote.claims().values()
        if claim["state"] != "ended":
            self.done(self.person().call("finish", "--claim-id", claim["claim_id"], "--status", "failure"))
        return True

    def test_a_gate_in_a_group(self):
        job = self.job()
        self.assertLessEqual(self.asked(lambda: job.call("gate", "--group-by", "repository")).count("P"), 2)
        self.assertLessEqual(len(self.asked(lambda: job.call("finish"))), 3)

    def test_readers_look_once_and_fetch_what_they_need_at_once(self):
        """Of a part of the record, what stands there is known from the look: its lines are a fetch apart, and so is what results hold."""
        page = ("report", "--html", "-")
        def asked(words):
            launch.reset(self.server(self.remote_kind))
            self.assertEqual(self.person().call(*words).status, int(words == ("status", "--lost") and lost), words)
            return kinds(launch.requests(self.server(self.remote_kind)))
        lost = False
        everything = (("status",), ("log",), ("stats",), ("verify",), ("metrics",), page, ("status", "--lost"), ("log", "--since", "1d"))
        for words in everything:
            self.assertEqual(asked(words), "R", words)
        self.ended()
        lost = True  # it was cancelled, and nobody has done its work since
        self.gate("--share", "live")
        self.done(self.person().call("gc"))
        self.gate("--group-by", "repository", "--slots", "2", "--share", "line", "--budget", "repo:9/1d")
        self.done(self.person().call("pause", "--reason", "x"))
        for words in (*everything, ("show", HEAD), ("explain", HEAD)):
            parts = "--since" in words or "--lost" in words
            self.assertEqual(asked(words), "RRR" if parts else "RR", words)
        self.done(self.person().call("result", "save", input="kept"))
        self.assertEqual(asked(("metrics",)), "RRR")
        # With a memory the record is read as far back as that.
        self.assertEqual(asked(("stats", "--since", "1d")), "RRR")
        self.assertEqual(asked(("leave",)), "RR")

    def test_the_token_goes_with_the_first_request(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        self.gate()
        self.assertFalse([line for line in launch.requests(server) if line.endswith(" 401")])

    def test_wrong_input_costs_nothing(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        for words in (("--memory", "soon"), ("--retry", "never"), ("--nonsense",)):
            self.assertEqual(self.job().call("gate", *words).status, 2)
        self.assertEqual(launch.requests(server), [])

    def test_many_at_once_ask_for_three_each_on_average(self):
        many = 64
        jobs = [self.job() for _ in range(many)]
        server = self.server(self.remote_kind)
        launch.reset(server)
        answers = in_parallel([lambda job=job: job.call("gate", "--audit-skips", "summary") for job in jobs])
        self.assertEqual(sum(self.done(answer).runs for answer in answers), 1)
        asked = kinds(launch.requests(server))
        self.assertLessEqual(len(asked), 3 * many, asked)
        self.assertEqual(asked.count("P"), many)


class WithoutCommits(Requests):
    """A repository for the state alone: nothing in it tells how its objects are called."""

    commits = 0


class MeasuredCase(RequestCase):
    """Bytes are read off a proxy, which counts what it hands on."""

    def setUp(self):
        super().setUp()
        self.server("open")
        self.proxy = self.contexts.enter_context(launch.forward())

    @classmethod
    def server(cls, kind):
        if kind == "open" and kind not in cls.servers:
            cls.servers[kind] = cls.contexts.enter_context(launch.serve(cls.root))
        return super().server(kind)

    def remote_of(self, kind):
        remote = super().remote_of(kind)
        open_one = remote.by(f"{self.server('open').url}/{self.path.name}")
        del open_one.environment["REFGATE_TOKEN"]
        return open_one

    def sizes(self):
        """Of the answers since the proxy was reset, in order."""
        return [int(line.split()[-1]) for line in launch.requests(self.proxy)]


class Lookups(MeasuredCase):
    """A claim that is known by its id alone, among hundreds."""

    MANY = 600

    def setUp(self):
        super().setUp()
        _, answer = self.gate("--lease", "1h")
        self.claim_id = answer.claim_id
        record = json.dumps(self.only_claim())
        stream = []
        for number in range(self.MANY):
            noise = hashlib.sha256(str(number).encode()).hexdigest()
            text = record.replace(self.claim_id, noise[:32]).replace(HEAD, noise[:40])
            stream.append(f"commit refs/refgate/claims/push-{noise[:40]}/other.yml\n"
                          "committer refgate <refgate@localhost> 0 +0000\ndata 0\n"
                          f"M 100644 inline claim.json\ndata {len(text.encode())}\n{text}\n")
        self.remote.git("fast-import", "--quiet", "--force", input="".join(stream))
        self.assertEqual(len(self.remote.refs("refs/refgate/claims")), self.MANY + 1)

    def finish(self, claim_id, sha):
        """By a job of another event; the sizes of what it was answered, without the look at its own scope."""
        job = self.job("workflow_dispatch", {"inputs": {}, "ref": "refs/heads/main"}, sha=sha, file="report.yml")
        launch.reset(self.proxy)
        answer = self.done(job.call("finish", "--status", "success", "--claim-id", claim_id, http_proxy=self.proxy.url))
        return answer.out, self.sizes()[1:]

    def test_by_its_commit_it_is_found_without_reading_the_others(self):
        out, (names, *others) = self.finish(self.claim_id, HEAD)
        self.assertIn("Session ended", out)
        self.assertGreater(names, self.MANY * 60)
        self.assertLess(sum(others), 5000, others)

    def test_who_knows_nothing_of_it_reads_a_few_at_a_time_and_looks_once(self):
        out, (names, *others) = self.finish("0" * 32, payloads.commit("another"))
        self.assertIn("no claim has that id", out)
        self.assertGreater(names, self.MANY * 60)
        self.assertEqual(len(others), 3, others)
        self.assertLess(max(others), sum(others) / 2, others)


class Bytes(MeasuredCase):
    """Whatever else the repository holds."""

    COMMANDS = ("gate", "gate", "heartbeat", "status", "finish", "gate", "log", "gc")

    def bytes_of_each(self):
        """(command, bytes of all answers) one after the other."""
        job, claim, counts = self.job(), "", []
        for command in self.COMMANDS:
            launch.reset(self.proxy)
            actor = job if command in ("heartbeat", "finish") or not counts else self.job()
            more = ("--claim-id", claim) if command == "finish" else ()
            answer = self.done(actor.call(command, *more, http_proxy=self.proxy.url))
            claim = claim or answer.claim_id
            counts.append((command, sum(self.sizes())))
        return counts

    def test_bytes_are_those_of_our_own_refs(self):
        few = self.bytes_of_each()
        self.path = launch.make_repository(self.root / f"app-{next(self.numbers)}.git", 1)
        self.remote = self.remote_of(self.remote_kind)
        head = self.remote.refs("refs/heads")["refs/heads/main"]
        self.remote.git("update-ref", "--stdin", input="".join(
            f"create refs/{kind}/{number}/head {head}\n" for number in range(2000)
            for kind in ("heads", "pull", "notes/others", "tags")))
        many = self.bytes_of_each()
        for (command, first), (_, second) in zip(few, many):
            self.assertGreater(first, 0, command)
            self.assertLess(second, first + 2000, (command, few, many))


if __name__ == "__main__":
    unittest.main()
