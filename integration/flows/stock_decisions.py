"""What staff can decide about a stock feed that is held."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext, gettext_lazy

from integration.flows.planned import Choice, Given, Plan
from integration.flows.rights import Refused
from integration.flows.stock_feeds import State, feed_of, lock_agreement, put_aside, release
from integration.flows.stock_rows import Effect, effect_of
from integration.models import ExceptionCase, StockFeed
from integration.work import Step

APPLY = Choice(
    "apply_feed",
    gettext_lazy("Apply the feed"),
    gettext_lazy("It counts as it came; items of which newer counts stand keep those."),
)
REFUSE = Choice(
    "refuse_feed", gettext_lazy("Put the feed aside"), gettext_lazy("It is kept and counts for nothing.")
)
STOCK_CHOICES = (APPLY, REFUSE)


def lock_held(case: ExceptionCase) -> None:
    """Hold what is held before a case while a feed is decided: its agreement."""
    feed = feed_of(case)
    if feed is not None:
        lock_agreement(feed.agreement_id)


def apply_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what applying the feed does now."""
    feed = _held(case)
    if not feed.said:
        raise Refused(gettext("It says nothing that could be applied: put it aside."))
    effect = effect_of(feed)
    emptied = f", {effect.emptied:,} of them to nothing" if effect.emptied else ""
    sentences = [
        f"{_items(effect.changed)} of {feed.agreement.partner} change{emptied}.",
        *([f"Of {_items(effect.new)} nothing stood before."] if effect.new else []),
        *([f"{_items(effect.same)} stay as they are."] if effect.same else []),
        "Items of which a newer count stands keep that.",
        "The stores follow.",
    ]
    return _plan("apply_feed", feed, State.APPLIED, sentences, effect)


def refuse_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what putting the feed aside does."""
    feed = _held(case)
    sentences = [
        f"{feed} counts for nothing: what stood before it stands.",
        f"Nothing is sent to {feed.agreement.partner}: tell {feed.agreement.partner} what was wrong with it.",
    ]
    return _plan("refuse_feed", feed, State.PUT_ASIDE, sentences)


def carry_out_feed(case: ExceptionCase, wanted: Plan, reason: str, actor: str) -> list[Step]:
    """Do with the feed what was decided; the caller has held what it is about."""
    feed = _held(case)
    if wanted.decision == "apply_feed":
        return release(feed, reason, actor)
    put_aside(feed, reason, actor)
    return []


def _held(case: ExceptionCase) -> StockFeed:
    feed = feed_of(case)
    if feed is None or feed.state != State.HELD:
        raise Refused(gettext("The feed does not wait for a decision any more: settle the case."))
    return feed


def _plan(name: str, feed: StockFeed, after: str, sentences: list[str], effect: Effect | None = None) -> Plan:
    entries = [] if effect is None else [vars(effect)]
    return Plan(name, sentences, before=feed.state, after=after, target=feed.pk, entries=entries)


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count:,} items"


STOCK_PLANS: dict[str, Callable[[ExceptionCase, Given], Plan]] = {
    "apply_feed": apply_plan,
    "refuse_feed": refuse_plan,
}
