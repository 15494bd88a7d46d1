"""The reporting tables: frozen, readable by their role alone, told in the database, and equal to what pages show."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from archive import store as archive_store
from archive.models import Document, Interchange
from integration.flows.positions import positions
from integration.matching.ledger import MOVEMENTS, STATEMENTS, Position
from integration.models import (
    DailyFigure,
    ExceptionCase,
    Invoice,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    PurchaseOrderLine,
    Reconciliation,
    ReturnCase,
    ReturnLine,
    Shipment,
    ShipmentLine,
    Store,
    SupplierInvoice,
)
from integration.personal import TABLE
from partners.models import Agreement, AgreementDocument, TradingPartner
from partners.secrets import EncryptedTextField
from portal.checks import reporters_read_reports
from portal.copies import DatabaseCopies
from portal.groups import AUDITOR, CUSTOMER_SERVICE
from portal.reporting.declaring import TYPES
from portal.reporting.v1 import V1
from portal.roles import REPORTER
from tests import factories
from tests.conftest import ROOT, skip_or_fail
from tests.servers import connect

pytestmark = pytest.mark.django_db
FROZEN = ROOT / "portal" / "reporting" / "v1.json"
VIEWS = {view.name: view for view in V1.views}


def rows(view: str, columns: str = "*", where: str = "true") -> list[dict[str, Any]]:
    """Return rows of a view as they are in the test's own transaction.

    The application may not read the schema: it asks what the database says that the view is.
    """
    with connect("owner") as owner:
        [(query,)] = owner.execute("SELECT pg_get_viewdef(%s::regclass)", [f"{V1.schema}.{view}"]).fetchall()
    asked = f"SELECT {columns} FROM ({query.rstrip(';')}) AS {view} WHERE {where}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(asked)
        names = [each.name for each in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def reporter() -> Iterator[psycopg.Connection]:
    """A session of somebody in the role, in the test's database."""
    if settings.INSTALLATION is None:
        skip_or_fail("Only a superuser may be the role, and this server's is not known.")
    address = settings.INSTALLATION.address("superuser", connection.settings_dict["NAME"])
    with psycopg.connect(address, autocommit=True) as session:
        session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(REPORTER)))
        yield session


def stays(kept: Any, now: Any) -> bool:
    """Say whether what was described stays so: a vocabulary may have more words, and nothing else may be otherwise."""
    if isinstance(kept, dict) and isinstance(now, dict):
        return list(kept) == list(now) and all(stays(kept[name], now[name]) for name in kept)
    if isinstance(kept, list) and isinstance(now, list):
        return len(kept) == len(now) and all(map(stays, kept, now))
    if isinstance(kept, str) and "One of: " in kept:
        (said, words), (says, more) = (each.rstrip(".").split("One of: ") for each in (kept, now))
        return said == says and set(words.split(", ")) <= set(more.split(", "))
    return bool(kept == now)


def test_what_others_build_upon_does_not_change() -> None:
    assert stays(json.loads(FROZEN.read_text()), json.loads(json.dumps(V1.described()))), (
        "The reporting tables are not as v1.json has them. Names, types and meanings of a version stay as they are: declare what"
        " is to be otherwise as another version (portal/reporting/v2.py, schema reporting_v2, with v2.json beside it, made by"
        " `manage.py reporting`, and a migration that creates it), and leave this one."
    )


def test_a_word_may_come_and_nothing_else_may_change() -> None:
    kept = {"cases": {"kind": ["text", "What is wrong. One of: gap, mail."], "id": ["bigint", "Key."]}}
    for kind, ident, does_stay in (
        ("What is wrong. One of: gap, mail, silent.", "bigint", True),
        ("What is wrong. One of: gap, silent.", "bigint", False),
        ("What it is. One of: gap, mail.", "bigint", False),
        ("What is wrong. One of: gap, mail.", "text", False),
    ):
        assert stays(kept, {"cases": {"kind": ["text", kind], "id": [ident, "Key."]}}) is does_stay
    assert not stays(kept, {"cases": {"kind": kept["cases"]["kind"]}})


def test_every_view_is_declared_in_the_words_of_the_field() -> None:
    assert len(VIEWS) == len(V1.views) == 25
    for view in V1.views:
        names = [each.name for each in view.columns]
        told = {each.name: each for each in view.columns}
        assert len(set(names)) == len(names), view.name
        assert set(view.key) | set(view.times) <= set(names), view.name
        for each in view.columns:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", each.name)
            assert each.type in TYPES
            assert each.meaning.endswith((".", ")", "…"))
            if each.name == "id" or each.name.endswith("_id"):
                assert each.type in ("bigint", "text", "integer"), (view.name, each.name)
            if " in currency" in each.meaning:
                assert told["currency"].type == "text", (view.name, each.name)
            if ", in unit." in each.meaning:
                assert told["unit"].type == "text", (view.name, each.name)
        for who in ("partner", "store", "mailbox", "agreement"):
            assert (f"{who}_id" in told) == (f"{who}_name" in told), view.name


def test_the_database_tells_what_each_view_and_column_means_and_has_their_types() -> None:
    with connect("owner") as owner:
        found = owner.execute(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum),"
            " obj_description(c.oid, 'pg_class'), pg_get_userbyid(c.relowner)"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'v' ORDER BY c.relname, a.attnum",
            [V1.schema],
        ).fetchall()
    long = {"timestamptz": "timestamp with time zone"}
    assert found == [
        (name, each.name, long.get(each.type, each.type), each.meaning, view.meaning, "gridport_owner")
        for name, view in sorted(VIEWS.items())
        for each in view.columns
    ]


def test_the_role_reads_every_view_and_nothing_else() -> None:
    tables = [model._meta.db_table for model in apps.get_models()]
    with reporter() as session:
        for name in VIEWS:
            assert session.execute(f"SELECT count(*) FROM {V1.schema}.{name}").fetchone() is not None  # noqa: S608
            with pytest.raises(
                (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)
            ):
                session.execute(f"DELETE FROM {V1.schema}.{name}")  # noqa: S608
        for table in [*tables, "archive_tie", "archive_filetie", "archive_payloaddocument"]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
                session.execute(f"SELECT 1 FROM public.{table}")  # noqa: S608
            assert refused.value.sqlstate == "42501"
        for statement in (
            "CREATE TABLE public.mine (id int)",
            f"CREATE TABLE {V1.schema}.mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "SELECT public.gridport_governed('{1}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_schema_privilege('gridport_app', %s, 'USAGE')", [V1.schema])
        assert cursor.fetchone() == (False,)


def test_a_role_that_reads_more_is_told_and_one_that_is_missing_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reporters_read_reports(databases=["default"]) == []
    with connect("owner") as owner:
        owner.execute(f"GRANT SELECT ON integration_order TO {REPORTER}")
        try:
            [told] = reporters_read_reports(databases=["default"])
        finally:
            owner.execute(f"REVOKE SELECT ON integration_order FROM {REPORTER}")  # noqa: S608
    assert (told.id, told.msg) == (
        "gridport.E021",
        "gridport_reporter holds SELECT on public.integration_order.",
    )
    monkeypatch.setattr("portal.reporting.reporter.REPORTER", "gridport_nobody")
    [missing] = reporters_read_reports(databases=["default"])
    assert missing.id == "gridport.W022"
    assert "CREATE ROLE gridport_reporter NOLOGIN;" in missing.msg


ASKED_WHETHER_EMPTY = {
    ("integration_reconciliation", "asked_by"),
    ("integration_exceptioncase", "owner_id"),
}
LINES_ALONE = ("integration_order", "content")
BY_NAME = re.compile(
    r"email|password|token|secret|contact|address|content|sentence|plan$|evidence|body|(^|_)(actor|author|by)$|user|owner|person"
)


def test_no_view_reads_a_column_that_tells_of_a_person_or_is_a_secret() -> None:
    personal = {(model._meta.db_table, name) for model, told in TABLE.items() for name in told.columns} | {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    }
    with connect("owner") as owner:
        read = set(
            owner.execute(
                "SELECT DISTINCT t.relname, a.attname FROM pg_depend d"
                " JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass"
                " JOIN pg_class v ON v.oid = r.ev_class AND v.relnamespace = %s::regnamespace"
                " JOIN pg_class t ON t.oid = d.refobjid AND t.oid <> v.oid"
                " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid",
                [V1.schema],
            ).fetchall()
        )
    assert len(read) > 200
    assert read & personal == {LINES_ALONE}
    named = {each for each in read if BY_NAME.search(each[1])}
    assert named == {LINES_ALONE, *ASKED_WHETHER_EMPTY}


def test_what_is_known_of_people_comes_out_of_none(everything: PurchaseOrder) -> None:
    said = " ".join(json.dumps(rows(name), default=str) for name in VIEWS)
    assert everything.number in said
    assert "FS-1" in said
    for word in ("Ada", "Quist", "example.com", "Rope Walk", "Millbrook", "12545", "555-0100", "secret", "dora", "broken", "GRV-7781"):  # fmt: skip
        assert word not in said, word


def random_entries(lines: list[PurchaseOrderLine], seed: int) -> None:
    """Write a ledger in which minutes, places and documents coincide, and some of it is taken back."""
    chance = random.Random(seed)
    box = factories.mailbox()
    payload = archive_store.put(b"bytes")
    documents = []
    for place, control in enumerate(("000000007", "000000007", "000000012", "X9")):
        interchange = Interchange.objects.create(
            direction="in", mailbox=box, payload=payload, sender_qualifier="ZZ", sender_id="LARCH", receiver_qualifier="ZZ",
            receiver_id="US", control_number=control, version="00401", usage_indicator="P", correlation_id="c",
        )  # fmt: skip
        for position in range(1 + place % 2):
            documents.append(
                Document.objects.create(
                    interchange=interchange,
                    direction="in",
                    transaction_set="855",
                    version="004010",
                    group_control_number="1",
                    control_number="0001",
                    position=position,
                    offset=0,
                    length=5,
                )
            )
    began = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    for at in range(160):
        line = chance.choice(lines)
        entry = LineEntry.objects.create(
            line=line,
            kind=chance.choice([*MOVEMENTS, *STATEMENTS, *STATEMENTS]),
            quantity=Decimal(chance.randint(0, 40)) / 4,
            unit_price=chance.choice([None, Decimal("4.50"), Decimal("10")]),
            promised_on=chance.choice([None, date(2026, 12, 1), date(2027, 1, 1)]),
            document=chance.choice(documents),
            position=at,
            stated_at=began + timedelta(minutes=chance.randint(0, 1)),
        )
        if chance.random() < 0.3:
            LineEntry.objects.create(
                line=line, kind=entry.kind, quantity=entry.quantity, document=entry.document, position=at,
                stated_at=entry.stated_at, reverses=entry,
            )  # fmt: skip


CALLED = {each.name: each.name for each in fields(Position)} | {"unit_price": "acknowledged_unit_price"}


@pytest.mark.parametrize("seed", range(4))
def test_positions_are_those_that_pages_show(everything: PurchaseOrder, seed: int) -> None:
    chosen = factories.purchase_order()
    random_entries(list(chosen.lines.all()), seed)
    lines = list(PurchaseOrderLine.objects.all())
    wanted = positions(lines)
    found = {row["id"]: row for row in rows("purchase_order_lines")}
    assert found.keys() == wanted.keys()
    assert len(found) == 2 * (PurchaseOrder.objects.count())
    for pk, position in wanted.items():
        shown = {name: found[pk][column] for name, column in CALLED.items()}
        assert shown == {name: getattr(position, name) for name in CALLED}, pk
        assert (found[pk]["in_force"], found[pk]["open"]) == (position.in_force, position.open)
    assert {position.acknowledged is None for position in wanted.values()} == {True, False}


SAME: dict[str, tuple[Any, dict[str, str]]] = {
    "interchanges": (Interchange, {"control_number": "control_number", "mailbox_id": "mailbox", "bytes": "payload__size"}),
    "documents": (
        Document,
        {"number": "state__number", "acknowledgment": "state__acknowledgment", "delivery": "state__delivery",
         "validation": "state__validation", "partner_name": "partner__name", "recorded_at": "recorded_at"},
    ),
    "document_orders": (OrderDocument, {"document_id": "document", "order_id": "order", "role": "role"}),
    "orders": (
        Order,
        {"number": "number", "store_name": "store__name", "total": "total", "currency": "currency", "state": "state",
         "customer_partner_name": "customer_link__agreement__partner__name"},
    ),
    "purchase_orders": (
        PurchaseOrder,
        {"number": "number", "partner_id": "agreement__partner", "state": "state", "order_number": "order__number",
         "currency": "agreement__currency"},
    ),
    "shipments": (Shipment, {"number": "number", "tracking_number": "tracking_number", "purchase_order_id": "purchase_order"}),
    "shipment_lines": (ShipmentLine, {"quantity": "quantity", "sku": "line__sku", "unit": "line__unit"}),
    "invoices": (Invoice, {"number": "number", "total": "total", "currency": "currency", "state": "state"}),
    "supplier_invoices": (
        SupplierInvoice,
        {"number": "number", "total": "total", "money_at_stake": "money_at_stake", "approved": "approved", "state": "state"},
    ),
    "returns": (
        ReturnCase,
        {"number": "number", "stage": "stage", "expected_credit": "expected_credit", "credited": "credited", "rma": "rma"},
    ),
    "return_lines": (ReturnLine, {"quantity": "quantity", "authorized": "authorized", "reason": "reason"}),
    "cases": (ExceptionCase, {"kind": "kind", "money": "money", "opened_at": "opened_at", "partner_name": "partner__name"}),
    "stores": (Store, {"name": "name", "currency": "currency"}),
    "partners": (TradingPartner, {"name": "name", "is_active": "is_active"}),
    "agreements": (Agreement, {"name": "name", "mode": "mode", "mailbox_name": "mailbox__name"}),
    "mappings": (AgreementDocument, {"transaction_set": "transaction_set", "direction": "direction"}),
    "reconciliations": (Reconciliation, {"finished_at": "finished_at"}),
}  # fmt: skip


@pytest.mark.parametrize("view", SAME)
def test_every_row_is_there_once_with_its_own_figures(everything: PurchaseOrder, view: str) -> None:
    model, paths = SAME[view]
    wanted = list(model.objects.order_by("pk").values_list("pk", *paths.values()))
    assert len(wanted) >= 2
    found = sorted(tuple(row[name] for name in ("id", *paths)) for row in rows(view))
    assert found == wanted


def test_lines_of_orders_and_what_a_line_was_answered(everything: PurchaseOrder) -> None:
    lines = rows(
        "order_lines", "sku, quantity, unit, price_with_tax, currency", f"order_id = {everything.order_id}"
    )
    assert [tuple(each.values()) for each in lines] == [
        ("FS-1", 2, "each", Decimal("9.90"), "USD"),
        ("FS-2", 5, "each", Decimal("9.90"), "USD"),
    ]
    random_entries(list(everything.lines.all()), seed=9)
    said = LineEntry.objects.filter(kind__in=STATEMENTS, reverses=None)
    wanted = set(said.values_list("pk", "kind", "quantity", "unit_price", "promised_on"))
    answers = rows("acknowledgment_lines", "id, answer, quantity, unit_price, promised_on")
    assert {tuple(each.values()) for each in answers} == wanted
    taken_back = {each["id"] for each in rows("acknowledgment_lines", "id", "NOT is_standing")}
    assert taken_back == set(said.exclude(reversed_by=None).values_list("pk", flat=True))
    assert 0 < len(taken_back) < len(answers)


def test_figures_of_a_day_are_summed_up_to_each_length_of_time() -> None:
    partner = factories.partner("Larch Supply")
    DailyFigure.objects.create(
        day=date(2026, 11, 28), partner=partner, transaction_set="850", direction="out", documents=60, failed=2,
        answered=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], counted_at=timezone.now(),
    )  # fmt: skip
    [row] = rows("daily_metrics")
    assert (row["partner_name"], row["documents"], row["failed"]) == ("Larch Supply", 60, 2)
    within = [value for name, value in row.items() if name.startswith("acknowledged")]
    assert within == [1, 3, 6, 10, 15, 21, 28, 36, 45, 55]


def test_what_a_reconciliation_came_to() -> None:
    checks = [
        {"check": "order", "good": 7, "explained": 2, "gaps": 1},
        {"check": "receipt", "good": 3, "explained": 0, "gaps": 0},
    ]
    look = Reconciliation.objects.create(started_at=timezone.now(), checks=checks, unread=["Mailbox: away."])
    look.gaps.create(check_name="order", sentence="Order 7 was missing.", repair="It is read.")
    assert rows("reconciliations", "good, explained, gaps, unread, is_asked_for", f"id = {look.pk}") == [
        {"good": 10, "explained": 2, "gaps": 1, "unread": 1, "is_asked_for": False}
    ]
    assert [tuple(each.values()) for each in rows("reconciliation_checks")] == [
        (look.pk, "order", 7, 2, 1),
        (look.pk, "receipt", 3, 0, 0),
    ]
    [gap] = rows("reconciliation_gaps")
    assert (gap["check_name"], gap["is_repaired"]) == ("order", True)


Plans = Callable[[str], Iterator[dict[str, Any]]]


@pytest.fixture(scope="module")
def plans(copies: DatabaseCopies, django_db_setup: None) -> Iterator[Plans]:
    """Give the nodes of a query's plan, where whole tables are read only if there is no other way.

    In a database where nothing was ever counted the planner takes every table to be of some size. In the one of other
    tests it knows, once that was cleaned by itself, that next to nothing is left, and any way is as good as another.
    """
    name = f"gridport_test_{os.getpid()}_plans"
    _, address = copies.make(name)
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("SET enable_seqscan = off")

        def plans(query: str) -> Iterator[dict[str, Any]]:
            [([told],)] = owner.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchall()
            waiting = [told["Plan"]]
            while waiting:
                plan = waiting.pop()
                waiting += plan.get("Plans", [])
                yield plan

        yield plans
    copies.drop(name)


@pytest.mark.parametrize("view", [view.name for view in V1.views if "id" in view.key])
def test_one_row_is_found_by_indexes_alone(view: str, plans: Plans) -> None:
    for plan in plans(f"SELECT * FROM {V1.schema}.{view} WHERE id = 7"):  # noqa: S608
        assert plan["Node Type"] != "Seq Scan", plan
        if "Relation Name" in plan and "Index" in plan["Node Type"]:
            assert "Index Cond" in plan, plan


@pytest.mark.parametrize(("view", "column"), [(view.name, each) for view in V1.views for each in view.times])
def test_a_range_of_time_is_found_by_an_index(view: str, column: str, plans: Plans) -> None:
    query = f"SELECT * FROM {V1.schema}.{view} WHERE {column} >= '2026-11-01' AND {column} < '2026-11-02'"  # noqa: S608
    ranges = [plan["Index Cond"] for plan in plans(query) if "2026-11-01" in plan.get("Index Cond", "")]
    assert len(ranges) == 1, ranges


def test_the_page_tells_of_every_table_and_of_the_role(everything: PurchaseOrder) -> None:
    client = Client()
    client.force_login(factories.user(group=AUDITOR))
    answer = client.get(reverse("reporting_tables"))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count('<details class="gp-more gp-fold"') == len(VIEWS)
    for view in V1.views:
        assert f'id="{view.name}"' in page
    assert "IN ROLE gridport_reporter;" in page
    assert "is missing" not in page
    client.force_login(factories.user(group=CUSTOMER_SERVICE))
    assert client.get(reverse("reporting_tables")).status_code == 403
