"""Content coding: a body as it comes in, unpacked (RFC 9110, 8.4) and counted, so that none is without end.

What counts is the unpacked size: a few kB can unpack to gigabytes. A body with data may have as much as the
config allows; one that nobody reads for data (an error, a redirect) is cut after a few kB.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 256 * 1024 * 1024
"""Bytes that the body of one answer may have, unpacked, where the config says nothing."""
MOST_OF_ERROR = 64 * 1024
"""Bytes that are kept of an error's body: an error says what it has to say in far fewer."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_CODINGS = 3
_FOREIGN = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
"""Codings that have a name and are not unpacked here: none of them is ever asked for."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW = -15


class Unread(ValueError):  # noqa: N818  # read as a sentence: "raise Unread"
    """The body cannot be taken. `own`: by a bound of ours; the server may be as well as ever."""

    def __init__(self, why: str, *, own: bool = False) -> None:
        super().__init__(why)
        self.own = own


class Intake:
    """Takes the pieces of one body in turn; `whole` is what they make."""

    def __init__(self, status: int, headers: Mapping[str, str], most: int, *, packed: bool = True) -> None:
        """`packed`: whether the pieces are still as `Content-Encoding` says.

        Raises:
            Unread: the body is packed in a way that is not read here.
        """
        self._cuts = status >= 400 or (status in _REDIRECTS and "Location" in headers)
        self._most = min(most, MOST_OF_ERROR) if self._cuts else most
        self._limit = most
        self._layers = self._undoing(headers.get("Content-Encoding", "")) if packed else []
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> bool:
        """Whether further pieces are wanted after this one.

        Raises:
            Unread: it cannot be unpacked, or the body has become too large.
        """
        try:
            for layer in self._layers:
                piece = layer.unpacked(piece, self._most)
        except Unread:
            if self._cuts:
                return False  # what an error has to say is no reason for another error
            raise
        self._size += len(piece)
        if self._size > self._most and not self._cuts:
            what = f"the answer is larger than the {self._limit:,} bytes of `client.max_response_bytes`"
            raise Unread(what, own=True)
        self._pieces.append(piece)
        return self._size <= self._most

    def whole(self) -> bytes:
        """The body, after its last piece.

        Raises:
            Unread: what was packed has no end.
        """
        if not self._cuts and any(layer.is_cut for layer in self._layers):
            raise Unread("the answer broke off before its end")
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        return body[: self._most]

    def _undoing(self, coding: str) -> list[_Layer]:
        try:
            return _layers(coding)
        except Unread:
            if self._cuts:
                return []
            raise


def _layers(coding: str) -> list[_Layer]:
    """What undoes the codings, the last one first; a name that nobody knows is taken as none, as usual."""
    names = [name for part in coding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if foreign := next((name for name in names if name in _FOREIGN), ""):
        raise Unread(f"the answer is packed as `{foreign}`, which was not asked for")
    if len(names) > _MOST_CODINGS:
        raise Unread(f"the answer is packed {len(names)} times")
    return [_Layer(name) for name in reversed(names) if name in _WINDOWS]


class _Layer:
    """One coding undone, piece by piece: gzip with any number of members, zlib, or bare deflate."""

    def __init__(self, name: str) -> None:
        self._zlib = name == "deflate"
        self._engine = zlib.decompressobj(_WINDOWS[name])
        self._begun = self._ended = self._sound = self._over = False

    @property
    def is_cut(self) -> bool:
        """Whether bytes came, and their end did not. A gzip without its last bytes is read, as usual."""
        return self._zlib and self._begun and not self._ended

    def unpacked(self, piece: bytes, most: int) -> bytes:
        """What `piece` unpacks to, but no more than a byte above `most`.

        Raises:
            Unread: it is not what its coding says.
        """
        unpacked: list[bytes] = []
        room = most + 1
        while piece and room > 0 and not self._over:
            if self._ended:
                piece = self._next_member(piece)
            if piece:
                unpacked.append(self._step(piece, room))
                room -= len(unpacked[-1])
                self._ended = self._engine.eof
                piece = self._engine.unused_data
        return b"".join(unpacked)

    def _next_member(self, piece: bytes) -> bytes:
        """A gzip may be several, one behind the other; whatever else follows the end is left out."""
        piece = piece.lstrip(b"\0")
        if self._zlib or (piece and not piece.startswith(b"\x1f")):
            self._over = True
            return b""
        self._engine = zlib.decompressobj(_WINDOWS["gzip"])
        return piece

    def _step(self, piece: bytes, room: int) -> bytes:
        if self._zlib and not self._begun and piece[0] & 0x0F != 8:
            self._engine = zlib.decompressobj(_RAW)  # some servers leave out zlib's head
        self._begun = True
        try:
            out = self._engine.decompress(piece, room)
        except zlib.error:
            if self._sound:  # a whole member came before: what follows it is none
                self._over = True
                return b""
            raise Unread("the answer is not packed as it says") from None
        self._sound = self._sound or bool(self._engine.eof)
        return out
