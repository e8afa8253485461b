"""Every choice where the service's documentation is silent: one named constant each, with its reason.

`docs/mediaconvert-local.md` lists them, made from this module: each constant is followed by its reason as a string.
"""

from __future__ import annotations

from fractions import Fraction

FEWER_CHANNELS_IN = "truncate"
"""`ChannelsIn` below the channels of a selector or group uses the first ones and drops the rest, with a job warning."""

GROUP_ORDER = "AudioSelectorNames"
"""A group's channels are those of its selectors one after the other, in the order of `AudioSelectorNames`: a public
job groups six mono files that way and feeds one 5.1 track."""

GROUP_WITHOUT_REMIX = "one track"
"""A group without remix is one track of all its channels, folded to what the codec's coding mode asks for."""

MS_TO_FRAMES = Fraction(1, 2)
"""Durations and fades in milliseconds end at the nearest frame boundary, halves upwards: the rounding that leaves
33.33 ms one frame at 30 frames a second."""

FADE_RAMP = "linear"
"""Fades are linear in opacity, sampled at the middle of each frame, as this project's own crossfades are."""

ZERO_DURATION = "never shown"
"""An image with a `Duration` of 0 and no fade-out is never shown: the visible interval is empty."""

GENERATOR_WITH_EXTERNAL_AUDIO = "accepted"
"""A video generator beside an external audio file is accepted: nothing in the model speaks against it."""

AUTO_BLACK_LENGTH = "longest selector"
"""Black over an audio-only input lasts as long as its own file, else as its longest external selector, rounded to
the nearest frame; overlays past that end are cut off there."""

DUPLICATE_LAYER = "refused with 400"
"""Two images of one inserter on one layer are refused at CreateJob; input and output inserters count apart."""

GENERATOR_IMAGE = "refused"
"""How `VideoGenerator.ImageInput` fills the canvas is not documented, so it is refused by name."""

OVERLAY_MOTION = "linear, sub-pixel"
"""Transitions move and fade linearly from the frame of `StartTimecode` to the frame of `EndTimecode`, in fractions of a
pixel: a smooth move, as the service's text says."""

OVERLAY_STILL = "refused"
"""An overlay's file is a video: PNG and JPEG are not in the service's table of input codecs."""

IMAGE_COLOUR = "BT.709 limited"
"""Inserted images are sRGB and become BT.709 limited by this project's own integer conversion."""

ONE_IMAGE_SIDE = "keeps the aspect"
"""An inserted image with only one of `Width` and `Height` keeps its aspect; with both it is stretched to them."""

NO_EMBEDDED_TIMECODE = "starts at 0"
"""A timecode source of EMBEDDED without embedded timecodes counts from 00:00:00:00: the model's text says so."""

FIRST_CAPTURE = 0
"""Frame captures are numbered from 0000000, as the model says; the guide's example reads as from 1."""

MIXED_GROUP_RATES = "resampled"
"""Sources of one group may differ in sample rate and bit depth: all become 48 kHz float; different codecs are 1040."""

TIMECODE_RATE_SUFFIX = "refused"
"""`@fps` after a clip's timecode has no documented meaning and is refused."""

EXTERNAL_AUDIO_START = "the input's first frame"
"""An external audio file starts with the input's first frame, before clips are cut, so that clips cut both alike."""

MISSING_TRACK_CODE = 1040
"""The code for a selected audio track that the file does not have; its text is on record, its code is not."""

BETWEEN_FINDINGS = " | "
"""Joins several findings in the message of one BadRequestException."""

OVERLAY_ORDER = "later on top"
"""Later entries of `VideoOverlays` lie on top; above them input-level images, then output-level images, then burnt-in
captions."""

TEMPLATE_MERGE = "by key and by place"
"""A job's settings are laid over its template's: objects by key, lists by place."""

CBR_BUFFER_S = Fraction(1)
"""Seconds of bit rate in the rate control's buffer where `HrdBufferSize` is blank."""

GOP_FRAMES = 90
"""Frames between keyframes where neither GopSize nor AUTO is given (the console's default)."""

QVBR_CRF = (35, 33, 31, 29, 27, 25, 23, 21, 19, 17)
"""x264's constant rate factor for QVBR quality levels 1 to 10: level 7 is x264's own default, 23."""

PRESETS = {"SINGLE_PASS": "veryfast", "SINGLE_PASS_HQ": "fast", "MULTI_PASS_HQ": "medium", "MULTI_PASS": "fast"}
"""x264's and x265's speed for the quality tuning levels. Always one pass: more passes change sizes, not the format."""

NORMALISATION_PEAK_DB = Fraction(0)
"""The true-peak limit of a loudness correction where `TruePeakLimiterThreshold` is blank (the model's default)."""
