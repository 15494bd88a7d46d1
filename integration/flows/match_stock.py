"""Received stock advices (846): each set is a feed of its agreement, taken line by line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from archive.models import Document
from integration.documents import StockAdvice, from_json
from integration.flows.accept import current_reading, stated_at
from integration.flows.cases import close_cause, open_case
from integration.flows.positions import place_of
from integration.flows.stock_feeds import (
    State,
    Way,
    add_lines,
    judge,
    lock_agreement,
    steps_of,
    take_back,
    terms_of,
)
from integration.flows.stock_rows import named_beside
from integration.matching.stock_feed import ItemSaid, counted_at, items_said
from integration.models import ExceptionCase, StockFeed
from integration.work import Step

_PIECE = 500
"""Lines that are read into records at a time."""
_DECIDED = (State.PUT_ASIDE, State.ROLLED_BACK)
_ASKS = {
    "cancel": "takes an earlier one back (01). Roll that one back where you agree",
    "request": "asks for stock (13), and says none",
}


def match_stock(document: Document) -> list[Step]:
    """Take a stock advice in the caller's transaction; return what follows for the stores."""
    assert document.agreement is not None
    agreement = lock_agreement(document.agreement.pk)
    reading = current_reading(document)
    earlier = StockFeed.objects.filter(document=document).select_related("agreement__partner").first()
    if earlier is not None and (earlier.reading == reading or earlier.state in _DECIDED):
        return steps_of(earlier) if earlier.state == State.APPLIED else []
    content = document.translation.content or {}
    heading = _heading(content)
    zone = ZoneInfo(agreement.time_zone or "UTC")
    made_at = stated_at(document)
    stated_on, as_of = counted_at(heading.date, heading.time, made_at, zone, document.recorded_at)
    fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    control, position = place_of(document)
    told = {
        "agreement": agreement,
        "reading": reading,
        "number": (heading.advice_number or "")[:80],
        "way": _way(heading, movements=terms_of(agreement).movements),
        "stated_on": stated_on,
        "as_of": as_of,
        "made_at": made_at,
        "place": f"{made_at:%Y%m%d%H%M%S}{control:09d}{position:05d}{fingerprint[:12]}",
        "fingerprint": fingerprint,
        "suspicions": [],
    }
    if earlier is not None:
        _forget(earlier)
    feed, _ = StockFeed.objects.update_or_create(document=document, defaults=told)
    if heading.purpose in _ASKS or heading.report_type == "availability_inquiry":
        return _ask(feed, heading)
    add_lines(feed, _said(content))
    return judge(feed, named_beside(feed), made_at.astimezone(zone).date(), _miscounted(document))


def _miscounted(document: Document) -> list[str]:
    """Return that an advice has another number of lines than it says (CTT), as one that was cut off does."""
    lines = len((document.translation.content or {}).get("lines", []))
    return [
        f"It says that it has {each['text']} lines (CTT) and has {lines:,}, as from a file that was cut off."
        for each in document.translation.report
        if each["kind"] == "check" and str(each["address"]).startswith("CTT")
    ]


def take_back_advice(document: Document) -> None:
    """Let nothing of an advice stand that was read again and is none any more."""
    feed = StockFeed.objects.filter(document=document).select_related("agreement__partner").first()
    if feed is not None and feed.reading != current_reading(document) and feed.state not in _DECIDED:
        lock_agreement(feed.agreement_id)
        _forget(feed)
        StockFeed.objects.filter(pk=feed.pk).update(state=State.UNUSABLE)


def _forget(feed: StockFeed) -> None:
    """Take back what an earlier reading said."""
    if feed.state in StockFeed.COUNTED:
        take_back(feed, State.UNUSABLE)
    feed.lines.all().delete()
    words = "It was read again and says something else."
    close_cause(feed.cause, words)
    close_cause(f"stock_unclear:{feed.pk}", words)


def _heading(content: dict[str, Any]) -> StockAdvice:
    advice = from_json("stock_advice", {name: each for name, each in content.items() if name != "lines"})
    assert isinstance(advice, StockAdvice)
    return advice


def _said(content: dict[str, Any]) -> Iterator[ItemSaid]:
    """Yield what the advice says, a piece of its lines in memory at a time."""
    lines = content.get("lines", [])
    for start in range(0, len(lines), _PIECE):
        advice = from_json("stock_advice", {**content, "lines": lines[start : start + _PIECE]})
        assert isinstance(advice, StockAdvice)
        yield from items_said(advice, first=start + 1)


def _way(heading: StockAdvice, *, movements: bool) -> str:
    if heading.purpose == "incremental":
        return Way.MOVEMENTS if movements else Way.CHANGES
    return Way.CHANGES if heading.purpose == "change" else Way.WHOLE


def _ask(feed: StockFeed, heading: StockAdvice) -> list[Step]:
    """Leave to a person what is no count."""
    what = _ASKS.get(heading.purpose or "", "asks whether items can be had, and says no stock")
    feed.state = State.UNUSABLE
    feed.save()
    open_case(
        ExceptionCase.Kind.STOCK_UNCLEAR,
        f"stock_unclear:{feed.pk}",
        f"{feed} of {feed.agreement.partner} {what}; nothing was changed by it.",
        document=feed.document,
        partner=feed.agreement.partner,
    )
    return []
