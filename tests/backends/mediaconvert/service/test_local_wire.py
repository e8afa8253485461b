"""The wire, through unmodified boto3 and the AWS command line: operations, error shapes, tokens, pages, priorities."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid

import pytest
from botocore.exceptions import ClientError
from local_jobs import ROLE, simple_job


@pytest.fixture
def client(shared):
    return shared.client()


@pytest.fixture
def paused(client):
    """A queue of the test's own in which jobs wait."""
    name = f"waiting-{uuid.uuid4().hex[:8]}"
    client.create_queue(Name=name, Status="PAUSED")
    return name


def submit(client, queue, **request):
    return client.create_job(**(simple_job() | {"Queue": queue} | request))["Job"]


def fault(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


def test_a_job_runs_to_complete_and_tells_of_it(shared, client):
    job = client.create_job(**simple_job(), UserMetadata={"story": "one"}, Tags={"team": "films"})["Job"]
    assert (job["Status"], job["UserMetadata"]) == ("SUBMITTED", {"story": "one"})
    done = shared.wait(job["Id"])
    assert done["Status"] == "COMPLETE", done.get("ErrorMessage")
    assert done["OutputGroupDetails"][0]["OutputDetails"][0] == {
        "DurationInMs": 2000,
        "VideoDetails": {"WidthInPx": 160, "HeightInPx": 90},
    }
    assert done["Timing"]["SubmitTime"] <= done["Timing"]["StartTime"] <= done["Timing"]["FinishTime"]
    assert client.list_tags_for_resource(Arn=job["Arn"])["ResourceTags"]["Tags"] == {"team": "films"}


def test_events_have_the_documented_shape_and_order(local):
    job = local.client().create_job(**simple_job(), UserMetadata={"story": "one"})["Job"]
    local.wait(job["Id"])
    while len(local.events()) < 3:
        time.sleep(0.05)
    events = local.events()
    assert [event["detail"]["status"] for event in events] == ["PROGRESSING", "INPUT_INFORMATION", "COMPLETE"]
    last = events[-1]
    assert (last["source"], last["detail-type"]) == ("aws.mediaconvert", "MediaConvert Job State Change")
    assert last["resources"] == [job["Arn"]]
    output = last["detail"]["outputGroupDetails"][0]["outputDetails"][0]
    assert output["outputFilePaths"] == ["s3://out/made.mp4"]
    assert local.path("s3://out/made.mp4").is_file()
    assert events[1]["detail"]["inputDetails"][0]["video"][0]["width"] == 160


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Inputs": [{"FileInput": "nope"}]}, "/inputs/0/fileInput: Should match pattern"),
        ({"OutputGroups": []}, "/outputGroups"),
        ({"TimecodeConfig": {"Source": "BOGUS"}}, "/timecodeConfig/source: Should be one of the allowed values"),
    ],
    ids=["pattern", "no groups", "enum"],
)
def test_bad_settings_are_refused_in_the_services_words(client, change, message):
    job = simple_job()
    status, code, said = fault(client.create_job, Role=ROLE, Settings=job["Settings"] | change)
    assert (status, code) == (400, "BadRequestException")
    assert message in said


def test_everything_wrong_is_named_at_once(client):
    settings = simple_job()["Settings"]
    settings["OutputGroups"][0]["Outputs"] = []
    settings["Inputs"][0]["FileInput"] = "nope"
    said = fault(client.create_job, Role=ROLE, Settings=settings)[2]
    assert "/outputGroups/0/outputs: Should have at least 1 items" in said
    assert "/inputs/0/fileInput" in said


def test_what_is_not_honoured_is_refused_by_name(client):
    job = simple_job()
    job["Settings"]["KantarWatermark"] = {
        "ChannelName": "one",
        "ContentReference": "two",
        "CredentialsSecretName": "arn",
        "KantarServerUrl": "https://x.kantarmedia.com",
        "LogDestination": "s3://a/b",
    }
    assert "Not supported by this local endpoint: /kantarWatermark: not built" in fault(client.create_job, **job)[2]


@pytest.mark.parametrize("member", ["Queue", "JobTemplate", "Preset"])
def test_names_that_are_not_there_are_said_with_their_place(client, member):
    job = simple_job()
    if member == "Preset":
        job["Settings"]["OutputGroups"][0]["Outputs"] = [{"Preset": "gone", "NameModifier": "_x"}]
        place = "/outputGroups/0/outputs/0/preset"
    else:
        job[member], place = "gone", f"/{member[0].lower()}{member[1:]}"
    status, kind, message = fault(client.create_job, **job)
    assert (status, kind) == (404, "NotFoundException")
    assert message.startswith(f"{place}: ")
    assert message.endswith("gone does not exist.")


def test_what_is_only_warned_about_stands_in_the_job(client, paused):
    job = simple_job()
    job["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]["AfdSignaling"] = "AUTO"
    made = client.create_job(**job, Queue=paused)["Job"]
    pointer = "/outputGroups/0/outputs/0/videoDescription/afdSignaling"
    assert made["Messages"]["Warning"] == [f"Not honoured by this local endpoint: {pointer}: no AFD values are written"]


def test_the_same_token_within_a_minute_is_the_same_job(client, paused):
    first, again, other = (submit(client, paused, ClientRequestToken=token)["Id"] for token in ("a", "a", "b"))
    assert first == again != other


def test_pages_lead_through_all_jobs_once_newest_first(client, paused):
    made = [submit(client, paused)["Id"] for _ in range(7)]
    pages = client.get_paginator("list_jobs").paginate(Queue=paused, PaginationConfig={"PageSize": 3})
    assert [job["Id"] for page in pages for job in page["Jobs"]] == made[::-1]
    ascending = client.list_jobs(MaxResults=2, Order="ASCENDING", Queue=paused, Status="SUBMITTED")
    assert [job["Id"] for job in ascending["Jobs"]] == made[:2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"NextToken": "x"}, "/nextToken"), ({"MaxResults": 21}, "/maxResults"), ({"Status": "LOST"}, "/status")],
    ids=["foreign token", "too many", "unknown status"],
)
def test_bad_list_parameters_are_refused(client, arguments, message):
    assert message in fault(client.list_jobs, **arguments)[2]


def test_search_and_queries_find_by_input_status_and_codec(client, paused):
    job = simple_job(source=f"s3://in/{paused}.mp4")
    made = client.create_job(**job, Queue=paused)["Job"]["Id"]
    submit(client, paused)
    assert [found["Id"] for found in client.search_jobs(InputFile=f"{paused}.mp4")["Jobs"]] == [made]
    assert client.search_jobs(InputFile=f"other-{paused}.mp4")["Jobs"] == []
    filters = [{"Key": "videoCodec", "Values": ["H_264"]}, {"Key": "status", "Values": ["SUBMITTED", "ERROR"]},
               {"Key": "fileInput", "Values": [f"{paused}.mp4"]}]  # fmt: skip
    query = client.start_jobs_query(FilterList=filters)["Id"]
    answer = client.get_jobs_query_results(Id=query)
    assert (answer["Status"], [found["Id"] for found in answer["Jobs"]]) == ("COMPLETE", [made])
    none = client.start_jobs_query(FilterList=[*filters[1:], {"Key": "videoCodec", "Values": ["VP9"]}])["Id"]
    assert client.get_jobs_query_results(Id=none)["Jobs"] == []


def test_a_jobs_priority_and_hops_are_those_of_its_request(client, paused):
    """What they lead to is tested without the wire, in test_local_queues.py."""
    hops = [{"WaitMinutes": 5, "Queue": client.get_queue(Name="Default")["Queue"]["Arn"], "Priority": 9}]
    job = client.get_job(Id=submit(client, paused, Priority=-7, HopDestinations=hops)["Id"])["Job"]
    assert (job["Priority"], job["HopDestinations"]) == (-7, hops)
    assert job["Queue"].endswith(f":queues/{paused}")


def test_a_waiting_job_is_cancelled_at_once_and_once(client, paused):
    job = submit(client, paused)["Id"]
    client.cancel_job(Id=job)
    assert client.get_job(Id=job)["Job"]["Status"] == "CANCELED"
    assert fault(client.cancel_job, Id=job)[:2] == (409, "ConflictException")


def test_a_running_job_is_cancelled_and_leaves_nothing(shared, client):
    job = simple_job("s3://cancelled/made")
    job["Settings"]["Inputs"] = [{"VideoGenerator": {"Duration": 3_600_000, "Width": 640, "Height": 360}}]
    video = job["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
    video |= {"Width": 640, "Height": 360}
    video["CodecSettings"]["H264Settings"] |= {
        "FramerateControl": "SPECIFIED", "FramerateNumerator": 30, "FramerateDenominator": 1}  # fmt: skip
    identifier = client.create_job(**job)["Job"]["Id"]
    while client.get_job(Id=identifier)["Job"].get("CurrentPhase") != "TRANSCODING":
        time.sleep(0.05)
    client.cancel_job(Id=identifier)
    assert shared.wait(identifier)["Status"] == "CANCELED"
    assert not shared.path("s3://cancelled").exists()


def test_queues_templates_and_presets_live_through_all_their_operations(client, paused):
    assert fault(client.delete_queue, Name="Default")[1] == "BadRequestException"
    submit(client, paused)
    assert fault(client.delete_queue, Name=paused)[1] == "ConflictException"
    assert fault(client.create_queue, Name=paused)[1] == "ConflictException"
    assert client.get_queue(Name=paused)["Queue"]["SubmittedJobsCount"] == 1
    settings = {"ContainerSettings": {"Container": "MP4"}}
    preset = client.create_preset(Name="small", Settings=settings, Category="films")["Preset"]
    assert client.update_preset(Name="small", Description="tiny")["Preset"]["Settings"] == settings
    assert [found["Name"] for found in client.list_presets(Category="films")["Presets"]] == ["small"]
    client.tag_resource(Arn=preset["Arn"], Tags={"a": "1", "b": "2"})
    client.untag_resource(Arn=preset["Arn"], TagKeys=["a"])
    assert client.list_tags_for_resource(Arn=preset["Arn"])["ResourceTags"]["Tags"] == {"b": "2"}
    client.delete_preset(Name="small")
    assert fault(client.get_preset, Name="small")[:2] == (404, "NotFoundException")


def test_a_template_and_a_preset_are_merged_into_a_job(shared, client):
    whole = simple_job()["Settings"]
    output = whole["OutputGroups"][0]["Outputs"][0]
    client.create_preset(Name="p", Settings={key: output[key] for key in ("ContainerSettings", "AudioDescriptions")})
    template = {"OutputGroups": [whole["OutputGroups"][0] | {"Outputs": [{"Preset": "p", "NameModifier": "_t"}]}]}
    client.create_job_template(Name="t", Settings=template, Priority=3)
    settings = {
        "Inputs": whole["Inputs"],
        "OutputGroups": [{"Outputs": [{"VideoDescription": output["VideoDescription"]}]}],
    }
    job = client.create_job(Role=ROLE, JobTemplate="t", Settings=settings)["Job"]
    assert shared.wait(job["Id"])["Status"] == "COMPLETE"
    assert shared.path("s3://out/made_t.mp4").is_file()


def test_probe_tells_what_a_file_holds(client):
    result = client.probe(InputFiles=[{"FileUrl": "s3://in/clip.mp4"}])["ProbeResults"][0]
    video, audio = result["Container"]["Tracks"]
    assert (video["Codec"], video["VideoProperties"]["Width"]) == ("AVC", 160)
    assert (audio["Codec"], audio["AudioProperties"]["Channels"]) == ("AAC", 2)
    assert fault(client.probe, InputFiles=[{"FileUrl": "s3://in/gone.mp4"}])[1] == "UnprocessableEntityException"


def test_a_job_that_can_not_be_read_ends_with_the_services_code(shared, client):
    job = simple_job()
    job["Settings"]["Inputs"][0]["FileInput"] = "s3://in/gone.mp4"
    done = shared.wait(client.create_job(**job)["Job"]["Id"])
    assert (done["Status"], done["ErrorCode"]) == ("ERROR", 1404)


def test_the_policy_forbids_inputs(local):
    client = local.client()
    client.put_policy(Policy={"S3Inputs": "DISALLOWED"})
    done = local.wait(client.create_job(**simple_job())["Job"]["Id"])
    assert (done["Status"], done["ErrorCode"]) == ("ERROR", 3457)


AWS = shutil.which("aws")


@pytest.mark.skipif(AWS is None, reason="the AWS command line is not installed")
def test_the_aws_command_line_works_unchanged(shared, tmp_path):
    request = tmp_path / "job.json"
    request.write_text(json.dumps(simple_job()))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment = clean | {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [
        AWS,
        "mediaconvert",
        "--endpoint-url",
        shared.endpoint_url,
        "create-job",
        "--cli-input-json",
        f"file://{request}",
    ]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode == 127 or "command not found" in ran.stderr:
        pytest.skip("the AWS command line does not start")
    assert ran.returncode == 0, ran.stderr
    assert shared.wait(json.loads(ran.stdout)["Job"]["Id"])["Status"] == "COMPLETE"


def test_the_server_is_up_within_a_second(tmp_path):
    """From the command to its first answer. The figure itself is in docs/benchmarks.md; here only a hang is caught."""
    port_file = tmp_path / "s3"
    port_file.mkdir()
    command = [sys.executable, "-m", "cli", "mediaconvert", "serve", "--port", "0", "--s3-root", str(port_file)]
    command += ["--state", str(tmp_path / "state.sqlite")]
    started = time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        line = server.stderr.readline()
        elapsed_s = time.monotonic() - started
        server.terminate()
        server.wait(20)
    assert "MediaConvert at http://127.0.0.1:" in line
    assert elapsed_s < 20
    assert server.returncode == 0
