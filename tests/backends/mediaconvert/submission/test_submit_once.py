"""CreateJob through an unmodified boto3 client against faults of every kind: one job, or a clear no."""

from __future__ import annotations

import dataclasses

import pytest
from submit_endpoint import Fault

from backends.mediaconvert.submission.assemble import Story, assemble
from backends.mediaconvert.submission.congestion import Congestion, DeferredError
from backends.mediaconvert.submission.create import UnsureError
from backends.mediaconvert.submission.errors import RemoteError, RemoteJobError, ServiceError
from backends.mediaconvert.submission.findings import PreflightError
from backends.mediaconvert.submission.journal import SqliteJournal
from backends.mediaconvert.submission.lookup import find_job
from backends.mediaconvert.submission.progress import JobMessage
from backends.mediaconvert.submission.record import claimed, heard, new_lease
from backends.mediaconvert.submission.rehearse import rehearse
from backends.mediaconvert.submission.submission import Hop
from backends.mediaconvert.submission.submit import SubmitSettings, submit
from backends.mediaconvert.submission.watch import raise_if_failed, refresh
from renderer.errors import OutputError, UsageError

FORGETFUL = pytest.mark.parametrize("window", [60, 0], ids=["tokens are known", "tokens are forgotten"])


@pytest.fixture
def story(make_submission):
    return make_submission({"a.mp4": b"picture"})


def state_of(session):
    return [record.state for record in session.journal.records()]


def test_a_job_carries_its_identity(session, story, endpoint):
    done = submit(session, story)
    job = endpoint.jobs[0]
    assert (done.new, done.record.job_id, done.record.state) == (True, job["id"], "SUBMITTED")
    assert job["clientRequestToken"] == done.record.id == job["userMetadata"]["submissionId"]
    assert (job["userMetadata"]["storyId"], job["userMetadata"]["timelineSha256"]) == ("story-1", "5" * 64)
    assert "fileInput" in job["settings"]["inputs"][0]


def test_the_same_submission_again_asks_nothing(session, story, endpoint):
    first = submit(session, story)
    endpoint.calls.clear()
    again = submit(session, story)
    assert (again.new, again.record.job_id, endpoint.calls) == (False, first.record.job_id, [])


def test_the_title_given_by_the_job_stays(session, make_submission, endpoint):
    submit(session, make_submission(UserMetadata={"title": "Wren"}))
    assert endpoint.jobs[0]["userMetadata"]["title"] == "Wren"


@FORGETFUL
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault(status=500)], id="500"),
        pytest.param([Fault(status=500, accepted=True)], id="500 although accepted"),
        pytest.param([Fault(status=503), Fault(status=502)], id="503, then 502"),
        pytest.param([Fault("reset")], id="connection cut"),
        pytest.param([Fault("reset", accepted=True)], id="connection cut after accepting"),
        pytest.param([Fault(status=409)], id="conflict"),
        pytest.param([Fault(status=429)] * 3, id="throttled three times"),
        pytest.param([Fault(status=429), Fault("reset", accepted=True), Fault(status=500)], id="one after the other"),
    ],
)
def test_a_passing_fault_still_makes_one_job(faults, window, session, story, endpoint):
    endpoint.token_window_s = window
    endpoint.fail("CreateJob", *faults)
    done = submit(session, story)
    assert [job["id"] for job in endpoint.jobs] == [done.record.job_id]


@FORGETFUL
@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not accepted"])
def test_a_time_out_still_makes_one_job(accepted, window, session, hasty, story, endpoint):
    endpoint.token_window_s = window
    submitted = dataclasses.replace(session.services, mediaconvert=hasty.mediaconvert)
    object.__setattr__(session, "services", submitted)
    endpoint.fail("CreateJob", Fault("hang", accepted=accepted))
    done = submit(session, story)
    assert done.record.job_id in [job["id"] for job in endpoint.jobs]
    assert len(endpoint.jobs) == 1


def test_a_job_not_yet_listed_is_known_by_its_token(session, story, endpoint):
    endpoint.hidden_s = 30
    endpoint.fail("CreateJob", Fault("reset", accepted=True))
    done = submit(session, story)
    assert [job["id"] for job in endpoint.jobs] == [done.record.job_id]
    assert len(endpoint.called("CreateJob")) == 2


def test_retry_after_is_waited_out(session, story, endpoint, clock):
    endpoint.fail("CreateJob", Fault(status=429, headers={"Retry-After": "7"}))
    submit(session, story)
    assert clock.slept == [7.0]


def test_a_retry_after_beyond_patience_ends_it(session, story, endpoint):
    endpoint.fail("CreateJob", Fault(status=429, headers={"Retry-After": "4000"}))
    with pytest.raises(RemoteJobError, match="429"):
        submit(session, story)
    assert state_of(session) == ["PENDING"]


@pytest.mark.parametrize("status", [400, 402, 403, 404])
def test_a_refusal_is_not_repeated(status, session, story, endpoint):
    endpoint.fail("CreateJob", Fault(status=status))
    with pytest.raises(RemoteJobError, match=f"not accepted.*{status}") as caught:
        submit(session, story)
    assert (caught.value.exit_code, len(endpoint.called("CreateJob")), state_of(session)) == (5, 1, ["PENDING"])


def test_a_refusal_for_want_of_a_permission_names_it(session, story, endpoint):
    endpoint.fail("CreateJob", Fault(status=403))
    with pytest.raises(RemoteJobError, match=r"mediaconvert:CreateJob, and iam:PassRole"):
        submit(session, story)


def test_after_a_refusal_the_same_submission_may_be_tried_again(session, story, endpoint):
    endpoint.fail("CreateJob", Fault(status=403))
    with pytest.raises(RemoteJobError):
        submit(session, story)
    assert submit(session, story).new
    assert len(endpoint.jobs) == 1


@FORGETFUL
def test_a_fault_that_stays_leaves_the_question_open_and_the_next_run_answers_it(window, session, story, endpoint):
    endpoint.token_window_s = window
    endpoint.fail("CreateJob", Fault(status=500, accepted=True))
    endpoint.fail("ListJobs", *[Fault(status=403)] * 2)
    with pytest.raises(UnsureError, match=r"look for the job.*403"):
        submit(session, story)
    assert state_of(session) == ["SUBMITTING"]
    done = submit(session, story)
    assert ([job["id"] for job in endpoint.jobs], done.new) == ([done.record.job_id], False)


def test_an_answer_that_never_comes_is_no_refusal(session, story, endpoint):
    endpoint.fail("CreateJob", *[Fault(status=500)] * 9)
    with pytest.raises(UnsureError, match="Whether the job exists is unknown"):
        submit(session, story)
    assert (state_of(session), len(endpoint.called("CreateJob"))) == (["SUBMITTING"], 5)


def test_a_refusal_after_an_unclear_answer_is_no_proof(session, story, endpoint):
    """The first request may have made a job; only a look-up can tell."""
    endpoint.fail("CreateJob", Fault(status=500), Fault(status=403))
    with pytest.raises(UnsureError):
        submit(session, story)
    assert state_of(session) == ["SUBMITTING"]


def interrupted(session, story, endpoint):
    """As a killed run leaves it: SUBMITTING and held by nobody, with a job that nobody here knows."""
    endpoint.fail("CreateJob", Fault(status=500, accepted=True))
    endpoint.fail("ListJobs", *[Fault(status=403)] * 2)
    with pytest.raises(UnsureError):
        submit(session, story)
    endpoint.faults.clear()


def test_an_interrupted_submission_is_found_among_many_pages(session, story, endpoint):
    interrupted(session, story, endpoint)
    for number in range(55):
        endpoint.answer("CreateJob", "", {}, {"clientRequestToken": f"t{number}", "userMetadata": {}, "settings": {}})
    endpoint.calls.clear()
    assert submit(session, story).record.job_id == endpoint.jobs[0]["id"]
    assert len(endpoint.called("ListJobs")) == 3


def test_an_interrupted_submission_is_continued_though_its_sources_are_gone(session, story, endpoint, tmp_path):
    interrupted(session, story, endpoint)
    (tmp_path / "a.mp4").unlink()
    endpoint.calls.clear()
    assert submit(session, story).record.job_id == endpoint.jobs[0]["id"]
    assert endpoint.called("CreateJob") == []


def test_the_search_ends_at_the_time_of_the_first_request(session, endpoint, clock):
    for number in range(60):
        body = {"clientRequestToken": f"t{number}", "userMetadata": {}}
        endpoint.answer("CreateJob", "", {}, body)
        endpoint.jobs[-1]["createdAt"] = clock.now() - 6_000 + number * 100
    assert find_job(session, "a" * 64, clock.now() - 3_000) is None
    assert len(endpoint.called("ListJobs")) == 2


def test_a_list_without_end_is_no_answer(session, endpoint, clock, monkeypatch):
    monkeypatch.setattr("backends.mediaconvert.submission.lookup.PAGES", 2)
    for number in range(60):
        endpoint.answer("CreateJob", "", {}, {"clientRequestToken": f"t{number}", "userMetadata": {}})
        endpoint.jobs[-1]["createdAt"] = clock.now()
    with pytest.raises(RemoteError, match="can't tell"):
        find_job(session, "a" * 64, clock.now())


def test_a_submission_held_by_another_process_is_waited_for(session, story, endpoint, clock):
    """The other one, on another machine, vanishes; its lease ends, and this process goes on."""
    with pytest.raises(PreflightError):
        submit(session, dataclasses.replace(story, bucket="missing-bucket"))
    identity = story.identity(session.services.scope)
    other = dataclasses.replace(new_lease(clock.now()), machine="elsewhere")
    endpoint.fail("CreateJob", Fault(status=400))
    with pytest.raises(RemoteJobError):
        submit(session, story)
    session.change(identity, lambda record: claimed(record, other, clock.now()))
    done = submit(session, story)
    assert (len(endpoint.jobs), done.record.job_id) == (1, endpoint.jobs[0]["id"])
    assert sum(clock.slept) >= 180


def test_a_process_that_vanishes_while_this_one_uploads_may_have_made_the_job(session, story, endpoint, clock):
    """Its record was PENDING when this one began, so only the look-up after the lease can tell."""
    identity, endpoint.token_window_s = story.identity(session.services.scope), 0
    other = dataclasses.replace(new_lease(clock.now()), machine="elsewhere")

    def meanwhile():
        session.change(identity, lambda record: claimed(record, other, clock.now()))
        body = {"clientRequestToken": "t", "userMetadata": {"submissionId": identity}}
        endpoint.answer("CreateJob", "", {}, body)
        return story.uploads[0].file()

    slow = dataclasses.replace(story.uploads[0], file=meanwhile)
    done = submit(session, dataclasses.replace(story, uploads=(slow,)))
    assert [job["id"] for job in endpoint.jobs] == [done.record.job_id]


def test_a_process_that_never_ends_is_not_waited_for_forever(session, story, endpoint, clock):
    endpoint.fail("CreateJob", Fault(status=400))
    with pytest.raises(RemoteJobError):
        submit(session, story)
    alive = new_lease(clock.now())
    session.change(story.identity(session.services.scope), lambda record: claimed(record, alive, clock.now()))
    with pytest.raises(RemoteError, match="is submitting the same job"):
        submit(session, story)


def test_a_full_disk_after_the_creation_names_the_job(session, story, endpoint, monkeypatch):
    real = type(session.journal).update

    def full(journal, submission_id, change):
        if endpoint.jobs and change.__qualname__.startswith("Session") and not broken:
            broken.append(1)
            raise OutputError("the journal can't be used (disk full)")
        return real(journal, submission_id, change)

    broken = []
    monkeypatch.setattr(type(session.journal), "update", full)
    with pytest.raises(OutputError, match=r"job \d+-\w+ was created, and will be found again"):
        submit(session, story)
    assert submit(session, story).record.job_id == endpoint.jobs[0]["id"]
    assert len(endpoint.jobs) == 1


def test_the_callers_key_stands_for_one_job(session, make_submission, endpoint):
    first = submit(session, make_submission(key="order-7"))
    assert submit(session, make_submission(key="order-7")).record.job_id == first.record.job_id
    with pytest.raises(UsageError, match="order-7"):
        submit(session, make_submission(key="order-7", Priority=3))


def test_what_has_finished_can_be_submitted_again_on_purpose(session, story, endpoint):
    first = submit(session, story).record
    endpoint.jobs[0]["status"] = "ERROR"
    refresh(session, first)
    assert submit(session, story).record.job_id == first.job_id
    second = submit(session, story, SubmitSettings(again=True)).record
    assert (second.job_id, submit(session, story, SubmitSettings(again=True)).record.job_id) == (
        endpoint.jobs[1]["id"],
    ) * 2


def elsewhere(session, tmp_path, name="elsewhere.sqlite"):
    """The same service seen from a machine whose journal is empty."""
    return dataclasses.replace(session, journal=SqliteJournal(tmp_path / name))


def test_a_lost_journal_makes_no_second_job(session, story, endpoint, tmp_path):
    endpoint.token_window_s = 0
    first = submit(session, story)
    other = elsewhere(session, tmp_path)
    again = submit(other, story)
    assert (again.new, again.record.job_id, len(endpoint.jobs)) == (False, first.record.job_id, 1)
    assert state_of(other) == ["SUBMITTED"]


def test_after_a_lost_journal_a_new_attempt_is_still_one_job(session, story, endpoint, tmp_path):
    endpoint.token_window_s = 0
    submit(session, story)
    endpoint.jobs[0]["status"] = "ERROR"
    other = elsewhere(session, tmp_path)
    assert submit(other, story, SubmitSettings(again=True)).new
    assert not submit(elsewhere(session, tmp_path, "third.sqlite"), story).new
    assert len({job["userMetadata"]["submissionId"] for job in endpoint.jobs}) == len(endpoint.jobs) == 2


def test_a_key_that_stood_for_another_story_elsewhere_is_refused(session, make_submission, endpoint, tmp_path):
    submit(session, make_submission(key="nightly"))
    today = dataclasses.replace(make_submission(key="nightly"), timeline_sha256="6" * 64)
    with pytest.raises(UsageError, match="'nightly' was used for another job"):
        submit(elsewhere(session, tmp_path), today)
    assert len(endpoint.jobs) == 1


def test_what_is_older_than_the_look_back_is_not_looked_for(session, story, endpoint, tmp_path, clock):
    endpoint.token_window_s = 0
    submit(session, story)
    endpoint.jobs[0]["createdAt"] = clock.now() - 2 * 86_400
    assert submit(elsewhere(session, tmp_path), story).new
    assert len(endpoint.jobs) == 2


def test_a_list_that_nobody_may_read_does_not_stop_a_first_submission(session, story, endpoint):
    endpoint.fail("ListJobs", *[Fault(status=403)] * 9)
    assert submit(session, story).new
    assert len(endpoint.called("ListJobs")) == 1


def test_only_the_run_that_created_the_job_calls_it_new(session, story, endpoint):
    """Another run of the same command creates it while this one uploads."""
    other = []

    def meanwhile():
        other.append(submit(session, story))
        return story.uploads[0].file()

    slow = dataclasses.replace(story.uploads[0], file=meanwhile)
    done = submit(session, dataclasses.replace(story, uploads=(slow,)))
    assert (other[0].new, done.new, len(endpoint.jobs)) == (True, False, 1)
    assert done.record.job_id == other[0].record.job_id


def test_a_refused_job_may_be_mended_under_the_same_key(session, make_submission, endpoint):
    endpoint.fail("CreateJob", Fault(status=400))
    with pytest.raises(RemoteJobError):
        submit(session, make_submission(key="order-7", Priority=51))
    mended = make_submission(key="order-7", Priority=5)
    done = submit(session, mended)
    assert ([job["priority"] for job in endpoint.jobs], done.record.content_sha256) == ([5], mended.content_sha256())


def test_two_jobs_under_one_key_at_once_are_one_job_and_an_error(session, make_submission, endpoint):
    first, second = (make_submission({"a.mp4": b"picture"}, key="order-7", Priority=number) for number in (1, 2))

    def meanwhile():
        submit(session, second)
        return first.uploads[0].file()

    slow = dataclasses.replace(first.uploads[0], file=meanwhile)
    with pytest.raises(UsageError, match="order-7"):
        submit(session, dataclasses.replace(first, uploads=(slow,)))
    assert [job["priority"] for job in endpoint.jobs] == [2]


def test_where_nobody_was_reached_nothing_was_refused(session, story, endpoint, monkeypatch):
    """A refused connection is no answer of the service: the record goes back, and the sentence says what to look at."""
    lost = ServiceError("CreateJob", status=None, code="EndpointConnectionError", text="down", reached=False)
    service = session.services.mediaconvert
    real = type(service).ask

    def ask(self, operation, /, **parameters):
        if operation == "CreateJob":
            raise lost
        return real(self, operation, **parameters)

    monkeypatch.setattr(type(service), "ask", ask)
    with pytest.raises(RemoteError, match="no job was created: CreateJob: EndpointConnectionError: down"):
        submit(session, story)
    assert state_of(session) == ["PENDING"]


def test_another_endpoint_knows_nothing_of_it(story):
    assert story.identity("aws:us-east-1") != story.identity("http://127.0.0.1:8075")


def test_the_token_of_the_job_does_not_matter(make_submission):
    one, two = make_submission(ClientRequestToken="a"), make_submission(ClientRequestToken="b")
    assert one.content_sha256() == two.content_sha256()


@pytest.mark.parametrize(
    ("counts", "slept"),
    [
        pytest.param([50], [], id="at the threshold"),
        pytest.param([51, 50], [30], id="one too many, then room"),
        pytest.param([80, 70, 60, 10], [30, 30, 30], id="slowly emptying"),
        pytest.param([90] * 11, [30] * 10, id="full to the end"),
    ],
)
def test_a_crowded_queue_is_waited_for(counts, slept, session, story, endpoint, clock):
    endpoint.waiting.extend([0, *counts])
    submit(session, story)
    assert (clock.slept, len(endpoint.jobs)) == (slept, 1)
    assert sum("jobs wait in queue" in text for text in session.said) == len(slept)


def test_a_full_queue_defers_where_that_is_wanted(session, story, endpoint, clock):
    endpoint.waiting.extend([0, 90])
    gate = Congestion(checks=0, when_full="defer")
    with pytest.raises(DeferredError, match="90 jobs wait") as caught:
        submit(session, story, SubmitSettings(congestion=gate))
    assert (caught.value.retry_after_s, clock.slept, endpoint.jobs, state_of(session)) == (30, [], [], ["PENDING"])
    assert "deferred" in session.journal.records()[0].notes[-1].text


def test_a_hop_takes_the_place_of_waiting(session, story, endpoint, clock):
    endpoint.waiting.extend([90] * 5)
    submit(session, story, SubmitSettings(hop=Hop("Spare", 20)))
    assert (clock.slept, endpoint.jobs[0]["hopDestinations"]) == ([], [{"queue": "Spare", "waitMinutes": 20}])


@pytest.mark.parametrize("hop", [Hop("Default"), Hop("Spare", 0), Hop("Spare", 4321)], ids=["same queue", "0", "4321"])
def test_an_impossible_hop_is_refused(hop, session, story, endpoint):
    with pytest.raises(UsageError):
        submit(session, story, SubmitSettings(hop=hop))
    assert endpoint.jobs == []
    assert endpoint.calls == []


def test_a_dry_run_sends_nothing(session, story, endpoint, s3_client, bucket):
    found = rehearse(session, story)
    assert [item.state for item in found.objects] == ["missing"]
    found.refuse_problems()
    assert (endpoint.jobs, session.journal.records()) == ([], ())
    assert "Contents" not in s3_client.list_objects_v2(Bucket=bucket)


def test_cancelling_leaves_a_record_to_go_on_with(session, story, endpoint, clock):
    endpoint.waiting.extend([0, 90, 90])
    clock.wakes.append(session.cancel.set)
    with pytest.raises(Exception, match="stopped by the user"):
        submit(session, story)
    assert (state_of(session), endpoint.jobs) == (["PENDING"], [])


def test_ctrl_c_while_creating_leaves_a_record_to_go_on_with(session, story, endpoint, clock):
    def interrupt():
        raise KeyboardInterrupt

    endpoint.fail("CreateJob", Fault("reset", accepted=True))
    clock.wakes.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        submit(session, story)
    assert (state_of(session), session.journal.records()[0].lease) == (["SUBMITTING"], None)
    assert submit(session, story).record.job_id == endpoint.jobs[0]["id"]


def test_a_created_job_has_not_failed(session, story):
    raise_if_failed(submit(session, story).record)


def test_a_job_that_an_event_told_of_meanwhile_is_not_created_again(session, story, endpoint, clock):
    """The first request was accepted, its answer lost, and the list does not show the job yet; the event is faster."""
    endpoint.token_window_s, endpoint.hidden_s = 0, 3600
    endpoint.fail("CreateJob", Fault("reset", accepted=True))
    identity = story.identity(session.services.scope)

    def event():
        message = JobMessage(endpoint.jobs[0]["id"], 5, "PROGRESSING", submission_id=identity)
        session.change(identity, lambda record: heard(record, message, clock.now()))

    clock.wakes.append(event)
    assert submit(session, story).record.state == "PROGRESSING"
    assert len(endpoint.jobs) == 1


@dataclasses.dataclass(frozen=True)
class Asset:
    key: str
    kind: str
    describes: str
    ingredients: dict


def test_a_plan_becomes_a_submission(tmp_path):
    voice = Asset("p/2.flac", "original", "narration", {"sha256": "2" * 64})
    assets = [Asset("p/1.mp4", "mezzanine", "programme", {}), voice]
    made = assemble({"Role": "r"}, assets, lambda asset: tmp_path / asset.kind, bucket="b", story=Story("s", "5" * 64))
    assert [(item.content_type, item.sha256) for item in made.uploads] == [
        ("video/mp4", None),
        ("audio/flac", "2" * 64),
    ]
    assert [item.file().name for item in made.uploads] == ["mezzanine", "original"]
    assert [(item.what, item.made) for item in made.uploads] == [
        ("mezzanine of programme", True),
        ("original of narration", False),
    ]
    assert (made.story_id, made.timeline_sha256, made.bucket) == ("s", "5" * 64, "b")
