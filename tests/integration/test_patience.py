"""How long Gridport lets itself be kept waiting: by silence, and by who sends a byte now and then, for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from integration import patience, tasks, work
from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import StoreClient
from integration.errors import RetryableError
from integration.flows import receive
from integration.flows.steps import STEPS
from integration.models import Work
from integration.patience import Patience
from integration.simulators.network.sftp_server import SftpDoor
from integration.transports.base import MailboxSettings
from integration.transports.sftp import SftpTransport
from tests.chaos.places import http, sftp
from tests.chaos.proxy import DOWN, UP, Proxy, Toxic
from tests.integration.bigcommerce.scripted_store import ScriptedStore, data
from tests.integration.bigcommerce.store_answers import order_answer
from tests.world import World, world

__all__ = ["world"]

SILENCE, VISIT = 0.6, 0.8
MAILBOX_VISIT = 2.0
"""Seconds; a login, which comes first, is over by then on a busy machine too."""

NEVER = 30.0
"""Seconds of silence that no test gives anybody time for."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STORE", Patience(NEVER, NEVER, VISIT / 2, VISIT))


@contextmanager
def is_over_soon() -> Iterator[None]:
    began = time.monotonic()
    yield
    # Ample for a busy machine: who is not hung up on goes on for minutes.
    assert time.monotonic() - began < 15


def test_no_wait_for_a_store_or_mailbox_outlasts_the_lease_of_its_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    talking = {name: kind for name, kind in STEPS.items() if kind.other_side}
    assert sorted(talking) == [
        "apply_effect",
        "check_hooks",
        "compose",
        "fetch_mailbox",
        "import_order",
        "invoice_order",
        "poll_store",
        "post_events",
        "post_webhook",
        "read_catalogue",
        "send_account_mail",
        "send_mail",
        "transmit",
        "write_stock",
    ]
    spare = timedelta(seconds=30)  # to connect, and for our own writing
    for name, kind in talking.items():
        sides = {
            "store": patience.STORE,
            "mailbox": patience.MAILBOX,
            "mailserver": patience.MAIL,
            "webhook": patience.WEBHOOK,
            "destination": patience.WEBHOOK,
        }
        whose = sides[kind.other_side]
        assert timedelta(seconds=whose.visit) + spare < kind.lease, name
        assert whose.silence < whose.answer <= whose.visit, name
    assert timedelta(seconds=patience.MAILBOX.visit) > receive.TAKES_FOR


# The store.


@contextmanager
def client_of(url: str) -> Iterator[StoreClient]:
    with StoreClient(url, "abc123", "token", InMemoryBudget()) as client:
        yield client


@contextmanager
def behind(store: ScriptedStore, *toxics: Toxic) -> Iterator[StoreClient]:
    with Proxy(int(store.url.rpartition(":")[2]), http) as proxy:
        proxy.arm(*toxics)
        with client_of(f"http://127.0.0.1:{proxy.port}") as client:
            yield client


DRIP = Toxic("slicer", DOWN, size=1, seconds=0.05)


@pytest.mark.parametrize("place", ["GET answer", "GET data"])
def test_a_store_that_drips_its_answer_is_hung_up_on(place: str) -> None:
    drip = Toxic("slicer", DOWN, place=place, size=1, seconds=0.05)
    with (
        ScriptedStore(*[data(order_answer())] * 4) as store,
        behind(store, *[drip] * 4) as client,
        is_over_soon(),
        pytest.raises(
            RetryableError, match=r"^The store took too long, so Gridport hung up \(read order 1042\)"
        ) as caught,
    ):
        client.get_order(1042)
    assert caught.value.ambiguous is False


def test_without_an_alarm_a_dripping_store_holds_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = data(order_answer())
    monkeypatch.setattr(patience.Alarm, "start", lambda alarm: None)
    with (
        ScriptedStore(answer) as store,
        behind(store, Toxic("slicer", DOWN, size=100, seconds=0.05)) as client,
    ):
        began = time.monotonic()
        assert client.get_order(1042).id == 1042
    assert time.monotonic() - began > VISIT


def test_a_write_whose_answer_drips_may_be_done() -> None:
    with (
        ScriptedStore(data(order_answer())) as store,
        behind(store, DRIP) as client,
        is_over_soon(),
        pytest.raises(RetryableError, match="took too long") as caught,
    ):
        client.update_status(1042, 9)
    assert caught.value.ambiguous is True
    assert [each.method for each in store.asked] == ["PUT"]


def test_a_store_that_is_slow_and_done_in_time_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STORE", Patience(NEVER, NEVER, NEVER, NEVER))
    slow = Toxic("slicer", DOWN, size=200, seconds=0.01)
    with ScriptedStore(data(order_answer())) as store, behind(store, slow) as client:
        assert client.get_order(1042).id == 1042


def test_once_the_time_is_over_nothing_more_is_asked() -> None:
    now = [0.0]
    with ScriptedStore(data(order_answer())) as store:
        client = StoreClient(store.url, "abc123", "token", InMemoryBudget(), clock=lambda: now[0])
        with client:
            client.get_order(1042)
            now[0] = VISIT
            with pytest.raises(RetryableError, match="took too long") as caught:
                client.update_status(1042, 9)
    assert caught.value.ambiguous is False
    assert len(store.asked) == 1


@contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[int]:
    """Serve connections that are greeted with ``first`` and then given a ``drop`` every so often, for ever."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip(line: socket.socket) -> None:
            with line:
                try:
                    line.sendall(first)
                    while not done.wait(0.05):
                        line.sendall(drop)
                except OSError:
                    pass

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                lines.append(threading.Thread(target=drip, args=[line]))
                lines[-1].start()

        lines = [threading.Thread(target=serve)]
        lines[0].start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in lines:
                thread.join()


def test_an_answer_without_an_end_is_not_taken_for_whole_where_it_was_cut() -> None:
    # Without a length an answer ends where the line ends: cut here it would be an empty list.
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[]"
    with (
        dripping(endless, b" ") as port,
        client_of(f"http://127.0.0.1:{port}") as client,
        is_over_soon(),
        pytest.raises(RetryableError, match="took too long"),
    ):
        client.get_lines(1042)


def test_a_store_that_drips_its_first_words_of_tls_is_hung_up_on() -> None:
    # A record of TLS that promises 16 KB.
    with (
        dripping(b"\x16\x03\x03\x40\x00", b"\x00") as port,
        client_of(f"https://127.0.0.1:{port}") as client,
        is_over_soon(),
        pytest.raises(RetryableError, match="took too long"),
    ):
        client.get_order(1042)


# The mailbox.


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SftpDoor]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    with SftpDoor(tmp_path) as door:
        yield door


@contextmanager
def mailbox(door: SftpDoor, toxic: Toxic, silence: float = NEVER) -> Iterator[Callable[[], SftpTransport]]:
    with Proxy(door.port, sftp) as proxy:
        door.on_step = proxy.at
        proxy.arm(toxic)
        settings = MailboxSettings(
            "in",
            "out",
            host="127.0.0.1",
            port=proxy.port,
            username=door.username,
            password=door.password,
            host_keys=(door.host_key,),
            timeout=silence,
            visit=MAILBOX_VISIT,
        )
        yield lambda: SftpTransport(settings)
        assert [each["at"] for each in proxy.ledger() if each["toxic"]], "no toxic came to its place"


@pytest.mark.parametrize(
    ("place", "skip"),
    # After the login: the channel, the start of SFTP on it, and its first words.
    [("key exchange", 0), ("greeting", 0), ("login", 0), ("login", 1), ("login", 2)],
)
@pytest.mark.parametrize("direction", [UP, DOWN])
def test_a_mailbox_that_falls_silent_before_it_is_open_is_given_up(
    door: SftpDoor, direction: str, place: str, skip: int
) -> None:
    toxic = Toxic("timeout", direction, place=place, skip=skip)
    with (
        mailbox(door, toxic, SILENCE) as opened,
        is_over_soon(),
        pytest.raises(RetryableError) as caught,
    ):
        opened().list()
    assert caught.value.ambiguous is False


def drip_at(place: str) -> Toxic:
    return Toxic("slicer", DOWN, place=place, size=1, seconds=0.05)


@pytest.mark.parametrize("place", ["key exchange", "login"])
def test_a_mailbox_that_drips_before_it_is_open_is_hung_up_on(door: SftpDoor, place: str) -> None:
    with (
        mailbox(door, drip_at(place)) as opened,
        is_over_soon(),
        pytest.raises(RetryableError, match="took too long"),
    ):
        opened().list()


def test_a_mailbox_that_drips_a_file_is_hung_up_on(door: SftpDoor) -> None:
    (door.root / "in" / "855.edi").write_bytes(b"ISA" * 3_000)
    with (
        mailbox(door, drip_at("read")) as opened,
        is_over_soon(),
        opened() as transport,
        pytest.raises(RetryableError, match=r"took too long.*\(fetch 855\.edi\)") as caught,
    ):
        transport.fetch("855.edi", 100_000)
    assert caught.value.ambiguous is False


def test_a_mailbox_that_takes_a_file_drop_by_drop_is_hung_up_on(door: SftpDoor) -> None:
    # More than every buffer on the way holds: the library writes on for ever, without a time-out.
    file = b"ISA" * 4_000_000
    with (
        mailbox(door, Toxic("bandwidth", UP, place="open", size=5_000)) as opened,
        is_over_soon(),
        opened() as transport,
        pytest.raises(RetryableError, match=r"took too long.*\(send 850\.edi\)") as caught,
    ):
        transport.send("850.edi", file)
    assert caught.value.ambiguous is False
    assert [path.name for path in (door.root / "out").iterdir()] == [".gridport-850.edi"]


def test_a_mailbox_that_drips_its_answer_to_a_rename_may_have_the_file(door: SftpDoor) -> None:
    with (
        mailbox(door, drip_at("rename")) as opened,
        is_over_soon(),
        opened() as transport,
        pytest.raises(RetryableError, match="took too long") as caught,
    ):
        transport.send("850.edi", b"ISA")
    assert caught.value.ambiguous is True
    assert [path.name for path in (door.root / "out").iterdir()] == ["850.edi"]


def test_a_run_that_took_long_leaves_the_rest_to_the_next_and_that_comes_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "TAKES_FOR", timedelta(0))
    for number in range(3):
        world.network.drop(f"{number}.edi", b"no X12 at all")
    world.mailbox.settle_seconds = 0
    world.mailbox.save()
    tasks.tick()
    left, due_at_once = [], []
    for _ in range(4):
        [claimed] = work.claim("mailboxes", limit=1)
        tasks.do(claimed)
        left.append(sum(1 for _ in world.network.outbox.iterdir()))
        due_at_once.append("mailboxes" in work.due_lanes())
        Work.objects.filter(step="fetch_mailbox").update(due_at="2020-01-01T00:00Z")
    assert left == [2, 1, 0, 0]
    # Whether one run's last file was the mailbox's last only the next run finds out.
    assert due_at_once == [True, True, True, False]
