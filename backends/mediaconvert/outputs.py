"""The output side of a job: the production MP4 (REQUIREMENTS A7, A24, A27, A29, A30) and the renditions beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.renditions import MP4_MODIFIER, POSTER_MODIFIER, THUMBNAIL_MODIFIER

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job, JobTarget
    from renderer.output import OutputFormat
    from renderer.renditions import Ladder, Rung
    from renderer.timeline.canonical import JSONValue

Inserter = Callable[[int, int], "list[JSONValue]"]
"""Width and height of an output → its InsertableImages."""

PRODUCTION_BITRATE = 3_000_000
KEYFRAME_S = 2
_AAC_KBITS = "6 8 10 12 14 16 20 24 28 32 40 48 56 64 80 96 112 128 160 192 224 256 288 320 384 448 512 576 640 768 896"
AAC_BITRATES = frozenset(int(kbit) * 1000 for kbit in [*_AAC_KBITS.split(), "1024"])
"""Service model, AacSettings.Bitrate: every other rate is refused by the service."""
_PRODUCTION_PIXELS = 1920 * 1080 * 30
_LEVEL_4_BLOCKS, _LEVEL_4_BLOCKS_A_SECOND = 8_192, 245_760
_OPUS_BITRATE = 128_000


def no_images(_width: int, _height: int) -> list[JSONValue]:
    """For strategies that insert nothing."""
    return []


@dataclass(frozen=True, slots=True)
class Outputs:
    """Builds the output groups of one story; `audio` names the selector or group, with its remix where it has one."""

    output: OutputFormat
    target: JobTarget
    story: str
    inserter: Inserter
    audio: Job

    def groups(self) -> list[JSONValue]:
        """The MP4 first, then what the preset asks for."""
        wanted = self.output.renditions
        groups: list[JSONValue] = [self._files()]
        if wanted.hls is not None:
            groups.append(self._hls(wanted.hls))
        if wanted.cmaf is not None:
            groups.append(self._cmaf(wanted.cmaf))
        if wanted.poster_s is not None:
            groups.append(
                self._capture("Poster", POSTER_MODIFIER, wanted.poster_s or Fraction(1), bool(wanted.poster_s) + 1)
            )
        if wanted.thumbnails_every_s is not None:
            groups.append(self._capture("Thumbnails", THUMBNAIL_MODIFIER, wanted.thumbnails_every_s, None))
        return groups

    def _files(self) -> JSONValue:
        outputs: list[JSONValue] = [self._mp4()]
        if self.output.renditions.webm_bitrate is not None:
            outputs.append(self._webm(self.output.renditions.webm_bitrate))
        return {
            "Name": "Complete Story Video",
            "OutputGroupSettings": self._file_group(),
            "Outputs": outputs,
        }

    def _file_group(self) -> Job:
        settings: Job = {"Destination": self.target.output_url(self.story)}
        return {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": settings}

    def _mp4(self) -> JSONValue:
        return {
            "NameModifier": MP4_MODIFIER,
            "ContainerSettings": {
                "Container": "MP4",
                "Mp4Settings": {
                    "CslgAtom": "INCLUDE",
                    "FreeSpaceBox": "EXCLUDE",
                    "MoovPlacement": "PROGRESSIVE_DOWNLOAD",
                },
            },
            "VideoDescription": self._video(self._size, self._h264(self._size, self._bitrate())),
            "AudioDescriptions": [self._sound(self._aac())],
        }

    def _webm(self, bitrate: int) -> JSONValue:
        vp9: Job = {"RateControlMode": "VBR", "Bitrate": bitrate, **self._framerate()}
        opus: Job = {"Bitrate": _OPUS_BITRATE, "Channels": 2, "SampleRate": 48000}
        return {
            "NameModifier": MP4_MODIFIER,
            "ContainerSettings": {"Container": "WEBM"},
            "VideoDescription": self._video(self._size, {"Codec": "VP9", "Vp9Settings": vp9}),
            "AudioDescriptions": [self._sound({"Codec": "OPUS", "OpusSettings": opus})],
        }

    def _hls(self, ladder: Ladder) -> JSONValue:
        settings: Job = {
            "Destination": self.target.output_url(f"{self.story}/hls/main"),
            "SegmentLength": ladder.segment_s,
            "MinSegmentLength": 0,
        }
        group: Job = {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": settings}
        linked: Job = {"OutputSettings": {"HlsSettings": {"AudioRenditionSets": "audio"}}}
        sound: Job = {"OutputSettings": {"HlsSettings": {"AudioGroupId": "audio"}}}
        return self._streams("HLS", group, "M3U8", ladder, linked=linked, sound=sound)

    def _cmaf(self, ladder: Ladder) -> JSONValue:
        settings: Job = {
            "Destination": self.target.output_url(f"{self.story}/cmaf/main"),
            "SegmentLength": ladder.segment_s,
            "FragmentLength": KEYFRAME_S,
        }
        group: Job = {"Type": "CMAF_GROUP_SETTINGS", "CmafGroupSettings": settings}
        return self._streams("CMAF", group, "CMFC", ladder, linked={}, sound={})

    def _streams(self, name: str, group: Job, box: str, ladder: Ladder, *, linked: Job, sound: Job) -> JSONValue:
        """One output for each rendition, and the sound in an output of its own."""
        container: Job = {"Container": box}
        outputs: list[JSONValue] = []
        for rung in ladder.rungs_for(*self._size):
            picture: Job = {"NameModifier": f"_{rung.lines}p", "ContainerSettings": container}
            outputs.append(picture | {"VideoDescription": self._rung(rung)} | linked)
        heard: Job = {"NameModifier": "_audio", "ContainerSettings": container}
        outputs.append(heard | {"AudioDescriptions": [self._sound(self._aac())]} | sound)
        return {"Name": name, "OutputGroupSettings": group, "Outputs": outputs}

    def _rung(self, rung: Rung) -> JSONValue:
        size = rung.size(*self._size)
        codec = self._h264(size, rung.bitrate)
        settings = codec["H264Settings"]
        closed: Job = {"GopSizeUnits": "SECONDS", "GopSize": KEYFRAME_S, "GopClosedCadence": 1}
        return self._video(size, codec | {"H264Settings": settings | closed})  # type: ignore[operator]

    def _capture(self, name: str, modifier: str, every_s: Fraction, captures: int | None) -> JSONValue:
        """JPEGs: the first frame, then one every `every_s` seconds, at most `captures`."""
        settings: Job = {"FramerateNumerator": every_s.denominator, "FramerateDenominator": every_s.numerator}
        if captures is not None:
            settings["MaxCaptures"] = captures
        codec: Job = {"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": settings | {"Quality": 90}}
        output: Job = {
            "NameModifier": modifier,
            "ContainerSettings": {"Container": "RAW"},
            "VideoDescription": self._video(self._size, codec),
        }
        return {"Name": name, "OutputGroupSettings": self._file_group(), "Outputs": [output]}

    @property
    def _size(self) -> tuple[int, int]:
        return self.output.width, self.output.height

    def _bitrate(self) -> int:
        """Production's 3 Mbit/s (A30); more than 1080p30 gets more in proportion, in steps of 0.1 Mbit/s."""
        pixels = self.output.width * self.output.height * self.output.rate
        return max(PRODUCTION_BITRATE, -int(-PRODUCTION_BITRATE * pixels / _PRODUCTION_PIXELS // 100_000) * 100_000)

    def _video(self, size: tuple[int, int], codec: Job) -> Job:
        description: Job = {
            "Width": size[0],
            "Height": size[1],
            "ScalingBehavior": "DEFAULT",
            "TimecodeInsertion": "DISABLED",
            "ColorMetadata": "INSERT",
            "CodecSettings": codec,
        }
        images = self.inserter(*size)
        if images:
            description["VideoPreprocessors"] = {"ImageInserter": {"InsertableImages": images}}
        return description

    def _h264(self, size: tuple[int, int], bitrate: int) -> Job:
        settings: Job = {"InterlaceMode": "PROGRESSIVE", "RateControlMode": "CBR", "Bitrate": bitrate}
        settings |= self._framerate()
        settings |= {
            "CodecProfile": "HIGH",
            "CodecLevel": h264_level(*size, self.output.rate),
            "QualityTuningLevel": "SINGLE_PASS",
        }
        return {"Codec": "H_264", "H264Settings": settings}

    def _framerate(self) -> Job:
        rate = self.output.rate
        return {
            "FramerateControl": "SPECIFIED",
            "FramerateNumerator": rate.numerator,
            "FramerateDenominator": rate.denominator,
        }

    def _sound(self, codec: Job) -> JSONValue:
        """Type control and source first, then the codec, then the remix: the order of the production job."""
        head: Job = {name: value for name, value in self.audio.items() if name != "RemixSettings"}
        remix: Job = {name: value for name, value in self.audio.items() if name == "RemixSettings"}
        return {**head, "CodecSettings": codec, **remix}

    def _aac(self) -> Job:
        settings: Job = {
            "Bitrate": self.output.audio.bitrate,
            "RateControlMode": "CBR",
            "CodecProfile": "LC",
            "CodingMode": "CODING_MODE_2_0",
            "SampleRate": 48000,
        }
        return {"Codec": "AAC", "AacSettings": settings}


def h264_level(width: int, height: int, rate: Fraction) -> str:
    """LEVEL_4 as in production where size and rate fit it (ITU-T H.264, table A-1), else the service's choice."""
    blocks = -(-width // 16) * -(-height // 16)
    fits = blocks <= _LEVEL_4_BLOCKS and blocks * rate <= _LEVEL_4_BLOCKS_A_SECOND
    return "LEVEL_4" if fits else "AUTO"
