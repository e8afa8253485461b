"""Sound of executed jobs: tracks, external files, offsets, groups, remix on both levels, inputs of sound alone."""

from __future__ import annotations

import numpy as np
import pytest
from local_jobs import AAC, output_of, settings_of, simple_job, specified

from backends.mediaconvert.service.faults import JobFailure

RATE = 48_000


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples)) + 1e-12)


def pitch(samples):
    """The strongest frequency in Hz."""
    part = samples[RATE // 2 : RATE // 2 + RATE]
    return float(np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part))))) * RATE / len(part))


def with_sound(**selectors):
    job = simple_job()
    settings_of(job)["Inputs"][0]["AudioSelectors"] = selectors or {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}}
    return job


def external(name, **fields):
    return {"ExternalAudioFileInput": f"s3://in/{name}", "SelectorType": "TRACK", "Tracks": [1]} | fields


def remix(*rows):
    channels = [{"InputChannelsFineTune": list(row)} for row in rows]
    return {"ChannelsIn": len(rows[0]), "ChannelsOut": len(rows), "ChannelMapping": {"OutputChannels": channels}}


@pytest.mark.parametrize(
    ("selector", "hz"),
    [({"Tracks": [1]}, 440), ({"Tracks": [2]}, 880), ({"SelectorType": "LANGUAGE_CODE", "LanguageCode": "FRA"}, 880)],
    ids=["first track", "second track", "by language"],
)
def test_a_selector_chooses_its_track(run, selector, hz):
    job = with_sound(**{"Audio Selector 1": selector})
    settings_of(job)["Inputs"][0]["FileInput"] = "s3://in/two.mov"
    assert pitch(run(job).sound()[0]) == pytest.approx(hz, abs=2)


def test_a_track_that_is_not_there_ends_the_job_with_the_services_text(run):
    with pytest.raises(
        JobFailure, match=r"Invalid audio track specified for audio_selector \[1\]\. Audio track \[4\] not found"
    ):
        run(with_sound(**{"Audio Selector 1": {"Tracks": [4]}}))


def test_an_external_file_replaces_the_sound_and_an_offset_delays_it(run):
    sound = run(with_sound(**{"Audio Selector 1": external("mono.wav", Offset=500)})).sound()[0]
    assert pitch(sound) == pytest.approx(330, abs=2)
    assert level_db(sound[: RATE // 2 - 2000]) < -60
    assert level_db(sound[RATE // 2 + 2000 : RATE]) > -30


def test_a_group_is_mixed_by_the_matrix_in_the_order_of_its_names(run):
    """Mono voice and stereo music: left gets the voice, right the music 20 dB lower (and 3 as made)."""
    job = with_sound(voice=external("mono.wav"), music=external("stereo.wav"))
    settings_of(job)["Inputs"][0]["AudioSelectorGroups"] = {"group": {"AudioSelectorNames": ["voice", "music"]}}
    description = output_of(job)["AudioDescriptions"][0]
    description |= {"AudioSourceName": "group", "RemixSettings": remix([0, -60, -60], [-60, -60, -20])}
    left, right = run(job).sound()
    assert (pitch(left), pitch(right)) == (pytest.approx(330, abs=2), pytest.approx(220, abs=2))
    sources = level_db(left[RATE // 2 : RATE]), level_db(right[RATE // 2 : RATE])
    assert sources[0] - sources[1] == pytest.approx(23, abs=0.5)


def test_a_group_of_two_codecs_is_1040(run):
    job = with_sound(voice=external("mono.wav"), music=external("stereo.mp3"))
    settings_of(job)["Inputs"][0]["AudioSelectorGroups"] = {"group": {"AudioSelectorNames": ["voice", "music"]}}
    output_of(job)["AudioDescriptions"][0]["AudioSourceName"] = "group"
    with pytest.raises(JobFailure, match="different codecs") as failure:
        run(job)
    assert failure.value.code == 1040


def test_a_selectors_own_remix_comes_first(run):
    """Left and right change places in the selector; the output then mutes its left channel."""
    job = with_sound(**{"Audio Selector 1": {"Tracks": [1, 2], "RemixSettings": remix([-60, 0], [0, -60])}})
    settings_of(job)["Inputs"][0]["FileInput"] = "s3://in/two.mov"
    output_of(job)["AudioDescriptions"][0]["RemixSettings"] = remix([0, -60], [-60, 0])
    left, right = run(job).sound()
    assert (pitch(left), pitch(right)) == (pytest.approx(880, abs=2), pytest.approx(440, abs=2))


def test_fewer_channels_in_than_there_are_warns(run):
    job = with_sound(**{"Audio Selector 1": external("stereo.wav")})
    output_of(job)["AudioDescriptions"][0]["RemixSettings"] = remix([0], [0])
    assert any("1 of 2 channels are used" in warning for warning in run(job).warnings)


def test_an_unknown_source_falls_back_to_the_default_and_else_is_silence(run):
    job = with_sound(one={"Tracks": [1], "DefaultSelection": "DEFAULT"})
    made = run(job)
    assert pitch(made.sound()[0]) == pytest.approx(440, abs=2)
    assert any("its default 'one' is used" in warning for warning in made.warnings)
    settings_of(job)["Inputs"][0]["AudioSelectors"]["one"]["DefaultSelection"] = "NOT_DEFAULT"
    assert level_db(run(job).sound()) < -60


def test_loudness_is_brought_to_its_target(run):
    job = with_sound(**{"Audio Selector 1": external("mono.wav")})
    output_of(job)["AudioDescriptions"][0]["AudioNormalizationSettings"] = {
        "TargetLkfs": -30,
        "Algorithm": "ITU_BS_1770_4",
    }
    sound = run(job).sound()
    assert level_db(sound[0]) == pytest.approx(-30 - 3.01 + 0.69, abs=0.7)


def test_an_audio_only_input_makes_black_for_as_long_as_it_lasts(run):
    job = simple_job()
    settings_of(job)["Inputs"][0]["FileInput"] = "s3://in/stereo.wav"
    video = output_of(job)["VideoDescription"] | {"Width": 64, "Height": 36}
    video["CodecSettings"]["H264Settings"] |= specified(25)
    output_of(job)["VideoDescription"] = video
    made = run(job)
    assert len(made.frames()) == 75
    assert max(made.levels()) < 17.5
    assert pitch(made.sound()[0]) == pytest.approx(220, abs=2)


def test_sound_that_ends_early_is_padded_and_said(run):
    job = with_sound(**{"Audio Selector 1": external("mono.wav", Offset=-500)})
    made = run(job)
    assert made.outcome.warnings == {240_000: 1}
    assert level_db(made.sound()[0][-RATE // 3 : -2000]) < -60


def test_several_tracks_go_into_one_file_with_their_languages(run):
    job = with_sound(one={"Tracks": [1]}, two={"Tracks": [2]})
    settings_of(job)["Inputs"][0]["FileInput"] = "s3://in/two.mov"
    output_of(job)["AudioDescriptions"] = [
        {"AudioSourceName": name, "CodecSettings": AAC, "LanguageCodeControl": "USE_CONFIGURED", "LanguageCode": code}
        for name, code in (("one", "ENG"), ("two", "FRA"))
    ]
    made = run(job)
    assert [pitch(made.sound(track=track)[0]) for track in (0, 1)] == pytest.approx([440, 880], abs=2)
