"""The metrics, alert rules and dashboard in promtool and in a real Prometheus."""

import contextlib
import functools
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import payloads  # noqa: E402
from gate_case import GateCase, await_that  # noqa: E402
from hostile_texts import TEXTS, UNSEEN  # noqa: E402

MONITORING = pathlib.Path(__file__).resolve().parent.parent.parent / "monitoring"
NAME = re.compile(r"\brefgate_[a-z_]+\b")
HOSTILE = 'a "quoted" \\ name\u2028 {x="1"} # HELP\U0001f600'


def promtool(*words, **options):
    return subprocess.run(["promtool", *map(str, words)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)


@contextlib.contextmanager
def files_over_http(folder):
    """A static file exporter: what lies in the folder, on a free port."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        extensions_map = {"": "text/plain; version=0.0.4"}

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    def __init__(self, folder, target):
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms",
                       "evaluation_interval": "200ms"},
            "rule_files": [str(MONITORING / "alerts.yml")],
            "scrape_configs": [{"job_name": "refgate", "metrics_path": "/refgate.prom",
                                "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}]}))
        self.log = folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}",
                                    timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, name):
        with contextlib.suppress(OSError):
            return [float(row["value"][1]) for row in self.get(f"query?query={name}")["result"]]
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text(encoding="utf-8"))
        return []

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]
                if alert["state"] == "firing"}

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class MetricsCase(GateCase):
    def metrics(self, *words):
        return self.done(self.person().call("metrics", *words)).out

    def sample(self, page, name):
        (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
        return float(value)

    def some_work(self):
        for number, status in enumerate(("success", "failure", "cancelled")):
            payload = payloads.push(payloads.commit(f"work{number}"))
            job, _ = self.gate(payload=payload, workflow=HOSTILE)
            self.gate(payload=payload)
            self.done(job.call("finish", "--status", status))
        self.gate(payload=payloads.push(payloads.commit("live")))

    def duplicate(self):
        """Two launches of one piece of work: somebody deleted the claim in between."""
        payload = payloads.push(payloads.commit("duplicate"))
        before = set(self.remote.claims())
        self.gate(payload=payload)
        self.done(self.person().call("gc"))
        (ref,) = set(self.remote.claims()) - before
        self.remote.git("update-ref", "-d", ref)
        _, again = self.gate(payload=payload)
        self.assert_runs(again, "first")


class Formats(MetricsCase):
    def test_promtool_takes_the_page(self):
        for page in (self.metrics(), self.some_work() or self.metrics(), self.metrics("--top", "1")):
            checked = promtool("check", "metrics", input=page)
            self.assertEqual((checked.returncode, checked.stdout), (0, ""), page)

    def test_promtool_takes_every_hostile_name(self):
        for number, text in enumerate(TEXTS):
            self.gate(payload=payloads.push(payloads.commit(f"text{number}")), workflow=text, actor=text)
        page = self.metrics("--top", str(2 * len(TEXTS)))
        self.assertIsNone(UNSEEN.search(page))
        checked = promtool("check", "metrics", input=page)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""), page)
        launched = re.findall(r"^refgate_sessions_total\{.*\} (\d+)$", page, re.MULTILINE)
        self.assertEqual(sum(map(int, launched)), len(TEXTS))
        self.assertNotIn("\nforged", page)

    def test_the_numbers_are_those_of_stats(self):
        self.some_work()
        page = self.metrics()
        stats = self.done(self.person().call("stats", "--json")).json()
        self.assertEqual(stats["total"]["sessions"], 4)
        launched = re.findall(r"^refgate_sessions_total\{.*\} (\d+)$", page, re.MULTILINE)
        self.assertEqual(sum(map(int, launched)), stats["total"]["sessions"])
        saved = re.findall(r"^refgate_sessions_saved_total\{.*\} (\d+)$", page, re.MULTILINE)
        self.assertEqual(sum(map(int, saved)), stats["total"]["prevented"])
        for outcome in ("success", "failure", "cancelled"):
            self.assertEqual(self.sample(page, f'refgate_session_closed_total{{outcome="{outcome}"}}'),
                             stats["total"]["closed"][outcome])
        self.assertEqual(self.sample(page, "refgate_session_duration_seconds_count"), 3)
        self.assertEqual(self.sample(page, 'refgate_live_sessions{state="active"}'), 1)
        self.assertEqual(self.sample(page, "refgate_duplicates_allowed_total"), 0)

    def test_cardinality_is_bounded(self):
        for number in range(4):
            self.gate(payload=payloads.push(payloads.commit(f"w{number}")), workflow=f"w{number}")
        page = self.metrics("--top", "2")
        self.assertEqual(len(re.findall(r"^refgate_sessions_total\{", page, re.MULTILINE)), 3)
        self.assertEqual(self.sample(page, 'refgate_sessions_total{workflow="other"}'), 2)

    def test_promtool_takes_the_rules_and_their_tests_pass(self):
        for words in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")):
            done = promtool(*words, cwd=MONITORING)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_name_in_dashboard_and_rules_is_one_that_metrics_prints(self):
        self.some_work()
        # What failed is asked for again: a skip that no work stands behind.
        _, again = self.gate(payload=payloads.push(payloads.commit("work1")))
        self.assert_skips(again, "retry_suppressed")
        printed = set(NAME.findall("\n".join(
            line for line in self.metrics().splitlines() if not line.startswith("#"))))
        dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(queries), 20)
        rules = (MONITORING / "alerts.yml").read_text(encoding="utf-8")
        for text in [*queries, *re.findall(r"^ +(?:expr:|sum|>).*$", rules, re.MULTILINE)]:
            for name in NAME.findall(text):
                self.assertIn(name, printed, text)
        for query in queries:
            checked = promtool("check", "rules", "/dev/stdin", input=json.dumps({"groups": [
                {"name": "q", "rules": [{"record": "q", "expr":
                                         query.replace("$__range", "1d")}]}]}))
            self.assertEqual(checked.returncode, 0, query + checked.stdout)


class Scraped(MetricsCase):
    def test_the_alert_for_a_duplicate_that_ran_fires_and_no_other(self):
        shown = self.folder / "shown"
        shown.mkdir()

        def publish():
            new = shown / "new"
            new.write_text(self.metrics(), encoding="utf-8")
            os.replace(new, shown / "refgate.prom")

        self.some_work()
        publish()
        with files_over_http(shown) as port:
            prometheus = Prometheus(self.folder, port)
            try:
                await_that(lambda: prometheus.value("refgate_duplicates_allowed_total") == [0.0], 60,
                           "the first scrape")
                self.assertEqual(prometheus.value("sum(refgate_sessions_total)"), [4.0])
                self.assertEqual(prometheus.firing(), set())
                self.duplicate()
                publish()
                await_that(lambda: "RefgateDuplicateRan" in prometheus.firing(), 60, "the alert")
                self.assertEqual(prometheus.firing(), {"RefgateDuplicateRan"})
            finally:
                prometheus.stop()


if __name__ == "__main__":
    unittest.main()
