"""The WAV writer, read back by the standard library and by FFmpeg."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from sound_material import decode

from renderer.errors import OutputError
from renderer.sound.wav import MAX_SAMPLES, wav_header, write_wav

SAMPLES = np.random.default_rng(1).integers(-32768, 32768, (10_007, 2)).astype(np.int16)


class OnlyForward(io.RawIOBase):
    """A pipe: it can be written, not sought."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data
        return len(data)


def written(blocks, count):
    stream = OnlyForward()
    assert write_wav(stream, blocks, sample_count=count) == len(stream.data)
    return bytes(stream.data)


def test_a_file_reads_back_sample_for_sample(tmp_path):
    (tmp_path / "a.wav").write_bytes(written(np.array_split(SAMPLES, 7), len(SAMPLES)))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:4] == (2, 2, 48_000, len(SAMPLES))
        assert file.readframes(20_000) == SAMPLES.tobytes()
    assert np.array_equal(decode(tmp_path / "a.wav")[1] * 32768, SAMPLES)


def test_an_empty_programme_is_a_valid_file():
    data = written([], 0)
    assert len(data) == 44
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() == 0


@pytest.mark.parametrize("count", [10_006, 10_008], ids=["too many", "too few"])
def test_another_number_of_samples_than_planned_is_refused(count):
    with pytest.raises(OutputError, match=f"has 10007 samples where {count} were planned"):
        written([SAMPLES], count)


def test_more_than_four_gigabytes_are_refused():
    assert len(wav_header(MAX_SAMPLES)) == 44
    with pytest.raises(OutputError, match="at most"):
        wav_header(MAX_SAMPLES + 1)
