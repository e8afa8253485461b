"""Text -> YAML 1.2 events: ruamel.yaml's pure grammar, with its slowest inner loops shortened.

ruamel.yaml looks up its reader, its scanner and the YAML version through properties several times per character, asks
again and again what the next token is, and moves over text character by character. The subclasses here remember and
move over ordinary characters at once; what is a token and what is an event stays ruamel.yaml's decision, and a test
compares both event by event. Measured with 2,000 images (62,000 events): 0.80 s before, 0.41 s after (ruamel.yaml
0.19.1, Python 3.11). Its C parser is a separate package, reads YAML 1.1, and is not used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ruamel.yaml.error import FileMark
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner, ScannerError
from ruamel.yaml.tokens import ScalarToken, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ruamel.yaml.events import Event

_YAML_1_2 = (1, 2)
_SPECIAL = "\n\r\ufeff"
_ORDINARY = re.compile(f"[^{_SPECIAL}]*").fullmatch
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]*(?=(:[ \n])|[,\]}])")
"""An unquoted word that certainly ends here: a key, or (if group 1 is empty) a value inside [] or {}."""


class _FastReader(Reader):
    def forward(self, length: int = 1) -> None:
        end = self.pointer + length
        buffer = self.buffer
        ordinary = buffer[self.pointer] not in _SPECIAL if length == 1 else _ORDINARY(buffer, self.pointer, end)
        if not ordinary or end + 1 >= len(buffer):
            super().forward(length)
            return
        self.pointer = end
        self.index += length
        self.column += length

    def get_mark(self) -> FileMark:
        return FileMark(self.name, self.index, self.line, self.column)


class _FastScanner(Scanner):
    tokens: list[Token]
    flow_level = 0  # replaces a property that counts `flow_context` at every look
    reader: _FastReader = None  # type: ignore[assignment]  # replaces a property that is looked up per character
    scanner_processing_version = _YAML_1_2

    def __init__(self, reader: _FastReader) -> None:
        self.reader = reader
        self._first_token_is_sure = False
        super().__init__(None)

    def check_token(self, *choices: type[Token]) -> bool:
        if not self._first_token_is_sure:
            self._make_first_token_sure()
        if self.tokens and choices:
            return isinstance(self.tokens[0], choices)
        return bool(self.tokens)

    def peek_token(self) -> Token | None:
        if not self._first_token_is_sure:
            self._make_first_token_sure()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Token | None:
        token = self.peek_token()
        if token is not None:
            self.tokens_taken += 1
            del self.tokens[0]
            self._first_token_is_sure = False
        return token

    def _make_first_token_sure(self) -> None:
        """Read on until no key can turn up before the first token: that stays so until it is taken."""
        while self.need_more_tokens():
            self.fetch_more_tokens()
        self._first_token_is_sure = True

    def need_more_tokens(self) -> bool:
        if self.done:
            return False
        if not self.tokens:
            return True
        if not self.possible_simple_keys:
            return False
        self.stale_possible_simple_keys()
        return bool(self.next_possible_simple_key() == self.tokens_taken)

    def fetch_flow_collection_start(self, TokenClass: type[Token], to_push: str) -> None:  # noqa: N803  (ruamel's name)
        super().fetch_flow_collection_start(TokenClass, to_push)
        self.flow_level = len(self.flow_context)

    def fetch_flow_collection_end(self, TokenClass: type[Token]) -> None:  # noqa: N803  (ruamel's name)
        super().fetch_flow_collection_end(TokenClass)
        self.flow_level = len(self.flow_context)

    def fetch_directive(self) -> None:
        raise ScannerError(None, None, "a spec needs no % directive: remove this line", self.reader.get_mark())

    def scan_plain(self) -> ScalarToken:
        reader = self.reader
        word = _PLAIN_WORD.match(reader.buffer, reader.pointer)
        if word is None or not (self.flow_level or word[1]):
            return super().scan_plain()  # type: ignore[no-any-return]
        start = reader.get_mark()
        self.allow_simple_key = False
        reader.forward(len(word[0]))
        return ScalarToken(word[0], plain=True, start_mark=start, end_mark=reader.get_mark())


class _FastParser(Parser):
    scanner: _FastScanner = None  # type: ignore[assignment]  # replaces a property, as above
    resolver: type[_Settings] = None  # type: ignore[assignment]  # replaces a property, as above

    def __init__(self, scanner: _FastScanner) -> None:
        self.scanner = scanner
        self.resolver = _Settings
        super().__init__(None)
        self.loader = _Settings

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> object:  # noqa: FBT001, FBT002  (as in ruamel)
        token = self.scanner.peek_token()
        if type(token) is not ScalarToken:
            return super().parse_node(block, indentless_sequence)
        self.scanner.get_token()
        self.state = self.states.pop()
        implicit = (token.plain, not token.plain)
        return ScalarEvent(None, None, implicit, token.value, token.start_mark, token.end_mark, style=token.style)


class _Settings:
    """What ruamel.yaml's parser asks its loader and resolver for."""

    comment_handling = None
    processing_version = _YAML_1_2


class EventStream:
    """The events of one text, and how far its scanner has come."""

    def __init__(self, text: str) -> None:
        self._reader = _FastReader(text)
        self._parser = _FastParser(_FastScanner(self._reader))

    def __iter__(self) -> Iterator[Event]:
        while self._parser.check_event():
            yield self._parser.get_event()

    @property
    def position(self) -> tuple[int, int]:
        """Line and column from 1 that the scanner has reached."""
        return self._reader.line + 1, self._reader.column + 1
