"""The job summary of a skip, made a page by GitHub's own reader of Markdown and looked at in a headless Chromium.

REFGATE_PICTURES=FOLDER keeps a screenshot of each, for a person to look at.
"""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import payloads  # noqa: E402
from browser import chromium  # noqa: E402
from gate_case import HEAD, GateCase, await_that  # noqa: E402
from hostile_texts import TEXTS, UNSEEN  # noqa: E402

RUNS = "https://github.com/octo/app/actions/runs/"
BUTTON = "https://github.com/refgate/refgate/blob/main/docs/stuck.md#by-a-button"
# What a reader of GitHub's Markdown makes a link, a picture or a block of by itself.
MARKUP = ("https://evil.example/x", "http://evil.example", "www.evil.example", "Www.evil.example", "ftp://evil.example/x", "a@evil.example",
          "mailto:a@evil.example", "xmpp:a@evil.example/x", "<https://evil.example>", "![x](https://evil.example/x.png)", "[x]: https://evil.example",
          "</details><h1>x</h1>", "</code></summary><img src=x onerror=window.hit=1>", "```\nx", "- [ ] x", "# x", "~~x~~", "**x**", "_x_", "$x$",
          "&lt;b&gt;", "&#60;b&#62;", "x\n\n# y", "<!--", "--> x", "[^1]", "x  \n***", "x ", " x", "| - | - |", "\\*x\\*")
TAGS = {"P", "A", "STRONG", "CODE", "DETAILS", "SUMMARY", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD"}
# About what GitHub's page of a run gives a summary.
STYLE = ("body{font:14px/1.5 sans-serif;max-width:1000px;margin:1em}td,th{border:1px solid #ccc;padding:4px 10px;text-align:left}"
         "table{border-collapse:collapse}code{background:#eee;padding:2px 4px}")


def page_of(markdown):
    extensions = [word for name in ("table", "autolink", "strikethrough", "tasklist", "tagfilter") for word in ("-e", name)]
    html = subprocess.run(["cmark-gfm", "--unsafe", *extensions], input=markdown, encoding="utf-8", check=True, capture_output=True).stdout
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{html}"


class Summaries(GateCase):
    def seen(self, browser, summary, name):
        """What stands on the page outside of what is folded, and its links by their text."""
        path = self.folder / f"{name}.html"
        path.write_text(page_of(summary), encoding="utf-8")
        browser.look(1000, 400, "light")
        browser.open(path.as_uri())
        pictures = os.environ.get("REFGATE_PICTURES")
        if pictures:
            browser.picture(pathlib.Path(pictures) / f"summary-{name}.png")
        self.assertEqual(browser.run("return document.querySelectorAll('details:not([open])').length"), 1)
        text = browser.run("return document.body.innerText").split("\nWhy: ")[0]
        links = dict(browser.run("return [...document.querySelectorAll('body > p a')].map((a) => [a.innerText, a.href])"))
        self.assertNotIn("**", text)
        return " ".join(text.split()), links

    def holder(self, *words, actor="octocat", **options):
        job, answer = self.gate(*words, actor=actor, **options)
        self.assertTrue(answer.runs, answer)
        return job

    def skipped(self, *words, **options):
        job, answer = self.gate(*words, event="pull_request", payload=payloads.pull_request(HEAD), **options)
        self.assertFalse(answer.runs, answer)
        return job, answer.summary

    def test_who_since_when_where_the_result_and_two_things_to_do(self):
        with chromium(self.folder, await_that) as browser:
            holder = self.holder()
            _, summary = self.skipped()
            text, links = self.seen(browser, summary, "live")
            self.assertRegex(text, rf"^⏭️ Not run: run {holder.run} (has just begun this work|is doing this work since \d+s) \(push by octocat\)\.")
            self.assertIn(f"Stuck? refgate release {holder.run} --reason why frees it, or a button.", text)
            self.assertEqual(links, {f"run {holder.run}": RUNS + holder.run, "a button": BUTTON})

            saved = self.done(holder.call_fed(b"Three findings.\n", "result", "save"))
            self.done(holder.call("finish"))
            job, summary = self.skipped()
            text, links = self.seen(browser, summary, "done")
            self.assertRegex(text, rf"^⏭️ Not run again: run {holder.run} did this work \(push by octocat, ended with success (just now|\d+s ago)\)\.")
            self.assertIn(f"Result: refgate result get {saved.lines['RESULT_ID']}.", text)
            self.assertIn(f"Wrong? Free it by refgate release {holder.run} --reason why or a button, then re-run this run.", text)
            self.assertEqual(links, {f"run {holder.run}": RUNS + holder.run, "a button": BUTTON, "re-run this run": RUNS + job.run})

    def test_a_failure_a_pause_and_a_line_tell_it_as_it_is(self):
        with chromium(self.folder, await_that) as browser:
            holder = self.holder()
            self.done(holder.call("finish", "--status", "failure"))
            _, summary = self.skipped()
            text, links = self.seen(browser, summary, "failed")
            self.assertRegex(text, rf"^⚠️ Not run again, and nobody has done this work: run {holder.run} failed \(push by octocat, ended with failure ")
            self.assertEqual(links[f"run {holder.run}"], RUNS + holder.run)

            first = self.holder("--group-by", "repository", payload=payloads.push(payloads.commit("first")))
            _, answer = self.gate("--group-by", "repository", "--no-wait", payload=payloads.push(payloads.commit("second")))
            self.assertEqual(answer.code, "queued", answer)
            text, links = self.seen(browser, answer.summary, "queued")
            self.assertRegex(text, rf"^⚠️ Not run, and nobody does this work: place 2 in line of group repo-octo/app, at its head run {first.run} \(.*, (in line since |has just joined the line)")
            self.assertIn(f"Stuck? refgate release {first.run} --reason why frees the head, or a button.", text)
            self.assertEqual(links, {f"run {first.run}": RUNS + first.run, "a button": BUTTON})

            self.done(self.person().call("pause", "--reason", "the provider is down ", "--for", "2h"))
            job, answer = self.gate("--pause", "ask", payload=payloads.push(payloads.commit("third")))
            self.assertEqual(answer.code, "paused", answer)
            text, links = self.seen(browser, answer.summary, "paused")
            self.assertRegex(text, r"^⚠️ Not run: paused .* until 20.*: the provider is down\b")
            self.assertEqual(links["re-run this run"], RUNS + job.run)

    def test_nothing_of_a_strangers_becomes_markup_or_a_link(self):
        told = []
        for number, text in enumerate((*MARKUP, *TEXTS)):
            payload = payloads.pull_request(payloads.commit(f"hostile {number}"))
            payload["pull_request"]["title"] = payload["pull_request"]["head"]["ref"] = text
            payload["sender"] = {"login": text}
            options = {"event": "pull_request", "payload": payload, "workflow": text, "actor": text}
            job = self.job(job=text, **options)
            told += [(text, job.call("gate", f"--share={text}").summary)]
            told += [(text, self.job(**options).call("gate", f"--share={text}").summary)]
            told += [(text, job.call("finish", "--status", "failure").summary)]
            told += [(text, self.job(**options).call("gate", f"--share={text}").summary)]
        with chromium(self.folder, await_that) as browser:
            path = self.folder / "hostile.html"
            found = []
            for text, summary in told:
                self.assertTrue(summary, text)
                path.write_text(page_of(summary), encoding="utf-8")
                browser.open(path.as_uri())
                tags, links, shown, hit = browser.run(
                    "document.querySelectorAll('details').forEach((each) => { each.open = true; });"
                    "return [[...new Set([...document.body.querySelectorAll('*')].map((each) => each.tagName))],"
                    "[...document.links].map((each) => each.href), document.body.innerText, window.hit ?? null]")
                if (not set(tags) <= TAGS or hit or UNSEEN.search(shown)
                        or not all(link.startswith((RUNS, BUTTON)) for link in links)):
                    found.append((text, tags, links, hit))
            self.assertEqual(found, [])
            self.assertEqual(browser.run("return [...document.links].length > 0"), True)
        # The last one is a skip beside a failure, and says whose it was, letter by letter.
        for text in ("www.evil.example", "a@evil.example", "**x**", "&lt;b&gt;"):
            summary = [each for name, each in told if name == text][-1]
            self.assertIn(text, self.plain_text(summary))

    def plain_text(self, summary):
        with chromium(self.folder, await_that) as browser:
            path = self.folder / "plain.html"
            path.write_text(page_of(summary), encoding="utf-8")
            browser.open(path.as_uri())
            return browser.run("return document.body.textContent")


if __name__ == "__main__":
    unittest.main()
