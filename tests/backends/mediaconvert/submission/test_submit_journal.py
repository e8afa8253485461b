"""The journal: durable, private, one writer at a time, and never of two minds about a finished job."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import subprocess
import threading

import pytest

from backends.mediaconvert.submission import record as records
from backends.mediaconvert.submission.journal import SqliteJournal, state_root
from backends.mediaconvert.submission.progress import JobMessage, JobOutput, JobProgress, JobWarning
from backends.mediaconvert.submission.record import Lease, Note, Record
from backends.mediaconvert.submission.record_json import record_from_json, record_to_json
from renderer.errors import OutputError

NOW = 1_800_000_000.0


def fresh(name="a", **fields):
    made = Record(name * 64, "story", "5" * 64, "c" * 64, "aws:us-east-1", "bucket", "Default", NOW, NOW)
    return dataclasses.replace(made, **fields)


def full():
    progress = JobProgress("ERROR", 5, 48, "UPLOADING", "q", "1040", "codecs", (JobWarning(1, "w", 2),),
                           (JobOutput(("s3://b/k",), 1, 2, 3),), ("note",))  # fmt: skip
    return fresh(key="mine", job_id="1-a", first_sent_at=NOW, submitted_at=NOW, progress=progress,
                 lease=Lease("o", "m", 1, "2", NOW), notes=(Note(NOW, "n"),))  # fmt: skip


def test_a_record_comes_back_as_it_was_written(journal):
    journal.update("a" * 64, lambda _: full())
    assert SqliteJournal(journal.path).read("a" * 64) == full()
    assert journal.find_job("1-a") == full()


def test_a_field_of_a_newer_version_is_passed_over():
    text = record_to_json(full()).replace('"bucket"', '"colour": "red", "bucket"', 1)
    assert record_from_json(text) == full()


def test_records_come_newest_first(journal):
    for age, name in enumerate("abc"):
        journal.update(name * 64, lambda _, name=name, age=age: fresh(name, created_at=NOW - age))
    assert [record.id[0] for record in journal.records()] == ["a", "b", "c"]


def test_a_record_can_be_forgotten(journal):
    journal.update("a" * 64, lambda _: fresh())
    assert journal.update("a" * 64, lambda _: None) is None
    assert journal.records() == ()


def test_writes_are_synced_and_private(journal):
    journal.update("a" * 64, lambda _: fresh())
    with journal._connection() as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]
    assert journal.path.stat().st_mode & 0o077 == 0


def test_a_failing_change_leaves_the_record_as_it_was(journal):
    journal.update("a" * 64, lambda _: fresh())
    with pytest.raises(ZeroDivisionError):
        journal.update("a" * 64, lambda _: 1 / 0)
    assert journal.read("a" * 64) == fresh()


def test_a_damaged_journal_is_named(tmp_path):
    path = tmp_path / "submissions.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(OutputError, match=r"submissions\.sqlite.*STORYREEL_STATE_DIR"):
        SqliteJournal(path).records()


def test_a_damaged_record_is_named(journal):
    journal.update("a" * 64, lambda _: fresh())
    with sqlite3.connect(journal.path) as connection:
        connection.execute("UPDATE submissions SET record = '[]'")
    connection.close()
    with pytest.raises(OutputError, match="not a record"):
        journal.read("a" * 64)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        pytest.param({"STORYREEL_STATE_DIR": "own"}, "own", id="its own variable"),
        pytest.param({"XDG_STATE_HOME": "xdg"}, "xdg/storyreel", id="the system's variable"),
        pytest.param({"HOME": "home"}, "home/.local/state/storyreel", id="the home folder"),
    ],
)
def test_the_state_folder(environment, folder, tmp_path, monkeypatch):
    for name in ("STORYREEL_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    assert state_root() == tmp_path / folder
    assert (tmp_path / folder).stat().st_mode & 0o077 == 0


def test_many_threads_lose_no_change(journal):
    journal.update("a" * 64, lambda _: fresh())

    def count():
        for _ in range(10):
            journal.update("a" * 64, lambda record: dataclasses.replace(record, updated_at=record.updated_at + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert journal.read("a" * 64).updated_at == NOW + 40


def test_first_use_by_many_at_once(tmp_path):
    journals = [SqliteJournal(tmp_path / "submissions.sqlite") for _ in range(8)]
    threads = [threading.Thread(target=journal.update, args=("a" * 64, lambda _: fresh())) for journal in journals]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert journals[0].read("a" * 64) == fresh()


def gone_process():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def lease(**fields):
    return dataclasses.replace(records.new_lease(NOW), **fields)


@pytest.mark.parametrize(
    ("held", "holder", "now"),
    [
        pytest.param(True, lease(), NOW, id="by this process"),
        pytest.param(True, lease(), NOW + 9999, id="by this process, however long"),
        pytest.param(False, lease(pid=gone_process()), NOW, id="by a process that is gone"),
        pytest.param(False, lease(started="7"), NOW, id="by a process whose id was used again"),
        pytest.param(True, lease(machine="elsewhere"), NOW + 100, id="by another machine, lately"),
        pytest.param(False, lease(machine="elsewhere"), NOW + 200, id="by another machine, long ago"),
    ],
)
def test_a_lease_is_held(held, holder, now):
    assert holder.is_held(now) is held


def test_only_one_gets_a_submission():
    first, second = records.new_lease(NOW), records.new_lease(NOW)
    taken = records.claimed(fresh(), first, NOW)
    assert (taken.state, taken.lease.owner, taken.first_sent_at) == ("SUBMITTING", first.owner, NOW)
    assert records.claimed(taken, second, NOW) == taken
    assert records.claimed(records.released(taken, first, NOW), second, NOW + 1).lease.owner == second.owner


def test_a_claim_remembers_the_first_request():
    first = records.claimed(fresh(), records.new_lease(NOW), NOW)
    again = records.claimed(dataclasses.replace(first, lease=None), records.new_lease(NOW), NOW + 60)
    assert again.first_sent_at == NOW


@pytest.mark.parametrize("state", ["COMPLETE", "ERROR", "CANCELED"])
def test_a_finished_record_stays(state):
    done = fresh(job_id="1-a", progress=JobProgress(state))
    assert records.heard(done, JobMessage("1-a", 9, "PROGRESSING"), NOW) is done
    assert records.ended(done, "ERROR", "X", "late", NOW) is done
    assert records.claimed(done, records.new_lease(NOW), NOW) is done


def test_a_refusal_forgets_the_request_but_not_a_job():
    claimed = records.claimed(fresh(), records.new_lease(NOW), NOW)
    assert records.refused(claimed, "no", NOW).state == "PENDING"
    assert records.refused(claimed, "no", NOW).first_sent_at is None
    job = records.created(claimed, "1-a", NOW)
    assert records.refused(job, "no", NOW) is job


def test_history_is_bounded_and_without_secrets():
    noted = fresh()
    for number in range(100):
        noted = records.noted(noted, f"{number} https://u:p@h/x?sig=1 ann@example.com", NOW)
    assert len(noted.notes) == records.NOTES_KEPT
    assert noted.notes[-1].text == "99 https://[redacted]@h/x?[redacted] [redacted]"


def test_a_lease_names_this_process():
    assert records.new_lease(NOW).pid == os.getpid()
    assert records.process_start(os.getpid()) != ""
