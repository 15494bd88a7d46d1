"""Stock feeds recorded, judged, and applied, held or rolled back: what an 846 and what a plain file says alike.

All feeds of one agreement are taken one after the other: whoever takes one holds the agreement's row. What stands is
worked out from the lines of all that count (``stock_rows``), so a feed that comes late, twice or in another order
changes nothing that was said later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_event
from archive.translation import storable
from integration.flows.cases import close_cause, open_case
from integration.flows.rights import Refused
from integration.flows.stock_items import items_meant
from integration.flows.stock_levels import level_steps
from integration.flows.stock_rows import (
    Effect,
    LineRow,
    effect_of,
    is_past,
    outcomes,
    told_first,
    weigh,
    weighed,
    write_lines,
    write_stock,
)
from integration.matching.lines import plain
from integration.matching.stock_feed import GuardLimits, ItemSaid, counted, stale_words, suspicions
from integration.models import ExceptionCase, StockFeed, StockFeedLine, StockTerms
from integration.work import Step
from partners.mapping.conversion import Terms
from partners.models import Agreement

State, Way = StockFeed.State, StockFeed.Way
Outcome = StockFeedLine.Outcome
Kind = ExceptionCase.Kind
CHUNK = 1000
"""Lines that are in memory at a time."""
MOST_LISTED = 20
LONGEST_PROBLEM = 200


def lock_agreement(pk: int) -> Agreement:
    """Let nobody else take a feed of the agreement meanwhile; it is held before any case."""
    return Agreement.objects.select_for_update(no_key=True, of=("self",)).select_related("partner").get(pk=pk)


def terms_of(agreement: Agreement) -> StockTerms:
    """Return the stock terms of ``agreement``, the usual ones where none are set."""
    return StockTerms.objects.filter(agreement=agreement).first() or StockTerms(agreement=agreement)


def add_lines(feed: StockFeed, said: Iterable[ItemSaid]) -> None:
    """Write what ``feed`` says line by line, of the items that the agreement's stores have, in our unit."""
    stores = list(feed.agreement.stores.order_by("pk").values_list("pk", flat=True))
    lines = iter(said)
    total = 0
    while chunk := list(islice(lines, CHUNK)):
        meant = items_meant(feed.agreement, stores, chunk)
        write_lines(row for each, found in zip(chunk, meant, strict=True) for row in _rows(feed, each, found))
        total += len(chunk)
    found = outcomes(feed)
    feed.said = total
    feed.unknown, feed.unread = found.get(Outcome.UNKNOWN, 0), found.get(Outcome.UNREAD, 0)


def _rows(feed: StockFeed, said: ItemSaid, meant: Sequence[tuple[int, Terms | None]]) -> Iterator[LineRow]:
    if said.problem or not meant:
        yield _row(feed, said, None, None, Outcome.UNREAD if said.problem else Outcome.UNKNOWN)
        return
    is_movement = feed.way == Way.MOVEMENTS
    for pk, terms in meant:
        ours = counted(said, terms, movement=is_movement)
        if not ours.problem and is_movement and ours.quantity is None:
            ours = ItemSaid(said.line, said.numbers, said.warehouse, problem="It says no quantity.")
        yield _row(feed, ours, None if ours.problem else pk, terms, Outcome.UNREAD if ours.problem else "")


def _row(feed: StockFeed, said: ItemSaid, item: int | None, terms: Terms | None, outcome: str) -> LineRow:
    ended = said.discontinued_on
    as_of = min(said.as_of, feed.as_of) if said.as_of else feed.as_of
    return (
        feed.pk,
        feed.agreement_id,
        said.line,
        item,
        storable(said.named),
        storable(said.warehouse),
        said.quantity,
        1 if terms is None else terms.pack_factor,
        as_of,
        feed.place,
        feed.way == Way.MOVEMENTS,
        said.expected_on,
        said.expected_quantity,
        said.lead_days,
        None if said.minimum is None else int(said.minimum),
        None if said.maximum is None else int(said.maximum),
        said.allocation,
        said.available_from,
        # A plain “yes” says no day: since it was counted.
        as_of.date() if ended == date.min else ended,
        str(outcome),
        storable(said.problem[:LONGEST_PROBLEM]),
    )


def judge(feed: StockFeed, named: int, made_on: date, wrong: Sequence[str] = ()) -> list[Step]:
    """Apply ``feed``, or hold it and ask a person; return what follows. The caller holds the agreement.

    ``named``: how many lines the whole stock has of which this feed may be a part; ``made_on``: on which day it was made;
    ``wrong``: what is suspicious of the file itself.
    """
    if twin := _twin(feed):
        feed.state = State.REPEATED
        feed.save()
        tell(feed, "stock_repeated", f"It says what {twin} said before: recorded, nothing done twice.")
        return []
    weigh(feed)
    _count(feed)
    known = feed.said - feed.unknown - feed.unread
    if feed.said and not known:
        feed.state = State.UNUSABLE
    elif known and is_past(feed):
        feed.state = State.OLDER
    else:
        found = weighed(feed, named)
        terms = terms_of(feed.agreement)
        limits = GuardLimits(terms.most_changed, terms.most_zeroed, terms.guarded_from)
        feed.suspicions = [*wrong, *_said_before(feed, made_on)]
        if not wrong:
            feed.suspicions += suspicions(found, limits, is_whole=feed.way == Way.WHOLE)
        feed.state = State.HELD if feed.suspicions else State.APPLIED
    feed.save()
    if not wrong:
        tell_unclear(feed)
    if feed.state == State.HELD:
        _hold(feed)
        return []
    if feed.state == State.OLDER:
        tell(feed, "stock_older", "Newer counts of all its items stand: nothing is changed.")
    return _follow(feed) if feed.state == State.APPLIED else []


def _twin(feed: StockFeed) -> StockFeed | None:
    """Return a feed before it that says the very same."""
    others = StockFeed.objects.filter(agreement=feed.agreement_id, fingerprint=feed.fingerprint)
    return (
        others.exclude(pk=feed.pk).exclude(state__in=[State.REPEATED, State.UNUSABLE]).order_by("pk").first()
    )


def _said_before(feed: StockFeed, made_on: date) -> list[str]:
    """Return what is suspicious of the day, or the number, that the feed bears."""
    others = StockFeed.objects.filter(agreement=feed.agreement_id, state__in=StockFeed.COUNTED).exclude(
        pk=feed.pk
    )
    if feed.way == Way.MOVEMENTS and feed.number:
        same = others.filter(number=feed.number, way=Way.MOVEMENTS).order_by("pk").first()
        if same is not None:
            return [
                f"It bears the number {feed.number}, as one of {_day(same.stated_on)} did, with other content."
            ]
    if feed.stated_on >= made_on:
        return []
    same = (
        others.filter(stated_on=feed.stated_on, made_at__lt=feed.made_at).order_by("-made_at", "pk").first()
    )
    return [] if same is None else [stale_words(feed.stated_on, made_on, str(same).lower())]


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _count(feed: StockFeed) -> None:
    """Write on ``feed`` what its lines come to, as they were weighed."""
    found = outcomes(feed)
    feed.new, feed.changed = found.get(Outcome.NEW, 0), found.get(Outcome.CHANGED, 0)
    feed.emptied = feed.lines.filter(before__gt=0, after=0).count()


def _follow(feed: StockFeed) -> list[Step]:
    """Write what stands now that ``feed`` counts, and tell it; return the steps of the stores."""
    write_stock(feed)
    StockFeed.objects.filter(pk=feed.pk).update(applied_at=database_now())
    tell(
        feed,
        "stock_applied",
        f"Applied: {feed.new:,} items new, {feed.changed:,} changed, {feed.emptied:,} of them emptied; of"
        f" {feed.said:,} lines.",
    )
    _overtake(feed)
    return steps_of(feed)


def steps_of(feed: StockFeed) -> list[Step]:
    """Return the steps that bring the stores of the agreement to what stands: the same ones each time."""
    return level_steps(feed.agreement.stores.order_by("pk").values_list("pk", flat=True))


def _overtake(feed: StockFeed) -> None:
    """Let what is held and has nothing to say any more, because newer counts stand of all of it, be asked about no more."""
    for held in StockFeed.objects.filter(agreement=feed.agreement_id, state=State.HELD).exclude(pk=feed.pk):
        says = held.said > held.unknown + held.unread
        weigh(held)
        if is_past(held) if says else feed.way == Way.WHOLE and feed.as_of > held.as_of:
            StockFeed.objects.filter(pk=held.pk).update(state=State.OVERTAKEN)
            close_cause(held.cause, f"{feed} is newer, and was applied.")


def _hold(feed: StockFeed) -> None:
    counts = f", counted on {_day(feed.stated_on)}," if feed.said else ""
    open_case(
        Kind.STOCK_HELD,
        feed.cause,
        f"{feed} of {feed.agreement.partner}{counts} is held: {feed.suspicions[0]} Nothing of it counts until somebody"
        " releases it.",
        document=feed.document,
        transmission=feed.transmission,
        partner=feed.agreement.partner,
        evidence=_evidence(feed),
    )
    tell(feed, "stock_held", f"Held: {' '.join(feed.suspicions)}")


def _evidence(feed: StockFeed) -> list[dict[str, str]]:
    lines = feed.lines.filter(outcome=Outcome.CHANGED).select_related("item").order_by("line", "pk")
    return [
        {
            "sku": each.item.sku if each.item else each.named,
            "before": _shown(each.before),
            "after": _shown(each.after),
        }
        for each in lines[:MOST_LISTED]
    ]


def _shown(value: object) -> str:
    return "not said" if value is None else plain(value)  # type: ignore[arg-type]


def tell_unclear(feed: StockFeed) -> None:
    """Open one case on what of ``feed`` the stores do not have or nobody understands, unless all of it was told before."""
    if not (feed.unknown or feed.unread) or not told_first(feed):
        return
    lines = list(feed.lines.filter(item=None).order_by("line", "pk")[:MOST_LISTED])
    told = []
    if feed.unknown:
        names = [each.named for each in lines if each.outcome == Outcome.UNKNOWN]
        more = f" and {feed.unknown - len(names):,} more" if feed.unknown > len(names) else ""
        items = "item that the stores do" if feed.unknown == 1 else "items that the stores do"
        told.append(f"names {feed.unknown:,} {items} not have: {', '.join(names) or 'see there'}{more}")
    if feed.unread:
        told.append(
            f"has {feed.unread:,} {'line' if feed.unread == 1 else 'lines'} that could not be understood"
        )
    open_case(
        Kind.STOCK_UNCLEAR,
        f"stock_unclear:{feed.pk}",
        f"{feed} of {feed.agreement.partner} {', and '.join(told)}. The rest of it is taken as ever; list the items under"
        " the agreement if they are yours.",
        document=feed.document,
        transmission=feed.transmission,
        partner=feed.agreement.partner,
        evidence=[
            {"line": each.line, "sku": each.named, "what": each.problem or "Not in the stores"}
            for each in lines
        ],
    )


def feed_of(case: ExceptionCase) -> StockFeed | None:
    """Return the feed that ``case`` holds."""
    if case.kind != Kind.STOCK_HELD:
        return None
    pk = case.cause.rpartition(":")[2]
    return StockFeed.objects.select_related("agreement__partner").filter(pk=pk).first()


def release(feed: StockFeed, reason: str, actor: str) -> list[Step]:
    """Let a held feed count, as it reads against what stands now; the caller holds the agreement."""
    weigh(feed)
    _count(feed)
    feed.state = State.APPLIED
    feed.save()
    tell(feed, "stock_released", f"Released: {reason}", actor)
    tell_unclear(feed)
    return _follow(feed)


def put_aside(feed: StockFeed, reason: str, actor: str) -> None:
    """Let a held feed count for nothing."""
    if StockFeed.objects.filter(pk=feed.pk, state=State.HELD).update(state=State.PUT_ASIDE):
        tell(feed, "stock_put_aside", f"Put aside: {reason}", actor)


def settle_feed(case: ExceptionCase, reason: str, actor: str) -> None:
    """Put a held feed aside whose case was settled outside."""
    feed = feed_of(case)
    if feed is not None:
        put_aside(feed, reason, actor)


def take_back(feed: StockFeed, state: str) -> None:
    """Let ``feed`` count no more, and what stood before it stand again where nothing newer does."""
    StockFeed.objects.filter(pk=feed.pk).update(state=state)
    feed.state = state
    write_stock(feed, removes=True)


def roll_back_effect(feed: StockFeed) -> Effect:
    """Return what rolling ``feed`` back would do now. Raises ``Refused`` where it does not count."""
    if feed.state not in StockFeed.COUNTED:
        raise Refused(
            gettext("%(feed)s does not count: it is %(state)s.")
            % {"feed": feed, "state": feed.get_state_display().lower()}
        )
    return effect_of(feed, without=True)


def tell(feed: StockFeed, kind: str, sentence: str, actor: str = "") -> None:
    """Write a line of the feed's timeline."""
    record_event(feed.subject, kind, sentence, document=feed.document, actor=actor)
