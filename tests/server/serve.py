#!/usr/bin/env python3
"""Smart HTTP for all bare repositories below one folder: lighttpd and the real git http-backend.

Prints one JSON line {"url","ca","requests","log","pid"} when it answers, and lives until standard
input closes or SIGTERM comes.
"""

import argparse
import base64
import http.client
import os
import pathlib
import resource
import shlex
import socket
import ssl
import subprocess

import lifetime

# One request. It runs in dash because it starts in about a millisecond, and because its `read`
# takes single bytes from a pipe: after the header nothing of the body is lost.
# The line of a request is written before the first byte of its reply leaves, so a client that has
# the reply finds the line. (An access log of the web server is flushed at some later time.)
GATE = r"""#!/bin/sh
note() { printf '%s %s %s\n' "$REQUEST_METHOD" "$REQUEST_URI" "$1" >>@REQUESTS@; }
refuse() {
  note "$1"
  printf 'Status: %s\r\nContent-Type: text/plain; charset=utf-8\r\n%s\r\n%s' "$2" "$4" "$3"
  exit 0
}
challenge='WWW-Authenticate: Basic realm="refgate test server"
'
expected=@EXPECTED@
password=@PASSWORD@
if [ -n "$password" ] && [ "$HTTP_AUTHORIZATION" != "$expected" ]; then
  case $HTTP_AUTHORIZATION in
    [Bb]asic\ *) given=$(printf '%s' "${HTTP_AUTHORIZATION#* }" | base64 -d 2>/dev/null) ;;
    *) given= ;;
  esac
  case $given in
    *:*) given=${given#*:} ;;
    *) given= ;;
  esac
  [ "$given" = "$password" ] || refuse 401 '401 Unauthorized' 'Bad credentials' "$challenge"
fi
if [ -n @READ_ONLY@ ]; then
  case $REQUEST_URI in
    */git-receive-pack | *[?\&]service=git-receive-pack*)
      refuse 403 '403 Forbidden' 'Write access to repository not granted.' ;;
  esac
fi
unset HTTP_AUTHORIZATION
export PATH=@PATH@ GIT_PROJECT_ROOT=@ROOT@ GIT_HTTP_EXPORT_ALL=1
export @GIT@
@BACKEND@ | {
  status=200 header= whole=
  while IFS= read -r line; do
    header="$header$line
"
    case $line in
      [Ss]tatus:*) status=${line#*:} status=${status# } status=${status%%[!0-9]*} ;;
      '' | "$return") whole=yes && break ;;
    esac
  done
  [ "$whole" ] || { status=500 header="Status: 500 no reply from git

"; }
  note "$status"
  printf '%s' "$header"
  exec cat
}
"""


def quote(value):
    return shlex.quote(str(value)) if str(value) else "''"


def write_gate(folder, arguments, requests, environment):
    token = arguments.auth or ""
    user = base64.b64encode(b"x-access-token:" + token.encode()).decode()
    core = subprocess.run([lifetime.program("git"), "--exec-path"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    values = {
        "REQUESTS": requests, "EXPECTED": f"Basic {user}", "PASSWORD": token,
        "READ_ONLY": "yes" if arguments.read_only else "", "ROOT": arguments.root,
        "PATH": f"{core}:{lifetime.SYSTEM_PATH}", "BACKEND": f"{core}/git-http-backend",
    }
    text = GATE.replace('"$return"', '"\r"')
    text = text.replace("@GIT@", " ".join(f"{k}={quote(v)}" for k, v in environment.items()))
    for key, value in values.items():
        text = text.replace(f"@{key}@", quote(value))
    gate = folder / "gate"
    with open(gate, "w", encoding="utf-8", newline="",
              opener=lambda path, flags: os.open(path, flags, 0o700)) as file:
        file.write(text)
    return gate


def make_certificate(folder):
    """A certificate authority and a certificate for localhost and 127.0.0.1."""
    openssl = lifetime.program("openssl")
    (folder / "openssl.cnf").write_text(
        "[req]\ndistinguished_name=name\n[name]\n"
        "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=hash\n"
        "[server]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", encoding="ascii")

    def run(*arguments):
        done = subprocess.run([openssl, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            lifetime.fail(f"openssl {arguments[0]} failed: {done.stdout}")

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-config", "openssl.cnf")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
        "-subj", "/CN=refgate test authority", "-extensions", "ca")
    run("req", "-new", *key, "-keyout", "server.key", "-out", "server.csr", "-subj",
        "/CN=localhost")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-out", "server.pem", "-days", "30", "-extfile", "openssl.cnf",
        "-extensions", "server")
    return folder / "ca.pem"


def write_config(folder, gate, port, tls):
    """`alias` sends every path to the gate; what follows its name is PATH_INFO."""
    def text(value):
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    modules = ["mod_alias", "mod_cgi"] + (["mod_openssl"] if tls else [])
    uploads = folder / "uploads"
    uploads.mkdir()
    lines = [
        f"server.modules = ({', '.join(map(text, modules))})",
        'server.bind = "127.0.0.1"',
        f"server.port = {port}",
        'server.systemd-socket-activation = "enable"',
        f"server.document-root = {text(uploads)}",
        f"server.upload-dirs = ({text(uploads)})",
        f"server.max-fds = {files}",
        f"server.max-connections = {files // 3}",
        "server.max-keep-alive-requests = 100000",
        "server.max-keep-alive-idle = 60",
        "server.max-read-idle = 600",
        "server.max-write-idle = 600",
        f'alias.url = ("/" => {text(str(gate) + "/")})',
        'cgi.assign = ("" => "")',
    ]
    if tls:
        lines += ['ssl.engine = "enable"', f"ssl.pemfile = {text(folder / 'server.pem')}",
                  f"ssl.privkey = {text(folder / 'server.key')}"]
    config = folder / "lighttpd.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def await_answer(port, ca, child, log):
    """OPTIONS * is answered by the web server itself and leaves no line among the requests."""
    try:
        if ca:
            link = http.client.HTTPSConnection("localhost", port, timeout=20,
                                               context=ssl.create_default_context(cafile=ca))
        else:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        link.request("OPTIONS", "*")
        status = link.getresponse().status
        link.close()
    except (OSError, http.client.HTTPException) as error:
        lifetime.fail(f"lighttpd does not answer: {error}\n{lifetime.tail(log)}")
    if status != 200 or lifetime.has_ended(child):
        lifetime.fail(f"lighttpd answers {status}\n{lifetime.tail(log)}")


def create(root, names, environment):
    for name in names:
        path = (root / name).resolve()
        if root not in path.parents:
            lifetime.fail(f"{name} is not below {root}")
        path.parent.mkdir(parents=True, exist_ok=True)
        for words in (("init", "-q", "--bare"), ("config", "http.receivepack", "true")):
            subprocess.run([lifetime.program("git"), *words], check=True, stdin=subprocess.DEVNULL,
                           env={"PATH": lifetime.SYSTEM_PATH, "GIT_DIR": str(path), **environment})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, type=pathlib.Path,
                        help="folder of the bare repositories")
    parser.add_argument("--tls", action="store_true", help="https with an authority of its own")
    parser.add_argument("--auth", metavar="TOKEN", help="Basic password that every request needs")
    parser.add_argument("--requests", metavar="FILE", type=pathlib.Path,
                        help="file of the request lines")
    parser.add_argument("--read-only", action="store_true", help="receive-pack answers 403")
    parser.add_argument("--create", metavar="NAME", nargs="+", default=[],
                        help="empty bare repositories")
    arguments = parser.parse_args()

    with lifetime.work_folder("refgate-serve") as folder:
        arguments.root.mkdir(parents=True, exist_ok=True)
        arguments.root = arguments.root.resolve()
        requests = (arguments.requests or folder / "requests").absolute()
        requests.touch()
        environment = lifetime.git_environment(folder)
        create(arguments.root, arguments.create, environment)
        gate = write_gate(folder, arguments, requests, environment)
        ca = make_certificate(folder) if arguments.tls else None

        # The socket is ours before the web server starts: no other program can take the port.
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            port = listener.getsockname()[1]
            config = write_config(folder, gate, port, arguments.tls)
            log = folder / "lighttpd.log"
            child = lifetime.spawn([lifetime.program("lighttpd"), "-D", "-f", str(config)], log,
                                   {"PATH": lifetime.SYSTEM_PATH}, listener)
        await_answer(port, ca, child, log)
        lifetime.ready(
            url=f"https://localhost:{port}" if ca else f"http://127.0.0.1:{port}",
            ca=str(ca) if ca else None, requests=str(requests), log=str(log))
        lifetime.wait_for_end(child)


if __name__ == "__main__":
    main()
