"""What every strategy is given and gives back: where a job goes, which objects it needs, how faithful it is.

A job is a CreateJob request in PascalCase, as the service's console shows it. Nothing here touches a network or a file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from renderer.errors import Unsupported, UnsupportedError
from renderer.timeline.canonical import JSONValue, timeline_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.base import Conformance
    from renderer.timeline.model import Timeline

Job = dict[str, JSONValue]
Strategy = Literal["mezzanine", "overlays", "stills", "classic"]
STRATEGIES: tuple[Strategy, ...] = ("mezzanine", "overlays", "stills", "classic")

AssetKind = Literal["mezzanine", "bed", "clip", "mix", "slide", "logo", "original"]
EXTENSIONS: Mapping[AssetKind, str] = {
    "mezzanine": "mp4",
    "bed": "mp4",
    "clip": "mp4",
    "mix": "wav",
    "slide": "png",
    "logo": "png",
}


@dataclass(frozen=True, slots=True)
class JobTarget:
    """Where a job runs and where its objects lie. `role` is an IAM role's ARN, `queue` a name or an ARN."""

    bucket: str
    role: str
    queue: str = "Default"
    prefix: str = "storyreel/sources"
    """Folder of everything that is uploaded."""
    destination: str = "videos"
    """Folder of everything that the job writes."""

    def url(self, asset: RemoteAsset) -> str:
        """Where an asset lies once it is uploaded."""
        return f"s3://{self.bucket}/{asset.key}"

    def output_url(self, name: str) -> str:
        """A Destination: the name that outputs append their modifier to."""
        return f"s3://{self.bucket}/{self.destination}/{name}"


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a caller adds. `codecs` names the codec of an audio source by its sha256, where somebody probed it."""

    allow_approximate: bool = False
    codecs: Mapping[str, str] = field(default_factory=dict)
    max_deviation_px: float = 1.0
    """How far an overlay may be from the exact rectangle before its move is cut into more transitions."""


@dataclass(frozen=True, slots=True)
class RemoteAsset:
    """One object to be there before the job runs.

    `describes` is the layer, track role or "programme" it stands for. `ingredients` is everything its bytes depend on,
    and the key is their hash; of an original the key is the hash of the content itself.
    """

    key: str
    kind: AssetKind
    describes: str
    ingredients: Mapping[str, JSONValue]


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A job, what it reads, and how each feature comes out. `job` is empty where something is refused."""

    strategy: Strategy
    job: Job
    assets: tuple[RemoteAsset, ...]
    conformance: tuple[Conformance, ...]

    def refuse_what_is_refused(self) -> None:
        """Raises: UnsupportedError with every refused feature."""
        refused = [item for item in self.conformance if item.verdict == "refused"]
        if refused:
            features = [Unsupported(item.feature, item.where, item.detail) for item in refused]
            raise UnsupportedError(f"mediaconvert, strategy {self.strategy}", features)


def planned(
    strategy: Strategy, job: Job, assets: tuple[RemoteAsset, ...], conformance: tuple[Conformance, ...]
) -> JobPlan:
    """A plan; each asset once, and none of them nor a job where a feature is refused."""
    if any(item.verdict == "refused" for item in conformance):
        return JobPlan(strategy, {}, (), conformance)
    return JobPlan(strategy, job, tuple({asset.key: asset for asset in assets}.values()), conformance)


def create_job_request(strategy: Strategy, timeline: Timeline, target: JobTarget, settings: Job) -> Job:
    """The whole request. The token is the hash of all the rest: the same job asked for twice has the same token."""
    request: Job = {
        "Role": target.role,
        "Queue": target.queue,
        "Settings": settings,
        "UserMetadata": {
            "storyId": timeline.id,
            "title": timeline.title,
            "timelineSha256": timeline_sha256(timeline),
            "strategy": strategy,
        },
    }
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return request | {"ClientRequestToken": hashlib.sha256(text.encode()).hexdigest()}
