"""The commands as a user types them: a real story, S3 by moto over HTTP, the endpoint with faults."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from submit_endpoint import Fault
from submit_process import Command

from backends.mediaconvert.submission.journal import SqliteJournal
from backends.mediaconvert.validation import validate_job
from renderer.output import output_preset


@pytest.fixture
def spec(story_folder):
    """Two pictures at rest and a voice, in production's length."""
    still = [{"file": f"image{number}.png", "motion": "none"} for number in (1, 2)]
    path = story_folder(images=2, narration_s=2, id="harbour", length="narration")
    path.write_text(path.read_text().replace('["image1.png", "image2.png"]', json.dumps(still)))
    return path


@pytest.fixture
def submitted(run, spec, bucket):
    """`submitted(…)`: the JSON of a submission by strategy `classic`."""

    def submit(*arguments):
        done = run("submit", spec, "--bucket", bucket, "--strategy", "classic", "--json", *arguments)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    return submit


def keys(s3_client, bucket):
    return {item["Key"] for item in s3_client.list_objects_v2(Bucket=bucket).get("Contents", [])}


def pascal(value):
    """A request as it came over the wire, in the spelling of the console; names that people chose stay."""
    if isinstance(value, dict):
        named = {"AudioSelectors", "AudioSelectorGroups", "UserMetadata"}
        made = {}
        for key, item in value.items():
            name = key[:1].upper() + key[1:]
            made[name] = {k: pascal(v) for k, v in item.items()} if name in named else pascal(item)
        return made
    return [pascal(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("strategy", ["mezzanine", "overlays", "stills", "classic"])
def test_a_story_becomes_one_valid_job_whose_sources_are_all_there(run, spec, bucket, s3_client, remote, strategy):
    done = run("submit", spec, "--bucket", bucket, "--strategy", strategy)
    assert done.exit_code == 0, done.stderr
    (job,) = remote.jobs
    request = {key: job[key] for key in ("role", "queue", "settings", "userMetadata", "clientRequestToken")}
    assert validate_job(pascal(request)).findings == ()
    assert job["userMetadata"]["strategy"] == strategy
    there = {f"s3://{bucket}/{key}" for key in keys(s3_client, bucket)}
    text = json.dumps(job["settings"])
    assert there
    assert all(url in text for url in there)
    assert f"s3://{bucket}/videos/harbour_complete.mp4" in done.stdout


def test_the_same_command_again_sends_nothing(submitted, remote, s3_client, bucket):
    first = submitted()
    before = len(remote.calls)
    again = submitted()
    assert (first["new"], again["new"], again["job_id"]) == (True, False, first["job_id"])
    assert len(first["uploads"]["sent"]) == len(keys(s3_client, bucket)) > 2
    assert len(remote.calls) == before


def test_the_estimate_of_the_production_job_is_productions(submitted):
    estimate = submitted()["estimate"]
    assert (estimate["production_cost"], estimate["currency"]) == ("0.017", "USD")
    assert {"rates_as_of", "cost", "outputs", "notes"} <= set(estimate)


def test_a_rehearsal_sends_nothing_and_says_everything(run, spec, bucket, s3_client, remote):
    done = run("submit", spec, "--bucket", bucket, "--dry-run", "--json", "--output", "streaming-1080p")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert [item["state"] for item in found["objects"]] == ["missing", "missing"]
    assert {url.rpartition("/")[2] for url in found["outputs"]} >= {"harbour_complete.mp4", "main.m3u8", "main.mpd"}
    assert "CreateJob" not in [name for name, _ in remote.calls]
    assert keys(s3_client, bucket) == set()
    assert SqliteJournal.open_default().records() == ()
    assert len(found["estimate"]["outputs"]) == 1 + 2 * 5 + 2
    assert output_preset("streaming-1080p").renditions.hls is not None


def test_a_rehearsal_in_words_names_objects_price_and_fidelity(run, spec, bucket):
    done = run("submit", spec, "--bucket", bucket, "--dry-run")
    first_words = {line.split()[0] for line in done.stdout.splitlines() if line[:1].strip()}
    assert {"job", "object", "output", "cost", "approximated", "warning"} <= first_words
    assert done.stderr.endswith("nothing was sent\n")


def test_sources_can_be_uploaded_for_a_job_that_somebody_else_submits(run, spec, bucket, s3_client, remote):
    done = run("submit", spec, "--bucket", bucket, "--strategy", "classic", "--upload-only")
    assert done.exit_code == 0, done.stderr
    job = json.loads(done.stdout)
    assert validate_job(job).findings == ()
    there = keys(s3_client, bucket)
    assert all(f"s3://{bucket}/{key}" in json.dumps(job) for key in there)
    assert len(there) > 2
    assert (remote.jobs, SqliteJournal.open_default().records()) == ([], ())


REFUSED = {
    "a missing bucket": (["--bucket", "nobody-has-this"], 5, "bucket nobody-has-this: does not exist"),
    "a missing queue": (["--queue", "fast"], 5, "queue fast: does not exist"),
    "two purposes at once": (["--dry-run", "--wait"], 2, "exclude each other"),
    "a role without ARN": (["--role", "convert"], 2, "expected an ARN"),
    "a URL for a bucket": (["--bucket", "s3://stories/a"], 2, "leave out s3://"),
    "a folder with a variable": (["--prefix", "a/$t$"], 2, "expected folders"),
    "motion in stills": (["--strategy", "stills", "--allow-outside"], 3, "use --strategy mezzanine"),
    "a hop to where it is": (["--hop-queue", "Default"], 2, "can't hop to the queue it is in"),
    "no region": (["--endpoint-url", "https://mediaconvert.eu-west-1.amazonaws.com"], 2, "pass --region"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_submitted_says_why(run, story_folder, bucket, remote, monkeypatch, arguments, code, message):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    if message != "pass --region":
        arguments = ["--region", "us-east-1", *arguments]
    spec = story_folder(images=2, narration_s=2)
    done = run("submit", spec, "--bucket", bucket, *arguments)
    assert done.exit_code == code, done.output
    assert message in done.stderr
    assert remote.jobs == []


def test_a_rehearsal_reports_problems_in_json_and_by_its_exit_code(run, spec):
    done = run("submit", spec, "--bucket", "nobody-has-this", "--dry-run", "--json")
    assert done.exit_code == 5
    assert json.loads(done.stdout)["problems"] == [
        {"about": "bucket nobody-has-this", "text": "does not exist", "permission": None}
    ]


def test_throttling_and_faults_still_make_one_job(submitted, remote):
    remote.fail("CreateJob", Fault(status=429, headers={"Retry-After": "0"}), Fault(status=500, accepted=True))
    assert submitted()["job_id"] == remote.jobs[0]["id"]
    assert len(remote.jobs) == 1


DONE = {"status": "COMPLETE", "jobPercentComplete": 100, "warnings": [{"code": 240000, "count": 1}]}
BAD = {"status": "ERROR", "errorCode": 1040, "errorMessage": "Audio selector groups cannot combine"}


def let_jobs_end(monkeypatch, remote, end):
    create = type(remote)._create_job

    def ending(self, *given):
        status, answer = create(self, *given)
        self.steps[answer["job"]["id"]].extend([{"status": "PROGRESSING", "jobPercentComplete": 40}, end])
        return status, answer

    import submit_endpoint

    monkeypatch.setitem(submit_endpoint.ANSWERS, "CreateJob", ending)


def test_a_job_is_followed_to_its_end(monkeypatch, remote, submitted):
    let_jobs_end(monkeypatch, remote, DONE)
    found = submitted("--wait", "--poll", "0.1")
    assert (found["state"], found["percent"]) == ("COMPLETE", 100)
    assert found["job_warnings"] == [{"code": 240000, "message": "", "count": 1}]


def test_a_failed_job_is_an_error_with_code_and_message(monkeypatch, remote, run, spec, bucket):
    let_jobs_end(monkeypatch, remote, BAD)
    done = run("submit", spec, "--bucket", bucket, "--strategy", "classic", "--wait", "--poll", "0.1", "--json")
    assert done.exit_code == 5
    assert "error 1040: Audio selector groups cannot combine" in done.stderr
    found = json.loads(done.stdout)
    assert (found["state"], found["code"]) == ("ERROR", "1040")
    again = run("submit", spec, "--bucket", bucket, "--strategy", "classic", "--again", "--json")
    assert json.loads(again.stdout)["new"]


def test_jobs_are_listed_shown_awaited_and_cancelled(run, submitted, remote):
    job_id = submitted()["job_id"]
    assert run("jobs", "list").stdout.split()[:2] == [job_id, "SUBMITTED"]
    remote.steps[job_id].append({"status": "PROGRESSING", "jobPercentComplete": 30, "currentPhase": "TRANSCODING"})
    shown = json.loads(run("jobs", "show", "harbour", "--json").stdout)
    assert (shown["job_id"], shown["state"], shown["percent"], shown["phase"]) == (
        job_id, "PROGRESSING", 30, "TRANSCODING")  # fmt: skip
    assert [note["text"] for note in shown["history"]][-1] == "state PROGRESSING"
    assert run("jobs", "cancel", job_id).exit_code == 0
    waited = run("jobs", "wait", shown["submission_id"][:12])
    assert (waited.exit_code, "cancelled" in waited.stderr) == (5, True)
    assert run("jobs", "list", "--unfinished", "--json").stdout == "[]\n"
    assert run("jobs", "show", "nobody").exit_code == 2


def test_what_was_left_behind_is_listed_and_cleared(run, submitted, s3_client, bucket):
    submitted("--prefix", "mine")
    left = s3_client.create_multipart_upload(Bucket=bucket, Key="mine/left")["UploadId"]
    s3_client.create_multipart_upload(Bucket=bucket, Key="other/left")
    listed = json.loads(run("jobs", "gc", "--dry-run", "--json").stdout)
    assert [item["upload_id"] for item in listed["orphans"] if item["kind"] == "upload"] == [left]
    assert listed["done"] == []
    cleared = run("jobs", "gc", "--older-than", "0")
    assert f"s3://{bucket}/mine/left: aborted" in cleared.stdout
    elsewhere = run("jobs", "gc", "--bucket", bucket, "--prefix", "other", "--dry-run")
    assert "other/left" in elsewhere.stdout


def test_a_policy_is_printed_as_iam_takes_it(run):
    whole = json.loads(run("mediaconvert", "policy", "--bucket", "stories", "--account", "111122223333").stdout)
    assert set(whole) == {"role", "submitter"}
    for part in ("trust", "role", "submitter", "function"):
        printed = run("mediaconvert", "policy", "--bucket", "b12", "--journal-bucket", "records", "--part", part).stdout
        document = json.loads(printed)
        assert (document["Version"], bool(document["Statement"])) == ("2012-10-17", True)
    assert "records/storyreel/journal" in printed
    assert run("mediaconvert", "policy", "--bucket", "stories", "--part", "function").exit_code == 2
    assert run("mediaconvert", "policy", "--bucket", "stories", "--account", "12").exit_code == 2


def test_a_command_killed_between_creation_and_answer_is_continued(spec, bucket, remote):
    remote.token_window_s, victims = 0, []
    remote.fail(
        "CreateJob", Fault("reset", accepted=True, then=lambda: os.kill(victims[0].process.pid, signal.SIGKILL))
    )
    victims.append(Command(spec, bucket))
    assert victims[0].end()[0] == -signal.SIGKILL
    code, out, err = Command(spec, bucket).end()
    assert code == 0, err
    assert len(remote.jobs) == 1
    assert remote.jobs[0]["id"] in out


def test_ctrl_c_ends_a_wait_and_says_what_is_left(spec, bucket, remote):
    remote.waiting.extend([0, 90, 90])
    command = Command(spec, bucket)
    end = time.monotonic() + 240
    while len(remote.called("GetQueue")) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    command.process.send_signal(signal.SIGINT)
    code, _, err = command.end()
    assert code == 130, err
    assert "the same command goes on from there" in err
    assert remote.jobs == []
