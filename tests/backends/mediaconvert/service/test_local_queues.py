"""Queues without a wire: order, pauses, slots, hops by the clock, and what a restart goes on with."""

from __future__ import annotations

import threading
import time

import pytest

from backends.mediaconvert.service.events.outbox import Outbox
from backends.mediaconvert.service.execute.outcome import JobOutcome
from backends.mediaconvert.service.identity import Identity
from backends.mediaconvert.service.queueing import scheduler as scheduling
from backends.mediaconvert.service.queueing.rules import QueueRules
from backends.mediaconvert.service.queueing.scheduler import Scheduler
from backends.mediaconvert.service.store.catalogue import Catalogue
from backends.mediaconvert.service.store.database import Database
from backends.mediaconvert.service.store.jobs import JobStore, NewJob

MINUTE_MS = 60_000


class Collected:
    """A sink that remembers."""

    def __init__(self):
        self.events = []

    def deliver(self, event):
        self.events.append(event)


class Shop:
    """The endpoint's store and queue, with a clock to turn and work that only notes its job."""

    def __init__(self, path):
        self.now_ms = 1_000_000
        self.database = Database(path)
        self.jobs, self.catalogue = JobStore(self.database, self.clock), Catalogue(self.database, self.clock)
        self.done, self.gate, self.sink = [], threading.Event(), Collected()
        self.gate.set()
        self.outbox = Outbox(self.database, self.sink)
        rules = QueueRules(self.catalogue, self.jobs)
        self.scheduler = Scheduler(self.database, self.jobs, rules, self.outbox, Identity(),
                                   execute=self.work, now_ms=self.clock)  # fmt: skip

    def clock(self):
        self.now_ms += 1
        return self.now_ms

    def work(self, running):
        self.done.append(running.job.id)
        while not self.gate.wait(0.01):
            running.cancel.raise_if_set()
        return JobOutcome((), messages=("said at run time",))

    def queue(self, name, **document):
        self.catalogue.add("queues", name, {"Status": "ACTIVE"} | document)

    def submit(self, queue="Default", priority=0, **request):
        return self.jobs.add(NewJob(request, {}, queue, priority, {}, None, {}))[0].id

    def start(self, workers=1):
        self.outbox.start()
        self.scheduler.start(workers)

    def status(self, job):
        return self.jobs.get(job).status

    def wait_for(self, condition):
        end_s = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end_s
            time.sleep(0.005)

    def told(self, status):
        return [event["detail"] for event in self.sink.events if event["detail"]["status"] == status]

    def stop(self):
        self.scheduler.stop()
        self.outbox.stop()
        self.database.close()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduling, "TICK_S", 0.02)
    made = Shop(tmp_path / "state.sqlite")
    made.queue("Default")
    yield made
    made.gate.set()
    made.stop()


def test_jobs_start_by_priority_and_then_by_age(shop):
    zero, five, low, later = (shop.submit(priority=priority) for priority in (0, 5, -5, 5))
    shop.start()
    shop.wait_for(lambda: len(shop.done) == 4)
    assert shop.done == [five, later, zero, low]


def test_a_paused_queue_holds_its_jobs_and_no_others(shop):
    shop.queue("held", Status="PAUSED")
    held, free = shop.submit("held", 50), shop.submit()
    shop.start()
    shop.wait_for(lambda: shop.status(free) == "COMPLETE")
    assert shop.status(held) == "SUBMITTED"
    shop.catalogue.replace("queues", "held", {"Status": "ACTIVE"})
    shop.scheduler.wake()
    shop.wait_for(lambda: shop.status(held) == "COMPLETE")


@pytest.mark.parametrize("document", [{"ConcurrentJobs": 1}, {"ReservationPlan": {"ReservedSlots": 1}}])
def test_a_queue_runs_no_more_jobs_at_once_than_it_has_slots(shop, document):
    shop.queue("narrow", **document)
    shop.gate.clear()
    first, second, other = shop.submit("narrow"), shop.submit("narrow"), shop.submit()
    shop.start(workers=3)
    shop.wait_for(lambda: len(shop.done) == 2)
    assert (set(shop.done), shop.status(second)) == ({first, other}, "SUBMITTED")
    shop.gate.set()
    shop.wait_for(lambda: shop.status(second) == "COMPLETE")


def hop(queue, minutes, **more):
    return {"Queue": queue, "WaitMinutes": minutes} | more


def test_a_job_hops_when_it_has_waited_long_enough_and_runs_there(shop):
    shop.queue("held", Status="PAUSED")
    shop.queue("also held", Status="PAUSED")
    job = shop.submit("held", 3, HopDestinations=[hop("also held", 15, Priority=7), hop("Default", 5)])
    shop.start()
    shop.now_ms += 14 * MINUTE_MS
    time.sleep(0.1)
    assert shop.jobs.get(job).queue == "held"
    shop.now_ms += MINUTE_MS
    shop.wait_for(lambda: shop.jobs.get(job).queue == "also held")
    assert (shop.status(job), shop.jobs.get(job).priority) == ("SUBMITTED", 7)
    shop.now_ms += 5 * MINUTE_MS
    shop.wait_for(lambda: shop.status(job) == "COMPLETE")
    shown = shop.jobs.get(job).shown(Identity())
    trail = [(item["SourceQueue"], item["DestinationQueue"]) for item in shown["QueueTransitions"]]
    assert [tuple(arn.rpartition("/")[2] for arn in step) for step in trail] == [
        ("held", "also held"), ("also held", "Default")]  # fmt: skip
    shop.wait_for(lambda: shop.told("COMPLETE"))
    first = shop.told("QUEUE_HOP")[0]
    assert (first["queue"].rpartition("/")[2], first["previousPriority"], first["priority"]) == ("also held", 3, 7)
    assert first["previousQueue"].endswith("queues/held")


def test_a_hop_to_a_queue_that_is_not_there_is_warned_about_and_the_next_one_counts(shop):
    shop.queue("held", Status="PAUSED")
    job = shop.submit("held", HopDestinations=[hop("gone", 1), hop("Default", 2)])
    shop.start()
    shop.now_ms += MINUTE_MS
    shop.wait_for(lambda: shop.told("NEW_WARNING"))
    assert (shop.told("NEW_WARNING")[0]["warningCode"], shop.jobs.get(job).queue) == ("100000", "held")
    shop.now_ms += MINUTE_MS
    shop.wait_for(lambda: shop.status(job) == "COMPLETE")
    assert shop.jobs.get(job).facts["Warnings"] == [{"Code": 100_000, "Count": 1}]
    assert len(shop.told("NEW_WARNING")) == 1


def test_what_is_noticed_at_run_time_stands_in_the_job(shop):
    job = shop.jobs.add(NewJob({}, {}, "Default", 0, {"Messages": {"Info": [], "Warning": ["said before"]}}, None, {}))[
        0
    ]
    shop.start()
    shop.wait_for(lambda: shop.status(job.id) == "COMPLETE")
    assert shop.jobs.get(job.id).facts["Messages"]["Warning"] == ["said before", "said at run time"]


def test_a_stopped_endpoint_goes_on_with_its_jobs_in_their_old_order(shop, tmp_path):
    shop.gate.clear()
    first, second = shop.submit(), shop.submit()
    shop.start()
    shop.wait_for(lambda: shop.done)
    shop.stop()
    again = Shop(tmp_path / "state.sqlite")
    again.start()
    again.wait_for(lambda: again.status(second) == "COMPLETE")
    assert (again.done, again.status(first)) == ([first, second], "COMPLETE")
    again.stop()
    shop.__init__(tmp_path / "state.sqlite")


def killed(shop, job, times=1):
    """As a kill leaves a job: claimed, and nobody at work."""
    for _ in range(times):
        shop.jobs.return_to_queue(job)
        shop.jobs.claim(lambda _: True)


def test_a_killed_endpoints_job_is_tried_again_and_says_how_often(shop):
    job = shop.submit()
    killed(shop, job)
    shop.start()
    shop.wait_for(lambda: shop.status(job) == "COMPLETE")
    assert shop.jobs.get(job).facts["RetryCount"] == 1


def test_a_job_that_takes_the_endpoint_down_three_times_ends_with_the_reason(shop):
    job, other = shop.submit(priority=9), shop.submit()
    killed(shop, job, times=3)
    shop.start()
    shop.wait_for(lambda: shop.status(other) == "COMPLETE")
    assert (shop.status(job), shop.jobs.get(job).facts["ErrorCode"], shop.done) == ("ERROR", 1999, [other])
    assert "3 times" in shop.jobs.get(job).facts["ErrorMessage"]


def test_a_job_cancelled_before_the_kill_is_not_run_again(shop):
    job = shop.submit()
    killed(shop, job)
    shop.jobs.request_cancel(job)
    shop.start()
    shop.wait_for(lambda: shop.status(job) == "CANCELED")
    assert shop.done == []


def test_a_token_is_forgotten_after_a_minute(shop):
    def add():
        return shop.jobs.add(NewJob({}, {}, "Default", 0, {}, "token", {}))[0].id

    first = add()
    shop.now_ms += 59_000
    assert add() == first
    shop.now_ms += 2_000
    assert add() != first
