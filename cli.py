"""The `storyreel` command: its groups and commands, exit codes, signals.

Data goes to stdout, people's text and progress to stderr. Exit codes are those of `renderer.errors` (DESIGN §5).
The commands themselves are in `commands/`. Everything heavy is imported by the command that needs it:
`storyreel --help` stays under 0.3 s.
"""

from __future__ import annotations

import os
import signal
import sys

import click

from commands import golden, installation, jobs, mediaconvert, mediaconvert_local, sound, stories, studio, submit
from renderer.errors import Cancelled, OutputError, StoryreelError
from renderer.machine import ONE_BLAS_THREAD

for _name, _value in ONE_BLAS_THREAD.items():  # before a command imports numpy; whoever sets it decides
    os.environ.setdefault(_name, _value)


class _Program(click.Group):
    """Turns the library's errors into a message on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        _stop_on_sigterm()
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Cancelled):
            click.echo("stopped", err=True)
            code = Cancelled.exit_code
        except StoryreelError as error:
            click.echo(f"{error}", err=True)
            code = error.exit_code
        except BrokenPipeError:
            _discard_stdout()
            code = 0
        except OSError as error:  # what nobody expected of a disk; a traceback would help no one
            click.echo(f"{error.filename or 'an output'} can't be read or written: {error.strerror or error}", err=True)
            code = OutputError.exit_code
        raise click.exceptions.Exit(code)


def _stop_on_sigterm() -> None:
    """A SIGTERM ends a run as Ctrl-C does: nothing half-written, no child left."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _discard_stdout() -> None:
    """The reader of a pipe went away: nothing to say, and no second error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="storyreel")
def main() -> None:
    """Pictures, a voice and music become a video, reproducibly.

    Try: storyreel demo
    """


for _command in (
    stories.demo,
    stories.validate,
    stories.compile_,
    stories.plan,
    stories.render,
    stories.frames,
    sound.mix,
    sound.music,
    mediaconvert.mediaconvert,
    submit.submit,
    jobs.jobs,
    golden.golden,
    golden.compare,
    studio.studio,
    installation.schema,
    installation.presets,
    installation.cache,
    installation.doctor,
):
    main.add_command(_command)
for _command in (mediaconvert_local.serve, mediaconvert_local.run):
    mediaconvert.mediaconvert.add_command(_command)


if __name__ == "__main__":
    main()
