"""One session's life, and what follows it, on servers with habits that git allows."""

import unittest

from odd_servers import AskFirst, Clocked, HalfWhole, Lagging, OddCase, Typed, launch


class Life(OddCase):
    def live_a_life(self):
        first, answer = self.gate()
        self.assert_runs(answer, "first")
        self.assert_skips(self.job().call("gate"), "active_session")
        self.done(first.call("heartbeat"))
        self.done(first.call("finish", "--status", "cancelled"))
        second, answer = self.gate()
        self.assert_runs(answer, "takeover")
        self.done(second.call("finish", "--status", "success"))
        self.assertEqual(self.live(), [])

    def test_a_server_that_wants_to_be_asked_before_either_service(self):
        asked = set()
        self.use(AskFirst, asked=asked)
        first, _ = self.gate()
        # Each client is a new one to the server.
        asked.clear()
        self.assert_skips(self.job().call("gate"), "active_session")
        asked.clear()
        self.done(first.call("finish", "--status", "cancelled"))
        asked.clear()
        self.assert_runs(self.job().call("gate"), "takeover")

    def test_types_of_content_with_parameters_and_in_any_case(self):
        for spelled in (lambda value: value + "; charset=utf-8", lambda value: value.title(),
                        lambda value: value.upper() + " ;x=y"):
            self.setUp()
            self.use(Typed, spelled=staticmethod(spelled))
            self.live_a_life()

    def test_another_type_of_content_is_none_of_gits(self):
        self.use(Typed, spelled=staticmethod(lambda value: value + "x; charset=utf-8"))
        answer = self.job().call("gate", "--deadline", "3s")
        self.assertEqual((answer.status, answer.code), (3, "unreadable"), answer)


class Behind(OddCase):
    def setUp(self):
        super().setUp()
        launch.make_repository(self.path.with_suffix(".mirror"), 0)
        following = []
        self.use(Lagging, lag=1.0, root=self.root, following=following)
        self.addCleanup(lambda: [mirror.join() for mirror in following])

    def test_a_duplicate_and_a_takeover_wait_for_a_reading_side_that_is_behind(self):
        first, answer = self.gate()
        self.assert_runs(answer, "first")
        self.assert_skips(self.job().call("gate"), "active_session")
        self.done(first.call("finish", "--status", "cancelled"))
        second, answer = self.gate()
        self.assertIn(answer.code, ("takeover", "active_session"), answer)

    def test_a_session_of_a_group_ends_right_behind_its_heartbeat(self):
        job, answer = self.gate("--group-by", "repository", "--share", "g")
        self.assert_runs(answer, "first")
        self.done(job.call("heartbeat"))
        self.done(job.call("finish", "--status", "success"))

    def test_doctor_and_gc_accuse_nobody(self):
        answer = self.person().call("doctor", "--json", "--rounds", "1", "--deadline", "2m")
        rows = {row["check"]: row for row in answer.json()["checks"]}
        for check in ("namespace", "notes", "places"):
            self.assertEqual(rows[check]["state"], "ok", rows)
        self.assertEqual(self.remote.all_refs(), {})
        job, _ = self.gate()
        self.done(job.call("heartbeat"))
        self.done(job.call("finish", "--status", "success"))
        self.done(self.person().call("gc", "--deadline", "60s"))


class FarBehind(OddCase):
    """What is written is shown to those who read some seconds later, and no call fails for it."""

    SECOND = {"work": ((), (), "active_session"),
              "group": (("--group-by", "repository"), ("--wait", "1s"), "wait_expired"),
              "group at once": (("--group-by", "repository"), ("--no-wait",), "queued"),
              "slots": (("--slots", "1"), ("--wait", "1s"), "wait_expired"),
              "budget": (("--budget", "workflow:9/1d"), (), "first"),
              "breaker": (("--breaker", "3/1h"), (), "first")}

    def behind(self, lag):
        """A remote of its own whose readers are that far behind."""
        self.setUp()
        launch.make_repository(self.path.with_suffix(".mirror"), 0)
        following = []
        self.use(Lagging, lag=lag, root=self.root, following=following)
        self.addCleanup(lambda: [mirror.join() for mirror in following])

    def second(self, lag, kind):
        words, more, code = self.SECOND[kind]
        self.behind(lag)
        self.assert_runs(self.job().call("gate", *words), "first")
        work = () if kind == "work" else ("--share", "other")
        answer = self.job().call("gate", *words, *more, *work, "--deadline", "25s")
        if kind == "group at once" and answer.code != code:
            # What is not shown yet stands in nobody's way until the push.
            self.assertIn(answer.code, (code, "wait_expired"), answer)
        else:
            self.assertEqual((answer.status, answer.code), (0, code), answer)
        self.assertLess(answer.seconds, 26)

    def test_the_second_gate_of_each_kind(self):
        for kind in self.SECOND:
            with self.subTest(kind):
                self.second(2.0, kind)

    def test_six_seconds(self):
        for kind in ("work", "group", "slots", "budget"):
            with self.subTest(kind):
                self.second(6.0, kind)

    def test_what_is_never_shown_may_be_hidden_or_late(self):
        self.behind(9.0)
        self.assert_runs(self.job().call("gate", "--group-by", "repository"), "first")
        answer = self.job().call("gate", "--group-by", "repository", "--share", "b", "--deadline", "3s")
        self.assertEqual((answer.status, answer.code), (3, "unreadable"), answer)
        self.assertLess(answer.seconds, 5)
        self.assertIn("its readers are behind", answer.err)
        self.assertIn("hideRefs", answer.err)


class Doctor(OddCase):
    def row(self, check, status):
        answer = self.person().call("doctor", "--json", "--rounds", "0", "--deadline", "60s")
        self.assertEqual(answer.status, status, answer)
        return next(row for row in answer.json()["checks"] if row["check"] == check)

    def hook(self, text):
        path = self.path / "hooks" / "update"
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(0o755)

    def test_the_three_forms_of_a_date(self):
        for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"):
            with self.subTest(form):
                self.setUp()
                self.use(Clocked, form=form, ahead=7200)
                self.assertEqual(self.row("clock", 1)["state"], "failed")
                self.assertIn("refgate: this machine's clock", self.gate()[1].err)

    def test_a_server_that_tells_no_time(self):
        self.use(Clocked)
        row = self.row("clock", 0)
        self.assertEqual(row["state"], "warning", row)
        self.assertIn("told no time", row["text"])

    def test_a_server_that_takes_a_part_of_what_is_to_be_taken_whole(self):
        self.use(HalfWhole)
        row = self.row("refs per push", 0)
        self.assertEqual(row["state"], "warning", row)
        self.assertIn("whole", row["text"])
        self.assertEqual(self.remote.all_refs(), {})

    def test_rules_for_names_like_those_of_records(self):
        for rule in ("[ ${#1} -le 90 ]", *(f"case $1 in *'{mark}'*) false;; esac" for mark in "%+=,"),
                     "case $1 in refs/notes/refgate/20*) false;; esac", "[ $1 != refs/refgate/pause ]"):
            with self.subTest(rule):
                self.setUp()
                self.hook(f"{rule} || {{ echo 'not such a name' >&2; exit 1; }}\n")
                row = self.row("places", 1)
                self.assertEqual(row["state"], "failed", row)
                self.assertIn("not such a name", row["text"])
                self.assertEqual(self.remote.all_refs(), {})

    def test_pauses_that_stand_are_left_alone(self):
        self.done(self.person().call("pause", "workflow:CI", "--reason", "a test"))
        before = self.remote.all_refs()
        self.assertEqual(self.row("places", 0)["state"], "ok")
        pause = {ref: value for ref, value in self.remote.all_refs().items() if "pause" in ref}
        self.assertEqual(pause, {ref: value for ref, value in before.items() if "pause" in ref})


class Clash(OddCase):
    def test_a_name_that_clashes_with_another_refs_is_refused_for_good(self):
        for kind in ("path", "http"):
            with self.subTest(kind):
                self.setUp()
                remote = self.remote_of(kind)
                job, _ = self.gate(remote=remote)
                (ref, value), = self.remote.refs("refs/refgate/claims").items()
                self.remote.git("update-ref", "-d", ref)
                self.remote.git("update-ref", ref.rpartition("/")[0], value)
                for words in (("gate",), ("gate", "--group-by", "repository", "--wait", "60s")):
                    answer = self.job(remote=remote).call(*words)
                    self.assertEqual((answer.status, answer.code), (3, "denied"), answer)
                    self.assertIn("refgate doctor", answer.err)


class Slow(OddCase):
    def test_a_hook_that_asks_to_slow_down_is_asked_again_more_slowly(self):
        hook = self.path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        count = self.folder / "pushes"
        hook.write_text(f"#!/bin/sh\necho x >> {count}\n[ $(wc -l < {count}) -gt 3 ] || "
                        "{ echo 'slow down, please' >&2; exit 1; }\n", encoding="utf-8")
        hook.chmod(0o755)
        self.assert_runs(self.job().call("gate", "--deadline", "60s"), "first")
        self.assertEqual(len(count.read_text(encoding="utf-8").split()), 4)


if __name__ == "__main__":
    unittest.main()
