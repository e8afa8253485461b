"""The critical cases that must pass, A54 to A57, each by its number, on finished and decoded videos."""

from __future__ import annotations

import itertools
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from backends.base import RunSettings
from backends.ffmpeg.backend import FFmpegBackend
from renderer.mp4_facts import playability, read_mp4_facts
from renderer.story import StoryOptions, compile_story, open_workspace

PHOTO, FIRST, SECOND = (200, 40, 60), (30, 160, 90), (40, 70, 200)
VOICE_HZ, MUSIC_HZ = 440, 1_500
MUSIC_DB = -25


def luma_of(color):
    """BT.709 limited, in floats."""
    return 16 + (np.array(color) @ [0.2126, 0.7152, 0.0722]) * 219 / 255


@pytest.fixture(scope="session")
def render_case():
    """`render_case(spec)`: renders beside the spec; returns the path of the video."""

    def render(spec):
        target, options = spec.with_suffix(".mp4"), StoryOptions(use_cache=False)
        with open_workspace(spec, options) as workspace:
            story = compile_story(spec, workspace, options)
            FFmpegBackend().run(story.timeline, story.output, workspace, RunSettings(target, 2))
        return target

    return render


@pytest.fixture(scope="session")
def planned_case():
    """`planned_case(spec)`: its timeline."""

    def plan(spec):
        with open_workspace(spec, StoryOptions()) as workspace:
            return compile_story(spec, workspace, StoryOptions()).timeline

    return plan


def pictures_of(path):
    """(frames, height, width) luma of a whole video."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
    return np.array([frame[: len(frame) * 2 // 3] for frame in frames])


def sound_of(path):
    """(samples, 2) in floats from presentation time 0."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray().T for frame in container.decode(audio=0)])


def level_db(samples, hz):
    """Peak level of one tone in dBFS, by projection."""
    wave = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / 48_000)
    return 20 * np.log10(2 * abs(np.mean(samples * wave)) + 1e-9)


@pytest.fixture(scope="session")
def branded_case(tmp_path_factory, make_image, make_tone, write_spec):
    """`branded_case(names, seconds, **overrides)`: a spec with the house brand, pictures and a voice."""

    def make(names, seconds, **overrides):
        folder = tmp_path_factory.mktemp("case")
        for name, color in zip(names, (PHOTO, FIRST, SECOND), strict=True):
            make_image(folder / name, (320, 180), color)
        make_tone(folder / "voice.wav", seconds, rate=8_000)
        images = [{"file": name, "motion": "none"} for name in names]
        return write_spec(folder, brand="stories-of-you", narration="voice.wav", images=images, **overrides)

    return make


CASES = {
    "A54 a user photo and two generated images, 120 s": (["photo.jpg", "ai-1.png", "ai-2.webp"], 120),
    "A55 three generated images, 180 s": (["ai-1.png", "ai-2.png", "ai-3.png"], 180),
}


@pytest.mark.parametrize("length", ["narration", "program"])
@pytest.mark.parametrize("case", CASES)
def test_three_images_fill_the_content_window_of_the_whole_recording(branded_case, planned_case, case, length):
    names, seconds = CASES[case]
    timeline = planned_case(branded_case(names, seconds, length=length))
    total = seconds if length == "narration" else seconds + 5
    shots = [(layer.range.start, layer.range.end) for layer in timeline.layers if layer.kind == "image"]
    share = (total - 5) * 10
    assert (timeline.frame_count, timeline.duration_s) == (total * 30, total)
    assert shots == [(90 + i * share, 90 + (i + 1) * share) for i in range(3)]


@pytest.mark.parametrize("case", CASES)
def test_cards_corner_logo_and_voice_lie_where_production_has_them(branded_case, planned_case, case):
    names, seconds = CASES[case]
    timeline = planned_case(branded_case(names, seconds))
    layers = {layer.id: layer for layer in timeline.layers}
    frames = {name: (layers[name].range.start, layers[name].range.end) for name in ("intro", "corner", "outro")}
    end = (seconds + 3) * 30
    assert frames == {"intro": (0, 90), "corner": (90, end), "outro": (end, end + 60)}
    assert (layers["corner"].opacity, layers["corner"].z, layers["outro"].z) == (80, 50, 60)
    assert (timeline.sound.tracks[0].start, timeline.sound.tracks[0].end) == (144_000, (seconds + 3) * 48_000)


@pytest.fixture(scope="session", params=["narration", "program"])
def small_video(request, branded_case, render_case):
    """Case A54 scaled down: 8 s of voice, 320 x 180; (length mode, path, luma)."""
    spec = branded_case(["photo.jpg", "ai-1.png", "ai-2.webp"], 8, length=request.param)
    path = render_case(spec)
    return request.param, path, pictures_of(path)


def test_a54_every_image_is_seen_for_its_share_to_the_frame(small_video):
    length, _, luma = small_video
    share = 30 if length == "narration" else 80
    patch = luma[:, 20:60, 20:60].mean(axis=(1, 2))
    expected = np.repeat([luma_of(color) for color in (PHOTO, FIRST, SECOND)], share)
    assert len(luma) == 3 * share + 150
    np.testing.assert_allclose(patch[90:-60], expected, atol=2.5)


def test_a54_the_last_frame_shows_the_closing_card_in_both_length_modes(small_video):
    _, _, luma = small_video
    card, last = luma[45].astype(float), luma[-1].astype(float)
    assert np.abs(card - last).mean() < 1.5
    assert luma[-61].astype(float)[40:140, 110:210].std() < 2 < last[40:140, 110:210].std()


def test_a54_the_corner_logo_is_seen_over_the_content_only(small_video):
    _, _, luma = small_video
    corner = luma[:, 140:174, 280:314].astype(float)
    content = corner[90:-60].std(axis=(1, 2))
    assert content.min() > 5
    assert max(corner[60].std(), corner[-1].std()) < content.min()


@pytest.mark.parametrize("music_channels", [1, 2], ids=["mono music", "stereo music"])
@pytest.mark.parametrize("voice_channels", [1, 2], ids=["mono voice", "stereo voice"])
def test_a56_music_lies_25_db_below_its_source_under_the_voice(
    tmp_path, make_image, make_tone, write_spec, render_case, voice_channels, music_channels
):
    make_image(tmp_path / "a.png", (64, 36))
    make_tone(tmp_path / "voice.wav", 3, VOICE_HZ, voice_channels, level_db=-12)
    make_tone(tmp_path / "bed.wav", 4, MUSIC_HZ, music_channels, level_db=-6)
    spec = write_spec(
        tmp_path, output={"width": 64, "height": 36}, images=["a.png"], narration="voice.wav", music="bed.wav"
    )
    heard = sound_of(render_case(spec))[24_000:120_000]
    voice, music = (np.array([level_db(heard[:, side], hz) for side in (0, 1)]) for hz in (VOICE_HZ, MUSIC_HZ))
    np.testing.assert_allclose(voice, -12, atol=0.3)
    np.testing.assert_allclose(music, -6 + MUSIC_DB, atol=0.3)
    assert abs(np.ptp(voice)) < 0.1
    assert abs(np.ptp(music)) < 0.1


@pytest.fixture(scope="session")
def branded_sound(branded_case, make_tone, render_case):
    """Case A54's cards around 2 s of voice, with music throughout."""
    spec = branded_case(["photo.jpg", "ai-1.png", "ai-2.webp"], 2, music="bed.wav", output={"width": 64, "height": 36})
    make_tone(spec.parent / "bed.wav", 3, MUSIC_HZ, 2, level_db=-6)
    return sound_of(render_case(spec))


@pytest.mark.parametrize(("start", "end"), [(0.1, 2.9), (3.2, 4.8), (5.2, 6.9)], ids=["opening", "content", "closing"])
def test_a56_music_runs_at_one_level_from_the_first_card_to_the_last(branded_sound, start, end):
    part = branded_sound[int(start * 48_000) : int(end * 48_000)]
    assert abs(level_db(part.mean(axis=1), MUSIC_HZ) - (-6 + MUSIC_DB)) <= 0.5


def test_a56_the_voice_is_heard_with_the_content_and_nowhere_else(branded_sound):
    levels = [
        level_db(branded_sound[start : start + 90_000].mean(axis=1), VOICE_HZ) for start in (9_600, 146_400, 243_000)
    ]
    assert abs(levels[1] + 12) <= 0.5
    assert max(levels[0], levels[2]) < -60


def test_a56_neither_side_is_silent_or_louder(branded_sound):
    rms = 20 * np.log10(np.sqrt((branded_sound[150_000:230_000] ** 2).mean(axis=0)))
    assert rms.min() > -30
    assert abs(rms[0] - rms[1]) < 0.1


@pytest.fixture(scope="session")
def phone_video(tmp_path_factory, make_image, make_tone, write_spec, render_case):
    """The default output, 1920 x 1080, 2.5 s, moving, with voice."""
    folder = tmp_path_factory.mktemp("phone")
    make_image(folder / "a.png", (640, 360), PHOTO)
    make_tone(folder / "voice.wav", 2.5)
    return render_case(write_spec(folder, output="story-1080p", images=["a.png"], narration="voice.wav"))


NESTED = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}


def boxes(content, path=""):
    """(path, payload) of every box, depth first (ISO/IEC 14496-12, 4.2)."""
    offset = 0
    while offset + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, offset)
        payload = content[offset + 8 : offset + length]
        yield f"{path}/{name.decode('latin-1')}", payload
        if name in NESTED:
            yield from boxes(payload, f"{path}/{name.decode('latin-1')}")
        offset += length


@pytest.fixture(scope="session")
def phone_boxes(phone_video):
    """Box path → payloads in file order."""
    found = {}
    for path, payload in boxes(phone_video.read_bytes()):
        found.setdefault(path, []).append(payload)
    return found


def test_a57_the_index_comes_before_the_media(phone_boxes):
    order = [path for path in phone_boxes if path.count("/") == 1]
    assert order[0] == "/ftyp"
    assert order.index("/moov") < order.index("/mdat")


def test_a57_the_picture_is_h264_high_level_4_in_4_2_0(phone_boxes):
    entry = phone_boxes["/moov/trak/mdia/minf/stbl/stsd"][0]
    record = entry[entry.index(b"avcC") + 4 :]
    assert entry[12:16] == b"avc1"
    assert (record[0], record[1], record[3]) == (1, 100, 40)
    assert struct.unpack_from(">HH", entry, 8 + 8 + 24) == (1920, 1080)


def test_a57_the_colours_are_labelled_bt709_limited(phone_boxes):
    entry = phone_boxes["/moov/trak/mdia/minf/stbl/stsd"][0]
    label = entry[entry.index(b"colr") + 4 :][:11]
    assert (label[:4], struct.unpack(">HHH", label[4:10]), label[10] >> 7) == (b"nclx", (1, 1, 1), 0)


def test_a57_the_stream_itself_says_bt709_limited(phone_video):
    with av.open(str(phone_video)) as container:
        frame = next(container.decode(video=0))
    labels = (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace)
    assert ([int(label) for label in labels], frame.format.name) == ([1, 1, 1, 1], "yuv420p")


def test_a57_the_sound_is_aac_lc_48_khz_stereo(phone_boxes):
    entry = phone_boxes["/moov/trak/mdia/minf/stbl/stsd"][1]
    channels, rate = (
        struct.unpack_from(">H", entry, 8 + 8 + 16)[0],
        struct.unpack_from(">I", entry, 8 + 8 + 24)[0] >> 16,
    )
    decoder = entry[entry.index(b"esds") :]
    config = decoder[decoder.index(b"\x05\x80\x80\x80") + 5 :]
    assert (entry[12:16], channels, rate) == (b"mp4a", 2, 48_000)
    assert (config[0] >> 3, (config[0] & 7) << 1 | config[1] >> 7, config[1] >> 3 & 15) == (2, 3, 2)


def test_a57_every_frame_lasts_exactly_one_thirtieth_of_a_second(phone_boxes):
    durations, header = phone_boxes["/moov/trak/mdia/minf/stbl/stts"][0], phone_boxes["/moov/trak/mdia/mdhd"][0]
    entries, count, length = struct.unpack_from(">III", durations, 4)
    assert (entries, count) == (1, 75)
    assert Fraction(length, struct.unpack_from(">I", header, 12)[0]) == Fraction(1, 30)


def test_a57_the_edit_lists_let_both_streams_start_at_zero(phone_boxes):
    video, audio = phone_boxes["/moov/trak/edts/elst"]
    first_shown = struct.unpack_from(">II", phone_boxes["/moov/trak/mdia/minf/stbl/ctts"][0], 8)[1]
    assert struct.unpack_from(">I", video, 4)[0] == struct.unpack_from(">I", audio, 4)[0] == 1
    assert struct.unpack_from(">Ii", video, 8) == (2_500, first_shown)
    assert struct.unpack_from(">Ii", audio, 8) == (2_500, 1_024)


def test_a57_keyframes_are_at_most_two_seconds_apart(phone_boxes):
    table = phone_boxes["/moov/trak/mdia/minf/stbl/stss"][0]
    numbers = struct.unpack_from(f">{struct.unpack_from('>I', table, 4)[0]}I", table, 8)
    assert numbers[0] == 1
    assert max(after - before for before, after in itertools.pairwise([*numbers, 76])) <= 60


def test_a57_the_programs_own_check_agrees(phone_video):
    facts = list(playability(read_mp4_facts(str(phone_video)), keyframe_frames=60))
    assert [fact.name for fact in facts if not fact.passed] == []
    assert len(facts) >= 12


def test_a57_playing_starts_with_the_first_kilobytes(phone_video):
    """A phone that has the index and the first packets shows a picture: nothing from the end is needed."""
    content = phone_video.read_bytes()
    beginning = phone_video.with_name("beginning.mp4")
    beginning.write_bytes(content[: content.index(b"mdat") + 40_000])
    with av.open(str(beginning)) as container:
        frame = next(container.decode(video=0))
    assert (frame.pts, frame.width) == (0, 1920)
