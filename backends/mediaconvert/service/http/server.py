"""The socket side: HTTP/1.1 with kept connections, bounded bodies, and every failure as a documented error."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.validation.documents import MAX_BYTES

if TYPE_CHECKING:
    from backends.mediaconvert.service.endpoint import Endpoint
    from backends.mediaconvert.service.faults import FaultType

log = logging.getLogger("storyreel.mediaconvert")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
IDLE_S = 60
"""A connection that says nothing for so long is closed."""
_SMALL = 65_536


class Server(ThreadingHTTPServer):
    """One endpoint on one port; a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, endpoint: Endpoint) -> None:
        super().__init__((host, port), Handler)
        self.endpoint = endpoint
        self.only_loopback = host in LOOPBACK
        self._loading = threading.Thread(target=_load_operations, name="loading", daemon=True)
        self._loading.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
        """HTTP status and JSON text for one request. Raises: ServiceFault."""
        self._loading.join()
        from backends.mediaconvert.service.http.routes import answer
        from backends.mediaconvert.service.wire import wired

        found = answer(self.endpoint, method, target, body)
        return found.status, json.dumps(wired(found.shape, found.document))


def _load_operations() -> None:
    """Operations, rules and the service's model take longer to load than the socket takes to listen: early requests
    wait for them."""
    from backends.mediaconvert.service.http import routes  # noqa: F401
    from backends.mediaconvert.validation.model import service_model

    service_model()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "storyreel-mediaconvert", ""
    timeout = IDLE_S
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        log.info("%s %s", self.address_string(), format % args)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the library refuses (methods, request lines, headers) in the service's shape, and no page of HTML."""
        self.close_connection = True
        kind: FaultType = "NotFoundException" if code == HTTPStatus.NOT_IMPLEMENTED else "BadRequestException"
        self._send(code, json.dumps({"message": message or HTTPStatus(code).phrase}), kind)

    def _serve(self) -> None:
        try:
            self._check_host()
            self._send(*self._server.answer(self.command, self.path, self._body()))
        except ServiceFault as fault:
            self._send(fault.status, json.dumps({"message": fault.message}), fault.kind)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        except Exception:  # the client must get an answer, and the operator the reason
            log.exception("%s %s", self.command, self.path)
            message = json.dumps({"message": "The endpoint failed; its log says why."})
            self._send(500, message, "InternalServerErrorException")

    @property
    def _server(self) -> Server:
        return cast("Server", self.server)

    def _check_host(self) -> None:
        """A page in a browser must not reach this by a name that resolves to loopback (SAFETY S7)."""
        host = self.headers.get("Host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if self._server.only_loopback and name.strip("[]").lower() not in LOOPBACK:
            self.close_connection = True
            raise ServiceFault("ForbiddenException", f"Host {host!r} is not this machine: pass --host to allow others.")

    def _body(self) -> bytes:
        """Raises: ServiceFault for what is too large, of unknown length, or no JSON by its type."""
        text = self.headers.get("Content-Length")
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise ServiceFault("BadRequestException", "Send the body with a Content-Length, not in chunks.", status=411)
        if text is None:
            return b""
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            self.close_connection = True
            raise ServiceFault("BadRequestException", f"Content-Length: expected a number, found {text[:40]!r}")
        size = int(text)
        if size > MAX_BYTES:
            self.close_connection = True
            raise ServiceFault("BadRequestException", f"The body has {size} bytes, at most {MAX_BYTES}.", status=413)
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            raise ServiceFault("BadRequestException", f"The body ended after {len(body)} of {size} bytes.")
        kind = self.headers.get_content_type() if "Content-Type" in self.headers else "application/json"
        if body and kind not in ("application/json", "application/x-amz-json-1.1"):
            raise ServiceFault("BadRequestException", f"Content-Type: expected application/json, found {kind!r}")
        return body

    def _send(self, status: int, text: str, kind: str | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if kind is not None:
            self.send_header("x-amzn-ErrorType", kind)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if len(body) > _SMALL:
            self.wfile.flush()
