"""Uploads against moto's S3 over HTTP: nothing twice, nothing half, nothing by chance."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.mediaconvert.submission.errors import RemoteError, ServiceError
from backends.mediaconvert.submission.submission import Upload
from backends.mediaconvert.submission.upload import UploadSettings, upload_all
from renderer.errors import Cancelled, OutputError
from renderer.ffmpeg_process import CancelToken

SMALL, LARGE = b"small" * 200, bytes(range(256)) * 100
SETTINGS = UploadSettings(threshold=10_000, part=10_000)


class Observed:
    """Passes calls on, counts them, and lets a test step in: `before[operation]()`, `after[operation](answer)`."""

    def __init__(self, inner):
        self.inner, self.calls, self.before, self.after = inner, [], {}, {}
        self.client = inner.client

    def ask(self, operation, /, **parameters):
        self.calls.append((operation, parameters))
        self.before.get(operation, lambda _: None)(parameters)
        answer = self.inner.ask(operation, **parameters)
        return self.after.get(operation, lambda answer: answer)(answer)

    def count(self, operation):
        return sum(name == operation for name, _ in self.calls)


@pytest.fixture
def s3(session):
    observed = Observed(session.services.s3)
    object.__setattr__(session, "services", dataclasses.replace(session.services, s3=observed))
    return observed


@pytest.fixture
def stored(s3_client, bucket):
    """`stored(key)`: the bytes of an object, None where there is none."""

    def read(name):
        try:
            return s3_client.get_object(Bucket=bucket, Key=f"storyreel/sources/{name}")["Body"].read()
        except s3_client.exceptions.NoSuchKey:
            return None

    return read


def unfinished(s3_client, bucket):
    return s3_client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def test_objects_arrive_whole_with_their_type_and_hash(session, s3, make_submission, stored, s3_client, bucket):
    done = upload_all(session, make_submission({"a.mp4": SMALL, "b.mp4": LARGE}), SETTINGS)
    assert (stored("a.mp4"), stored("b.mp4")) == (SMALL, LARGE)
    assert (len(done.sent), s3.count("PutObject"), s3.count("UploadPart")) == (2, 1, 3)
    head = s3_client.head_object(Bucket=bucket, Key="storyreel/sources/b.mp4")
    assert head["ContentType"] == "video/mp4"
    assert head["Metadata"]["storyreel-sha256"] == hashlib.sha256(LARGE).hexdigest()


def test_what_is_there_is_not_even_made(session, s3, make_submission):
    submission = make_submission({"a.mp4": SMALL, "b.mp4": LARGE})
    upload_all(session, submission, SETTINGS)
    s3.calls.clear()
    unmade = tuple(Upload(item.key, lambda: 1 / 0) for item in submission.uploads)
    done = upload_all(session, dataclasses.replace(submission, uploads=unmade), SETTINGS)
    assert (len(done.kept), {name for name, _ in s3.calls}) == (2, {"HeadObject"})


@pytest.mark.parametrize("known", [True, False], ids=["its hash is known", "only our mark is known"])
def test_an_object_that_differs_is_replaced(known, session, s3, make_submission, s3_client, bucket, stored):
    s3_client.put_object(Bucket=bucket, Key="storyreel/sources/a.mp4", Body=b"something else")
    submission = make_submission({"a.mp4": SMALL})
    sha256 = hashlib.sha256(SMALL).hexdigest() if known else None
    item = dataclasses.replace(submission.uploads[0], sha256=sha256)
    upload_all(session, dataclasses.replace(submission, uploads=(item,)), SETTINGS)
    assert stored("a.mp4") == SMALL


def test_an_object_of_another_tool_is_known_by_its_checksum(session, s3, make_submission, s3_client, bucket):
    digest = hashlib.sha256(SMALL)
    checksum = base64.b64encode(digest.digest()).decode()
    s3_client.put_object(Bucket=bucket, Key="storyreel/sources/a.mp4", Body=SMALL, ChecksumSHA256=checksum,
                         ChecksumAlgorithm="SHA256")  # fmt: skip
    submission = make_submission({"a.mp4": SMALL})
    item = dataclasses.replace(submission.uploads[0], sha256=digest.hexdigest(), size=len(SMALL))
    done = upload_all(session, dataclasses.replace(submission, uploads=(item,)), SETTINGS)
    assert done.kept == (item.key,)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in one request", "in parts"])
def test_many_at_once_leave_one_whole_object(content, session, make_submission, stored, s3_client, bucket):
    submission = make_submission({"a.mp4": content})
    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(lambda _: upload_all(session, submission, SETTINGS), range(5)))
    assert len(done) == 5
    assert stored("a.mp4") == content
    assert unfinished(s3_client, bucket) == []


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["in one request", "in parts"])
def test_a_copy_that_appears_meanwhile_is_kept(content, session, s3, make_submission, s3_client, bucket):
    submission = make_submission({"a.mp4": content})
    operation = "PutObject" if content is SMALL else "CompleteMultipartUpload"
    mark = {"storyreel-bytes": "5", "storyreel-sha256": "0" * 64}

    def appear(_):
        s3_client.put_object(Bucket=bucket, Key=submission.uploads[0].key, Body=b"other", Metadata=mark)

    s3.before[operation] = appear
    upload_all(session, submission, SETTINGS)
    assert s3_client.get_object(Bucket=bucket, Key=submission.uploads[0].key)["Body"].read() == b"other"
    assert unfinished(s3_client, bucket) == []


def failing(operation, status, code="Broken", times=99):
    left = [times]

    def fail(_):
        left[0] -= 1
        if left[0] >= 0:
            raise ServiceError(operation, status=status, code=code, text="on purpose")

    return fail


@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
def test_a_parted_upload_that_fails_is_aborted(operation, session, s3, make_submission, stored, s3_client, bucket):
    s3.before[operation] = failing(operation, 403)
    with pytest.raises(ServiceError, match="403"):
        upload_all(session, make_submission({"b.mp4": LARGE}), SETTINGS)
    assert stored("b.mp4") is None
    assert (s3.count("AbortMultipartUpload"), unfinished(s3_client, bucket)) == (1, [])


def test_a_part_that_fails_for_a_while_is_sent_again(session, s3, make_submission, stored, clock):
    s3.before["UploadPart"] = failing("UploadPart", 503, times=2)
    upload_all(session, make_submission({"b.mp4": LARGE}), SETTINGS)
    assert stored("b.mp4") == LARGE
    assert len(clock.slept) == 2


def test_a_store_without_conditions_gets_none(session, s3, make_submission, stored):
    def refuse(parameters):
        if "IfNoneMatch" in parameters:
            raise ServiceError("PutObject", status=501, code="NotImplemented", text="header")

    s3.before["PutObject"] = refuse
    upload_all(session, make_submission({"a.mp4": SMALL}), SETTINGS)
    assert stored("a.mp4") == SMALL


def test_an_object_that_arrived_although_the_answer_was_lost_counts(session, s3, make_submission, stored):
    def lose(_):
        raise ServiceError("CompleteMultipartUpload", status=404, code="NoSuchUpload", text="lost")

    s3.after["CompleteMultipartUpload"] = lose
    upload_all(session, make_submission({"b.mp4": LARGE}), SETTINGS)
    assert stored("b.mp4") == LARGE


def test_another_checksum_in_the_bucket_is_an_error(session, s3, make_submission):
    wrong = base64.b64encode(b"0" * 32).decode()
    s3.after["HeadObject"] = lambda answer: {**answer, "ChecksumSHA256": wrong}
    with pytest.raises(RemoteError, match="something else is in the bucket"):
        upload_all(session, make_submission({"a.mp4": SMALL}), SETTINGS)


def test_a_file_that_is_not_what_its_key_promises_is_not_sent(session, s3, make_submission):
    submission = make_submission({"a.mp4": SMALL})
    item = dataclasses.replace(submission.uploads[0], sha256="0" * 64)
    with pytest.raises(OutputError, match="another content than planned"):
        upload_all(session, dataclasses.replace(submission, uploads=(item,)), SETTINGS)
    assert s3.count("PutObject") == 0


def test_a_file_that_changes_on_the_way_is_not_kept(session, s3, make_submission, tmp_path, s3_client, bucket):
    s3.after["CreateMultipartUpload"] = lambda answer: (tmp_path / "b.mp4").write_bytes(LARGE[::-1]) and answer
    with pytest.raises(OutputError, match="changed while it was uploaded"):
        upload_all(session, make_submission({"b.mp4": LARGE}), SETTINGS)
    assert unfinished(s3_client, bucket) == []


def test_progress_counts_every_byte_once(session, make_submission):
    seen = []
    settings = dataclasses.replace(SETTINGS, report=seen.append)
    upload_all(session, make_submission({"a.mp4": SMALL, "b.mp4": LARGE}), settings)
    last, total = seen[-1], len(SMALL) + len(LARGE)
    assert (last.done_bytes, last.total_bytes, last.done, last.total) == (total, total, 2, 2)
    assert [item.done_bytes for item in seen] == sorted(item.done_bytes for item in seen)


def test_no_more_requests_at_once_than_workers(session, s3, make_submission):
    running, most, lock = [0], [0], threading.Lock()

    def enter(_):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])

    s3.before["UploadPart"] = enter
    s3.after["UploadPart"] = lambda answer: (running.__setitem__(0, running[0] - 1), answer)[1]
    files = {f"{number}.mp4": LARGE for number in range(4)}
    upload_all(session, make_submission(files), dataclasses.replace(SETTINGS, workers=2))
    assert 1 <= most[0] <= 2


def test_cancelling_aborts_what_is_on_its_way(session, s3, make_submission, stored, s3_client, bucket):
    token = CancelToken()
    object.__setattr__(session, "cancel", token)
    s3.before["UploadPart"] = lambda parameters: token.set() if parameters["PartNumber"] == 2 else None
    with pytest.raises(Cancelled):
        upload_all(session, make_submission({"b.mp4": LARGE}), SETTINGS)
    assert stored("b.mp4") is None
    assert unfinished(s3_client, bucket) == []


def test_a_stop_while_parts_are_queued_ends_and_leaves_nothing(session, s3, make_submission, s3_client, bucket):
    """Measured once: a pool that cancels its queue tells nobody, and the thread that waits for a part waits forever."""
    sending, going, ended = threading.Event(), threading.Event(), []

    def hold(_):
        sending.set()
        going.wait(10)

    def stopped():
        sending.wait(10)
        threading.Timer(0.2, going.set).start()
        raise KeyboardInterrupt

    def run(submission):
        with pytest.raises(KeyboardInterrupt):
            upload_all(session, submission, dataclasses.replace(SETTINGS, workers=2))
        ended.append(True)

    s3.before["UploadPart"] = hold
    story = make_submission({"a.mp4": LARGE * 4, "b.mp4": SMALL})
    second = dataclasses.replace(story.uploads[1], file=stopped)
    work = threading.Thread(
        target=run, args=[dataclasses.replace(story, uploads=(story.uploads[0], second))], daemon=True
    )
    work.start()
    work.join(20)
    assert ended == [True]
    assert unfinished(s3_client, bucket) == []


def test_a_failure_of_one_object_stops_the_others(session, s3, make_submission, s3_client, bucket):
    s3.before["PutObject"] = failing("PutObject", 403)
    files = {"a.mp4": SMALL} | {f"{number}.mp4": LARGE for number in range(4)}
    with pytest.raises(ServiceError, match="PutObject: 403"):
        upload_all(session, make_submission(files), SETTINGS)
    assert unfinished(s3_client, bucket) == []
