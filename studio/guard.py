"""Who may ask: nobody without the token, no other site, no other host name (SAFETY S7). Around every request.

The token is the first part of every path. A page of another site can make a browser ask us, so its requests are told by
Origin and Sec-Fetch-Site and refused; a name that was made to point here (DNS rebinding) is told by Host.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST_NAMES = ("localhost", "127.0.0.1", "[::1]")
MAX_BODY_BYTES = 64_000
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """ASGI middleware: passes on what is ours with the token taken off the path, refuses the rest."""

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = {f"{name}:{port}" for name in HOST_NAMES}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        send = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        path: str = scope["path"]
        inner = dict(scope, path=path[len(self._token) + 1 :], raw_path=None)
        await self._app(inner, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return PlainTextResponse("this server answers to localhost only", 403)
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins:
            return PlainTextResponse("requests of other sites are refused", 403)
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return PlainTextResponse("requests of other sites are refused", 403)
        if scope["method"] not in {"GET", "HEAD"} and origin is None:
            return PlainTextResponse("a change needs an Origin", 403)
        if not self._knows_token(scope["path"]):
            return PlainTextResponse("open the address that `storyreel studio` printed", 404)
        if not headers.get("content-length", "0").isdigit() or "transfer-encoding" in headers:
            return PlainTextResponse("a request needs its length", 411)
        if int(headers.get("content-length", "0")) > MAX_BODY_BYTES:
            return PlainTextResponse(f"at most {MAX_BODY_BYTES} bytes", 413)
        return None

    def _knows_token(self, path: str) -> bool:
        given, slash, _ = path[1:].partition("/")
        return bool(slash) and secrets.compare_digest(given.encode(), self._token.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
