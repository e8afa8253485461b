"""Jobs whose objects lie behind an S3 endpoint, over HTTP: fetched from it, stored in it, and nowhere else."""

from __future__ import annotations

import os

import boto3
import pytest
from local_jobs import AAC, H264, output_of, settings_of, simple_job, streaming

from backends.mediaconvert.service.endpoint import EndpointOptions
from backends.mediaconvert.service.faults import JobFailure
from backends.mediaconvert.service.http.running import running_server
from backends.mediaconvert.service.pytest_plugin import LocalMediaConvert
from backends.mediaconvert.service.storage.choose import open_storage
from backends.mediaconvert.service.storage.locations import LocationError
from renderer.errors import UsageError


@pytest.fixture(scope="module")
def s3(media):
    """The address of moto's S3 with two buckets, and a client of it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    for bucket in ("in-bucket", "out-bucket"):
        client.create_bucket(Bucket=bucket)
    for name in ("clip.mp4", "red.png"):
        client.upload_file(str(media / name), "in-bucket", f"some folder/{name}")
    yield url, client
    server.stop()


@pytest.fixture
def storage(s3, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    return open_storage(None, s3[0], "us-east-1")


@pytest.fixture
def endpoint(storage, tmp_path):
    """`mediaconvert serve --s3-endpoint-url` without its process; a folder that must stay empty is its current one."""
    with running_server(EndpointOptions(tmp_path / "state.sqlite", storage)) as server:
        yield LocalMediaConvert(server.endpoint.url, tmp_path / "nowhere", tmp_path / "none")


def keys(client):
    return {item["Key"]: item["Size"] for item in client.list_objects_v2(Bucket="out-bucket").get("Contents", [])}


def remote_job():
    """A film and an HLS group from one clip with a picture over it."""
    job = simple_job("s3://out-bucket/made/", source="s3://in-bucket/some folder/clip.mp4", NameModifier="_film")
    over = {"ImageInserterInput": "s3://in-bucket/some folder/red.png", "Layer": 1, "ImageX": 0, "ImageY": 0,
            "Width": 16, "Height": 16, "Opacity": 100, "StartTime": "00:00:00:00"}  # fmt: skip
    output_of(job)["VideoDescription"]["VideoPreprocessors"] = {"ImageInserter": {"InsertableImages": [over]}}
    video = {"NameModifier": "_v", "VideoDescription": {"Width": 80, "Height": 46, "CodecSettings": H264}}
    sound = {"NameModifier": "_a", "AudioDescriptions": [{"CodecSettings": AAC}]}
    group = streaming("HLS", "M3U8", [video, sound], Destination="s3://out-bucket/hls/main", MinSegmentLength=0)
    settings_of(job)["OutputGroups"].append(group)
    return job


def test_a_whole_job_fetches_and_stores_over_http(s3, endpoint, media, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    done = endpoint.wait(endpoint.client().create_job(**remote_job())["Job"]["Id"])
    assert done["Status"] == "COMPLETE", done.get("ErrorMessage")
    found = keys(s3[1])
    assert {"made/clip_film.mp4", "hls/main.m3u8", "hls/main_v.m3u8", "hls/main_v_00001.ts"} <= found.keys()
    assert all(found.values())
    playlist = s3[1].get_object(Bucket="out-bucket", Key="hls/main_v.m3u8")["Body"].read().decode()
    assert {line for line in playlist.split() if line.endswith(".ts")} <= {key.removeprefix("hls/") for key in found}
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [({"FileInput": "s3://in-bucket/gone.mp4"}, 1404), ({"FileInput": "s3://no-bucket/clip.mp4"}, 1404),
     ({"FileInput": "https://other.example/in-bucket/clip.mp4"}, 3457)],
    ids=["no key", "no bucket", "other host"],
)  # fmt: skip
def test_an_input_that_can_not_be_had_ends_with_the_services_code(endpoint, change, code):
    job = simple_job("s3://out-bucket/none/x")
    settings_of(job)["Inputs"][0] |= change
    done = endpoint.wait(endpoint.client().create_job(**job)["Job"]["Id"])
    assert (done["Status"], done["ErrorCode"]) == ("ERROR", code)


def test_an_output_bucket_that_is_not_there_is_named(endpoint, s3):
    job = simple_job("s3://missing-bucket/x", source="s3://in-bucket/some folder/clip.mp4")
    done = endpoint.wait(endpoint.client().create_job(**job)["Job"]["Id"])
    assert (done["Status"], "missing-bucket" in done["ErrorMessage"]) == ("ERROR", True)


def test_objects_are_opened_by_both_kinds_of_address_and_no_others(s3, storage, media, tmp_path):
    size = (media / "clip.mp4").stat().st_size
    for address in ("s3://in-bucket/some folder/clip.mp4", f"{s3[0]}/in-bucket/some%20folder/clip.mp4"):
        with storage.open(address, tmp_path) as found:
            assert os.fstat(found.descriptor).st_size == size
    with pytest.raises(JobFailure) as failure, storage.open("s3://in-bucket/gone.mp4", tmp_path):
        pass
    assert failure.value.code == 1404
    with pytest.raises(LocationError):
        storage.check("http://other.example/in-bucket/clip.mp4")


def test_a_folder_and_an_endpoint_together_are_refused(tmp_path):
    with pytest.raises(UsageError):
        open_storage(tmp_path, "http://127.0.0.1:1", "us-east-1")
