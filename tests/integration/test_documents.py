"""The canonical documents: their shape is data, and JSON holds them without loss."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from integration.documents import (
    KINDS,
    AcknowledgedLine,
    Contact,
    DocumentError,
    ItemId,
    OtherParty,
    Party,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    PurchaseOrderLine,
    Schedule,
    build,
    catalogue,
    from_json,
    is_scalar,
    kind_of,
    leaves,
    shape_of,
    to_json,
)
from tests.partners.mapping.generated_documents import documents

ORDER = PurchaseOrder(
    purpose="original",
    purchase_order_date=date(2026, 3, 2),
    buyer_contact=Contact(),
    ship_to=Party(name="", address_lines=("14 Mill Lane", "")),
    lines=(
        PurchaseOrderLine(quantity=Decimal("2.50"), other_ids=(ItemId("VA", "7"), ItemId())),
        PurchaseOrderLine(),
    ),
)


def test_a_document_is_json_without_what_is_empty() -> None:
    assert to_json(ORDER) == {
        "purpose": "original",
        "purchase_order_date": "2026-03-02",
        "buyer_contact": {},
        "ship_to": {"name": "", "address_lines": ["14 Mill Lane", ""]},
        "lines": [{"other_ids": [{"qualifier": "VA", "value": "7"}, {}], "quantity": "2.50"}, {}],
    }


def test_json_gives_back_the_very_same_document() -> None:
    again = from_json("purchase_order", json.loads(json.dumps(to_json(ORDER))))
    assert again == ORDER
    assert isinstance(again, PurchaseOrder)
    assert str(again.lines[0].quantity) == "2.50"


@pytest.mark.parametrize("kind", KINDS)
def test_json_holds_every_document_without_loss(kind: str) -> None:
    seen = 0

    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(kind))
    def law(document: Any) -> None:
        nonlocal seen
        data = json.loads(json.dumps(to_json(document)))
        assert repr(from_json(kind, data)) == repr(document)
        assert kind_of(document) == kind
        seen += 1

    law()
    assert seen == 40


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"pupose": "x"}, "pupose: there is no such field; the fields are purpose, order_type, "),
        ({"lines": [{}, {"qty": "1"}]}, "lines[1]/qty: there is no such field; the fields are vendor_item, "),
        (
            {"ship_to": {"contact": {"mail": "x"}}},
            "ship_to/contact/mail: there is no such field; the fields are name, phone, email, fax.",
        ),
        ({"ship_to": "x"}, "ship_to: fields expected, got 'x'."),
        ({"lines": {}}, "lines: a list expected, got {}."),
        ({"lines": None}, "lines: a list expected, got None."),
        ({"lines": [{"quantity": 2}]}, "lines[0]/quantity: a number expected, got 2."),
        ({"total": "NaN"}, "total: a number expected, got 'NaN'."),
        ({"total": "1_0"}, "total: a number expected, got '1_0'."),
        ({"total": "١"}, "total: a number expected, got '١'."),
        ({"purpose": 1}, "purpose: a text expected, got 1."),
        ({"purchase_order_date": "20260302"}, "purchase_order_date: a date expected, got '20260302'."),
        ({"purchase_order_date": "2026-02-30"}, "purchase_order_date: a date expected, got '2026-02-30'."),
        ({"ship_to": {"address_lines": [None]}}, "ship_to/address_lines[0]: a text expected, got None."),
    ],
)
def test_json_that_is_no_order_is_refused_with_its_place(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(DocumentError) as raised:
        from_json("purchase_order", data)
    assert str(raised.value).startswith(problem)


def test_json_of_a_time_is_read_and_checked() -> None:
    data = {"lines": [{"schedules": [{"time": "09:30:00"}]}]}
    document = from_json("purchase_order_acknowledgment", data)
    assert document == PurchaseOrderAcknowledgment(
        lines=(AcknowledgedLine(schedules=(Schedule(time=time(9, 30)),)),)
    )
    data["lines"][0]["schedules"][0]["time"] = "late"
    with pytest.raises(DocumentError, match=r"lines\[0\]/schedules\[0\]/time: a time expected, got 'late'."):
        from_json("purchase_order_acknowledgment", data)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DocumentError, match="There is no document of the kind 'poem'"):
        from_json("poem", {})
    with pytest.raises(DocumentError, match="str is not a business document"):
        kind_of("poem")  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "count"), [("purchase_order", 148), ("purchase_order_acknowledgment", 125)])
def test_the_catalogue_names_every_value_with_its_type(kind: str, count: int) -> None:
    entries = {each.path: each for each in catalogue(kind)}
    assert len(entries) == count
    assert entries["lines[]/quantity"].type_name == "number"
    assert entries["ship_to/address_lines[]"].type_name == "text"
    assert entries["purchase_order_date"].type_name == "date"
    assert entries["purpose"].words[:2] == ("original", "cancel")


def test_the_catalogue_reaches_the_innermost_record() -> None:
    entries = {each.path: each.type_name for each in catalogue("purchase_order_acknowledgment")}
    assert entries["lines[]/acknowledgments[]/substitute/other_ids[]/value"] == "text"
    assert entries["lines[]/schedules[]/time"] == "time"


def test_leaves_are_the_values_that_stand_in_a_document() -> None:
    assert dict(leaves(ORDER)) == {
        "purpose": "original",
        "purchase_order_date": date(2026, 3, 2),
        "ship_to/address_lines[0]": "14 Mill Lane",
        "lines[0]/quantity": Decimal("2.50"),
        "lines[0]/other_ids[0]/qualifier": "VA",
        "lines[0]/other_ids[0]/value": "7",
    }


def test_a_document_is_built_of_plain_parts() -> None:
    draft = {"ship_to": {"address_lines": ["a"]}, "lines": [{"quantity": Decimal(1)}], "notes": None}
    assert build(PurchaseOrder, draft) == PurchaseOrder(
        ship_to=Party(address_lines=("a",)), lines=(PurchaseOrderLine(quantity=Decimal(1)),)
    )


def test_an_inherited_field_comes_before_the_record_s_own() -> None:
    assert list(shape_of(OtherParty))[-1] == "role"
    assert next(iter(shape_of(PurchaseOrderLine))) == "vendor_item"


def test_a_datetime_is_no_date_and_a_truth_no_number() -> None:
    assert is_scalar(date(2026, 3, 2), date)
    assert not is_scalar(datetime(2026, 3, 2, tzinfo=UTC), date)
    assert not is_scalar(True, int)
    assert not is_scalar("1", Decimal)


def test_an_order_knows_how_many_lines_it_has() -> None:
    assert ORDER.line_count == 2
