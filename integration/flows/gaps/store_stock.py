"""Stock of the stores: what they show is what we wrote less what was sold since."""

from __future__ import annotations

from datetime import datetime

from integration.flows.gaps.parts import SETTLED, Checked, Found, Tally
from integration.flows.sold_items import rule_of
from integration.flows.stock_levels import unwritten
from integration.flows.stores import client_for
from integration.flows.write_stock import drift_at, look_step
from integration.models import Gap, StockLevel, Store
from partners.models import Mode

_MOST_TOLD = 20


def stock_of(store: Store, now: datetime) -> Checked:
    """Ask the store what it holds of each item that we keep: it is what we wrote, less what was sold since."""
    tally = Tally(Gap.Check.SHOWN)
    levels = StockLevel.objects.filter(item__store=store, item__gone_at=None)
    kept = levels.exclude(on_hand=None)
    if store.mode != Mode.LIVE or not levels.exists():
        tally.explained = levels.count()
        return tally.checked()
    with client_for(store) as client:
        found = drift_at(client, store, rule_of(store))
    differ = [each for rows in found.values() for each in rows]
    waiting = unwritten(store).filter(on_hand=None)
    late = waiting.filter(reckoned_at__lt=now - SETTLED).exclude(writes__state__in=["sending", "unknown"])
    tally.good = kept.count() - len(differ)
    tally.explained = levels.count() - kept.count() - late.count()
    for level, there, expected in differ[:_MOST_TOLD]:
        sentence = f"{store} holds {there} of {level.item}, and {expected} were left after what was sold."
        tally.gaps.append(_found(store, level, sentence))
    for level in late.select_related("item")[:_MOST_TOLD]:
        tally.gaps.append(_found(store, level, f"{level.shows} of {level.item} were to be shown in {store}."))
    tally.explained += max(0, len(differ) - _MOST_TOLD) + max(0, late.count() - _MOST_TOLD)
    return tally.checked()


def _found(store: Store, level: StockLevel, sentence: str) -> Found:
    repair = "The store is looked at again and the difference is written now."
    return Found(f"stock:{level.pk}", sentence, repair, [look_step(store.pk)], links={"store": store})
