"""The plan says exactly what runs; the command line prints it, renders, and refuses bad destinations."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

import cli
from backends.base import Conformance, Plan
from backends.ffmpeg import encode
from backends.ffmpeg.backend import FFmpegBackend
from backends.ffmpeg.encode import encode_segment, h264_level, segment_argv
from backends.ffmpeg.verify import verify_segment
from renderer.errors import UnsupportedError
from renderer.ffmpeg_process import CancelToken, Child
from renderer.output import output_preset
from renderer.picture.compositor import Frame
from renderer.timeline.canonical import timeline_sha256

RESULT_KEYS = {"output", "frames", "duration_s", "segments", "wall_s", "timeline_sha256", "sound", "checks"}


@pytest.fixture
def spec(tmp_path, make_image, make_tone, write_spec):
    """Two shots of 2 s in all, voice and music, with a crossfade."""
    make_image(tmp_path / "a.png", (64, 36), (200, 40, 60))
    make_tone(tmp_path / "voice.wav", 2)
    make_tone(tmp_path / "bed.wav", 3, hz=220, channels=2)
    faded = {"file": "a.png", "fit": "blur", "transition": {"kind": "crossfade", "length": "0.3s"}}
    output = {"width": 64, "height": 36}
    return write_spec(tmp_path, output=output, images=["a.png", faded], narration="voice.wav", music="bed.wav")


def run_command(*arguments):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def planned(spec):
    return json.loads(run_command("plan", spec, "--json").stdout)


def test_the_plan_is_one_json_object_whose_argument_lists_are_strings(spec):
    plan = planned(spec)
    assert set(plan) == {"backend", "timeline_sha256", "steps", "conformance"}
    assert [step["name"] for step in plan["steps"]] == ["prepare pictures", "segment 0", "segment 1", "sound", "join"]
    assert all(isinstance(word, str) for step in plan["steps"] for word in step["argv"])
    assert all(step["argv"] for step in plan["steps"] if step["name"].startswith(("segment", "sound")))


def test_the_planned_argument_lists_are_those_that_run_where_a_program_encodes(spec, monkeypatch):
    monkeypatch.setattr("backends.ffmpeg.encode.in_process", lambda: False)
    ran = []
    real = Child._launched
    monkeypatch.setattr(Child, "_launched", lambda self, limits: ran.append(self.argv) or real(self, limits))
    assert run_command("render", spec, "-o", spec.parent / "out.mp4", "--no-cache").exit_code == 0
    encoders = {tuple(Path(word).name if "/" in word else word for word in argv) for argv in ran if "pipe:0" in argv}
    wanted = [step["argv"] for step in planned(spec)["steps"] if step["argv"]]
    assert encoders == {tuple(Path(word).name if "/" in word else word for word in argv) for argv in wanted}


def packets(path):
    """Times and bytes of every packet, and the stream's header."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [(packet.pts, packet.dts, bytes(packet)) for packet in container.demux(stream) if packet.size]
        return found, stream.codec_context.extradata


@pytest.mark.parametrize("preset", ["story-1080p", "preview", "story-2160p"])
def test_the_planned_command_gives_the_packets_that_the_library_gives(tmp_path, preset):
    noise = np.random.default_rng(5)
    output = dataclasses.replace(output_preset(preset), width=320, height=180)
    still = noise.integers(16, 235, (270, 640), np.uint8)
    shown = [Frame.empty(320, 180) for _ in range(70)]
    for number, frame in enumerate(shown):
        frame.data[:] = still[:, number : number + 320]
    assert encode.in_process()
    born = encode_segment(output, tmp_path / "library.mp4", iter(shown), cancel=CancelToken(), on_frame=lambda: None)
    content = b"".join(frame.data.tobytes() for frame in shown)
    subprocess.run(segment_argv(output, tmp_path / "program.mp4"), input=content, check=True, timeout=60)
    assert packets(tmp_path / "library.mp4") == packets(tmp_path / "program.mp4")
    assert verify_segment(tmp_path / "program.mp4", 70) == born


def test_a_plan_says_where_pictures_are_encoded(spec, monkeypatch):
    segment = planned(spec)["steps"][1]
    assert "in this process, by PyAV" in segment["does"]
    monkeypatch.setattr("backends.ffmpeg.encode.in_process", lambda: False)
    assert "in this process" not in planned(spec)["steps"][1]["does"]


def test_planning_touches_nothing(spec, monkeypatch):
    monkeypatch.setattr("backends.ffmpeg.encode.Child", None)
    before = sorted(spec.parent.rglob("*"))
    assert run_command("plan", spec, "--json").exit_code == 0
    assert sorted(spec.parent.rglob("*")) == before


def test_the_plan_for_people_names_every_step_and_feature(spec):
    text = run_command("plan", spec).stdout
    assert all(word in text for word in ("segment 0", "libx264", "sound", "join", "conformance", "crossfade"))


def test_this_backend_does_everything_exactly(spec):
    rows = planned(spec)["conformance"]
    assert {row["verdict"] for row in rows} == {"exact"}
    assert {"background", "image-1", "image-2", "narration", "music"} == {row["where"] for row in rows}
    assert {"motion", "crossfade", "fit", "sound"} <= {row["feature"] for row in rows}


def test_a_plan_with_a_refused_feature_raises_with_what_to_do_instead():
    item = Conformance("motion", "image-1", "refused", "use the mezzanine strategy")
    with pytest.raises(UnsupportedError, match="use the mezzanine strategy"):
        Plan("stills", "", (), (Conformance("sound", "music", "exact"), item)).refuse_what_is_refused()


@pytest.mark.parametrize("backend", ["reference", "mediaconvert"])
def test_a_backend_that_is_not_built_is_refused_by_name_with_exit_3(spec, backend):
    refused = run_command("plan", spec, "--backend", backend)
    if refused.exit_code == 0:
        pytest.skip(f"the {backend} backend is built")
    assert (refused.exit_code, backend in refused.stderr) == (3, True)


@pytest.mark.parametrize(
    ("width", "height", "rate", "level"),
    [
        pytest.param(1920, 1080, "30", "4.0", id="full HD at 30"),
        pytest.param(320, 180, "30", "4.0", id="small stays at 4.0"),
        pytest.param(1280, 720, "60", "4.0", id="HD at 60"),
        pytest.param(1920, 1080, "60", "4.2", id="full HD at 60"),
        pytest.param(1080, 1920, "30", "4.0", id="vertical"),
        pytest.param(1920, 1080, "30000/1001", "4.0", id="full HD at NTSC rate"),
        pytest.param(1920, 1080, "31", "4.2", id="full HD just above 30"),
        pytest.param(2048, 1152, "30", "5.0", id="a frame too large for 4.2"),
        pytest.param(3840, 2160, "30", "5.1", id="ultra HD at 30"),
        pytest.param(3840, 2160, "60", "5.2", id="ultra HD at 60"),
        pytest.param(7680, 4320, "30", "6.0", id="8K at 30"),
    ],
)
def test_the_level_is_the_lowest_from_4_on_that_fits(width, height, rate, level):
    assert h264_level(width, height, Fraction(rate)) == level


@pytest.mark.parametrize(
    ("width", "height", "rate", "level"),
    [
        pytest.param(1920, 1080, "60", 42, id="full HD at 60"),
        pytest.param(3840, 2160, "30", 51, id="ultra HD at 30"),
        pytest.param(320, 180, "30", 40, id="small"),
    ],
)
def test_the_level_is_the_one_the_file_says(tmp_path, make_image, write_spec, run_story, width, height, rate, level):
    make_image(tmp_path / "a.png", (64, 36))
    output = {"width": width, "height": height, "rate": rate}
    run_story(write_spec(tmp_path, output=output, images=[{"file": "a.png", "hold": "0.5s"}]), tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        record = container.streams.video[0].codec_context.extradata
    assert (record[1], record[3]) == (100, level)


def test_the_rendered_json_object_has_every_documented_key(spec):
    result = json.loads(run_command("render", spec, "-o", spec.parent / "out.mp4", "--json").stdout)
    assert set(result) >= RESULT_KEYS
    assert set(result["segments"]) == {"total", "from_cache", "rendered"}
    assert (result["frames"], result["duration_s"]) == (60, 2.0)
    assert all(check["passed"] and set(check) == {"name", "found", "expected", "passed"} for check in result["checks"])


def test_the_rendered_json_object_measures_the_sound(spec):
    result = json.loads(run_command("render", spec, "-o", spec.parent / "out.mp4", "--json").stdout)
    assert set(result["sound"]) == {"integrated_lufs", "range_lu", "true_peak_dbtp"}
    assert -20 < result["sound"]["true_peak_dbtp"] < 0


def test_the_json_object_names_the_timeline_that_was_rendered(spec, compiled):
    result = json.loads(run_command("render", spec, "-o", spec.parent / "out.mp4", "--json").stdout)
    assert result["timeline_sha256"] == timeline_sha256(compiled(spec).timeline) == planned(spec)["timeline_sha256"]


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        pytest.param("out.mov", 2, "must end in .mp4", id="another container"),
        pytest.param("out", 2, "must end in .mp4", id="no suffix"),
        pytest.param("missing/out.mp4", 4, "does not exist", id="a folder that is not there"),
        pytest.param("folder.mp4", 2, "is a folder", id="a folder"),
        pytest.param("pipe.mp4", 2, "no ordinary file", id="a pipe"),
    ],
)
def test_a_destination_that_can_not_be_is_refused(spec, target, code, words):
    import os

    (spec.parent / "folder.mp4").mkdir()
    os.mkfifo(spec.parent / "pipe.mp4")
    refused = run_command("render", spec, "-o", spec.parent / target)
    assert (refused.exit_code, words in refused.stderr, refused.stdout) == (code, True, "")


def test_an_output_that_is_an_input_is_refused_even_through_a_link(spec):
    (spec.parent / "link.mp4").symlink_to(spec.parent / "voice.wav")
    refused = run_command("render", spec, "-o", spec.parent / "link.mp4")
    assert (refused.exit_code, "own files" in refused.stderr) == (2, True)
    assert (spec.parent / "voice.wav").read_bytes()[:4] == b"RIFF"


def test_nothing_but_the_video_is_left_beside_it(spec):
    (spec.parent / "out").mkdir()
    assert run_command("render", spec, "-o", spec.parent / "out" / "a.mp4").exit_code == 0
    assert [path.name for path in (spec.parent / "out").iterdir()] == ["a.mp4"]


def test_full_verification_is_among_the_checks(spec):
    result = run_command("render", spec, "-o", spec.parent / "out.mp4", "--json", "--verify", "full")
    assert json.loads(result.stdout)["checks"][-1]["name"] == "decodes wholly"


def test_an_image_that_changed_since_compiling_is_refused(spec, make_image, monkeypatch):
    real = FFmpegBackend.run

    def changed_then_run(self, *given):
        make_image(spec.parent / "a.png", (64, 36), (1, 2, 3))
        return real(self, *given)

    monkeypatch.setattr(FFmpegBackend, "run", changed_then_run)
    refused = run_command("render", spec, "-o", spec.parent / "out.mp4", "--no-cache")
    assert (refused.exit_code, "a.png" in refused.stderr) == (2, True)
    assert not (spec.parent / "out.mp4").exists()
