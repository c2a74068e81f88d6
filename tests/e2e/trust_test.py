"""Certificates that are not accepted, and TLS that is not spoken: each is told with what mends it."""

import contextlib
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from gate_case import GateCase

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
CA_SECTIONS = """[ca]
default_ca=d
[d]
database={0}/index
serial={0}/serial
new_certs_dir={0}
default_md=sha256
policy=p
[p]
commonName=supplied
"""


class Authority:
    """Certificates of one authority, made as they are asked for."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.call("req", "-x509", *CURVE, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=CA")
        (self.folder / "index").write_text("")
        (self.folder / "serial").write_text("01\n")
        (self.folder / "ca.cnf").write_text(CA_SECTIONS.format(self.folder))

    def call(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def certificate(self, name, names="DNS:localhost", start="20200101000000Z", end="20400101000000Z", use=""):
        (self.folder / f"{name}.cnf").write_text(f"basicConstraints=CA:FALSE\nsubjectAltName={names}\n{use}\n")
        self.call("req", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        self.call("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr",
                  "-out", f"{name}.pem", "-startdate", start, "-enddate", end, "-extfile", f"{name}.cnf", "-notext")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class Trust(GateCase):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.enterContext(tempfile.TemporaryDirectory()))

    def listen(self, certificate, **versions):
        """The port of a server that shakes hands and says no more; and those who came to it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        for name, version in versions.items():
            setattr(context, name, version)
        server = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        came = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    link, _ = server.accept()
                    came.append(link)
                    with contextlib.suppress(OSError), context.wrap_socket(link, server_side=True):
                        pass
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(server.shutdown, socket.SHUT_RDWR)
        return server.getsockname()[1], came

    def refused(self, port, host="localhost", trusted=True):
        variables = {"SSL_CERT_FILE": str(self.authority.folder / "ca.pem")} if trusted else {}
        remote = self.remote.by(f"https://{host}:{port}/{self.path.name}", **variables)
        answer = self.job(remote=remote).call("gate", "--deadline", "20s")
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("nothing was sent", answer.err)
        return answer

    def test_each_fault_of_a_certificate_has_its_own_cure(self):
        for name, made, words, host in (
                ("expired", {"end": "20210101000000Z"}, "has expired", "localhost"),
                ("early", {"start": "20390101000000Z"}, "is not valid yet", "localhost"),
                ("other", {"names": "DNS:other.example"}, "another name than localhost", "localhost"),
                ("address", {}, "another name than 127.0.0.1", "127.0.0.1"),
                ("client", {"use": "extendedKeyUsage=clientAuth"}, "fit for it", "localhost")):
            with self.subTest(name):
                answer = self.refused(self.listen(self.authority.certificate(name, **made))[0], host)
                self.assertEqual(answer.code, "denied", answer)
                self.assertIn(words, answer.err)
                self.assertNotIn("SSL_CERT_FILE", answer.err)
        answer = self.refused(self.listen(self.authority.certificate("good"))[0], trusted=False)
        self.assertIn("SSL_CERT_FILE", answer.err)

    def test_a_server_of_tls_1_3_alone_is_told_at_once(self):
        good = self.authority.certificate("good")
        port, came = self.listen(good, minimum_version=ssl.TLSVersion.TLSv1_3)
        answer = self.refused(port)
        self.assertEqual(answer.code, "unreadable", answer)
        self.assertIn("TLS 1.2", answer.err)
        self.assertNotIn("check the network", answer.err)
        self.assertNotIn("tried", answer.err)
        self.assertEqual(len(came), 1)


if __name__ == "__main__":
    unittest.main()
