"""The report in a headless Chromium: it asks the network for nothing, the console stays empty, and hostile names are text.

REFGATE_PICTURES=FOLDER keeps screenshots at two widths in both themes, for a person to look at.
"""

import hashlib
import json
import os
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import payloads  # noqa: E402
from browser import chromium  # noqa: E402
from gate_case import GateCase, await_that  # noqa: E402
from hostile_texts import TEXTS, UNSEEN  # noqa: E402

HOSTILE = '</script><script>window.hit=1</script><img src=x onerror="window.hit=1">\u2028"\'&<!--'
WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}


class Line:
    """A line as gate and finish would write it, on a day of long ago."""

    count = 0

    def __init__(self, at, kind, claim, **more):
        Line.count += 1
        self.fields = {
            "version": 1, "id": f"{Line.count:032x}", "kind": kind, "claim_id": claim,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at)),
            "executed": kind != "skip", "job_status": "", "digest": "none", **more}

    def day(self):
        return self.fields["timestamp"][:10].replace("-", "")


def a_month(now, chance):
    """Three weeks of pull requests: a session each, with duplicates, failures, takeovers and a loss."""
    lines = []
    for number in range(170):
        at = now - chance.random() * 21 * 86400
        head = hashlib.sha1(str(number).encode()).hexdigest()
        workflow = chance.choice(["Agent Review"] * 5 + ["Docs Agent"] * 2 + ["Triage", "Release notes"])
        slug = workflow.lower().replace(" ", "-")
        events = chance.sample(["push", "pull_request", "issue_comment", "workflow_dispatch"], 2)
        took = chance.expovariate(1 / 700) + 40
        common = {"workflow": workflow, "commit_sha": head, "scope": f"refs/refgate/claims/commit/{head}/{slug}"}

        def line(after, kind, claim, event, run, generation=1, **more):
            actor = chance.choice(["ann", "bob", "carla", "dependabot[bot]"])
            lines.append(Line(at + after, kind, claim, event_type=event, run_id=str(run),
                              session_key=f"{slug}-{event}-{head[:8]}", actor=actor,
                              generation=generation, **common, **more))
        run = 90000 + number * 10
        line(0, "launch", f"c{number}", events[0], run, reason_code="first", job_status="started",
             reason="No conflicts detected")
        for duplicate in range(chance.choice([0, 1, 1, 2, 3])):
            line(chance.random() * took, "skip", f"s{number}-{duplicate}", chance.choice(events),
                 run + 1 + duplicate, reason_code=chance.choice(["active_session", "pr_lock"]),
                 job_status="skipped", holder_run_id=str(run),
                 reason=f"Active session found: run {run} ({events[0]} by ann)")
        end = chance.choice(["success"] * 8 + ["failure", "cancelled", "lost"])
        if end == "lost":
            line(took, "lost", f"c{number}", events[0], run, job_status="lost")
            line(took, "launch", f"t{number}", events[1], run + 5, 2, reason_code="takeover",
                 job_status="started", reason="Taken over, since its lease has passed")
            line(took * 2, "end", f"t{number}", events[1], run + 5, 2, job_status="success",
                 duration_ms=int(took * 1000))
        else:
            line(took, "end", f"c{number}", events[0], run, job_status=end,
                 duration_ms=int(took * 1000))
            if chance.random() < .4:
                code = "already_done" if end == "success" else "retry_suppressed"
                line(took + 500, "skip", f"d{number}", events[1], run + 6, reason_code=code,
                     job_status="skipped", holder_run_id=str(run), run_attempt=2,
                     reason=f"This work was done by run {run}")
    return lines


class ReportCase(GateCase):
    def plant(self, lines):
        """The lines as folded days, one note for each commit."""
        days = {}
        for line in lines:
            note = days.setdefault(line.day(), {}).setdefault(line.fields["commit_sha"], [])
            note.append(json.dumps(line.fields))
        stream = []
        for day, notes in sorted(days.items()):
            stream.append(f"commit refs/notes/refgate/{day}/all\n"
                          "committer refgate <refgate@localhost> 1700000000 +0000\ndata 0\n")
            for commit, texts in notes.items():
                text = "\n".join(texts) + "\n"
                stream.append(f"M 100644 inline {commit[:2]}/{commit[2:]}\n"
                              f"data {len(text.encode())}\n{text}\n")
        self.remote.git("fast-import", "--quiet", "--force", input="".join(stream))

    def report(self, *words):
        path = self.folder / "report.html"
        self.done(self.person().call("report", "--html", str(path), *words))
        return path

    def requests(self, browser, page):
        """Whatever the page asked for besides itself."""
        asked = []
        for entry in browser.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        return [url for url in asked if not url.startswith("data:") and url != page]

    def rows(self, browser):
        return browser.run("return [...document.querySelectorAll('#lines tbody tr')]"
                           ".map((row) => row.innerText)")


class InABrowser(ReportCase):
    def browser(self):
        return chromium(self.folder, await_that)

    def check(self, browser, page):
        self.assertEqual(browser.log("browser"), [])
        self.assertEqual(self.requests(browser, page), [])

    def test_a_months_record_at_two_widths_in_both_themes(self):
        self.plant(a_month(time.time(), random.Random(7)))
        self.gate()
        self.gate("--group-by", "repository", payload=payloads.push(payloads.commit("other")))
        page = self.report().as_uri()
        pictures = os.environ.get("REFGATE_PICTURES")
        with self.browser() as browser:
            for name, (width, height) in WIDTHS.items():
                for theme in ("light", "dark"):
                    with self.subTest(width=name, theme=theme):
                        browser.look(width, height, theme)
                        browser.open(page)
                        self.check(browser, page)
                        self.assertLessEqual(
                            browser.run("return document.documentElement.scrollWidth"), width,
                            "the page is not wider than the screen")
                        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
                        dark = sum(map(int, ground[4:-1].split(","))) < 3 * 128
                        self.assertEqual(dark, theme == "dark", ground)
                        if pictures:
                            browser.picture(pathlib.Path(pictures) / f"report-{name}-{theme}.png")
            browser.click("#theme")
            self.assertEqual(browser.run("return document.documentElement.dataset.theme"), "light")
            self.check(browser, page)

    def test_the_search_box_filters_and_the_numbers_are_those_of_stats(self):
        self.plant(a_month(time.time(), random.Random(8)))
        stats = self.done(self.person().call("stats", "--json")).json()
        page = self.report().as_uri()
        with self.browser() as browser:
            browser.look(*WIDTHS["desk"], "light")
            browser.open(page)
            shown = browser.run("return document.querySelector('#numbers').innerText")
            for value in (stats["total"]["prevented"], stats["total"]["sessions"]):
                self.assertIn(str(value), shown)
            everything = self.rows(browser)
            self.assertEqual(len(everything), 100)
            browser.click("#more")
            self.assertEqual(len(self.rows(browser)), 300)
            browser.type("#search", "docs takeover")
            found = self.rows(browser)
            self.assertTrue(0 < len(found) < 30, len(found))
            self.assertTrue(all("docs-agent" in row for row in found), found)
            browser.type("#search", "no such thing")
            self.assertEqual(self.rows(browser), ["No line fits."])
            browser.type("#search", " ")
            browser.run("const kind = document.getElementById('kind'); kind.value = 'lost';"
                        "kind.dispatchEvent(new Event('input'))")
            self.assertEqual(len(self.rows(browser)), stats["total"]["closed"]["lost"])
            days = browser.run("return document.getElementById('day').options.length")
            self.assertGreater(days, 15)
            drawn = browser.run("return document.querySelectorAll('#timeline rect').length")
            self.assertGreater(drawn, 0)
            browser.run("const day = document.getElementById('day'); day.selectedIndex = 5;"
                        "day.dispatchEvent(new Event('input'))")
            self.assertGreater(browser.run("return document.querySelectorAll('#timeline rect').length"), 0)
            self.check(browser, page)

    def test_hostile_names_are_text(self):
        payload = payloads.push(payloads.commit("hostile"))
        self.gate("--group-by", "x-{actor}", payload=payload, workflow=HOSTILE, actor=HOSTILE)
        self.gate(payload=payload, workflow=HOSTILE, actor=HOSTILE)
        self.gate("--share", HOSTILE, "--identity", HOSTILE, payload=payload)
        path = self.report()
        text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count("</script"), 2)
        self.assertNotIn("\u2028", text)
        with self.browser() as browser:
            browser.look(*WIDTHS["desk"], "light")
            browser.open(path.as_uri())
            self.assertIsNone(browser.run("return window.hit ?? null"))
            self.assertEqual(browser.run("return document.querySelectorAll('img').length"), 0)
            self.assertIn("onerror", browser.run("return document.body.innerText"))
            self.check(browser, path.as_uri())

    def test_every_hostile_text_is_text(self):
        for number, text in enumerate(TEXTS):
            self.gate("--share", text, payload=payloads.push(payloads.commit(f"text{number}")), workflow=text, actor=text)
        path = self.report("--lines", "1000")
        self.assertEqual(path.read_text(encoding="utf-8").count("</script"), 2)
        with self.browser() as browser:
            browser.look(*WIDTHS["desk"], "light")
            browser.open(path.as_uri())
            shown = browser.run("return document.body.innerText")
            self.assertIn("<script>alert(1)</script>", shown)
            self.assertIsNone(UNSEEN.search(shown))
            self.assertEqual(browser.run("return document.querySelectorAll('script:not([id=data])').length"), 1)
            self.assertEqual(browser.run("return [...document.links].map(a => a.protocol)"
                                         ".filter(p => !['https:', 'http:', 'file:'].includes(p))"), [])
            self.check(browser, path.as_uri())

    def test_an_empty_record_is_a_page_too(self):
        page = self.report().as_uri()
        with self.browser() as browser:
            browser.look(*WIDTHS["phone"], "dark")
            browser.open(page)
            self.assertIn("Nothing was asked", browser.run("return document.body.innerText"))
            self.check(browser, page)


class Files(ReportCase):
    def test_the_page_names_nothing_on_the_network(self):
        self.gate()
        text = self.report().read_text(encoding="utf-8")
        for part in ("src=", "@import", "url(", "<link rel=\"stylesheet\"", "fetch("):
            self.assertNotIn(part, text)
        self.assertNotIn("@DATA@", text)

    def test_bounds_and_wrong_usage(self):
        self.plant(a_month(time.time(), random.Random(9)))
        def data(path):
            text = path.read_text(encoding="utf-8")
            return json.loads(text.split('id="data">')[1].split("</script>")[0])
        whole = data(self.report())
        few = data(self.report("--lines", "10"))
        self.assertEqual((len(few["lines"]), few["total"]), (10, whole["total"]))
        self.assertEqual(few["lines_left"], len(whole["lines"]) - 10)
        self.assertEqual(data(self.report("--since", "2020-01-01", "--until", "2020-01-02"))["days"], [])
        for words, status in (((), 2), (("--html", "x", "--lines", "many"), 2),
                              (("--html", "/nowhere/report.html"), 3)):
            self.assertEqual(self.person().call("report", *words).status, status, words)


if __name__ == "__main__":
    unittest.main()
