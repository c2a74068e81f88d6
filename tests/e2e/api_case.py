"""A stand-in for the REST API, on this machine."""

import contextlib
import http.server
import json
import shutil
import threading

from gate_case import GateCase


class Api(http.server.BaseHTTPRequestHandler):
    """Answers as its server's `reply` says, and keeps what it was asked."""

    def do_GET(self):  # noqa: N802 - the name that http.server wants
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        # Who asked may have had enough.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.server.reply(self)

    def say(self, status, body, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def stand_in(case, handler=Api):
    """A server on this machine that keeps what it was asked, until the test is over."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked = []
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for end in (thread.join, server.server_close, server.shutdown):
        case.addCleanup(end)
    return server


class ApiCase(GateCase):
    """Every job's GITHUB_API_URL is that stand-in, `self.api`."""

    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which("curl"), "curl is needed here: ./dev setup test")
        self.api = stand_in(self)

    def job(self, *arguments, **options):
        environment = {"GITHUB_API_URL": f"http://127.0.0.1:{self.api.server_port}", **options.pop("environment", {})}
        return super().job(*arguments, environment=environment, **options)

    def answers(self, status, body):
        self.api.reply = lambda handler: handler.say(status, body)
