"""Opening the files a story names: inside its folder only, regular files only, and the same bytes from then on.

A path is resolved with its links, must lie in the story's folder (unless the user allows more), and is then opened
component by component without following links, so that nothing can be swapped between the check and the use
(SAFETY S4). What a timeline refers to is read again only under its content hash. Nothing here is ever opened to write.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from renderer.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.timeline.model import AudioSource, ImageSource, VideoSource

ASSET_PREFIX = "asset:"
"""Names a file of the program's own, such as `asset:brand/logo.png`, the same on every machine."""

ImageFormat = Literal["png", "jpeg", "webp", "gif", "heic", "avif", "bmp", "tga"]
AudioFormat = Literal["wav", "mp3", "flac", "mp4", "ogg", "webm"]
SNIFF_BYTES = 4096
_CHUNK = 1 << 20
_ENTER_ONLY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""Opens a folder to go through it; on Linux without the right to list it."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """How large media may be (SAFETY 3.1). Every one can be raised: `STORYREEL_MAX_IMAGES` and so on."""

    images: int = 200
    image_pixels: int = 50_000_000
    image_bytes: int = 25_000_000
    video_bytes: int = 4_000_000_000
    audio_seconds: int = 7_200
    audio_bytes: int = 500_000_000

    @classmethod
    def from_environment(cls) -> MediaLimits:
        """The defaults, overridden by `STORYREEL_MAX_IMAGES`, `…_IMAGE_PIXELS`, `…_IMAGE_BYTES` and so on.

        Raises: MediaError where a value is no positive whole number.
        """
        given: dict[str, int] = {}
        for field in cls.__slots__:
            variable = f"STORYREEL_MAX_{field.upper()}"
            text = os.environ.get(variable)
            if text is None:
                continue
            if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) == 0:
                raise MediaError(variable, f"expected a whole number above 0, found {text!r}")
            given[field] = int(text)
        return cls(**given)


@dataclass(frozen=True, slots=True)
class OpenMedium:
    """An open original: `descriptor` is read-only, `relative` the path as the timeline writes it."""

    name: str
    relative: str
    descriptor: int
    status: os.stat_result

    def head(self) -> bytes:
        """The first bytes, for sniffing."""
        return os.pread(self.descriptor, SNIFF_BYTES, 0)

    def read_all(self, limit: int) -> bytes:
        """The whole content.

        Raises: MediaError where it is longer than `limit` bytes.
        """
        parts, offset = [], 0
        while chunk := os.pread(self.descriptor, _CHUNK, offset):
            parts.append(chunk)
            offset += len(chunk)
            if offset > limit:
                raise MediaError(self.name, f"larger than {limit / 1e6:g} MB, the limit for one such file")
        return b"".join(parts)

    def sha256(self, limit: int) -> str:
        """Hex digest of the content, read in pieces.

        Raises: MediaError where it is longer than `limit` bytes.
        """
        digest, offset = hashlib.sha256(), 0
        while chunk := os.pread(self.descriptor, _CHUNK, offset):
            digest.update(chunk)
            offset += len(chunk)
            if offset > limit:
                raise MediaError(self.name, f"larger than {limit / 1e6:g} MB, the limit for one such file")
        return digest.hexdigest()

    def changed(self) -> bool:
        """Whether somebody has written to the file since it was opened."""
        now = os.fstat(self.descriptor)
        return (now.st_size, now.st_mtime_ns, now.st_ctime_ns) != self.written()

    def written(self) -> tuple[int, int, int]:
        """Size, and the times of the last change of content and of anything, in nanoseconds, when it was opened."""
        return self.status.st_size, self.status.st_mtime_ns, self.status.st_ctime_ns


class MediaFolder:
    """The folder that a story's media come from."""

    def __init__(self, base: Path, *, allow_outside: bool = False) -> None:
        self.base = Path(os.path.realpath(base))
        self._allow_outside = allow_outside
        self._hashes: dict[tuple[int, ...], str] = {}

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[OpenMedium]:
        """Open a file by the name its author wrote; `asset:…` opens one of the program's own.

        Raises: MediaError where it is missing, outside the folder, or no regular file.
        """
        root, relative = self._resolve(name)
        descriptor = _open_beneath(root, relative, name)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise MediaError(name, f"expected a file, found {_kind_of(status.st_mode)}")
            yield OpenMedium(name, self._written(name, root / relative), descriptor, status)
        finally:
            os.close(descriptor)

    def folder(self, name: str) -> Path:
        """A folder by the name its author wrote, links resolved.

        Raises: MediaError where it is missing or lies outside.
        """
        root, relative = self._resolve(name)
        path = root / relative
        if not path.is_dir():
            raise MediaError(name, "is not a folder" if path.exists() else "folder not found")
        return path

    def relative(self, path: Path) -> str:
        """A path as it would be written in the spec."""
        return Path(os.path.relpath(os.path.realpath(path), self.base)).as_posix()

    def read_image(self, source: ImageSource, limit: int) -> bytes:
        """The bytes of a timeline's picture.

        Raises: MediaError where the content is not what the timeline was made from.
        """
        with self.open(source.path) as medium:
            content = medium.read_all(limit)
        if hashlib.sha256(content).hexdigest() != source.sha256:
            raise MediaError(source.path, "changed since the timeline was compiled: run the command again")
        return content

    @contextlib.contextmanager
    def open_video(self, source: VideoSource) -> Iterator[OpenMedium]:
        """A timeline's clip, as `open_audio`; hashed once for as long as it stays what it is.

        Raises: MediaError where the content is not what the timeline was made from.
        """
        with self._opened(source, self._hashed_once) as medium:
            yield medium

    @contextlib.contextmanager
    def open_audio(self, source: AudioSource, limit: int) -> Iterator[OpenMedium]:
        """A timeline's sound, open, its content checked before and after the block.

        Raises: MediaError where the content is not what the timeline was made from.
        """
        with self._opened(source, lambda medium: medium.sha256(limit)) as medium:
            yield medium

    @contextlib.contextmanager
    def _opened(self, source: AudioSource | VideoSource, digest: Callable[[OpenMedium], str]) -> Iterator[OpenMedium]:
        with self.open(source.path) as medium:
            if digest(medium) != source.sha256:
                raise MediaError(source.path, "changed since the timeline was compiled: run the command again")
            yield medium
            if medium.changed():
                raise MediaError(source.path, "changed while it was read: run the command again")

    def _hashed_once(self, medium: OpenMedium) -> str:
        identity = (medium.status.st_dev, medium.status.st_ino, *medium.written())
        if identity not in self._hashes:
            self._hashes[identity] = medium.sha256(medium.status.st_size)
        return self._hashes[identity]

    def _resolve(self, name: str) -> tuple[Path, Path]:
        """The folder to open from, and the path beneath it, links resolved."""
        if "\0" in name or not name.strip():
            raise MediaError(repr(name), "expected the name of a file")
        if name.startswith(ASSET_PREFIX):
            import assets

            root = Path(os.path.realpath(Path(assets.__file__).parent))
            wanted = root / name.removeprefix(ASSET_PREFIX)
        else:
            root, wanted = self.base, self.base / name
        try:
            resolved = Path(os.path.realpath(wanted))
        except OSError as error:
            raise MediaError(name, f"can't be resolved: {error.strerror}") from error
        if resolved.is_relative_to(root):
            return root, resolved.relative_to(root)
        if self._allow_outside and root == self.base:
            return Path(resolved.anchor), resolved.relative_to(resolved.anchor)
        if name.startswith(ASSET_PREFIX):
            raise MediaError(name, "lies outside the program's own files")
        raise MediaError(name, f"lies outside {root}: move it there, or pass --allow-outside")

    def _written(self, name: str, resolved: Path) -> str:
        if name.startswith(ASSET_PREFIX):
            return ASSET_PREFIX + str(PurePosixPath(name.removeprefix(ASSET_PREFIX)))
        return Path(os.path.relpath(resolved, self.base)).as_posix()


def _open_beneath(root: Path, relative: Path, name: str) -> int:
    """Open `root/relative` read-only, refusing links in every component; never blocks on a FIFO."""
    directory = -1
    try:
        directory = os.open(root, _ENTER_ONLY)
        *parents, last = relative.parts or (".",)
        for parent in parents:
            child = os.open(parent, _ENTER_ONLY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = child
        return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError as error:
        raise MediaError(name, "file not found") from error
    except OSError as error:
        raise MediaError(name, f"can't be opened: {error.strerror}") from error
    finally:
        if directory >= 0:
            os.close(directory)


def _kind_of(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def sniff_image(head: bytes) -> ImageFormat | None:
    """The format by its magic bytes (SAFETY S1); None for everything that is not on the list."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return "avif"
        if brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
            return "heic"
    return None


def sniff_inserted(content: bytes) -> ImageFormat | None:
    """BMP and TGA, for jobs that insert them. TGA has no magic bytes at its start: its header must make sense."""
    if content[:2] == b"BM" and len(content) > 26:
        return "bmp"
    if len(content) < 18:
        return None
    colour_map, kind, depth = content[1], content[2], content[16]
    return "tga" if colour_map in (0, 1) and kind in (1, 2, 3, 9, 10, 11) and depth in (8, 15, 16, 24, 32) else None


def sniff_audio(head: bytes) -> AudioFormat | None:
    """The format by its magic bytes (SAFETY S1); None for everything that is not on the list."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"OggS"):
        return "ogg"
    if head[4:8] == b"ftyp" and sniff_image(head) is None:
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]:
        return "webm"
    if head.startswith(b"ID3") or _is_mpeg_layer3(head):
        return "mp3"
    return None


def _is_mpeg_layer3(head: bytes) -> bool:
    """An MPEG audio frame header of layer III with possible bit and sample rates (ISO/IEC 11172-3, 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3
