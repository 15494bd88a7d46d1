"""Find at size: whatever is looked for, no query of the page scans a table, in any plan."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from archive.models import Document, DocumentReference
from archive.search import KINDS, UNIQUE_NUMBERS, Term, reference_rows
from archive.store import put
from integration.models import Order, OrderReference
from integration.search import Scope
from portal.copies import DatabaseCopies
from tests import factories
from tests.conftest import own_database
from tests.portal.admin.conftest import client_of
from tests.portal.admin.test_find import MOST_QUERIES, ask

pytestmark = pytest.mark.chaos

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
DOCUMENTS = 100_000 if WHOLE else 10_000
ORDERS = DOCUMENTS // 4
SMALL_TABLE = 1_000
"""Rows below which a table is read whole for good reason: stores, partners, users."""
MOST_READ = 7_000
"""Rows that any one node of a plan may read: what is counted before it is said that there is more."""

# One order for every four documents; every twentieth order's documents belong to nobody. Numbers, names and items
# repeat as they do in a shop: one item is in every order, one partner has a twentieth of them, every ST02 is 0001.
_ROWS = """
    INSERT INTO integration_order (store_id, number, state, state_reason, status_id, placed_at, modified_at,
                                   customer_name, total, currency, content, digest, read_at)
    SELECT {store}, 10000 + n, 'routed', '', 11, now(), now(), 'Ada Quist ' || n % 1000, 69.3, 'USD',
           '{{"lines": [], "addresses": []}}', '', now()
      FROM generate_series(1, {orders}) n;
    INSERT INTO integration_purchaseorder (order_id, agreement_id, ship_to, number, state, digest, created_at)
    SELECT id, {agreement}, '1', number || '-1', 'generated', '', now() FROM integration_order;
    INSERT INTO archive_transmission (direction, mailbox_id, name, payload_id, correlation_id)
    SELECT 'in', {mailbox}, 'Grid.' || n || '.edi', {payload}, '' FROM generate_series(1, {documents}) n;
    INSERT INTO archive_interchange (direction, mailbox_id, agreement_id, payload_id, transmission_id, position, name,
                                     sender_qualifier, sender_id, receiver_qualifier, receiver_id, control_number,
                                     epoch, version, usage_indicator, correlation_id)
    SELECT 'in', {mailbox}, {agreement}, {payload}, id, 0, '', 'ZZ', 'LARCH', 'ZZ', 'GRIDPORT',
           lpad((row_number() OVER (ORDER BY id))::text, 9, '0'), 0, '00401', 'P', ''
      FROM archive_transmission;
    INSERT INTO archive_document (interchange_id, agreement_id, partner_id, direction, transaction_set, version,
                                  group_control_number, control_number, position, "offset", length, guide)
    SELECT id, {agreement}, {partner}, 'in', '855', '004010', control_number::bigint, '0001', 0, 0, 1, ''
      FROM archive_interchange;
    INSERT INTO archive_documentstate (document_id, validation, delivery, acknowledgment, sha256, number)
    SELECT id, 'valid', 'none', 'not_expected', '', '' FROM archive_document;
    INSERT INTO integration_orderdocument (order_id, document_id, role)
    SELECT o.id, d.id, 'purchase_order'
      FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM archive_document) d
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM integration_order) o ON o.n = d.n / 4
     WHERE o.n % 20 <> 0;
"""
_REFERENCES = """
    INSERT INTO {table} ({subject}_id, kind, value, normal, rank)
    SELECT s.id, r.kind, r.value, r.normal, r.rank
      FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM {subjects}) s
     CROSS JOIN LATERAL (SELECT s.n AS d, s.n / {each} AS o, 10001 + s.n / {each} AS number) x
     CROSS JOIN LATERAL (VALUES {rows}) r (kind, value, normal, rank)
"""
_OF_BOTH = """
    ('order', number::text, number::text, 390),
    ('purchase_order', number || '-1', number || '-1', 380), ('purchase_order', number || '-1', number || '1', 180),
    ('sku', 'FS-1', 'FS1', 330), ('sku', 'AC-' || o % 500, 'AC' || o % 500, 330),
    ('vendor_item', 'V-' || o % 500, 'V' || o % 500, 325),
    ('upc', (4006381000000 + o)::text, (4006381000000 + o)::text, 320),
    ('partner', 'Larch ' || o % 20, 'LARCH ' || o % 20, 310),
    ('partner', 'Larch ' || o % 20, o % 20 || ' LARCH', 210)
"""
_OF_ORDERS = """
    ('customer', 'Ada Quist' || o % 1000, 'ADA QUIST' || o % 1000, 312),
    ('customer', 'Ada Quist' || o % 1000, 'QUIST' || o % 1000 || ' ADA', 212),
    ('email', 'ada.' || o || '@example.com', 'ADA.' || o || '@EXAMPLE.COM', 315)
"""
_OF_DOCUMENTS = """
    ('control_number', lpad((d + 1)::text, 9, '0'), lpad((d + 1)::text, 9, '0'), 250),
    ('control_number', lpad((d + 1)::text, 9, '0'), (d + 1)::text, 150),
    ('group_control_number', (d + 1)::text, (d + 1)::text, 245),
    ('set_control_number', '0001', '0001', 240), ('set_control_number', '0001', '1', 140),
    ('vendor_order', 'S' || (70000000 + d), 'S' || (70000000 + d), 370),
    ('vendor_order', 'S' || (70000000 + d), (70000000 + d)::text, 270),
    ('tracking', '1ZX' || (90000000 + d), '1ZX' || (90000000 + d), 360),
    ('invoice', 'INV' || (30000000 + d), 'INV' || (30000000 + d), 366),
    ('invoice', 'INV' || (30000000 + d), (30000000 + d)::text, 266),
    ('shipment', 'SH' || (40000000 + d), 'SH' || (40000000 + d), 365),
    ('shipment', 'SH' || (40000000 + d), (40000000 + d)::text, 265),
    ('rma', 'RMA' || (50000000 + d), 'RMA' || (50000000 + d), 364),
    ('rma', 'RMA' || (50000000 + d), (50000000 + d)::text, 264),
    ('sscc', (100000000000000000 + d)::text, (100000000000000000 + d)::text, 355),
    ('reference', 'R' || d % 700, 'R' || d % 700, 335), ('item', 'M' || d % 300, 'M' || d % 300, 318)
"""


@pytest.fixture(scope="module")
def full(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """Somebody who may see everything, on a database of that size, which takes longer to make than to ask."""
    with own_database(copies, django_db_blocker):
        _fill()
        yield client_of(factories.user("vera", "view"))


def _fill() -> None:
    agreement = factories.agreement(of=factories.partner("Larch Supply"))
    given = {
        "store": factories.store().pk, "agreement": agreement.pk, "mailbox": agreement.mailbox_id,
        "partner": agreement.partner_id, "payload": put(b"the same for all").pk, "orders": ORDERS, "documents": DOCUMENTS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(**given))
        for table, subject, each, rows in (
            ("integration_orderreference", "order", 1, f"{_OF_BOTH}, {_OF_ORDERS}"),
            ("archive_documentreference", "document", 4, f"{_OF_BOTH}, {_OF_DOCUMENTS}"),
        ):
            subjects = table.removesuffix("reference")
            cursor.execute(
                _REFERENCES.format(table=table, subject=subject, subjects=subjects, each=each, rows=rows)
            )
    with connections["owner"].cursor() as owner:
        owner.execute("ANALYZE")
    connections["owner"].close()


@contextmanager
def recorded() -> Iterator[list[tuple[str, Any]]]:
    """Give the list that every query made meanwhile is added to."""
    queries: list[tuple[str, Any]] = []

    def record(execute: Any, query: str, params: Any, many: bool, context: Any) -> Any:
        queries.append((query, params))
        return execute(query, params, many, context)

    with connection.execute_wrapper(record):
        yield queries


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@dataclass(frozen=True)
class Catalogue:
    """The tables that are large, and of each index on one of them the table and the first column."""

    tables: set[str]
    indexes: dict[str, tuple[str, str]]

    @classmethod
    def read(cls) -> Catalogue:
        """Return that of the database."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [SMALL_TABLE]
            )
            tables = {row[0] for row in cursor.fetchall()}
            cursor.execute(
                "SELECT i.relname, t.relname, pg_get_indexdef(i.oid, 1, true)"
                "  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
                " WHERE t.relname = ANY(%s)",
                [list(tables)],
            )
            return cls(tables, {index: (table, column) for index, table, column in cursor.fetchall()})


def faults(query: str, params: Any, catalogue: Catalogue) -> list[str]:
    """Return a sentence for each node of the query's plan that reads a large table or index whole, or too much of it."""
    with connection.cursor() as cursor:
        if not WHOLE:
            # A tenth of the rows is sooner read than looked up where a disk has to turn for each.
            cursor.execute("SET random_page_cost = 1.1")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", params)
        answer = cursor.fetchone()[0]
    [explained] = json.loads(answer) if isinstance(answer, str) else answer
    found = []
    for node in nodes(explained["Plan"]):
        table, column = catalogue.indexes.get(node.get("Index Name", ""), (node.get("Relation Name"), ""))
        if table not in catalogue.tables:
            continue
        if node["Node Type"] == "Seq Scan":
            found.append(f"{table} is scanned by {query}")
        if column and _letters(column) not in _letters(node.get("Index Cond", "")):
            found.append(f"index {node['Index Name']} is read whole by {query}")
        left = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        read = (node["Actual Rows"] + left) * node["Actual Loops"]
        if read > MOST_READ:
            found.append(f"{read} rows of {table} are read by {query}")
    return found


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def terms() -> dict[str, tuple[str, str]]:
    """Return for each kind of reference a term, and the beginning of one."""
    last = DOCUMENTS - 7
    order = 10_001 + last // 4
    return {
        "order": (f"{order}", "10"),
        "purchase_order": (f"PO {order}-1", f"{order}-"),
        "vendor_order": (f"S-{70_000_000 + last}", "S7"),
        "tracking": (f"1Z X{90_000_000 + last}", "1ZX9"),
        "invoice": (f"Invoice {30_000_000 + last}", "INV3"),
        "shipment": (f"SH-{40_000_000 + last}", "SH4"),
        "rma": (f"RMA {50_000_000 + last}", "RMA5"),
        "sscc": (f"{100_000_000_000_000_000 + last}", "1000000"),
        "control_number": (f"{last + 1:09d}", "00000"),
        "group_control_number": (f"GS06 {last + 1}", "2"),
        "set_control_number": ("0001", "000"),
        "reference": ("R5", "R"),
        "sku": ("fs 1", "AC"),
        "vendor_item": ("V-77", "V"),
        "upc": (f"0 {4_006_381_000_000 + last // 4}", "400638"),
        "item": ("M-7", "M"),
        "email": (f"Ada.{last // 4}@example.com", "ada."),
        "customer": ("Quist7, Adá", "ada"),
        "partner": ("larch 7", "larch"),
    }


def test_the_rows_are_such_as_our_own_writer_makes(full: Client) -> None:
    columns = ("kind", "value", "normal", "rank")
    for model, subject, row in (
        (OrderReference, "order", Order.objects.order_by("pk")[500]),
        (DocumentReference, "document", Document.objects.order_by("pk")[500]),
    ):
        made = set(model.objects.filter(**{subject: row}).values_list(*columns))
        assert made == set(reference_rows(dict.fromkeys((kind, value) for kind, value, *_ in made)))
    kinds = {*OrderReference.objects.values_list("kind", flat=True).distinct()}
    kinds |= {*DocumentReference.objects.values_list("kind", flat=True).distinct()}
    assert kinds == set(KINDS) == set(terms())


def test_no_query_of_the_page_scans_a_table_whatever_is_looked_for(full: Client) -> None:
    ask(full, "nobody")  # what is asked once in a process is not counted, whatever ran before
    asked: dict[str, list[tuple[str, Any]]] = {}
    for kind, pair in terms().items():
        for term in pair:
            with recorded() as queries:
                answer: Any = ask(full, term)
                if answer.status_code == 302:
                    assert kind in UNIQUE_NUMBERS
            asked[term] = queries
            following = answer.context["next_url"] if answer.status_code == 200 else ""
            for page in range(3):
                if following:
                    with recorded() as queries:
                        following = full.get(following).context["next_url"]
                    asked[f"{term}, page {page + 2}"] = queries
    for term in ("77777777", "nobody", "grid.77.edi", "Grid", "ffff", "nobody@example.com"):
        with recorded() as asked[term]:
            ask(full, term)
    assert len(asked) > 60
    assert max(len(queries) for queries in asked.values()) <= MOST_QUERIES
    catalogue = Catalogue.read()
    found = {
        term: [fault for query, params in queries for fault in faults(query, params, catalogue)]
        for term, queries in asked.items()
    }
    assert {term: said for term, said in found.items() if said} == {}


def test_matches_are_counted_without_reading_a_row(full: Client) -> None:
    """Of ten million documents, those with one item lie in tens of thousands of blocks: the index alone says how many they are."""
    scope = Scope(orders=True, documents=True, files=False)
    with recorded() as queries:
        reached = Term.of("FS-1").reached(scope.sources, 3000)
    assert (len(reached), len(set(reached))) == (3000, 3000)
    [(query, params)] = queries
    with connection.cursor() as cursor:
        cursor.execute("SET enable_bitmapscan = off")  # so few rows lie in few blocks
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", params)
        answer = cursor.fetchone()[0]
        cursor.execute("RESET enable_bitmapscan")
    [explained] = json.loads(answer) if isinstance(answer, str) else answer
    read = {each["Node Type"] for each in nodes(explained["Plan"]) if "Relation Name" in each}
    assert read == {"Index Only Scan"}


def test_a_query_that_scans_is_noticed(full: Client) -> None:
    for query, fault in (
        ("SELECT id FROM archive_document WHERE guide = 'none'", "archive_document is scanned"),
        (
            "SELECT id FROM archive_documentreference ORDER BY id LIMIT 5",
            "index archive_documentreference_pkey is read whole",
        ),
        (
            "SELECT id FROM archive_documentreference WHERE id > 0",
            "rows of archive_documentreference are read",
        ),
    ):
        assert fault in str(faults(query, None, Catalogue.read())), query


def test_the_exact_match_comes_first_among_all_of_them(full: Client) -> None:
    for term, order in (("fs-1", 10_000 + ORDERS), ("10123", 10_123), ("10123-1", 10_123)):
        answer: Any = ask(full, term)
        if answer.status_code == 302:
            assert answer["Location"].endswith(f"/{Order.objects.get(number=order).pk}/change/")
        else:
            assert answer.context["sections"][0].key == "exact"
            assert answer.context["sections"][0].groups[0].order.number == order
    assert ask(full, "fs-1").context["count"] == "1,000+ orders and documents match"
