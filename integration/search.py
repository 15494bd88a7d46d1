"""One search over all references: what matches a term, grouped by order, page by page.

Pages are read by key: the next one begins behind the last hit of this one, whatever was written meanwhile. An order
or document stands where its best hit stands, and once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.core import signing
from django.db.models import Count, Exists, Min, Model, OuterRef, Q, QuerySet, Value, Window
from django.db.models.functions import Collate, RowNumber, Upper

from archive.models import Document, DocumentReference, Interchange, Transmission
from archive.reach import EVERYTHING, Reach
from archive.search import CONTROL_NUMBERS, UNIQUE_NUMBERS, Hit, Key, Row, Source, Term
from integration.models import Order, OrderDocument, OrderReference, PurchaseOrder
from integration.reach import within

PAGE = 20
"""Orders and documents on one page."""
MOST_COUNTED = 1000
MOST_DOCUMENTS = 8
"""Documents shown beneath one order."""
MOST_FILES = 20
_BATCH = 60
_MOST_BATCHES = 4
_LONGEST_TERM = 200

ORDERS = Source(OrderReference, "order_id", 0)
DOCUMENTS = Source(DocumentReference, "document_id", 1)

Seen = TypeVar("Seen", bound=Model)

Target = tuple[str, int]
"""``("order", id)`` or ``("document", id)``."""


@dataclass(frozen=True)
class Scope:
    """What the one who asks may look at."""

    orders: bool
    documents: bool
    files: bool
    reach: Reach = EVERYTHING
    narrowed: Q = field(default_factory=Q)
    """Which documents are wanted; where that says anything, orders are found by such documents alone."""

    @property
    def sources(self) -> list[Source]:
        """The tables that may be looked into, and no further than the reach goes."""
        orders = self.orders and not self.narrowed
        allowed = [each for each, may in ((ORDERS, orders), (DOCUMENTS, self.documents)) if may]
        return [replace(each, within=self._condition(each.model)) for each in allowed]

    def rows(self, model: type[Seen]) -> QuerySet[Seen]:
        """Return the rows of ``model`` that may be looked at."""
        return model._default_manager.filter(self._condition(model))

    def _condition(self, model: type[Model]) -> Q:
        inside = within(model, self.reach)
        return inside & led_by(self.narrowed, "document__") if model in _OF_DOCUMENTS else inside


_OF_DOCUMENTS = (DocumentReference, OrderDocument)


def led_by(condition: Q, prefix: str) -> Q:
    """Return ``condition`` on rows from which ``prefix`` leads to those that it was made for."""
    children: list[Any] = condition.children
    led = [
        led_by(each, prefix) if isinstance(each, Q) else (f"{prefix}{each[0]}", each[1]) for each in children
    ]
    return Q(*led, _connector=condition.connector, _negated=condition.negated)


def whole_number(text: str) -> int | None:
    """Return ``text`` as a number that a column can hold (``#1042`` too), else None."""
    digits = text.strip().removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def orders_numbered(text: str, store: str = "") -> list[Order]:
    """Return the orders whose number ``text`` is (``#1042`` too): each store may have one. ``store`` is a name."""
    number = whole_number(text)
    if number is None:
        return []
    found = Order.objects.filter(number=number).select_related("store").order_by("pk")
    return list(found.filter(store__name=store) if store else found)


def documents_found(text: str, most: int, reach: Reach = EVERYTHING) -> list[int]:
    """Return the documents of what matches ``text``, by a number of their own or of their order: what matches whole, and
    only where nothing does what begins so. One more than ``most`` says that there are more."""
    scope, term = Scope(orders=True, documents=True, files=False, reach=reach), Term.of(text[:_LONGEST_TERM])
    of_orders, of_documents = scope.sources
    for look in (term.exact, term.longer):
        orders = _targets(look, of_orders, most)
        links = scope.rows(OrderDocument).filter(order__in=orders).order_by("document")
        found = _targets(look, of_documents, most)
        found.update(links.values_list("document", flat=True).distinct()[: most + 1])
        if found:
            return sorted(found)[: most + 1]
    return []


def _targets(
    look: Callable[[Sequence[Source], int, Key | None], list[Hit]], source: Source, most: int
) -> set[int]:
    """Return what the hits in one table lead to, one more than ``most`` at least where there is more: a target may have
    several hits."""
    found: set[int] = set()
    key: Key | None = None
    while len(found) <= most:
        hits = look([source], most + 1, key)
        found.update(hit.target for hit in hits)
        if len(hits) <= most:
            break
        key = hits[-1].key
    return found


@dataclass
class FoundOrder:
    """An order, by what it was found, and its documents; ``document_count`` counts those not shown too."""

    order: Order
    matches: list[Hit]
    purchase_orders: list[PurchaseOrder] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    document_count: int = 0


@dataclass
class FoundDocument:
    """A document that belongs to no order, or to several, and by what it was found."""

    document: Document
    matches: list[Hit]


@dataclass
class Part:
    """What matches exactly, or what begins with the term."""

    orders: list[FoundOrder] = field(default_factory=list)
    documents: list[FoundDocument] = field(default_factory=list)
    files: list[Transmission] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.orders or self.documents or self.files)


@dataclass
class Found:
    """One page of what matches. ``after`` leads to the next; ``straight`` is the one thing that was meant."""

    exact: Part
    longer: Part
    after: str = ""
    straight: Order | Document | None = None
    count: int = 0
    """Orders and documents on all pages, as far as they were counted."""
    is_more: bool = False
    """Whether there are more than were counted."""


def find(text: str, scope: Scope, after: str = "") -> Found:
    """Return the page of what matches ``text`` behind ``after`` (empty: the first)."""
    term = Term.of(text[:_LONGEST_TERM])
    start = _read_key(after)
    chosen, first, key, more = _choose(term, scope, start)
    found = Found(exact=Part(), longer=Part(), after=_write_key(key) if more and key else "")
    if start is None and not scope.narrowed:
        found.straight = _straight(first)
        if found.straight is not None:
            return found
    _fill(found, chosen, scope)
    if scope.files and start is None and not scope.narrowed and term.text.strip():
        found.exact.files, found.longer.files = _files(term.text.strip(), term, scope)
    if scope.narrowed:
        # Of a third of all documents hundreds of thousands would be looked at to count to a thousand.
        found.count, found.is_more = len(chosen), more
    elif more or start:
        found.count, found.is_more = _count(term, scope)
    else:
        found.count = len({(hit.place, hit.target) for hits in chosen.values() for hit in hits})
    return found


def _choose(
    term: Term, scope: Scope, start: Key | None
) -> tuple[dict[Target, list[Hit]], list[tuple[Hit, Target]], Key | None, bool]:
    """Return the targets of one page with their hits; the first batch of hits; the last key; whether there is more."""
    chosen: dict[Target, list[Hit]] = {}
    first: list[tuple[Hit, Target]] = []
    key = start
    for _ in range(_MOST_BATCHES):
        batch = _batch(term, scope.sources, key)
        orders = _orders_of(batch, scope) if scope.orders else {}
        told = [(hit, _target(hit, orders)) for hit in batch]
        first = first or told
        known = _all_hits(term, scope, {target for _, target in told})
        for hit, target in told:
            theirs = known[target]
            was_shown = start is not None and bool(theirs) and theirs[0].key <= start
            if theirs and target not in chosen and not was_shown:
                if len(chosen) == PAGE:
                    return chosen, first, key, True
                chosen[target] = theirs
            key = hit.key
        if len(batch) < _BATCH:
            return chosen, first, key, False
        if chosen:
            break
    return chosen, first, key, True


def _batch(term: Term, sources: Sequence[Source], after: Key | None) -> list[Hit]:
    hits = term.exact(sources, _BATCH, after)
    if len(hits) < _BATCH:
        hits += term.longer(sources, _BATCH - len(hits), after)
    return hits


def _target(hit: Hit, orders: dict[int, int]) -> Target:
    if hit.place == ORDERS.place:
        return "order", hit.target
    return ("order", orders[hit.target]) if hit.target in orders else ("document", hit.target)


def _orders_of(hits: Iterable[Hit], scope: Scope) -> dict[int, int]:
    """Return the order of each document among ``hits`` that belongs to just one."""
    documents = {hit.target for hit in hits if hit.place == DOCUMENTS.place}
    links = scope.rows(OrderDocument).filter(document__in=documents)
    if scope.reach.is_limited:
        links = links.filter(order__in=scope.rows(Order))
    return dict(
        links.values("document_id")
        .annotate(orders=Count("order_id"), only=Min("order_id"))
        .filter(orders=1)
        .values_list("document_id", "only")
    )


def _all_hits(term: Term, scope: Scope, targets: Iterable[Target]) -> dict[Target, list[Hit]]:
    """Return every hit of each target, through whichever of its documents, the best first."""
    targets = list(targets)
    hits: dict[Target, list[Hit]] = {target: [] for target in targets}
    orders = [pk for kind, pk in targets if kind == "order"]
    alone = [pk for kind, pk in targets if kind == "document"]
    columns = ("kind", "value", "normal", "rank")
    if orders and not scope.narrowed:
        own = scope.rows(OrderReference).filter(term.condition, order__in=orders)
        for pk, *row in own.values_list("order_id", *columns):
            hits["order", pk].append(term.hit(ORDERS.place, pk, Row(*row)))
    if orders and scope.documents:
        # The documents first: of an item that is everywhere all rows would be read to find those of a few orders.
        others = OrderDocument.objects.filter(document=OuterRef("document")).exclude(order=OuterRef("order"))
        links = OrderDocument.objects.filter(~Exists(others), order__in=orders)
        of = dict(links.values_list("document", "order"))
        theirs = scope.rows(DocumentReference).filter(term.condition, document__in=list(of))
        for pk, *row in theirs.values_list("document_id", *columns):
            hits["order", of[pk]].append(term.hit(DOCUMENTS.place, pk, Row(*row)))
    if alone:
        references = scope.rows(DocumentReference).filter(term.condition, document__in=alone)
        for pk, *row in references.values_list("document_id", *columns):
            hits["document", pk].append(term.hit(DOCUMENTS.place, pk, Row(*row)))
    return {target: sorted(each, key=lambda hit: hit.key) for target, each in hits.items()}


def _straight(first: Sequence[tuple[Hit, Target]]) -> Order | Document | None:
    """Return the one order or document whose number the term is, or None where there is a choice.

    A match that only comes about by leaving out dashes is no rival of one that is as written.
    """
    exact = [(hit, target) for hit, target in first if not hit.begins]
    if not exact or len(exact) == _BATCH:
        return None
    nearest = exact[0][0].distance
    near = [hit for hit, _ in exact if hit.distance <= max(nearest, 1)]
    targets = {target for hit, target in exact if hit.distance <= max(nearest, 1)}
    kinds = {hit.kind for hit in near}
    if len(targets) > 1 or not kinds & UNIQUE_NUMBERS:
        return None
    documents = {hit.target for hit in near if hit.place == DOCUMENTS.place}
    if kinds <= CONTROL_NUMBERS and len(documents) == 1:
        return Document.objects.get(pk=documents.pop())
    [(kind, pk)] = targets
    return Order.objects.defer("content").get(pk=pk) if kind == "order" else Document.objects.get(pk=pk)


def _fill(found: Found, chosen: dict[Target, list[Hit]], scope: Scope) -> None:
    """Put the rows of the chosen targets on the page, each with the hits that brought it there."""
    pks = [pk for kind, pk in chosen if kind == "order"]
    orders = Order.objects.filter(pk__in=pks).select_related("store").defer("content").in_bulk()
    purchase_orders = (
        scope.rows(PurchaseOrder).filter(order__in=pks).exclude(state=PurchaseOrder.State.DROPPED)
    )
    placed = _places(pks, scope) if scope.documents and pks else {}
    alone = [pk for kind, pk in chosen if kind == "document"]
    documents = _documents([*(pk for shown, _ in placed.values() for pk in shown), *alone])
    by_order: dict[int, FoundOrder] = {}
    for (kind, pk), hits in chosen.items():
        part = found.longer if hits[0].begins else found.exact
        matches = _told(hits)
        if kind == "document":
            part.documents.append(FoundDocument(documents[pk], matches))
            continue
        shown, count = placed.get(pk, ([], 0))
        by_order[pk] = FoundOrder(orders[pk], matches, [], [documents[each] for each in shown], count)
        part.orders.append(by_order[pk])
    if pks:
        for each in purchase_orders.select_related("agreement__partner").defer("content").order_by("pk"):
            by_order[each.order_id].purchase_orders.append(each)


def _told(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that say something of their own: one for each kind and value, of the better sort alone."""
    told: dict[tuple[str, str], Hit] = {}
    for hit in hits:
        if hit.begins == hits[0].begins:
            told.setdefault((hit.kind, hit.value), hit)
    return list(told.values())


def _places(orders: Sequence[int], scope: Scope) -> dict[int, tuple[list[int], int]]:
    """Return the last documents of each order, oldest first, and how many it has."""
    links = (
        scope.rows(OrderDocument)
        .filter(order__in=orders)
        .annotate(
            place=Window(RowNumber(), partition_by="order_id", order_by="-document_id"),
            count=Window(Count("pk"), partition_by="order_id"),
        )
    )
    placed: dict[int, tuple[list[int], int]] = {}
    rows = links.filter(place__lte=MOST_DOCUMENTS).order_by("order_id", "document_id")
    for order, document, count in rows.values_list("order_id", "document_id", "count"):
        placed.setdefault(order, ([], count))[0].append(document)
    return placed


def _documents(pks: Sequence[int]) -> dict[int, Document]:
    rows = Document.objects.select_related("interchange", "partner", "agreement", "state")
    return rows.in_bulk(list(pks)) if pks else {}


def _files(text: str, term: Term, scope: Scope) -> tuple[list[Transmission], list[Transmission]]:
    """Return the files that are so called or carry such an interchange, and those whose name begins so; newest first."""
    numbers = {form.zfill(9) for form in term.forms if form.isascii() and form.isdigit() and len(form) <= 9}
    interchanges = scope.rows(Interchange).filter(control_number__in=numbers).order_by("-pk")[:MOST_FILES]
    brought = dict(interchanges.values_list("pk", "transmission"))
    attempts = scope.rows(Transmission).filter(interchange__in=list(brought)).order_by("-pk")[:MOST_FILES]
    named = scope.rows(Transmission).annotate(upper=Collate(Upper("name"), "C"))
    name = text.replace("\x00", "").upper()
    same = named.filter(upper=name).order_by("-pk")[:MOST_FILES]
    exact = {pk for pk in brought.values() if pk is not None}
    exact.update(attempts.values_list("pk", flat=True), same.values_list("pk", flat=True))
    further = named.filter(upper__gt=name, upper__lt=Value(f"{name}\U0010ffff")).order_by("upper", "pk")
    begins = list(further.values_list("pk", flat=True)[:MOST_FILES])
    rows = scope.rows(Transmission).select_related("mailbox").prefetch_related("outcomes")
    known = rows.in_bulk([*exact, *begins])
    newest = sorted(exact, reverse=True)[:MOST_FILES]
    return [known[pk] for pk in newest], [known[pk] for pk in begins if pk not in exact]


def _count(term: Term, scope: Scope) -> tuple[int, bool]:
    """Return how many orders and documents match, counted no further than ``MOST_COUNTED``."""
    most = 3 * MOST_COUNTED
    rows = term.reached(scope.sources, most)
    count = len(set(rows))
    return min(count, MOST_COUNTED), count > MOST_COUNTED or len(rows) == most


def _write_key(key: Key) -> str:
    return signing.dumps(key, salt="find", compress=True)


def _read_key(text: str) -> Key | None:
    """Return the key in ``text``; None where it is none of ours: the first page then."""
    try:
        stage, normal, score, place, target = signing.loads(text, salt="find")
    except signing.BadSignature:
        return None
    return int(stage), str(normal), int(score), int(place), int(target)
