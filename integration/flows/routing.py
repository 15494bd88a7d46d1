"""What would become of an order: each line with the rule that takes it, who supplies it, and what stands in the way.

Nothing is written here: ``route`` carries it out, and the tester shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from integration.flows.addresses import state_spellings
from integration.flows.categories import categories_of
from integration.matching.routing import Choice, Delivery, LineFacts, Rule, choose, held_by, sound_parents
from integration.models import ExceptionCase, Order, RoutingRule, Store
from partners.models import Agreement, ItemCrossReference, Mode

Line = dict[str, Any]
WAREHOUSE = "warehouse:"
MOST_PASSED = 10
"""How many of the rules that were passed over are kept with a line: the tester tells all."""


@dataclass(frozen=True)
class Problem:
    """What keeps an order from being routed: the case that it is."""

    kind: str
    cause: str
    sentence: str


@dataclass(frozen=True)
class Routed:
    """One line of an order: the choice, and what follows from it.

    ``item`` is how the partner knows the SKU; not saved where the agreement takes it unlisted. ``left_out`` says why
    nobody is asked for the line. Of item, ``left_out`` and ``problem``, one is there.
    """

    line: Line
    choice: Choice | None
    left_out: str = ""
    item: ItemCrossReference | None = None
    ship_to: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class Routing:
    """All lines of an order in its sequence."""

    lines: tuple[Routed, ...]

    @property
    def problems(self) -> list[Problem]:
        """What stands in the way, each cause once."""
        return list({each.problem.cause: each.problem for each in self.lines if each.problem}.values())

    @property
    def groups(self) -> dict[tuple[int, str], list[tuple[Line, ItemCrossReference]]]:
        """The lines that go out, by agreement and ship-to: a purchase order each."""
        groups: dict[tuple[int, str], list[tuple[Line, ItemCrossReference]]] = defaultdict(list)
        for each in self.lines:
            if each.item is not None and each.problem is None:
                groups[(each.item.agreement_id, each.ship_to)].append((each.line, each.item))
        return dict(groups)

    def as_json(self) -> dict[str, Any]:
        """Return what the order keeps of it, by line id."""
        return {str(each.line["id"]): _kept(each) for each in self.lines}


def _kept(routed: Routed) -> dict[str, Any]:
    choice = routed.choice
    kept: dict[str, Any] = {}
    if routed.left_out:
        kept["left_out"] = routed.left_out
    if choice is not None and not routed.left_out:
        kept |= {
            "rule": str(choice.rule) if choice.rule else "",
            "because": list(choice.because),
            "passed": [[str(each.rule), each.because] for each in choice.passed[:MOST_PASSED]],
        }
    return kept


def warehouse_ship_to(pk: int) -> str:
    """Return the ship-to of purchase orders for a warehouse of ours."""
    return f"{WAREHOUSE}{pk}"


def warehouse_of(ship_to: str) -> int | None:
    """Return the key of the warehouse that a ship-to is, or None for an address of the order."""
    return int(ship_to.removeprefix(WAREHOUSE)) if ship_to.startswith(WAREHOUSE) else None


def active_rules(store: Store) -> list[Rule]:
    """Return the rules that may take lines of the store's orders."""
    rows = RoutingRule.objects.filter(Q(store=None) | Q(store=store), is_active=True)
    return [as_rule(row) for row in rule_rows(rows)]


def rule_rows(rows: QuerySet[RoutingRule]) -> QuerySet[RoutingRule]:
    """Return rules with what ``as_rule`` looks at."""
    return rows.select_related("store", "agreement__partner", "warehouse").prefetch_related(
        "agreement__stores"
    )


def as_rule(row: RoutingRule) -> Rule:
    """Return a rule as the choice takes it; ``row`` need not be saved."""
    agreement = row.agreement
    serves = [store.pk for store in agreement.stores.all()] if agreement.partner.is_active else []
    return Rule(
        key=row.pk or 0,
        name=row.name,
        priority=row.priority,
        agreement=agreement.pk,
        agreement_name=agreement.name,
        serves=frozenset(serves),
        store=row.store_id,
        store_name=row.store.name if row.store else "",
        skus=tuple(row.skus),
        brands=tuple(row.brands),
        categories=tuple(str(each) for each in row.categories),
        channels=tuple(row.channels),
        delivery=Delivery(row.delivery),
        pickup_methods=tuple(row.pickup_methods),
        countries=tuple(row.countries),
        regions=tuple(row.regions),
        postal_prefixes=tuple(row.postal_prefixes),
        warehouse=row.warehouse_id,
        warehouse_name=row.warehouse.name if row.warehouse else "",
        bundles_whole=row.bundles == RoutingRule.Bundles.PARENT,
    )


def plan_routing(order: Order, rules: Sequence[Rule] | None = None) -> Routing:
    """Return what would become of ``order`` by ``rules``, those of its store unless told; nothing is written.

    ``order`` need not be saved: its store, number and content are looked at.
    """
    lines = _chosen(order, active_rules(order.store) if rules is None else rules)
    supply = _Supply(order, [each for each in lines if not each.left_out])
    return Routing(tuple(each if each.left_out else supply.of(each) for each in lines))


def nothing_to_route(order: Order) -> bool:
    """Say whether no line of ``order`` can go to a partner, whoever supplies it."""
    lines: list[Line] = order.content["lines"]
    parents = {parent_of(line) for line in lines}
    for line in lines:
        in_bundle = parent_of(line) or line["id"] in parents
        if _is_wanted(line) and not in_bundle and not line["order_pickup_method_id"]:
            return False  # whatever the rules say
    return all(each.left_out for each in _chosen(order, active_rules(order.store)))


def _chosen(order: Order, rules: Sequence[Rule]) -> list[Routed]:
    """Return each line with its choice, or with why it is left out."""
    lines: list[Line] = order.content["lines"]
    facts = _facts(order, rules)
    choices = {line["id"]: choose(facts[line["id"]], rules) for line in lines if _is_wanted(line)}
    part_of = sound_parents({line["id"]: parent_of(line) for line in lines})
    parents = set(part_of.values())
    whole = {pk for pk in parents & set(choices) if (rule := choices[pk].rule) and rule.bundles_whole}
    inside = held_by(part_of, whole)
    names = {line["id"]: line["name"] for line in lines}
    chosen = []
    for line in lines:
        choice = choices.get(line["id"])
        bundle = names.get(inside.get(line["id"], 0), "")
        reason = _not_shipped(line) or _left_out(line, choice, bundle, line["id"] in parents - whole)
        chosen.append(Routed(line, choice, reason))
    return chosen


def _is_wanted(line: Line) -> bool:
    return line["type"] == "physical" and _quantity(line) > 0


def parent_of(line: Line) -> int:
    """Return the line of the bundle that ``line`` is a part of, 0 for none."""
    return int(line["parent_order_product_id"] or 0) if line["is_bundled_product"] else 0


def _not_shipped(line: Line) -> str:
    if _is_wanted(line):
        return ""
    if line["type"] == "digital":
        return "Digital: nothing of it is shipped."
    if line["type"] != "physical":
        return "A gift certificate: nothing of it is shipped."
    return (
        "Refunded: nothing of it is left to ship." if line["quantity_refunded"] else "None of it was ordered."
    )


def _left_out(line: Line, choice: Choice | None, bundle: str, is_taken_apart: bool) -> str:
    if bundle:
        return f"Part of “{bundle}”, which goes whole."
    if is_taken_apart:
        return "A bundle: its parts go, each by its own rule."
    if line["order_pickup_method_id"] and (choice is None or choice.rule is None):
        return "The customer collects it, and no rule sends that to a partner."
    return ""


def _facts(order: Order, rules: Iterable[Rule]) -> dict[int, LineFacts]:
    content = order.content
    addresses = {address["id"]: address for address in content["addresses"]}
    asked = any(rule.categories for rule in rules)
    products = {line["product_id"] for line in content["lines"]} if asked else set()
    categories = categories_of(order.store, products)
    return {
        line["id"]: _facts_of(order, line, addresses.get(line["order_address_id"]), categories)
        for line in content["lines"]
    }


def _facts_of(
    order: Order, line: Line, address: Mapping[str, Any] | None, categories: Mapping[int, tuple[str, ...]]
) -> LineFacts:
    pickup = line["order_pickup_method_id"]
    place = dict(address or {})
    countries = (place.get("country_iso2"), place.get("country"))
    return LineFacts(
        store=order.store_id,
        channel=int(order.content.get("channel_id", 0)),
        sku=line["sku"],
        brand=line.get("brand", ""),
        categories=categories.get(line["product_id"]),
        delivery=Delivery.PICKUP if pickup else Delivery.SHIPPED,
        pickup_method=pickup,
        countries=tuple(dict.fromkeys(each for each in countries if each)),
        regions=state_spellings(place),
        postal_code=place.get("zip", ""),
    )


class _Supply:
    """Who supplies the lines of an order, with the items of all agreements that may, fetched at once."""

    def __init__(self, order: Order, lines: Sequence[Routed]) -> None:
        self._order = order
        self._addresses = {address["id"] for address in order.content["addresses"]}
        skus = {each.line["sku"] for each in lines} - {""}
        self._candidates = _candidates(order, skus)
        chosen = {each.choice.rule.agreement for each in lines if each.choice and each.choice.rule}
        self._agreements = Agreement.objects.select_related("partner").in_bulk(chosen)
        listed = ItemCrossReference.objects.filter(agreement__in=chosen, sku__in=skus)
        self._listed = {(item.agreement_id, item.sku): item for item in listed}

    def of(self, routed: Routed) -> Routed:
        """Return the line with its item and ship-to, or with the problem."""
        line, choice = routed.line, routed.choice
        rule = choice.rule if choice else None
        warehouse = rule.warehouse if rule else None
        if warehouse is None and line["order_address_id"] not in self._addresses:
            return Routed(line, choice, problem=self._no_address(line))
        ship_to = str(line["order_address_id"]) if warehouse is None else warehouse_ship_to(warehouse)
        if rule is None:
            found = self._candidates.get(line["sku"], [])
            if len(found) == 1:
                return Routed(line, choice, item=found[0], ship_to=ship_to)
            return Routed(line, choice, problem=_unroutable(self._order, line, found))
        agreement = self._agreements[rule.agreement]
        item = self._listed.get((agreement.pk, line["sku"]))
        if item is None and agreement.takes_unlisted_items and line["sku"]:
            item = ItemCrossReference(agreement=agreement, sku=line["sku"])
        if item is None:
            return Routed(line, choice, problem=self._not_listed(line, rule, agreement))
        item.agreement = agreement
        return Routed(line, choice, item=item, ship_to=ship_to)

    def _no_address(self, line: Line) -> Problem:
        order = self._order
        sentence = (
            f"Order {order.number} has no shipping address for “{line['name']}”. Add one in the store; the order is then"
            " looked at again by itself."
        )
        return Problem(ExceptionCase.Kind.NO_ADDRESS, f"address:{order.subject}", sentence)

    def _not_listed(self, line: Line, rule: Rule, agreement: Agreement) -> Problem:
        order = self._order
        what = _what(order, line)
        mend = (
            "Add it to that agreement's items, have the agreement take items that are not listed, or change the rule"
            if line["sku"]
            else "Give the product a SKU, or change the rule"
        )
        sentence = (
            f"Routing rule {rule.name} sends {what} to"
            f" {agreement.partner.name}, and agreement {agreement.name} does not list it. {mend}; nothing of this order is"
            " sent before."
        )
        return Problem(
            ExceptionCase.Kind.NO_PARTNER, item_cause(line["sku"] or line["id"], order.subject), sentence
        )


def _candidates(order: Order, skus: set[str]) -> dict[str, list[ItemCrossReference]]:
    """Return who lists each SKU: live agreements first; those in watch only where no live one does."""
    rows = (
        ItemCrossReference.objects.filter(
            sku__in=skus, agreement__stores=order.store, agreement__partner__is_active=True
        )
        .select_related("agreement__partner")
        .order_by("agreement_id")
    )
    listed: dict[str, list[ItemCrossReference]] = defaultdict(list)
    for row in rows:
        listed[row.sku].append(row)
    return {
        sku: [row for row in found if row.agreement.mode == Mode.LIVE] or found
        for sku, found in listed.items()
    }


def item_cause(what: object, subject: str) -> str:
    """Return the cause of a case about who supplies a SKU in an order."""
    return f"item:{what} {subject}"


def _what(order: Order, line: Line) -> str:
    what = f"SKU {line['sku']}" if line["sku"] else f"“{line['name']}”, which has no SKU"
    place = f"in order {order.number}" if order.number else "ordered"
    return f"{what} ({_quantity(line)} {place})"


def _quantity(line: Line) -> int:
    quantity: int = line["quantity"] - line["quantity_refunded"]
    return quantity


def _unroutable(order: Order, line: Line, found: list[ItemCrossReference]) -> Problem:
    what = _what(order, line)
    if found:
        names = " and ".join(row.agreement.partner.name for row in found)
        sentence = (
            f"{names} both list {what}. Leave it in one agreement's items, or say by a"
            " routing rule who gets it; nothing of this order is sent before."
        )
        return Problem(ExceptionCase.Kind.SEVERAL_PARTNERS, item_cause(line["sku"], order.subject), sentence)
    sentence = (
        f"No partner lists {what}. "
        + (
            "Add it to an agreement's items"
            if line["sku"]
            else "Give the product a SKU, or ship it yourselves"
        )
        + "; nothing of this order is sent before."
    )
    return Problem(
        ExceptionCase.Kind.NO_PARTNER, item_cause(line["sku"] or line["id"], order.subject), sentence
    )
