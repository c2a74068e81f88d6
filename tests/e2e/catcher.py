"""A server of somebody else, which keeps every byte that it is sent and asks for credentials."""

import base64
import contextlib
import http.server
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.requestline + "\n" + str(self.headers)).encode() + body)
        status, headers = self.server.reply
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    do_GET = do_POST = do_HEAD = do_PUT = do_CONNECT = handle_any

    def log_message(self, *_):
        pass


ASKS = (401, {"WWW-Authenticate": 'Basic realm="here"'})


@contextlib.contextmanager
def catcher(reply=ASKS):
    """.url .port .seen .holds(token)"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.seen, server.reply = [], reply
    server.port = server.server_port
    server.url = f"http://127.0.0.1:{server.port}"

    def holds(token):
        forms = [token, base64.b64encode(f"x-access-token:{token}".encode()).decode().rstrip("="),
                 base64.b64encode(token.encode()).decode().rstrip("=")]
        return [seen for seen in server.seen if any(form.encode() in seen for form in forms)]

    server.holds = holds
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
