"""What commands that talk to a service share: where it is, where things go, and stopping without leaving anything."""

from __future__ import annotations

import contextlib
import functools
import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, Protocol, TypeVar, cast

import click

from renderer.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.mediaconvert.submission.services import Services
    from renderer.ffmpeg_process import CancelToken


T = TypeVar("T")


class _Command(Protocol):
    """A function that click calls with the values of its options by name."""

    __name__: str

    def __call__(self, **values: object) -> None: ...


SOURCES = "storyreel/sources"
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_FOLDER = re.compile(r"[\w!.*'()-]+(/[\w!.*'()-]+)*")


def _bucket(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _BUCKET_NAME.fullmatch(value):
        hint = ": leave out s3:// and what follows the name" if value.startswith("s3://") else ""
        raise click.BadParameter(f"expected the name of a bucket, found {value!r}{hint}")
    return value


def _role(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _ROLE_ARN.fullmatch(value):
        raise click.BadParameter(f"expected an ARN such as arn:aws:iam::111122223333:role/NAME, found {value!r}")
    return value


def _folder(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    folder = value.strip("/")
    if not _FOLDER.fullmatch(folder):
        raise click.BadParameter(f"expected folders of letters, digits and !._*'()- with / between, found {value!r}")
    return folder


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the services answer; None is AWS's own address."""

    region: str | None
    endpoint_url: str | None
    s3_endpoint_url: str | None

    @contextlib.contextmanager
    def services(self) -> Iterator[Services]:
        """Clients that are closed when the block ends."""
        from backends.mediaconvert.submission.services import connect

        made = connect(region=self.region, endpoint_url=self.endpoint_url, s3_endpoint_url=self.s3_endpoint_url)
        try:
            yield made
        finally:
            made.close()


REGION = click.option(
    "--region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    show_envvar=True,
    help="AWS region; default: the profile's.",
)
ENDPOINT = click.option(
    "--endpoint-url",
    metavar="URL",
    envvar=["MEDIACONVERT_ENDPOINT", "AWS_ENDPOINT_URL_MEDIACONVERT"],
    show_envvar=True,
    help="Something that stands in for MediaConvert; default: AWS.",
)
S3_ENDPOINT = click.option(
    "--s3-endpoint-url",
    metavar="URL",
    envvar="AWS_ENDPOINT_URL_S3",
    show_envvar=True,
    help="Something that stands in for S3; default: AWS.",
)

BUCKET = click.option("--bucket", required=True, callback=_bucket, help="S3 bucket of sources and results.")
QUEUE = click.option("--queue", default="Default", show_default=True, help="Name or ARN of the queue.")
ROLE = click.option(
    "--role",
    required=True,
    metavar="ARN",
    envvar="MEDIACONVERT_ROLE",
    show_envvar=True,
    callback=_role,
    help="IAM role that the service takes on.",
)
PREFIX = click.option(
    "--prefix",
    default=SOURCES,
    show_default=True,
    callback=_folder,
    help="Folder of the bucket for what is uploaded.",
)
DESTINATION = click.option(
    "--destination",
    default="videos",
    show_default=True,
    callback=_folder,
    help="Folder of the bucket for what the job writes.",
)


def connection_options(command: T) -> T:
    """The options of a connection, given to the command as `connection`."""
    call = cast("_Command", command)

    def with_connection(
        *, region: str | None, endpoint_url: str | None, s3_endpoint_url: str | None, **others: object
    ) -> None:
        call(connection=Connection(region, endpoint_url, s3_endpoint_url), **others)

    functools.update_wrapper(with_connection, call)
    return cast("T", REGION(ENDPOINT(S3_ENDPOINT(with_connection))))


def target_options(command: T) -> T:
    """Where a job's sources and results lie, given to the command as `target`."""
    call = cast("_Command", command)

    def with_target(*, bucket: str, role: str, queue: str, prefix: str, destination: str, **others: object) -> None:
        from backends.mediaconvert.job import JobTarget

        call(target=JobTarget(bucket, role, queue, prefix, destination), **others)

    functools.update_wrapper(with_target, call)
    return cast("T", BUCKET(ROLE(QUEUE(PREFIX(DESTINATION(with_target))))))


def room_options(command: T) -> T:
    """How to treat a crowded queue, given to the command as `gate` and `hop`."""
    call = cast("_Command", command)

    def with_room(
        *,
        hop_queue: str | None,
        hop_after: int,
        most_waiting: int,
        queue_wait: float,
        when_full: Literal["submit", "defer"],
        **others: object,
    ) -> None:
        from backends.mediaconvert.submission.congestion import LOOK_S, Congestion
        from backends.mediaconvert.submission.submission import Hop

        gate = Congestion(most_waiting, checks=round(queue_wait * 60 / LOOK_S), when_full=when_full)
        call(gate=gate, hop=Hop(hop_queue, hop_after) if hop_queue else None, **others)

    functools.update_wrapper(with_room, call)
    return cast("T", _HOP_QUEUE(_HOP_AFTER(_MOST_WAITING(_QUEUE_WAIT(_WHEN_FULL(with_room))))))


_HOP_QUEUE = click.option(
    "--hop-queue", metavar="QUEUE", help="Where the job moves if it waits too long; nobody waits here then."
)
_HOP_AFTER = click.option(
    "--hop-after", type=click.IntRange(1, 4320), default=15, show_default=True, help="Minutes before the job moves."
)
_MOST_WAITING = click.option(
    "--most-waiting", type=click.IntRange(0), default=50, show_default=True, help="More jobs waiting are too many."
)
_QUEUE_WAIT = click.option(
    "--queue-wait", type=click.FloatRange(0), default=5.0, show_default=True, help="Minutes to wait for room at most."
)
_WHEN_FULL = click.option(
    "--when-full",
    type=click.Choice(["submit", "defer"]),
    default="submit",
    show_default=True,
    help="What to do with a queue that stays full.",
)
POLL = click.option(
    "--poll", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Seconds between two questions."
)


@dataclass(slots=True)
class Stopping:
    """What to say to somebody who stops the command."""

    explain: Callable[[], str] = lambda: "stopped before anything was sent"


@contextlib.contextmanager
def interruptible(cancel: CancelToken) -> Iterator[Stopping]:
    """Ctrl-C and SIGTERM end everything under way; then people hear what is left, and what goes on."""

    def stop(_signal: int, _frame: object) -> NoReturn:
        cancel.set()
        click.echo("stopping: what is on its way is aborted", err=True)
        raise KeyboardInterrupt

    stopping = Stopping()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    except (KeyboardInterrupt, Cancelled):
        click.echo(stopping.explain(), err=True)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
