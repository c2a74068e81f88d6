"""--slots: what status, explain and metrics tell of a pool, over HTTP."""

import unittest

from gate_case import apart
from slots_test import POOL, SlotsCase


class Told(SlotsCase):
    def test_status_explain_and_metrics_tell_who_has_a_slot(self):
        first, second = self.holder(1), self.holder(2)
        third, call = self.waiter(3, "--wait", "10m")
        person = self.person()
        answer = self.done(person.call("status", "--queues", "--json")).json()
        (pool,) = answer["slots"]
        self.assertEqual((pool["pool"], pool["ref"], pool["closed_until"]), ("default", POOL, None))
        self.assertEqual([(ticket["position"], ticket["run_id"], ticket["state"]) for ticket in pool["tickets"]],
                         [(1, first.run, "in use"), (2, second.run, "in use"), (3, third.run, "waiting")])
        text = self.done(person.call("status", "--queues")).out
        for word in ("POOL", "default", "in use", "waiting", third.run):
            self.assertIn(word, text)
        metrics = self.done(person.call("metrics")).out
        for line in ('refgate_slots_in_use{pool="default"} 2\n', 'refgate_slots_waiting{pool="default"} 1\n'):
            self.assertIn(line, metrics)
        before = self.remote.all_refs()
        asking = self.push_job(4)
        told = asking.call("explain", "--json", "--slots", "2").json()
        self.assertEqual({name: told["slots"][name] for name in ("pool", "most", "in_use", "waiting", "closed_until")},
                         {"pool": "default", "most": 2, "in_use": 2, "waiting": 1, "closed_until": None})
        self.assertIn("when a slot is free", asking.call("explain", "--slots", "2").out)
        self.assertIn("(queued)", asking.call("explain", "--slots", "2", "--no-wait").out)
        self.assertNotIn("when a slot is free", asking.call("explain", "--slots", "4").out)
        self.assertEqual(self.remote.all_refs(), before)
        call.kill()
        self.done(first.call("finish", "--status", "limited", "--after", "1h"))
        told = asking.call("explain", "--json", "--slots", "2").json()
        self.assertEqual((told["decision"]["verdict"], told["decision"]["reason_code"]), ("skip", "limited"))
        self.assertLess(apart(told["decision"]["until"], told["slots"]["closed_until"]), 2)
        self.assertIn("closed until", self.done(person.call("status", "--queues")).out)

    def test_gc_forgets_an_empty_pool_and_one_whose_sessions_have_ended(self):
        job = self.holder(1, slots="one:1")
        self.done(job.call("finish"))
        ended, live = self.holder(2, slots="two:1"), self.holder(3, slots="three:1")
        self.done(self.person().call("release", ended.claim_id, "--reason", "enough"))
        self.assertEqual(len(self.in_pool("refs/refgate/slots/two")), 1)
        said = self.done(self.person().call("gc", "--dry-run"))
        self.assertIn("2 empty pools of slots", said.out)
        self.done(self.person().call("gc"))
        self.assertEqual(list(self.remote.refs("refs/refgate/slots")), ["refs/refgate/slots/three"])
        self.done(live.call("finish"))


if __name__ == "__main__":
    unittest.main()
