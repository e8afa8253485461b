"""Following, cancelling, listing and sweeping jobs, on the journal and the endpoint together."""

from __future__ import annotations

import datetime as dt
import json
import threading

import pytest
from submit_endpoint import Fault
from submit_stubs import StubService, iam, with_services

from backends.mediaconvert.submission import jobs
from backends.mediaconvert.submission.errors import RemoteError, RemoteJobError
from backends.mediaconvert.submission.policy import PolicyScope, policies, role_policy, submitter_policy
from backends.mediaconvert.submission.record import claimed, new_lease
from backends.mediaconvert.submission.services import ACTIONS
from backends.mediaconvert.submission.submit import SubmitSettings, submit
from backends.mediaconvert.submission.upload import UploadSettings
from backends.mediaconvert.submission.watch import Watch, raise_if_failed, wait
from renderer.errors import UsageError


@pytest.fixture
def record(session, make_submission, clock):
    done = submit(session, make_submission({"a.mp4": b"picture"})).record
    clock.slept.clear()
    return done


def steps(endpoint, *members):
    endpoint.steps[endpoint.jobs[0]["id"]].extend(members)


def test_a_job_is_followed_to_its_end(session, record, endpoint, clock):
    steps(endpoint, {}, {"status": "PROGRESSING", "jobPercentComplete": 40, "currentPhase": "TRANSCODING"},
          {"status": "COMPLETE"})  # fmt: skip
    seen = []
    done = wait(session, record, Watch(poll_s=10, report=seen.append))
    assert [item.state for item in seen] == ["SUBMITTED", "PROGRESSING", "COMPLETE"]
    assert [item.progress.percent for item in seen] == [None, 40, 100]
    assert (clock.slept, session.journal.read(record.id)) == ([10, 10], done)


@pytest.mark.parametrize("state", ["ERROR", "CANCELED"])
def test_a_bad_end_is_told_with_code_message_and_warnings(state, session, record, endpoint):
    steps(endpoint, {"status": state, "errorCode": 1040, "errorMessage": "codecs differ",
                     "warnings": [{"code": 240000, "count": 2}], "messages": {"warning": ["look out"]}})  # fmt: skip
    with pytest.raises(RemoteJobError) as caught:
        raise_if_failed(wait(session, record, Watch()))
    assert (caught.value.code, caught.value.warnings) == ("1040", ("240000 (2 times)", "look out"))
    assert str(caught.value).startswith(f"job {record.job_id}: error 1040: codecs differ\n  warning 240000 (2 times)")


def test_a_failure_without_text_is_not_silent(session, record, endpoint):
    steps(endpoint, {"status": "ERROR"})
    with pytest.raises(RemoteJobError, match="failed without a message"):
        raise_if_failed(wait(session, record, Watch()))


def test_past_its_time_a_job_is_cancelled_and_marked(session, record, endpoint, clock):
    done = wait(session, record, Watch(poll_s=600))
    assert (endpoint.jobs[0]["status"], done.state, done.progress.code) == ("CANCELED", "ERROR", "WATCHDOG")
    assert done.progress.text == "not finished 30 minutes after its submission: cancelled"
    assert sum(clock.slept) == 1800


def test_the_time_before_this_run_counts(session, record, clock):
    clock.time += 1500
    wait(session, record, Watch(poll_s=60))
    assert sum(clock.slept) == 300


def test_a_job_that_ends_as_it_is_cancelled_keeps_its_own_end(session, record, endpoint):
    endpoint.fail("CancelJob", Fault(status=409, then=lambda: endpoint.jobs[0].update(status="COMPLETE")))
    endpoint.fail("CancelJob", *[Fault(status=409)] * 9)
    done = wait(session, record, Watch(limit_s=0))
    assert (done.state, done.progress.code) == ("COMPLETE", "")


def test_a_late_event_does_not_undo_the_watchdog(session, record):
    done = wait(session, record, Watch(limit_s=0))
    assert wait(session, session.journal.read(record.id), Watch()) == done


def test_a_poll_that_fails_for_a_while_is_repeated(session, record, endpoint):
    endpoint.fail("GetJob", Fault(status=429, headers={"Retry-After": "3"}), Fault("reset"))
    steps(endpoint, {"status": "COMPLETE"})
    assert wait(session, record, Watch()).state == "COMPLETE"


def test_without_a_job_there_is_nothing_to_wait_for(session, make_submission, endpoint):
    endpoint.fail("CreateJob", Fault(status=400))
    with pytest.raises(RemoteJobError):
        submit(session, make_submission())
    with pytest.raises(RemoteError, match="has no job yet"):
        wait(session, session.journal.records()[0], Watch())


@pytest.mark.parametrize("name", ["job", "start", "story"])
def test_a_record_is_found_by_each_of_its_names(name, session, record):
    names = {"job": record.job_id, "start": record.id[:8], "story": "story-1"}
    assert jobs.find(session.journal, names[name]) == record


@pytest.mark.parametrize("name", ["", "nobody"])
def test_a_name_of_none_or_several_is_refused(name, session, record, make_submission):
    submit(session, make_submission({"b.mp4": b"other"}))
    with pytest.raises(UsageError, match="no submissions"):
        jobs.find(session.journal, name)
    with pytest.raises(UsageError, match="2 submissions"):
        jobs.find(session.journal, "story-1")


def test_a_list_can_leave_out_what_has_finished(session, record, endpoint):
    assert jobs.list_jobs(session.journal, unfinished=True) == (record,)
    steps(endpoint, {"status": "COMPLETE"})
    jobs.show(session, record.job_id)
    assert jobs.list_jobs(session.journal, unfinished=True) == ()
    assert len(jobs.list_jobs(session.journal)) == 1


def test_a_job_is_shown_as_known_where_nobody_answers(session, record, endpoint):
    endpoint.fail("GetJob", Fault(status=403))
    assert jobs.show(session, record.job_id) == record
    assert "shown as it was known before" in session.said[-1]


def test_a_job_is_cancelled(session, record, endpoint):
    assert jobs.cancel(session, record.job_id).state == "CANCELED"
    assert endpoint.jobs[0]["status"] == "CANCELED"


def test_a_finished_job_is_not_cancelled(session, record, endpoint):
    endpoint.jobs[0]["status"] = "COMPLETE"
    assert jobs.cancel(session, record.job_id).state == "COMPLETE"


def test_a_job_that_does_not_stop_is_an_error(session, record, endpoint):
    endpoint.fail("CancelJob", Fault(status=400))
    with pytest.raises(RemoteError, match="still SUBMITTED"):
        jobs.cancel(session, record.job_id)


def refused_submission(session, submission, endpoint):
    endpoint.fail("CreateJob", Fault(status=400))
    with pytest.raises(RemoteJobError):
        submit(session, submission)
    return session.journal.records()[0]


def test_a_submission_without_a_job_is_withdrawn(session, make_submission, endpoint):
    record = refused_submission(session, make_submission(), endpoint)
    assert jobs.cancel(session, record.id).state == "CANCELED"
    assert endpoint.called("CancelJob") == []


def test_a_submission_under_way_is_not_withdrawn(session, make_submission, endpoint, clock):
    record = refused_submission(session, make_submission(), endpoint)
    session.change(record.id, lambda known: claimed(known, new_lease(clock.now()), clock.now()))
    with pytest.raises(UsageError, match="at this moment"):
        jobs.cancel(session, record.id)


def test_what_was_left_behind_is_listed_and_then_swept(session, make_submission, endpoint, s3_client, bucket, clock):
    s3_client.create_multipart_upload(Bucket=bucket, Key="storyreel/sources/a.mp4")
    record = refused_submission(session, make_submission(), endpoint)
    young = jobs.collect(session, [(bucket, "")], age_s=1e12)
    assert [(item.kind, item.old) for item in young] == [("upload", False), ("record", False)]
    assert jobs.sweep(session, young) == ()
    clock.time += jobs.DAY_S + 1
    assert len(jobs.sweep(session, jobs.collect(session, jobs.known_places(session)))) == 2
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket)
    assert session.journal.read(record.id).state == "CANCELED"


def test_a_bucket_that_is_gone_hides_no_other(session, s3_client, bucket):
    s3_client.create_multipart_upload(Bucket=bucket, Key="a")
    found = jobs.collect(session, [("gone-for-good", ""), (bucket, "")])
    assert [orphan.name for orphan in found] == [f"s3://{bucket}/a"]
    assert "bucket gone-for-good can't be looked into" in session.said[0]


def test_listing_changes_nothing(session, make_submission, endpoint, s3_client, bucket, clock):
    s3_client.create_multipart_upload(Bucket=bucket, Key="a")
    clock.time += jobs.DAY_S + 1
    jobs.collect(session, [(bucket, "")])
    assert len(s3_client.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1


def test_an_old_record_that_has_a_job_is_only_asked_about(session, record, endpoint, clock):
    clock.time += jobs.DAY_S + 1
    endpoint.jobs[0]["status"] = "COMPLETE"
    assert jobs.sweep(session, jobs.collect(session, ())) == (f"{record.id[:12]}: job {record.job_id} is COMPLETE",)


def test_uploads_beyond_one_page_are_listed(session, clock):
    def page(**asked):
        marker = asked.get("KeyMarker", "")
        begun = dt.datetime.fromtimestamp(clock.now() - 90_000, dt.UTC)
        row = {"Key": f"k{marker}", "UploadId": "u", "Initiated": begun}
        return {"Uploads": [row], "IsTruncated": not marker, "NextKeyMarker": "2", "NextUploadIdMarker": "u"}

    with_services(session, s3=StubService(ListMultipartUploads=page))
    assert [(item.name, item.old) for item in jobs.collect(session, [("b", "")])] == [
        ("s3://b/k", True),
        ("s3://b/k2", True),
    ]


SCOPE = PolicyScope("stories", account="111122223333", more_sources=("voices",))


def actions_of(document):
    return {action for statement in document["Statement"] for action in statement["Action"]}


def test_the_submitter_may_do_what_the_code_calls_and_nothing_else():
    assert actions_of(submitter_policy(SCOPE)) == {*ACTIONS.values(), "iam:PassRole"}


def test_the_role_reads_writes_and_lists_without_logs():
    document = role_policy(SCOPE)
    assert actions_of(document) == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    assert document["Statement"][1]["Resource"] == ["arn:aws:s3:::stories/videos/*"]


def test_no_object_or_role_is_granted_by_a_star():
    statements = submitter_policy(SCOPE)["Statement"] + role_policy(SCOPE)["Statement"]
    starred = {action for item in statements if "*" in item["Resource"] for action in item["Action"]}
    assert {action.split(":")[0] for action in starred} == {"mediaconvert"}


def test_the_role_goes_to_the_service_alone():
    document = policies(SCOPE)
    passing = next(item for item in document["submitter"]["PolicyDocument"]["Statement"] if "Condition" in item)
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "mediaconvert.amazonaws.com"}}
    assert passing["Resource"] == ["arn:aws:iam::111122223333:role/storyreel-mediaconvert"]
    assert json.loads(json.dumps(document)) == document


@pytest.fixture
def real_calls(session):
    """Names of the operations that leave through boto3."""
    names, lock = set(), threading.Lock()

    def note(model, **_):
        with lock:
            names.add(model.name)

    clients = [service.client for service in (session.services.mediaconvert, session.services.s3)]
    for client in clients:
        client.meta.events.register("before-call", note, unique_id="note")
    yield names
    for client in clients:
        client.meta.events.unregister("before-call", unique_id="note")


def test_a_whole_life_of_jobs_calls_exactly_what_the_policy_grants(session, make_submission, s3_client, bucket,
                                                                   clock, real_calls):  # fmt: skip
    roles = iam(decision="implicitDeny")
    s3_client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    with_services(session, iam=roles)
    settings = SubmitSettings(uploads=UploadSettings(threshold=10_000, part=10_000))
    done = submit(session, make_submission({"a.mp4": b"small", "b.mp4": b"large" * 5000}), settings)
    jobs.cancel(session, done.record.job_id)
    s3_client.create_multipart_upload(Bucket=bucket, Key="a")
    clock.time += jobs.DAY_S
    jobs.sweep(session, jobs.collect(session, [(bucket, "")], age_s=0))
    assert real_calls | set(roles.calls) == set(ACTIONS)
