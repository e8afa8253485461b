"""`storyreel mix` and `storyreel music` as they are typed: streams, exit codes, answers."""

from __future__ import annotations

import io
import json
import signal
import wave

import pytest
from click.testing import CliRunner

import cli


@pytest.fixture
def run():
    """`run("mix", path, …)` in this process; the result has `exit_code`, `stdout` and `stderr`."""
    before = signal.getsignal(signal.SIGTERM)
    yield lambda *arguments: CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def spec(story_folder):
    return story_folder(images=1, narration_s=1, music_s=1, size=(64, 36), music={"file": "music.wav", "duck": {}})


def test_a_mix_is_written_explained_and_drawn_in_one_run(run, spec, tmp_path):
    result = run("mix", spec, "-o", tmp_path / "mix.wav", "--explain", "--plot", tmp_path / "mix.png")
    assert result.exit_code == 0
    with wave.open(str(tmp_path / "mix.wav")) as file:
        assert (file.getnframes(), file.getnchannels(), file.getframerate()) == (48_000, 2, 48_000)
    assert (tmp_path / "mix.png").read_bytes().startswith(b"\x89PNG")
    assert result.stdout.startswith("programme  1.00 s, 48,000 samples at 48 kHz, stereo\n")
    assert "clearance  the voice is " in result.stdout


def test_sound_on_stdout_leaves_the_plan_on_stderr(run, spec):
    result = run("mix", spec, "-o", "-", "--explain")
    with wave.open(io.BytesIO(result.stdout_bytes)) as file:
        assert file.getnframes() == 48_000
    assert "programme  1.00 s" in result.stderr


def test_a_mix_with_nothing_to_do_says_what_could_be_done(run, spec):
    result = run("mix", spec)
    assert result.exit_code == 2
    assert "give -o FILE.wav, --explain or --plot FILE.png" in result.stderr


@pytest.mark.parametrize("options", [("-o", "a.mp3"), ("--plot", "a.jpg")], ids=["sound", "picture"])
def test_another_kind_of_file_is_refused_and_nothing_is_left(run, spec, tmp_path, options):
    result = run("mix", spec, options[0], tmp_path / options[1])
    assert result.exit_code == 2
    assert not (tmp_path / options[1]).exists()


@pytest.fixture
def library(tmp_path):
    """Two calm tracks, a mood without music, and a file that is none."""
    root = tmp_path / "lib"
    for name in ("calm/Lake/Lake-30s.mp3", "calm/Lake/Lake-60s.mp3", "calm/Hills/Hills-60s.MP3", "calm/Lake/cover.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "sad").mkdir()
    return root


def test_a_library_is_listed_with_what_is_no_music(run, library):
    result = run("music", "list", library)
    assert [line.split()[:3] for line in result.stdout.splitlines()] == [
        ["calm", "Hills", "60"],
        ["calm", "Lake", "30"],
        ["calm", "Lake", "60"],
    ]
    assert "cover.jpg: not a sound file: .jpg" in result.stderr
    assert "mood 'sad' has no music" in result.stderr
    assert json.loads(run("music", "list", library, "--json").stdout)[1]["file"].endswith("calm/Lake/Lake-30s.mp3")


def test_an_empty_library_says_what_was_expected(run, tmp_path):
    (tmp_path / "lib").mkdir()
    result = run("music", "list", tmp_path / "lib")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "expected folders MOOD/TRACK" in result.stderr


@pytest.mark.parametrize(
    ("length", "answer"),
    [("30", "Lake-30s.mp3\n"), ("29.5s", "Lake-30s.mp3\n"), ("31000ms", "-60s"), ("61", "-60s")],
)
def test_the_piece_for_a_length_is_picked(run, library, length, answer):
    result = run("music", "pick", library, "--mood", "calm", "--length", length)
    assert result.exit_code == 0
    assert answer in result.stdout
    assert (" (loops)" in result.stdout) is (length == "61")


def test_the_seed_decides_among_equals_and_always_the_same(run, library):
    def picked(seed):
        return json.loads(
            run("music", "pick", library, "--mood", "calm", "--length", "60", "--seed", seed, "--json").stdout
        )["track"]

    tracks = [picked(str(seed)) for seed in range(12)]
    assert set(tracks) == {"Lake", "Hills"}
    assert tracks == [picked(str(seed)) for seed in range(12)]


@pytest.mark.parametrize(
    ("mood", "length", "message"),
    [
        ("clam", "30", "did you mean 'calm'?"),
        ("joyful", "30", "it has calm, sad"),
        ("sad", "30", "mood 'sad' has no music"),
        ("calm", "90f", "frames mean nothing without a rate"),
        ("calm", "soon", "--length"),
    ],
)
def test_what_can_not_be_picked_is_said_with_exit_code_2(run, library, mood, length, message):
    result = run("music", "pick", library, "--mood", mood, "--length", length)
    assert result.exit_code == 2
    assert message in result.stderr
