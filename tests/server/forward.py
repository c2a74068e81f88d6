#!/usr/bin/env python3
"""A forward proxy: CONNECT for tunnels, and requests that name a whole http:// address.

Prints one JSON line {"url","requests","pid"} when it answers, and lives until standard input closes
or SIGTERM comes. `requests` has a line "METHOD target status bytes" for each request, written
before the first byte of its reply leaves; bytes are those of the reply's body (0 for a tunnel).

  --user NAME:PASSWORD  who does not show these is answered 407
  --refuse STATUS       every request is answered so
"""

import argparse
import base64
import contextlib
import http.client
import http.server
import os
import select
import socket
import socketserver
import threading
import urllib.parse

import faults
import lifetime


class Forward(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    requests = None
    user = None
    refuse = None

    def log_message(self, *_):
        pass

    def note(self, status, size):
        line = f"{self.command} {self.path} {status} {size}\n".encode("latin-1", "replace")
        descriptor = os.open(self.requests, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def reply(self, status, headers, body):
        self.note(status, len(body))
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in faults.HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_let_through(self):
        """Else it has been answered."""
        shown = self.headers.get("Proxy-Authorization", "")
        if self.user and shown != "Basic " + base64.b64encode(self.user.encode()).decode():
            self.reply(407, [("Proxy-Authenticate", "Basic realm=proxy")], b"who are you?\n")
            return False
        if self.refuse:
            self.reply(self.refuse, [("Content-Type", "text/plain")], b"not from here\n")
            return False
        return True

    def do_CONNECT(self):
        self.close_connection = True
        if not self.is_let_through():
            return
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host.strip("[]"), int(port)), timeout=60) as link:
            self.note(200, 0)
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.tunnel(link)

    def tunnel(self, link):
        ends = {self.connection: link, link: self.connection}
        while True:
            for ready in select.select(list(ends), [], [])[0]:
                some = ready.recv(65536)
                if not some:
                    return
                ends[ready].sendall(some)

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.is_let_through():
            return
        place = urllib.parse.urlsplit(self.path)
        if place.scheme != "http":
            self.reply(400, [], b"not the address of anything\n")
            return
        link = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        with contextlib.closing(link):
            target = place.path + (f"?{place.query}" if place.query else "")
            headers = {name: value for name, value in self.headers.items()
                       if name.lower() not in faults.HOP_BY_HOP | {"proxy-authorization"}}
            link.request(self.command, target, body=body or None, headers=headers)
            answer = link.getresponse()
            self.reply(answer.status, answer.getheaders(), answer.read())

    do_GET = do_POST = forward


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        pass  # whoever left in the middle


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--user", metavar="NAME:PASSWORD")
    parser.add_argument("--refuse", type=int, metavar="STATUS")
    arguments = parser.parse_args()

    with lifetime.work_folder("refgate-forward") as folder:
        requests = folder / "requests"
        requests.touch()
        handler = type("Handler", (Forward,), {"requests": requests, "user": arguments.user,
                                               "refuse": arguments.refuse})
        server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lifetime.ready(url=f"http://127.0.0.1:{server.server_address[1]}", requests=str(requests))
        lifetime.wait_for_end()


if __name__ == "__main__":
    main()
