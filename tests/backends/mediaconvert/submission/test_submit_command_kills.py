"""The real command, killed at random moments and run again: one job each, nothing left that `jobs gc` does not list.

The endpoint forgets tokens at once, so that nothing but the journal and the look-up keeps a second job away.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter

import pytest
from submit_endpoint import Fault
from submit_process import Command

KILLS = int(os.environ.get("STORYREEL_CAMPAIGN_COMMAND_KILLS", "50"))
STOPS = int(os.environ.get("STORYREEL_CAMPAIGN_COMMAND_STOPS", "20"))
HOW = ["at random"] * 3 + ["before the creation", "after the creation"]


@pytest.fixture
def spec(story_folder, make_tone):
    """A voice of 19 MB, which goes in parts, and three pictures of the brand."""
    path = story_folder(images=[], narration_s=None, brand="stories-of-you", id="killed", length="narration")
    make_tone(path.parent / "narration.wav", 100, channels=2)
    path.write_text(path.read_text() + 'narration: "narration.wav"\n')
    return path


class Campaign:
    """One bucket and endpoint; each submission has folders of its own, so that it uploads and creates everything."""

    def __init__(self, spec, bucket, remote, client, gc):
        self._spec, self._bucket, self._remote, self._client, self._gc = spec, bucket, remote, client, gc
        self.chance = random.Random(int(os.environ.get("STORYREEL_CAMPAIGN_SEED", "1")))
        self._work_s = 600.0
        assert self._at_random("whole", None)[0] == 0

    def command(self, number):
        folders = ["--prefix", f"run{number}", "--destination", f"videos/{number}"]
        return Command(self._spec, self._bucket, *folders, "--json")

    def _asked(self, command, before):
        """Seconds from its start to its first question: from then on it hears signals."""
        while len(self._remote.calls) == before and command.process.poll() is None:
            time.sleep(0.005)
        return time.monotonic() - command.started

    def _at_random(self, number, signal_number):
        """A signal between first question and end, or none. A run that ends first tells how long that is now."""
        before, command = len(self._remote.calls), self.command(number)
        asked_s = self._asked(command, before)
        if signal_number is not None:
            command.kill(asked_s + self.chance.uniform(0, self._work_s), signal_number)
        code, out, err = command.end()
        if code == 0:
            self._work_s = time.monotonic() - command.started - asked_s
        return code, out, err

    def stopped(self, number, signal_number):
        """Exit code and messages of a run that was told to stop; 0 where it had said all it had to say before."""
        code, out, err = self._at_random(number, signal_number)
        return 0 if code == -signal_number and out.endswith("}\n") else code, err

    def killed(self, number, how):
        """Whether the run was killed before its end."""
        if how == "at random":
            return self._at_random(number, signal.SIGKILL)[0] == -signal.SIGKILL
        victim = []
        cut = Fault("reset", accepted=how == "after the creation", then=lambda: victim[0].kill())  # noqa: PLW0108  (not there yet)
        self._remote.fail("CreateJob", cut)
        victim.append(self.command(number))
        code = victim[0].end()[0]
        self._remote.faults.clear()
        return code == -signal.SIGKILL

    def unfinished(self):
        found = self._client.list_multipart_uploads(Bucket=self._bucket).get("Uploads", [])
        return {item["UploadId"] for item in found}

    def _settled(self):
        """The unfinished uploads once the server has answered what the killed run had sent already."""
        before, now = None, self.unfinished()
        while now != before:
            time.sleep(0.3)
            before, now = now, self.unfinished()
        return now

    def assert_all_is_listed(self):
        """Every unfinished upload is listed, and cleared by the command; returns how many there were."""
        before = self._settled()
        listed = json.loads(self._gc("jobs", "gc", "--dry-run", "--json").stdout)["orphans"]
        left = before & self.unfinished()
        assert left <= {item["upload_id"] for item in listed}
        if left:
            assert self._gc("jobs", "gc").exit_code == 0
        assert self.unfinished() == set()
        return len(left)

    def assert_one_job(self, number):
        code, out, err = self.command(number).end()
        assert code == 0, err
        destination = f"s3://{self._bucket}/videos/{number}/killed"
        mine = [job["id"] for job in self._remote.jobs if destination in json.dumps(job["settings"]["outputGroups"])]
        assert mine == [json.loads(out)["job_id"]]
        there = self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"run{number}/")["Contents"]
        assert len(there) == 4
        assert self.unfinished() == set()


@pytest.mark.campaign
def test_fifty_kills_of_the_real_command_leave_one_job_each(spec, bucket, remote, s3_client, run):
    """Random moments between the first question and the end, and both sides of the creation of the job."""
    remote.token_window_s = 0
    campaign, seen, kills, number = Campaign(spec, bucket, remote, s3_client, run), Counter(), 0, 0
    started = time.monotonic()
    while kills < KILLS:
        number += 1
        how = campaign.chance.choice(HOW)
        killed = campaign.killed(number, how)
        left = campaign.assert_all_is_listed()
        seen[f"{how}{' with an upload under way' if left else ''}" if killed else "too late"] += 1
        kills += killed
        campaign.assert_one_job(number)
    took_s, jobs = time.monotonic() - started, len(remote.jobs) - 1
    assert jobs == number
    sys.stdout.write(f"\n{kills} kills in {number} submissions, {jobs} jobs, {took_s:.0f} s: {dict(seen)}\n")


@pytest.mark.campaign
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_stop_at_any_moment_aborts_what_is_on_its_way(spec, bucket, remote, s3_client, run, number):
    """Unlike a kill, it leaves no upload at all; the command then says how to go on, and does."""
    remote.token_window_s = 0
    campaign, seen = Campaign(spec, bucket, remote, s3_client, run), Counter()
    for submission in range(STOPS):
        code, err = campaign.stopped(submission, number)
        assert code in (0, 130), err
        assert "Traceback" not in err
        assert campaign.unfinished() == set()
        seen["stopped" if code else "too late"] += 1
        campaign.assert_one_job(submission)
    sys.stdout.write(f"\n{STOPS} submissions stopped by {number.name}, one job each: {dict(seen)}\n")
