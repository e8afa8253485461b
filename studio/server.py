"""A session over HTTP: the page, its state as server-sent events, pictures, videos by byte range, edits.

Everything that can be asked names a story, a frame or a video that the session holds; no request names a path.
"""

from __future__ import annotations

import functools
import json
import secrets
import socket
import threading
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from renderer.errors import MediaError, SpecError, StoryreelError, UnsupportedError
from studio.cloud import strategies_json
from studio.edits import Conflict, Editor
from studio.guard import Guard
from studio.words import problem_json, story_json, survey_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from renderer.story import Story
    from studio.session import Session

PAGE = Path(__file__).with_name("page")
PAGE_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PICTURE_WIDTHS = (320, 1280)
SOUND_COLUMNS = 1200
MAX_WAITING = 16
"""Pictures being made for requests at once; one more is asked to come again."""
_FOREVER = {"cache-control": "private, max-age=3600, immutable"}
_AGAIN = {"retry-after": "1"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a studio listens, and the secret in its address."""

    listener: socket.socket
    token: str

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.token}/"


def listen(port: int) -> Address:
    """A socket on the loopback interface only. Raises: OSError where the port is taken."""
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; otherwise an answer takes 43 ms (measured)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()  # the address is told before the server runs: who comes at once waits, and is not refused
    except OSError:
        listener.close()
        raise
    return Address(listener, secrets.token_urlsafe(24))


def serve(session: Session, address: Address) -> None:
    """Serve until the process is told to stop."""
    server_for(session, address).run(sockets=[address.listener])


def server_for(session: Session, address: Address) -> uvicorn.Server:
    app = Guard(studio_app(session), token=address.token, port=address.port)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=64,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )
    return _Server(config, session)


class _Server(uvicorn.Server):
    """Ends the event streams first: they would otherwise hold up the end."""

    def __init__(self, config: uvicorn.Config, session: Session) -> None:
        super().__init__(config)
        self._session = session

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._session.board.close()
        await super().shutdown(sockets)


def studio_app(session: Session) -> ASGIApp:
    """The application without its guard."""
    desk = Desk(session)
    pages = [_page(path) for path in sorted(PAGE.iterdir()) if path.suffix in PAGE_TYPES]
    reads = {
        "/story/{sha}.json": desk.story,
        "/sound/{sha}.json": desk.sound,
        "/cloud/{sha}.json": desk.cloud,
        "/frame/{sha}/{number:int}.jpg": desk.frame,
        "/poster/{sha}/{number:int}.{form}": desk.poster,
        "/sheet/{sha}.jpg": desk.sheet,
        "/picture/{sha}/{index:int}/{width:int}.jpg": desk.picture,
        "/video/{name}.mp4": desk.video,
        "/final.mp4": desk.final_video,
    }
    writes = {"/edit": desk.edit, "/undo": desk.undo, "/final": desk.final, "/final/cancel": desk.cancel}
    routes = [
        *pages,
        Route("/state", desk.state),
        *(Route(path, _answering(read)) for path, read in reads.items()),
        *(Route(path, _taking(write), methods=["POST"]) for path, write in writes.items()),
    ]
    return Starlette(routes=routes)


def _page(path: Path) -> Route:
    async def send(_: Request) -> Response:
        return FileResponse(path, media_type=PAGE_TYPES[path.suffix])

    return Route("/" if path.name == "index.html" else f"/{path.name}", send)


class Desk:
    """One method for each thing that can be asked; they run in worker threads."""

    def __init__(self, session: Session) -> None:
        self._session, self._editor = session, Editor(session)
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._survey: tuple[object, Response] | None = None

    async def state(self, _: Request) -> Response:
        """The board as an event stream."""
        if self._session.board.full:
            return PlainTextResponse("too many pages watch this story", 503, _AGAIN)
        return StreamingResponse(self._session.board.stream(), media_type="text/event-stream")

    def story(self, request: Request) -> Response:
        version = self._session.version
        if version is None or version.sha256 != request.path_params["sha"]:
            raise LookupError
        return JSONResponse(story_json(version.story, version.sha256) | asdict(version.spec))

    def sound(self, request: Request) -> Response:
        from renderer.sound.survey import survey_sound

        story, workspace = self._known(request), self._session.workspace
        sound = story.timeline.sound
        if self._survey is None or self._survey[0] != sound:
            pcm = workspace.pcm_store.ensure(sound.sources(), workspace.folder)
            survey = survey_sound(sound, pcm, columns=SOUND_COLUMNS)
            self._survey = (sound, JSONResponse(survey_json(survey)))
        return self._survey[1]

    def cloud(self, request: Request) -> Response:
        self._known(request)
        approximate = request.query_params.get("allow") == "approximate"
        story = self._session.final_story()
        return JSONResponse(strategies_json(story, self._session.workspace, approximate=approximate))

    def frame(self, request: Request) -> Response:
        sha, number = request.path_params["sha"], request.path_params["number"]
        return self._still(lambda: self._session.frame(sha, number))

    def poster(self, request: Request) -> Response:
        """A frame at the final size, as a download."""
        form = {"jpg": "JPEG", "png": "PNG"}.get(request.path_params["form"])
        if form is None:
            raise LookupError
        self._known(request)
        story, number = self._session.final_story(), request.path_params["number"]
        picture = self._picture_of(
            lambda: self._session.pictures.poster(story, number, "PNG" if form == "PNG" else "JPEG")
        )
        name = f"{self._session.path.stem}-{number}.{request.path_params['form']}"
        return _download(picture, name, f"image/{form.lower()}")

    def sheet(self, request: Request) -> Response:
        story = self._known(request)
        picture = self._picture_of(lambda: self._session.pictures.contact_sheet(story))
        return _download(picture, f"{self._session.path.stem}-contact-sheet.jpg", "image/jpeg")

    def picture(self, request: Request) -> Response:
        """An original of the story, whole."""
        index, width = request.path_params["index"], request.path_params["width"]
        layers = [layer for layer in self._known(request).timeline.layers if layer.kind == "image"]
        source = layers[index].source if index < len(layers) else None
        if source is None or width not in PICTURE_WIDTHS:
            raise LookupError
        return self._still(lambda: self._session.pictures.original(source, width))

    def video(self, request: Request) -> Response:
        return FileResponse(self._session.video(request.path_params["name"]), media_type="video/mp4")

    def final_video(self, _: Request) -> Response:
        final = self._session.final
        if final is None or not final.path.is_file():
            raise LookupError
        return FileResponse(final.path, media_type="video/mp4", filename=final.name)

    def edit(self, body: dict[str, object]) -> Response:
        return JSONResponse(asdict(self._editor.edit(_text(body, "revision"), body)))

    def undo(self, body: dict[str, object]) -> Response:
        return JSONResponse(asdict(self._editor.undo(_text(body, "revision"))))

    def final(self, body: dict[str, object]) -> Response:
        self._session.render_final(_text(body, "name"), replace=body.get("replace") is True)
        return JSONResponse({}, 202)

    def cancel(self, _: dict[str, object]) -> Response:
        self._session.cancel_final()
        return JSONResponse({}, 202)

    def _known(self, request: Request) -> Story:
        return self._session.known(request.path_params["sha"])

    def _still(self, make: Callable[[], bytes]) -> Response:
        return Response(self._picture_of(make), media_type="image/jpeg", headers=_FOREVER)

    def _picture_of(self, make: Callable[[], bytes]) -> bytes:
        if not self._waiting.acquire(blocking=False):
            raise BlockingIOError
        try:
            return make()
        finally:
            self._waiting.release()


def _text(body: dict[str, object], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _download(content: bytes, name: str, kind: str) -> Response:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{plain}"'})


def _answering(read: Callable[[Request], Response]) -> Callable[[Request], Response]:
    @functools.wraps(read)
    def answer(request: Request) -> Response:
        return _or_error(lambda: read(request))

    return answer


def _taking(write: Callable[[dict[str, object]], Response]) -> Callable[[Request], Awaitable[Response]]:
    """For methods that take a JSON object; the guard has checked length and origin."""
    from starlette.concurrency import run_in_threadpool

    async def take(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _error(415, "expected JSON")
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError):
            return _error(400, "expected JSON")
        if not isinstance(body, dict):
            return _error(400, "expected a JSON object")
        return await run_in_threadpool(_or_error, lambda: write(cast("dict[str, object]", body)))

    return take


def _or_error(make: Callable[[], Response]) -> Response:
    """The library's errors as answers: what a person can mend with the message, the rest by number."""
    try:
        return make()
    except (LookupError, FileNotFoundError):
        return _error(404, "that is no longer shown")
    except BlockingIOError:
        return JSONResponse({"message": "busy"}, 503, _AGAIN)
    except Conflict as error:
        return _error(409, str(error))
    except SpecError as error:
        return _error(422, str(error), [problem_json(problem) for problem in error.problems])
    except (MediaError, UnsupportedError) as error:
        return _error(422, str(error))
    except StoryreelError as error:
        return _error(400, str(error))


def _error(status: int, message: str, problems: list[object] | None = None) -> Response:
    return JSONResponse({"message": message or HTTPStatus(status).phrase, "problems": problems or []}, status)
