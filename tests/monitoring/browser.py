"""A headless Chromium, driven by the W3C WebDriver protocol through chromedriver; standard library only."""

import base64
import contextlib
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request


class Browser:
    def __init__(self, port, session):
        self.port, self.session = port, session

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/session/{self.session}/{path}".rstrip("/"),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()}") from error

    def open(self, url):
        """Shows the page; the logs hold what came of that alone."""
        self.call("POST", "url", {"url": "about:blank"})
        for kind in ("browser", "performance"):
            self.log(kind)
        self.call("POST", "url", {"url": url})

    def run(self, script, *arguments):
        return self.call("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.call("POST", "goog/cdp/execute", {"cmd": command, "params": parameters})

    def log(self, kind):
        """What was logged since the last call: "browser" is the console, "performance" the network."""
        return self.call("POST", "se/log", {"type": kind})

    def look(self, width, height, theme):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 700)
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": theme}])

    def element(self, selector):
        (element,) = self.call("POST", "element",
                               {"using": "css selector", "value": selector}).values()
        return element

    def type(self, selector, text):
        element = self.element(selector)
        self.call("POST", f"element/{element}/clear", {})
        self.call("POST", f"element/{element}/value", {"text": text})

    def click(self, selector):
        self.call("POST", f"element/{self.element(selector)}/click", {})

    def picture(self, path):
        """The whole page, however long."""
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _post(port, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}",
                                     data=json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["value"]


@contextlib.contextmanager
def chromium(folder, await_that):
    """A browser with a profile of its own in `folder`."""
    port = _free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with open(folder / "chromedriver.log", "wb") as log:
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=log, stderr=log,
                                  env=environment)
    try:
        def is_ready():
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5) as answer:
                    return json.load(answer)["value"]["ready"]
            return False
        await_that(is_ready, 60, "chromedriver")
        options = {"args": ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                            "--no-first-run", "--disable-background-networking",
                            f"--user-data-dir={folder / 'profile'}",
                            # root has no user namespace of its own in a container
                            *(["--no-sandbox"] if os.getuid() == 0 else [])]}
        session = _post(port, "session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})["sessionId"]
        browser = Browser(port, session)
        try:
            yield browser
        finally:
            browser.call("DELETE", "")
    finally:
        driver.terminate()
        driver.wait(30)
