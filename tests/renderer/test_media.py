"""Opening the files a story names: inside its folder, regular, without links swapped in between, by their content."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from renderer.errors import MediaError
from renderer.media import MediaFolder, MediaLimits, sniff_audio, sniff_image
from renderer.timeline.model import AudioSource, ImageSource

CONTENT = b"the content of a good file"


@pytest.fixture
def folder(tmp_path):
    story = tmp_path / "story"
    story.mkdir()
    (story / "good.bin").write_bytes(CONTENT)
    (tmp_path / "secret.bin").write_bytes(b"secret")
    return story


def content_of(folder, name, **options):
    with MediaFolder(folder, **options).open(name) as medium:
        return medium.read_all(1000)


@pytest.mark.parametrize("name", ["good.bin", "./good.bin", "sub/../good.bin", ".//good.bin"])
def test_names_of_a_file_inside_open_it(folder, name):
    (folder / "sub").mkdir()
    assert content_of(folder, name) == CONTENT


@pytest.mark.parametrize(
    "name", ["../secret.bin", "sub/../../secret.bin", "link.bin", "up/secret.bin", "/etc/hostname"]
)
def test_file_outside_needs_leave(folder, name):
    (folder / "link.bin").symlink_to("../secret.bin")
    (folder / "up").symlink_to("..")
    with pytest.raises(MediaError, match="lies outside"):
        content_of(folder, name)
    if name != "/etc/hostname":
        assert content_of(folder, name, allow_outside=True) == b"secret"


@pytest.mark.parametrize("name", ["asset:../cli.py", "asset:/etc/hostname", "asset:.."])
def test_leave_to_go_outside_does_not_hold_for_assets(folder, name):
    with pytest.raises(MediaError, match="lies outside"):
        content_of(folder, name, allow_outside=True)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: path.mkdir(), "a folder"),
        (os.mkfifo, "a FIFO"),
        (lambda path: path.symlink_to("/dev/zero"), "a device"),
    ],
    ids=["folder", "fifo", "device"],
)
def test_what_is_no_file_is_refused_without_waiting(folder, make, found):
    make(folder / "thing")
    with pytest.raises(MediaError, match=f"expected a file, found {found}"):
        content_of(folder, "thing", allow_outside=True)


def test_open_file_is_read_only(folder):
    with MediaFolder(folder).open("good.bin") as medium, pytest.raises(OSError, match="Bad file descriptor"):
        os.write(medium.descriptor, b"x")


def test_descriptor_is_closed_and_not_inherited(folder):
    with MediaFolder(folder).open("good.bin") as medium:
        assert not os.get_inheritable(medium.descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(medium.descriptor)


def test_refused_files_leave_no_descriptor_open(folder):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("gone.bin", "../secret.bin", ".", "good.bin/x"):
        with pytest.raises(MediaError):
            content_of(folder, name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.fixture
def flipping(folder):
    """`real` is a folder of the story in one moment, and a link to the folder above it in the next."""
    (folder / "real").mkdir()
    (folder / "real" / "secret.bin").write_bytes(CONTENT)
    (folder / "out").symlink_to("..")
    stop = threading.Event()

    def flip():
        while not stop.is_set():
            for old, new in (("real", "parked"), ("out", "real"), ("real", "out"), ("parked", "real")):
                (folder / old).rename(folder / new)

    thread = threading.Thread(target=flip)
    thread.start()
    yield folder
    stop.set()
    thread.join()


def test_link_swapped_in_at_any_moment_never_leads_outside(flipping):
    seen, end = {}, time.monotonic() + 1
    while time.monotonic() < end:
        try:
            found = content_of(flipping, "real/secret.bin")
        except (MediaError, OSError):
            found = "refused"
        seen[found] = seen.get(found, 0) + 1
    assert seen[CONTENT] > 0
    assert set(seen) <= {CONTENT, "refused"}


def test_link_that_changes_while_it_is_resolved_is_a_typed_error(folder, monkeypatch):
    """What `realpath` raises where a link becomes a folder between its two looks at it."""

    def disturbed(path, **_):
        raise OSError(22, "Invalid argument", path)

    media = MediaFolder(folder)
    monkeypatch.setattr(os.path, "realpath", disturbed)
    with pytest.raises(MediaError, match=r"good\.bin"), media.open("good.bin"):
        pass


def test_limit_holds_for_a_file_that_grows(folder):
    with MediaFolder(folder).open("good.bin") as medium:
        (folder / "good.bin").write_bytes(bytes(5000))
        assert medium.changed()
        with pytest.raises(MediaError, match=r"larger than 0\.001 MB"):
            medium.read_all(1000)
        with pytest.raises(MediaError, match=r"larger than 0\.001 MB"):
            medium.sha256(1000)


def test_content_hash_is_that_of_the_bytes(folder):
    with MediaFolder(folder).open("good.bin") as medium:
        assert medium.sha256(1000) == hashlib.sha256(CONTENT).hexdigest()
        assert not medium.changed()


def test_picture_is_read_only_under_its_hash(folder):
    source = ImageSource("good.bin", hashlib.sha256(CONTENT).hexdigest(), 8, 8, alpha=False)
    assert MediaFolder(folder).read_image(source, 1000) == CONTENT
    (folder / "good.bin").write_bytes(CONTENT[::-1])
    with pytest.raises(MediaError, match=r"good\.bin: changed since the timeline was compiled"):
        MediaFolder(folder).read_image(source, 1000)


def test_sound_that_changes_while_it_is_read_is_said(folder):
    source = AudioSource("good.bin", hashlib.sha256(CONTENT).hexdigest(), 48_000, 1, 1)
    with (
        pytest.raises(MediaError, match="changed while it was read"),
        MediaFolder(folder).open_audio(source, 1000),
    ):
        (folder / "good.bin").write_bytes(b"something else")


def test_folder_that_may_not_be_listed_is_no_reason_to_fail(tmp_path):
    """Opening needs the right to enter a folder, not the right to list it: home folders of mode 0711 are usual."""
    story = tmp_path / "closed" / "story"
    story.mkdir(parents=True)
    (story / "good.bin").write_bytes(CONTENT)
    for path in (story, story.parent):
        path.chmod(0o311)
    assert as_nobody(lambda: content_of(story, "good.bin", allow_outside=True), tmp_path) == "it opened"


def as_nobody(work, reachable):
    """What happens when `work` runs in a process without any rights of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs the right to become another user")
    for path in (reachable, *reachable.parents):
        path.chmod(path.stat().st_mode | 0o011)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65_534)
        os.setuid(65_534)
        try:
            work()
            os.write(writer, b"it opened")
        except BaseException as error:  # noqa: BLE001  (told to the parent)
            os.write(writer, repr(error).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        return stream.read()


HEADS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff\xe0": "jpeg",
    b"RIFF\0\0\0\0WEBPVP8 ": "webp",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"\0\0\0\x1cftypavif": "avif",
    b"\0\0\0\x1cftypheic": "heic",
    b"\0\0\0\x1cftypmif1": "heic",
    b"\0\0\0\x1cftypM4A ": None,
    b"GIF88a": None,
    b"\x89PNG\n\x1a\n": None,
    b"RIFF\0\0\0\0WAVEfmt ": None,
    b"<svg": None,
    b"BM": None,
    b"": None,
}


@pytest.mark.parametrize(("head", "kind"), HEADS.items(), ids=repr)
def test_picture_is_known_by_its_first_bytes(head, kind):
    assert sniff_image(head) == kind


SOUND_HEADS = {
    b"RIFF\0\0\0\0WAVEfmt ": "wav",
    b"RF64\xff\xff\xff\xffWAVEds64": "wav",
    b"RIFF\0\0\0\0AVI LIST": None,
    b"fLaC\0\0\0\x22": "flac",
    b"OggS\0\2": "ogg",
    b"\0\0\0\x1cftypM4A ": "mp4",
    b"\0\0\0\x1cftypisom": "mp4",
    b"\0\0\0\x1cftypheic": None,
    b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm": "webm",
    b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska": None,
    b"ID3\4\0": "mp3",
    b"\xff\xfb\x90\x00": "mp3",
    b"\xff\xf3\x40\x00": "mp3",
    b"\xff\xfb\xf0\x00": None,
    b"\xff\xfb\x00\x00": None,
    b"\xff\xfd\x90\x00": None,
    b"\xff\xd8\xff\xe0": None,
    b"\xff\xfe#\0E\0X\0T\0M\0": None,
    b"#EXTM3U\n": None,
    b"ffconcat version 1.0": None,
    b"": None,
}


@pytest.mark.parametrize(("head", "kind"), SOUND_HEADS.items(), ids=repr)
def test_sound_is_known_by_its_first_bytes(head, kind):
    assert sniff_audio(head) == kind


@pytest.mark.parametrize("field", MediaLimits.__slots__)
def test_every_limit_can_be_set_from_outside(monkeypatch, field):
    monkeypatch.setenv(f"STORYREEL_MAX_{field.upper()}", "123")
    assert getattr(MediaLimits.from_environment(), field) == 123


def test_limits_are_the_documented_ones():
    assert MediaLimits() == MediaLimits(200, 50_000_000, 25_000_000, 4_000_000_000, 7_200, 500_000_000)
