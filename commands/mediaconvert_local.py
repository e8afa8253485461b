"""MediaConvert on this machine: an endpoint that executes jobs, and one job without a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from commands.options import JSON

S3_ROOT = click.option(
    "--s3-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder that stands for S3: s3://BUCKET/KEY is DIR/BUCKET/KEY. Default: the current folder.",
)
S3_URL = click.option("--s3-endpoint-url", metavar="URL", help="An S3 endpoint instead of a folder.")
STRICT = click.option("--strict", is_flag=True, help="Refuse settings that would otherwise only be warned about.")


@click.command(name="serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8075, show_default=True, help="0 takes any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@S3_ROOT
@S3_URL
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Jobs side by side.")
@click.option("--events", metavar="FILE|URL", help="Where job events go: a file, http(s)://..., eventbridge+http://...")
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The endpoint's memory; default: mediaconvert.sqlite in the state folder.",
)
@click.option("--region", default="us-east-1", show_default=True, help="The region that ARNs and events name.")
@click.option("--account", default="111122223333", show_default=True, help="The account that ARNs and events name.")
@STRICT
def serve(  # noqa: PLR0913
    *,
    port: int,
    host: str,
    s3_root: Path | None,
    s3_endpoint_url: str | None,
    workers: int,
    events: str | None,
    state: Path | None,
    region: str,
    account: str,
    strict: bool,
) -> None:
    """Offer a MediaConvert endpoint that really executes jobs, until Ctrl-C.

    Use it from any SDK: boto3.client("mediaconvert", endpoint_url="http://127.0.0.1:8075").
    """
    from backends.mediaconvert.service.endpoint import EndpointOptions
    from backends.mediaconvert.service.events.sinks import open_sink
    from backends.mediaconvert.service.http.running import default_state, serve_forever
    from backends.mediaconvert.service.identity import Identity
    from backends.mediaconvert.service.storage.choose import open_storage

    options = EndpointOptions(
        state=state or default_state(),
        storage=open_storage(s3_root, s3_endpoint_url, region),
        workers=workers,
        strict=strict,
        sink=None if events is None else open_sink(events, region),
        identity=Identity(account, region),
    )
    serve_forever(options, host, port, lambda url: click.echo(f"MediaConvert at {url}, Ctrl-C ends it", err=True))


@click.command(name="run")
@click.argument("job", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@S3_ROOT
@S3_URL
@STRICT
@JSON
def run(job: Path, *, s3_root: Path | None, s3_endpoint_url: str | None, strict: bool, as_json: bool) -> None:
    """Execute one job file here, without a server.

    JOB.json is a CreateJob request or bare settings, in PascalCase or camelCase.
    """
    from backends.mediaconvert.service.single import run_job_file
    from backends.mediaconvert.service.storage.choose import open_storage

    storage = open_storage(s3_root, s3_endpoint_url, "us-east-1")
    outcome, warnings = run_job_file(job, storage, strict=strict)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        click.echo(json.dumps(outcome.event_detail(), indent=2))
        return
    for path in outcome.paths():
        click.echo(path)
    sys.exit(0)
