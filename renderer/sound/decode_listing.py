"""FFmpeg's `framecrc` listing → codec, rate, channels and the exact number of decoded samples.

Stream 0 of the listing is the decoded sound as 1-byte PCM at the source's own rate, stream 1 the coded packets. Lines
are `stream, dts, pts, duration, size, crc`, headers `#key stream: value`: the same in FFmpeg 5.1 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Listing:
    """What a listing said so far. `samples` counts per channel; `layout` is FFmpeg's name, such as `5.1`."""

    codec: str = ""
    layout: str = ""
    sample_rate: int = 0
    channels: int = 0
    samples: int = 0

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate if self.sample_rate else 0.0


class ListingReader:
    """Collects a listing that arrives in pieces."""

    def __init__(self) -> None:
        self.listing = Listing()
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"0,"):
                self._count(line)
            elif line.startswith(b"#"):
                self._note(line.decode("ascii", "replace"))

    def _count(self, line: bytes) -> None:
        samples, size = (int(field) for field in line.split(b",")[3:5])
        self.listing.samples += samples
        self.listing.channels = size // samples if samples else self.listing.channels

    def _note(self, line: str) -> None:
        key, _, value = line[1:].partition(": ")
        match key:
            case "sample_rate 0":
                self.listing.sample_rate = int(value)
            case "channel_layout_name 0":
                self.listing.layout = value.strip()
            case "codec_id 1":
                self.listing.codec = value.strip()
            case _:
                pass
