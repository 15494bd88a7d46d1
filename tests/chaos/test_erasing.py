"""P25: erased is erased, in the database, its index, the logs, a dump, and in a backup of before restored with the keys of today.

A canary stands in everything that a customer can fill in. The naive restore differs in one thing: it takes the keys of then.
"""

from __future__ import annotations

import io
import logging
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from archive import store
from archive.models import Document, Event, Payload, PayloadKey
from integration.flows.erase import approve_erasure, propose_erasure
from integration.models import Comment, ExceptionCase, Order
from integration.simulators.store.sample_orders import generated_orders
from portal.backups.address import address_of
from portal.backups.keys import keys_beside
from portal.backups.programs import find_program
from portal.copies import DatabaseCopies
from portal.installation import Installation
from tests import factories
from tests.conftest import own_database
from tests.servers import cluster, connect, empty_database
from tests.world import World, open_world

__all__ = ["cluster"]

CANARY = "Quetzalcanary"
ORDER, OTHER = 1001, 1004


@dataclass
class Forgotten:
    """A world in which one customer was forgotten, with the backups of before, and what was logged all the while."""

    world: World
    folder: Path
    log: str
    commitments: dict[str, tuple[str, str]]

    @property
    def before(self) -> Path:
        """The backup of before; its own keys stand beside it."""
        return self.folder / "before.backup"

    @property
    def keys_of_today(self) -> Path:
        """The keys that were backed up after."""
        return keys_beside(self.folder / "today.backup")


def spelled(orders: dict[int, Any]) -> dict[int, Any]:
    """Put the canary wherever a customer of ``ORDER`` writes something."""
    chosen = orders[ORDER]
    chosen.order["customer_id"] = 901
    chosen.order["customer_message"] = f"Ring at {CANARY}"
    people = [chosen.order["billing_address"], *chosen.addresses]
    for each in people:
        for field in ("first_name", "last_name", "company", "street_1", "street_2"):
            each[field] = f"{CANARY} {field}"[:30]
        each["email"] = f"{CANARY.lower()}@example.net"
        each["phone"] = f"555 {CANARY}"
    return orders


@pytest.fixture(scope="module")
def forgotten(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Forgotten]:
    folder = tmp_path_factory.mktemp("forgotten")
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    try:
        with (
            own_database(copies, django_db_blocker),
            open_world(folder, spelled(generated_orders())) as world,
        ):
            for number in (ORDER, OTHER):
                world.place(number)
            world.run()
            order = Order.objects.get(number=ORDER)
            Comment.objects.create(
                subject=order.subject, text=f"{CANARY} rang.", author_name="dora", written_at=order.placed_at
            )
            _look_at(order)
            _make("before", folder)
            people = [factories.user(name, "Operator") for name in ("olaf", "oona")]
            _settle()
            approve_erasure(people[1], propose_erasure(people[0], order, "The customer asked."), "Checked.")
            world.later()
            _make("today", folder)
            rows = Payload.objects.values_list("address", "commitment", "fingerprint")
            yield Forgotten(world, folder, heard.getvalue(), {row[0]: (row[1], row[2]) for row in rows})
    finally:
        logging.getLogger().removeHandler(handler)


def _look_at(order: Order) -> None:
    client = Client()
    client.force_login(factories.user("root", superuser=True))
    for path in (
        f"/admin/integration/order/{order.pk}/change/",
        f"/admin/find/?q={CANARY}",
        "/admin/integration/order/?q=nothing",
    ):
        assert client.get(path).status_code in (200, 302), path


def _settle() -> None:
    ExceptionCase.objects.filter(closed_at=None).update(closed_at="2026-11-29T00:00Z", closed_by="olaf")


def _make(name: str, folder: Path) -> None:
    call_command("backup", str(folder / f"{name}.backup"), stderr=io.StringIO())


def dumped() -> str:
    """Everything in the database that the connections lead to, as text."""
    source = address_of("owner")
    assert source is not None
    with source.connect() as connection:
        program = find_program("pg_dump", connection.info.server_version // 10_000, "The server")
    done = subprocess.run(
        [program.path, *source.arguments()], env=source.environment(), capture_output=True, check=True
    )
    return done.stdout.decode(errors="replace")


def opened() -> list[bytes]:
    """What every payload holds that still opens."""
    found = []
    for each in Payload.objects.order_by("pk"):
        try:
            found.append(store.open(each, purpose="test"))
        except store.PayloadDamaged:
            continue
    return found


def restored(forgotten: Forgotten, keys: Path) -> str:
    said = io.StringIO()
    call_command("restore", str(forgotten.before), f"--keys={keys}", stderr=said)
    return said.getvalue()


def has_canary(text: str) -> bool:
    return CANARY.lower() in text.lower()


def test_nothing_in_the_database_tells_of_the_person(forgotten: Forgotten) -> None:
    where = {line[:200] for line in dumped().splitlines() if has_canary(line)}
    assert where == set()
    assert not any(has_canary(each.decode("latin-1")) for each in opened())
    assert Order.objects.filter(erased_at__isnull=False).count() == 1
    assert Document.objects.filter(orders__order__number=ORDER, interchange__payload__key=None).count() >= 2


def test_the_search_finds_the_person_no_more_and_the_order_still(forgotten: Forgotten) -> None:
    client = Client()
    client.force_login(factories.user("seeker", superuser=True))
    assert "Nothing" in client.get(f"/admin/find/?q={CANARY}").content.decode()
    assert client.get(f"/admin/find/?q={ORDER}").status_code == 302


def test_no_log_ever_told_of_the_person(forgotten: Forgotten) -> None:
    assert not has_canary(forgotten.log)
    assert not Event.objects.filter(sentence__icontains=CANARY).exists()


def test_what_is_proved_stands_as_before(forgotten: Forgotten, cluster: Installation) -> None:
    assert len(forgotten.commitments) >= 4
    assert all(commitment and fingerprint for commitment, fingerprint in forgotten.commitments.values())
    with empty_database(cluster):
        restored(forgotten, keys_beside(forgotten.before))
        rows = Payload.objects.values_list("address", "commitment", "fingerprint")
        was = {row[0]: (row[1], row[2]) for row in rows}
    assert {address: forgotten.commitments[address] for address in was} == was


def test_the_other_customers_documents_still_open(forgotten: Forgotten) -> None:
    of_other = Document.objects.filter(orders__order__number=OTHER).select_related("interchange__payload")
    assert of_other.count() >= 2
    for each in of_other:
        assert store.open(each.interchange.payload, purpose="test").startswith(b"ISA")


def test_a_backup_of_before_with_the_keys_of_today_tells_nothing(
    forgotten: Forgotten, cluster: Installation
) -> None:
    with empty_database(cluster):
        said = restored(forgotten, forgotten.keys_of_today)
        assert "1 order was erased since the backup was made, and again here." in said
        assert {line[:200] for line in dumped().splitlines() if has_canary(line)} == set()
        assert not any(has_canary(each.decode("latin-1")) for each in opened())
        assert Order.objects.get(number=ORDER).erased_at is not None
        assert PayloadKey.objects.count() < Payload.objects.count()
        assert Order.objects.get(number=OTHER).customer_name


def test_the_naive_restore_with_the_keys_of_then_tells_everything(
    forgotten: Forgotten, cluster: Installation
) -> None:
    with empty_database(cluster):
        restored(forgotten, keys_beside(forgotten.before))
        assert has_canary(dumped())
        assert sum(has_canary(each.decode("latin-1")) for each in opened()) >= 1


def test_neither_file_alone_opens_anything(forgotten: Forgotten, cluster: Installation) -> None:
    assert not has_canary(keys_beside(forgotten.before).read_text())
    with empty_database(cluster), connect("owner") as owner:
        restored(forgotten, forgotten.keys_of_today)
        kept = owner.execute("SELECT count(*) FROM archive_payloadkey").fetchone()
    assert kept is not None
    assert 0 < kept[0] < len(forgotten.commitments)
