"""What suppliers say of their stock: every advice (846) counts, is held, was older, or was refused."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from archive.models import Direction, Document, Validation
from integration.flows.gaps.parts import LOOKS_BACK, SETTLED, Checked, Found, Tally, links_of, work_for
from integration.flows.parents import match_step
from integration.models import ExceptionCase, Gap, StockFeed


def stock_advices(now: datetime) -> Checked:
    """Every stock advice that holds was taken: applied, older than what stood, decided, or held in an open case."""
    tally = Tally(Gap.Check.STOCK)
    rows = (
        Document.objects.filter(
            direction=Direction.IN,
            transaction_set="846",
            recorded_at__gte=now - LOOKS_BACK,
            agreement__documents__transaction_set="846",
            agreement__documents__direction="in",
            agreement__documents__is_active=True,
        )
        .exclude(state__validation=Validation.INVALID)
        .select_related("partner", "state", "interchange", "stock_feed")
        .annotate(
            is_asked=Exists(ExceptionCase.objects.filter(document=OuterRef("pk"), closed_at=None)),
            in_hand=Exists(work_for("match", "pk")),
        )
        .distinct()
    )
    for row in rows.iterator():
        feed = getattr(row, "stock_feed", None)
        if feed is not None and feed.state != StockFeed.State.HELD:
            tally.good += 1
        elif row.is_asked or row.in_hand or row.recorded_at > now - SETTLED:
            tally.explained += 1
        elif feed is None:
            sentence = f"{row} of {row.partner} says what is in stock, and was not taken."
            step = match_step(row)
            found = Found(f"document:{row.pk}:846", sentence, "It is taken now.", [step], links=links_of(row))
            tally.gaps.append(found)
        else:
            sentence = f"{feed} of {row.partner} is held, and nobody is asked about it any more."
            tally.gaps.append(Found(f"document:{row.pk}:846", sentence, links=links_of(row)))
    return tally.checked()
