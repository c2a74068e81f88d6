"""A week of events, watched and enforced: enforcing saves what watching said that it would.

The events of a team's week on six branches, in their order and by a fixed seed: heads are pushed, opened and updated as pull requests, reported on by CI, labelled,
re-run after failures and delivered twice; sessions go on while others come. REFGATE_E2E_FULL=1 plays three times as many.
The same list is played against two remotes. What waits is left out, since who only watches never does.
"""

import random
import unittest

import payloads
import runner
from gate_case import GateCase

BRANCHES = 6
DAYS = 7
EVENTS = 20 if runner.FULL else 7  # a day


class Event:
    def __init__(self, name, payload, run, attempt, lasts, status, cents):
        self.name, self.payload, self.run, self.attempt = name, payload, run, attempt
        self.lasts = lasts  # for so many events its session goes on, if there is one
        self.status, self.cents = status, cents


def week(seed):
    dice = random.Random(seed)
    heads = {}  # by branch: how many there were
    events = []
    runs = iter(range(5001, 9000))

    def add(name, payload, run=None, attempt=1):
        status = dice.choices(["success", "failure", "cancelled"], [8, 2, 1])[0]
        events.append(Event(name, payload, run or next(runs), attempt, dice.choice([0, 0, 1, 2, 4]), status, dice.randrange(10, 200)))

    for _ in range(DAYS * EVENTS):
        branch = dice.randrange(BRANCHES)
        name = f"topic-{branch}"
        if branch not in heads or dice.random() < 0.25:
            heads[branch] = heads.get(branch, 0) + 1
            head = payloads.commit(f"{branch}.{heads[branch]}")
            add("push", payloads.push(head, ref=f"refs/heads/{name}"))
            action = "opened" if heads[branch] == 1 else "synchronize"
            add("pull_request", payloads.pull_request(head, action=action, number=branch + 1, branch=name))
            continue
        head = payloads.commit(f"{branch}.{heads[branch]}")
        kind = dice.choice(["again", "rerun", "report", "report", "label", "push", "comment"])
        if kind == "again":
            earlier = dice.choice(events[-8:])
            add(earlier.name, earlier.payload)
        elif kind == "rerun":
            earlier = dice.choice(events[-12:])
            attempt = max(event.attempt for event in events if event.run == earlier.run) + 1
            add(earlier.name, earlier.payload, earlier.run, attempt)
        elif kind == "report":
            report = payloads.workflow_run(head, run=900 + 10 * branch + heads[branch])
            report["workflow_run"]["head_branch"] = name
            add("workflow_run", report)
        elif kind == "label":
            add("pull_request", payloads.pull_request(head, action="labeled", label="review", number=branch + 1, branch=name))
        elif kind == "push":
            add("push", payloads.push(head, ref=f"refs/heads/{name}"))
        else:
            add("issue_comment", payloads.comment(dice.randrange(40), issue=branch + 1))
    return events


class Week(GateCase):
    def play(self, events, *words):
        """What each event was told, and what its sessions cost in cents: (would it run, the reason, did it run)."""
        told, spent, going = [], 0, []
        for number, event in enumerate(events):
            for until, job, ended in [one for one in going if one[0] <= number]:
                self.end(job, ended)
                going.remove((until, job, ended))
            job = self.job(event.name, event.payload, run=event.run, attempt=event.attempt)
            answer = job.call("gate", *words)
            self.assertIn(answer.status, (0, 1), answer)
            skips = not answer.runs or answer.outputs["would_skip"] == "true"
            told.append((not skips, answer.code, answer.runs))
            if answer.runs:
                spent += event.cents
                going.append((number + 1 + event.lasts, job, event))
        for _, job, event in going:
            self.end(job, event)
        return told, spent

    def end(self, job, event):
        self.done(job.call("finish", "--status", event.status, "--cost", f"{event.cents / 100:.2f}"))

    def test_enforcing_saves_what_watching_said(self):
        events = week(14)
        watched, all_cents = self.play(events, "--observe")
        said = self.done(self.person().call("stats", "--json")).json()
        self.assertTrue(all(ran for _, _, ran in watched), "who only watches skips nobody")
        self.done(self.person().call("verify"))

        super().setUp()
        enforced, spent_cents = self.play(events)
        did = self.done(self.person().call("stats", "--json")).json()
        self.done(self.person().call("verify"))

        self.assertEqual([verdict[:2] for verdict in watched], [verdict[:2] for verdict in enforced])
        skipped = sum(not ran for _, _, ran in enforced)
        total, before = did["total"], said["total"]
        self.assertEqual(before["observed_duplicates"], total["prevented"])
        self.assertEqual(before["observed"], skipped)
        self.assertEqual(before["sessions"], total["sessions"])
        self.assertEqual(sum(before["observed_by_reason"].values()), skipped)
        reasons = {code for _, code, _ in enforced}
        self.assertLessEqual({"first", "already_done", "retry_suppressed", "takeover"}, reasons)
        self.assertTrue(reasons & {"active_session", "pr_lock"}, "nobody came while the work went on")
        # That the list is a week's worth, and no row of one kind.
        self.assertGreater(skipped, len(events) // 4)
        self.assertGreater(total["sessions"], len(events) // 4)
        print(f"{len(events)} events: {total['sessions']} launched, {skipped} skipped ({total['prevented']} duplicates); "
              f"USD {all_cents / 100:.2f} watched, {spent_cents / 100:.2f} enforced; said {said['would_save_cost_estimate']}; by reason {before['observed_by_reason']}")


if __name__ == "__main__":
    unittest.main()
