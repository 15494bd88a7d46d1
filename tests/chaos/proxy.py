"""A TCP proxy that spoils connections on purpose, with the toxics of Toxiproxy, in a thread of its own.

=========== =====================================================================================================
kind        from the place on where it begins, the bytes of its direction
=========== =====================================================================================================
latency     come ``seconds`` late
bandwidth   come at ``size`` bytes a second
slow_close  come as ever; their end comes ``seconds`` late
timeout     are swallowed, and nobody is told
reset_peer  end in a reset of both sides
slicer      come in pieces of ``size`` bytes with ``seconds`` between
limit_data  come until ``size`` of them are through, then both sides are closed
down        are not even waited for: the connection is closed as soon as it stands (``shut`` refuses it instead)
=========== =====================================================================================================

Which connection gets which is decided by what is armed: the first toxic that fits takes the first connection that
reaches its place. So whoever arms by a seed can have the same again.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

KINDS = ("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "down")
UP, DOWN = "up", "down"
READY_WITHIN = 20.0

Parts = Callable[[bytes], Iterable[tuple[str, bytes]]]
"""Cuts what comes in one direction into pieces, each with the name of the place where it stands."""


@dataclass(frozen=True)
class Toxic:
    """What is to happen to the bytes of ``direction``: ``up`` from the client, ``down`` from the server.

    It begins in the piece whose place matches ``place`` (as file names match patterns), behind the share ``into`` of
    the piece, once ``skip`` such pieces were let pass.
    """

    kind: str
    direction: str
    place: str = "*"
    into: float = 0.0
    skip: int = 0
    size: int = 0
    seconds: float = 0.0


@dataclass
class Line:
    """One connection, and what came of it."""

    number: int
    through: dict[str, int] = field(default_factory=lambda: {UP: 0, DOWN: 0})
    toxic: Toxic | None = None
    at: str = ""
    left: int = 0
    ended: bool = False

    def told(self) -> dict[str, Any]:
        """Return its line in the ledger."""
        toxic = asdict(self.toxic) if self.toxic else None
        return {"line": self.number, "toxic": toxic, "at": self.at, **self.through, "ended": self.ended}


class Ended(Exception):
    """A toxic ended the connection."""


def plain(proxy: Proxy) -> tuple[Parts, Parts]:
    """Return parts for any protocol: a piece is what was read at once, its place the one told by ``Proxy.at``."""

    def parts(data: bytes) -> Iterable[tuple[str, bytes]]:
        return [(proxy.place, data)]

    return parts, parts


class Proxy:
    """Stands before ``port`` of this machine; a context manager. All methods may be called from any thread."""

    def __init__(self, port: int, parts: Callable[[Proxy], tuple[Parts, Parts]] = plain) -> None:
        self.port = 0
        self.place = ""
        self._target = port
        self._parts = parts
        self._armed: list[tuple[Toxic, list[int]]] = []
        self._lines: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Proxy:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *problem: object) -> None:
        self.shut()
        self._do(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(READY_WITHIN)
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(READY_WITHIN)

    def open(self) -> None:
        """Take connections again, on the same port as before."""
        self._do(self._open())

    def shut(self) -> None:
        """Refuse connections from now on; those that stand are left alone."""
        self._do(self._shut())

    def arm(self, *toxics: Toxic) -> None:
        """Have these happen too."""
        self._armed += [(toxic, [toxic.skip]) for toxic in toxics]

    def disarm(self) -> list[Toxic]:
        """Let nothing more happen; return what had not come to happen."""
        left, self._armed = [toxic for toxic, _ in self._armed], []
        return left

    def is_armed(self) -> bool:
        """Say whether something is still to happen."""
        return bool(self._armed)

    def at(self, place: str) -> None:
        """Say where the conversation is now: a server's part, where the bytes themselves do not tell."""
        self.place = place

    def ledger(self) -> list[dict[str, Any]]:
        """Return what became of every connection, the oldest first."""
        return [line.told() for line in self._lines]

    def is_quiet(self) -> bool:
        """Say whether no connection stands: nothing is on its way any more."""
        return all(line.ended for line in self._lines)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(
            self._welcome, "127.0.0.1", self.port, reuse_address=True, backlog=128
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _end_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # Sockets are closed by callbacks that the loop still has to run.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        line = Line(len(self._lines) + 1)
        self._lines.append(line)
        try:
            if self._strikes(line, DOWN, "connect", only="down"):
                return
            beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", self._target)
            await self._converse(line, (reader, writer), (beyond_reader, beyond_writer))
        except (OSError, asyncio.CancelledError):
            pass  # the server is not there, or the test is over
        finally:
            writer.close()
            line.ended = True
            self._tasks.discard(task)

    async def _converse(self, line: Line, near: Any, far: Any) -> None:
        parts_up, parts_down = self._parts(self)
        pumps = [
            asyncio.ensure_future(self._pump(line, UP, parts_up, near[0], far[1])),
            asyncio.ensure_future(self._pump(line, DOWN, parts_down, far[0], near[1])),
        ]
        try:
            await asyncio.gather(*pumps)
        except Ended:
            if line.toxic is not None and line.toxic.kind == "reset_peer":
                _reset(near[1], far[1])
        except OSError:
            pass  # one side hung up
        finally:
            for pump in pumps:
                pump.cancel()
            far[1].close()
            near[1].close()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, line: Line, direction: str, parts: Parts, reader: Any, writer: Any) -> None:
        while data := await reader.read(65536):
            for place, piece in parts(data):
                if self._strikes(line, direction, place):
                    assert line.toxic is not None
                    first = int(len(piece) * line.toxic.into)
                    await self._pass_on(line, direction, piece[:first], writer)
                    piece = piece[first:]
                await self._spoil(line, direction, piece, writer)
        toxic = self._toxic_of(line, direction)
        if toxic is not None and toxic.kind == "slow_close":
            await asyncio.sleep(toxic.seconds)
        with suppress(OSError):
            writer.write_eof()

    def _strikes(self, line: Line, direction: str, place: str, only: str = "") -> bool:
        """Give the line the first armed toxic that fits; say whether it got one. No line gets two."""
        if line.toxic is not None:
            return False
        for entry in self._armed:
            toxic, left = entry
            fits = toxic.direction == direction and (toxic.kind == only if only else toxic.kind != "down")
            if fits and (only or fnmatchcase(place, toxic.place)):
                left[0] -= 1
                if left[0] < 0:
                    self._armed.remove(entry)
                    line.toxic, line.at, line.left = toxic, place, toxic.size
                    return True
        return False

    @staticmethod
    def _toxic_of(line: Line, direction: str) -> Toxic | None:
        return line.toxic if line.toxic is not None and line.toxic.direction == direction else None

    async def _spoil(self, line: Line, direction: str, piece: bytes, writer: Any) -> None:
        toxic = self._toxic_of(line, direction)
        if toxic is None or toxic.kind == "slow_close":
            await self._pass_on(line, direction, piece, writer)
        elif toxic.kind == "latency":
            await asyncio.sleep(toxic.seconds)
            await self._pass_on(line, direction, piece, writer)
        elif toxic.kind in ("bandwidth", "slicer"):
            for slice_, pause in _slices(toxic, piece):
                await self._pass_on(line, direction, slice_, writer)
                await asyncio.sleep(pause)
        elif toxic.kind == "limit_data":
            piece = piece[: line.left]
            line.left -= len(piece)
            await self._pass_on(line, direction, piece, writer)
            if not line.left:
                raise Ended
        elif toxic.kind == "reset_peer":
            raise Ended

    async def _pass_on(self, line: Line, direction: str, piece: bytes, writer: Any) -> None:
        if piece:
            line.through[direction] += len(piece)
            writer.write(piece)
            await writer.drain()


def _slices(toxic: Toxic, piece: bytes) -> Iterator[tuple[bytes, float]]:
    """Yield slices of ``piece`` and the seconds to wait behind each."""
    size = max(1, toxic.size if toxic.kind == "slicer" else toxic.size // 50)
    for start in range(0, len(piece), size):
        slice_ = piece[start : start + size]
        yield slice_, toxic.seconds if toxic.kind == "slicer" else len(slice_) / toxic.size


def _reset(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        line = writer.get_extra_info("socket")
        if line is not None:
            # Closed with a linger of no seconds, a socket says RST instead of FIN.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
