"""What stands between a runner and its server: proxies that are named by variables."""

import unittest

from gate_case import GateCase, launch

USER = "ann:s3cr3t%21"


class ProxyCase(GateCase):
    remote_kind = "https"

    def proxy(self, **options):
        proxy = self.contexts.enter_context(launch.forward(**options))
        launch.reset(proxy)
        return proxy

    def session(self, **environment):
        """A whole session, and what the record says of it."""
        job = self.job(environment=environment)
        self.assert_runs(job.call("gate"), "first")
        self.assert_skips(self.job(environment=environment).call("gate"), "active_session")
        self.done(job.call("heartbeat"))
        self.done(job.call("finish"))
        self.done(self.person(**environment).call("gc"))
        kinds = [line["kind"] for line in self.done(self.person(**environment).call("log", "--json")).json_lines()]
        self.assertEqual(sorted(kinds), ["end", "launch", "skip"])


class Tunnels(ProxyCase):
    def test_https_goes_through_a_tunnel_however_the_proxy_is_named(self):
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            for form in ("{}", "http://{}", "http://{}/"):
                with self.subTest(name=name, form=form):
                    proxy = self.proxy()
                    address = form.format(proxy.url.removeprefix("http://"))
                    self.assert_runs(self.job(environment={name: address}).call("gate", "--force"), self.code())
                    asked = launch.requests(proxy)
                    self.assertTrue(asked)
                    self.assertEqual({line.split()[0] for line in asked}, {"CONNECT"}, asked)

    def code(self):
        return "forced" if self.remote.claims() else "first"

    def test_a_whole_session(self):
        proxy = self.proxy()
        self.session(https_proxy=proxy.url)
        # One tunnel a call, however many requests go through it.
        self.assertEqual(len(launch.requests(proxy)), 6, launch.requests(proxy))

    def test_who_must_sign_in_is_told_by_the_address(self):
        proxy = self.proxy(user="ann:s3cr3t!")
        address = proxy.url.replace("http://", f"http://{USER}@")
        self.session(https_proxy=address)
        answer = self.job(environment={"https_proxy": proxy.url}).call("gate", "--deadline", "3s")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"))
        self.assertIn("407", answer.err)
        self.assertIn("proxy", answer.err)
        wrong = self.job(environment={"https_proxy": address.replace("s3cr3t", "wr0ng")})
        answer = wrong.call("gate", "--deadline", "3s")
        self.assertEqual(answer.status, 3)
        self.assertNotIn("wr0ng", answer.err + answer.out)

    def test_a_proxy_that_will_not_is_named_and_nothing_was_sent(self):
        for status in (403, 502, 503):
            proxy = self.proxy(refuse=status)
            job = self.job(environment={"https_proxy": proxy.url})
            answer = job.call("gate", "--deadline", "2s")
            self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"))
            self.assertIn(f"HTTP {status}", answer.err)
            self.assertIn("proxy", answer.err)
            self.assertIn("nothing was sent", answer.err)
        self.assertEqual(self.remote.claims(), {})

    def test_a_proxy_that_is_not_there_is_named(self):
        answer = self.job(environment={"https_proxy": "127.0.0.1:9"}).call("gate", "--deadline", "2s")
        self.assertEqual(answer.status, 3)
        self.assertIn("the proxy 127.0.0.1:9", answer.err)
        self.assertIn("nothing was sent", answer.err)

    def test_a_proxy_of_another_kind_is_refused_before_anything_is_sent(self):
        for address in ("socks5://127.0.0.1:9", "https://127.0.0.1:9"):
            answer = self.job(environment={"https_proxy": address}).call("gate")
            self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"))
            self.assertIn("only http:// proxies", answer.err)

    def test_hosts_that_are_excepted_are_asked_directly(self):
        dead = "http://127.0.0.1:9"
        port = self.remote.url.split(":")[2].split("/")[0]
        for listed in ("localhost", "example.org,localhost", "example.org, localhost ,x", "*",
                       f"localhost:{port}", "LOCALHOST"):
            for name in ("no_proxy", "NO_PROXY"):
                with self.subTest(listed=listed, name=name):
                    job = self.job(environment={"https_proxy": dead, name: listed})
                    self.assertTrue(self.done(job.call("gate", "--force", "--deadline", "20s")).runs)
        for listed in ("localhost:1", "host", "calhost", "example.org"):
            with self.subTest(listed=listed):
                job = self.job(environment={"https_proxy": dead, "no_proxy": listed})
                answer = job.call("gate", "--force", "--deadline", "1s")
                self.assertEqual(answer.status, 3, answer)
                self.assertIn("the proxy", answer.err)


class InClear(ProxyCase):
    remote_kind = "http"

    def test_a_token_over_plain_http_is_shown_to_no_proxy(self):
        proxy = self.proxy()
        self.session(http_proxy=proxy.url, all_proxy=proxy.url)
        self.assertEqual(launch.requests(proxy), [])

    def test_without_a_token_the_proxy_is_asked_and_no_origin_by_its_form(self):
        with launch.serve(self.root) as server:
            remote = self.remote.by(f"{server.url}/{self.path.name}")
            del remote.environment["REFGATE_TOKEN"]
            for name in ("http_proxy", "all_proxy"):
                proxy = self.proxy()
                launch.reset(server)
                job = self.job(remote=remote, environment={name: proxy.url})
                answer = self.done(job.call("gate", "--force"))
                self.done(job.call("finish", "--claim-id", answer.claim_id))
                asked = launch.requests(proxy)
                self.assertTrue(asked)
                self.assertTrue(all(line.split()[1].startswith(f"{server.url}/") for line in asked), asked)
                self.assertEqual(len(launch.requests(server)), len(asked))


if __name__ == "__main__":
    unittest.main()
