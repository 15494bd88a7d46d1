"""The members of a pack while it is made: their bytes wait in a file that has no name, so that memory does not grow with them."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

from archive.verify import MOST_MEMBERS, assembled

IN_MEMORY = 4 << 20
"""Bytes: a smaller pack never reaches a disk."""

_CHUNK = 1 << 16
_OF_HEADERS, _OF_CLOSING = 76, 22  # bytes of a zip for a member, beside twice its name, and at the end
_LARGEST = (1 << 32) - 1


class TooLarge(ValueError):
    """More than a zip without extensions holds: 4 GB and 65,534 members."""


class _Kept(NamedTuple):
    start: int
    size: int
    crc: int
    digest: str


class Members:
    """Bytes by name, to be read again in any order; to be closed."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by ``close``
        self._kept: dict[str, _Kept] = {}
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __contains__(self, name: object) -> bool:
        return name in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def close(self) -> None:
        """Let the bytes go."""
        self._file.close()

    def add(self, name: str, *pieces: bytes) -> None:
        """Keep a member of these bytes, once."""
        with self.writing(name) as member:
            for piece in pieces:
                member.write(piece)

    def writing(self, name: str) -> Writing:
        """Return what takes the bytes of a member piece by piece; no other is written meanwhile."""
        if name in self._kept:
            raise ValueError(f"{name!r} is in the pack already")
        return Writing(self, name)

    def read(self, name: str) -> bytes:
        """Return the bytes of a member. Raises ``KeyError``."""
        return b"".join(self._pieces(self._kept[name]))

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each member, in hex, sorted by name."""
        return {name: self._kept[name].digest for name in sorted(self._kept)}

    @property
    def size_packed(self) -> int:
        """How many bytes the zip has."""
        names = sum(2 * len(name) + _OF_HEADERS for name in self._kept)
        return names + sum(each.size for each in self._kept.values()) + _OF_CLOSING

    def packed(self) -> Iterator[bytes]:
        """Yield the zip that holds the members. Raises ``TooLarge`` at once."""
        if len(self._kept) > MOST_MEMBERS or self.size_packed > _LARGEST:
            raise TooLarge(f"{len(self._kept):,} members of {self.size_packed:,} bytes")
        return assembled(self._kept, self._member)

    def _member(self, name: str) -> tuple[int, int, Iterator[bytes]]:
        kept = self._kept[name]
        return kept.crc, kept.size, self._pieces(kept)

    def _pieces(self, kept: _Kept) -> Iterator[bytes]:
        for at in range(0, kept.size, _CHUNK):
            self._file.seek(kept.start + at)
            yield self._file.read(min(_CHUNK, kept.size - at))

    def _write(self, at: int, data: bytes) -> None:
        self._file.seek(at)
        self._file.write(data)

    def _keep(self, name: str, kept: _Kept) -> None:
        self._kept[name] = kept
        self._end = kept.start + kept.size


class Writing:
    """One member that is being written; it is kept once the block ends without an error."""

    def __init__(self, members: Members, name: str) -> None:
        self._members, self._name = members, name
        self._start, self._size, self._crc, self._hash = members._end, 0, 0, hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._members._write(self._start + self._size, data)
        self._size += len(data)
        self._crc = zlib.crc32(data, self._crc)
        self._hash.update(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._members._keep(self._name, _Kept(self._start, self._size, self._crc, self._hash.hexdigest()))
