"""Contract: the mixer and pydub, which share nothing but the timeline, mix the same sound."""

from __future__ import annotations

import os
import wave
from fractions import Fraction

import numpy as np
import pytest

from backends.reference.sound import mix_with_pydub
from renderer.errors import MediaError, UnsupportedError
from renderer.sound.decode import decode_audio
from renderer.sound.mix import Mix
from renderer.timeline.model import AudioSource, EnvelopePoint, Loop, Sound, SoundTrack

RATE = 48_000
COUNT = 6 * RATE


@pytest.fixture
def media(tmp_path):
    """A mono voice of two seconds and stereo music of one and a half, as files."""
    at = np.arange(2 * RATE) / RATE
    voice = 0.4 * np.sin(2 * np.pi * 300 * at) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * at))
    music = np.stack([0.3 * np.sin(2 * np.pi * 200 * at), 0.3 * np.sin(2 * np.pi * 501 * at)], axis=1)[:72_000]
    paths = {"voice": tmp_path / "voice.wav", "music": tmp_path / "music.wav"}
    for path, samples in zip(paths.values(), (voice[:, np.newaxis], music), strict=True):
        with wave.open(str(path), "wb") as file:
            file.setparams((samples.shape[1], 2, RATE, 0, "NONE", ""))
            file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())
    return paths


def sources(media, tmp_path):
    pcm = {key: tmp_path / f"{key}.f32" for key in media}
    made = {}
    for key, path in media.items():
        descriptor = os.open(path, os.O_RDONLY)
        facts = decode_audio(descriptor, name=path.name, format_name="wav", pcm_path=pcm[key])
        os.close(descriptor)
        made[key] = AudioSource(path.name, key, facts.sample_rate, facts.channels, facts.samples)
    return made["voice"], made["music"], pcm


DUCK = tuple(EnvelopePoint(at, Fraction(db)) for at, db in ((38_400, 0), (48_000, -15), (144_000, -15), (182_400, 0)))
CASES = {
    "narration alone": lambda v, _m: (SoundTrack("narration", v, 48_000, 144_000, Fraction(0)),),
    "narration at an odd sample": lambda v, _m: (SoundTrack("narration", v, 12_347, 108_347, Fraction(-3)),),
    "bed": lambda v, m: (
        SoundTrack("narration", v, 48_000, 144_000, Fraction(0)),
        SoundTrack("music", m, 0, 72_000, Fraction(-25)),
    ),
    "loop": lambda _v, m: (SoundTrack("music", m, 0, COUNT, Fraction(-6), loop=Loop(2400)),),
    "fades": lambda _v, m: (SoundTrack("music", m, 0, COUNT, Fraction(0), 48_000, 96_000, Loop(2400)),),
    "duck": lambda v, m: (
        SoundTrack("narration", v, 48_000, 144_000, Fraction(0)),
        SoundTrack("music", m, 0, COUNT, Fraction(-2), loop=Loop(2400), envelope=DUCK),
    ),
    "silence": lambda _v, _m: (),
}


@pytest.mark.parametrize("case", CASES)
def test_both_mix_the_same(tmp_path, media, case):
    voice, music, pcm = sources(media, tmp_path)
    sound = Sound(COUNT, CASES[case](voice, music))
    ours = np.concatenate(list(Mix(sound, pcm).blocks())).astype(float)
    theirs = mix_with_pydub(sound, media).astype(float)
    assert ours.shape == theirs.shape == (COUNT, 2)
    # pydub fades in steps of 1 ms; its envelope has steps of 10 ms here, up to 0.38 dB off: 350 of 32,768.
    allowed = {"fades": 25, "duck": 350, "loop": 25}.get(case, 2)
    assert np.abs(ours - theirs).max() <= allowed
    for start in range(0, COUNT, RATE // 10):
        part = slice(start, start + RATE // 10)
        assert level(ours[part]) == pytest.approx(level(theirs[part]), abs=0.1)


def level(samples):
    return 10 * np.log10(np.maximum((samples**2).mean(axis=0), 1.0))


def test_what_pydub_can_not_do_is_refused_while_planning(tmp_path, media):
    _, music, _ = sources(media, tmp_path)
    surround = AudioSource("s.wav", "music", RATE, 6, 100)
    for track in (
        SoundTrack("music", surround, 0, 100, Fraction(0)),
        SoundTrack("music", music, 0, 100, Fraction(0), fade_in=47),
    ):
        with pytest.raises(UnsupportedError, match="not supported by reference"):
            mix_with_pydub(Sound(COUNT, (track,)), media)


def test_a_missing_file_is_a_media_error(tmp_path, media):
    voice, _, _ = sources(media, tmp_path)
    track = SoundTrack("narration", voice, 0, 100, Fraction(0))
    with pytest.raises(MediaError, match="can't be opened"):
        mix_with_pydub(Sound(100, (track,)), {"voice": tmp_path / "gone.wav"})
