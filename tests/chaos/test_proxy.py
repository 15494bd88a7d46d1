"""The faulty proxy itself: each toxic does to the bytes what it says, no more, and to one connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from tests.chaos.places import http
from tests.chaos.proxy import DOWN, UP, Line, Parts, Proxy, Toxic, plain

pytestmark = pytest.mark.chaos

ASKED, ANSWER = b"question " * 1_000, b"answer " * 1_000
END, RESET = "end", "reset"
PATIENCE = 60.0


class Server:
    """Takes one connection after another: says ``ANSWER``, reads to the end, and keeps what came and how it ended."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.visits: list[tuple[bytes, str]] = []
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                try:
                    line.sendall(ANSWER)
                except OSError:
                    self.visits.append((b"", RESET))
                else:
                    self.visits.append(read_all(line)[:2])

    def visit(self, number: int = 0) -> tuple[bytes, str]:
        """Return what came with the visit of that number, once it is over."""
        wait_for(lambda: len(self.visits) > number)
        return self.visits[number]


def read_all(line: socket.socket, most: int = 1 << 20) -> tuple[bytes, str, list[tuple[float, int]]]:
    """Return what comes up to ``most`` bytes or the end, how it ended, and when how many bytes were there."""
    line.settimeout(PATIENCE)
    found, times = b"", []
    try:
        while len(found) < most and (piece := line.recv(65536)):
            found += piece
            times.append((time.monotonic(), len(found)))
    except ConnectionResetError:
        return found, RESET, times
    return found, END, times


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@contextmanager
def spoiled(
    server: Server, *toxics: Toxic, parts: Callable[[Proxy], tuple[Parts, Parts]] = plain
) -> Iterator[Proxy]:
    with Proxy(server.port, parts) as proxy:
        proxy.arm(*toxics)
        yield proxy


@contextmanager
def called(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), PATIENCE) as line:
        yield line


def ask(line: socket.socket) -> tuple[bytes, str]:
    """Send ``ASKED``, say that this was all, and return what comes back and how that ends."""
    try:
        line.sendall(ASKED)
        line.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return read_all(line)[:2]


def test_without_a_toxic_everything_passes_and_is_counted(server: Server) -> None:
    with spoiled(server) as proxy:
        with called(proxy) as line:
            assert ask(line) == (ANSWER, END)
        assert server.visit() == (ASKED, END)
        wait_for(proxy.is_quiet)
        assert proxy.ledger() == [
            {"line": 1, "toxic": None, "at": "", "up": len(ASKED), "down": len(ANSWER), "ended": True}
        ]


def test_a_toxic_is_for_one_connection_and_the_next_for_the_next(server: Server) -> None:
    toxics = [Toxic("limit_data", DOWN, size=size) for size in (10, 20)]
    with spoiled(server, *toxics) as proxy:
        for expected in (ANSWER[:10], ANSWER[:20], ANSWER):
            with called(proxy) as line:
                assert ask(line)[0] == expected
        assert [each["toxic"] and each["toxic"]["size"] for each in proxy.ledger()] == [10, 20, None]


def test_what_nobody_came_for_is_given_back(server: Server) -> None:
    toxic = Toxic("timeout", UP, place="nowhere")
    with spoiled(server, toxic) as proxy:
        with called(proxy) as line:
            assert ask(line) == (ANSWER, END)
        assert proxy.disarm() == [toxic]
        assert proxy.disarm() == []


@pytest.mark.parametrize("size", [1, 5_000])
def test_limit_data_upstream_cuts_what_the_server_gets(server: Server, size: int) -> None:
    with spoiled(server, Toxic("limit_data", UP, size=size)) as proxy:
        with called(proxy) as line:
            ask(line)
        assert server.visit() == (ASKED[:size], END)
        assert proxy.ledger()[0]["up"] == size


@pytest.mark.parametrize("size", [1, 5_000])
def test_limit_data_downstream_cuts_what_the_client_gets(server: Server, size: int) -> None:
    with spoiled(server, Toxic("limit_data", DOWN, size=size)) as proxy, called(proxy) as line:
        assert read_all(line)[:2] == (ANSWER[:size], END)
        assert proxy.ledger()[0]["down"] == size


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_reset_peer_resets_both_sides(server: Server, direction: str) -> None:
    with spoiled(server, Toxic("reset_peer", direction)) as proxy, called(proxy) as line:
        try:
            line.sendall(b"a word")
        except OSError:
            pass  # what the server said first was enough
        else:
            assert read_all(line)[1] == RESET
        assert server.visit()[1] == RESET
        assert proxy.ledger()[0][direction] == 0


def test_timeout_upstream_swallows_what_the_client_sends_and_tells_nobody(server: Server) -> None:
    with spoiled(server, Toxic("timeout", UP)) as proxy:
        with called(proxy) as line:
            line.sendall(ASKED)
            # The other direction is as ever.
            assert read_all(line, len(ANSWER))[0] == ANSWER
            line.settimeout(0.05)
            with pytest.raises(TimeoutError):
                line.recv(1)
        assert server.visit() == (b"", END)
        wait_for(proxy.is_quiet)


def test_timeout_downstream_swallows_what_the_server_sends_and_tells_nobody(server: Server) -> None:
    with spoiled(server, Toxic("timeout", DOWN)) as proxy:
        with called(proxy) as line:
            line.sendall(ASKED)
            line.settimeout(0.05)
            with pytest.raises(TimeoutError):
                line.recv(1)
        assert server.visit() == (ASKED, END)
        assert proxy.ledger()[0]["down"] == 0


def test_latency_delays_what_comes(server: Server) -> None:
    with spoiled(server, Toxic("latency", DOWN, seconds=0.2)) as proxy:
        began = time.monotonic()
        with called(proxy) as line:
            found, _, times = read_all(line, len(ANSWER))
    assert found == ANSWER
    assert times[0][0] - began >= 0.2


def test_latency_upstream_delays_what_the_server_gets(server: Server) -> None:
    with spoiled(server, Toxic("latency", UP, seconds=0.2)) as proxy:
        began = time.monotonic()
        with called(proxy) as line:
            assert ask(line) == (ANSWER, END)
        assert server.visit() == (ASKED, END)
        assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_bandwidth_lets_through_so_many_bytes_a_second(server: Server, direction: str) -> None:
    content = {UP: ASKED, DOWN: ANSWER}[direction]
    with spoiled(server, Toxic("bandwidth", direction, size=4 * len(content))) as proxy:
        began = time.monotonic()
        with called(proxy) as line:
            assert ask(line) == (ANSWER, END)
        assert server.visit() == (ASKED, END)
    assert time.monotonic() - began >= 0.24


def test_the_slicer_lets_bytes_through_in_pieces_with_pauses(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever reads may have been elsewhere meanwhile, and finds two pieces at once.
    written: list[tuple[float, int]] = []
    pass_on = Proxy._pass_on

    async def noted(proxy: Proxy, line: Line, direction: str, piece: bytes, writer: Any) -> None:
        if direction == DOWN and piece:
            written.append((time.monotonic(), len(piece)))
        await pass_on(proxy, line, direction, piece, writer)

    monkeypatch.setattr(Proxy, "_pass_on", noted)
    with spoiled(server, Toxic("slicer", DOWN, size=1_000, seconds=0.02)) as proxy, called(proxy) as line:
        assert read_all(line, len(ANSWER))[0] == ANSWER
    assert [size for _, size in written] == [1_000] * 7
    assert all(after[0] - before[0] >= 0.01 for before, after in pairwise(written))


def test_the_slicer_upstream_changes_no_byte(server: Server) -> None:
    with spoiled(server, Toxic("slicer", UP, size=7)) as proxy, called(proxy) as line:
        assert ask(line) == (ANSWER, END)
    assert server.visit() == (ASKED, END)


def test_slow_close_upstream_keeps_the_end_from_the_server(server: Server) -> None:
    with spoiled(server, Toxic("slow_close", UP, seconds=0.2)) as proxy:
        began = time.monotonic()
        with called(proxy) as line:
            line.sendall(ASKED)
        assert server.visit() == (ASKED, END)
        assert time.monotonic() - began >= 0.2


def test_slow_close_downstream_keeps_the_end_from_the_client(server: Server) -> None:
    with spoiled(server, Toxic("slow_close", DOWN, seconds=0.2)) as proxy, called(proxy) as line:
        began = time.monotonic()
        line.shutdown(socket.SHUT_WR)
        assert read_all(line)[:2] == (ANSWER, END)
        assert time.monotonic() - began >= 0.19


def test_down_closes_before_anybody_is_asked(server: Server) -> None:
    with spoiled(server, Toxic("down", DOWN)) as proxy:
        with called(proxy) as line:
            assert read_all(line)[0] == b""
        with called(proxy) as line:
            assert ask(line) == (ANSWER, END)
        assert server.visits == [(ASKED, END)]
        assert [each["at"] for each in proxy.ledger()] == ["connect", ""]


def test_shut_refuses_and_open_takes_on_the_same_port(server: Server) -> None:
    with spoiled(server) as proxy:
        for _ in range(3):
            proxy.shut()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", proxy.port), PATIENCE)
            proxy.open()
            with called(proxy) as line:
                assert ask(line) == (ANSWER, END)
        assert len(proxy.ledger()) == 3


GET = b"GET /orders/1 HTTP/1.1\r\nAccept: application/json\r\n\r\n"
PUT = b"PUT /orders/1 HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345"
NOTHING, FOUND = b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"


def test_the_parts_of_http_are_found_wherever_what_is_read_ends(server: Server) -> None:
    with Proxy(server.port) as proxy:
        for at in range(3, len(PUT)):
            up, down = http(proxy)
            found: dict[str, bytes] = {}
            for direction, pieces in (
                (up, [GET]),
                (down, [NOTHING]),
                (up, [PUT[:at], PUT[at:]]),
                (down, [FOUND[:at], FOUND[at:]]),
            ):
                for data in pieces:
                    for place, piece in direction(data):
                        found[place] = found.get(place, b"") + piece
            assert found == {
                "GET line": b"GET /orders/1 HTTP/1.1\r\n",
                "GET headers": b"Accept: application/json\r\n\r\n",
                "GET answer": NOTHING,
                "PUT line": b"PUT /orders/1 HTTP/1.1\r\n",
                "PUT headers": b"Content-Length: 5\r\n\r\n",
                "PUT body": b"12345",
                "PUT answer": FOUND[:-3],
                "PUT data": b"abc",
            }, at


@pytest.mark.parametrize(
    ("place", "through"), [("PUT line", len(GET) + 12), ("PUT body", len(GET + PUT) - 3)]
)
def test_a_toxic_begins_at_its_place_behind_its_share(server: Server, place: str, through: int) -> None:
    toxic = Toxic("limit_data", UP, place=place, into=0.5)
    with spoiled(server, toxic, parts=http) as proxy:
        with called(proxy) as line:
            line.sendall(GET + PUT)
        assert server.visit() == ((GET + PUT)[:through], END)
        assert proxy.ledger()[0]["at"] == place


def test_the_place_that_the_server_tells_holds_and_some_are_let_pass(server: Server) -> None:
    with spoiled(server, Toxic("limit_data", UP, place="rename", skip=1)) as proxy:
        with called(proxy) as line:
            for number, place in enumerate(("read", "rename", "rename"), 1):
                proxy.at(place)
                line.sendall(b"abc"[number - 1 : number])
                wait_for(lambda: proxy.ledger() and _passed(proxy.ledger()[0], number))  # noqa: B023 - at once
        assert server.visit() == (b"ab", END)


def _passed(told: dict[str, Any], bytes_: int) -> bool:
    return told["ended"] or told["up"] == bytes_
