"""A request and an answer without any socket, and where operations read their parameters from."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.validation.model import service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.mediaconvert.job import Job

MAX_RESULTS = 20
Order = Literal["ASCENDING", "DESCENDING"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `path_values` are what the route's pattern caught, decoded."""

    query: Mapping[str, list[str]]
    body: bytes
    path_values: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str) -> str | None:
        """A query parameter. Raises: ServiceFault where it is given twice."""
        values = self.query.get(name, [])
        if len(values) > 1:
            raise ServiceFault("BadRequestException", f"/{name}: Should be given once")
        return values[0] if values else None

    def choice(self, name: str, enum: str) -> str | None:
        """A query parameter that is one of a model's enum. Raises: ServiceFault."""
        value = self.one(name)
        allowed = service_model().shape(enum).enum
        if value is not None and value not in allowed:
            text = ", ".join(sorted(allowed))
            raise ServiceFault("BadRequestException", f"/{name}: Should be one of the allowed values: {text}")
        return value

    @property
    def order(self) -> Order | None:
        """Raises: ServiceFault."""
        return cast("Order | None", self.choice("order", "Order"))

    @property
    def size(self) -> int:
        """How many results a page may have. Raises: ServiceFault."""
        text = self.one("maxResults")
        if text is None:
            return MAX_RESULTS
        if not (text.isascii() and text.isdigit() and len(text) < 9):
            raise ServiceFault("BadRequestException", "/maxResults: Should be an integer")
        return page_size(int(text))

    @property
    def after(self) -> int | None:
        """Where the page starts. Raises: ServiceFault."""
        return read_token(self.one("nextToken"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: the body is a structure of the model, in PascalCase."""

    status: int
    shape: str
    document: Job


def page_size(size: int) -> int:
    """Raises: ServiceFault outside 1..20."""
    if size < 1:
        raise ServiceFault("BadRequestException", "/maxResults: Should be greater than or equal to 1")
    if size > MAX_RESULTS:
        raise ServiceFault("BadRequestException", f"/maxResults: Should be less than or equal to {MAX_RESULTS}")
    return size


def make_token(place: int) -> str:
    """An opaque text for a place in a list."""
    return base64.urlsafe_b64encode(f"after:{place}".encode()).decode()


def read_token(token: str | None) -> int | None:
    """Raises: ServiceFault for a token that this endpoint did not make."""
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
        prefix, _, number = text.partition(":")
        place = int(number) if prefix == "after" and number.isdigit() else -1
    except (ValueError, binascii.Error):
        place = -1
    if place < 0:
        raise ServiceFault("BadRequestException", "/nextToken: Should be a token of an earlier answer")
    return place
