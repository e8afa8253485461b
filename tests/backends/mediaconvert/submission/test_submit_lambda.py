"""The example functions, as they stand: called with real events, their records in a bucket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from submit_endpoint import Fault

FOLDER = Path(__file__).resolve().parents[4] / "examples" / "lambda_handler"
GOLDEN = Path(__file__).parents[1] / "golden" / "mezzanine.json"
TEXT = GOLDEN.read_text(encoding="utf-8").replace("s3://stories/(", "https://example.com/(").replace(')"', ')/a.mp4"')
EVENT = {"job": json.loads(TEXT)["job"], "storyId": "story-1"}
"""The recorded job, with its sources on the web, where no preflight looks for them."""


@pytest.fixture
def functions(monkeypatch, endpoint, s3_url, s3_client, bucket):
    """The module, imported as it is in its own folder, for a bucket and an endpoint of this test."""
    s3_client.create_bucket(Bucket="stories")  # where the recorded job writes
    monkeypatch.syspath_prepend(str(FOLDER))
    variables = {"MEDIACONVERT_ROLE": "arn:aws:iam::111122223333:role/storyreel", "JOURNAL_BUCKET": bucket,
                 "MEDIACONVERT_ENDPOINT": endpoint.url, "S3_ENDPOINT": s3_url}  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    import handler

    yield handler
    for name in ("handler", "object_journal"):
        sys.modules.pop(name)


def job_event(endpoint, status, **detail):
    job = endpoint.jobs[0]
    told = {"jobId": job["id"], "status": status, "timestamp": 1767607330000, "userMetadata": job["userMetadata"]}
    return {"source": "aws.mediaconvert", "detail-type": "MediaConvert Job State Change", "detail": told | detail}


def test_the_same_event_twice_makes_one_job(functions, endpoint):
    first, second = functions.submit_job(EVENT, None), functions.submit_job(EVENT, None)
    assert (first["success"], first["jobId"]) == (True, endpoint.jobs[0]["id"])
    assert (second["jobId"], len(endpoint.jobs)) == (first["jobId"], 1)


def test_many_at_once_make_one_job(functions, endpoint):
    endpoint.token_window_s = 0
    functions._session()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: functions.submit_job(EVENT, None), range(4)))
    assert len(endpoint.jobs) == 1
    assert all(answer["success"] or answer["deferred"] for answer in answers)


def test_an_interrupted_function_is_called_again(functions, endpoint):
    endpoint.token_window_s = 0
    endpoint.fail("CreateJob", Fault(status=500, accepted=True))
    endpoint.fail("ListJobs", *[Fault(status=403)] * 2)
    assert not functions.submit_job(EVENT, None)["success"]
    assert functions.submit_job(EVENT, None)["jobId"] == endpoint.jobs[0]["id"]
    assert len(endpoint.jobs) == 1


def test_a_full_queue_defers_without_sleeping(functions, endpoint):
    endpoint.waiting.extend([0, 90])
    answer = functions.submit_job(EVENT, None)
    assert (answer["success"], answer["deferred"], answer["retryAfterSeconds"]) == (False, True, 30)
    assert functions.submit_job(EVENT | {"key": "other"}, None)["deferred"]


def test_an_end_is_told_once_and_stays(functions, endpoint):
    functions.submit_job(EVENT, None)
    group = {"outputDetails": [{"outputFilePaths": ["s3://bucket/videos/story-1.mp4"], "durationInMs": 2000}]}
    done = functions.job_changed(job_event(endpoint, "COMPLETE", outputGroupDetails=[group]), None)
    assert (done["success"], done["files"]) == (True, ["s3://bucket/videos/story-1.mp4"])
    assert functions.job_changed(job_event(endpoint, "STATUS_UPDATE"), None) == done
    assert functions.job_changed(job_event(endpoint, "ERROR", errorCode=1999), None) == done


def test_a_failure_is_told_with_code_and_message(functions, endpoint):
    functions.submit_job(EVENT, None)
    told = functions.job_changed(job_event(endpoint, "ERROR", errorCode=1040, errorMessage="codecs differ"), None)
    assert (told["success"], told["code"], told["message"]) == (False, "1040", "codecs differ")


def test_an_event_of_somebody_else_is_passed_over(functions, endpoint):
    functions.submit_job(EVENT, None)
    assert functions.job_changed(job_event(endpoint, "COMPLETE", userMetadata={}), None) == {"known": False}


def test_records_can_be_listed_and_forgotten(functions, endpoint):
    functions.submit_job(EVENT, None)
    journal = functions._session().journal
    (record,) = journal.records()
    assert (record.job_id, journal.find_job(record.job_id)) == (endpoint.jobs[0]["id"], None)
    journal.update(record.id, lambda _: None)
    assert journal.records() == ()


@pytest.mark.parametrize("name", ["MEDIACONVERT_ROLE", "JOURNAL_BUCKET"])
def test_a_missing_variable_is_named(name, functions, monkeypatch):
    monkeypatch.delenv(name)
    with pytest.raises(KeyError, match=name):
        functions.submit_job(EVENT, None)


def test_a_job_that_the_service_would_refuse_is_refused_here(functions, endpoint):
    settings = {**EVENT["job"]["Settings"], "Inputs": []}
    with pytest.raises(ValueError, match="V10"):
        functions.submit_job({**EVENT, "job": {**EVENT["job"], "Settings": settings}}, None)
    assert endpoint.jobs == []


def test_a_journal_that_can_not_be_read_is_an_answer_not_a_crash(functions, monkeypatch, endpoint):
    monkeypatch.setenv("JOURNAL_BUCKET", "no-such-bucket-anywhere")
    answer = functions.submit_job(EVENT, None)
    assert (answer["success"], answer["deferred"], endpoint.jobs) == (False, False, [])
    assert "the journal in no-such-bucket-anywhere can't be" in answer["message"]


NEEDED = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3", "certifi"}
"""boto3 and what it brings, which the runtime of a function has; certifi only where it happens to be there."""
CODE = """
import json, sys
import handler
assert handler.submit_job(json.loads(sys.argv[1]), None)["success"]
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_functions_need_nothing_beside_this_package_and_boto3(functions, tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(FOLDER), str(FOLDER.parents[1])])}
    command = [sys.executable, "-c", CODE, json.dumps(EVENT)]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    foreign = (
        set(ran.stdout.splitlines()[-1].split())
        - set(sys.stdlib_module_names)
        - {"__main__", "handler", "object_journal"}
    )
    assert {name for name in foreign if not name.startswith(("_", "backends", "renderer"))} <= NEEDED


@pytest.mark.parametrize("missing", ["job", "storyId"])
def test_an_event_that_lacks_something_is_refused_by_name(functions, endpoint, missing):
    event = {name: value for name, value in EVENT.items() if name != missing}
    with pytest.raises(ValueError, match=missing):
        functions.submit_job(event, None)
    assert endpoint.jobs == []
