"""Kill -9 anywhere in a submission and run it again: one job, and nothing left behind that `gc` does not list.

The endpoint forgets tokens at once here, so that nothing but the journal and the look-up keeps the second job away.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from submit_child import Fuse, session_of
from submit_endpoint import Fault

from backends.mediaconvert.submission.jobs import collect

QUICK = 32
CAMPAIGN = int(os.environ.get("STORYREEL_CAMPAIGN_KILLS", "200"))


@pytest.fixture
def forgetful(endpoint):
    endpoint.token_window_s = 0
    return endpoint


def keys_in(client, bucket):
    return {item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])}


def unlisted(run, client):
    """Parted uploads that nobody would find. Services are made once for each endpoint."""
    there = {item["UploadId"] for item in client.list_multipart_uploads(Bucket=run["bucket"]).get("Uploads", [])}
    return there - {orphan.upload_id for orphan in collect(session_of(run, Fuse(0)), [(run["bucket"], "")])}


def assert_one_job(endpoint, result, run, client):
    assert result["code"] == 0, result
    assert [job["id"] for job in endpoint.jobs_of(run["story"])] == [result["job"]]
    expected = {f"storyreel/sources/{run['story']}-{name}" for name in ("small.bin", "large.bin")}
    assert expected <= keys_in(client, run["bucket"])
    assert unlisted(run, client) == set()


def boundaries(forks, make_run):
    result = forks.run(make_run("uninterrupted"))[0]
    assert result["code"] == 0, result
    names = result["boundaries"]
    assert {"before CreateJob", "after CreateJob", "after UploadPart", "before a journal write"} <= set(names)
    return names


def spread(names, count):
    """Numbers of boundaries, evenly over all, with every one around the creation of the job."""
    created = names.index("before CreateJob") + 1
    near = [number for number in range(created - 3, created + 5) if number <= len(names)]
    even = [1 + index * (len(names) - 1) // (count - 1) for index in range(count)]
    return sorted(set(near) | set(even))


def test_a_kill_at_any_boundary_leaves_one_job(forks, make_run, forgetful, s3_client):
    names = boundaries(forks, make_run)
    points = spread(names, QUICK)
    assert len(points) >= 30
    for point in points:
        killed, run = make_run(f"killed{point}", blow=point), make_run(f"killed{point}")
        assert forks.run(killed)[0]["code"] == -signal.SIGKILL, names[point - 1]
        assert_one_job(forgetful, forks.run(run)[0], run, s3_client)


def test_a_kill_between_the_creation_and_its_answer_leaves_one_job(forks, make_run, forgetful, s3_client):
    known, victim = threading.Event(), []

    def kill():
        known.wait(10)
        os.kill(victim[0], signal.SIGKILL)

    forgetful.fail("CreateJob", Fault("reset", accepted=True, then=kill))
    run = make_run("midway")
    victim.extend(forks.start(run))
    known.set()
    assert forks.finish()[0]["code"] == -signal.SIGKILL
    assert len(forgetful.jobs_of("midway")) == 1
    assert_one_job(forgetful, forks.run(run)[0], run, s3_client)


def test_a_kill_before_the_request_was_accepted_leaves_one_job(forks, make_run, forgetful, s3_client):
    known, victim = threading.Event(), []

    def kill():
        known.wait(10)
        os.kill(victim[0], signal.SIGKILL)

    forgetful.fail("CreateJob", Fault("reset", then=kill))
    run = make_run("unsent")
    victim.extend(forks.start(run))
    known.set()
    assert forks.finish()[0]["code"] == -signal.SIGKILL
    assert forgetful.jobs_of("unsent") == []
    assert_one_job(forgetful, forks.run(run)[0], run, s3_client)


def test_two_processes_at_once_make_one_job(forks, make_run, forgetful):
    for number in range(3):
        run = make_run(f"twice{number}")
        results = forks.run(run, run)
        assert [result["code"] for result in results] == [0, 0], results
        assert len({result["job"] for result in results}) == 1
        assert len(forgetful.jobs_of(run["story"])) == 1


def test_a_killed_run_and_two_new_ones_at_once_make_one_job(forks, make_run, forgetful):
    for number, fault in enumerate(
        [Fault("reset", accepted=True), Fault("reset"), Fault(accepted=True), Fault(status=503)]
    ):
        forgetful.fail("CreateJob", fault)
        run = make_run(f"thrice{number}")
        results = forks.run(run, run, run)
        assert {result["code"] for result in results} == {0}, results
        assert len(forgetful.jobs_of(run["story"])) == 1


def test_a_new_interpreter_continues_a_killed_one(make_run, forgetful, s3_client):
    """The same through a process of its own, started from nothing."""
    run = make_run("separate")
    first, second = separately({**run, "blow": "after CreateJob"}), separately(run)
    assert (first.returncode, second.returncode) == (-signal.SIGKILL, 0), second.stderr
    assert [job["id"] for job in forgetful.jobs_of("separate")] == [json.loads(second.stdout)["job"]]


def separately(run):
    code = "import json, sys, submit_child; print(json.dumps(submit_child.perform(json.loads(sys.argv[1]))))"
    folder = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(folder.parents[3])])}
    return subprocess.run(
        [sys.executable, "-c", code, json.dumps(run)], env=environment, capture_output=True, check=False
    )


@pytest.mark.campaign
def test_many_kills_at_random_moments_leave_one_job_each(forks, make_run, forgetful, s3_client):
    chance = random.Random(int(os.environ.get("STORYREEL_CAMPAIGN_SEED", "1")))
    names = boundaries(forks, make_run)
    started = time.monotonic()
    assert forks.run(make_run("measured"))[0]["code"] == 0
    whole, kills = time.monotonic() - started, 0
    while kills < CAMPAIGN:
        run = make_run(f"random{kills}")
        for _ in range(chance.choice([1, 1, 2, 3])):
            timed = {"kill_after_s": chance.uniform(0, whole)}
            end = timed if chance.random() < 0.5 else {"blow": chance.randint(1, len(names))}
            kills += forks.run({**run, **end})[0]["code"] == -signal.SIGKILL
        assert_one_job(forgetful, forks.run(run)[0], run, s3_client)
