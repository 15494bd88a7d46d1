"""An invented archive: as many documents as were asked for, uneven as life, and in tables that are guarded as before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models import Count, F
from django.utils import timezone

from archive import store
from archive.models import Acknowledgment, Document, DocumentReference, Event
from archive.search import reference_rows
from integration.models import (
    ExceptionCase,
    Expectation,
    LineEntry,
    Order,
    OrderDocument,
    OrderReference,
    PurchaseOrder,
)
from integration.search import Scope, find
from portal.copies import DatabaseCopies
from portal.seeding import seed as seeding
from portal.seeding.lives import COMMON_ITEM, TRAPS, lives
from tests import factories
from tests.conftest import own_database

DOCUMENTS = 3_000
EVERYTHING = Scope(orders=True, documents=True, files=True)
_SCHEMA = {
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "constraints": """
        SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2
    """,
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2
    """,
}


class Seeded(NamedTuple):
    """An archive that was just made, and the schema before."""

    before: dict[str, list[Any]]
    rows: dict[str, int]
    until: datetime
    said: list[str]


def schema() -> dict[str, list[Any]]:
    """Return every index, constraint and trigger."""
    found = {}
    with connection.cursor() as cursor:
        for name, query in _SCHEMA.items():
            cursor.execute(query)
            found[name] = cursor.fetchall()
    return found


@pytest.fixture(scope="module")
def seeded(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[Seeded]:
    """A database of 3,000 invented documents."""
    with own_database(copies, django_db_blocker):
        before, until = schema(), timezone.now()
        said: list[str] = []
        yield Seeded(before, seeding.seed(DOCUMENTS, until, said.append), until, said)


def test_there_are_as_many_documents_as_were_asked_for_and_none_of_tomorrow(seeded: Seeded) -> None:
    assert Document.objects.count() == seeded.rows["archive_document"] == DOCUMENTS
    assert Document.objects.filter(recorded_at__gt=seeded.until).count() == 0
    assert OrderDocument.objects.count() == DOCUMENTS
    days = seeded.until - Document.objects.order_by("pk")[0].recorded_at
    assert timedelta(days=390) < days < timedelta(days=401)
    times = list(Document.objects.order_by("pk").values_list("recorded_at", flat=True))
    assert times == sorted(times)


def test_it_is_uneven_as_life(seeded: Seeded) -> None:
    assert OrderDocument.objects.filter(order__number=2008).count() == 300
    partners = Order.objects.values("purchase_orders__agreement__partner__name").annotate(count=Count("pk"))
    shares = {each["purchase_orders__agreement__partner__name"]: each["count"] for each in partners}
    orders = Order.objects.count()
    assert 0.33 < shares["Northwind Mills"] / orders < 0.47
    common = OrderReference.objects.filter(kind="sku", value=COMMON_ITEM).values("order").distinct().count()
    assert 0.26 < common / orders < 0.40
    assert {"acknowledgment_differs", "no_partner"} <= set(
        ExceptionCase.objects.values_list("kind", flat=True)
    )
    assert ExceptionCase.objects.filter(closed_at=None).count() > 0
    assert set(Expectation.objects.values_list("state", flat=True)) >= {"met", "overdue", "given_up"}


def test_the_traps_are_there(seeded: Seeded) -> None:
    assert set(TRAPS) <= set(Order.objects.values_list("number", flat=True))
    numbers = {order: PurchaseOrder.objects.get(order__number=order).number for order in (1042, 5001, 2003)}
    assert numbers == {1042: "PO-450042", 5001: "1777", 2003: "000012345"}
    answer = Document.objects.get(orders__order__number=2006, transaction_set="855")
    assert (
        answer.recorded_at
        < Document.objects.get(orders__order__number=2006, transaction_set="850").recorded_at
    )
    assert Acknowledgment.objects.filter(document__orders__order__number=2007).count() == 2
    assert [each.order.number for each in find("family@amsel.example", EVERYTHING).exact.orders] == [
        2002,
        2001,
    ]
    for term, number in (("o'brien", 2004), ("шевчук", 2005), ("RMA-2009", 2009), ("po 450042", 1042)):
        found = find(term, EVERYTHING)
        orders = [each.order for each in found.exact.orders + found.longer.orders]
        assert (found.straight or orders[0]) == Order.objects.get(number=number), term


def test_rows_are_found_by_the_forms_that_our_own_writer_makes(seeded: Seeded) -> None:
    columns = ("kind", "value", "normal", "rank")
    for model, subject in ((OrderReference, "order"), (DocumentReference, "document")):
        for pk in (
            model.objects.order_by(subject).values_list(subject, flat=True).distinct()[:: DOCUMENTS // 15]
        ):
            made = set(model.objects.filter(**{subject: pk}).values_list(*columns))
            assert made == set(reference_rows(dict.fromkeys((kind, value) for kind, value, *_ in made)))


def test_each_document_is_where_its_interchange_says(seeded: Seeded) -> None:
    for document in Document.objects.select_related("interchange__payload", "state").order_by("pk")[::301]:
        data = store.open(document.interchange.payload, purpose="test")
        assert hashlib.sha256(data).hexdigest() == document.state.sha256
        own = data[document.offset : document.offset + document.length]
        assert own.startswith(f"ST*{document.transaction_set}*0001~".encode())
        assert own.endswith(b"*0001~")
        assert own.count(b"~") == int(own.split(b"SE*")[1].split(b"*")[0])


def test_the_ledger_follows_the_lines(seeded: Seeded) -> None:
    ordered = LineEntry.objects.filter(kind="ordered")
    assert ordered.exclude(quantity=F("line__quantity")).count() == 0
    assert (
        ordered.count()
        == PurchaseOrder.objects.filter(documents__role="purchase_order").values("lines").count()
    )


def test_guards_indexes_and_constraints_stand_as_before(seeded: Seeded) -> None:
    after = schema()
    assert {name: set(after[name]) ^ set(seeded.before[name]) for name in after} == {
        name: set() for name in after
    }
    assert len(after["triggers"]) > 40
    with (
        psycopg.connect(**seeding._owner()) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="facts are written once"),
    ):
        owner.execute("UPDATE archive_document SET guide = 'x'")


def test_ids_go_on_behind_those_that_were_given(seeded: Seeded) -> None:
    last = Event.objects.order_by("-pk")[0].pk
    made = factories.order(900_001, of=Order.objects.order_by("pk")[0].store)
    assert made.pk == Order.objects.count()
    event = Event.objects.create(subject=made.subject, kind="imported", sentence="Read.", correlation_id="")
    assert event.pk > last


def test_a_full_archive_is_left_alone(seeded: Seeded) -> None:
    with pytest.raises(CommandError, match="holds documents already"):
        call_command("seed_archive", documents=5_000, stderr=StringIO())
    assert Document.objects.count() == DOCUMENTS


@pytest.mark.django_db
def test_time_and_disk_are_told_first_and_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = StringIO()
    monkeypatch.setattr(seeding.shutil, "disk_usage", lambda folder: SimpleNamespace(free=8_990_000_000))
    with pytest.raises(CommandError, match=r"1,000,000 documents need 9\.0 GB, and .* has 9\.0 GB free"):
        call_command("seed_archive", documents=1_000_000, stderr=said)
    assert said.getvalue().startswith("1,000,000 documents take about 9.0 GB of disk and 8 minutes.")
    with pytest.raises(CommandError, match="999 documents are too few"):
        call_command("seed_archive", documents=999, stderr=said)
    seeding.check(800_000, Path("/"))


def test_the_same_number_gives_the_same_lives() -> None:
    until = timezone.now()
    first, again, other = (
        [(life.number, life.customer, life.lines, life.documents) for life in lives(2_000, until, number)]
        for number in (8, 8, 9)
    )
    assert first == again
    assert first != other


def test_what_fails_half_way_leaves_nothing_behind(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema()

    def fails(*args: Any) -> None:
        raise RuntimeError("stopped")

    monkeypatch.setattr(seeding.Table, "continue_ids", fails)
    with pytest.raises(RuntimeError, match="stopped"):
        seeding.seed(1_000, timezone.now(), lambda words: None)
    assert Document.objects.count() == 0
    assert schema() == before
    connections["owner"].close()
