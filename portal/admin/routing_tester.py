"""The tester of routing rules: what would become of an order, and why, with nothing done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integration.flows.routing import Routed, Routing, plan_routing, warehouse_of
from integration.flows.routing_rules import MOST_COMPARED, compare, destination
from integration.matching.routing import Passed
from integration.models import Order, PurchaseOrder, RoutingRule, Warehouse
from partners.models import Agreement
from portal.admin.routing_forms import LinesTestForm, OrderTestForm
from portal.admin.show import BAD, GOOD, QUIET, badge, page_url
from portal.readings import telling

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin

MOST_SHOWN = 50


@dataclass(frozen=True)
class ShownLine:
    """One line on the page: where it goes, by which rule, and which rules were passed over for what."""

    line: dict[str, Any]
    verdict: SafeString
    destination: str
    rule: str
    rule_url: str
    because: tuple[str, ...]
    passed: tuple[Passed, ...]
    problem: str


def tester_page(shown_by: GridAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for an order or for lines, and show what would become of them."""
    asks_for_lines = "skus" in request.GET
    by_order = OrderTestForm(request.GET if "order" in request.GET else None)
    by_lines = LinesTestForm(request.GET if asks_for_lines else None)
    order: Order | None = None
    if asks_for_lines:
        order = by_lines.as_order() if by_lines.is_valid() else None
    elif by_order.is_bound and by_order.is_valid():
        order = by_order.found
    context: dict[str, Any] = {
        "title": gettext("Try the rules"),
        "by_order": by_order,
        "by_lines": by_lines,
        "rules": RoutingRule.objects.filter(is_active=True).count(),
    }
    if order is not None:
        context |= tried(order)
    told = [order.subject] if order is not None and order.pk else []
    return telling(shown_by.page(request, None, "portal/routing_tester.html", context), told)


def tried(order: Order) -> dict[str, Any]:
    """Return what the page shows of an order; nothing is done to it."""
    routing = plan_routing(order)
    State = PurchaseOrder.State
    sent = (
        order.purchase_orders.exclude(state__in=[State.ROUTED, State.COMPOSED, State.DROPPED])
        if order.pk
        else []
    )
    return {
        "order": order,
        "order_url": page_url(order) if order.pk else "",
        "lines": [_shown(each) for each in routing.lines],
        "purchase_orders": _purchase_orders(routing),
        "is_held": bool(routing.problems),
        "sent": [each.number for each in sent],
    }


def _shown(routed: Routed) -> ShownLine:
    choice = routed.choice if not routed.left_out else None
    rule = choice.rule if choice else None
    verdict = badge(gettext("Goes out"), GOOD)
    if routed.left_out:
        verdict = badge(gettext("Left out"), QUIET)
    elif routed.problem:
        verdict = badge("A case", BAD)
    return ShownLine(
        line=routed.line,
        verdict=verdict,
        destination=destination(routed),
        rule=str(rule) if rule else "",
        rule_url=page_url(RoutingRule(pk=rule.key)) if rule and rule.key else "",
        because=choice.because if choice else (),
        passed=choice.passed if choice else (),
        problem=routed.problem.sentence if routed.problem else "",
    )


def _purchase_orders(routing: Routing) -> list[dict[str, Any]]:
    groups = routing.groups
    agreements = Agreement.objects.select_related("partner").in_bulk({agreement for agreement, _ in groups})
    warehouses = Warehouse.objects.in_bulk({pk for _, to in groups if (pk := warehouse_of(to)) is not None})
    addresses = {to for _, to in groups if warehouse_of(to) is None}
    made = []
    for (agreement, to), lines in groups.items():
        place = warehouse_of(to)
        customer = (
            gettext("The customer (address %(to)s)") % {"to": to}
            if len(addresses) > 1
            else gettext("The customer")
        )
        made.append(
            {
                "agreement": agreements[agreement],
                "ship_to": customer if place is None else str(warehouses.get(place, "")),
                "type": "Drop-ship" if place is None else gettext("Stock"),
                "lines": [
                    f"{line['quantity'] - line['quantity_refunded']} × {line['sku']}" for line, _ in lines
                ],
            }
        )
    return made


def what_if_page(shown_by: GridAdmin, request: HttpRequest, rule: RoutingRule, title: str) -> HttpResponse:
    """Show which lines of the last orders a rule would send elsewhere, as the form holds it; it is not saved."""
    found = compare(rule)
    context = {
        "title": title,
        "rule": rule,
        "orders": found.orders,
        "most": MOST_COMPARED,
        "count": len(found.lines),
        "lines": found.lines[:MOST_SHOWN],
        "more": max(0, len(found.lines) - MOST_SHOWN),
    }
    told = (each.order.subject for each in found.lines[:MOST_SHOWN])
    return telling(shown_by.page(request, None, "portal/routing_what_if.html", context), told)
