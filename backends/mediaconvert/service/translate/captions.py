"""SRT and WebVTT → cues, cues cut to an output's programme, and back to SRT, WebVTT or ASS.

Text is only ever text: tags are dropped on reading, and what ASS would take for a command is taken away on writing.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backends.mediaconvert.service.translate.programme import Shown

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMES = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|\{\\[^{}]{0,200}\}|<\d[\d:.]*>")
FONT = "Source Sans 3 Semibold"
"""The program's own font (`assets/fonts`)."""
MAX_CUES = 20_000
MAX_TEXT = 2_000
_STYLE_FORMAT = (
    "Format: Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,OutlineColour,BackColour,Bold,Italic,"
    "Underline,StrikeOut,ScaleX,ScaleY,Spacing,Angle,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,"
    "Encoding"
)
_COLOURS = {
    "WHITE": "FFFFFF",
    "BLACK": "000000",
    "YELLOW": "FFFF00",
    "RED": "FF0000",
    "GREEN": "00FF00",
    "BLUE": "0000FF",
}


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: seconds of the programme, and its lines."""

    start_s: Fraction
    end_s: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """How burnt-in captions look. Colours are six hexadecimal digits; opacities 0 to 255; sizes in pixels."""

    font_size: int
    color: str = "FFFFFF"
    opacity: int = 255
    outline_color: str = "000000"
    outline: int = 2
    shadow: int = 0
    background: str | None = None
    background_opacity: int = 0
    left: bool = False
    position: tuple[int, int] | None = None
    font: str = FONT


def colour(name: str, hexadecimal: str, otherwise: str) -> str:
    """The service's word for a colour as six hexadecimal digits."""
    if name == "HEX" and re.fullmatch(r"[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?", hexadecimal):
        return hexadecimal[:6].upper()
    return _COLOURS.get(name, otherwise)


def read_cues(text: str) -> tuple[Cue, ...]:
    """Cues of an SRT or WebVTT file, in its order. Raises: ValueError where it holds none, or too many."""
    found: list[Cue] = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    index = 0
    while index < len(lines):
        times = _TIMES.match(lines[index])
        index += 1
        if times is None:
            continue
        spoken = []
        while index < len(lines) and lines[index].strip():
            spoken.append(lines[index])
            index += 1
        start_s, end_s = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
        body = html.unescape(_TAG.sub("", "\n".join(spoken))).strip()[:MAX_TEXT]
        if end_s > start_s and body:
            found.append(Cue(start_s, end_s, body))
        if len(found) > MAX_CUES:
            raise ValueError(f"more than {MAX_CUES} captions")
    if not found:
        raise ValueError("no captions found: expected SRT or WebVTT")
    return tuple(found)


def _seconds(fields: tuple[str | None, ...]) -> Fraction:
    hours, minutes, seconds, thousandths = (int(field or 0) for field in fields)
    return Fraction((hours * 60 + minutes) * 60 + seconds) + Fraction(thousandths, 1000)


def shown_cues(cues: Iterable[Cue], shown: Shown, delta_s: Fraction) -> Iterator[Cue]:
    """Cues of an input's time, cut to a span, in programme time."""
    for cue in cues:
        start_s = max(cue.start_s + delta_s, shown.span.start_s)
        end_s = min(cue.end_s + delta_s, shown.span.end_s)
        if end_s > start_s:
            yield Cue(shown.programme_s(start_s), shown.programme_s(end_s), cue.text)


def srt(cues: Iterable[Cue]) -> str:
    parts = [
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(parts)


def webvtt(cues: Iterable[Cue]) -> str:
    parts = [
        f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{html.escape(cue.text, quote=False)}\n"
        for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *parts])


def _clock(at_s: Fraction, point: str) -> str:
    total = round(at_s * 1000)
    return f"{total // 3_600_000:02d}:{total // 60_000 % 60:02d}:{total // 1000 % 60:02d}{point}{total % 1000:03d}"


def ass(cues: Iterable[Cue], style: CaptionStyle, width: int, height: int) -> str:
    """A script for libass in a frame of width × height."""
    box = style.background is not None and style.background_opacity > 0
    back = _ass_colour(style.background or "000000", style.background_opacity if box else 0)
    outline = back if box else _ass_colour(style.outline_color, 255)
    fields = (
        f"Default,{style.font},{style.font_size},{_ass_colour(style.color, style.opacity)},&H000000FF,{outline},{back},"
        f"0,0,0,0,100,100,0,0,{3 if box else 1},{max(style.outline, 4 if box else 0)},{style.shadow},"
        f"{1 if style.left else 2},{width // 20},{width // 20},{height // 20},1"
    )
    place = "" if style.position is None else f"{{\\an7\\pos({style.position[0]},{style.position[1]})}}"
    events = [
        f"Dialogue: 0,{_ass_clock(cue.start_s)},{_ass_clock(cue.end_s)},Default,,0,0,0,,{place}{_ass_text(cue.text)}"
        for cue in cues
    ]
    return "\n".join(
        [
            "[Script Info]",
            "ScriptType: v4.00+",
            f"PlayResX: {width}",
            f"PlayResY: {height}",
            "WrapStyle: 0",
            "ScaledBorderAndShadow: yes",
            "",
            "[V4+ Styles]",
            _STYLE_FORMAT,
            f"Style: {fields}",
            "",
            "[Events]",
            "Format: Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text",
            *events,
            "",
        ]
    )


def _ass_colour(rgb: str, opacity: int) -> str:
    return f"&H{255 - opacity:02X}{rgb[4:6]}{rgb[2:4]}{rgb[0:2]}"


def _ass_clock(at_s: Fraction) -> str:
    total = round(at_s * 100)
    return f"{total // 360_000}:{total // 6_000 % 60:02d}:{total // 100 % 60:02d}.{total % 100:02d}"


def _ass_text(text: str) -> str:
    """Braces and backslashes would be commands; line breaks are the one command kept."""
    plain = text.replace("\\", "\u29f5").replace("{", "(").replace("}", ")")
    return plain.replace("\n", "\\N")
