"""Ship notices for the law: generated contents with links that hold, and a form in which two graphs can be compared."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from hypothesis import strategies as st

from integration.documents import Package, Pallet, ShipNotice, ShippedItem, ShippedOrder
from tests.partners.mapping.generated_documents import documents

Links = dict[str, int | None]
LINKS = ("order", "pallet", "package")


@st.composite
def ship_notices(draw: st.DrawFn, *, hostility: int = 0, version: str = "005010") -> ShipNotice:
    """Notices whose entries name each other as they must; two in a hundred are left as they fell where hostile."""
    drawn: ShipNotice = draw(documents("ship_notice", hostility=hostility, version=version))
    if hostility and draw(st.integers(0, 49)) == 0:
        return drawn
    choose = draw(st.randoms(use_true_random=False))
    keyed = bool(draw(st.integers(0, 9)))
    orders, pallets, packages = len(drawn.orders), len(drawn.pallets), len(drawn.packages)

    def some(count: int) -> int | None:
        return choose.choice([None, *range(count)]) if count else None

    items: list[Links] = []
    for _ in drawn.items:
        package = some(packages)
        items.append(
            {"order": some(orders), "package": package, "pallet": some(pallets) if package is None else None}
        )
    held = {each["package"] for each in items}
    boxes: list[Links] = [
        {"pallet": some(pallets), "order": None if at in held else some(orders)} for at in range(packages)
    ]
    loaded = {each["pallet"] for each in (*items, *boxes)}
    stands: list[Links] = [{"order": None if at in loaded else some(orders)} for at in range(pallets)]
    return dataclasses.replace(
        drawn,
        orders=tuple(
            _keyed(each, "purchase_order_number", f"PO-{at}") for at, each in enumerate(drawn.orders)
        ),
        pallets=tuple(
            _keyed(each, "sscc", f"30012345670001{at:04d}" if keyed else None, **stands[at])
            for at, each in enumerate(drawn.pallets)
        ),
        packages=tuple(
            _keyed(each, "sscc", f"30012345670002{at:04d}" if keyed else None, **boxes[at])
            for at, each in enumerate(drawn.packages)
        ),
        items=tuple(dataclasses.replace(each, **items[at]) for at, each in enumerate(drawn.items)),  # type: ignore[arg-type]
    )


def _keyed(record: Any, key: str, value: str | None, **links: Any) -> Any:
    return dataclasses.replace(record, **{key: value}, **links)


def same_graph(one: ShipNotice, other: ShipNotice) -> bool:
    """Whether two notices say the same, whatever the order of their lists."""
    return _comparable(one) == _comparable(other)


def _comparable(notice: ShipNotice) -> tuple[Any, ...]:
    """A notice with its entries as what they say, theirs and what they are in, in no order."""
    orders = [_said(each) for each in notice.orders]
    pallets = [(_said(each), _at(orders, each.order)) for each in notice.pallets]
    packages = [(_said(each), _at(pallets, each.pallet), _at(orders, each.order)) for each in notice.packages]
    items = [
        (_said(each), _at(orders, each.order), _at(packages, each.package), _at(pallets, each.pallet))
        for each in notice.items
    ]
    contents = Counter(
        (
            packages[at],
            frozenset(Counter(items[i] for i, each in enumerate(notice.items) if each.package == at).items()),
        )
        for at in range(len(packages))
    )
    head = dataclasses.replace(notice, orders=(), pallets=(), packages=(), items=())
    return head, Counter(orders), Counter(pallets), Counter(packages), Counter(items), contents


def _said(record: ShippedOrder | Pallet | Package | ShippedItem) -> Any:
    own = {name: None for name in LINKS if hasattr(record, name)}
    return dataclasses.replace(record, **own)  # type: ignore[arg-type]


def _at(entries: list[Any], index: int | None) -> Any:
    return None if index is None else entries[index]
