"""Clients in several processes, and a server that is killed in the middle: every job completes, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from local_jobs import simple_job

ROOT = Path(__file__).resolve().parents[4]
CLIENT = """
import json, sys, boto3
from botocore.config import Config
url, count, name, job = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
client = boto3.client("mediaconvert", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a",
                      aws_secret_access_key="b", config=Config(retries={"mode": "standard", "total_max_attempts": 10}))
for number in range(count):
    job["Settings"]["OutputGroups"][0]["OutputGroupSettings"]["FileGroupSettings"]["Destination"] = f"s3://out/{name}-{number}"
    print(client.create_job(**job)["Job"]["Id"], flush=True)
"""


class Server:
    """`storyreel mediaconvert serve` as a process of its own."""

    def __init__(self, home, root, port=0):
        self.home, self.root = home, root
        self.events = home / "events.jsonl"
        command = [sys.executable, "-m", "cli", "mediaconvert", "serve", "--port", str(port), "--s3-root", str(root)]
        command += ["--state", str(home / "state.sqlite"), "--events", str(self.events), "--workers", "2"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        line = self.process.stderr.readline()
        assert "MediaConvert at" in line, line + self.process.stderr.read()
        self.url = line.split()[2].rstrip(",")

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def client(self):
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        return boto3.client("mediaconvert", endpoint_url=self.url, region_name="us-east-1", **keys)

    def memory_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stderr.close()

    def unfinished(self):
        client = self.client()
        return sum(
            len(page["Jobs"])
            for status in ("SUBMITTED", "PROGRESSING")
            for page in client.get_paginator("list_jobs").paginate(Status=status)
        )


def submit_from_processes(server, processes, each):
    """Job ids, in the order of the processes."""
    job = json.dumps(simple_job())
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def one(name):
        command = [sys.executable, "-c", CLIENT, server.url, str(each), str(name), job]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.split()

    with ThreadPoolExecutor(processes) as pool:
        return [identifier for ids in pool.map(one, range(processes)) for identifier in ids]


def wait_for_all(server, seconds):
    end_s = time.monotonic() + seconds
    while server.unfinished():
        assert time.monotonic() < end_s, f"{server.unfinished()} jobs left"
        time.sleep(0.3)


def check_all_complete_once(server, jobs):
    client = server.client()
    found = [job for page in client.get_paginator("list_jobs").paginate() for job in page["Jobs"]]
    assert sorted(job["Id"] for job in found) == sorted(jobs)
    assert Counter(job["Status"] for job in found) == {"COMPLETE": len(jobs)}, [
        job.get("ErrorMessage") for job in found
    ]
    time.sleep(0.5)
    events = [json.loads(line) for line in server.events.read_text().splitlines()]
    ended = Counter(event["detail"]["jobId"] for event in events if event["detail"]["status"] == "COMPLETE")
    assert ended == Counter(jobs)
    assert len(list((server.root / "out").glob("*.mp4"))) == len(jobs)


@pytest.fixture
def home(tmp_path, media):
    root = tmp_path / "s3"
    (root / "in").mkdir(parents=True)
    os.link(media / "clip.mp4", root / "in" / "clip.mp4")
    return tmp_path


def children_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_killed_server_loses_no_job_and_runs_none_twice(home):
    server = Server(home, home / "s3")
    jobs = submit_from_processes(server, 2, 3)
    client = server.client()
    while not client.list_jobs(Status="COMPLETE")["Jobs"]:
        time.sleep(0.02)
    port = server.port
    server.kill()
    server = Server(home, home / "s3", port)
    wait_for_all(server, 120)
    check_all_complete_once(server, jobs)
    server.stop()
    assert server.process.returncode == 0


@pytest.mark.campaign
def test_a_hundred_jobs_from_several_processes_with_kills(home):
    """100 jobs from 5 processes; the server is killed three times; its memory stays flat."""
    server = Server(home, home / "s3")
    jobs = submit_from_processes(server, 5, 20)
    port, memory = server.port, []
    for _ in range(3):
        time.sleep(5)
        memory.append(server.memory_mb())
        server.kill()
        server = Server(home, home / "s3", port)
    wait_for_all(server, 900)
    memory.append(server.memory_mb())
    check_all_complete_once(server, jobs)
    server.stop()
    print("memory in MB:", memory)  # noqa: T201  (the campaign's figure)
    assert max(memory) < 400


@pytest.mark.campaign
def test_memory_is_flat_over_a_hundred_jobs(home):
    server = Server(home, home / "s3")
    jobs = submit_from_processes(server, 5, 20)
    memory = []
    while left := server.unfinished():
        memory.append((100 - left, round(server.memory_mb())))
        time.sleep(2)
    check_all_complete_once(server, jobs)
    server.stop()
    early = max(mb for done, mb in memory if done <= 40)
    late = max(mb for done, mb in memory if done > 60)
    print("memory in MB by jobs done:", memory)  # noqa: T201  (the campaign's figure)
    assert late < early * 1.15 + 10
