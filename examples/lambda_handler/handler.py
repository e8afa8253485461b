"""Two functions for a production account: one submits a job, one hears what became of it. Neither ever sleeps.

`submit_job` stands behind a state machine or a queue; where the MediaConvert queue is full it answers `deferred`,
and whoever called it calls again later. `job_changed` stands behind an EventBridge rule for the state changes of jobs.
Both keep their records in a bucket, so a function that is stopped at any point can simply be called again.
"""

from __future__ import annotations

import functools
import os
import time

import boto3
from object_journal import ObjectJournal

from backends.mediaconvert.submission.congestion import Congestion, DeferredError
from backends.mediaconvert.submission.create import BusyError
from backends.mediaconvert.submission.errors import RemoteError
from backends.mediaconvert.submission.receive import receive
from backends.mediaconvert.submission.services import connect
from backends.mediaconvert.submission.session import Session
from backends.mediaconvert.submission.submission import Submission
from backends.mediaconvert.submission.submit import SubmitSettings, submit
from backends.mediaconvert.validation import validate_job

REQUIRED = ("MEDIACONVERT_ROLE", "JOURNAL_BUCKET")
SETTINGS = SubmitSettings(congestion=Congestion(checks=0, when_full="defer"), longest_turn_s=0, look_back_s=0)


def submit_job(event: dict, _context: object) -> dict:
    """Submit `{"job": …, "storyId": …, "timelineSha256": …, "key": …}`, whose sources lie in S3 already.

    The same event again, at once or a day later, leads to the same job.
    """
    try:
        record = submit(_session(), _submission(event), SETTINGS).record
    except (DeferredError, BusyError) as error:
        return {"success": False, "deferred": True, "retryAfterSeconds": error.retry_after_s, "message": str(error)}
    except RemoteError as error:
        return {"success": False, "deferred": False, "message": str(error)}
    return {"success": True, "jobId": record.job_id, "submissionId": record.id, "state": record.state}


def job_changed(event: dict, _context: object) -> dict:
    """Take one event into the records. Events of jobs that nobody here submitted are passed over."""
    record = receive(_session().journal, event, time.time())
    if record is None:
        return {"known": False}
    progress = record.progress
    return {
        "known": True,
        "success": record.state == "COMPLETE",
        "finished": record.finished,
        "state": record.state,
        "storyId": record.story_id,
        "code": progress.code,
        "message": progress.text,
        "warnings": [str(warning) for warning in progress.warnings],
        "files": [path for output in progress.outputs for path in output.paths],
    }


def _submission(event: dict) -> Submission:
    """Raises: ValueError naming what the event lacks, or what is wrong with its job."""
    missing = [name for name in ("job", "storyId") if not event.get(name)]
    if missing:
        raise ValueError(f"expected an event with job and storyId, it lacks {' and '.join(missing)}")
    job = {**event["job"], "Role": os.environ["MEDIACONVERT_ROLE"]}
    validation = validate_job(job)
    if not validation.passed:
        raise ValueError(validation.report("the job"))
    bucket = event.get("bucket", os.environ["JOURNAL_BUCKET"])
    return Submission(job, bucket, (), event["storyId"], event.get("timelineSha256", ""), event.get("key"))


@functools.cache
def _session() -> Session:
    """Made once for each instance of the function. Raises: KeyError naming the variable that is missing."""
    for name in REQUIRED:
        if not os.environ.get(name):
            raise KeyError(f"the environment variable {name} is not set")
    s3_url = os.environ.get("S3_ENDPOINT") or None
    services = connect(endpoint_url=os.environ.get("MEDIACONVERT_ENDPOINT") or None, s3_endpoint_url=s3_url)
    journal = ObjectJournal(boto3.client("s3", endpoint_url=s3_url), os.environ["JOURNAL_BUCKET"])
    return Session(services, journal, say=print)
