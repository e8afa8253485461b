"""Every obstacle is named before anything is sent, all at once; what can't be asked is said, and stops nobody."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse

import pytest
from submit_endpoint import Fault
from submit_stubs import TRUST, StubService, iam, refusal, with_services

from backends.mediaconvert.submission.findings import PreflightError
from backends.mediaconvert.submission.preflight import preflight
from backends.mediaconvert.submission.preflight_role import is_trusted
from backends.mediaconvert.submission.sources import job_sources, output_url, split_s3_url
from backends.mediaconvert.submission.submit import SubmitSettings, submit

ARCHIVED = {"ContentLength": 5, "StorageClass": "GLACIER"}
IN_ARCHIVE = "lies in an archive: restore it first"
NOT_TRUSTED = "does not let mediaconvert.amazonaws.com take it on"


def found(session, submission):
    return [
        (finding.kind, finding.about, finding.text, finding.permission) for finding in preflight(session, submission)
    ]


@pytest.fixture
def story(make_submission):
    return make_submission({"a.mp4": b"picture"})


@pytest.fixture
def granted(session):
    """A session whose role is in order."""
    return with_services(session, iam=iam())


def reading(make_submission, *urls):
    inputs = [{"FileInput": url} for url in urls]
    return make_submission(Settings={"Inputs": inputs, "OutputGroups": []})


def test_nothing_is_wrong(granted, story):
    assert found(granted, story) == []


def test_a_stand_in_has_no_roles(session, story):
    assert found(session, story) == [
        ("warning", "role storyreel", "was not checked: the endpoint is no AWS endpoint", "")
    ]


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [(404, "NoSuchKey", "does not exist"), (403, "AccessDenied", "is missing or forbidden")],
    ids=["missing", "missing or forbidden"],
)
def test_a_source_that_cannot_be_read(status, code, text, granted, make_submission):
    url = "s3://elsewhere/voice.wav"
    s3 = StubService(granted.services.s3, HeadObject=refusal("HeadObject", status, code))
    permission = "s3:GetObject and s3:ListBucket" if status == 403 else ""
    assert found(with_services(granted, s3=s3), reading(make_submission, url)) == [
        ("problem", f"/Inputs/0/FileInput {url}", text, permission)
    ]


def test_a_source_that_is_really_missing(granted, make_submission, bucket):
    url = f"s3://{bucket}/none.wav"
    assert found(granted, reading(make_submission, url))[0][2] == "does not exist"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        pytest.param({"ContentLength": 0}, "is empty", id="empty"),
        pytest.param(ARCHIVED, IN_ARCHIVE, id="archived"),
        pytest.param(ARCHIVED | {"Restore": 'ongoing-request="true"'}, IN_ARCHIVE, id="on its way"),
        pytest.param(ARCHIVED | {"Restore": 'ongoing-request="false"'}, None, id="restored"),
        pytest.param({"ContentLength": 5}, None, id="fine"),
    ],
)  # fmt: skip
def test_what_a_source_is_like(head, text, granted, make_submission):
    s3 = StubService(granted.services.s3, HeadObject=head)
    findings = found(with_services(granted, s3=s3), reading(make_submission, "s3://elsewhere/a.wav"))
    assert [finding[2] for finding in findings] == ([text] if text else [])


def test_a_web_source_is_not_checked(granted, make_submission):
    findings = found(granted, reading(make_submission, "https://example.com/a.wav"))
    assert findings[0][::2] == ("warning", "was not checked: only s3:// sources are")


def test_our_own_uploads_are_not_looked_for(granted, story):
    s3 = StubService(granted.services.s3, HeadObject=refusal("HeadObject", 404))
    assert found(with_services(granted, s3=s3), story) == []


@pytest.mark.parametrize(
    ("status", "finding"),
    [
        pytest.param(404, ("problem", "does not exist", ""), id="missing"),
        pytest.param(403, ("problem", "is missing or forbidden", "s3:ListBucket"), id="forbidden"),
        pytest.param(
            501, ("warning", "could not be checked: HeadBucket: 501 AccessDenied: on purpose", ""), id="unknown"
        ),
    ],
)
def test_the_bucket(status, finding, granted, story, bucket):
    s3 = StubService(granted.services.s3, HeadBucket=refusal("HeadBucket", status))
    kind, text, permission = finding
    assert found(with_services(granted, s3=s3), story) == [(kind, f"bucket {bucket}", text, permission)]


def test_a_bucket_of_another_region_is_remarked(granted, story, bucket):
    s3 = StubService(granted.services.s3, HeadBucket={"BucketRegion": "eu-west-1"})
    assert "lies in eu-west-1" in found(with_services(granted, s3=s3), story)[0][2]


def test_a_second_output_bucket_is_checked(granted, make_submission):
    group = {"OutputGroupSettings": {"FileGroupSettings": {"Destination": "s3://no-such-bucket/videos/a"}}}
    submission = make_submission(Settings={"OutputGroups": [group]})
    assert found(granted, submission)[0][:3] == ("problem", "bucket no-such-bucket", "does not exist")


def test_a_missing_queue(granted, make_submission):
    submission = make_submission(Queue="arn:aws:mediaconvert:us-east-1:1:queues/Fast")
    assert found(granted, submission) == [("problem", "queue Fast", "does not exist", "")]


def test_a_paused_queue(granted, story, endpoint):
    endpoint.queue["status"] = "PAUSED"
    assert found(granted, story) == [("problem", "queue Default", "is PAUSED: jobs in it don't start", "")]


@pytest.mark.parametrize(
    ("operation", "about", "permission"),
    [("GetQueue", "queue Default", "mediaconvert:GetQueue"), ("ListJobs", "list of jobs", "mediaconvert:ListJobs")],
    ids=["the queue", "the list of jobs"],
)
def test_a_denied_question_is_a_warning(operation, about, permission, granted, story, endpoint):
    endpoint.fail(operation, Fault(status=403))
    assert found(granted, story) == [("warning", about, "could not be checked: permission denied", permission)]


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        pytest.param({"GetRole": refusal("GetRole", 404, "NoSuchEntity")},
                     ("problem", "does not exist", ""), id="no role"),
        pytest.param({"GetRole": refusal("GetRole", 403)},
                     ("warning", "could not be checked: permission denied", "iam:GetRole"), id="may not look"),
        pytest.param({"trust": {"Statement": []}},
                     ("problem", NOT_TRUSTED, "sts:AssumeRole in its trust policy"),
                     id="not trusted"),
    ],
)  # fmt: skip
def test_the_role(answers, finding, session, story):
    kind, text, permission = finding
    assert found(with_services(session, iam=iam(**answers)), story) == [(kind, "role storyreel", text, permission)]


def test_a_role_whose_permissions_nobody_may_see(session, story):
    stub = iam(SimulatePrincipalPolicy=refusal("SimulatePrincipalPolicy", 403))
    findings = found(with_services(session, iam=stub), story)
    assert [finding[::3] for finding in findings] == [("warning", "iam:SimulatePrincipalPolicy")]


@pytest.mark.parametrize(
    ("decision", "policy", "kind"),
    [
        pytest.param("explicitDeny", False, "problem", id="denied"),
        pytest.param("implicitDeny", False, "problem", id="not granted anywhere"),
        pytest.param("implicitDeny", True, "warning", id="perhaps granted by the bucket"),
    ],
)
def test_what_the_role_may_not_do(decision, policy, kind, session, story, s3_client, bucket):
    if policy:
        s3_client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    findings = found(with_services(session, iam=iam(decision=decision)), story)
    assert [(finding[0], finding[3]) for finding in findings] == [(kind, "s3:GetObject"), (kind, "s3:PutObject")]
    assert f"arn:aws:s3:::{bucket}/storyreel/sources/a.mp4" in findings[0][2]


@pytest.mark.parametrize(
    ("document", "trusted"),
    [
        pytest.param(TRUST, True, id="plain"),
        pytest.param(urllib.parse.quote(json.dumps(TRUST)), True, id="as IAM writes it"),
        pytest.param({"Statement": TRUST["Statement"][0]}, True, id="one statement"),
        pytest.param({"Statement": [{"Effect": "Deny"} | {"Principal": "*", "Action": "*"}]}, False, id="deny"),
        pytest.param("{", False, id="broken"),
        pytest.param(None, False, id="none"),
        pytest.param({"Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {
            "Service": ["ec2.amazonaws.com", "mediaconvert.amazonaws.com"]}}]}, True, id="one of several"),
    ],
)  # fmt: skip
def test_a_trust_policy(document, trusted):
    assert is_trusted(document) is trusted


def test_all_problems_come_at_once(granted, make_submission, endpoint, bucket):
    endpoint.queue["status"] = "PAUSED"
    with pytest.raises(PreflightError) as caught:
        submit(granted, reading(make_submission, f"s3://{bucket}/a.wav", f"s3://{bucket}/b.wav"))
    assert str(caught.value).startswith("not submitted: 3 problems\n  queue Default")
    assert (caught.value.exit_code, len(caught.value.findings), endpoint.jobs) == (5, 3, [])


def test_a_private_word_is_not_in_the_message(granted, make_submission, bucket):
    url = f"s3://{bucket}/Ann Example.wav"
    submission = make_submission(Settings={"Inputs": [{"FileInput": url}]}, private=("Ann Example",))
    with pytest.raises(PreflightError) as caught:
        submit(granted, submission)
    assert "Ann" not in str(caught.value)


def test_the_preflight_can_be_left_out(session, story, endpoint):
    endpoint.queue["status"] = "PAUSED"
    assert submit(session, story, SubmitSettings(checked=False)).new


def test_sources_of_a_job_are_found_wherever_they_stand():
    voice = {"AudioSelectors": {"A/1": {"ExternalAudioFileInput": "s3://b/voice.wav"}}}
    groups = [{"Destination": "s3://b/out/a", "Url": "https://h/s.png"}, {"FileInput": "s3://b/x"}]
    job = {"Settings": {"Inputs": [voice, {"FileInput": "s3://b/x"}], "OutputGroups": groups}}
    assert [(source.pointer, source.url) for source in job_sources(job)] == [
        ("/Inputs/0/AudioSelectors/A~11/ExternalAudioFileInput", "s3://b/voice.wav"),
        ("/Inputs/1/FileInput", "s3://b/x"),
        ("/OutputGroups/0/Url", "https://h/s.png"),
    ]
    assert output_url(job) == ["s3://b/out/a"]


@pytest.mark.parametrize(
    ("url", "parts"), [("s3://b/k/l", ("b", "k/l")), ("s3://b", ("b", "")), ("https://b/k", ("", ""))]
)
def test_an_s3_url_has_two_parts(url, parts):
    assert split_s3_url(url) == parts


def test_refused_credentials_are_said_once_and_first(granted, story):
    old = refusal("GetQueue", 403, "ExpiredTokenException")
    with_services(granted, mediaconvert=StubService(GetQueue=old))
    assert found(granted, story) == [("problem", "credentials", "were refused: ExpiredTokenException: on purpose", "")]


def test_without_credentials_nothing_is_asked(granted, story, endpoint):
    with_services(granted, signed=False)
    assert found(granted, story) == [
        ("warning", "everything", "could not be checked: no AWS credentials were found", "")
    ]
    assert endpoint.calls == []


def test_without_credentials_nothing_is_submitted_and_no_record_is_left(granted, story):
    with_services(granted, signed=False)
    with pytest.raises(PreflightError, match="credentials: none were found: set AWS_PROFILE"):
        submit(granted, story)
    assert granted.journal.records() == ()


def test_a_role_service_that_nobody_reaches_is_asked_once(session, story):
    silent = StubService(GetRole=refusal("GetRole", None, "EndpointConnectionError"))
    with_services(session, iam=silent)
    assert [about for _, about, _, _ in found(session, story)] == ["role storyreel"]
    assert set(silent.calls) == {"GetRole"}


def test_a_service_that_nobody_reaches_is_asked_once(granted, make_submission, clock):
    gone = refusal("any", None, "EndpointConnectionError")
    silent = StubService(**dict.fromkeys(("GetQueue", "ListJobs", "HeadBucket", "HeadObject"), gone))
    with_services(granted, mediaconvert=silent, s3=silent)
    foreign = reading(make_submission, "s3://other/a.mp4", "s3://other/b.mp4")
    assert [about for _, about, _, _ in found(granted, foreign)] == ["queue Default", f"bucket {foreign.bucket}"]
    assert set(silent.calls) == {"GetQueue", "HeadBucket"}


def test_writing_is_tried_before_an_object_is_made(session, make_submission):
    story = make_submission({"a.mp4": b"picture"})
    made = []
    upload = dataclasses.replace(story.uploads[0], made=True, file=lambda: made.append(1))
    story = dataclasses.replace(story, uploads=(upload,))
    forbidden = StubService(session.services.s3, CreateMultipartUpload=refusal("CreateMultipartUpload", 403))
    with pytest.raises(PreflightError, match=r"a\.mp4: may not be written \(needs s3:PutObject\)"):
        submit(with_services(session, s3=forbidden), story)
    assert made == []


def test_trying_to_write_leaves_nothing(session, make_submission, s3_client, bucket):
    story = make_submission({"a.mp4": b"picture"})
    story = dataclasses.replace(story, uploads=(dataclasses.replace(story.uploads[0], made=True),))
    assert submit(session, story).uploads.sent == ("storyreel/sources/a.mp4",)
    assert s3_client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
