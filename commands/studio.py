"""The studio: a local page that shows a story while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.options import OUTSIDE, SPEC
from renderer.errors import UsageError
from renderer.machine import MOST_JOBS, usable_cores

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@SPEC
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port on 127.0.0.1; default: a free one.")
@click.option("--no-open", is_flag=True, help="Print the address only; open no browser.")
@click.option("--jobs", type=click.IntRange(1, MOST_JOBS), help="Segments rendered side by side; default: the cores.")
@OUTSIDE
def studio(spec: Path, port: int, jobs: int | None, *, no_open: bool, allow_outside: bool) -> None:
    """See a story while you write it: a page on this machine that renders on every save."""
    from renderer.spec.source import read_spec_file

    read_spec_file(spec)  # a missing file is an error here; a faulty spec is shown on the page
    try:
        from studio.server import listen, serve
        from studio.session import open_session
        from studio.watch import watching
    except ImportError as error:
        needs = f"the studio needs the extra `studio` ({error.name} is missing)"
        raise UsageError(f'{needs}: pip install "storyreel[studio]"') from error
    try:
        address = listen(port)
    except OSError as error:
        raise UsageError(f"port {port} can't be used: {error.strerror}") from error
    with open_session(spec, jobs=jobs or usable_cores(), allow_outside=allow_outside) as session, watching(session):
        click.echo(address.url)
        click.echo("Ctrl-C ends it.", err=True)
        if not no_open:
            click.launch(address.url)
        serve(session, address)
