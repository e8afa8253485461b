"""What FFmpeg says on stderr → a typed error or sentences for the author.

FFmpeg goes on after damage and exits 0, so silence about what it said would hide a cut-off narration.
"""

from __future__ import annotations

import re

from renderer.errors import MediaError, StoryreelError, ToolError

_PREFIX = re.compile(r"^(\[[^\]]*\] ?)+")
_URL = re.compile(r"file:/dev/fd/\d+:? ?")
_NOT_DAMAGE = (
    "not on whitelist",  # a picture or video stream beside the sound: it is not opened, and not missed
    "non monotonically increasing dts",  # timestamps of our own raw output, where a source's repeat; samples count
    "Last message repeated",
)
_LOCAL_FAILURES = ("No space left on device", "Disk quota exceeded", "Read-only file system", "Permission denied")
_REASONS = (
    ("matches no streams", "holds no sound"),
    ("on whitelist", "holds a kind of sound that is not accepted"),
    ("moov atom not found", "cut off: the index at the end of the file is missing"),
    ("Rematrix is needed", "its channels are arranged in a way that has no stereo form"),
    ("Invalid data found", "is no readable {format} file: damaged, or cut off in its header"),
    ("End of file", "cut off: the file ends in its header"),
)


def faults_said(said: str) -> tuple[str, ...]:
    """One warning that states the damage FFmpeg met, or none."""
    faults = _fault_lines(said)
    if not faults:
        return ()
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return (f"damaged or cut off; what could be decoded is used (the decoder said: {faults[0]}{more})",)


def is_local(said: str) -> bool:
    """Whether this machine is at fault: FFmpeg can say so and exit 0 all the same (SAFETY R1)."""
    return any(text in said for text in _LOCAL_FAILURES)


def explain_failure(name: str, format_name: str, failure: ToolError) -> StoryreelError:
    """The error to raise: `failure` itself where this machine is at fault, else a MediaError in the author's words."""
    said = failure.stderr_tail
    if is_local(said) or "stopped" in failure.message:
        return failure
    if "larger file than allowed" in failure.message or "File too large" in said:
        return MediaError(name, "lasts longer than a sound file may")
    for text, reason in _REASONS:
        if text in said:
            return MediaError(name, reason.format(format=format_name))
    faults = _fault_lines(said)
    return MediaError(name, f"can't be decoded: {faults[0] if faults else failure.message}")


def _fault_lines(said: str) -> list[str]:
    lines = (_URL.sub("", _PREFIX.sub("", line)).strip() for line in said.splitlines())
    kept = (line for line in lines if line and not any(text in line for text in _NOT_DAMAGE))
    return ["".join(char for char in line if char.isprintable())[:160] for line in kept]
