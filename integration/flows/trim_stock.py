"""Lines of stock feeds of long ago are removed once nothing can stand on them any more: they are most of all rows.

What a feed said stays in its document or file, which retention rules keep; of the feed stay its figures. A line goes when it
is older than ``STOCK_LINES_DAYS`` and, of its item in its warehouse, a later count is so old too: whichever feed is rolled
back that is younger, what stands then is worked out from that count.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection

from integration.models import StockFeed
from integration.work import Claim, Step

STEP = "trim_stock"
EVERY = timedelta(hours=24)
PIECE = 20_000
_REMOVE = """
DELETE FROM integration_stockfeedline WHERE id IN (
    SELECT line.id
      FROM integration_stockfeed feed JOIN integration_stockfeedline line ON line.feed_id = feed.id
     WHERE feed.as_of < now() - make_interval(days => %(days)s) AND line.as_of < now() - make_interval(days => %(days)s) AND feed.state <> %(held)s
       AND (line.item_id IS NULL OR NOT feed.state = ANY(%(counted)s) OR EXISTS (
            SELECT FROM integration_stockfeedline later JOIN integration_stockfeed of ON of.id = later.feed_id
             WHERE later.item_id = line.item_id AND later.agreement_id = line.agreement_id
               AND later.warehouse = line.warehouse AND NOT later.is_movement AND later.quantity IS NOT NULL
               AND (later.as_of, later.place) > (line.as_of, line.place)
               AND later.as_of < now() - make_interval(days => %(days)s) AND of.state = ANY(%(counted)s)))
     ORDER BY feed.as_of, line.id LIMIT %(piece)s)
"""


def trim_stock(subject: str, claim: Claim) -> list[Step]:
    """Remove a piece of what nothing stands on; go on at once where there is more, else look again tomorrow."""
    with claim.transaction(), connection.cursor() as cursor:
        cursor.execute(
            _REMOVE,
            {
                "days": settings.STOCK_LINES_DAYS,
                "held": StockFeed.State.HELD,
                "counted": list(StockFeed.COUNTED),
                "piece": PIECE,
            },
        )
        removed = cursor.rowcount
    return [trim_step(timedelta(0) if removed == PIECE else EVERY)]


def trim_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that removes them."""
    return Step(STEP, "all", STEP, delay)
