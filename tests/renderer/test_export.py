"""Frames and samples before the encoder: ranges, YUV4MPEG2, WAV, and the commands that write them."""

from __future__ import annotations

import hashlib
import io
import wave

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import cli
from renderer.errors import UsageError
from renderer.export import parse_range, rendered_frames, write_frames, write_mix
from renderer.story import StoryOptions, compile_story, open_workspace
from renderer.timebase import FrameRange

FRAME_BYTES = 64 * 36 * 3 // 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(None, (0, 90), id="nothing means everything"),
        pytest.param("10:20", (10, 20), id="both ends"),
        pytest.param("10:", (10, 90), id="from"),
        pytest.param(":20", (0, 20), id="up to"),
        pytest.param(":", (0, 90), id="a lone colon"),
        pytest.param("89:90", (89, 90), id="the last frame"),
        pytest.param("0:90", (0, 90), id="everything by name"),
    ],
)
def test_a_range_is_half_open(text, expected):
    assert parse_range(text, 90) == FrameRange(*expected)


@pytest.mark.parametrize(
    "text", ["", "5", "a:b", "5:5", "9:3", "0:91", "90:", "-1:5", "1.5:3", "1:2:3", " 1:2", "1e1:20", "²:5"]
)
def test_what_is_no_range_of_the_programme_is_a_usage_error_that_names_it(text):
    with pytest.raises(UsageError, match="--range"):
        parse_range(text, 90) if text else parse_range(" ", 90)


@given(st.text(max_size=8))
def test_any_text_is_a_range_or_a_usage_error(text):
    try:
        found = parse_range(text, 90)
    except UsageError:
        return
    assert 0 <= found.start < found.end <= 90


@pytest.fixture(scope="module")
def spec(tmp_path_factory, make_image, make_tone, write_spec):
    """One second, two pictures, one tone."""
    folder = tmp_path_factory.mktemp("export")
    make_image(folder / "a.png", (80, 45), (200, 40, 60))
    make_image(folder / "b.png", (80, 45), (30, 160, 90))
    make_tone(folder / "voice.wav", 1, level_db=-6)
    return write_spec(folder, output={"width": 64, "height": 36}, images=["a.png", "b.png"], narration="voice.wav")


@pytest.fixture
def story(spec):
    with open_workspace(spec, StoryOptions()) as workspace:
        yield compile_story(spec, workspace, StoryOptions()), workspace


def command(*arguments):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def test_a_y4m_file_is_a_header_and_frames_of_one_size(story):
    stream, shown = io.BytesIO(), []
    count = write_frames(*story, FrameRange(0, 30), stream, lambda: shown.append(1))
    header, _, rest = stream.getvalue().partition(b"\n")
    assert header == b"YUV4MPEG2 W64 H36 F30:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED"
    assert (count, len(shown), len(rest)) == (30, 30, 30 * (6 + FRAME_BYTES))
    assert all(rest[at : at + 6] == b"FRAME\n" for at in range(0, len(rest), 6 + FRAME_BYTES))


def test_any_range_holds_the_same_frames_as_the_whole(story):
    whole = [frame.data.tobytes() for frame in rendered_frames(*story, FrameRange(0, 30))]
    parts = [
        frame.data.tobytes()
        for cut in ((0, 7), (7, 15), (15, 30))
        for frame in rendered_frames(*story, FrameRange(*cut))
    ]
    assert parts == whole
    assert [frame.data.tobytes() for frame in rendered_frames(*story, FrameRange(14, 16))] == whole[14:16]


def test_frames_change_exactly_at_the_cut(story):
    levels = [int(np.unique(frame.y).item()) for frame in rendered_frames(*story, FrameRange(13, 17))]
    assert levels == [81, 81, 125, 125]


def test_the_mix_is_a_wav_of_the_programmes_exact_length(story):
    stream = io.BytesIO()
    write_mix(*story, stream)
    with wave.open(io.BytesIO(stream.getvalue())) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth(), file.getnframes()) == (
            2,
            48_000,
            2,
            48_000,
        )
        samples = np.frombuffer(file.readframes(48_000), "<i2").reshape(-1, 2)
    assert np.array_equal(samples[:, 0], samples[:, 1])
    assert abs(int(np.abs(samples).max()) - 32_767 * 10 ** (-6 / 20)) <= 1


def test_the_frames_command_writes_the_range_it_was_asked_for(spec, tmp_path):
    assert command("frames", spec, "-o", tmp_path / "part.y4m", "--range", "10:13").exit_code == 0
    assert command("frames", spec, "-o", tmp_path / "all.y4m").exit_code == 0
    part, whole = ((tmp_path / name).read_bytes().partition(b"\n")[2] for name in ("part.y4m", "all.y4m"))
    assert part == whole[10 * (6 + FRAME_BYTES) : 13 * (6 + FRAME_BYTES)]


def test_frames_on_stdout_are_those_of_the_file(spec, tmp_path):
    command("frames", spec, "-o", tmp_path / "all.y4m", "--range", ":2")
    assert command("frames", spec, "-o", "-", "--range", ":2").stdout_bytes == (tmp_path / "all.y4m").read_bytes()


def test_the_mix_command_writes_the_same_bytes_every_time(spec, tmp_path):
    for name in ("one.wav", "two.wav"):
        assert command("mix", spec, "-o", tmp_path / name).exit_code == 0
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("one.wav", "two.wav")}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["frames", "-o", "out.mp4"], "must end in .y4m", id="frames into another container"),
        pytest.param(["mix", "-o", "out.mp3"], "must end in .wav", id="mix into another container"),
        pytest.param(
            ["frames", "-o", "out.y4m", "--range", "30:40"],
            "the programme has the frames 0:30",
            id="range past the end",
        ),
        pytest.param(["mix", "-o", "voice.wav"], "own files", id="mix over the narration"),
    ],
)
def test_a_wrong_output_is_a_usage_error_and_writes_nothing(spec, tmp_path, arguments, words):
    before = {path.name: path.stat().st_mtime_ns for path in spec.parent.iterdir()}
    name, option, target, *rest = arguments
    refused = command(name, spec, option, spec.parent / target, *rest)
    assert (refused.exit_code, words in refused.stderr) == (2, True)
    assert {path.name: path.stat().st_mtime_ns for path in spec.parent.iterdir()} == before
