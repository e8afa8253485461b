"""A video that is not what was planned is thrown away with an OutputError, and the file that was there before stays."""

from __future__ import annotations

import io
import os
from fractions import Fraction

import av
import pytest

from backends.ffmpeg import backend, encode, mux, run, verify
from renderer.errors import OutputError, ToolError
from renderer.ffmpeg_process import live_children

KEPT = b"the previous good video"


@pytest.fixture
def two_shots(tmp_path, make_image, make_tone, write_spec):
    """A spec of two half-second shots with sound, and a target where a file lies already."""
    make_image(tmp_path / "a.png", (64, 36), (200, 40, 60))
    make_image(tmp_path / "b.png", (64, 36), (40, 60, 200))
    make_tone(tmp_path / "voice.wav", 1)
    spec = write_spec(tmp_path, output={"width": 64, "height": 36}, images=["a.png", "b.png"], narration="voice.wav")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "story.mp4").write_bytes(KEPT)
    return spec


@pytest.fixture
def refused(two_shots, run_story):
    """`refused(error=OutputError)`: renders, expects `error`, and that nothing but the previous file is there."""

    def expect(error=OutputError, *, full=False):
        target = two_shots.parent / "out" / "story.mp4"
        with pytest.raises(error) as caught:
            run_story(two_shots, target, full=full)
        assert [path.name for path in target.parent.iterdir()] == ["story.mp4"]
        assert target.read_bytes() == KEPT
        assert live_children() == 0
        return str(caught.value)

    return expect


@pytest.fixture
def program(monkeypatch):
    """Pictures are encoded by FFmpeg's program, as with `STORYREEL_FFMPEG`."""
    monkeypatch.setattr("backends.ffmpeg.encode.in_process", lambda: False)


@pytest.fixture(params=["library", "program"])
def either_encoder(request):
    """Both ways to encode, one after the other."""
    if request.param == "program":
        request.getfixturevalue("program")


def after_join(monkeypatch, spoil):
    """Let `spoil(url)` loose on every file between writing and verifying."""
    real = mux.join

    def join(segments, sound, target, **how):
        digests = real(segments, sound, target, **how)
        spoil(target)
        return digests

    monkeypatch.setattr(backend, "join", join)


def flip_byte(url, place):
    with open(url, "r+b") as file:  # noqa: PTH123
        file.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x10]))


def size_of(url):
    return os.stat(url).st_size  # noqa: PTH116


def middle_of_data(path):
    """A place in the middle of the media data box."""
    content = path.read_bytes()
    start = content.index(b"mdat")
    length = int.from_bytes(content[start - 4 : start], "big")
    return start + length // 2


def without_faststart(url):
    """Write the same packets again with the index at the end."""
    with open(url, "rb") as file:  # noqa: PTH123
        content, plain = io.BytesIO(file.read()), io.BytesIO()
    with av.open(content) as source, av.open(plain, "w", format="mp4") as target:
        streams = [target.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                target.mux(packet)
    with open(url, "r+b") as file:  # noqa: PTH123
        file.truncate(0)
        file.write(plain.getvalue())


def test_a_good_run_takes_the_place_of_the_previous_file(two_shots, run_story):
    target = two_shots.parent / "out" / "story.mp4"
    result = run_story(two_shots, target)
    assert target.read_bytes()[4:8] == b"ftyp"
    assert all(check.passed for check in result.checks)


def test_a_file_cut_short_is_refused(monkeypatch, refused):
    after_join(monkeypatch, lambda url: os.truncate(url, size_of(url) * 2 // 3))
    assert "cut off" in refused()


def test_an_empty_file_is_refused(monkeypatch, refused):
    after_join(monkeypatch, lambda url: os.truncate(url, 0))
    refused()


def test_a_flipped_byte_in_the_finished_file_is_refused(monkeypatch, refused):
    after_join(monkeypatch, lambda url: flip_byte(url, -40))
    assert "packets" in refused()


def test_an_index_at_the_end_is_refused(monkeypatch, refused):
    after_join(monkeypatch, without_faststart)
    assert "moov first" in refused()


@pytest.mark.parametrize(("kind", "named"), [("_video_packets", "video packets"), ("_audio_packets", "audio packets")])
def test_a_packet_lost_on_its_way_to_the_file_is_refused(monkeypatch, refused, kind, named):
    real = getattr(mux, kind)
    monkeypatch.setattr(mux, kind, lambda *given, **how: (p for i, p in enumerate(real(*given, **how)) if i != 7))
    assert named in refused()


@pytest.mark.usefixtures("either_encoder")
def test_a_frame_that_was_never_encoded_is_refused(monkeypatch, refused):
    def encode_one_less(output, target, frames, **how):
        next(frames)
        return real(output, target, frames, **how)

    real = run.encode_segment
    monkeypatch.setattr(run, "encode_segment", encode_one_less)
    assert "planned are 15" in refused()


def test_sound_that_ends_early_is_refused(monkeypatch, refused):
    class HalfMix:
        def __init__(self, mix):
            self._mix = mix

        def blocks(self):
            return (block[: len(block) // 2] for block in self._mix.blocks())

    real = run.encode_sound
    monkeypatch.setattr(run, "encode_sound", lambda argv, mix, **how: real(argv, HalfMix(mix), **how))
    assert "sound and picture end together" in refused()


def test_sound_that_starts_late_is_refused(monkeypatch, refused):
    real = mux._audio_packets

    def later(*given):
        for packet in real(*given):
            packet.pts, packet.dts = packet.pts + 4_800, packet.dts + 4_800
            yield packet

    monkeypatch.setattr(mux, "_audio_packets", later)
    refused()


def test_pictures_that_start_late_are_refused(monkeypatch, refused):
    real = mux._frame
    monkeypatch.setattr(mux, "_frame", lambda time, unit: real(time, unit) + 3)
    refused()


def test_missing_colour_labels_are_refused(monkeypatch, refused):
    monkeypatch.setattr(encode, "COLOUR", {})
    assert "colour labels" in refused()


@pytest.mark.usefixtures("program")
def test_missing_colour_labels_of_a_program_are_refused(monkeypatch, refused):
    real = encode.segment_argv

    def unlabelled(output, target):
        argv = real(output, target)
        place = argv.index("-filter_complex")
        return [*argv[:place], *argv[place + 4 :]]

    monkeypatch.setattr(encode, "segment_argv", unlabelled)
    assert "colour labels" in refused()


def test_a_byte_flipped_in_a_verified_segment_is_refused(monkeypatch, refused):
    def verify_then_spoil(path, frame_count, **how):
        packets = real(path, frame_count, **how)
        flip_byte(path, middle_of_data(path))
        return packets

    real = verify.verify_segment
    monkeypatch.setattr(run, "verify_segment", verify_then_spoil)
    refused()


def zero_the_data(path):
    """Overwrite the media data box of a small MP4 with zeros."""
    content = path.read_bytes()
    start = content.index(b"mdat") + 4
    length = int.from_bytes(content[start - 8 : start - 4], "big") - 8
    path.write_bytes(content[:start] + bytes(length) + content[start + length :])


@pytest.mark.usefixtures("either_encoder")
def test_a_segment_that_does_not_decode_is_refused(monkeypatch, refused):
    def encode_then_spoil(output, target, frames, **how):
        born = real(output, target, frames, **how)
        zero_the_data(target)
        return born

    real = run.encode_segment
    monkeypatch.setattr(run, "encode_segment", encode_then_spoil)
    refused()


def test_one_byte_that_is_not_what_left_the_encoder_is_refused(monkeypatch, refused):
    """In the last packet, in the middle of a picture's data: most decoders show it without a word."""

    def encode_then_spoil(output, target, frames, **how):
        born = real(output, target, frames, **how)
        flip_byte(target, middle_of_data(target))
        return born

    real = run.encode_segment
    monkeypatch.setattr(run, "encode_segment", encode_then_spoil)
    monkeypatch.setattr(verify, "_decoded_times", lambda *_: [0, 14])
    assert "does not hold what its encoder made" in refused()


def test_an_encoder_of_the_library_that_fails_is_an_output_error(monkeypatch, refused):
    real = encode.x264_options
    monkeypatch.setattr(encode, "x264_options", lambda output: real(output) | {"preset": "no such preset"})
    assert "can't encode segment" in refused()


def spoken_encoder(monkeypatch, script):
    """Put a shell script before the encoder; `"$@"` is the encoder's own command."""
    real = encode.segment_argv
    monkeypatch.setattr(
        encode, "segment_argv", lambda output, target: ["/bin/sh", "-c", script, "sh", *real(output, target)]
    )


@pytest.mark.usefixtures("program")
def test_an_encoder_that_fails_is_a_tool_error_with_what_it_said(monkeypatch, refused):
    spoken_encoder(monkeypatch, "echo no room left >&2; exit 3")
    assert "no room left" in refused(ToolError)


@pytest.mark.usefixtures("program")
def test_an_encoder_that_complains_is_a_tool_error_though_it_exits_with_0(monkeypatch, refused):
    spoken_encoder(monkeypatch, '"$@"; echo "Error writing trailer: No space left on device" >&2; exit 0')
    assert "No space left" in refused(ToolError)


@pytest.mark.usefixtures("program")
def test_an_encoder_that_writes_nothing_is_refused_though_it_exits_with_0(monkeypatch, refused):
    spoken_encoder(monkeypatch, "cat > /dev/null; exit 0")
    refused()


def test_full_verification_decodes_everything_and_says_so(two_shots, run_story):
    result = run_story(two_shots, two_shots.parent / "full.mp4", full=True)
    assert [(check.name, check.found) for check in result.checks][-1] == ("decodes wholly", "30")


def test_without_full_verification_nothing_is_claimed_about_decoding(two_shots, run_story):
    result = run_story(two_shots, two_shots.parent / "quick.mp4")
    assert "decodes wholly" not in {check.name for check in result.checks}


def test_full_verification_refuses_a_picture_that_does_not_decode(monkeypatch, refused):
    def verify_then_spoil(path, frame_count, **how):
        real(path, frame_count, **how)
        content = bytearray(path.read_bytes())
        middle = middle_of_data(path)
        content[middle - 40 : middle + 40] = bytes(80)
        path.write_bytes(content)

    real = verify.verify_segment
    monkeypatch.setattr(run, "verify_segment", verify_then_spoil)
    refused(full=True)


def test_a_title_with_any_character_reaches_the_file(tmp_path, make_image, write_spec, run_story):
    make_image(tmp_path / "a.png", (64, 36))
    title = "Ein Märchen; \"zitiert\" = 'ja' \\ # 🦉"
    spec = write_spec(tmp_path, title=title, images=[{"file": "a.png", "hold": "0.5s"}])
    run_story(spec, tmp_path / "titled.mp4")
    with av.open(str(tmp_path / "titled.mp4")) as container:
        assert container.metadata["title"] == title
        assert container.duration == Fraction(av.time_base, 2)
