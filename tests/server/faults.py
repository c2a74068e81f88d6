#!/usr/bin/env python3
"""A proxy in front of serve.py that misbehaves as its plan says. The client speaks plain HTTP, or
HTTP over TLS with `--tls`.

Prints one JSON line {"url","ca","plan","requests","pid"} when it answers, and lives until standard
input closes or SIGTERM comes. The plan is a JSON list of rules; no file means no faults:

  {"method": "POST", "path": "receive-pack", "nth": 1, "count": 1, "fault": "cut-after"}

A rule matches by method (absent: any) and by a part of path-with-query (absent: any); it counts
the requests that match since the plan last changed, and acts from the nth (1) on, count times
(absent: always). The first rule that acts wins. Faults and their further keys:

  delay           waits `seconds` (2), then passes through even if the client has left; with
                  `announce` true a line with status 0 and `delay-begins` comes first
  status          answers `status` (503) with `headers` {} and `body` ""; the server sees nothing
  cut-before      the server sees nothing, the connection closes without a reply
  cut-after       the server does the work, then the connection closes without a reply
  trickle         the server's reply goes out one byte each `seconds` (1)
  silent          the server sees nothing, no reply ever comes
  garbage         200 with `headers` and `body`, which are not git's; the server sees nothing
  reshape         the server does the work; its reply goes out with `status` in place of its own,
                  `headers` added, `interim` [] as statuses before it, in the `form` "length",
                  "chunked" or "1.0" (HTTP/1.0 up to the end of the connection), and with `unsaid`
                  true the connection ends behind it without a word
  too-large       413 for a body of more than `most` (1000) bytes, else passes
  no-length       411 for a body without a Content-Length, else passes
  refuse-connect  with method, path, nth or count: the request is cut as by cut-before, and from
                  then on for `seconds` (2) the port refuses connections. With none of these: the
                  port refuses connections as long as the rule is in the plan (looked up every
                  20 ms: await it).
"""

import argparse
import contextlib
import http.client
import http.server
import os
import pathlib
import select
import socket
import ssl
import threading
import time
import urllib.parse

import fault_plan
import lifetime
import serve

SECONDS = {"delay": 2, "trickle": 1, "refuse-connect": 2}
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "trailers",
              "transfer-encoding", "upgrade", "content-length", "expect"}
NOT_GIT = "<!DOCTYPE html><html><body><h1>Welcome to the airport network</h1></body></html>\n"


class Port:
    """The listening socket. A second, silent socket keeps the number while it is closed."""

    def __init__(self, plan, serve):
        self._plan = plan
        self._serve = serve
        self._reserve = self._bind(0)
        self.number = self._reserve.getsockname()[1]
        self._listener = None
        self._shut_until = 0.0
        self._changed = threading.Condition()
        self._wake, self._waker = socket.socketpair()
        self._open()

    @staticmethod
    def _bind(number):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(("127.0.0.1", number))
        return bound

    def _open(self):
        self._listener = self._bind(self.number)
        self._listener.listen(1024)
        self._listener.setblocking(False)

    def shut(self, seconds):
        """Returns when the port refuses connections."""
        with self._changed:
            self._shut_until = time.monotonic() + seconds
            self._waker.send(b"x")
            self._changed.wait_for(lambda: self._listener is None, timeout=10)

    def run(self):
        while True:
            with self._changed:
                shut = time.monotonic() < self._shut_until or self._plan.port_is_shut()
                if shut and self._listener is not None:
                    self._listener.close()
                    self._listener = None
                elif not shut and self._listener is None:
                    self._open()
                self._changed.notify_all()
            waiting = [self._wake] + ([self._listener] if self._listener else [])
            ready, _, _ = select.select(waiting, [], [], 0.02)
            if self._wake in ready:
                self._wake.recv(4096)
            elif self._listener in ready:
                with contextlib.suppress(OSError):
                    client, address = self._listener.accept()
                    client.setblocking(True)
                    threading.Thread(target=self._serve, args=(client, address),
                                     daemon=True).start()


class Proxy(http.server.BaseHTTPRequestHandler):
    """One connection of a client; `settings` is set on a subclass for the one server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    settings = None

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        self.expecting = True
        return True

    def parse_request(self):
        self.expecting = False
        return super().parse_request()

    def note(self, status, fault):
        line = f"{self.command} {self.path} {status} {fault}\n".encode("latin-1", "replace")
        descriptor = os.open(self.settings.requests, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def read_body(self):
        if self.expecting:
            self.send_response_only(100)
            self.end_headers()
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the client left in the middle of its request")
        return body

    def _read_chunks(self):
        chunks = []
        while True:
            size = int(self.rfile.readline(1000).split(b";")[0], 16)
            if size == 0:
                break
            chunks.append(self.rfile.read(size))
            if len(chunks[-1]) < size or self.rfile.readline(3).strip():
                raise ConnectionError("a chunk is broken")
        while self.rfile.readline(65536).strip():
            pass
        return b"".join(chunks)

    def ask_upstream(self, body):
        """The server's whole reply: status, reason, headers, body."""
        link = self.settings.connect()
        try:
            link.putrequest(self.command, self.settings.prefix + self.path, skip_host=True,
                            skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP | {"host"}:
                    link.putheader(name, value)
            link.putheader("Host", self.settings.host)
            link.putheader("Connection", "close")
            if body or self.command in ("POST", "PUT", "PATCH"):
                link.putheader("Content-Length", str(len(body)))
            link.endheaders(body or None)
            reply = link.getresponse()
            return reply.status, reply.reason, reply.getheaders(), reply.read()
        finally:
            link.close()

    def reshape(self, rule, status, reason, headers, body):
        if "status" in rule:
            status = rule["status"]
            reason, headers, body = http.client.responses.get(status, "Fault"), [], b"changed\n"
        added = {name.lower() for name in rule.get("headers", {})}
        headers = [(name, value) for name, value in headers if name.lower() not in added]
        headers += rule.get("headers", {}).items()
        for interim in rule.get("interim", []):
            self.wfile.write(f"HTTP/1.1 {interim} Interim\r\nX-Interim: yes\r\n\r\n".encode())
        lines = [f"{name}: {value}" for name, value in headers if name.lower() not in HOP_BY_HOP]
        form = rule.get("form", "length")
        if form == "1.0":
            self.close_connection = True
            reply = "\r\n".join([f"HTTP/1.0 {status} {reason}", *lines, "", ""]).encode() + body
        elif form == "chunked":
            lines.append("Transfer-Encoding: chunked")
            reply = "\r\n".join([f"HTTP/1.1 {status} {reason}", *lines, "", ""]).encode()
            for at in range(0, len(body), 7):
                part = body[at:at + 7]
                reply += f"{len(part):X};x=y\r\n".encode() + part + b"\r\n"
            reply += b"0\r\nX-Trailer: t\r\n\r\n"
        else:
            reply = self.compose(status, reason, headers, body)
        if rule.get("unsaid"):
            self.close_connection = True
        self.wfile.write(reply)

    def compose(self, status, reason, headers, body):
        lines = [f"HTTP/1.1 {status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers
                  if name.lower() not in HOP_BY_HOP]
        if self.command == "HEAD":
            lines += [f"{name}: {value}" for name, value in headers
                      if name.lower() == "content-length"]
            body = b""
        elif status not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def answer(self, status, rule, body, default_type):
        headers = {"Content-Type": default_type, **rule.get("headers", {})}
        reason = http.client.responses.get(status, "Fault")
        self.wfile.write(self.compose(status, reason, headers.items(),
                                      rule.get("body", body).encode()))

    def wait_until_client_leaves(self, seconds):
        """True when the client has left within that time (None: however long it takes)."""
        ready, _, _ = select.select([self.connection], [], [], seconds)
        return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)

    def trickle(self, reply, seconds):
        for position in range(len(reply)):
            if position and self.wait_until_client_leaves(seconds):
                break
            self.wfile.write(reply[position:position + 1])
            self.wfile.flush()

    def relay(self):
        try:
            self._relay()
        except fault_plan.PlanError as error:
            self.note(500, "plan-error")
            self.close_connection = True
            self.answer(500, {}, f"{error}\n", "text/plain")
        except (OSError, ValueError):
            self.close_connection = True

    def _relay(self):
        rule = self.settings.plan.match(self.command, self.path) or {"fault": "pass"}
        fault = rule["fault"]
        seconds = rule.get("seconds", SECONDS.get(fault))
        if fault == "silent":
            self.note(0, fault)
            self.close_connection = True
            if not self.expecting:
                self.read_body()
            while not self.wait_until_client_leaves(None):
                if not self.connection.recv(65536):
                    break
            return
        body = self.read_body()
        if fault in ("cut-before", "refuse-connect"):
            self.note(0, fault)
            self.close_connection = True
            if fault == "refuse-connect":
                self.settings.port.shut(seconds)
            return
        if fault == "status":
            status = rule.get("status", 503)
            self.note(status, fault)
            self.answer(status, rule, "", "text/plain")
            return
        if fault == "garbage":
            self.note(200, fault)
            self.answer(200, rule, NOT_GIT, "text/html")
            return
        if fault == "too-large" and len(body) > rule.get("most", 1000):
            self.note(413, fault)
            self.answer(413, rule, "too large\n", "text/plain")
            return
        if fault == "no-length" and body and "Content-Length" not in self.headers:
            self.note(411, fault)
            self.answer(411, rule, "length wanted\n", "text/plain")
            return
        if fault == "delay":
            if rule.get("announce"):
                self.note(0, "delay-begins")
            time.sleep(seconds)
        try:
            reply = self.ask_upstream(body)
        except (OSError, http.client.HTTPException) as error:
            self.note(502, fault)
            self.answer(502, {}, f"the server does not answer: {error}\n", "text/plain")
            return
        self.note(reply[0], fault)
        if fault == "cut-after":
            self.close_connection = True
        elif fault == "reshape":
            self.reshape(rule, *reply)
        elif fault == "trickle":
            self.trickle(self.compose(*reply), seconds)
        else:
            self.wfile.write(self.compose(*reply))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = relay


class Settings:
    """What all connections of the one proxy share."""

    def __init__(self, upstream, ca, plan, requests):
        url = urllib.parse.urlsplit(upstream)
        if url.scheme not in ("http", "https") or url.hostname not in ("127.0.0.1", "localhost"):
            lifetime.fail("the server must be http or https on this machine")
        self.host = url.netloc.rpartition("@")[2]
        self.prefix = url.path.rstrip("/")
        self.plan = fault_plan.Plan(plan)
        self.requests = requests
        self.port = None
        self._place = (url.hostname, url.port or (443 if url.scheme == "https" else 80))
        self._context = None
        if url.scheme == "https":
            self._context = ssl.create_default_context(cafile=ca)

    def connect(self):
        if self._context is None:
            return http.client.HTTPConnection(*self._place, timeout=600)
        return http.client.HTTPSConnection(*self._place, timeout=600, context=self._context)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, metavar="URL", help="the server's address")
    parser.add_argument("--ca", metavar="FILE", help="certificate authority of an https server")
    parser.add_argument("--tls", action="store_true",
                        help="https with an authority of its own")
    parser.add_argument("--plan", metavar="FILE", type=pathlib.Path,
                        help="the rules; may come later")
    parser.add_argument("--requests", metavar="FILE", type=pathlib.Path,
                        help="file of the request lines")
    arguments = parser.parse_args()

    with lifetime.work_folder("refgate-faults") as folder:
        plan = (arguments.plan or folder / "plan.json").absolute()
        requests = (arguments.requests or folder / "requests").absolute()
        requests.touch()
        settings = Settings(arguments.upstream, arguments.ca, plan, requests)
        handler = type("Handler", (Proxy,), {"settings": settings})

        ca = serve.make_certificate(folder) if arguments.tls else None
        context = None
        if ca:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.pem", folder / "server.key")

        def serve_client(client, address):
            with client, contextlib.suppress(OSError):
                if context is not None:
                    client = context.wrap_socket(client, server_side=True,
                                                 suppress_ragged_eofs=True)
                handler(client, address, None)
                client.shutdown(socket.SHUT_WR)

        settings.port = Port(settings.plan, serve_client)
        # The socket listens already: a client that connects now waits in its queue.
        threading.Thread(target=settings.port.run, daemon=True).start()
        url = f"https://localhost:{settings.port.number}" if ca else (
            f"http://127.0.0.1:{settings.port.number}")
        lifetime.ready(url=url, ca=str(ca) if ca else None, plan=str(plan),
                       requests=str(requests))
        lifetime.wait_for_end()


if __name__ == "__main__":
    main()
