"""Results are kept on request, found again, and give no secret away."""

import base64
import datetime
import json
import unittest
import urllib.parse

from gate_case import HEAD, TOKEN, GateCase, in_parallel, launch

ID = r"^\d{8}-\d{6}-\d{3}-[0-9a-f]{16}$"
BYTES = bytes(range(256)) * 3 + b"\0\r\n\xff"


class Result(GateCase):
    def save(self, content, *words, job=None, **options):
        """(job, answer) of a `result save` that succeeds."""
        job = job or self.job(**options)
        answer = job.call_fed(content, "result", "save", *words)
        self.assertEqual(answer.status, 0, answer)
        self.assertRegex(answer.lines["RESULT_ID"], ID)
        return job, answer

    def id_of(self, content, *words, **options):
        return self.save(content, *words, **options)[1].lines["RESULT_ID"]

    def listed(self, *words):
        return self.done(self.person().call("result", "list", "--json", *words)).rows()

    def ids(self, *words):
        return [result["id"] for result in self.listed(*words)]

    def get(self, *words, status=0):
        answer = self.person().call("result", "get", *words)
        self.assertEqual(answer.status, status, answer)
        return answer

    def content(self, *words):
        path = self.folder / "got"
        self.get(*words, "--output", path)
        return path.read_bytes()

    def plant(self, name, at, **files):
        """A ref below results/ whose commit holds these files, made by plain git."""
        tree = ""
        for path, text in files.items():
            blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
            tree += f"100644 blob {blob}\t{path}\n"
        made = self.remote.git("mktree", input=tree).strip()
        commit = self.remote.git("commit-tree", "-m", "x", made).strip()
        self.remote.git("update-ref", f"refs/refgate/results/{name}", commit)
        return at

    def age(self, days):
        """The id of a result that was kept so many days ago."""
        new = self.id_of(b"old")
        ref = f"refs/refgate/results/{new}"
        moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
        old = moment.strftime("%Y%m%d-%H%M%S-") + new[16:]
        record = json.loads(self.remote.git("show", f"{ref}:result.json"))
        self.plant(old, moment, **{
            "result.json": json.dumps({
                **record, "id": old
            }),
            "content": "old"
        })
        self.remote.git("update-ref", "-d", ref)
        return old

    def test_any_bytes_come_back_as_they_were(self):
        for content in (BYTES, b"", b"one line\n", "é🙂".encode(), b"x" * (1 << 20)):
            with self.subTest(size=len(content)):
                self.assertEqual(self.content(self.id_of(content)), content)

    def test_a_file_and_standard_input_are_the_same(self):
        job = self.job()
        (job.folder / "review.md").write_bytes(BYTES)
        for words in (("review.md",), ("-",), ()):
            answer = job.call_fed(BYTES, "result", "save", *words)
            self.assertEqual(answer.status, 0, answer)
            self.assertEqual(self.content(answer.lines["RESULT_ID"]), BYTES)

    def test_the_output_is_the_content_and_nothing_else(self):
        self.assertEqual(self.get(self.id_of(b"line\n")).out, "line\n")

    def test_the_id_and_the_command_that_gets_it_go_to_the_outputs(self):
        _, answer = self.save(b"x")
        self.assertEqual(answer.outputs, {
            "result_id": answer.lines["RESULT_ID"],
            "retrieve": answer.lines["RETRIEVE"]
        })
        words = answer.lines["RETRIEVE"].split()
        self.assertEqual(words[:4], ["refgate", "result", "get", answer.lines["RESULT_ID"]])
        self.assertEqual(self.person().call(*words[1:], REFGATE_REMOTE="").out, "x")

    def test_a_result_is_one_parentless_commit_that_plain_git_shows(self):
        name = self.id_of(b"for people\n", "--title", "T", "--meta", "model=opus")
        ref = f"refs/refgate/results/{name}"
        self.assertEqual(self.remote.git("show", f"{ref}:content"), "for people\n")
        self.assertEqual(
            json.loads(self.remote.git("show", f"{ref}:result.json"))["meta"], {"model": "opus"})
        self.assertEqual(len(self.remote.git("rev-list", ref).split()), 1)

    def test_results_are_found_by_id_url_session_and_time(self):
        url = "https://example.test/pull/7"
        first = self.id_of(b"1", "--url", url, "--title", "One | two\n\x1b[31m")
        second = self.id_of(b"2", "--url", url)
        job, _ = self.gate()
        third = self.id_of(b"3", job=job)
        self.assertEqual(self.ids(), [first, second, third])
        self.assertEqual(self.ids("--url", url), [first, second])
        self.assertEqual(self.ids("--session", job.run), [third])
        self.assertEqual(self.ids("--session",
                                  self.listed()[2]["origin"]["session_key"]),
                         [first, second, third])
        self.assertEqual(self.ids("--since", "1h"), [first, second, third])
        self.assertEqual(self.ids("--until", "1h"), [])
        self.assertEqual(self.ids("--since", self.listed()[1]["saved_at"]), [second, third])
        self.assertEqual(self.get(url).out, "2")
        self.assertIn("2 results", self.get(url).err)
        self.assertEqual(self.get(f"https://github.com/octo/app/actions/runs/{job.run}").out, "3")
        self.assertIn("no result", self.get("https://example.test/none", status=1).err)
        self.assertIn("no result",
                      self.get(first[:-1] + ("0" if first[-1] != "0" else "1"), status=1).err)
        table = self.done(self.person().call("result", "list")).out
        self.assertEqual(len(table.splitlines()), 4)
        self.assertNotIn("\x1b", table)

    def test_the_record_says_whose_it_is(self):
        job, won = self.gate()
        record = self.get(self.id_of(b"x", "--title", "T", "--url", "u", job=job),
                          "--meta-only").json()
        said = {**record, **record["origin"]}
        wanted = {"status": "saved", "reason": "requested", "title": "T", "url": "u", "size": 1,
                  "claim_id": won.claim_id, "session_key": won.lines["SESSION_KEY"],
                  "scope": self.only_ref(), "run_id": job.run, "workflow": "Agent Review",
                  "event": "push", "job": "agent", "commit": HEAD}
        self.assertEqual({name: said[name] for name in wanted}, wanted)

    def only_ref(self):
        (ref,) = self.remote.claims()
        return ref

    def test_a_duplicate_is_told_where_the_first_ones_result_is(self):
        job, _ = self.gate()
        early = self.done(self.job().call("gate"))
        self.assertEqual(early.lines["RESULT_ID"], "")
        _, saved = self.save(b"the review", job=job)
        name = saved.lines["RESULT_ID"]
        self.assertEqual(self.only_claim()["result"], name)
        self.done(job.call("finish"))
        skipped = self.done(self.job().call("gate"))
        self.assert_skips(skipped, "already_done")
        self.assertEqual((skipped.lines["RESULT_ID"], skipped.outputs["result_id"]), (name, name))
        self.assertIn(f"refgate result get {name}", skipped.lines["REASON"])
        self.assertIn(name, skipped.summary)
        self.assertEqual(self.get(name).out, "the review")

    def test_a_result_that_comes_after_the_end_is_named_too(self):
        job, won = self.gate()
        self.done(job.call("finish"))
        _, saved = self.save(b"late", job=job)
        self.assertEqual(self.only_claim()["result"], saved.lines["RESULT_ID"])
        self.assertEqual((self.only_claim()["state"], self.only_claim()["outcome"]),
                         ("ended", "success"))
        self.assertEqual(saved.err, "")
        self.assertIn("ended before", self.done(job.call("finish")).out)

    def test_another_job_names_the_claim_by_its_id(self):
        _, won = self.gate()
        other = self.job(job="report")
        _, saved = self.save(b"x", "--claim-id", won.claim_id, job=other)
        self.assertEqual(self.only_claim()["result"], saved.lines["RESULT_ID"])

    def test_who_was_told_to_skip_changes_no_claim(self):
        self.gate()
        before = self.only_claim()
        skipped = self.job()
        self.assert_skips(skipped.call("gate"), "active_session")
        self.save(b"x", job=skipped)
        self.assertEqual(self.only_claim(), before)

    def test_a_claim_that_was_taken_over_is_left_alone(self):
        job, _ = self.take_lost_claim()
        self.assert_runs(self.job().call("gate"), "takeover")
        before = self.only_claim()
        _, saved = self.save(b"x", job=job)
        self.assertEqual(self.only_claim(), before)
        self.assertIn("not this job's any more", saved.err)
        self.assertEqual(self.get(saved.lines["RESULT_ID"]).out, "x")

    def test_saving_in_a_session_is_one_push(self):
        job, _ = self.gate()
        server = self.server("http")
        launch.reset(server)
        self.save(b"x", job=job)
        posts = [
            line for line in launch.requests(server) if "POST" in line and "receive-pack" in line
        ]
        self.assertEqual(len(posts), 1, launch.requests(server))
        self.done(job.call("finish"))
        self.assertEqual(self.only_claim()["outcome"], "success")

    def test_many_at_once_all_come_through(self):
        job, _ = self.gate()
        names = in_parallel(
            [lambda n=n: self.id_of(f"{n % 4}".encode(), job=job) for n in range(8)])
        self.assertEqual(sorted(self.ids()), sorted(names))
        self.assertEqual(len(set(names)), 8)
        self.assertIn(self.only_claim()["result"], names)

    def test_a_known_secret_is_refused_by_the_name_of_its_variable(self):
        secret = "s3cr3t/+value=="
        plain = secret.encode()
        forms = {
            "plain": b"x" + plain,
            "base64": b"y " + base64.b64encode(b"user:" + plain),
            "urlsafe": base64.urlsafe_b64encode(plain),
            "wrapped": base64.encodebytes(b"z" * 50 + plain),
            "url": urllib.parse.quote(secret, safe="").encode()
        }
        for variable in ("REFGATE_TOKEN", "GITHUB_TOKEN", "INPUT_TOKEN", "MY_SECRET", "db_password",
                         "DEPLOY_KEY"):
            for form, content in forms.items():
                with self.subTest(variable=variable, form=form):
                    answer = self.job().call_fed(content, "result", "save", **{variable: secret})
                    self.assertEqual(answer.status, 2, answer)
                    self.assertIn(variable, answer.err)
                    self.assertNotIn(secret, answer.err + answer.out + answer.output_text)
        for words in (("--title", secret), ("--url", f"https://x/?t={secret}"), ("--meta",
                                                                                 f"a={secret}")):
            with self.subTest(words=words):
                answer = self.job().call_fed(b"x", "result", "save", *words, API_KEY=secret)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn("API_KEY", answer.err)
        self.assertEqual(self.remote.refs("refs/refgate/results"), {})

    def test_what_only_looks_like_a_secret_can_be_named(self):
        answer = self.job().call_fed(b"linux-x64-deps", "result", "save", "--not-secret",
                                     "CACHE_KEY", CACHE_KEY="linux-x64-deps")
        self.assertEqual(answer.status, 0, answer)
        for variable in ("REFGATE_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN"):
            with self.subTest(variable):
                token = TOKEN if variable == "REFGATE_TOKEN" else f"some words of {variable}"
                answer = self.job().call_fed(token.encode(), "result", "save", "--not-secret", variable, **{variable: token})
                self.assertEqual(answer.status, 2, "a token is none of these")
        self.assertEqual(self.job().call_fed(b"short", "result", "save", A_KEY="short").status, 0)

    def test_what_is_too_long_is_refused_whole(self):
        answer = self.job().call_fed(b"x" * ((1 << 20) + 1), "result", "save")
        self.assertEqual(answer.status, 2, answer)
        self.assertIn("1 MiB", answer.err)
        self.assertIn("nothing was kept", answer.err)
        self.assertEqual(self.remote.refs("refs/refgate/results"), {})
        content = b"x" * ((1 << 20) + 1)
        self.assertEqual(self.content(self.id_of(content, "--max-bytes", str(2 << 20))), content)

    def test_wrong_usage_is_named(self):
        rows = [(("keep",), "save, list, get or prune"), (("list", "x"), "takes no"),
                (("get",), "wants the id"), (("save", "none.md"), "none.md"),
                (("save", "--meta", "x"), "key=value"),
                (("save", "--meta", "a=1", "--meta", "a=2"), "twice"),
                (("save", "--title", "x" * 201), "title"),
                (("save", "--older-than", "1d"), "--older-than"),
                (("prune", "--older-than", "soon"), "span"),
                (("list", "--since", "soon"), "--since"),
                (("save", "--max-bytes", "0"), "max-bytes"), ((), "ACTION")]
        for words, says in rows:
            with self.subTest(words=words):
                answer = self.job().call("result", *words)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(says, answer.err)

    def test_old_results_are_forgotten_and_younger_ones_stay(self):
        old, older, young = self.age(31), self.age(90), self.age(29)
        new = self.id_of(b"new")
        self.assertEqual(self.ids(), [older, old, young, new])
        self.assertEqual(self.ids("--since", "40d", "--until", "30d"), [old])
        for said in ("true", "TRUE", "1", "yes"):
            told = self.done(self.person().call("result", "prune", REFGATE_DRY_RUN=said))
            self.assertIn("Would forget", told.out)
            self.assertEqual(told.err, "")
        self.assertEqual(self.person().call("result", "prune", REFGATE_DRY_RUN="perhaps").status, 2)
        would = self.done(self.person().call("result", "prune", "--dry-run"))
        self.assertIn("Would forget 2", would.out)
        self.assertEqual(len(self.ids()), 4)
        gone = self.done(self.person().call("result", "prune"))
        self.assertIn("Forgot 2", gone.out)
        self.assertEqual(self.ids(), [young, new])
        self.done(self.person().call("result", "prune", "--older-than", "1h"))
        self.assertEqual(self.ids(), [new])

    def test_what_is_not_understood_is_named_and_left_alone(self):
        record = json.loads(
            self.remote.git("show", f"refs/refgate/results/{self.age(60)}:result.json"))
        newer, broken, foreign = (f"20200101-000000-000-{digit * 16}" for digit in "abc")
        self.plant(newer, 0, **{
            "result.json": json.dumps({
                **record, "version": 3
            }),
            "content": "x"
        })
        self.plant(broken, 0, **{"result.json": "{", "content": "x"})
        self.plant(foreign, 0, **{"README": "x"})
        self.plant("handmade", 0, **{"README": "x"})
        before = self.remote.refs("refs/refgate/results")
        for words in (("list",), ("prune", "--dry-run"), ("prune",)):
            answer = self.done(self.person().call("result", *words))
            for name in (newer, broken, foreign, "handmade"):
                self.assertIn(name, answer.err, words)
            self.assertIn("newer refgate", answer.err)
        self.assertEqual(self.remote.refs("refs/refgate/results"), {
            ref: value
            for ref, value in before.items() if record["id"] not in ref
        })
        self.assertEqual(self.get(newer, status=3).out, "")

    def test_a_content_that_somebody_changed_is_told(self):
        name = self.id_of(b"mine")
        record = self.remote.git("show", f"refs/refgate/results/{name}:result.json")
        self.plant(name, 0, **{"result.json": record, "content": "theirs"})
        answer = self.get(name, status=1)
        self.assertIn("digest", answer.err)
        self.assertEqual(answer.out, "theirs")

    def test_a_store_that_cannot_be_written_is_exit_3_and_nothing_is_said_to_be_kept(self):
        answer = self.job(remote=self.remote_of("read-only")).call_fed(b"x", "result", "save")
        self.assertEqual((answer.status, answer.out, answer.output_text), (3, "", ""), answer)
        hook = self.path / "hooks" / "update"
        hook.write_text(
            "#!/bin/sh\ncase $1 in */results/*) echo 'no results here' >&2; exit 1;; esac\n")
        hook.chmod(0o755)
        job, _ = self.gate()
        answer = job.call_fed(b"x", "result", "save")
        self.assertEqual((answer.status, answer.out, answer.output_text), (3, "", ""), answer)
        self.assertIn("not kept", answer.err)
        self.assertNotIn("result", self.only_claim(), "a claim names no result that is not there")

    def test_the_other_stores_keep_results_as_well(self):
        for kind in ("path", "ssh", "https"):
            with self.subTest(kind=kind):
                remote = self.remote_of(kind)
                saved = self.job(remote=remote).call_fed(BYTES, "result", "save")
                self.assertEqual(saved.status, 0, saved)
                path = self.folder / f"got-{kind}"
                got = self.person(remote).call("result", "get", saved.lines["RESULT_ID"],
                                               "--output", path)
                self.assertEqual((got.status, path.read_bytes()), (0, BYTES), got)


if __name__ == "__main__":
    unittest.main()
