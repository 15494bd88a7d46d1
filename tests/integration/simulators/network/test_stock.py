"""What a simulated supplier tells of his stock, in each temper, and what he holds in truth."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integration.simulators.network.stock import STOCK_WAYS, StockRoom
from integration.simulators.network.suppliers import Network
from tests.integration.simulators.network.test_network_control_door import Door, control, network

__all__ = ["control", "network"]

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
HELD = {"AC1": 10, "AC2": 20, "AC3": 0}


def room() -> StockRoom:
    """A room that was told of whole, in which one item has sold since."""
    made = StockRoom()
    made.count(HELD)
    made.tell("whole", NOW)
    made.count({"AC1": 7})
    return made


@pytest.mark.parametrize(
    ("way", "purpose", "day", "quantities", "claimed"),
    [
        ("whole", "00", "20261125", {"AC1": 7, "AC2": 20, "AC3": 0}, 3),
        ("changes", "04", "20261125", {"AC1": 7}, 1),
        ("movements", "25", "20261125", {"AC1": -3}, 1),
        ("again", "00", "20261125", {"AC1": 10, "AC2": 20, "AC3": 0}, 3),
        ("late", "00", "20261124", {"AC1": 10, "AC2": 20, "AC3": 0}, 3),
        ("yesterday", "00", "20261124", {"AC1": 8, "AC2": 20, "AC3": 0}, 3),
        ("empty", "00", "20261125", {}, 0),
        ("truncated", "00", "20261125", {"AC1": 7, "AC2": 20}, 3),
        ("one_off", "00", "20261125", {"AC1": 8, "AC2": 21, "AC3": 1}, 3),
        ("slipped", "00", "20261125", {"AC1": 0, "AC2": 7, "AC3": 20}, 3),
        ("wrong_unit", "00", "20261125", {"AC1": 84, "AC2": 240, "AC3": 0}, 3),
        ("zeroed", "00", "20261125", {"AC1": 0, "AC2": 0, "AC3": 0}, 3),
        ("unknown", "00", "20261125", {"AC1": 7, "AC2": 20, "AC3": 0, "NOBODYS-ITEM": 3}, 4),
    ],
)
def test_each_way(way: str, purpose: str, day: str, quantities: dict[str, int], claimed: int) -> None:
    rooms = room()
    told = rooms.tell(way, NOW)
    number = "ST00001" if way == "again" else "ST00002"
    assert told.body("MAIN", "EA") == [
        ["BIA", purpose, "SI", number, day, "093000"],
        ["N1", "WH", "", "92", "MAIN"],
        *(
            each
            for place, (item, count) in enumerate(quantities.items(), start=1)
            for each in (["LIN", str(place), "VN", item], ["QTY", "33", str(count), "EA"])
        ),
        ["CTT", str(claimed)],
    ]
    assert rooms.held == {"AC1": 7, "AC2": 20, "AC3": 0}


def test_every_way_is_tried_here() -> None:
    [marked] = test_each_way.pytestmark  # type: ignore[attr-defined]
    assert {each[0] for each in marked.args[1]} == set(STOCK_WAYS)


def test_a_plain_file_and_one_that_is_cut_off() -> None:
    assert room().tell("whole", NOW).table("MAIN") == (
        b"Item No;On hand;Hall;Counted\r\nAC1;7;MAIN;2026-11-25 09:30:00\r\nAC2;20;MAIN;2026-11-25 09:30:00\r\n"
        b"AC3;0;MAIN;2026-11-25 09:30:00\r\n"
    )
    assert room().tell("truncated", NOW).table("MAIN").endswith(b"\r\nAC2;20;MAIN")
    assert room().tell("empty", NOW).table("MAIN") == b""


def test_the_control_door_has_stock_be_told(network: Network, control: Door) -> None:
    asked = {"supplier": "ACMESUPPLY", "items": {"AC00001": 40}, "warehouse": "EAST"}
    assert control("POST", "stock", asked) == (200, {"name": "ACMESUPPLY.000000001.846.x12"})
    assert control("POST", "stock", {"supplier": "ACMESUPPLY", "form": "csv", "way": "zeroed"}) == (
        200,
        {"name": "stock.ACMESUPPLY.000000002.csv"},
    )
    assert control("GET", "stock") == (200, {"ACMESUPPLY": {"AC00001": 40}})
    lines = (network.outbox / "stock.ACMESUPPLY.000000002.csv").read_text().splitlines()
    assert [line.rpartition(";")[0] for line in lines] == ["Item No;On hand;Hall", "AC00001;0;"]
    assert (
        b"~LIN*1*VN*AC00001~QTY*33*40*EA~CTT*1~"
        in (network.outbox / "ACMESUPPLY.000000001.846.x12").read_bytes()
    )
    for wrong, why in (
        ({}, "supplier is needed."),
        ({"supplier": "NOBODY"}, "Suppliers are ACMESUPPLY, 123456789; forms are 846, csv."),
        ({"supplier": "ACMESUPPLY", "items": {"A": "4"}}, "{'A': '4'} cannot be the items."),
        ({"supplier": "123456789", "way": "late"}, "Nothing was told before."),
    ):
        assert control("POST", "stock", wrong) == (400, {"error": why})
