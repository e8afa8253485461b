"""Names that the service gives: ARNs, job ids, and the account and region they carry."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

DEFAULT_QUEUE = "Default"
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose endpoint this is; nothing depends on it but the text of ARNs and events."""

    account: str = "111122223333"
    region: str = "us-east-1"

    def arn(self, kind: str, name: str) -> str:
        """`kind` is jobs, queues, jobTemplates or presets."""
        return f"arn:aws:mediaconvert:{self.region}:{self.account}:{kind}/{name}"


def new_job_id(now_ms: int) -> str:
    """Epoch milliseconds, a hyphen, six letters or digits: the form of the service's examples."""
    return f"{now_ms}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"


def bare_name(name_or_arn: str) -> str:
    """The name in an ARN; a name stays as it is."""
    return name_or_arn.rpartition("/")[2] if name_or_arn.startswith("arn:") else name_or_arn
