"""The report in a headless Chromium: it asks the network for nothing, the console stays empty, and hostile names are text.

REFGATE_PICTURES=FOLDER keeps screenshots at three widths in both themes and what is printed, for a person to look at.
"""

import base64
import hashlib
import json
import os
import pathlib
import random
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import payloads  # noqa: E402
from browser import chromium  # noqa: E402
from gate_case import HEAD, GateCase, await_that  # noqa: E402
from hostile_texts import TEXTS, UNSEEN  # noqa: E402

HOSTILE = '</script><script>window.hit=1</script><img src=x onerror="window.hit=1">\u2028"\'&<!--'
WIDTHS = {"small": (320, 568), "phone": (390, 844), "middle": (1000, 800), "desk": (1280, 900)}
# Text that can be seen whose contrast with what it stands on (WCAG 2: relative luminance) is below the least that is given.
PALE = """
const least = arguments[0], number = (text) => text.match(/[\\d.]+/g).map(Number);
const luminance = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const color = number(getComputedStyle(node).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color;
    if (color[3] > 0) return [NaN, NaN, NaN];
  }
  return [255, 255, 255];
};
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement, style = getComputedStyle(node);
  if (!walker.currentNode.data.trim() || ["SCRIPT", "OPTION", "title"].includes(node.tagName) || !node.checkVisibility({visibilityProperty: true})) continue;
  const [a, b] = [luminance(number(node instanceof SVGElement ? style.fill : style.color)), luminance(ground(node))];
  const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (!(contrast >= least)) found.push(contrast.toFixed(2) + " " + walker.currentNode.data.trim().slice(0, 40));
}
return found;
"""


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

    def full_page(self):
        """A month's record, and one of everything that can stand: sessions, a line, a budget, a pause, promises."""
        self.plant(a_month(time.time(), random.Random(7)))
        self.gate("--budget", "repo:20usd/1d", "--reserve", "1.50usd", workflow="A workflow with a name as long as people give them " * 2)
        self.gate("--group-by", "repository", payload=payloads.push(payloads.commit("other")), run="19876543210")
        holder, _ = self.gate(payload=payloads.push(payloads.commit("broken")), run="19876543211")
        self.gate(payload=payloads.push(payloads.commit("broken")), run="19876543212")
        self.done(holder.call("finish", "--status", "cancelled"))
        self.done(self.person().call("pause", "workflow:Nightly", "--reason", "a deploy " * 9))
        return self.report("--usd-per-hour", "12")

    def test_a_months_record_at_every_width_in_both_themes(self):
        page = self.full_page().as_uri()
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
                        self.assertEqual(browser.run(PALE, 4.5), [])
                        if width < 700:
                            self.assertEqual(browser.run("return [...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText)"), [])
                        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
                        dark = sum(map(int, ground[4:-1].split(","))) < 3 * 128
                        self.assertEqual(dark, theme == "dark", ground)
                        if pictures:
                            browser.picture(pathlib.Path(pictures) / f"report-{name}-{theme}.png")
            browser.click("#theme")
            self.assertEqual(browser.run("return document.documentElement.dataset.theme"), "light")
            self.check(browser, page)

    def test_a_run_id_stands_in_one_piece(self):
        page = self.full_page().as_uri()
        with self.browser() as browser:
            for width in (1000, 1280):
                browser.look(width, 900, "light")
                browser.open(page)
                lines = browser.run("return [...document.querySelectorAll('#lines td:nth-child(4)')].map((cell) => {"
                                    "const range = document.createRange(); range.selectNodeContents(cell);"
                                    "return new Set([...range.getClientRects()].map((each) => each.bottom)).size; })")
                self.assertGreater(len(lines), 50)
                self.assertLessEqual(max(lines), 1, width)

    def test_a_run_is_linked_by_what_its_page_goes_by(self):
        for forge, href in ((None, "/actions/runs/{run}"), ("GITEA_ACTIONS", "/actions/runs/7?by_index=1")):
            self.setUp()
            job, _ = self.gate(environment={forge: "true", "GITHUB_RUN_NUMBER": "7", "GITHUB_SERVER_URL": "https://forge.example"} if forge else {})
            path = self.report()
            text = path.read_text(encoding="utf-8")
            where = json.dumps(str(self.remote.url))
            self.assertIn(where, text)
            path.write_text(text.replace(where, '"https://forge.example/octo/app"'), encoding="utf-8")
            with self.browser() as browser:
                browser.open(path.as_uri())
                links = browser.run("return [...document.querySelectorAll('td a')].map((link) => link.href)")
            self.assertEqual(set(links), {"https://forge.example/octo/app" + href.format(run=job.run)})

    def test_on_paper_all_is_open_black_on_white_and_nothing_can_be_pressed(self):
        page = self.full_page().as_uri()
        pictures = os.environ.get("REFGATE_PICTURES")
        with self.browser() as browser:
            for theme in ("light", "dark"):
                # The width of a sheet of A4 between its margins.
                browser.look(718, 1000, theme)
                browser.open(page)
                browser.click("#theme")
                browser.devtools("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": theme}])
                self.assertEqual(browser.run("return [...document.querySelectorAll('button, input, select, summary')].filter((each) => each.checkVisibility()).map((each) => each.outerHTML)"), [])
                self.assertEqual(browser.run("return [...document.querySelectorAll('details:not([open])')].length"), 0)
                self.assertEqual({ground for ground in browser.run("return [document.documentElement, document.body, ...document.querySelectorAll('.card')].map((each) => getComputedStyle(each).backgroundColor)")},
                                 {"rgb(255, 255, 255)"})
                self.assertEqual(browser.run("return getComputedStyle(document.querySelector('h1')).color"), "rgb(0, 0, 0)")
                self.assertEqual(browser.run(PALE, 7), [])
                wide = browser.run("return [...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 80))")
                self.assertEqual(wide, [])
                self.assertEqual(browser.run("return [...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText)"), [])
                self.assertEqual(browser.run("return getComputedStyle(document.querySelector('.card')).breakInside"), "avoid")
                for fact in ("Sessions run", "The record", "Promises", "Budgets", "workflow:Nightly"):
                    self.assertIn(fact, browser.run("return document.body.innerText"))
                self.check(browser, page)
            sheets = base64.b64decode(browser.devtools("Page.printToPDF", printBackground=False)["data"])
            if pictures:
                (pathlib.Path(pictures) / "report-paper.pdf").write_bytes(sheets)
            self.assertLessEqual(len(re.findall(rb"/Type\s*/Page\b", sheets)), 8)

    def test_what_stands_now_and_what_was_promised(self):
        """Launches, skips by reason, saved sessions and dollars, budgets and pauses, promises broken and made good."""
        job, _ = self.gate("--budget", "repo:20usd/1d", "--reserve", "1.50usd")
        self.gate()
        self.done(job.call("finish", "--status", "success", "--cost", "3.25"))
        self.gate(event="pull_request", payload=payloads.pull_request(HEAD))
        for name in ("kept", "broken"):
            payload = payloads.push(payloads.commit(name))
            holder, _ = self.gate(payload=payload)
            skipped, _ = self.gate(payload=payload)
            self.done(holder.call("finish", "--status", "cancelled"))
            if name == "kept":
                self.assertEqual(self.done(self.job().call("status", "--lost", "--take", "1")).out.split(), [skipped.run])
                again, _ = self.gate(payload=payload, run=skipped.run, attempt=2)
                self.done(again.call("finish", "--status", "success", "--cost", "1.25"))
        self.done(self.person().call("pause", "workflow:Nightly", "--for", "2h", "--reason", "a deploy"))
        page = self.report("--usd-per-hour", "60").as_uri()
        with self.browser() as browser:
            browser.look(*WIDTHS["desk"], "light")
            browser.open(page)
            text = lambda selector: browser.run("return document.querySelector(arguments[0]).innerText", selector)  # noqa: E731
            numbers = text("#numbers")
            for fact in ("Sessions saved\n4\n", "about $9.00 by what such sessions cost", "Promises broken\n1\n", "1 was made good"):
                self.assertIn(fact, numbers)
            self.assertIn("already running", text("#reasons"))
            self.assertIn("handled by push or pull request", text("#reasons"))
            self.assertRegex(text("#budgets"), r"repo octo/app\s+16\.75 of 20\.00 usd left in 1d")
            self.assertRegex(text("#pauses"), r"workflow:Nightly\s+a deploy\s+.*\d\d:\d\d")
            self.assertRegex(text("#promises"), rf"{skipped.run}\s+cancelled\s+nobody yet")
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
