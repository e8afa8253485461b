"""Author times, rates, timecodes and ranges; and that only boundaries are rounded."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.timebase import (
    TIME_FORMS,
    FrameRange,
    Time,
    format_rate,
    format_timecode,
    frames_covering,
    nominal_rate,
    parse_rate,
    parse_time,
    round_boundary,
    sample_at_frame,
    share_boundaries,
)

NTSC = Fraction(30000, 1001)
RATES = (Fraction(24), Fraction(25), Fraction(30), NTSC, Fraction(60), Fraction(24000, 1001), Fraction(25, 2))

rates = st.sampled_from(RATES)
windows = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(
    lambda edges: FrameRange(edges[0], edges[0] + edges[1])
)
weights = st.lists(st.fractions(Fraction(1, 100), 100, max_denominator=1000), min_size=1, max_size=40)

TIMES = {
    "whole seconds": (6, Time("seconds", Fraction(6))),
    "nothing": (0, Time("seconds")),
    "a float is its decimal text": (0.1, Time("seconds", Fraction(1, 10))),
    "a small float in exponent form": (1e-07, Time("seconds", Fraction(1, 10_000_000))),
    "an exact fraction": (Fraction(1, 3), Time("seconds", Fraction(1, 3))),
    "seconds with their unit": ("6s", Time("seconds", Fraction(6))),
    "decimal seconds": ("2.5s", Time("seconds", Fraction(5, 2))),
    "no digit before the point": (".5s", Time("seconds", Fraction(1, 2))),
    "no digit after the point": ("5.", Time("seconds", Fraction(5))),
    "a number in quotes": ("2.5", Time("seconds", Fraction(5, 2))),
    "milliseconds": ("1500ms", Time("seconds", Fraction(3, 2))),
    "a space before the unit, and around": (" 6 s ", Time("seconds", Fraction(6))),
    "frames": ("90f", Time("frames", frames=90)),
    "frames with a decimal point": ("2.0f", Time("frames", frames=2)),
    "a timecode": ("00:01:02:15", Time("timecode", Fraction(62), 15)),
    "the last timecode of a day": ("23:59:59:29", Time("timecode", Fraction(86_399), 29)),
}

NO_TIME = f"expected a time ({TIME_FORMS}), found "
REFUSED_TIMES = {
    "negative number": (-1, f"expected a time of at least 0 ({TIME_FORMS}), found -1"),
    "negative text": ("-1s", NO_TIME + "'-1s'"),
    "not a number": (float("nan"), f"expected a time of at least 0 ({TIME_FORMS}), found nan"),
    "empty text": ("", NO_TIME + "''"),
    "a word": ("soon", NO_TIME + "'soon'"),
    "unit in capitals": ("6S", NO_TIME + "'6S'"),
    "minutes": ("6m", NO_TIME + "'6m'"),
    "exponent in text": ("1e3", NO_TIME + "'1e3'"),
    "two fields": ("1:30", NO_TIME + "'1:30'"),
    "drop-frame timecode": ("00:00:10;02", NO_TIME + "'00:00:10;02'"),
    "broken frames": ("1.5f", "frames are whole, found '1.5f'"),
    "sixty seconds": ("00:00:60:00", "minutes and seconds of a timecode end at 59, found '00:00:60:00'"),
    "sixty minutes": ("00:60:00:00", "minutes and seconds of a timecode end at 59, found '00:60:00:00'"),
    "a long text": ("9" * 33, NO_TIME + "a text of 33 characters"),
    "true": (True, NO_TIME + "true/false"),
    "nothing": (None, NO_TIME + "nothing"),
    "a list": ([6], NO_TIME + "a list"),
    "a mapping": ({"s": 6}, NO_TIME + "a mapping"),
}


@pytest.mark.parametrize(("written", "expected"), TIMES.values(), ids=TIMES)
def test_a_time_is_read_exactly(written, expected):
    assert parse_time(written) == expected


@pytest.mark.parametrize(("written", "message"), REFUSED_TIMES.values(), ids=REFUSED_TIMES)
def test_what_is_no_time_is_refused_with_what_is(written, message):
    with pytest.raises(ValueError) as refused:
        parse_time(written)
    assert str(refused.value) == message


AT_RATE = {
    "seconds at 30": ("2.5s", Fraction(30), Fraction(5, 2), 75),
    "seconds at NTSC lie between frames": ("2.5s", NTSC, Fraction(5, 2), 75),
    "a half goes up": ("50ms", Fraction(30), Fraction(1, 20), 2),
    "frames at NTSC": ("30f", NTSC, Fraction(1001, 1000), 30),
    "timecode at 25": ("00:00:01:24", Fraction(25), Fraction(49, 25), 49),
    "timecode at NTSC counts thirty a second": ("00:01:00:00", NTSC, Fraction(1800 * 1001, 30000), 1800),
}


@pytest.mark.parametrize(("written", "rate", "seconds", "frame"), AT_RATE.values(), ids=AT_RATE)
def test_a_time_becomes_exact_seconds_and_the_nearest_frame(written, rate, seconds, frame):
    time = parse_time(written)
    assert (time.to_seconds(rate), time.to_frame(rate)) == (seconds, frame)


@pytest.mark.parametrize(("rate", "frames"), [(Fraction(24), 24), (Fraction(25), 25), (NTSC, 30), (Fraction(60), 60)])
def test_a_frame_field_that_the_rate_does_not_have_is_refused(rate, frames):
    assert parse_time(f"00:00:00:{frames - 1}").to_frame(rate) == frames - 1
    with pytest.raises(ValueError, match=f"frame field {frames} does not exist at {rate} frames per second"):
        parse_time(f"00:00:00:{frames}").to_seconds(rate)


GOOD_RATES = {
    "text": ("30", Fraction(30)),
    "number": (25, Fraction(25)),
    "float without fraction": (30.0, Fraction(30)),
    "NTSC film": ("24000/1001", Fraction(24000, 1001)),
    "NTSC": ("30000/1001", NTSC),
    "half": ("12.5", Fraction(25, 2)),
    "slowest": ("1", Fraction(1)),
    "fastest": ("120", Fraction(120)),
    "spaces around": (" 30 ", Fraction(30)),
}
EXPECTED_RATE = 'expected a frame rate such as "30" or "30000/1001", found '
REFUSED_RATES = {
    "decimal film": (23.98, '23.98 is not exact: write "24000/1001"'),
    "decimal film, three places": ("23.976", '23.976 is not exact: write "24000/1001"'),
    "decimal NTSC": ("29.97", '29.97 is not exact: write "30000/1001"'),
    "decimal double NTSC": (59.94, '59.94 is not exact: write "60000/1001"'),
    "zero": (0, "expected 1 to 120 frames per second, found 0"),
    "just too slow": ("0.999", "expected 1 to 120 frames per second, found 0.999"),
    "just too fast": ("120001/1000", "expected 1 to 120 frames per second, found 120001/1000"),
    "divided by zero": ("30/0", EXPECTED_RATE + "'30/0'"),
    "negative": (-30, EXPECTED_RATE + "'-30'"),
    "with a unit": ("30fps", EXPECTED_RATE + "'30fps'"),
    "two points": ("30.0.0", EXPECTED_RATE + "'30.0.0'"),
    "more digits than any rate has": ("3" * 7, EXPECTED_RATE + "'3333333'"),
    "not a number": (float("nan"), EXPECTED_RATE + "'nan'"),
    "true": (True, EXPECTED_RATE + "true/false"),
    "a list": ([30], EXPECTED_RATE + "a list"),
}


@pytest.mark.parametrize(("written", "expected"), GOOD_RATES.values(), ids=GOOD_RATES)
def test_a_rate_is_read_exactly(written, expected):
    assert parse_rate(written) == expected


@pytest.mark.parametrize(("written", "message"), REFUSED_RATES.values(), ids=REFUSED_RATES)
def test_what_is_no_rate_is_refused_with_what_is(written, message):
    with pytest.raises(ValueError) as refused:
        parse_rate(written)
    assert str(refused.value) == message


@pytest.mark.parametrize("written", ["30/00", "30000/000000"])
def test_a_rate_over_several_zeros_is_refused_as_over_one(written):
    with pytest.raises(ValueError, match="expected a frame rate"):
        parse_rate(written)


@pytest.mark.parametrize("written", ["29.970", "59.940", "23.9760"])
def test_a_decimal_ntsc_rate_is_refused_with_any_number_of_zeros(written):
    with pytest.raises(ValueError, match="is not exact: write"):
        parse_rate(written)


@given(st.text("0123456789/.:msf ", max_size=12) | st.text() | st.floats() | st.integers() | st.none())
def test_any_value_is_a_time_and_a_rate_or_refused_by_a_value_error(value):
    with contextlib.suppress(ValueError):
        assert parse_time(value).to_seconds(NTSC) >= 0
    with contextlib.suppress(ValueError):
        assert 1 <= parse_rate(value) <= 120


@given(windows, weights)
def test_shares_have_no_gap_no_overlap_and_an_exact_sum(window, weights):
    shares = share_boundaries(window, weights)
    edges = [window.start, *(share.end for share in shares)]
    assert [share.start for share in shares] == edges[:-1]
    assert edges == sorted(edges)
    assert edges[-1] == window.end
    assert sum(map(len, shares)) == len(window)


@given(windows, weights)
def test_a_share_differs_from_the_exact_one_by_less_than_a_frame(window, weights):
    for share, weight in zip(share_boundaries(window, weights), weights, strict=True):
        exact = Fraction(len(window)) * weight / sum(weights)
        assert abs(len(share) - exact) < 1


@given(windows, st.integers(1, 40))
def test_equal_shares_differ_by_one_frame_at_most(window, count):
    lengths = [len(share) for share in share_boundaries(window, [1] * count)]
    assert max(lengths) - min(lengths) <= 1


@given(windows, weights, st.fractions(Fraction(1, 50), 50, max_denominator=50))
def test_shares_depend_on_proportions_alone(window, weights, factor):
    assert share_boundaries(window, weights) == share_boundaries(window, [weight * factor for weight in weights])


def test_seven_images_over_115_s_fill_3450_frames_that_rounded_durations_miss():
    shares = share_boundaries(FrameRange(90, 90 + 3450), [1] * 7)
    assert sum(map(len, shares)) == 3450
    assert 7 * round_boundary(Fraction(115, 7), Fraction(30)) == 3451


def test_a_hundred_shots_of_two_and_a_half_seconds_last_what_the_clock_says():
    edges = [round_boundary(Fraction(5, 2) * number, NTSC) for number in range(101)]
    assert edges[-1] == 7493
    assert 100 * round_boundary(Fraction(5, 2), NTSC) == 7500


@given(st.fractions(0, 10_000), rates)
def test_a_boundary_is_at_most_half_a_frame_off(seconds, rate):
    assert -Fraction(1, 2) < round_boundary(seconds, rate) - seconds * rate <= Fraction(1, 2)


@given(st.integers(0, 10**7), st.sampled_from([8000, 44_100, 48_000, 96_000]), rates)
def test_a_voice_is_covered_by_the_fewest_frames(samples, sample_rate, rate):
    frames, seconds = frames_covering(samples, sample_rate, rate), Fraction(samples, sample_rate)
    assert frames / rate >= seconds
    assert frames == 0 or (frames - 1) / rate < seconds


@given(st.integers(0, 10**6), rates)
def test_a_frame_starts_at_the_first_sample_not_before_it(frame, rate):
    sample = sample_at_frame(frame, rate)
    assert (sample - 1) < frame / rate * 48_000 <= sample
    assert sample_at_frame(frame + 1, rate) > sample


@pytest.mark.parametrize(
    ("frame", "rate", "timecode"),
    [(0, 30, "00:00:00:00"), (1240, 30, "00:00:41:10"), (2390, 30, "00:01:19:20"), (3540, 30, "00:01:58:00")],
    ids=["start", "second image", "third image", "outro"],
)
def test_timecodes_of_the_production_job(frame, rate, timecode):
    assert format_timecode(frame, Fraction(rate)) == timecode


@given(st.integers(0, 99 * 3600), rates)
def test_a_timecode_reads_back_as_its_frame(frame, rate):
    assert parse_time(format_timecode(frame, rate)).to_frame(rate) == frame


@pytest.mark.parametrize(("rate", "nominal"), [(NTSC, 30), (Fraction(24000, 1001), 24), (Fraction(25), 25)])
def test_timecodes_count_the_nominal_rate(rate, nominal):
    assert nominal_rate(rate) == nominal
    assert format_timecode(nominal, rate) == "00:00:01:00"


@given(rates)
def test_a_written_rate_reads_back(rate):
    assert parse_rate(format_rate(rate)) == rate


def test_a_range_is_half_open():
    frames = FrameRange(3, 5)
    assert (len(frames), list(frames)) == (2, [3, 4])
    assert 3 in frames
    assert 5 not in frames
    assert not frames.intersects(FrameRange(5, 9))
    assert frames.intersects(FrameRange(4, 5))


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)], ids=["before zero", "backwards"])
def test_a_range_that_is_none_can_not_be_made(start, end):
    with pytest.raises(ValueError, match=rf"needs 0 <= start <= end, found \[{start}, {end}\)"):
        FrameRange(start, end)
