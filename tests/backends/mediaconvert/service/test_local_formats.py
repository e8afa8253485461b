"""Files of executed jobs: every codec and container, streaming packages, captures, captions, names."""

from __future__ import annotations

import re

import av
import pytest
from local_jobs import AAC, H264, exact_h264, output_of, settings_of, simple_job, streaming

from backends.mediaconvert.service.faults import JobFailure

QVBR = {"RateControlMode": "QVBR", "MaxBitrate": 1_000_000, "QvbrSettings": {"QvbrQualityLevel": 5}}
SECOND = {"GopSize": 1, "GopSizeUnits": "SECONDS"}
VIDEO = {
    "cbr": {"Codec": "H_264", "H264Settings": {"RateControlMode": "CBR", "Bitrate": 400_000} | SECOND},
    "vbr": {"Codec": "H_264", "H264Settings": {"RateControlMode": "VBR", "Bitrate": 300_000, "MaxBitrate": 500_000}},
    "h265": {"Codec": "H_265", "H265Settings": QVBR | {"QualityTuningLevel": "SINGLE_PASS"}},
    "vp9": {"Codec": "VP9", "Vp9Settings": {"RateControlMode": "VBR", "Bitrate": 300_000}},
    "vp8": {"Codec": "VP8", "Vp8Settings": {"RateControlMode": "VBR", "Bitrate": 300_000}},
    "av1": {"Codec": "AV1", "Av1Settings": QVBR | {"GopSize": 30}},
    "prores": {"Codec": "PRORES", "ProresSettings": {"CodecProfile": "APPLE_PRORES_422_LT"}},
}  # fmt: skip
AUDIO = {
    "aac": AAC,
    "opus": {"Codec": "OPUS", "OpusSettings": {"Bitrate": 96_000, "Channels": 2, "SampleRate": 48_000}},
    "vorbis": {"Codec": "VORBIS", "VorbisSettings": {"Channels": 2, "SampleRate": 48_000}},
    "ac3": {"Codec": "AC3", "Ac3Settings": {"Bitrate": 192_000, "CodingMode": "CODING_MODE_2_0"}},
    "eac3": {"Codec": "EAC3", "Eac3Settings": {"Bitrate": 192_000, "CodingMode": "CODING_MODE_2_0"}},
    "wav": {"Codec": "WAV", "WavSettings": {"BitDepth": 24, "Channels": 2, "SampleRate": 48_000}},
    "mp2": {"Codec": "MP2", "Mp2Settings": {"Bitrate": 192_000, "Channels": 2, "SampleRate": 48_000}},
    "mp3": {"Codec": "MP3", "Mp3Settings": {"Bitrate": 128_000, "Channels": 2, "SampleRate": 44_100}},
    "flac": {"Codec": "FLAC", "FlacSettings": {"BitDepth": 24, "Channels": 2, "SampleRate": 48_000}},
}  # fmt: skip
NAMES = {
    "h265": "hevc",
    "vp9": "vp9",
    "vp8": "vp8",
    "av1": "av1",
    "prores": "prores",
    "opus": "opus",
    "vorbis": "vorbis",
    "ac3": "ac3",
    "eac3": "eac3",
    "wav": "pcm_s24le",
    "aac": "aac",
}
DECODERS = {"av1": {"av1", "libdav1d", "libaom-av1"}, "opus": {"opus", "libopus"}, "vp9": {"vp9", "libvpx-vp9"}}


@pytest.mark.parametrize(
    ("video", "audio", "container", "extension"),
    [("cbr", "aac", "MP4", "mp4"), ("vbr", "ac3", "MP4", "mp4"), ("h265", "aac", "MP4", "mp4"),
     ("av1", "eac3", "MP4", "mp4"),
     ("cbr", "wav", "MOV", "mov"), ("prores", "aac", "MOV", "mov"), ("vp9", "opus", "WEBM", "webm"),
     ("vp8", "vorbis", "WEBM", "webm"), ("h265", "ac3", "M2TS", "m2ts")],
)  # fmt: skip
def test_codecs_in_their_containers(run, video, audio, container, extension):
    made = run(simple_job(video=VIDEO[video], audio=AUDIO[audio], container=container))
    found = dict(made.streams(f"made.{extension}"))
    assert found["video"] in DECODERS.get(video, {NAMES.get(video, "h264")})
    assert found["audio"] in DECODERS.get(audio, {NAMES[audio]})
    with av.open(str(made.path(f"made.{extension}"))) as file:
        assert sum(1 for _ in file.decode(video=0)) == 60


@pytest.mark.parametrize("codec", ["aac", "mp3", "mp2", "wav", "ac3", "flac"])
def test_sound_alone_without_a_container(run, codec):
    job = simple_job()
    files = settings_of(job)["OutputGroups"][0]
    files["Outputs"].append(
        {
            "NameModifier": "_sound",
            "ContainerSettings": {"Container": "RAW"},
            "AudioDescriptions": [{"CodecSettings": AUDIO[codec]}],
        }
    )
    files["Outputs"][0]["NameModifier"] = "_whole"
    made = run(job)
    with av.open(str(made.path(f"made_sound.{codec}"))) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert samples == pytest.approx(2 * (44_100 if codec == "mp3" else 48_000), abs=4000)


@pytest.mark.parametrize(("mode", "field"), [("TOP_FIELD", b"tff"), ("BOTTOM_FIELD", b"bff")])
def test_interlaced_pictures_hold_the_frames_as_fields(run, mode, field):
    """Basic interlacing: both fields are of one frame, so that whole frames come back."""
    video = exact_h264()
    video["H264Settings"]["InterlaceMode"] = mode
    job = simple_job(video=video, audio=None, source="s3://in/count.mp4")
    settings_of(job)["Inputs"][0]["InputClippings"] = [{"EndTimecode": "00:00:00:09"}]
    output_of(job)["VideoDescription"] |= {"Width": 160, "Height": 96}
    made = run(job)
    assert b"interlaced=" + field in made.path("made.mp4").read_bytes()
    with av.open(str(made.path("made.mp4"))) as container:
        assert all(frame.interlaced_frame for frame in container.decode(video=0))
    assert [round((level - 16) / 3) for level in made.levels()] == pytest.approx(range(10), abs=1)


def test_interlaced_pictures_of_another_height_are_refused_by_name(run):
    video = exact_h264()
    video["H264Settings"]["InterlaceMode"] = "TOP_FIELD"
    with pytest.raises(JobFailure, match=r"/videoDescription/height: .* multiple of 4, found 90"):
        run(simple_job(video=video, audio=None))


def test_constant_bit_rate_is_kept(run):
    job = simple_job(video=VIDEO["cbr"], audio=None)
    size = run(job).path("made.mp4").stat().st_size
    assert size * 8 / 2 == pytest.approx(400_000, rel=0.15)


def ladder():
    small = {"NameModifier": "_small", "VideoDescription": {"Width": 80, "Height": 46, "CodecSettings": H264}}
    large = {"NameModifier": "_large", "VideoDescription": {"CodecSettings": H264}}
    sound = {"NameModifier": "_sound", "AudioDescriptions": [{"CodecSettings": AAC, "LanguageCode": "ENG"}]}
    return [large, small, sound]


def played(path):
    """How many frames a player gets from a manifest."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("single", [False, True], ids=["segments", "one file"])
def test_hls_has_a_top_playlist_media_playlists_and_segments(run, single):
    job = simple_job()
    for output in ladder():
        if "VideoDescription" in output:
            output["VideoDescription"]["CodecSettings"]["H264Settings"] |= {"GopSize": 1, "GopSizeUnits": "SECONDS"}
    control = {"SegmentControl": "SINGLE_FILE"} if single else {}
    settings_of(job)["OutputGroups"] = [streaming("HLS", "M3U8", ladder(), MinSegmentLength=0, **control)]
    made = run(job)
    top = made.path("stream/main.m3u8").read_text()
    assert "RESOLUTION=160x90" in top
    assert 'TYPE=AUDIO,GROUP-ID="program_audio",NAME="eng",LANGUAGE="eng"' in top
    assert re.findall(r"^main_\w+\.m3u8$", top, re.MULTILINE) == ["main_large.m3u8", "main_small.m3u8"]
    assert made.outcome.groups[0].playlists == ("s3://out/stream/main.m3u8",)
    assert played(made.path("stream/main_large.m3u8")) == 60
    segments = sorted(path.name for path in made.path("stream").glob("main_large*.ts"))
    assert segments == (["main_large.ts"] if single else ["main_large_00001.ts", "main_large_00002.ts"])


def test_hls_with_a_static_key_is_encrypted(run):
    job = simple_job()
    static = {"StaticKeyValue": "00112233445566778899aabbccddeeff", "Url": "https://example.com/key"}
    encryption = {"EncryptionMethod": "AES128", "Type": "STATIC_KEY", "StaticKeyProvider": static}
    settings_of(job)["OutputGroups"] = [streaming("HLS", "M3U8", ladder(), MinSegmentLength=0, Encryption=encryption)]
    made = run(job)
    assert '#EXT-X-KEY:METHOD=AES-128,URI="https://example.com/key"' in made.path("stream/main_large.m3u8").read_text()
    segment = made.path("stream/main_large_00001.ts").read_bytes()
    assert segment[0] != 0x47 or segment[188] != 0x47


@pytest.mark.parametrize(("kind", "container"), [("CMAF", "CMFC"), ("DASH_ISO", "MPD")])
def test_dash_and_cmaf_play_from_their_manifests(run, kind, container):
    job = simple_job()
    settings_of(job)["OutputGroups"] = [
        streaming(kind, container, ladder(), FragmentLength=1, SegmentControl="SEGMENTED_FILES")
    ]
    made = run(job)
    manifest = made.path("stream/main.mpd").read_text()
    names = {path.name for path in made.path("stream").iterdir()}
    extension = "cmfv" if kind == "CMAF" else "mp4"
    assert f"main_large_000000001.{extension}" in names
    assert f'media="main_large_$Number%09d$.{extension}"' in manifest
    assert "chunk-" not in manifest
    if kind == "CMAF":
        assert "main_small.m3u8" in made.path("stream/main.m3u8").read_text()
        assert played(made.path("stream/main_large.m3u8")) == 60
    assert made.outcome.groups[0].outputs[0].paths == ()


def test_captures_are_numbered_from_zero_and_only_the_last_is_named(run):
    job = simple_job()
    capture = {
        "NameModifier": "_thumb",
        "ContainerSettings": {"Container": "RAW"},
        "VideoDescription": {
            "Width": 80, "Height": 46,
            "CodecSettings": {"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": {
                "FramerateNumerator": 2, "FramerateDenominator": 1, "MaxCaptures": 3, "Quality": 80}}},
    }  # fmt: skip
    output_of(job)["NameModifier"] = "_film"
    settings_of(job)["OutputGroups"][0]["Outputs"].append(capture)
    made = run(job)
    names = sorted(path.name for path in made.path("").glob("*.jpg"))
    assert names == [f"made_thumb.000000{n}.jpg" for n in range(3)]
    assert made.outcome.groups[0].outputs[1].paths == ("s3://out/made_thumb.0000002.jpg",)


def test_captions_become_files_and_pixels(run):
    job = simple_job(video=exact_h264(), audio=None)
    settings_of(job)["Inputs"][0]["CaptionSelectors"] = {
        "Captions Selector 1": {"SourceSettings": {"SourceType": "SRT", "FileSourceSettings": {
            "SourceFile": "s3://in/captions.srt"}}}}  # fmt: skip
    plain = run(job).frames()
    chosen = {"CaptionSelectorName": "Captions Selector 1"}
    burn = {"DestinationType": "BURN_IN", "BurninDestinationSettings": {"FontSize": 16, "OutlineSize": 1}}
    output_of(job)["CaptionDescriptions"] = [
        chosen | {"DestinationSettings": burn},
        chosen | {"DestinationSettings": {"DestinationType": "WEBVTT"}},
    ]
    made = run(job)
    assert made.path("made.vtt").read_text().splitlines()[:4] == [
        "WEBVTT",
        "",
        "00:00:00.200 --> 00:00:00.900",
        "Caption number 1",
    ]
    drawn = [abs(a.astype(int) - b).max() > 60 for a, b in zip(made.frames(), plain, strict=True)]
    assert (any(drawn[:6]), all(drawn[7:26]), any(drawn[28:35])) == (False, True, False)


def test_a_timecode_is_drawn_into_every_frame(run):
    job = simple_job(video=exact_h264(), audio=None)
    plain = run(job).frames()
    burn = {"TimecodeBurnin": {"FontSize": 10, "Position": "BOTTOM_LEFT", "Prefix": "T-{x}:"}}
    output_of(job)["VideoDescription"]["VideoPreprocessors"] = burn
    frames = run(job).frames()
    assert all(abs(a.astype(int)[55:] - b[55:]).max() > 60 for a, b in zip(frames, plain, strict=True))


@pytest.mark.parametrize(
    ("destination", "modifier", "name"),
    [("s3://out/a/b/", "_x", "a/b/clip_x.mp4"), ("s3://out/base", "_$w$x$h$_$f$", "base_160x90_30.mp4"),
     ("s3://out/$fn$-copy", "-$rv%05$", "clip-copy-02000.mp4"), ("s3://out/$$5", "", "$5.mp4")],
)  # fmt: skip
def test_names_follow_destination_and_modifier(run, destination, modifier, name):
    job = simple_job(destination)
    if modifier:
        output_of(job)["NameModifier"] = modifier
    assert run(job).path(name).is_file()
