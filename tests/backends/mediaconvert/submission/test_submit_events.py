"""Events and polling answers in one state machine: whatever comes twice, late or mixed up, the end stays the end."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.mediaconvert.submission.events import EventError, message_from_event, message_from_job
from backends.mediaconvert.submission.progress import RANK, JobMessage, JobOutput, JobProgress, JobWarning, advance
from backends.mediaconvert.submission.receive import receive
from backends.mediaconvert.submission.record import Record, created

JOB = "1767607200000-a1b2c3"
START = JobProgress("SUBMITTED")


def event(status, second=0, **detail):
    """As the service sends it, `second` seconds after the submission."""
    told = {"timestamp": 1767607200000 + second * 1000, "accountId": "111122223333", "jobId": JOB, "status": status,
            "queue": "arn:aws:mediaconvert:us-east-1:111122223333:queues/Default",
            "userMetadata": {"storyId": "demo", "submissionId": "a" * 64}}  # fmt: skip
    return {"version": "0", "source": "aws.mediaconvert", "detail-type": "MediaConvert Job State Change",
            "id": "6f2c9a4e-0b1d-4c57-9e0a-3d5b7f1a2c44", "detail": told | detail}  # fmt: skip


def update(percent, phase="TRANSCODING", second=60):
    progress = {"jobPercentComplete": percent, "currentPhase": phase, "retryCount": 0}
    return event("STATUS_UPDATE", second, framesDecoded=900, jobProgress=progress)


COMPLETE = event(
    "COMPLETE",
    130,
    warnings=[{"code": 240000, "count": 2}],
    outputGroupDetails=[
        {"type": "FILE_GROUP", "outputDetails": [{"outputFilePaths": ["s3://bucket/stories/demo.mp4"],
         "durationInMs": 60000, "videoDetails": {"widthInPx": 1920, "heightInPx": 1080}}]},
        {"type": "HLS_GROUP", "playlistFilePaths": ["s3://bucket/hls/main.m3u8"], "outputDetails": []},
    ],
)  # fmt: skip
FAILED = event("ERROR", 31, errorCode=1040, errorMessage="Failed to start pipeline [different codecs.]")
STORY = [
    event("INPUT_INFORMATION", 3, inputDetails=[{"id": 0}]),
    event("PROGRESSING", 4),
    update(10, "PROBING", 30),
    update(48, second=60),
    event("NEW_WARNING", 61, warningCode="240000", warningMessage="silence added"),
    event("QUEUE_HOP", 2, previousQueue="a", priority=0),
    update(90, "UPLOADING", 120),
]


def after(*documents, start=START):
    progress = start
    for document in documents:
        progress = advance(progress, message_from_event(document))
    return progress


@pytest.mark.parametrize(
    ("document", "state"),
    [
        pytest.param(event("SUBMITTED"), "SUBMITTED", id="submitted"),
        pytest.param(event("PROGRESSING"), "PROGRESSING", id="left the queue"),
        pytest.param(event("INPUT_INFORMATION"), "PROGRESSING", id="inputs probed"),
        pytest.param(update(48), "PROGRESSING", id="status update"),
        pytest.param(event("NEW_WARNING", warningCode="240000"), "SUBMITTED", id="a warning says nothing of the state"),
        pytest.param(event("QUEUE_HOP"), "SUBMITTED", id="a hop says nothing of the state"),
        pytest.param(event("PAUSED_BY_MAGIC"), "SUBMITTED", id="a status nobody documented"),
        pytest.param(COMPLETE, "COMPLETE", id="complete"),
        pytest.param(event("CANCELED"), "CANCELED", id="cancelled"),
        pytest.param(FAILED, "ERROR", id="failed"),
    ],
)
def test_each_status_leads_to_its_state(document, state):
    assert after(document).state == state


def test_an_update_tells_percent_phase_and_queue():
    progress = after(update(48))
    assert (progress.percent, progress.phase) == (48, "TRANSCODING")
    assert progress.queue.endswith("queues/Default")


def test_a_complete_job_tells_its_files_and_warnings():
    progress = after(COMPLETE)
    film = JobOutput(("s3://bucket/stories/demo.mp4",), 60000, 1920, 1080)
    assert progress.outputs == (film, JobOutput(("s3://bucket/hls/main.m3u8",)))
    assert (progress.percent, [str(warning) for warning in progress.warnings]) == (100, ["240000 (2 times)"])


def test_a_failed_job_tells_code_and_message():
    progress = after(FAILED)
    assert (progress.code, progress.text) == ("1040", "Failed to start pipeline [different codecs.]")


def test_a_warning_keeps_its_message_and_gets_its_count():
    assert after(*STORY, COMPLETE).warnings == (JobWarning(240000, "silence added", 2),)


def test_an_unknown_status_leaves_a_note_once():
    assert after(event("NEW_THING"), event("NEW_THING")).notes == ("unknown event status 'NEW_THING'",)


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=10))
def test_order_and_repetition_do_not_matter(mixed, again):
    progress = after(*mixed, *again)
    assert (progress.state, progress.percent, progress.phase) == ("PROGRESSING", 90, "UPLOADING")
    assert progress.warnings == after(*STORY).warnings


def job(status, **members):
    return {"Id": JOB, "Status": status, "UserMetadata": {"submissionId": "a" * 64}} | members


LIFE = [
    *(message_from_event(document) for document in [*STORY, COMPLETE]),
    message_from_job(job("SUBMITTED"), 1767607201000),
    message_from_job(job("PROGRESSING", JobPercentComplete=60), 1767607290000),
]


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=10))
def test_polling_and_events_in_any_order_never_lead_back(mixed, again):
    known = list(itertools.accumulate([*mixed, *again], advance, initial=START))
    ranks = [RANK[progress.state] for progress in known]
    assert ranks == sorted(ranks)
    ended = next(progress for progress in known if progress.state == "COMPLETE")
    assert (known[-1] is ended, ended.percent) == (True, 100)


@given(st.sampled_from([COMPLETE, FAILED, event("CANCELED")]), st.lists(st.sampled_from([*STORY, COMPLETE, FAILED])))
def test_nothing_changes_a_finished_job(end, late):
    finished = after(*STORY, end)
    assert after(*late, start=finished) is finished


def test_the_first_end_counts():
    for first, second in itertools.permutations([COMPLETE, FAILED, event("CANCELED")], 2):
        assert after(first, second) == after(first)


def test_a_second_attempt_of_the_service_may_go_back_in_percent():
    assert after(update(80, second=60), update(5, "PROBING", second=90)).percent == 5


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"source": "aws.s3", "detail-type": "Object Created", "detail": {}}, id="another service"),
        pytest.param(event("COMPLETE") | {"detail": None}, id="no detail"),
        pytest.param(event("COMPLETE", jobId=""), id="no job"),
        pytest.param(event("COMPLETE", timestamp="soon"), id="no time"),
    ],
)
def test_what_is_no_state_change_is_refused(document):
    with pytest.raises(EventError):
        message_from_event(document)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["jobProgress", "warnings", "outputGroupDetails", "errorCode", "errorMessage", "warningCode", "userMetadata"]


@given(st.sampled_from(["COMPLETE", "ERROR", "STATUS_UPDATE", "NEW_WARNING"]), st.sampled_from(FIELDS), JUNK)
def test_any_value_in_any_field_is_survived(status, field, junk):
    assert isinstance(after(event(status, **{field: junk})), JobProgress)


@pytest.mark.parametrize("status", ["SUBMITTED", "PROGRESSING", "COMPLETE", "CANCELED", "ERROR"])
def test_polling_and_events_reach_the_same_state(status):
    assert advance(START, message_from_job(job(status), 5)).state == after(event(status)).state


def test_a_polled_failure_tells_code_message_and_warnings():
    answer = job("ERROR", ErrorCode=1010, ErrorMessage="can't open https://a/b?X-Amz-Signature=77",
                 Warnings=[{"Code": 230002, "Count": 1}], Messages={"Warning": ["slow input"], "Info": []})  # fmt: skip
    progress = advance(START, message_from_job(answer, 5))
    assert (progress.code, progress.text) == ("1010", "can't open https://a/b?[redacted]")
    assert (progress.warnings, progress.notes) == ((JobWarning(230002, count=1),), ("slow input",))


def test_a_polled_job_tells_percent_phase_and_sizes():
    details = [{"OutputDetails": [{"DurationInMs": 2000, "VideoDetails": {"WidthInPx": 640, "HeightInPx": 360}}]}]
    answer = job("PROGRESSING", JobPercentComplete=33, CurrentPhase="UPLOADING", OutputGroupDetails=details)
    message = message_from_job(answer, 5)
    assert (message.percent, message.phase, message.outputs) == (33, "UPLOADING", (JobOutput((), 2000, 640, 360),))


def record(**fields):
    made = Record("a" * 64, "demo", "5" * 64, "c" * 64, "aws:us-east-1", "bucket", "Default", 1.0, 1.0)
    return created(made, JOB, 2.0) if not fields else made


def test_an_event_is_taken_into_the_journal_once(journal):
    journal.update("a" * 64, lambda _: record())
    once = receive(journal, COMPLETE, 5.0)
    assert receive(journal, COMPLETE, 9.0) == once == journal.read("a" * 64)
    assert once.state == "COMPLETE"


def test_an_event_gives_an_interrupted_submission_its_job(journal):
    journal.update("a" * 64, lambda _: record(interrupted=True))
    assert receive(journal, event("PROGRESSING"), 5.0).job_id == JOB


def test_an_event_of_another_job_under_the_same_metadata_is_only_noted(journal):
    journal.update("a" * 64, lambda _: record())
    after_other = receive(journal, event("ERROR", jobId="1-other"), 5.0)
    assert (after_other.job_id, after_other.state) == (JOB, "SUBMITTED")
    assert after_other.notes[-1].text == "a second job appeared: 1-other"


def test_an_event_of_nobody_is_left_alone(journal):
    assert receive(journal, COMPLETE, 5.0) is None
    assert journal.records() == ()


def test_an_event_without_metadata_is_found_by_its_job(journal):
    journal.update("a" * 64, lambda _: record())
    assert receive(journal, event("CANCELED", userMetadata={}), 5.0).state == "CANCELED"


def test_a_message_without_job_changes_nothing():
    assert advance(START, JobMessage("", 0, None)) == START
