"""Reading a document and recognising what it is: a request, bare settings, a template, a preset or an answer.

Recognised by its own keys, in either spelling; nothing is guessed from the file's name. What can't be one of them at
all, or can't be read, is a `UsageError` rather than a finding.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backends.mediaconvert.validation.findings import printable
from renderer.errors import UsageError

if TYPE_CHECKING:
    from typing import NoReturn

    from backends.mediaconvert.validation.model import ServiceModel
    from renderer.timeline.canonical import JSONValue

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
MAX_KEY_LENGTH = 2048
_SHOWN_KEYS = 8

Subject = Literal["job", "template", "preset"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: its name, the shape of its root, and where in it the thing to check stands.

    `inside` leads from the root to one object or a list of them; `bare` says that this object is the settings
    themselves. `lenient` are required members of the root that are added when the document is used. `answer` documents
    come from the service.
    """

    name: str
    shape: str
    subject: Subject
    inside: str | None = None
    bare: bool = False
    lenient: frozenset[str] = frozenset()
    answer: bool = False


REQUEST = Kind("CreateJob request", "CreateJobRequest", "job")
WRAPPED_SETTINGS = Kind("job settings in a wrapper", "CreateJobRequest", "job", lenient=frozenset({"Role"}))
SETTINGS = Kind("job settings", "JobSettings", "job", bare=True)
TEMPLATE = Kind("job template", "CreateJobTemplateRequest", "template")
PRESET = Kind("preset", "CreatePresetRequest", "preset", lenient=frozenset({"Name"}))
PRESET_SETTINGS = Kind("preset settings", "PresetSettings", "preset", bare=True)
JOB = Kind("job", "Job", "job", answer=True)
TEMPLATE_EXPORT = Kind("job template", "JobTemplate", "template", answer=True)
PRESET_EXPORT = Kind("preset", "Preset", "preset", answer=True)
ANSWERS: dict[str, Subject] = {
    "Job": "job",
    "Jobs": "job",
    "JobTemplate": "template",
    "JobTemplates": "template",
    "Preset": "preset",
    "Presets": "preset",
}
"""The member that wraps what a Get or List operation answers, with what it holds."""

IGNORED_IN_ANSWERS = frozenset({"ResponseMetadata"})
"""boto3 adds it to every answer."""

_PRESET_KEYS = frozenset({"ContainerSettings", "VideoDescription", "AudioDescriptions", "CaptionDescriptions"})
_TEMPLATE_KEYS = frozenset({"Name", "Category", "Description"})
_STORED_KEYS = frozenset({"Arn", "CreatedAt", "LastUpdated", "Type"})
_JOB_KEYS = frozenset({"Id", "Arn", "CreatedAt", "Status", "Timing", "JobPercentComplete", "AccelerationStatus"})
_ONLY_WRAPPED = frozenset({"Settings", "AccelerationSettings", "StatusUpdateInterval", "Priority", "HopDestinations"})
"""Keys beside settings that a file of settings may have; anything else makes it a request, which needs a Role."""


def read_document(text: str | bytes, source_name: str) -> dict[str, JSONValue]:
    """Parse JSON strictly: one object, no duplicate keys, no NaN, within the limits above.

    Raises: UsageError naming what is wrong.
    """
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise UsageError(f"{source_name}: too large: {size} bytes, at most {MAX_BYTES}")
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
        found = dict(items)
        if len(found) != len(items):
            counts = Counter(key for key, _ in items)
            duplicates.extend(key for key, count in counts.items() if count > 1)
        return found

    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        document = json.loads(decoded, object_pairs_hook=pairs, parse_constant=_refuse_constant)
        if "\\u" in decoded:
            json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise UsageError(f"{source_name}: not JSON: line {error.lineno} column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise UsageError(f"{source_name}: nested too deep, at most {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise UsageError(f"{source_name}: not JSON: {error}") from error
    if duplicates:
        names = ", ".join(repr(name) for name in dict.fromkeys(duplicates[:_SHOWN_KEYS]))
        raise UsageError(printable(f"{source_name}: duplicate keys: {names}; only one of each would count"))
    if not isinstance(document, dict):
        raise UsageError(f"{source_name}: expected one JSON object, found {_named(document)}")
    _refuse_extremes(document, source_name)
    return document


def recognise(document: dict[str, JSONValue], model: ServiceModel, source_name: str) -> Kind:
    """What kind of document this is.

    Raises: UsageError where it is none of them.
    """
    keys = _canonical(document)
    settings = keys.get("Settings")
    if "Settings" in keys:
        return _with_settings(frozenset(keys), frozenset(_canonical(settings)))
    for name, subject in ANSWERS.items():
        if isinstance(keys.get(name), dict | list):
            operation = f"{'List' if name.endswith('s') else 'Get'}{name}"
            return Kind(f"{operation} answer", f"{operation}Response", subject, inside=name, answer=True)
    if _PRESET_KEYS & keys.keys():
        return PRESET_SETTINGS
    if keys.keys() & model.shape("JobSettings").members.keys():
        return SETTINGS
    if "Role" in keys:
        return REQUEST
    return _refuse_kind(list(document), model, source_name)


def _with_settings(keys: frozenset[str], inner: frozenset[str]) -> Kind:
    stored = bool(keys & _STORED_KEYS)
    if inner & _PRESET_KEYS and "Role" not in keys:
        return PRESET_EXPORT if stored else PRESET
    if keys & _TEMPLATE_KEYS and "Role" not in keys:
        return TEMPLATE_EXPORT if stored else TEMPLATE
    if keys & _JOB_KEYS:
        return JOB
    return WRAPPED_SETTINGS if keys <= _ONLY_WRAPPED else REQUEST


def _refuse_kind(keys: list[str], model: ServiceModel, source_name: str) -> NoReturn:
    known = [*model.shape("CreateJobRequest").members, *model.shape("JobSettings").members, *_PRESET_KEYS, *ANSWERS]
    found = ", ".join(repr(key) for key in keys[:_SHOWN_KEYS]) if keys else "none"
    close = [match for key in keys[:_SHOWN_KEYS] for match in difflib.get_close_matches(key[:64], known, n=1)]
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise UsageError(
        printable(
            f"{source_name}: not a MediaConvert document: expected a CreateJob request, job settings, a job template,"
            f" a preset, or an answer of GetJob or ListJobs; found the keys: {found}{hint}"
        )
    )


def _canonical(value: JSONValue) -> dict[str, JSONValue]:
    """The object's keys as the console writes them."""
    return {str(key)[:1].upper() + str(key)[1:]: item for key, item in value.items()} if isinstance(value, dict) else {}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_extremes(document: JSONValue, source_name: str) -> None:
    waiting = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UsageError(f"{source_name}: nested too deep, at most {MAX_DEPTH} levels")
        if isinstance(value, dict):
            longest = max(map(len, value), default=0)
            if longest > MAX_KEY_LENGTH:
                raise UsageError(f"{source_name}: a key of {longest} characters, at most {MAX_KEY_LENGTH}")
            waiting += [(item, depth + 1) for item in value.values() if isinstance(item, dict | list)]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value if isinstance(item, dict | list)]


def _named(value: JSONValue) -> str:
    return "a list" if isinstance(value, list) else "null" if value is None else f"a {type(value).__name__}"
