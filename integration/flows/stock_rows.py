"""What stands of suppliers' stock, by the lines of their feeds: worked out, compared and written by the database at once.

A feed may have 10,000 lines and a file 100,000, so nothing here goes through Python row by row. Of each item in one
warehouse stands the last count, by when it was counted, and what movements told after it; the feeds of a state in
``StockFeed.COUNTED`` count. Which of two of one moment is later says ``place``, so no order of arrival matters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count as _Count

from integration.matching.stock_feed import Weighed
from integration.models import StockFeed

_SAID = (
    "expected_on", "expected_quantity", "lead_days", "minimum", "maximum", "allocation", "available_from",
    "discontinued_on",
)  # fmt: skip
"""What the last count says beside the quantity; what it does not say does not hold any more."""


# Of each item and warehouse of one feed: the last count (said), the last that gave a quantity (base), and the movements
# after it. A feed's lines are new to the database's statistics: “+ 0” leaves it no index but that by item, where each
# key takes one look; by feed, each would take a look at all lines.
_FOLD = """
keys AS (
    SELECT DISTINCT item_id, warehouse FROM integration_stockfeedline
    WHERE feed_id = %(feed)s AND item_id IS NOT NULL
),
fold AS (
    SELECT keys.item_id, keys.warehouse, said.id IS NOT NULL AS stands,
        CASE WHEN base.id IS NOT NULL THEN GREATEST(base.quantity + COALESCE(moved.quantity, 0), 0) END AS quantity,
        GREATEST(COALESCE(base.as_of, said.as_of), moved.as_of) AS as_of,
        said.expected_on, said.expected_quantity, said.lead_days, said.minimum, said.maximum, said.allocation,
        said.available_from, said.discontinued_on
    FROM keys
    LEFT JOIN LATERAL (
        SELECT line.* FROM integration_stockfeedline line
        WHERE line.item_id = keys.item_id AND line.agreement_id = %(agreement)s AND line.warehouse = keys.warehouse
            AND NOT line.is_movement AND line.feed_id + 0 = ANY(%(counted)s)
        ORDER BY line.as_of DESC, line.place DESC, line.quantity ASC NULLS LAST, line.id LIMIT 1
    ) said ON true
    LEFT JOIN LATERAL (
        SELECT line.* FROM integration_stockfeedline line
        WHERE line.item_id = keys.item_id AND line.agreement_id = %(agreement)s AND line.warehouse = keys.warehouse
            AND NOT line.is_movement AND line.feed_id + 0 = ANY(%(counted)s)
            AND line.quantity IS NOT NULL
        ORDER BY line.as_of DESC, line.place DESC, line.quantity, line.id LIMIT 1
    ) base ON true
    LEFT JOIN LATERAL (
        SELECT sum(line.quantity) AS quantity, max(line.as_of) AS as_of
        FROM integration_stockfeedline line
        WHERE line.item_id = keys.item_id AND line.agreement_id = %(agreement)s AND line.warehouse = keys.warehouse
            AND line.is_movement AND line.feed_id + 0 = ANY(%(counted)s)
            AND (line.as_of, line.place) > (base.as_of, base.place)
    ) moved ON base.id IS NOT NULL
)
"""
# The same beside what stands now.
_COMPARED = f"""
{_FOLD},
compared AS (
    SELECT fold.item_id, fold.warehouse, stock.quantity AS before, stock.id IS NOT NULL AS was_there, fold.stands,
        fold.quantity AS after,
        CASE
            WHEN stock.id IS NULL THEN CASE WHEN fold.stands THEN 'new' ELSE 'same' END
            WHEN NOT fold.stands THEN 'changed'
            WHEN (stock.quantity, stock.expected_on, stock.expected_quantity, stock.lead_days, stock.minimum,
                stock.maximum, stock.allocation, stock.available_from, stock.discontinued_on)
                IS DISTINCT FROM (fold.quantity, fold.expected_on, fold.expected_quantity, fold.lead_days, fold.minimum,
                fold.maximum, fold.allocation, fold.available_from, fold.discontinued_on) THEN 'changed'
            ELSE 'same'
        END AS outcome,
        stock.as_of AS was_as_of
    FROM fold LEFT JOIN integration_supplierstock stock
        ON stock.agreement_id = %(agreement)s AND stock.item_id = fold.item_id AND stock.warehouse = fold.warehouse
)
"""  # noqa: S608 - all of it is ours


_LINE = (
    "feed_id", "agreement_id", "line", "item_id", "named", "warehouse", "quantity", "factor", "as_of", "place",
    "is_movement", *_SAID, "outcome", "problem",
)  # fmt: skip
LineRow = tuple[Any, ...]
"""The values of a ``StockFeedLine``, in the order of ``_LINE``."""


@dataclass(frozen=True)
class Effect:
    """What a feed would do, or did: items of which nothing stood, whose stock changes, that are emptied, that go."""

    new: int
    changed: int
    emptied: int
    gone: int
    same: int


def effect_of(feed: StockFeed, *, without: bool = False) -> Effect:
    """Return what it does that ``feed`` counts, or ``without`` it, beside what stands now; nothing is written."""
    row = _one(
        f"""
        WITH {_COMPARED}
        SELECT count(*) FILTER (WHERE outcome = 'new'), count(*) FILTER (WHERE outcome = 'changed'),
            count(*) FILTER (WHERE before > 0 AND after = 0), count(*) FILTER (WHERE was_there AND NOT stands),
            count(*) FILTER (WHERE outcome = 'same')
        FROM compared
        """,  # noqa: S608 - likewise
        _names(feed, without=without),
    )
    return Effect(*row)


def write_lines(rows: Iterable[LineRow]) -> None:
    """Write lines of a feed; as rows of the ORM, 100,000 of them would take most of two minutes."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY integration_stockfeedline ({', '.join(_LINE)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def weigh(feed: StockFeed) -> None:
    """Write beside each line of ``feed`` what stood and what will stand once it counts."""
    _run(
        f"""
        WITH {_COMPARED}
        UPDATE integration_stockfeedline line SET before = compared.before, after = compared.after,
            outcome = CASE WHEN NOT compared.stands THEN 'same'
                WHEN compared.outcome = 'same' AND line.as_of < compared.was_as_of THEN 'older'
                ELSE compared.outcome END
        FROM compared
        WHERE line.item_id = compared.item_id AND line.agreement_id = %(agreement)s
            AND line.warehouse = compared.warehouse AND line.feed_id + 0 = %(feed)s
        """,  # noqa: S608 - likewise
        _names(feed),
    )


def write_stock(feed: StockFeed, *, removes: bool = False) -> int:
    """Bring what stands of the items of ``feed`` to what the counted feeds say; return how many rows that changed.

    ``removes``: where none says anything any more, nothing stands.
    """
    names = _names(feed, counts=False)
    removed = _remove(names) if removes else 0
    columns = ", ".join(("quantity", "as_of", *_SAID))
    kept = ", ".join(f"stock.{name}" for name in ("quantity", "as_of", *_SAID))
    new = ", ".join(f"EXCLUDED.{name}" for name in ("quantity", "as_of", *_SAID))
    return removed + _run(
        f"""
        WITH {_FOLD}
        INSERT INTO integration_supplierstock AS stock (agreement_id, item_id, warehouse, {columns})
        SELECT %(agreement)s, item_id, warehouse, {columns} FROM fold WHERE stands ORDER BY item_id, warehouse
        ON CONFLICT (agreement_id, item_id, warehouse) DO UPDATE SET ({columns}) = ({new})
        WHERE ({kept}) IS DISTINCT FROM ({new})
        """,  # noqa: S608 - likewise
        names,
    )


def _remove(names: dict[str, Any]) -> int:
    return _run(
        f"""
        WITH {_FOLD}
        DELETE FROM integration_supplierstock stock USING fold
        WHERE stock.agreement_id = %(agreement)s AND stock.item_id = fold.item_id
            AND stock.warehouse = fold.warehouse AND NOT fold.stands
        """,  # noqa: S608 - likewise
        names,
    )


def outcomes(feed: StockFeed) -> dict[str, int]:
    """Return how many lines of ``feed`` came to what."""
    found: dict[str, int] = dict(
        feed.lines.values_list("outcome")
        .annotate(count=_Count("pk"))
        .values_list("outcome", "count")
        .order_by()
    )
    return found


def weighed(feed: StockFeed, named: int) -> Weighed:
    """Return what the lines of ``feed``, as they were weighed, would do in all; ``named`` items does it name of any."""
    names = {**_names(feed), "whole": feed.way == StockFeed.Way.WHOLE}
    known, in_stock, changed, emptied, up, down, moved, slipped = _one(_TOTALS, names)
    shift, shifted = _one(_SHIFTS, names) or (Decimal(0), 0)
    scale, scaled = _one(_SCALES, names) or (Decimal(1), 0)
    all_known, all_in_stock, standing = _one(_STANDING, names)
    whole = names["whole"]
    return Weighed(
        lines=feed.said,
        known=known if whole else all_known,
        in_stock=in_stock if whole else all_in_stock,
        changed=changed,
        emptied=emptied,
        shifted=shifted,
        shift=shift,
        packed=max(up, down),
        multiplied=up >= down,
        scaled=scaled,
        scale=scale,
        slipped=slipped,
        moved=moved,
        standing=standing,
        named=named,
        unread=feed.unread,
    )


# ``slipped`` compares with the line above and below in the feed; lines in a run of equal stock prove nothing.
_TOTALS = """
WITH ours AS (
    SELECT line.id, line.line, line.before, line.after, line.outcome, COALESCE(items.pack_factor, line.factor) AS factor,
        lag(line.before) OVER around AS above, lead(line.before) OVER around AS below
    FROM integration_stockfeedline line
    JOIN integration_storeitem item ON item.id = line.item_id
    LEFT JOIN partners_itemcrossreference items ON items.agreement_id = line.agreement_id AND items.sku = item.sku
    WHERE line.feed_id = %(feed)s AND line.outcome <> 'older'
    WINDOW around AS (ORDER BY line.line, line.id)
),
changed AS (SELECT * FROM ours WHERE before IS NOT NULL AND after IS DISTINCT FROM before)
SELECT (SELECT count(*) FROM ours WHERE before IS NOT NULL), (SELECT count(*) FROM ours WHERE before > 0),
    count(*), count(*) FILTER (WHERE before > 0 AND after = 0),
    count(*) FILTER (WHERE before > 0 AND factor <> 1 AND after = before * factor),
    count(*) FILTER (WHERE before > 0 AND factor <> 1 AND after * factor = before),
    count(*) FILTER (WHERE before IS DISTINCT FROM above OR before IS DISTINCT FROM below),
    GREATEST(count(*) FILTER (WHERE after = above), count(*) FILTER (WHERE after = below))
FROM changed
"""
_SHIFTS = """
SELECT after - before, count(*) AS count FROM integration_stockfeedline
WHERE feed_id = %(feed)s AND outcome <> 'older' AND before > 0 AND after <> before
GROUP BY 1 ORDER BY 2 DESC, abs(after - before), 1 LIMIT 1
"""
_SCALES = """
SELECT after / before, count(*) AS count FROM integration_stockfeedline
WHERE feed_id = %(feed)s AND outcome <> 'older' AND before > 1 AND after > 0 AND after <> before
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1
"""
_STANDING = """
SELECT count(*) FILTER (WHERE quantity IS NOT NULL), count(*) FILTER (WHERE quantity > 0),
    count(*) FILTER (WHERE warehouse IN (SELECT DISTINCT warehouse FROM integration_stockfeedline WHERE feed_id = %(feed)s))
FROM integration_supplierstock WHERE agreement_id = %(agreement)s
"""


def named_beside(feed: StockFeed) -> int:
    """Return how many items the whole stock names of which ``feed`` is a part: a set holds 10,000 lines at most, so one
    interchange may have several."""
    (own,) = _one(
        "SELECT count(*) FROM integration_stockfeedline WHERE feed_id = %(feed)s AND item_id IS NOT NULL",
        {"feed": feed.pk},
    )
    (others,) = _one(
        """
        SELECT sum(jsonb_array_length(translation.content -> 'lines'))
        FROM archive_document document
        JOIN archive_document own ON own.interchange_id = document.interchange_id AND own.id <> document.id
        JOIN archive_translation translation ON translation.document_id = document.id
        JOIN archive_documentstate state ON state.document_id = document.id AND state.validation <> 'invalid'
        WHERE own.id = %(document)s AND document.transaction_set = '846'
        """,
        {"document": feed.document_id},
    )
    return int(own) + int(others or 0)


def is_past(feed: StockFeed) -> bool:
    """Say whether nothing that ``feed`` says, as it was weighed last, matters any more: newer counts stand of all of it.

    A count that is older than a movement still matters: what moved after it is added to it.
    """
    return not feed.lines.exclude(item=None).exclude(outcome="older").exists()


def told_first(feed: StockFeed) -> int:
    """Return how many items that the stores do not have, or lines not understood, no feed before this one told of."""
    (fresh,) = _one(
        """
        SELECT count(DISTINCT (line.named, line.outcome)) FROM integration_stockfeedline line
        WHERE line.feed_id = %(feed)s AND line.item_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM integration_stockfeedline other WHERE other.agreement_id = %(agreement)s
            AND other.item_id IS NULL AND other.named = line.named AND other.outcome = line.outcome
            AND other.feed_id < %(feed)s)
        """,
        {"feed": feed.pk, "agreement": feed.agreement_id},
    )
    return int(fresh)


def _names(feed: StockFeed, *, without: bool = False, counts: bool = True) -> dict[str, Any]:
    """Return what the statements need: of the feeds that count, ``feed`` is one or not, or as its state says."""
    rows = StockFeed.objects.filter(agreement=feed.agreement_id, state__in=StockFeed.COUNTED)
    counted = set(rows.values_list("pk", flat=True))
    if without:
        counted.discard(feed.pk)
    elif counts:
        counted.add(feed.pk)
    return {"feed": feed.pk, "agreement": feed.agreement_id, "counted": sorted(counted)}


def _one(sql: str, names: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        return cursor.fetchone()


def _run(sql: str, names: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        return int(cursor.rowcount)
