"""What a run may write: its output, its cache, nothing else; never an original (SAFETY S4)."""

from __future__ import annotations

import os
import shutil

import corpus
import pytest

from backends.base import RunSettings
from backends.ffmpeg.backend import FFmpegBackend
from renderer.errors import MediaError
from renderer.story import StoryOptions, compile_story, open_workspace

SMALL = {"width": 64, "height": 36}


def state_of(folder):
    """Everything about every file of a folder that a run could change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, status.st_ino, content)
    return found


COMMANDS = {
    "validate": ("validate", None),
    "compile": ("compile", "story.json"),
    "plan": ("plan", None),
    "render": ("render", "out.mp4"),
    "render without cache": ("render", "out.mp4", "--no-cache"),
    "frames": ("frames", "out.y4m"),
    "mix": ("mix", "out.wav"),
}


def run(storyreel, name, spec, folder):
    command, output, *options = COMMANDS[name]
    target = [] if output is None else ["-o", folder / output]
    return storyreel(command, spec, *target, *options), {output} - {None}


@pytest.mark.parametrize("name", COMMANDS)
def test_run_changes_nothing_beside_its_output(tmp_path, story_folder, storyreel, name):
    spec, output = story_folder(images=1, narration_s=1, music_s=1, output=SMALL), tmp_path / "output"
    output.mkdir()
    before = state_of(spec.parent)
    result, written = run(storyreel, name, spec, output)
    assert result.exit_code == 0, result.stderr
    assert state_of(spec.parent) == before
    assert {path.name for path in output.iterdir()} == written


@pytest.mark.parametrize("name", ["render", "frames", "mix"])
def test_output_into_the_story_folder_is_all_that_is_added(story_folder, storyreel, name):
    spec = story_folder(images=1, narration_s=1, output=SMALL)
    before = state_of(spec.parent)
    result, written = run(storyreel, name, spec, spec.parent)
    after = state_of(spec.parent)
    assert result.exit_code == 0, result.stderr
    assert set(after) - set(before) == written
    assert {path: after[path] for path in before} == before


def test_read_only_story_renders(tmp_path, story_folder, storyreel, small_disk):
    disk = small_disk()
    shutil.copytree(story_folder(images=1, narration_s=1, output=SMALL).parent, disk, dirs_exist_ok=True)
    small_disk.freeze(disk)
    result = storyreel("render", disk / "story.yaml", "-o", tmp_path / "out.mp4")
    assert result.exit_code == 0, result.stderr


def test_read_only_story_without_the_right_to_write_renders(tmp_path, story_folder, storyreel):
    spec = story_folder(images=1, narration_s=1, output=SMALL)
    for path in spec.parent.iterdir():
        path.chmod(0o444)
    spec.parent.chmod(0o555)
    result = storyreel("render", spec, "-o", tmp_path / "out.mp4")
    spec.parent.chmod(0o755)
    assert result.exit_code == 0, result.stderr


def same(target, original):
    return original


def linked(target, original):
    target.symlink_to(original)
    return target


def hard_linked(target, original):
    os.link(original, target)
    return target


def through_a_linked_folder(target, original):
    (target.parent / "way").symlink_to(original.parent)
    return target.parent / "way" / original.name


WAYS = {"its own name": same, "a link": linked, "a hard link": hard_linked, "a linked folder": through_a_linked_folder}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", ["render", "mix", "compile"])
def test_output_never_overwrites_an_original(tmp_path, story_folder, storyreel, small_sounds, command, way):
    suffix = {"render": ".mp4", "mix": ".wav", "compile": ".json"}[command]
    spec = story_folder(images=1, narration=f"voice{suffix}", narration_s=None)
    original = spec.with_name(f"voice{suffix}")
    if command == "compile":
        spec = original = as_json(spec)
    else:
        original.write_bytes(small_sounds["m4a" if command == "render" else "wav"])
    before = state_of(spec.parent)
    result = storyreel(command, spec, "-o", WAYS[way](tmp_path / f"out{suffix}", original))
    assert result.exit_code == 2
    assert "one of the story's own files" in result.stderr
    assert state_of(spec.parent) == before


def as_json(spec):
    """The same story as a JSON file, without sound."""
    path = spec.with_suffix(".json")
    path.write_text('{"storyreel": 1, "images": ["image1.png"], "length": "1s"}')
    return path


REFUSED_OUTPUTS = {
    "folder": ("folder.mp4", lambda path: path.mkdir(), 2),
    "fifo": ("fifo.mp4", os.mkfifo, 2),
    "device": ("device.mp4", lambda path: path.symlink_to("/dev/null"), 2),
    "another ending": ("out.mov", corpus.nothing, 2),
    "no ending": ("out", corpus.nothing, 2),
    "folder that is not there": ("gone/out.mp4", corpus.nothing, 4),
    "file used as a folder": ("file/out.mp4", lambda path: path.parent.write_text("x"), 4),
    "name too long": ("x" * 252 + ".mp4", corpus.nothing, 4),
}


@pytest.mark.parametrize("row", REFUSED_OUTPUTS)
def test_output_that_cannot_be_is_refused(tmp_path, noisy_story, storyreel, row):
    name, prepare, code = REFUSED_OUTPUTS[row]
    target = tmp_path / "output" / name
    target.parent.parent.mkdir(exist_ok=True)
    (tmp_path / "output").mkdir(exist_ok=True)
    prepare(target)
    before = state_of(tmp_path / "output")
    result = storyreel("render", noisy_story(tmp_path / "story"), "-o", target)
    assert (result.exit_code, type(result.exception)) == (code, SystemExit)
    assert state_of(tmp_path / "output") == before


@pytest.mark.parametrize("name", ["-out.mp4", "http:x.mp4", "out %d.mp4", "ä漢.mp4", "a'b\"c;d.mp4"])
def test_strange_output_name_is_written_as_it_stands(tmp_path, noisy_story, storyreel, monkeypatch, name):
    spec = noisy_story(tmp_path / "story")
    monkeypatch.chdir(tmp_path)
    result = storyreel("render", spec, "-o", name)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.parametrize("command", ["render", "mix", "frames", "compile"])
def test_read_only_output_folder_is_said(tmp_path, noisy_story, storyreel, small_disk, command):
    disk = small_disk()
    small_disk.freeze(disk)
    suffix = {"render": "mp4", "mix": "wav", "frames": "y4m", "compile": "json"}[command]
    result = storyreel(command, noisy_story(tmp_path / "story"), "-o", disk / f"out.{suffix}")
    assert (result.exit_code, type(result.exception)) == (4, SystemExit)
    assert str(disk) in result.stderr


def render_after(spec, target, swap):
    """Compile, let `swap` do its worst, then run, without a cache."""
    options = StoryOptions(use_cache=False)
    with open_workspace(spec, options) as workspace:
        story = compile_story(spec, workspace, options)
        swap(workspace)
        FFmpegBackend().run(story.timeline, story.output, workspace, RunSettings(target, 1))


def test_picture_swapped_after_compiling_is_said(tmp_path, noisy_story, make_image):
    spec, target = noisy_story(tmp_path / "story"), tmp_path / "out.mp4"
    with pytest.raises(MediaError, match=r"noise\.png: changed since the timeline was compiled"):
        render_after(spec, target, lambda _: make_image(spec.with_name("noise.png")))
    assert not target.exists()


def test_picture_replaced_by_a_link_outside_after_compiling_is_said(tmp_path, noisy_story, make_image):
    spec, secret = noisy_story(tmp_path / "story"), make_image(tmp_path / "secret.png")
    picture = spec.with_name("noise.png")
    with pytest.raises(MediaError, match=r"noise\.png: lies outside"):
        render_after(spec, tmp_path / "out.mp4", lambda _: (picture.unlink(), picture.symlink_to(secret)))


def test_sound_swapped_after_compiling_is_said(tmp_path, story_folder, make_tone):
    spec = story_folder(images=1, narration_s=1, output=SMALL)

    def swap(workspace):
        make_tone(spec.with_name("narration.wav"), 1, hz=500)
        for path in (workspace.scratch / "pcm").iterdir():
            path.unlink()

    with pytest.raises(MediaError, match=r"narration\.wav: changed since the timeline was compiled"):
        render_after(spec, tmp_path / "out.mp4", swap)
