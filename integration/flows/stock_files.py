"""Plain stock files (CSV) of a mailbox: read by the columns that an agreement says, and taken as any feed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

from django.db.models import Max

from archive.models import Transmission
from integration.flows.cases import close_cause, open_case
from integration.flows.stock_feeds import State, Way, add_lines, judge, lock_agreement, steps_of
from integration.flows.stock_rows import named_beside
from integration.matching.stock_columns import NotReadable, is_for, rows_of
from integration.matching.stock_feed import ItemSaid
from integration.models import ExceptionCase, StockFeed, StockTerms
from integration.work import Step
from partners.agreements import receives

_EARLIEST = "0" * 14


def take_stock_file(transmission: Transmission, data: bytes) -> list[Step] | None:
    """Take a file that is no X12 as a stock feed, in the caller's transaction; None where it is none by its name.

    A file that two agreements could have written is a case: nobody's stock is changed by a guess.
    """
    taken = StockFeed.objects.filter(transmission=transmission).select_related("agreement__partner").first()
    if taken is not None:
        return steps_of(taken) if taken.state == State.APPLIED else []
    found = [each for each in _terms_on(transmission) if is_for(each.columns, transmission.name)]
    if not found:
        return None
    if len(found) > 1:
        names = " and ".join(str(each.agreement) for each in found)
        open_case(
            ExceptionCase.Kind.STOCK_UNCLEAR,
            f"stock_file:{transmission.pk}",
            f"{transmission.name} on {transmission.mailbox} may be a stock file of {names}: it was kept and not read. Have"
            " the names of their files tell them apart.",
            transmission=transmission,
            mailbox=transmission.mailbox,
        )
        return []
    for case in transmission.cases.filter(kind=ExceptionCase.Kind.UNREADABLE, closed_at=None):
        close_cause(case.cause, "It is known now whose stock file it is.")
    return _take(found[0], transmission, data)


def _terms_on(transmission: Transmission) -> Iterator[StockTerms]:
    rows = StockTerms.objects.filter(agreement__mailbox=transmission.mailbox_id).exclude(columns={})
    for each in rows.select_related("agreement").order_by("pk"):
        if receives(each.agreement, "846"):
            yield each


def _take(terms: StockTerms, transmission: Transmission, data: bytes) -> list[Step]:
    fingerprint = hashlib.sha256(transmission.name.encode() + b"\x00" + data).hexdigest()
    feed = StockFeed(
        agreement=lock_agreement(terms.agreement_id),
        transmission=transmission,
        number=transmission.name[:80],
        # Two files that say when they were counted are put into their order by that, and not by when they came.
        place=f"{_EARLIEST}{fingerprint[:40]}",
        fingerprint=fingerprint,
    )
    return _fill(feed, transmission, terms, data)


def take_again(feed: StockFeed, transmission: Transmission, data: bytes) -> list[Step] | None:
    """Read the file of a feed that counts for nothing anew; None where its agreement takes no such file any more.

    In the transaction of a caller who holds the agreement.
    """
    terms = StockTerms.objects.filter(agreement=feed.agreement_id).first()
    if terms is None or not is_for(terms.columns, transmission.name) or not receives(feed.agreement, "846"):
        return None
    feed.lines.all().delete()
    feed.said = feed.unknown = feed.unread = 0
    feed.notes = []
    return _fill(feed, transmission, terms, data)


def _fill(feed: StockFeed, transmission: Transmission, terms: StockTerms, data: bytes) -> list[Step]:
    """Read ``data`` by the columns of ``terms`` into the feed, and judge it."""
    zone = ZoneInfo(feed.agreement.time_zone or "UTC")
    arrived_at = transmission.recorded_at.astimezone(UTC)
    arrived_on = arrived_at.astimezone(zone).date()
    feed.way = terms.columns.get("way", Way.WHOLE)
    feed.as_of = feed.made_at = arrived_at
    feed.stated_on = arrived_on
    feed.save()
    wrong = _add(feed, terms.columns, data, zone)
    latest = feed.lines.aggregate(latest=Max("as_of"))["latest"]
    if "as_of" in terms.columns and latest is not None:
        feed.as_of = feed.made_at = latest
        feed.stated_on = latest.astimezone(zone).date()
    return judge(feed, named_beside(feed), arrived_on, wrong)


def _add(feed: StockFeed, columns: dict[str, str], data: bytes, zone: ZoneInfo) -> list[str]:
    """Write the lines of the file; return what is wrong with the file as a whole."""
    if not data.strip():
        return [f"The file is empty: it has {len(data)} bytes."]
    try:
        add_lines(feed, _known_end(rows_of(data, columns, zone), feed))
    except NotReadable as problem:
        return [str(problem)]
    if feed.said and feed.notes:
        return list(feed.notes)
    return []


def _known_end(rows: Iterator[ItemSaid], feed: StockFeed) -> Iterator[ItemSaid]:
    """Yield ``rows``; where the last line cannot be read, note that the file seems to be cut off."""
    last: ItemSaid | None = None
    for last in rows:
        yield last
    if last is not None and last.problem:
        feed.notes = [f"It seems to be cut off in its last line, {last.line:,}: {last.problem}"]
