"""AudioDescriptions → sound parts: which channels of which files, remixed on both levels, how loud."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.faults import UNSUPPORTED_TOGETHER, JobFailure
from backends.mediaconvert.service.translate.plan import Loudness, SoundPart, SourceTracks
from backends.mediaconvert.service.translate.timing import milliseconds
from backends.mediaconvert.service.unknowns import MISSING_TRACK_CODE, NORMALISATION_PEAK_DB
from renderer.timebase import SAMPLE_RATE, sample_at_frame

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.inputs import InputPlan
    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.programme import Shown
    from backends.mediaconvert.service.translate.reader import Reader
    from renderer.container_facts import AudioTrack

Matrix = tuple[tuple[float, ...], ...]
DEFAULT_SOURCE = "Audio Selector 1"
MUTE_DB = -60
_HALF_POWER = 2**-0.5
GROUP_TEXT = "Failed to start pipeline [Audio selector groups cannot combine audio sources that have different codecs.]"
TRACK_TEXT = "Invalid audio track specified for audio_selector [{}]. Audio track [{}] not found in input container."


class SoundChooser:
    """Finds the sound of each input by the name that an output asks for."""

    def __init__(self, media: MediaFacts) -> None:
        self._media = media
        self.warnings: list[str] = []

    def parts(self, source_name: str, shown: tuple[Shown, ...], rate: Fraction) -> tuple[SoundPart, ...]:
        """One part for each span, ending where its frames end. Raises: JobFailure."""
        found = []
        for span in shown:
            start, end = (sample_at_frame(frame, rate) for frame in (span.frames.start, span.frames.end))
            found.append(SoundPart(self._sources(source_name, span), end - start))
        return tuple(found)

    def _sources(self, name: str, shown: Shown) -> tuple[SourceTracks, ...]:
        source = shown.source
        selectors = source.settings.entries("AudioSelectors")
        groups = source.settings.entries("AudioSelectorGroups")
        if source.generated and not selectors:
            return ()
        if name in groups:
            return self._group(groups[name], selectors, shown)
        if name in selectors:
            return self._selected(name, selectors[name], shown)
        for other, selector in selectors.items():
            if selector.text("DefaultSelection") == "DEFAULT":
                self._warn(f"{source.settings.pointer}: has no audio selector {name!r}; its default {other!r} is used")
                return self._selected(other, selector, shown)
        self._warn(f"{source.settings.pointer}: has no audio selector {name!r} and no default: silence")
        return ()

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)

    def _group(self, group: Reader, selectors: dict[str, Reader], shown: Shown) -> tuple[SourceTracks, ...]:
        """Selectors side by side (`unknowns.GROUP_ORDER`); sources of one group share a codec."""
        found: list[SourceTracks] = []
        codecs = set()
        for name in group.texts("AudioSelectorNames"):
            for source in self._selected(name, selectors[name], shown):
                found.append(source)
                codecs |= {self._track(source.url, track).codec for track in source.tracks}
        if len({"pcm" if codec.startswith("pcm") else codec for codec in codecs}) > 1:
            raise JobFailure(UNSUPPORTED_TOGETHER, GROUP_TEXT)
        return tuple(found)

    def _track(self, url: str, track: int) -> AudioTrack:
        return self._media.container(url).audios[track]

    def _selected(self, name: str, selector: Reader, shown: Shown) -> tuple[SourceTracks, ...]:
        source = shown.source
        selector.text("DefaultSelection")
        external = selector.text("ExternalAudioFileInput")
        url = external or source.url
        if url is None:
            return ()
        facts = self._media.container(url)
        tracks = _tracks(name, selector, facts.audios)
        if not tracks:
            self._warn(f"{selector.pointer}: the source has no sound: silence")
            return ()
        offset_s = milliseconds(selector.whole("Offset") or 0)
        begins_s = shown.span.start_s - offset_s
        if not external:
            begins_s += _picture_start(source)
        channels = sum(facts.audios[track].channels for track in tracks)
        matrix = remix_matrix(selector.node("RemixSettings"), channels, self.warnings)
        return (SourceTracks(url, tracks, begins_s, channels, matrix),)


def _picture_start(source: InputPlan) -> Fraction:
    """Where the first picture lies after the file's start: the sound keeps its distance from it."""
    if source.video is None or source.facts is None:
        return Fraction(0)
    return source.video.start_s - source.facts.start_s


def _tracks(name: str, selector: Reader, audios: list[AudioTrack]) -> tuple[int, ...]:
    """Places of the chosen tracks among the file's sound tracks. Raises: JobFailure for one that is not there."""
    kind = selector.text("SelectorType", "TRACK")
    selector.whole("ProgramSelection")
    if kind == "LANGUAGE_CODE":
        wanted = (selector.text("LanguageCode") or selector.text("CustomLanguageCode")).lower()
        return tuple(place for place, track in enumerate(audios) if track.language == wanted)
    if kind == "PID":
        pids = selector.wholes("Pids")
        return tuple(place for place, track in enumerate(audios) if track.identifier in pids)
    numbers = selector.wholes("Tracks")
    for number in numbers:
        if number > len(audios):
            number_in_name = name.rpartition(" ")[2] if name.startswith("Audio Selector") else name
            raise JobFailure(MISSING_TRACK_CODE, TRACK_TEXT.format(number_in_name, number))
    return tuple(number - 1 for number in numbers) or ((0,) if audios else ())


def remix_matrix(settings: Reader, channels: int, warnings: list[str]) -> Matrix | None:
    """Factors for each output channel; None without remix (`unknowns.FEWER_CHANNELS_IN`)."""
    rows = settings.node("ChannelMapping").nodes("OutputChannels")
    channels_in = settings.whole("ChannelsIn")
    settings.whole("ChannelsOut")
    if not rows:
        return None
    if channels_in is not None and channels_in < channels:
        message = f"{settings.place('ChannelsIn')}: {channels_in} of {channels} channels are used, the rest is dropped"
        if message not in warnings:
            warnings.append(message)
    found = []
    for row in rows:
        levels = row.numbers("InputChannelsFineTune") or [float(level) for level in row.wholes("InputChannels")]
        factors = [0.0 if level <= MUTE_DB else 10 ** (level / 20) for level in levels[:channels]]
        found.append(tuple(factors + [0.0] * (channels - len(factors))))
    return tuple(found)


def folded(channels: int, wanted: int) -> Matrix:
    """From so many channels to so many, where no remix says how: mono to both sides, 5.1 by ITU-R BS.775."""
    identity = tuple(tuple(float(i == o) for i in range(channels)) for o in range(wanted))
    if channels in (wanted, 0):
        return identity
    if wanted == 1:
        return (tuple(1 / channels for _ in range(channels)),)
    if channels == 1:
        return tuple((1.0,) if out < 2 else (0.0,) for out in range(wanted))
    if channels == 6 and wanted == 2:
        half = _HALF_POWER
        return ((1.0, 0.0, half, 0.0, half, 0.0), (0.0, 1.0, half, 0.0, 0.0, half))
    return identity


def loudness_of(description: Reader) -> Loudness | None:
    """What AudioNormalizationSettings ask for."""
    settings = description.node("AudioNormalizationSettings")
    algorithm = settings.text("Algorithm", "ITU_BS_1770_2")
    target = settings.number("TargetLkfs")
    control = settings.text("AlgorithmControl", "CORRECT_AUDIO")
    peak = settings.number("TruePeakLimiterThreshold")
    settings.text("PeakCalculation")
    if not description.has("AudioNormalizationSettings") or control == "MEASURE_ONLY":
        return None
    gated = algorithm != "ITU_BS_1770_1"
    default = -23.0 if gated else -24.0
    return Loudness(
        default if target is None else target, float(NORMALISATION_PEAK_DB) if peak is None else peak, gated
    )


def silent_samples(parts: tuple[SoundPart, ...], media: MediaFacts) -> tuple[Fraction, Fraction]:
    """Seconds of silence added after sounds that end early, and of sound dropped that runs on: the largest of each."""
    added, dropped = Fraction(0), Fraction(0)
    for part in parts:
        length_s = Fraction(part.samples, SAMPLE_RATE)
        for source in part.sources:
            facts = media.container(source.url)
            end_s = max(facts.audios[track].end_s for track in source.tracks) - facts.start_s - source.begins_s
            added, dropped = max(added, length_s - end_s), max(dropped, end_s - length_s)
    return added, dropped
