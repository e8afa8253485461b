"""RFC 6381 codec strings for manifests, from what the encoders were told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.mp4_facts import h264_level

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.plan import OutputPlan, PicturePlan

_PROFILES = {"baseline": "42E0", "main": "4D40", "high": "6400"}
_SOUNDS = {"aac": "mp4a.40.2", "ac3": "ac-3", "eac3": "ec-3", "libopus": "opus", "libmp3lame": "mp4a.40.34"}


def codec_string(plan: OutputPlan) -> str:
    """The codecs of an output, comma-separated."""
    found = [] if plan.picture is None else [_picture(plan.picture)]
    found += [_SOUNDS.get(str(sound.arguments.get("acodec")), "mp4a.40.2") for sound in plan.sounds]
    return ",".join(found)


def _picture(picture: PicturePlan) -> str:
    timeline = picture.timeline
    level = str(picture.arguments.get("level:v") or h264_level(timeline.width, timeline.height, timeline.rate))
    number = round(float(level) * 10)
    match picture.codec:
        case "H_264":
            return f"avc1.{_PROFILES.get(str(picture.arguments.get('profile:v')), '6400')}{number:02X}"
        case "H_265":
            return f"hvc1.1.6.L{number * 3}.B0"
        case "AV1":
            return "av01.0.08M.08"
        case "VP9":
            return "vp09.00.40.08"
        case _:
            return "avc1"
