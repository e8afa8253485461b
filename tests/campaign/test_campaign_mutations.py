"""Thousands of mutated pictures and sounds: a result or a typed error, soon, every time; the figures are printed (S11).

`STORYREEL_CAMPAIGN_S` sets how long each of the two runs lasts (default 300 s), `STORYREEL_CAMPAIGN_SEED` where the
random numbers start. A failing file is kept, and its path is in the message.
"""

from __future__ import annotations

import collections
import os
import random
import runpy
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from renderer.errors import MediaError
from renderer.media import MediaFolder, sniff_audio
from renderer.picture.intake import Intake
from renderer.sound.decode import decode_audio

pytestmark = pytest.mark.campaign

SECONDS = float(os.environ.get("STORYREEL_CAMPAIGN_S", "300"))
SEED = int(os.environ.get("STORYREEL_CAMPAIGN_SEED", "1"))
SLOW_S = 20.0


@pytest.fixture(scope="module")
def corpus():
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "hostile" / "corpus.py")))


class Figures:
    """Counts by outcome, the slowest file, and the files that behaved in a way nobody foresaw."""

    def __init__(self, folder):
        self.folder, self.counts, self.kept = folder, collections.Counter(), {}
        self.slowest = (0.0, "")
        self.reasons = collections.Counter()

    def note(self, kind, outcome, seconds, reason=""):
        self.counts[outcome] += 1
        self.slowest = max(self.slowest, (seconds, kind))
        if reason:
            self.reasons[f"{kind.split()[-1]}: {reason[:70]}"] += 1

    def keep(self, what, kind, data):
        """Keep the first file of each sort."""
        name = f"{what} ({kind})"
        if name not in self.kept:
            self.kept[name] = self.folder / f"kept-{len(self.kept)}"
            self.kept[name].write_bytes(data)

    def __str__(self):
        lines = [f"{sum(self.counts.values())} files: {dict(self.counts)}; slowest {self.slowest}"]
        lines += [f"  {count:6} {reason}" for reason, count in self.reasons.most_common(15)]
        return "\n".join([*lines, *(f"  KEPT {what}: {path}" for what, path in self.kept.items())]) + "\n"


def mutations(corpus, originals):
    """Endless (kind, mutated content)."""
    chance = random.Random(SEED)
    while True:
        kind = chance.choice(sorted(originals))
        edits = [
            (chance.choice(corpus.EDITS), chance.random() ** chance.choice((1, 1, 4)), chance.randrange(256))
            for _ in range(chance.choice((1, 1, 2, 3, 6)))
        ]
        data = corpus.mutated(originals[kind], edits)
        yield kind, corpus.with_right_sums(data) if "png" in kind and chance.random() < 0.8 else data


def test_mutated_pictures(corpus, tmp_path, capsys):
    figures, end = Figures(tmp_path), time.monotonic() + SECONDS
    with Intake() as door:
        for kind, data in mutations(corpus, corpus.small_pictures()):
            started = time.monotonic()
            outcome, reason = picture_outcome(door, kind, data, figures)
            figures.note(kind, outcome, time.monotonic() - started, reason)
            if started > end:
                break
    report(capsys, figures)
    assert figures.slowest[0] < SLOW_S
    assert figures.kept == {}


def picture_outcome(door, kind, data, figures):
    try:
        door.facts(kind, data)
    except MediaError as error:
        if "can't be decoded within" in error.reason:
            figures.keep(f"facts: {error.reason}", kind, data)
        return "refused", error.reason
    try:
        door.still(kind, data, 16, 12)
        door.moving(kind, data, 16, 12)
        door.backdrop(kind, data, 64, 36)
    except MediaError as error:
        figures.keep(f"facts accepted, planes refused: {error.reason[:90]}", kind, data)
        return "accepted, then refused", error.reason
    return "good", ""


def test_mutated_sounds(corpus, tmp_path, make_tone, ffmpeg, capsys):
    figures, end = Figures(tmp_path), time.monotonic() + SECONDS
    for kind, data in mutations(corpus, small_sounds(tmp_path, make_tone, ffmpeg)):
        started = time.monotonic()
        (tmp_path / "sound").write_bytes(data)
        outcome, reason = sound_outcome(tmp_path, kind, data, figures)
        figures.note(kind, outcome, time.monotonic() - started, reason)
        if started > end:
            break
    report(capsys, figures)
    assert figures.slowest[0] < SLOW_S
    assert figures.kept == {}


def small_sounds(folder, make_tone, ffmpeg):
    source = make_tone(folder / "tone.wav", 0.4, channels=2, rate=44_100)
    codecs = {
        "mp3": "libmp3lame",
        "flac": "flac",
        "m4a": "aac",
        "ogg": "libvorbis",
        "opus": "libopus",
        "webm": "libopus",
    }
    for kind, codec in codecs.items():
        quiet = [ffmpeg, "-v", "error", "-y", "-i", source, "-ar", "48000", "-c:a", codec, folder / f"tone.{kind}"]
        subprocess.run(quiet, check=True)
    return {kind: (folder / f"tone.{kind}").read_bytes() for kind in ("wav", *codecs)}


def sound_outcome(folder, kind, data, figures):
    pcm = folder / "pcm"
    try:
        facts = sound_facts(folder, pcm)
    except MediaError as error:
        if pcm.exists():
            figures.keep("refused, but samples were left", kind, data)
        return "refused", error.reason
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what this run looks for)
        figures.keep(f"{type(error).__name__}: {str(error)[:200]}", kind, data)
        return "other error", type(error).__name__
    if pcm.stat().st_size != facts.samples_48k * facts.pcm_channels * 4:
        figures.keep("length of the samples differs from the facts", kind, data)
    pcm.unlink()
    return "good with a warning" if facts.warnings else "good", ""


def sound_facts(folder, pcm):
    with MediaFolder(folder).open("sound") as medium:
        kind = sniff_audio(medium.head())
        if kind is None:
            raise MediaError("sound", "not sniffed as a sound")
        return decode_audio(medium.descriptor, name="sound", format_name=kind, pcm_path=pcm, max_seconds=20)


def report(capsys, figures):
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}")
