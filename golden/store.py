"""The golden folder: which files it holds, written so that a torn or edited one is noticed, read with clear refusals.

`golden.json` names every other file with its hash and is written last. Text files are hashed with plain newlines, so
that a checkout with other line ends is still whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from golden.frame_hashes import RecordedSegment, frames_text, parse_frames_text
from golden.model import GoldenError
from presets import preset_names
from renderer.publish import written_file
from renderer.timeline.canonical import TimelineFormatError, canonical_json, timeline_from_json, timeline_json

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Timeline

SCHEMA = "storyreel.golden/1"
INDEX, TIMELINE, PLAN, JOB = "golden.json", "timeline.json", "plan.json", "mediaconvert.json"
FRAMES, SOUND, STRUCTURE, PROXY = "frames.txt", "sound.json", "structure.json", "proxy.mp4"
FILES = (TIMELINE, PLAN, JOB, FRAMES, SOUND, STRUCTURE, PROXY)
_MAX_BYTES = 64_000_000

Json = dict[str, "JSONValue"]


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """How the story was compiled: the options of `golden record`."""

    output: str | None = None
    preview: bool = False
    allow_outside: bool = False


@dataclass(frozen=True, slots=True)
class Golden:
    """A recorded story. `spec` is relative to the folder; `made_with` are versions, see `golden.versions`."""

    spec: str
    options: RecordOptions
    timeline: Timeline
    plan: Json
    job: Json
    segments: tuple[RecordedSegment, ...]
    sound: Json
    structure: Json
    made_with: Json
    encoder: Json


def write_golden(folder: Path, golden: Golden, proxy: bytes) -> None:
    """Write every file, `golden.json` last. Raises: OutputError."""
    contents = {
        TIMELINE: timeline_json(golden.timeline).encode(),
        PLAN: canonical_json(golden.plan).encode(),
        JOB: canonical_json(golden.job).encode(),
        FRAMES: frames_text(golden.segments).encode(),
        SOUND: canonical_json(golden.sound).encode(),
        STRUCTURE: canonical_json(golden.structure).encode(),
        PROXY: proxy,
    }
    index: Json = {
        "schema": SCHEMA,
        "spec": golden.spec,
        "options": {
            "output": golden.options.output,
            "preview": golden.options.preview,
            "allow_outside": golden.options.allow_outside,
        },
        "made_with": golden.made_with,
        "encoder": golden.encoder,
        "files": {name: _file_hash(name, content) for name, content in contents.items()},
    }
    for name, content in {**contents, INDEX: canonical_json(index).encode()}.items():
        with written_file(folder / name) as stream:
            stream.write(content)


def is_golden(folder: Path) -> bool:
    """Whether a golden, whole or damaged, lies here."""
    return (folder / INDEX).is_file()


def read_golden(folder: Path) -> Golden:
    """Raises: GoldenError where there is none, or it is damaged or newer than this version."""
    index = _index(folder)
    contents = {name: _content(folder, name, index) for name in FILES}
    options = _mapping(index, "options")
    try:
        golden = Golden(
            spec=str(index["spec"]),
            options=RecordOptions(
                output=_preset(options["output"]),
                preview=options["preview"] is True,
                allow_outside=options["allow_outside"] is True,
            ),
            timeline=timeline_from_json(contents[TIMELINE].decode()),
            plan=_json(contents[PLAN], PLAN),
            job=_json(contents[JOB], JOB),
            segments=parse_frames_text(contents[FRAMES].decode()),
            sound=_json(contents[SOUND], SOUND),
            structure=_json(contents[STRUCTURE], STRUCTURE),
            made_with=_mapping(index, "made_with"),
            encoder=_mapping(index, "encoder"),
        )
        _check_length(golden)
    except TimelineFormatError as error:
        raise GoldenError(f"{folder / TIMELINE}: {error}{_MEND}") from error
    except (KeyError, UnicodeDecodeError) as error:
        raise GoldenError(f"{folder}: the golden is damaged ({error}){_MEND}") from error
    except GoldenError as error:
        raise GoldenError(f"{folder}: {error}{_MEND}") from error
    return golden


def _preset(value: JSONValue) -> str | None:
    if value is not None and value not in preset_names("outputs"):
        raise GoldenError(f"{INDEX}: recorded with the output preset {value!r}, which this version does not have")
    return None if value is None else str(value)


def _check_length(golden: Golden) -> None:
    recorded, planned = golden.segments[-1].frames.end, golden.timeline.frame_count
    if recorded != planned:
        raise GoldenError(f"{FRAMES} holds {recorded} frames, {TIMELINE} has {planned}")


_MEND = ": take it from version control again, or record it anew"


def _index(folder: Path) -> Json:
    path = folder / INDEX
    if not folder.is_dir():
        raise GoldenError(f"{folder}: there is no such folder; `storyreel golden record SPEC {folder}` makes a golden")
    if not path.is_file():
        raise GoldenError(f"{folder}: no golden ({INDEX} is missing); `storyreel golden record SPEC DIR` makes one")
    index = _json(_bytes(path), str(path))
    schema = index.get("schema")
    newer = re.fullmatch(r"storyreel\.golden/(\d{1,6})", str(schema))
    if newer is not None and int(newer[1]) > 1:
        raise GoldenError(f"{path}: recorded by a newer storyreel ({schema}; this one reads {SCHEMA}): update it")
    if schema != SCHEMA:
        raise GoldenError(f"{path}: expected schema {SCHEMA!r}, found {schema!r}{_MEND}")
    return index


def _content(folder: Path, name: str, index: Json) -> bytes:
    """One file's bytes, compared with the hash that `golden.json` holds."""
    path = folder / name
    if not path.is_file():
        raise GoldenError(f"{path}: the file is missing{_MEND}")
    content = _bytes(path)
    if _file_hash(name, content) != _mapping(index, "files").get(name):
        conflict = b"<<<<<<< " in content
        why = "it holds an unresolved merge" if conflict else f"it is not the file that {INDEX} names"
        raise GoldenError(f"{path}: the golden is damaged: {why}{_MEND}")
    return content


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise GoldenError(f"{path}: larger than any golden's file ({_MAX_BYTES / 1e6:.0f} MB){_MEND}")
        return path.read_bytes()
    except OSError as error:
        raise GoldenError(f"{path} can't be read: {error.strerror}") from error


def _file_hash(name: str, content: bytes) -> str:
    plain = content if name == PROXY else content.replace(b"\r\n", b"\n")
    return hashlib.sha256(plain).hexdigest()


def _json(content: bytes, name: str) -> Json:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise GoldenError(f"{name}: the golden is damaged: not JSON ({error}){_MEND}") from error
    if not isinstance(document, dict):
        raise GoldenError(f"{name}: the golden is damaged: expected a mapping{_MEND}")
    return cast("Json", document)


def _mapping(document: Json, key: str) -> Json:
    value = document.get(key)
    if not isinstance(value, dict):
        raise GoldenError(f"{INDEX}: the golden is damaged: {key!r} should be a mapping, found {value!r}{_MEND}")
    return value
