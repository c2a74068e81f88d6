#!/usr/bin/env python3
"""A real sshd for the current user, with keys and settings of its own.

Prints one JSON line {"url","root_url","ssh_command","log","pid"} when it listens, and lives until
standard input closes or SIGTERM comes. `url` has no path: ssh://USER@127.0.0.1:PORT and then the
absolute path of a repository; `root_url` ends in the path of the root.
"""

import argparse
import os
import pathlib
import pwd
import shlex
import socket
import subprocess
import time
import urllib.parse

import lifetime

SETTINGS = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
AllowUsers {user}
PermitRootLogin prohibit-password
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
HostbasedAuthentication no
UsePAM no
# The folder lies below /tmp, which everybody may write to; its own mode is 0700.
StrictModes no
PermitUserEnvironment no
PermitUserRC no
PermitTTY no
DisableForwarding yes
PrintMotd no
PrintLastLog no
UseDNS no
LogLevel INFO
MaxStartups 512
MaxSessions 64
LoginGraceTime 60
AcceptEnv GIT_PROTOCOL
SetEnv {environment}
"""


def make_key(path):
    subprocess.run([lifetime.program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "test",
                    "-f", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path.with_name(path.name + ".pub").read_text(encoding="ascii")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def start(folder, user, log):
    """sshd takes no open socket, so another program may be faster at the port: then once more."""
    # Debian's bash reads ~/.bashrc for commands by ssh, but only in the outermost shell.
    variables = {**lifetime.git_environment(folder), "SHLVL": "1"}
    environment = " ".join(f'"{key}={value}"' for key, value in variables.items())
    for _ in range(10):
        port = free_port()
        config = folder / "sshd_config"
        config.write_text(SETTINGS.format(port=port, folder=folder, user=user,
                                          environment=environment), encoding="utf-8")
        log.write_text("")
        child = lifetime.spawn([lifetime.program("sshd"), "-D", "-e", "-f", str(config)], log,
                               {"PATH": lifetime.SYSTEM_PATH})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            ended = lifetime.has_ended(child)
            if f"Server listening on 127.0.0.1 port {port}." in log.read_text(errors="replace"):
                return child, port
            if ended:
                break
            time.sleep(0.002)
        if "Address already in use" not in log.read_text(errors="replace"):
            break
    lifetime.fail(f"sshd did not start\n{lifetime.tail(log)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, type=pathlib.Path,
                        help="folder of the bare repositories")
    arguments = parser.parse_args()

    with lifetime.work_folder("refgate-sshd") as folder:
        arguments.root.mkdir(parents=True, exist_ok=True)
        root = arguments.root.resolve()
        user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            # Where sshd of root locks its unprivileged half in.
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        host_key = make_key(folder / "host_key")
        (folder / "authorized_keys").write_text(make_key(folder / "user_key"), encoding="ascii")
        log = folder / "sshd.log"
        child, port = start(folder, user, log)
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}", encoding="ascii")
        command = [lifetime.program("ssh"), "-F", "/dev/null", "-i", str(folder / "user_key"),
                   "-o", f"UserKnownHostsFile={folder / 'known_hosts'}",
                   "-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes",
                   "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes"]
        url = f"ssh://{user}@127.0.0.1:{port}"
        lifetime.ready(url=url, root_url=url + urllib.parse.quote(str(root)),
                       ssh_command=shlex.join(command), log=str(log))
        lifetime.wait_for_end(child)


if __name__ == "__main__":
    main()
