"""How many requests a call costs over HTTP with a token."""

import unittest

import payloads
from gate_case import HEAD, GateCase, launch


class Requests(GateCase):
    def cost(self, answer_of):
        server = self.server(self.remote_kind)
        launch.reset(server)
        answer = self.done(answer_of())
        return answer, launch.requests(server)

    def test_a_first_gate_a_duplicate_and_a_finish(self):
        job = self.job()
        answer, asked = self.cost(lambda: job.call("gate"))
        self.assert_runs(answer, "first")
        self.assertEqual(len(asked), 1, asked)
        answer, asked = self.cost(lambda: self.job().call("gate"))
        self.assert_skips(answer, "active_session")
        self.assertLessEqual(len(asked), 4, asked)
        answer, asked = self.cost(lambda: self.job().call("gate", "--audit-skips", "summary"))
        self.assert_skips(answer, "active_session")
        self.assertLessEqual(len(asked), 3, asked)
        self.assertLessEqual(len([line for line in asked if line.startswith("POST") and
                                  "receive-pack" in line]), 1, asked)
        _, asked = self.cost(lambda: job.call("finish", "--status", "cancelled"))
        self.assertEqual(len(asked), 1, asked)
        answer, asked = self.cost(lambda: self.job().call("gate"))
        self.assert_runs(answer, "takeover")
        # Two of them because lines that were published before go along once more.
        self.assertLessEqual(len(asked), 5, asked)
        _, asked = self.cost(lambda: self.job().call("finish"))
        # A job that holds nothing looks whether its run holds something elsewhere.
        self.assertLessEqual(len(asked), 2, asked)
        self.assertFalse([line for line in asked if "receive-pack" in line], asked)

    def test_a_heartbeat(self):
        job, _ = self.gate()
        _, asked = self.cost(lambda: job.call("heartbeat"))
        self.assertEqual(len(asked), 1, asked)
        # The line that the first has published goes along once more, and is refused with all.
        _, asked = self.cost(lambda: job.call("heartbeat"))
        self.assertLessEqual(len(asked), 3, asked)

    def test_the_token_goes_with_the_first_request(self):
        _, asked = self.cost(lambda: self.job().call("gate"))
        self.assertFalse([line for line in asked if line.endswith(" 401")], asked)

    def test_the_cost_does_not_grow_with_the_refs_of_the_server(self):
        head = launch.git("hash-object", "-t", "tree", "-w", "/dev/null", check=True,
                          cwd=self.path).stdout.strip()
        head = launch.git("commit-tree", head, "-m", "x", check=True, cwd=self.path).stdout.strip()
        self.remote.git("update-ref", "--stdin", input="".join(
            f"create refs/pull/{number}/head {head}\n" for number in range(5000)))
        job = self.job()
        answer, asked = self.cost(lambda: job.call("gate"))
        self.assert_runs(answer, "first")
        self.assertLessEqual(len(asked), 2, asked)
        answer, asked = self.cost(lambda: self.job().call("gate"))
        self.assertLessEqual(len(asked), 4, asked)
        _, asked = self.cost(lambda: job.call("finish"))
        self.assertLessEqual(len(asked), 2, asked)

    def test_wrong_input_costs_nothing(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        for words in (("--memory", "soon"), ("--retry", "never"), ("--nonsense",)):
            self.assertEqual(self.job().call("gate", *words).status, 2)
        self.assertEqual(launch.requests(server), [])

    def test_a_pull_request_looks_first_and_costs_the_same_beside_that(self):
        answer, asked = self.cost(lambda: self.job(
            "pull_request", payloads.pull_request(HEAD)).call("gate"))
        self.assert_runs(answer, "first")
        # The look shows nothing, and nothing looks the same whatever objects are called: the
        # server is asked that, too.
        self.assertEqual([line.split()[0] for line in asked], ["POST", "GET", "POST"], asked)
        self.assertEqual(len([line for line in asked if "POST" in line and "receive-pack" in line]),
                         1, asked)


if __name__ == "__main__":
    unittest.main()
