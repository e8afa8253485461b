"""Rules about what surrounds the settings (token, queues), encryption at rest, automated ABR rules, dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, missing, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import View

MAX_TOKEN_LENGTH = 64
MAX_HOP_MINUTES = 4320
DEFAULT_QUEUE = "Default"
_ALLOWED, _FORCED = "AllowedRenditions", "ForceIncludeRenditions"


@rule("V79")
def automated_rules_agree(view: View) -> Iterator[Found]:
    """V79: Automated ABR has AllowedRenditions or ForceIncludeRenditions, not both; not more forced ones than
    MaxRenditions; and a smallest rendition not above the largest. [doc: automated-abr-rules]"""
    for group in view.groups:
        settings = group.node.node("AutomatedEncodingSettings", "AbrSettings")
        rules = settings.nodes("Rules") if settings is not None else []
        kinds = {name: [entry for entry in rules if entry.has(name)] for name in (_ALLOWED, _FORCED)}
        if kinds[_ALLOWED] and kinds[_FORCED]:
            message = "allowedRenditions and forceIncludeRenditions exclude each other"
            yield Found(kinds[_FORCED][0].at(_FORCED), message)
        most = settings.whole("MaxRenditions") if settings is not None else None
        for name, entries in kinds.items():
            count = sum(entry.count(name) for entry in entries)
            if most is not None and count > most:
                place, message = entries[0].at(name), f"Should have at most {most} items, maxRenditions"
                if name == _FORCED:
                    yield Found(place, message)
                else:
                    yield Found(place, message, "the guide and the model disagree about this limit", "warning")
        yield from _bottom_above_top(rules)


@rule("V80")
def kms_fields_need_kms(view: View) -> Iterator[Found]:
    """V80: KmsKeyArn and KmsEncryptionContext are set only with SERVER_SIDE_ENCRYPTION_KMS.
    [model: S3EncryptionSettings]"""
    for group in view.groups:
        settings = group.settings
        encryption = settings.node("DestinationSettings", "S3Settings", "Encryption") if settings is not None else None
        if encryption is None or encryption.text("EncryptionType") == "SERVER_SIDE_ENCRYPTION_KMS":
            continue
        for name in ("KmsKeyArn", "KmsEncryptionContext"):
            if encryption.has(name):
                yield Found(encryption.at(name), "Should only be set with encryptionType SERVER_SIDE_ENCRYPTION_KMS")


@rule("V83")
def tokens_are_short(view: View) -> Iterator[Found]:
    """V83: ClientRequestToken is at most 64 ASCII characters. [model: CreateJobRequest]"""
    token = (view.request.text("ClientRequestToken") if view.request is not None else None) or ""
    if view.request is not None and (len(token) > MAX_TOKEN_LENGTH or not token.isascii()):
        yield Found(view.request.at("ClientRequestToken"), f"Should be at most {MAX_TOKEN_LENGTH} ASCII characters")


@rule("V84")
def hops_lead_elsewhere(view: View) -> Iterator[Found]:
    """V84: A hop destination has WaitMinutes from 1 to 4320, and a Queue other than the job's.
    [model: HopDestination]"""
    if view.request is None:
        return
    own = _queue_name(view.request.text("Queue"))
    for hop in view.request.nodes("HopDestinations"):
        minutes = hop.whole("WaitMinutes")
        yield from missing(hop, "WaitMinutes")
        if minutes is not None and not 1 <= minutes <= MAX_HOP_MINUTES:
            yield Found(hop.at("WaitMinutes"), f"Should be from 1 to {MAX_HOP_MINUTES}; found {minutes}")
        if _queue_name(hop.text("Queue")) == own:
            yield Found(hop.at("Queue"), f"Should be another queue than the job's own, {own}")


@rule("V85", "warning")
def offset_dates_need_dates(view: View) -> Iterator[Found]:
    """V85: TimestampOffset needs an output group with ProgramDateTime INCLUDE. [model: TimecodeConfig]"""
    config = view.settings.node("TimecodeConfig")
    stamped = (
        group.settings is not None and group.settings.text("ProgramDateTime") == "INCLUDE" for group in view.groups
    )
    if config is not None and config.has("TimestampOffset") and not any(stamped):
        yield Found(config.at("TimestampOffset"), "Has no effect without programDateTime INCLUDE")


def _bottom_above_top(rules: list[Node]) -> Iterator[Found]:
    tops = _sizes(rules, "MinTopRenditionSize")
    for name in ("Width", "Height"):
        most = min((high for top in tops if (high := top.whole(name)) is not None), default=None)
        for bottom in _sizes(rules, "MinBottomRenditionSize"):
            low = bottom.whole(name)
            if low is not None and most is not None and low > most:
                yield Found(bottom.at(name), f"Should be less than or equal to {most}, minTopRenditionSize")


def _sizes(rules: list[Node], name: str) -> list[Node]:
    found = [entry.node(name) for entry in rules]
    return [size for size in found if size is not None]


def _queue_name(queue: str | None) -> str:
    """A queue is given by name or ARN; none means the default one."""
    return (queue or DEFAULT_QUEUE).rpartition("queues/")[2]
