"""Which rule takes a line of an order: the first, by priority, of which every condition holds.

The choice is made of what the line says and of the rules alone, whatever order they come in, and always ends: with a
rule, or with none. It says why in words, of the rule that takes the line and of each that was passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Delivery(StrEnum):
    """How the shopper gets a line."""

    SHIPPED = "shipped"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What rules look at. ``countries`` and ``regions`` hold every spelling of the one place that a line is shipped to:
    code and name; empty where nothing is shipped.

    ``categories`` holds numbers and names of the product's categories and of all above them; None where the store's
    categories of it are not known. ``channel`` is the store's number of it, 0 where an order names none.
    """

    store: int
    channel: int
    sku: str
    brand: str = ""
    categories: tuple[str, ...] | None = None
    delivery: Delivery = Delivery.SHIPPED
    pickup_method: int = 0
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: conditions that all must hold; an empty one always does. ``key`` decides between equal priorities.

    ``store`` None is every store. ``serves`` are the stores that the rule's agreement serves with an active partner.
    ``delivery`` is what lines it takes at all: a line that the shopper collects goes nowhere unless a rule asks for it.
    """

    key: int
    name: str
    priority: int
    agreement: int
    agreement_name: str = ""
    serves: frozenset[int] = frozenset()
    store: int | None = None
    store_name: str = ""
    skus: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    channels: tuple[int, ...] = ()
    delivery: Delivery = Delivery.SHIPPED
    pickup_methods: tuple[int, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    postal_prefixes: tuple[str, ...] = ()
    warehouse: int | None = None
    warehouse_name: str = ""
    bundles_whole: bool = False

    def __str__(self) -> str:
        return f"{self.priority} · {self.name}"


@dataclass(frozen=True, slots=True)
class Check:
    """One condition held against a line: whether it holds, and a sentence on both."""

    holds: bool
    words: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A rule that does not take the line, with every condition of it."""

    rule: Rule
    checks: tuple[Check, ...]

    @property
    def because(self) -> str:
        """Say why not, in one line."""
        return " ".join(check.words for check in self.checks if not check.holds)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rule that takes a line, if any, and why; then those before it, and why not."""

    rule: Rule | None
    because: tuple[str, ...]
    passed: tuple[Passed, ...] = field(default=())


NO_RULE = "No routing rule takes it: the one agreement that lists the SKU does."


def choose(facts: LineFacts, rules: Iterable[Rule]) -> Choice:
    """Return the first rule by priority, then by key, that takes the line; those behind it are not looked at."""
    passed: list[Passed] = []
    for rule in sorted(rules, key=lambda each: (each.priority, each.key)):
        checks = tuple(_checks(facts, rule))
        if all(check.holds for check in checks):
            words = tuple(check.words for check in checks) or ("It takes every line that is shipped.",)
            return Choice(rule, words, tuple(passed))
        passed.append(Passed(rule, checks))
    return Choice(None, (NO_RULE,), tuple(passed))


def _checks(facts: LineFacts, rule: Rule) -> Iterator[Check]:
    if facts.store not in rule.serves:
        yield Check(
            False,
            f"Agreement {rule.agreement_name} does not serve the order's store, or its partner is not active.",
        )
    if rule.store is not None:
        same = rule.store == facts.store
        yield Check(same, f"The order is {'' if same else 'not '}of store {rule.store_name}.")
    yield from _delivery(facts, rule)
    for wanted, check in (
        (rule.channels, _channel),
        (rule.skus, _sku),
        (rule.brands, _brand),
        (rule.categories, _category),
        (rule.countries, _country),
        (rule.regions, _region),
        (rule.postal_prefixes, _postal_code),
    ):
        if wanted:
            yield check(facts, rule)


def _delivery(facts: LineFacts, rule: Rule) -> Iterator[Check]:
    if facts.delivery != rule.delivery:
        is_collected = facts.delivery == Delivery.PICKUP
        words = (
            "The shopper collects it, and the rule is for what is shipped."
            if is_collected
            else "It is shipped, and the rule is for what the shopper collects."
        )
        yield Check(False, words)
    elif rule.delivery == Delivery.PICKUP:
        yield Check(True, "The shopper collects it.")
    if rule.pickup_methods and facts.delivery == Delivery.PICKUP:
        holds = facts.pickup_method in rule.pickup_methods
        yield Check(holds, _one_of("Its pickup method", str(facts.pickup_method), rule.pickup_methods, holds))


def _channel(facts: LineFacts, rule: Rule) -> Check:
    holds = facts.channel in rule.channels
    return Check(holds, _one_of("The order's channel", str(facts.channel), rule.channels, holds))


def _sku(facts: LineFacts, rule: Rule) -> Check:
    found = next((pattern for pattern in rule.skus if fits(pattern, facts.sku)), None)
    shown = f"SKU {facts.sku}" if facts.sku else "The line, which has no SKU,"
    if found is None:
        return Check(False, f"{shown} fits none of {_listed(rule.skus)}.")
    return Check(True, f"{shown} fits {found}.")


def _brand(facts: LineFacts, rule: Rule) -> Check:
    if not facts.brand:
        return Check(False, f"Its brand is not known to the store; wanted: {_listed(rule.brands)}.")
    holds = _among((facts.brand,), rule.brands)
    return Check(holds, _one_of("Its brand", facts.brand, rule.brands, holds))


def _category(facts: LineFacts, rule: Rule) -> Check:
    wanted = _listed(rule.categories)
    if facts.categories is None:
        return Check(False, f"Its categories are not known; wanted: {wanted}.")
    holds = _among(facts.categories, rule.categories)
    return Check(holds, f"It is {'' if holds else 'not '}in category {wanted}.")


def _country(facts: LineFacts, rule: Rule) -> Check:
    holds = _among(facts.countries, rule.countries)
    return Check(holds, _one_of("The country it goes to", _first(facts.countries), rule.countries, holds))


def _region(facts: LineFacts, rule: Rule) -> Check:
    holds = _among(facts.regions, rule.regions)
    return Check(holds, _one_of("The region it goes to", _first(facts.regions), rule.regions, holds))


def _postal_code(facts: LineFacts, rule: Rule) -> Check:
    code = _squeezed(facts.postal_code)
    begins = next((each for each in rule.postal_prefixes if code.startswith(_squeezed(each))), None)
    shown = f"Postal code {facts.postal_code}" if code else "The postal code, which is not given,"
    if not code or begins is None:
        return Check(False, f"{shown} begins with none of {_listed(rule.postal_prefixes)}.")
    return Check(True, f"{shown} begins with {begins}.")


def fits(pattern: str, text: str) -> bool:
    """Say whether ``text`` is as ``pattern`` says, in which ``*`` stands for anything; letters large or small.

    Takes time in proportion to the lengths, however many stars there are.
    """
    first, *parts = pattern.casefold().split("*")
    rest = text.casefold()
    if not parts:
        return rest == first
    *middle, last = parts
    if not rest.startswith(first):
        return False
    rest = rest[len(first) :]
    for part in middle:
        place = rest.find(part)
        if place < 0:
            return False
        rest = rest[place + len(part) :]
    return rest.endswith(last)


def _among(found: Iterable[str], wanted: Iterable[str]) -> bool:
    return bool({each.casefold() for each in found} & {each.casefold() for each in wanted})


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _first(spellings: tuple[str, ...]) -> str:
    return spellings[0] if spellings else "not given"


def _listed(wanted: Iterable[object]) -> str:
    *most, last = (str(each) for each in wanted)
    return f"{', '.join(most)} or {last}" if most else last


def _one_of(what: str, found: str, wanted: Iterable[object], holds: bool) -> str:
    return f"{what} is {found}." if holds else f"{what} is {found}, not {_listed(wanted)}."


def sound_parents(parents: Mapping[int, int]) -> dict[int, int]:
    """Return, for each line inside a bundle, the line that it is a part of.

    ``parents`` is what the store says of every line, 0 for none. A parent that is not there counts for none, and so does
    one in a ring: what a ring holds would go nowhere.
    """
    there = {line: above for line, above in parents.items() if above in parents}
    return {line: above for line, above in there.items() if line not in _way_up(above, there)}


def held_by(parents: Mapping[int, int], whole: Collection[int]) -> dict[int, int]:
    """Return, for each line inside a bundle that goes whole, which line that is: the topmost one.

    ``parents`` is sound; ``whole`` are the lines whose rule has them go whole.
    """
    above = {line: [each for each in _way_up(parents[line], parents) if each in whole] for line in parents}
    return {line: way[-1] for line, way in above.items() if way}


def _way_up(line: int, parents: Mapping[int, int]) -> list[int]:
    way = [line]
    while (above := parents.get(way[-1], 0)) and above not in way:
        way.append(above)
    return way
