"""The ground of the tests of `deliver`: one result, and where it may end up."""

import shlex

from gate_case import GateCase

CONTENT = bytes(range(256)) * 1200


class DeliverCase(GateCase):
    def sink(self, name="sink"):
        return self.folder / name

    def to_sink(self, name="sink"):
        """A shell command that takes the result."""
        return f"cat > {shlex.quote(str(self.sink(name)))}"

    def deliver(self, *words, job=None, content=CONTENT, status=None, **environment):
        job = job or self.job()
        answer = job.call_fed(content, "deliver", "--channel-timeout", "2s", *words, **environment)
        self.assert_told(answer)
        if status is not None:
            self.assertEqual(answer.status, status, answer)
        return answer

    def assert_told(self, answer):
        """The status, the lines and the outputs say the same."""
        self.assertIn(answer.status, (0, 1, 3), answer)
        self.assertEqual(answer.lines["DELIVERED"], "true" if answer.status == 0 else "false")
        self.assertEqual(bool(answer.lines["DELIVERED_BY"]), answer.status == 0)
        self.assertEqual(bool(answer.lines["RESULT_ID"]), answer.status == 1)
        self.assertEqual(bool(answer.lines["RETRIEVE"]), answer.status == 1)
        self.assertEqual(bool(answer.lines["RESULT_FILE"]), answer.status == 3)
        self.assertEqual(answer.outputs, {
            name.lower(): value
            for name, value in answer.lines.items()
        })

    def kept(self, answer):
        """The bytes that the told command brings back."""
        path = self.folder / "got"
        words = shlex.split(answer.lines["RETRIEVE"])
        self.done(self.person().call(*words[1:], "--output", path))
        return path.read_bytes()

    def record(self, answer):
        return self.done(self.person().call("result", "get", answer.lines["RESULT_ID"],
                                            "--meta-only")).json()

    def results(self):
        return self.remote.refs("refs/refgate/results")

    def assert_delivered(self, answer, by, sink="sink"):
        self.assertEqual((answer.status, answer.lines["DELIVERED_BY"]), (0, by), answer)
        self.assertEqual(self.sink(sink).read_bytes(), CONTENT)
        self.assertEqual(self.results(), {})

    def assert_kept(self, answer, reason, depth, content=CONTENT):
        self.assertEqual(answer.status, 1, answer)
        self.assertEqual(self.kept(answer), content)
        record = self.record(answer)
        self.assertEqual((record["status"], record["reason"], record["depth"]),
                         ("undelivered", reason, depth), record)
        return record
