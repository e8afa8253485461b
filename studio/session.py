"""One story being written: compiled on every save, its preview rendered behind that, the last good video kept.

Two threads: one compiles, one renders. A save during a render compiles beside it; only where the picture or sound
really changed is the render stopped and started again. Everything decoded stays between saves.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backends.base import Progress, RunSettings
from backends.ffmpeg.backend import FFmpegBackend, explain_cache
from renderer.cache import scratch_folder
from renderer.errors import Cancelled, OutputError, Problem, SpecError, StoryreelError, UnsupportedError, UsageError
from renderer.ffmpeg_process import CancelToken
from renderer.publish import check_destination
from renderer.spec.source import read_spec_file
from renderer.story import Story, StoryOptions, compile_story, open_workspace
from renderer.timeline.canonical import timeline_sha256
from studio.board import Board
from studio.pictures import Pictures, RememberingIntake
from studio.words import problem_json, result_json, segment_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.base import RunResult
    from renderer.story import Workspace
    from renderer.timeline.canonical import JSONValue
    from studio.words import JSONObject

KEPT_VIDEOS = 3
"""A page may still read the one before the newest."""
FINAL_SUFFIX = ".mp4"


@dataclass(frozen=True, slots=True)
class Version:
    """A compiled preview of the story, and the state of the spec that it came from."""

    story: Story
    sha256: str
    spec: SpecState


@dataclass(frozen=True, slots=True)
class SpecState:
    """A spec's bytes by their hash, and the how manieth such state it is that this session has seen."""

    revision: str
    edition: int


@dataclass(frozen=True, slots=True)
class Final:
    """A finished video for a download."""

    path: Path
    name: str


class Session:
    """What a server shows and asks for. Use `open_session`."""

    def __init__(self, path: Path, workspace: Workspace, options: StoryOptions, jobs: int) -> None:
        self.path, self.workspace, self._options, self._jobs = path, workspace, options, jobs
        self.board, self.pictures = Board(), Pictures(workspace)
        self.version: Version | None = None
        self.final: Final | None = None
        self.spec_lock = threading.Lock()
        """Held while the spec is read or written together with what the page is told about it."""
        self._spec = SpecState("", 0)
        self._videos: list[tuple[str, Path]] = []
        self._saved, self._work = threading.Event(), threading.Event()
        self._stopping = False
        self._lock = threading.Lock()
        self._wanted: Version | None = None
        self._wanted_final: Path | None = None
        self._cancel = CancelToken()
        self._running: str | None = None
        self._stops = 0
        self.board.update(
            name=path.name, problems=[], warnings=[], story=None, video=None, preview=None, final=None, undo=False
        )
        self._threads = [
            threading.Thread(target=self._compile_on_save, name="compile"),
            threading.Thread(target=self._render_what_is_wanted, name="render"),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self.saved()

    def stop(self) -> None:
        self._stopping = True
        self._cancel.set()
        self.board.close()
        for event in (self._saved, self._work):
            event.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def saved(self) -> None:
        """Something the story is made of may have changed: look again."""
        self._saved.set()

    def note(self, text: bytes) -> SpecState:
        """Tell the page what the spec is now; the caller holds `spec_lock`."""
        revision = hashlib.sha256(text).hexdigest()
        if revision != self._spec.revision:
            self._spec = SpecState(revision, self._spec.edition + 1)
            self.board.update(revision=revision, edition=self._spec.edition)
        return self._spec

    def known(self, sha256: str) -> Story:
        """Raises: LookupError where the page asks for a story that is no longer shown."""
        version = self.version
        if version is None or version.sha256 != sha256:
            raise LookupError(sha256)
        return version.story

    def frame(self, sha256: str, number: int) -> bytes:
        """Frame `number` of the story shown, as JPEG. Raises: LookupError, MediaError."""
        return self.pictures.frame(self.known(sha256), sha256, number)

    def video(self, name: str) -> Path:
        """Raises: LookupError."""
        with self._lock:
            return dict(self._videos)[name]

    def final_story(self) -> Story:
        """The story as it would be rendered in the end. Raises: as `compile_story`."""
        return compile_story(self.path, self.workspace, dataclasses.replace(self._options, preview=False))

    def check(self, text: bytes) -> None:
        """Whether the story could be compiled with this text. Raises: as `compile_story`."""
        compile_story(self.path, self.workspace, self._options, text=text)

    def render_final(self, name: str, *, replace: bool) -> None:
        """Start the final render, beside the story. Raises: UsageError, OutputError, SpecError."""
        if Path(name).name != name or name.startswith(".") or len(name) > 100 or not name.isprintable():
            raise UsageError(f"expected a plain file name such as {self.path.stem}.mp4, found {name[:100]!r}")
        target = self.path.parent / name
        check_destination(target, self.final_story().originals())
        if target.exists() and not replace:
            raise UsageError(f"{name} exists already")
        with self._lock:
            if self._wanted_final is not None or self._running == "final":
                raise UsageError("a final render is under way")
            self._wanted_final = target
            self._cancel.set()
        self.board.update(final={"state": "waiting", "name": name})
        self._work.set()

    def cancel_final(self) -> None:
        with self._lock:
            waiting, self._wanted_final = self._wanted_final, None
            if self._running == "final":
                self._cancel.set()
        if waiting is not None:
            self.board.update(final={"state": "cancelled", "name": waiting.name})

    # compiling

    def _compile_on_save(self) -> None:
        while not self._stopping:
            self._saved.wait()
            self._saved.clear()
            if not self._stopping:
                self._compile()

    def _compile(self) -> None:
        started, stops = time.monotonic(), self._stops
        try:
            with self.spec_lock:
                text = read_spec_file(self.path)
                spec = self.note(text)
            story = compile_story(self.path, self.workspace, self._options, text=text)
        except StoryreelError as error:
            if stops != self._stops:  # what failed may have been ended together with a cancelled render
                self._saved.set()
                return
            self.board.update(problems=[problem_json(problem) for problem in self._problems(error)])
            return
        version = Version(story, timeline_sha256(story.timeline), spec)
        before, self.version = self.version, version
        changed = before is None or before.sha256 != version.sha256
        took_ms = round((time.monotonic() - started) * 1000)
        self.board.update(problems=[], warnings=list(story.warnings), story=version.sha256, compile_ms=took_ms)
        with self._lock:
            if changed or self._wanted is None:
                self._wanted = version
                if self._running == "preview" and changed:
                    self._cancel.set()
        self._work.set()
        if before is not None and changed:
            self.pictures.expect(story, before.story)

    def _problems(self, error: StoryreelError) -> list[Problem]:
        if not self.path.exists():
            hint = "save it again under this name: the page follows it"
            return [Problem("$", f"{self.path.name} was deleted or renamed", hint)]
        return _problems(error)

    # rendering

    def _render_what_is_wanted(self) -> None:
        last: str | None = None
        while not self._stopping:
            self._work.wait()
            self._work.clear()
            while not self._stopping:
                final, version = self._next(last)
                if final is not None:
                    self._final(final)
                elif version is not None:
                    last = version.sha256 if self._preview(version) else None
                else:
                    break

    def _next(self, last: str | None) -> tuple[Path | None, Version | None]:
        with self._lock:
            final, self._wanted_final = self._wanted_final, None
            version = None if final is not None else self._wanted
            if version is not None:
                self._wanted = None
                if version.sha256 == last:
                    version = None
            self._cancel = CancelToken()
            self._running = "final" if final is not None else "preview" if version is not None else None
            return final, version

    def _preview(self, version: Version) -> bool:
        """Whether the page now has this version's video, or can't have it."""
        name = f"{version.sha256[:16]}-{time.monotonic_ns():x}"
        target = self.workspace.scratch / f"{name}.mp4"

        def report(progress: Progress) -> None:
            self.board.update(preview=_progress_json(progress))

        try:
            self.board.update(preview={"stage": "prepare", "frames": 0, "total": version.story.timeline.frame_count})
            result, segments = self._rendered(version.story, target, report)
        except Cancelled:
            self.board.update(preview=None)
            with self._lock:
                self._wanted = self._wanted or self.version
            return False
        except StoryreelError as error:
            self.board.update(preview=None, problems=[problem_json(problem) for problem in _problems(error)])
            return False
        self._keep(name, target)
        self.board.update(
            preview=None, video={"name": name, "story": version.sha256, **result_json(result), "parts": segments}
        )
        return True

    def _rendered(
        self, story: Story, target: Path, report: Callable[[Progress], None]
    ) -> tuple[RunResult, list[JSONValue]]:
        try:
            with scratch_folder() as scratch:
                workspace = dataclasses.replace(self.workspace, scratch=scratch)
                parts: list[JSONValue] = [segment_json(item) for item in explain_cache(story, workspace)]
                settings = RunSettings(target, self._jobs, cancel=self._cancel, report=report)
                return FFmpegBackend().run(story.timeline, story.output, workspace, settings), parts
        except (StoryreelError, OSError) as error:
            if not self._cancel.is_set():
                if isinstance(error, OSError):
                    raise OutputError(f"the preview can't be written: {error.strerror}") from error
                raise
            raise Cancelled("stopped") from error
        finally:
            if self._cancel.is_set():
                self._stops += 1

    def _keep(self, name: str, target: Path) -> None:
        with self._lock:
            self._videos.append((name, target))
            dropped, self._videos = self._videos[:-KEPT_VIDEOS], self._videos[-KEPT_VIDEOS:]
        for _, path in dropped:
            with contextlib.suppress(OSError):
                path.unlink()

    def _final(self, target: Path) -> None:
        def report(progress: Progress) -> None:
            self.board.update(final={"state": "rendering", "name": target.name, **_progress_json(progress)})

        try:
            story = self.final_story()
            check_destination(target, story.originals())
            result, _ = self._rendered(story, target, report)
        except Cancelled:
            self.board.update(final={"state": "cancelled", "name": target.name})
        except StoryreelError as error:
            self.board.update(final={"state": "failed", "name": target.name, "message": str(error)})
        else:
            self.final = Final(target, target.name)
            self.board.update(final={"state": "done", "name": target.name, **result_json(result)})
        with self._lock:
            self._running = None
            self._wanted = self.version
        self.saved()


def _progress_json(progress: Progress) -> JSONObject:
    return {
        "stage": progress.stage,
        "frames": progress.frames,
        "total": progress.total,
        "cached": progress.cached,
    }


def _problems(error: StoryreelError) -> list[Problem]:
    match error:
        case SpecError():
            return list(error.problems)
        case UnsupportedError():
            return [
                Problem(item.path, f"{item.feature} is not supported", item.instead, item.line)
                for item in error.features
            ]
        case _:
            return [Problem("$", str(error))]


@contextlib.contextmanager
def open_session(path: Path, *, jobs: int, allow_outside: bool = False) -> Iterator[Session]:
    """A session that watches nothing yet and serves nothing; it ends with the block."""
    options = StoryOptions(preview=True, allow_outside=allow_outside, frames=True)
    with (
        open_workspace(path, options) as workspace,
        RememberingIntake(workspace.limits) as intake,
    ):
        session = Session(path.absolute(), dataclasses.replace(workspace, intake=intake), options, jobs)
        try:
            session.start()
            yield session
        finally:
            session.stop()
