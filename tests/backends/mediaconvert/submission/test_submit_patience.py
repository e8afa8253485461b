"""Retries in one layer, with a budget; errors in words; and nothing secret in either."""

from __future__ import annotations

import dataclasses
import email.utils
import threading
import time

import pytest
from submit_endpoint import Fault
from submit_stubs import StubService, refusal

from backends.mediaconvert.submission.errors import RemoteJobError, ServiceError
from backends.mediaconvert.submission.patience import Patience, RetryBudget, SystemClock
from backends.mediaconvert.submission.redaction import redact
from backends.mediaconvert.submission.services import Boto3Service, connect, retry_after_s
from renderer.errors import Cancelled, UsageError
from renderer.ffmpeg_process import CancelToken


def failing(status, code="Broken"):
    return StubService(GetJob=refusal("GetJob", status, code))


@pytest.fixture
def patience(clock):
    return Patience(clock, jitter=lambda: 1.0)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, None])
def test_what_may_pass_is_asked_again(status, patience, clock):
    service = failing(status)
    with pytest.raises(ServiceError):
        patience.ask(service, "GetJob", Id="1")
    assert (len(service.calls), clock.slept) == (5, [0.5, 1, 2, 4])


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 412, 422, 501])
def test_what_will_not_pass_is_asked_once(status, patience):
    service = failing(status)
    with pytest.raises(ServiceError):
        patience.ask(service, "GetJob", Id="1")
    assert len(service.calls) == 1


def test_what_never_left_is_not_asked_again(patience):
    service = failing(None, "ParamValidationError")
    with pytest.raises(ServiceError):
        patience.ask(service, "GetJob", Id="1")
    assert len(service.calls) == 1


def test_all_calls_share_one_budget(clock):
    patience, service = Patience(clock, budget=RetryBudget(6)), failing(500)
    for _ in range(3):
        with pytest.raises(ServiceError):
            patience.ask(service, "GetJob", Id="1")
    assert len(service.calls) == 3 + 6


def test_a_stop_ends_a_sleep_and_the_attempts():
    cancel = CancelToken()
    service, started = failing(500), time.monotonic()
    patience = Patience(SystemClock(cancel), attempts=9, first_wait_s=30, jitter=lambda: 1.0, cancel=cancel)
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(Cancelled):
        patience.ask(service, "GetJob")
    assert time.monotonic() - started < 10
    assert len(service.calls) == 1


def test_waits_are_bounded(clock):
    patience = Patience(clock, attempts=12, jitter=lambda: 1.0)
    with pytest.raises(ServiceError):
        patience.ask(failing(503), "GetJob", Id="1")
    assert max(clock.slept) == 20


NOW = 1_767_607_200.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("7", 7, id="seconds"),
        pytest.param(email.utils.formatdate(NOW + 90, usegmt=True), 90, id="a date"),
        pytest.param(email.utils.formatdate(NOW - 90, usegmt=True), 0, id="a date that has passed"),
        pytest.param("", None, id="none"),
        pytest.param("soon", None, id="nonsense"),
        pytest.param("-5", None, id="negative"),
    ],
)
def test_retry_after_is_read(header, seconds):
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(
    ("fault", "status", "code", "reached"),
    [
        pytest.param(
            Fault(status=429, headers={"Retry-After": "2"}), 429, "TooManyRequestsException", True, id="throttled"
        ),
        pytest.param(Fault(status=400), 400, "BadRequestException", True, id="bad request"),
        pytest.param(Fault("reset"), None, "ConnectionClosedError", True, id="cut"),
    ],
)
def test_an_answer_is_told_by_status_and_code(fault, status, code, reached, services, endpoint):
    endpoint.fail("GetQueue", fault)
    with pytest.raises(ServiceError) as caught:
        services.mediaconvert.ask("GetQueue", Name="Default")
    error = caught.value
    assert (error.status, error.code, error.reached) == (status, code, reached)
    assert len(endpoint.called("GetQueue")) == 1


def test_a_refused_connection_reached_nobody():
    nobody = connect(region="us-east-1", endpoint_url="http://127.0.0.1:9", s3_endpoint_url="http://127.0.0.1:9")
    with pytest.raises(ServiceError) as caught:
        nobody.mediaconvert.ask("GetQueue", Name="Default")
    assert (caught.value.reached, caught.value.retryable, caught.value.exit_code) == (False, True, 5)
    nobody.mediaconvert.client.close()
    nobody.s3.client.close()


def test_a_request_that_the_sdk_refuses_never_leaves(services, endpoint):
    with pytest.raises(ServiceError, match="ParamValidationError") as caught:
        services.mediaconvert.ask("CreateJob", Role="r", Settings={"Inputs": "none"})
    assert (caught.value.reached, caught.value.retryable, endpoint.calls) == (False, False, [])


def test_no_operation_outside_the_policy_can_be_called(services):
    with pytest.raises(KeyError):
        Boto3Service(services.s3.client).ask("DeleteBucket", Bucket="b")


def test_without_a_region_the_error_says_so(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(UsageError, match="--region"):
        connect()


def test_an_address_with_a_slash_is_the_same_address():
    plain, slashed = (connect(endpoint_url=url, s3_endpoint_url=url) for url in ("http://[::1]:1", "http://[::1]:1/"))
    assert plain.scope == slashed.scope == "http://[::1]:1"
    plain.close()
    slashed.close()


def test_where_everything_is_a_stand_in_no_account_is_needed(monkeypatch):
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    here = "http://127.0.0.1:1"
    services = connect(endpoint_url=here, s3_endpoint_url=here)
    assert (services.region, services.signed, services.iam) == ("stand-in", True, None)
    services.close()
    half = connect(region="eu-central-1", endpoint_url=here)
    assert not half.signed
    half.close()


def test_a_stand_in_is_never_asked_about_roles(services):
    assert services.iam is None
    assert services.scope.startswith("http://127.0.0.1")


SECRETS = [
    pytest.param("see https://h/a.mp4?X-Amz-Signature=abc&X-Amz-Credential=d now", "abc", id="signed URL"),
    pytest.param("GET https://h/a?Policy=xyz&Key-Pair-Id=K1", "xyz", id="CDN's signed URL"),
    pytest.param("s3://user:hunter2@host/a", "hunter2", id="password in a URL"),
    pytest.param("sent to ann.example+x@mail.example.com today", "ann.example", id="e-mail address"),
    pytest.param("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE", id="key id"),
    pytest.param("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalr", id="secret key"),
    pytest.param('"SessionToken": "IQoJb3JpZ2lu"', "IQoJ", id="session token"),
    pytest.param("Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=fe5f80", "fe5f80", id="header"),
    pytest.param("Story of Ann Example (ann example's)", "Ann", id="name"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_does_not_stay(text, secret):
    assert secret.lower() not in redact(text, ["Ann Example"]).lower()


@pytest.mark.parametrize("text", ["s3://bucket/a/b.mp4", "arn:aws:iam::111122223333:role/x", "1515368087458-qnoxtd"])
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(("text", "secret"), SECRETS[:-1])
def test_no_error_shows_a_secret(text, secret):
    shown = [ServiceError("GetJob", status=500, code="X", text=text), RemoteJobError("1-a", "1", text, (text,))]
    assert all(secret not in str(error) + repr(error) + str(vars(error)) for error in shown)


def test_a_session_says_nothing_secret(session, make_submission):
    from backends.mediaconvert.submission.submit import submit

    record = submit(session, make_submission(private=("Ann",))).record
    session.note(record.id, "https://h/a?sig=1")
    assert session.said[-1] == "https://h/a?[redacted]"
    assert dataclasses.asdict(session.journal.read(record.id))["notes"][-1]["text"] == "https://h/a?[redacted]"
