"""Envelopes of real and of hostile events, taken by the providers' own clients.

awscli and azure-servicebus are installed from PyPI into a virtual environment below the build folder. A message for SQS goes through
`aws sqs send-message --cli-input-json` to a server on the loopback, which answers as SQS does; one for Service Bus becomes a ServiceBusMessage.
"""

import argparse
import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import venv

PACKAGES = {"awscli": "1.36.40", "azure-servicebus": "7.13.0"}
PLAIN = set(map(chr, range(0x21, 0x7f)))

# Prints what each message became, as the client itself tells it.
SERVICE_BUS = """
import json, sys
from azure.servicebus import ServiceBusMessage
told = []
for made in json.load(sys.stdin):
    message = ServiceBusMessage(made["Body"], session_id=made.get("SessionId"), message_id=made["MessageId"], subject=made["Subject"],
                                content_type=made["ContentType"], application_properties=made["ApplicationProperties"])
    told.append({"session": message.session_id, "id": message.message_id, "body": b"".join(message.body).decode()})
json.dump(told, sys.stdout)
"""

ARGUMENTS = None


def client_folder():
    folder = ARGUMENTS.folder.resolve() / "venv"
    stamp = folder / "packages.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != PACKAGES:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check",
                        *(f"{name}=={version}" for name, version in PACKAGES.items())], check=True)
        stamp.write_text(json.dumps(PACKAGES))
    return folder / "bin"


class Sqs(http.server.BaseHTTPRequestHandler):
    """SendMessage of the JSON protocol."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.headers["X-Amz-Target"], asked))
        answer = json.dumps({"MessageId": "1", "SequenceNumber": "1",
                             "MD5OfMessageBody": hashlib.md5(asked["MessageBody"].encode()).hexdigest()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def push(branch, commit="a" * 40):
    return "push", {"ref": f"refs/heads/{branch}", "before": "0" * 40, "after": commit, "deleted": False,
                    "repository": {"full_name": "octo/app", "id": 1, "name": "app"}, "sender": {"login": "ann"}}


def pull_request(number, commit="b" * 40):
    repository = {"full_name": "octo/app", "id": 1, "name": "app"}
    return "pull_request", {"action": "opened", "number": number, "repository": repository, "sender": {"login": "ann"},
                            "pull_request": {"number": number, "user": {"login": "ann"}, "head": {"sha": commit, "ref": "t", "repo": repository},
                                             "base": {"sha": "c" * 40, "ref": "main", "repo": repository}}}


HOSTILE = ["main", "feature/x", "a b", "x" * 128, "x" * 140, "x" * 139 + "y", "名前", "🙂" * 60, "a\x01b", "\u202egnp", "~sha256~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]
EVENTS = [push(branch, f"{number:040x}") for number, branch in enumerate(HOSTILE, 1)] + [pull_request(7), pull_request(8, "d" * 40)]


class Envelopes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.clients = client_folder()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) if hasattr(cls, "enterClassContext") else None
        if cls.folder is None:
            holder = tempfile.TemporaryDirectory()
            cls.addClassCleanup(holder.cleanup)
            cls.folder = pathlib.Path(holder.name)

    def made(self, provider, event, *words, check=True):
        name, payload = event
        path = self.folder / "payload.json"
        path.write_text(json.dumps(payload))
        done = subprocess.run([ARGUMENTS.refgate, "envelope", "--provider", provider, "--event", name, "--payload", path, "--workflow", "Agent", *words],
                              capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)
        return done

    def assert_ids(self, groups, ids):
        self.assertEqual(len(set(groups)), len(groups), "two groups became one")
        self.assertEqual(len(set(ids)), len(ids), "two events became one")
        for each in groups + ids:
            self.assertTrue(0 < len(each) <= 128, each)

    def test_the_client_of_sqs_sends_every_message_as_it_was_made(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sqs)
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
                       "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
        sent = []
        for event in EVENTS:
            made = self.made("sqs-fifo", event, "--group-by", "entity", "--queue-url", f"{url}/1/agents.fifo")
            sent.append(made)
            message = self.folder / "message.json"
            message.write_text(json.dumps(made))
            done = subprocess.run([self.clients / "aws", "sqs", "send-message", "--endpoint-url", url, "--cli-input-json", f"file://{message}"],
                                  capture_output=True, text=True, env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(server.asked, [("AmazonSQS.SendMessage", made) for made in sent])
        self.assert_ids([made["MessageGroupId"] for made in sent], [made["MessageDeduplicationId"] for made in sent])
        for made in sent:
            self.assertTrue(set(made["MessageGroupId"]) <= PLAIN and set(made["MessageDeduplicationId"]) <= PLAIN, made)
        broken = {**sent[0], "MessageGroupId": 7}
        (self.folder / "message.json").write_text(json.dumps(broken))
        done = subprocess.run([self.clients / "aws", "sqs", "send-message", "--endpoint-url", url, "--cli-input-json", f"file://{self.folder / 'message.json'}"],
                              capture_output=True, text=True, env=environment)
        self.assertNotEqual(done.returncode, 0, "the client validates nothing")
        self.assertIn("MessageGroupId", done.stderr)

    def test_the_client_of_service_bus_takes_every_message(self):
        sent = [self.made("servicebus", event, "--group-by", "entity") for event in EVENTS]
        done = subprocess.run([self.clients / "python", "-c", SERVICE_BUS], input=json.dumps(sent), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), [{"session": made["SessionId"], "id": made["MessageId"], "body": made["Body"]} for made in sent])
        self.assertEqual([json.loads(made["Body"]) for made in sent], [payload for _, payload in EVENTS])
        self.assert_ids([made["SessionId"] for made in sent], [made["MessageId"] for made in sent])
        broken = [{**sent[0], "SessionId": "x" * 129}]
        done = subprocess.run([self.clients / "python", "-c", SERVICE_BUS], input=json.dumps(broken), capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0, "the client validates nothing")

    def test_one_piece_of_work_is_one_message_and_one_group_whichever_event_tells_of_it(self):
        for provider, group, identity in (("sqs-fifo", "MessageGroupId", "MessageDeduplicationId"), ("servicebus", "SessionId", "MessageId")):
            one = self.made(provider, push("t", "e" * 40), "--group-by", "repository")
            other = self.made(provider, pull_request(9, "e" * 40), "--group-by", "repository")
            third = self.made(provider, pull_request(9, "f" * 40), "--group-by", "repository")
            self.assertEqual((one[group], one[identity]), (other[group], other[identity]))
            self.assertEqual((third[group], third[identity] == one[identity]), (one[group], False))

    def test_without_an_order_only_sqs_has_a_group(self):
        sqs = self.made("sqs-fifo", push("t"))
        self.assertEqual(sqs["MessageGroupId"], sqs["MessageDeduplicationId"])
        self.assertNotIn("SessionId", self.made("servicebus", push("t")))

    def test_the_body_is_what_was_given(self):
        body = self.folder / "body.txt"
        body.write_text("please look again\n")
        self.assertEqual(self.made("sqs-fifo", push("t"), "--body", str(body))["MessageBody"], "please look again\n")
        body.write_text("a\x01b")
        refused = self.made("sqs-fifo", push("t"), "--body", str(body), check=False)
        self.assertEqual((refused.returncode, "control characters" in refused.stderr), (2, True), refused)
        refused = self.made("kafka", push("t"), check=False)
        self.assertEqual((refused.returncode, "servicebus or sqs-fifo" in refused.stderr), (2, True), refused)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--refgate", required=True)
    arguments.add_argument("--folder", required=True, type=pathlib.Path)
    ARGUMENTS, rest = arguments.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
