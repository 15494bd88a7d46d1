"""Routing rules and warehouses changed by people: one verb for every change, kept for good; and what a change would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from integration.flows.kept_rows import locked, remove_row, save_row, subject_of
from integration.flows.rights import Refused, require
from integration.flows.route import look_again
from integration.flows.routing import Routed, Routing, active_rules, as_rule, plan_routing, warehouse_ship_to
from integration.flows.translations import Changed
from integration.matching.routing import Delivery, Rule
from integration.models import Order, PurchaseOrder, RoutingRule, Warehouse

__all__ = ["CHANGE", "VERBS", "change", "compare", "destination", "rule_problems", "subject_of"]

Row = RoutingRule | Warehouse
CHANGE: dict[type[Row], str] = {
    RoutingRule: "integration.change_routingrule",
    Warehouse: "integration.change_warehouse",
}
_CALLED: dict[type[Row], str] = {RoutingRule: "routing rule", Warehouse: "warehouse"}
VERBS = tuple(f"{verb} {called}" for called in _CALLED.values() for verb in ("add", "change", "remove"))
"""Every verb that ``change`` records."""
MOST_COMPARED = 100
_LAST = 2**62


def rule_problems(rule: RoutingRule) -> dict[str, str]:
    """Return why ``rule`` could take no line, or would send one nowhere: sentences by field."""
    problems = {}
    to_warehouse = rule.fulfilment == RoutingRule.Fulfilment.WAREHOUSE
    if to_warehouse and rule.warehouse_id is None:
        problems["warehouse"] = gettext("Choose the warehouse that the partner ships to.")
    if not to_warehouse and rule.warehouse_id is not None:
        problems["warehouse"] = gettext(
            "The partner ships to the customer by this rule: leave the warehouse empty."
        )
    if rule.delivery == Delivery.PICKUP:
        if not to_warehouse:
            problems["fulfilment"] = gettext("What the customer collects is shipped to a warehouse of ours.")
        if place := next(
            (name for name in ("countries", "regions", "postal_prefixes") if getattr(rule, name)), ""
        ):
            problems[place] = gettext("What the customer collects is shipped nowhere: leave this empty.")
    elif rule.pickup_methods:
        problems["pickup_methods"] = gettext("Only for lines that the customer collects.")
    if rule.agreement_id and rule.store_id and not rule.agreement.stores.filter(pk=rule.store_id).exists():
        problems["agreement"] = gettext(
            "Agreement %(agreement)s does not serve %(store)s: add it on the store's page first."
        ) % {"agreement": rule.agreement, "store": rule.store}
    return problems


def change(user: User, reason: str, saved: Iterable[Row] = (), removed: Iterable[Row] = ()) -> Changed:
    """Save and remove rules and warehouses; look again at orders that are held for where their lines go.

    What was sent stays as it was sent. Raises ``Refused``, with nothing done.
    """
    saved, removed = list(saved), list(removed)
    for kind in {type(row) for row in [*saved, *removed]} or {RoutingRule}:
        reason = require(user, CHANGE[kind], reason)
    try:
        with transaction.atomic():
            count = sum(save_row(user, reason, row, _CALLED[type(row)]) for row in saved)
            count += sum(_remove(user, reason, row) for row in removed)
            of_rules = any(isinstance(row, RoutingRule) for row in [*saved, *removed])
            orders = look_again(None) if of_rules and count else 0
    except IntegrityError as error:
        # The form has looked for a twin, but somebody else may have been quicker.
        raise Refused(gettext("Somebody else has entered the same meanwhile. Look at it again.")) from error
    return Changed(count, orders, 0)


def _remove(user: User, reason: str, row: Row) -> int:
    stored = locked(row)
    if stored is None:
        return 0
    if isinstance(stored, Warehouse):
        _refuse_if_used(stored)
    return remove_row(user, reason, stored, _CALLED[type(row)])


def _refuse_if_used(place: Warehouse) -> None:
    if place.routing_rules.exists():
        raise Refused(gettext("Routing rules send to %(place)s: change them first.") % {"place": place})
    asked = PurchaseOrder.objects.filter(ship_to=warehouse_ship_to(place.pk)).order_by("pk").first()
    if asked is not None:
        raise Refused(
            gettext("%(asked)s is for %(place)s: it stays, so that it can be told where the goods went.")
            % {"asked": asked, "place": place}
        )


@dataclass(frozen=True)
class Elsewhere:
    """A line of a past order that a rule would send elsewhere than it goes by the rules as they are."""

    order: Order
    line: dict[str, Any]
    now: str
    then: str


@dataclass(frozen=True)
class Comparison:
    """What a rule, as a form holds it, would change for the last orders: how many were looked at, and the lines."""

    orders: int
    lines: tuple[Elsewhere, ...]


def compare(rule: RoutingRule) -> Comparison:
    """Return what ``rule``, saved or not, would change for the last ``MOST_COMPARED`` orders that it may be about."""
    orders = Order.objects.select_related("store").order_by("-placed_at")
    if rule.store_id is not None:
        orders = orders.filter(store=rule.store_id)
    found: list[Elsewhere] = []
    looked_at = list(orders[:MOST_COMPARED])
    by_store: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for order in looked_at:
        if order.store_id not in by_store:
            now = active_rules(order.store)
            others = [each for each in now if each.key != rule.pk]
            applies = rule.is_active and rule.store_id in (None, order.store_id)
            by_store[order.store_id] = now, [*others, *([_unsaved(rule)] if applies else [])]
        now, then = by_store[order.store_id]
        found += _elsewhere(order, plan_routing(order, now), plan_routing(order, then))
    return Comparison(len(looked_at), tuple(found))


def _unsaved(rule: RoutingRule) -> Rule:
    """Return the rule with the place that saving it would give it: behind older ones of its priority."""
    made = as_rule(rule)
    return made if rule.pk else replace(made, key=_LAST)


def _elsewhere(order: Order, now: Routing, then: Routing) -> list[Elsewhere]:
    pairs = zip(now.lines, then.lines, strict=True)
    told = [(is_now.line, destination(is_now), destination(would_be)) for is_now, would_be in pairs]
    return [Elsewhere(order, line, was, becomes) for line, was, becomes in told if was != becomes]


def destination(routed: Routed) -> str:
    """Return in words where a line goes, or what becomes of it instead."""
    if routed.left_out:
        return f"To nobody. {routed.left_out}"
    if routed.item is None:
        return "A case: nobody can be asked for it."
    rule = routed.choice.rule if routed.choice else None
    place = rule.warehouse_name if rule and rule.warehouse is not None else "the customer"
    agreement = routed.item.agreement
    return f"{agreement.partner.name}, shipped to {place} ({agreement.name})"
