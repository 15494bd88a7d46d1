"""Plain stock files (CSV) from the mailbox, by the columns of an agreement; and what suppliers of the simulation tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integration.flows.catalogue import read_catalogue
from integration.flows.gaps.received import files_taken
from integration.flows.gaps.stock import stock_advices
from integration.flows.reread import has_unread
from integration.flows.stock_files import take_stock_file
from integration.models import ExceptionCase, StockFeed, StockTerms, StoreItem, SupplierStock
from integration.work import Unclaimed
from partners.models import Agreement, AgreementDocument, ItemCrossReference
from tests.stock import standing, supplier, take_file, terms
from tests.world import World, world

__all__ = ["world"]

State, Way = StockFeed.State, StockFeed.Way
COLUMNS = {
    "files": "stock*.csv", "separator": ";", "vendor_item": "Item No", "quantity": "On hand", "warehouse": "Hall",
    "as_of": "Counted", "dates": "%Y-%m-%d",
}  # fmt: skip


def table(*rows: str, head: str = "Item No;On hand;Hall;Counted") -> bytes:
    return "\r\n".join([head, *rows, ""]).encode()


@pytest.mark.django_db
def test_a_file_is_read_by_its_columns() -> None:
    acme = supplier(4, pack=6)
    columns = {
        **COLUMNS, "unit": "UOM", "decimal": ",", "minimum": "Least", "lead_days": "Days", "discontinued": "Ended",
        "expected_on": "Next",
    }  # fmt: skip
    terms(acme, columns=columns)
    head = "Hall;Item No;Name;On hand;UOM;Least;Days;Ended;Next;Counted"
    rows = (
        'EAST;V-001;"Lamp; green";1.002,5;case;2;14;no;2026-12-24;2026-11-23 06:30',
        "EAST;V-002;Rope;7;each;;;yes;;2026-11-23 06:30",
        "WEST;V-001;Lamp;0;case;2;;;;2026-11-23 07:00",
        ";;;;;;;;;",
    )
    arrived, steps = take_file(acme, "stock-east.csv", table(*rows, head=head))
    made = StockFeed.objects.get()
    assert (made.state, made.transmission, made.document, made.way) == (
        State.APPLIED,
        arrived,
        None,
        Way.WHOLE,
    )
    assert (made.said, made.unknown, made.unread) == (3, 0, 0)
    assert [(each.name, each.subject) for each in steps] == [("level_stock", str(acme.stores.get().pk))]
    assert standing(acme) == {"FS-001@EAST": 6015, "FS-001@WEST": 0, "FS-002@EAST": 7}
    lamp = SupplierStock.objects.get(item__sku="FS-001", warehouse="EAST")
    assert (lamp.minimum, lamp.lead_days, str(lamp.expected_on), lamp.discontinued_on) == (
        12,
        14,
        "2026-12-24",
        None,
    )
    assert f"{lamp.as_of:%Y-%m-%d %H:%M}" == "2026-11-23 06:30"
    assert (
        str(SupplierStock.objects.get(item__sku="FS-002").discontinued_on)
        == str(made.stated_on)
        == "2026-11-23"
    )
    assert not has_unread(arrived)
    assert take_stock_file(arrived, b"") == steps
    assert StockFeed.objects.count() == 1


@pytest.mark.django_db
def test_an_older_file_overwrites_nothing_line_by_line() -> None:
    acme = supplier(3)
    terms(acme, columns=COLUMNS)
    take_file(acme, "stock2.csv", table("V-001;5;;2026-11-24 08:00", "V-002;6;;2026-11-22 08:00"))
    take_file(acme, "stock1.csv", table("V-001;9;;2026-11-23 08:00", "V-002;8;;2026-11-23 08:00"))
    assert standing(acme) == {"FS-001": 5, "FS-002": 8}


WRONG = [
    ("empty", b"", "The file is empty: it has 0 bytes."),
    ("blank", b" \r\n", "The file is empty: it has 3 bytes."),
    ("head_alone", table(), "It names no item at all."),
    ("other_columns", table("1;2", head="SKU;Pieces"), "It has no column “Item No”. Its first line reads: SKU, Pieces."),
    ("no_text", b"\xff\xfe\x00\x81" * 9, "It is no table of text:"),
    (
        "cut_off", table("V-001;5;;2026-11-23 08:00", "V-002;6;;2026-11-23 08:00")[:-19],
        "It seems to be cut off in its last line, 2: It has 3 columns of 4: the line is cut off.",
    ),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("way", "data", "why"), WRONG, ids=[each[0] for each in WRONG])
def test_a_file_that_is_empty_or_no_such_table_is_held(way: str, data: bytes, why: str) -> None:
    acme = supplier(3)
    terms(acme, columns=COLUMNS)
    take_file(acme, "stock.csv", data)
    made = StockFeed.objects.get()
    assert (made.state, standing(acme)) == (State.HELD, {})
    assert made.suspicions[0].startswith(why)
    assert why in ExceptionCase.objects.get(closed_at=None).sentence


@pytest.mark.django_db
def test_lines_that_cannot_be_read_are_told_and_the_rest_is_taken() -> None:
    acme = supplier(4)
    terms(acme, columns=COLUMNS)
    rows = (
        "V-001;many;;2026-11-23 08:00",
        "V-002;6;;yesterday",
        ";4;;2026-11-23 08:00",
        "V-004;3;;2026-11-23 08:00",
    )
    take_file(acme, "stock.csv", table(*rows))
    assert standing(acme) == {"FS-004": 3}
    case = ExceptionCase.objects.get(closed_at=None)
    assert case.kind == case.Kind.STOCK_UNCLEAR
    assert "has 3 lines that could not be understood" in case.sentence
    assert [each["what"] for each in case.evidence] == [
        "Its quantity “many” is no number.",
        "Its as of “yesterday” is no date as %Y-%m-%d writes one.",
        "It names no item.",
    ]


@pytest.mark.django_db
def test_a_file_of_two_agreements_or_none_changes_nothing() -> None:
    acme = supplier(2)
    terms(acme, columns=COLUMNS)
    other = supplier(2)
    Agreement.objects.filter(pk=other.pk).update(mailbox=acme.mailbox)
    terms(other, columns=COLUMNS)
    take_file(acme, "stock.csv", table("V-001;5;;2026-11-23 08:00"))
    assert "may be a stock file of" in ExceptionCase.objects.get(closed_at=None).sentence
    take_file(acme, "prices.csv", table("V-001;5;;2026-11-23 08:00"))
    assert ExceptionCase.objects.filter(closed_at=None, kind=ExceptionCase.Kind.UNREADABLE).count() == 1
    AgreementDocument.objects.filter(agreement=other, transaction_set="846").update(is_active=False)
    take_file(acme, "stock3.csv", table("V-001;5;;2026-11-23 08:00"))
    assert (standing(acme), standing(other)) == ({"FS-001": 5}, {})


@pytest.fixture
def stocked(world: World) -> World:
    """A world whose first supplier tells his stock."""
    acme = Agreement.objects.get(partner__name="Acme Supply")
    AgreementDocument.objects.create(agreement=acme, transaction_set="846", direction="in")
    read_catalogue(str(world.row.pk), Unclaimed())
    StockTerms.objects.create(agreement=acme, columns=COLUMNS)
    return world


HELD_IN_LIFE = {
    "846": ("empty", "truncated", "one_off", "slipped", "wrong_unit", "zeroed"),
    "csv": ("truncated", "one_off", "slipped", "wrong_unit", "zeroed"),
}


@pytest.mark.parametrize("form", ["846", "csv"])
def test_suppliers_tell_their_stock_in_every_temper(stocked: World, form: str) -> None:
    acme = Agreement.objects.get(partner__name="Acme Supply")
    known = StoreItem.objects.values("sku")
    rows = list(ItemCrossReference.objects.filter(agreement=acme, sku__in=known).order_by("sku")[:20])
    assert len(rows) == 20
    counted = {row.vendor_item: 100 + 7 * place for place, row in enumerate(rows)}

    def tell(way: str, **fields: Any) -> StockFeed | None:
        before = StockFeed.objects.count()
        stocked.network.tell_stock("ACMESUPPLY", way, form=form, **fields)
        stocked.poll()
        if form == "csv":
            # What is no X12 lies a while before it is taken.
            stocked.wait(31)
            stocked.poll()
        return StockFeed.objects.order_by("pk").last() if StockFeed.objects.count() > before else None

    def stands() -> dict[str, Decimal | None]:
        return {
            row.vendor_item: SupplierStock.objects.get(agreement=acme, item__sku=row.sku).quantity
            for row in rows
        }

    first = tell("whole", items=counted)
    assert first is not None
    assert (first.state, first.said) == (State.APPLIED, 20)
    assert stands() == stocked.network.stocked()["ACMESUPPLY"] == counted
    for way in HELD_IN_LIFE[form]:
        held = tell(way)
        if way == "empty":
            # An advice without any item breaks the standard: it was rejected.
            assert held is None
            assert (
                ExceptionCase.objects.filter(kind=ExceptionCase.Kind.UNREADABLE, closed_at=None).count() == 1
            )
            continue
        assert held is not None
        assert (held.state, stands()) == (State.HELD, counted), way
    later = {**counted, rows[0].vendor_item: 3, rows[1].vendor_item: 0}
    changed = tell("changes" if form == "846" else "whole", items=later)
    assert changed is not None
    assert (changed.state, stands()) == (State.APPLIED, later)
    unknown = tell("unknown")
    assert unknown is not None
    assert (unknown.state, unknown.unknown) == (State.APPLIED, 1)
    if form == "846":
        moved = tell("movements", items={rows[2].vendor_item: counted[rows[2].vendor_item] - 4})
        assert moved is not None
        assert (moved.way, stands()) == (Way.MOVEMENTS, stocked.network.stocked()["ACMESUPPLY"])
        again = tell("again")
        assert again is not None
        assert again.state == State.REPEATED
    yesterday = tell("yesterday")
    assert yesterday is not None
    assert yesterday.state == State.OLDER
    assert stands() == stocked.network.stocked()["ACMESUPPLY"]
    now = StockFeed.objects.latest("pk").created_at
    assert (len(stock_advices(now).gaps), len(files_taken(now).gaps)) == (0, 0)
