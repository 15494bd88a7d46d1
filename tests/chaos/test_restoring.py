"""P27: the server is lost and restored to a moment before: nothing is sent twice under another identity, and no number twice.

The whole run restores a base backup and the WAL behind it to three moments; the default run a copy of the database's files, which is
what both come to. The naive restore differs in one thing: it leaves no control numbers out.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone
from psycopg import sql

from archive import checking, publishing, sealing, store
from archive.models import CursorEpoch, Payload, PayloadKey
from integration.models import Order, Pause
from integration.simulators.network.purchase_orders import element, segments_of
from integration.simulators.store.sample_orders import generated_orders
from integration.work import Unclaimed
from partners.models import Mailbox
from portal.backups.keys import keys_beside
from portal.copies import DatabaseCopies, point_at
from portal.installation import Installation
from portal.localdb import PrivateServer
from portal.seeding.seed import seed
from tests.chaos.forking import whole_only
from tests.conftest import own_database
from tests.servers import connect, connected_to, superuser_of
from tests.world import World, open_world

BEFORE, IN_FLIGHT, AFTER, LATER = 1001, 1004, 1013, 1010
DOCUMENTS = 10_000
"""What lies in the archive before anything happens."""
NOWHERE = "/nowhere/at/all"


@dataclass
class Lost:
    """A world that went on after the moment to which it is restored."""

    world: World
    folder: Path
    sent_since: list[bytes] = field(default_factory=list)


def sent(world: World) -> dict[str, list[bytes]]:
    """Every purchase order that came to the network, by its number, in its exact bytes."""
    found: dict[str, list[bytes]] = {}
    for path in sorted(world.network.taken.iterdir()):
        data = path.read_bytes()
        for each in segments_of(data):
            if each[0] == "BEG":
                found.setdefault(element(each, 3), []).append(data)
    return found


def control_numbers(files: list[bytes]) -> list[str]:
    """ISA13 of each file."""
    return [data[90:99].decode() for data in files]


def turn_to(world: World, path: str) -> None:
    """Have files for the network go to ``path``."""
    Mailbox.objects.filter(pk=world.mailbox.pk).update(outbound_path=path)


def live_until_the_moment(world: World) -> str:
    """One order there and back, and one whose file could not be given over yet; return where files should go."""
    world.place(BEFORE)
    world.run()
    path = world.mailbox.outbound_path
    turn_to(world, NOWHERE)
    world.place(IN_FLIGHT)
    world.run()
    assert not [each for each in sent(world) if each.startswith(str(IN_FLIGHT))]
    return path


def live_on(world: World, path: str, folder: Path) -> Lost:
    """What happens after the moment: the file goes, another order comes, and today's keys are backed up."""
    before = {each for files in sent(world).values() for each in files}
    turn_to(world, path)
    world.place(AFTER)
    world.later()
    world.run()
    assert set(Order.objects.filter(store=world.row).values_list("state", flat=True)) == {"accepted"}
    call_command("backup", str(folder / "today.backup"), stderr=io.StringIO())
    since = [each for files in sent(world).values() for each in files if each not in before]
    return Lost(world, folder, since)


def restored(lost: Lost, *more: str) -> str:
    for each in connections:
        connections[each].close()
    said = io.StringIO()
    keys = keys_beside(lost.folder / "today.backup")
    call_command("restore", "--in-place", f"--keys={keys}", *more, stderr=said)
    return said.getvalue()


def see_that_nothing_happens_twice(lost: Lost, path: str) -> None:
    """Nothing moves before somebody resumes; then what was sent is known again, and new numbers are new."""
    world = lost.world
    known = set(Order.objects.filter(store=world.row).values_list("number", flat=True))
    assert known >= {BEFORE, IN_FLIGHT}
    assert not known & {AFTER, LATER}
    assert CursorEpoch.objects.count() == 2
    for each in Payload.objects.all():
        store.open(each, purpose="test")
    turn_to(world, path)
    arrived = sent(world)
    world.place(LATER)
    world.later()
    world.run()
    assert sent(world) == arrived
    Pause.objects.get().delete()
    world.later()
    world.run()
    now = sent(world)
    # The file that was in flight may come again, and is the same file: whoever gets it knows it by its number.
    for number, files in now.items():
        assert len(set(files)) == 1, number
    # What the partner had accepted since is told by the order in the store, and not sent again.
    assert len(next(files for number, files in now.items() if number.startswith(str(AFTER)))) == 1
    new = [each for number, files in now.items() if number.startswith(str(LATER)) for each in files]
    assert new
    used = set(control_numbers(lost.sent_since))
    assert used
    assert not used & set(control_numbers(new))
    assert all(int(each) > 10_000 for each in control_numbers(new))


@pytest.fixture
def lost(
    copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any, tmp_path: Path
) -> Iterator[tuple[Lost, str]]:
    """A world whose database was lost, restored as its files were at the moment; and where files should go."""
    with own_database(copies, django_db_blocker) as name, open_world(tmp_path, generated_orders()) as world:
        path = live_until_the_moment(world)
        copy = f"{name}_copy"
        for each in connections:
            connections[each].close()
        owner = copies.owner_address.rsplit("/", 1)[0] + "/postgres"
        with psycopg.connect(owner, autocommit=True) as server:
            _when_free(
                server,
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(copy), sql.Identifier(name)
                ),
            )
            server.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO gridport_app").format(
                    sql.Identifier(copy)
                )
            )
            made = live_on(world, path, tmp_path)
            point_at(copy)
            try:
                yield made, path
            finally:
                point_at(name)
                _when_free(server, sql.SQL("DROP DATABASE {}").format(sql.Identifier(copy)))


def _when_free(server: psycopg.Connection, statement: sql.Composed) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.execute(statement)
            return
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def test_after_a_restore_nothing_is_sent_twice_and_no_number_is_used_twice(lost: tuple[Lost, str]) -> None:
    made, path = lost
    said = restored(made)
    assert "every counter left out the next 10,000." in said
    see_that_nothing_happens_twice(made, path)


@whole_only
def test_the_naive_restore_gives_the_same_numbers_out_again(lost: tuple[Lost, str]) -> None:
    made, path = lost
    restored(made, "--skip-control-numbers=0")
    with pytest.raises(AssertionError):
        see_that_nothing_happens_twice(made, path)


def test_it_is_done_once_and_beside_nobody_at_work(committed: str, tmp_path: Path) -> None:
    file = tmp_path / "today.backup"
    gone, kept = store.put(b"gone"), store.put(b"kept")
    with connect(
        "owner"
    ) as owner:  # destroyed when today's keys are backed up, and there in the copy of before
        owner.execute(
            "CREATE TABLE before AS SELECT * FROM archive_payloadkey WHERE payload_id = %s", [gone.pk]
        )
        owner.execute("DELETE FROM archive_payloadkey WHERE payload_id = %s", [gone.pk])
        call_command("backup", str(file), stderr=io.StringIO())
        owner.execute("INSERT INTO archive_payloadkey SELECT * FROM before")
        owner.execute("DROP TABLE before")
    order = ("restore", "--in-place", f"--keys={keys_beside(file)}")
    assert not Order.objects.exists()  # a connection of the application
    with pytest.raises(CommandError, match=r"Nothing was changed\. 1 connections of gridport_app are open"):
        call_command(*order, stderr=io.StringIO())
    connections["default"].close()
    said = io.StringIO()
    call_command(*order, stderr=said)
    assert "1 keys were destroyed since, and are removed here too." in said.getvalue()
    assert list(PayloadKey.objects.values_list("payload", flat=True)) == [kept.pk]
    assert Pause.objects.get().subject == Pause.EVERYTHING
    connections["default"].close()
    with pytest.raises(CommandError, match="this was done before"):
        call_command(*order, stderr=io.StringIO())


@dataclass
class Archived:
    """A server that keeps its WAL, and goes back to a moment."""

    server: PrivateServer
    installation: Installation
    folder: Path

    @property
    def base(self) -> Path:
        """The base backup."""
        return self.folder / "base"

    def back_up(self) -> None:
        """Take a base backup, as an operator does."""
        subprocess.run(
            [
                self.server.binaries / "pg_basebackup", "--pgdata", self.base, "--wal-method=none", "--checkpoint=fast",
                "--dbname", self.installation.address("superuser", "postgres"),
            ],
            check=True, capture_output=True,
        )  # fmt: skip

    def name_moment(self, name: str) -> None:
        """Name this moment, and have everything up to it kept."""
        with superuser_of(self.installation) as superuser:
            superuser.execute("SELECT pg_create_restore_point(%s)", [name])
            superuser.execute("SELECT pg_switch_wal()")

    def go_back(self, name: str) -> None:
        """Lose the server, and restore base backup and WAL to the moment ``name``."""
        with superuser_of(self.installation) as superuser:
            superuser.execute("SELECT pg_switch_wal()")
        self.server.stop("immediate")
        data = Path(self.installation.server_folder)
        shutil.rmtree(data)
        shutil.copytree(self.base, data)
        data.chmod(0o700)
        (data / "recovery.signal").touch()
        with (data / "postgresql.auto.conf").open("a") as configuration:
            configuration.write(
                f"archive_mode = off\nrestore_command = 'cp {self.folder}/wal/%f %p'\n"
                f"recovery_target_name = '{name}'\nrecovery_target_action = 'promote'\n"
            )
        self.server.start()
        deadline = time.monotonic() + 30 * 60
        while time.monotonic() < deadline:
            with suppress(psycopg.Error), superuser_of(self.installation) as superuser:
                if superuser.execute("SELECT pg_is_in_recovery()").fetchone() == (False,):
                    return
            time.sleep(0.1)
        raise AssertionError("the server did not come back")


@contextmanager
def archived_server(folder: Path) -> Iterator[Archived]:
    """A server of its own that keeps its WAL."""
    (folder / "wal").mkdir()
    server = PrivateServer(folder / "data")
    installation = server.start()
    try:
        with superuser_of(installation) as superuser:
            superuser.execute("ALTER SYSTEM SET archive_mode = on")
            superuser.execute(
                sql.SQL("ALTER SYSTEM SET archive_command = {}").format(
                    sql.Literal(f"test ! -f {folder}/wal/%f && cp %p {folder}/wal/%f")
                )
            )
        server.stop()
        yield Archived(server, server.start(), folder)
    finally:
        server.stop("immediate")


def sealed_and_published() -> Path:
    """Seal what there is, and publish it where a restore changes nothing."""
    published = Path(settings.PUBLISHED_ROOTS)
    sealing.seal(Unclaimed(), everything=True)
    sealing.close(Unclaimed(), now=True)
    with transaction.atomic():
        publishing.publish_to_file(published)
    return published


@whole_only
@pytest.mark.parametrize("moment", range(3))
def test_base_backup_and_wal_go_back_to_a_moment(
    tmp_path: Path, django_db_setup: None, django_db_blocker: Any, moment: int
) -> None:
    with archived_server(tmp_path) as archived, django_db_blocker.unblock():
        installation = archived.installation
        copies = DatabaseCopies(installation.address("owner"), installation.address("app"), tmp_path)
        copies.make("world")
        with connected_to(installation, "world"), open_world(tmp_path, generated_orders()) as world:
            seed(DOCUMENTS, timezone.now(), lambda said: None)
            archived.back_up()
            published = sealed_and_published()
            for number in list(generated_orders())[5 : 5 + moment]:
                world.place(number)
                world.run()
            path = live_until_the_moment(world)
            archived.name_moment("the_moment")
            lost = live_on(world, path, tmp_path)
            for each in connections:
                connections[each].close()
            began = time.monotonic()
            archived.go_back("the_moment")
            restored(lost)
            assert time.monotonic() - began < 30 * 60
            outcome = checking.check(published)
            assert (outcome.findings, outcome.counts["rows"] > DOCUMENTS) == ([], True)
            see_that_nothing_happens_twice(lost, path)
