"""FFmpeg that is missing, foreign, lying or stuck: a typed error and exit 4, never a half-made film (SAFETY R1, P8)."""

from __future__ import annotations

import subprocess

import pytest

from renderer import ffmpeg_process

NO_PROGRAMS = {
    "path to nothing": lambda folder: folder / "gone",
    "name of nothing": lambda _: "no-such-ffmpeg",
    "file that is no program": lambda folder: written(folder, "plain text", mode=0o644),
    "program of another format": lambda folder: written(folder, "\0\0\0\0"),
    "folder": lambda folder: folder,
    "program that says nothing": lambda folder: written(folder, "#!/bin/sh\nexit 0\n"),
    "program that says something else": lambda folder: written(folder, "#!/bin/sh\necho GNU tar 1.0\n"),
    "program that fails": lambda folder: written(folder, "#!/bin/sh\necho broken >&2\nexit 3\n"),
}


def written(folder, text, mode=0o755):
    path = folder / "fake-ffmpeg"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def fake(tmp_path, ffmpeg, monkeypatch):
    """`fake(body)`: STORYREEL_FFMPEG runs `body` for the picture's encoder and the real FFmpeg for all else."""

    def make(body, which="libx264"):
        script = f'#!/bin/sh\ncase "$*" in *{which}*) {body} ;; *) exec {ffmpeg} "$@" ;; esac\n'
        monkeypatch.setenv("STORYREEL_FFMPEG", str(written(tmp_path, script)))

    ffmpeg_process.find_ffmpeg.cache_clear()
    yield make
    ffmpeg_process.find_ffmpeg.cache_clear()


@pytest.mark.parametrize("row", NO_PROGRAMS)
def test_unusable_ffmpeg_is_said_by_name(tmp_path, noisy_story, storyreel, fake, monkeypatch, row):
    named = str(NO_PROGRAMS[row](tmp_path))
    monkeypatch.setenv("STORYREEL_FFMPEG", named)
    result = storyreel("render", noisy_story(tmp_path / "story"), "-o", tmp_path / "out.mp4", "--no-cache")
    assert (result.exit_code, type(result.exception)) == (4, SystemExit)
    assert named.rpartition("/")[2] in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out.mp4").exists()


FULL = 'echo "Error writing trailer: No space left on device" >&2'
LIES = {
    "takes all, writes nothing, exits 0": "cat >/dev/null; exit 0",
    "prints an error, writes nothing, exits 0": f"cat >/dev/null; {FULL}; exit 0",
    "writes a stub, exits 0": 'cat >/dev/null; for last; do :; done; echo ftyp > "${last#file:}"; exit 0',
    "writes an empty file, exits 0": 'cat >/dev/null; for last; do :; done; : > "${last#file:}"; exit 0',
    "stops reading, exits 0": "head -c 100 >/dev/null; exit 0",
    "writes half of it, exits 0": 'head -c 200000 | {ffmpeg} "$@"; cat >/dev/null; exit 0',
    "prints an error beside a whole file, exits 0": f'{{ffmpeg}} "$@"; {FULL}; exit 0',
    "fails": "cat >/dev/null; exit 1",
    "crashes": "kill -SEGV $$",
    "prints without end": "yes error >&2 & head -c 100 >/dev/null; sleep 0.2; kill $!; exit 1",
}


SOUND_LIES = ("prints an error, writes nothing, exits 0", "writes half of it, exits 0", "fails")
LIARS = [("libx264", lie) for lie in LIES] + [("s16le", lie) for lie in SOUND_LIES]


@pytest.mark.parametrize(("which", "lie"), LIARS, ids=[f"{which} {lie}" for which, lie in LIARS])
def test_lying_encoder_ends_in_a_typed_error(tmp_path, noisy_story, storyreel, fake, ffmpeg, lie, which):
    fake(LIES[lie].replace("{ffmpeg}", str(ffmpeg)), which)
    target = tmp_path / "output" / "out.mp4"
    target.parent.mkdir()
    target.write_bytes(b"previous")
    spec = noisy_story(tmp_path / "story", size=(64, 36), length="2s")
    result = storyreel("render", spec, "-o", target, "--no-cache")
    assert (result.exit_code, type(result.exception)) == (4, SystemExit), result.output
    assert [path.name for path in target.parent.iterdir()] == ["out.mp4"]
    assert target.read_bytes() == b"previous"


def test_lying_encoder_leaves_nothing_in_the_cache(tmp_path, noisy_story, storyreel, fake, ffmpeg):
    spec, target = noisy_story(tmp_path / "story", size=(66, 38), length="2s"), tmp_path / "out.mp4"
    fake('for last; do :; done; head -c 100000 | {} "$@"; exit 0'.replace("{}", str(ffmpeg)))
    assert storyreel("render", spec, "-o", target).exit_code == 4
    fake(f'exec {ffmpeg} "$@"')
    result = storyreel("render", spec, "-o", target, "--json")
    assert result.exit_code == 0, result.stderr
    assert '"passed": false' not in result.stdout


def test_every_encoder_has_a_wall_clock(tmp_path, noisy_story, storyreel, monkeypatch):
    """A stuck encoder must not hold a run for ever: some limit on its time has to be set (P5)."""
    seen = []

    class Watched(ffmpeg_process.Child):
        def __init__(self, argv, **settings):
            seen.append((argv, settings.get("limits")))
            super().__init__(argv, **settings)

    monkeypatch.setattr("backends.ffmpeg.encode.Child", Watched)
    storyreel("render", noisy_story(tmp_path / "story", length="1s"), "-o", tmp_path / "out.mp4", "--no-cache")
    assert seen
    assert [argv[-1] for argv, limits in seen if limits is None or limits.wall_s is None] == []


def test_stuck_encoder_ends_with_ctrl_c(tmp_path, noisy_story, storyreel_process, ffmpeg):
    script = f'#!/bin/sh\ncase "$*" in *libx264*) exec sleep 1000 ;; *) exec {ffmpeg} "$@" ;; esac\n'
    process = storyreel_process(
        "render", noisy_story(tmp_path / "story"), "-o", tmp_path / "out.mp4", "--no-cache",
        STORYREEL_FFMPEG=str(written(tmp_path, script)),
    )  # fmt: skip
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=3)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert not (tmp_path / "out.mp4").exists()


def test_doctor_says_that_ffmpeg_is_missing(storyreel, fake, monkeypatch):
    monkeypatch.setenv("STORYREEL_FFMPEG", "no-such-ffmpeg")
    result = storyreel("doctor")
    assert result.exit_code == 4
    assert "no-such-ffmpeg" in result.output
