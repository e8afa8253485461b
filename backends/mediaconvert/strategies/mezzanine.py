"""The default: the whole picture rendered here into one silent intra file, the whole sound into one WAV.

The service only encodes, so nothing about motion, fades, layers or gains depends on what it can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.assets import Assets
from backends.mediaconvert.conformance import exact, layer_features, mix_conformance, programme_conformance
from backends.mediaconvert.job import JobPlan, create_job_request, planned
from backends.mediaconvert.outputs import Outputs, no_images
from backends.mediaconvert.sound import MIX_AUDIO, external_mix
from renderer.renditions import story_name

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job, JobOptions, JobTarget
    from renderer.output import OutputFormat
    from renderer.timeline.model import Timeline

_PICTURE = "pre-rendered frame by frame"


def build_job(timeline: Timeline, output: OutputFormat, target: JobTarget, options: JobOptions) -> JobPlan:  # noqa: ARG001
    """One input: the picture with the mix beside it."""
    assets = Assets(timeline, target)
    picture: Job = {
        "FileInput": assets.mezzanine(),
        "TimecodeSource": "ZEROBASED",
        "VideoSelector": {"ColorSpace": "REC_709", "ColorSpaceUsage": "FORCE"},
        "AudioSelectors": external_mix(assets.mix()),
    }
    groups = Outputs(output, target, story_name(timeline), no_images, MIX_AUDIO).groups()
    settings: Job = {"TimecodeConfig": {"Source": "ZEROBASED"}, "Inputs": [picture], "OutputGroups": groups}
    verdicts = [
        *programme_conformance(timeline, output, timecodes=False),
        *(exact(feature, layer.id, _PICTURE) for layer in timeline.layers for feature in layer_features(layer)),
        *mix_conformance(timeline),
    ]
    request = create_job_request("mezzanine", timeline, target, settings)
    return planned("mezzanine", request, assets.made(), tuple(verdicts))
