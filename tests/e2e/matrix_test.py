"""A list becomes a matrix without anything twice."""

import json
import unittest

from gate_case import GateCase


class Matrix(GateCase):
    remote_kind = "path"

    def matrix(self, *words, status=0, stdin=None):
        job = self.job()
        if stdin is not None:
            path = job.folder / "list"
            path.write_bytes(stdin)
            words += ("--file", path)
        answer = job.call("matrix", *words)
        self.assertEqual(answer.status, status, answer)
        return answer

    def test_the_unique_members_go_to_standard_output_and_to_the_outputs(self):
        answer = self.matrix('["opus", "sonnet", "opus"]')
        self.assertEqual(answer.json(), ["opus", "sonnet"])
        self.assertEqual(json.loads(answer.outputs["matrix"]), ["opus", "sonnet"])
        self.assertEqual((answer.outputs["count"], answer.outputs["dropped"]), ("2", "1"))
        self.assertEqual(answer.err.count("\n"), 1, answer)
        self.assertIn('member 3 is dropped: "opus" is member 1 already', answer.err)

    def test_objects_go_by_an_id_that_can_be_named(self):
        legs = [("a", "eu"), ("a", "us"), ("b", "eu")]
        text = json.dumps([{"id": name, "region": region} for name, region in legs])
        self.assertEqual([leg["region"] for leg in self.matrix(text).json()], ["eu", "eu"])
        self.assertIn("with other contents", self.matrix(text).err)
        self.assertEqual(len(self.matrix(text, "--id", "region").json()), 2)
        self.assertEqual(len(self.matrix(text, "--whole").json()), 3)

    def test_the_list_comes_from_a_file_or_standard_input_too(self):
        self.assertEqual(self.matrix(stdin=b'["a","a"]').json(), ["a"])
        for words in ((), ("--file", "-")):
            answer = self.job().call_fed(b'["b","b"]', "matrix", *words)
            self.assertEqual((answer.status, answer.json()), (0, ["b"]), answer)

    def test_drops_are_counted_and_told_within_bounds(self):
        answer = self.matrix(stdin=json.dumps(["x" * 5000] * 200).encode())
        self.assertEqual(answer.outputs["dropped"], "199")
        self.assertEqual(len(answer.err.splitlines()), 21)
        self.assertLess(len(answer.err), 8000)
        self.assertIn("and 179 more", answer.err)

    def test_hostile_members_reach_fromjson_unchanged_and_the_log_as_one_line(self):
        members = [
            "a\n::error::x", "%0Askip_execution=false", "x\u202e\u2028", "é🙂", "${{ secrets.X }}",
            "matrix<<EOF\nEOF", "--id", "' \" \\"
        ]
        answer = self.matrix("--", json.dumps(members * 2, ensure_ascii=False))
        self.assertEqual(json.loads(answer.outputs["matrix"]), members)
        self.assertEqual(answer.json(), members)
        self.assertEqual(len(answer.err.splitlines()), len(members))
        for line in answer.err.splitlines():
            self.assertTrue(line.startswith("refgate: member "), line)

    def test_anything_else_is_wrong_input_with_a_reason_and_no_outputs(self):
        rows = {
            "opus,sonnet": "no JSON",
            "[1, 2]": "member 1",
            '{"a": []}': "object",
            "[[]]": "a list",
            '["a", {"name": "b"}]': 'no "id"',
            "[null]": "null",
            '"a"': "text",
            "[": "no JSON",
            "models.json": "--file"
        }
        for text, says in rows.items():
            with self.subTest(text=text):
                answer = self.matrix(text, status=2)
                self.assertIn(says, answer.err)
                self.assertEqual((answer.out, answer.output_text), ("", ""))
        self.assertIn("empty", self.matrix(stdin=b"", status=2).err)
        self.assertIn("1 MiB", self.matrix(stdin=b" " * (1 << 21), status=2).err)
        self.assertIn("cannot be read", self.matrix("--file", "none.json", status=2).err)
        self.assertIn("cannot be read", self.matrix("--file", "/", status=2).err)
        self.assertIn("twice", self.matrix("[]", "--file", "x", status=2).err)

    def test_what_github_would_not_start_is_told(self):
        self.assertIn("empty", self.matrix("[]").err)
        self.assertEqual(self.matrix("[]").outputs["count"], "0")
        self.assertIn("256", self.matrix(json.dumps([str(n) for n in range(257)])).err)


if __name__ == "__main__":
    unittest.main()
